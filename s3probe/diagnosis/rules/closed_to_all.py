"""A fresh file that neither its own key nor visitors may read: one cause, and no missing right."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import denial
from s3probe.diagnosis.model import Certainty, Finding, Manual
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import something_works, words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import READ_BY_ANYONE, ActionId, Experiment, Fact


def requester_pays(case: Case) -> Iterator[Finding]:
    """At the key's own expense it may read: of all others' requests, the owner's alone are taken."""
    paid, own = case.get(Experiment.GET_AS_PAYER), case.get(ActionId.GET)
    if not paid.ok or own.outcome is not Outcome.DENIED:
        return
    refused = [o.id for o in (*case.all_open(), *case.open(*READ_BY_ANYONE)) if o.outcome is Outcome.DENIED]
    yield finding(
        "requester-pays",
        case,
        how=f"reading a file was answered {words(own)}, and with x-amz-request-payer it passed",
        because=[own.id, paid.id],
        explains=refused,
        fixes=[bucket_fixes.owner_pays(case)],
    )


def owner_suspended(case: Case) -> Iterator[Finding]:
    """Ceph refuses what belongs to a suspended user, while another user's uploads into his bucket pass."""
    seen = [o for o in case.all_open() if o.error_code == "UserSuspended"]
    if not seen or not something_works(case):
        return
    advice = Manual(
        "Let the operator of the storage enable the bucket's owner again (radosgw-admin user enable --uid=OWNER). "
        "This key's own user works: it uploads."
    )
    # a HEAD has no body that could name the code
    silent = [o.id for o in case.open(*READ_BY_ANYONE) if o.outcome is Outcome.DENIED]
    yield finding(
        "key-disabled-or-account-suspended",
        case,
        how=f"{seen[0].operation} was answered {words(seen[0])}, while uploads pass: the bucket's owner is suspended",
        because=[o.id for o in seen],
        explains=silent,
        fixes=[advice],
    )


def denied_to_all(case: Case) -> Iterator[Finding]:
    """The file's ACL lets everyone read it, and not even the key that uploaded it may: something denies."""
    own, visit = case.open(ActionId.GET), case.open(ActionId.PUBLIC_GET)
    if case.get(Experiment.READ_POLICY).ok or case.get(Experiment.GET_AS_PAYER).ok:
        return  # the policy itself tells, or who pays
    if not own or not visit or not _bare(own[0]) or not _bare(visit[0]) or not case.get(ActionId.LIST).ok:
        return
    if "READ" not in case.get(Experiment.READ_ACL).facts.get(Fact.ALL_USERS, "").split():
        return
    advice = Manual(
        "Look for a Deny of s3:GetObject in the bucket policy, mostly on a condition (aws:SourceIp, aws:Referer, "
        "aws:SecureTransport), and take this key and visitors out of it."
    )
    yield finding(
        "explicit-deny-policy",
        case,
        how=f"the file's ACL lets everyone read it, and even with the key reading was answered {words(own[0])}",
        because=[own[0].id, visit[0].id],
        explains=[o.id for o in case.open(*READ_BY_ANYONE) if o.outcome is Outcome.DENIED],
        fixes=[advice],
        certainty=Certainty.LIKELY,
        permission="s3:GetObject",
    )


def _bare(seen: Observation) -> bool:
    """A refusal that names no cause of its own."""
    return seen.outcome is Outcome.DENIED and seen.error_code == "AccessDenied" and denial(seen) is None


RULES = (
    Rule(
        requester_pays,
        Layer.REFUSALS,
        yields=("requester-pays",),
        reads=(OPEN, Experiment.GET_AS_PAYER, *READ_BY_ANYONE),
    ),
    Rule(
        owner_suspended,
        Layer.REFUSALS,
        yields=("key-disabled-or-account-suspended",),
        reads=(OPEN, *READ_BY_ANYONE),
    ),
    Rule(
        denied_to_all,
        Layer.REFUSALS,
        yields=("explicit-deny-policy",),
        reads=(
            ActionId.LIST,
            Experiment.GET_AS_PAYER,
            Experiment.READ_ACL,
            Experiment.READ_POLICY,
            *READ_BY_ANYONE,
        ),
    ),
)
