"""Ways of single providers that an experiment shows, whoever the provider is."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.records import replace

_PUBLIC_ACLS = ("public-read", "public-read-write")


def lists_but_does_not_open(case: Case) -> Iterator[Finding]:
    """READ on the bucket itself opens its listing, not what is in it."""
    seen, listed = (
        case.open(ActionId.PUBLIC_GET),
        [o for o in case.open(ActionId.PUBLIC_LIST) if o.facts.get(Fact.LISTING)],
    )
    sends_public_acl = case.settings.acl in _PUBLIC_ACLS
    if not seen or seen[0].http_status != 403 or not listed or sends_public_acl:
        return
    if case.get(Experiment.BUCKET_ACL).ok and "READ" not in case.get(Experiment.BUCKET_ACL).facts.get(
        Fact.ALL_USERS, ""
    ):
        return  # a policy opened the listing
    opens = case.get(Experiment.PUBLIC_WITH_ACL)
    if not opens.ok:
        return
    permission = fixes.env(case, "S3_PERMISSION", "public-read")
    yield finding(
        "ovh-bucket-acl-does-not-open-objects",
        case,
        how=f"GET {listed[0].url} listed the bucket, and a picture was answered {words(seen[0])}; with the ACL "
        "public-read of its own it is visible",
        because=[seen[0].id, *(o.id for o in listed), opens.id],
        explains=[o.id for o in case.all_open() if o.id == ActionId.PUBLIC_CORS or o.facts.get(Fact.LISTING)],
        fixes=[bucket_fixes.bucket_acl_private(case), replace(permission, together=True)],
    )


def token_for_objects(case: Case) -> Iterator[Finding]:
    """An R2 token limited to objects: calls about the bucket are refused, and Mastodon makes none."""
    about = [
        o for o in (case.get(Experiment.LIST_BUCKETS), case.get(Experiment.READ_POLICY)) if o.outcome is Outcome.DENIED
    ]
    works = all(case.get(name).ok for name in (ActionId.PUT_WITHOUT_ACL, ActionId.GET, ActionId.LIST))
    if fixes.provider_of(case).id == "cloudflare-r2" and len(about) == 2 and works:
        yield finding(
            "r2-object-scoped-token",
            case,
            how=f"{about[0].operation} was answered {words(about[0])}, while uploading, reading and listing work",
            because=[o.id for o in about],
            fixes=[Manual("Nothing to do: this is the least privilege that R2 offers.")],
        )


RULES = (
    Rule(
        lists_but_does_not_open,
        Layer.VISITORS,
        yields=("ovh-bucket-acl-does-not-open-objects",),
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST,
            Experiment.BUCKET_ACL,
            Experiment.PUBLIC_WITH_ACL,
            OPEN,
        ),
    ),
    Rule(
        token_for_objects,
        Layer.PRIVILEGE,
        yields=("r2-object-scoped-token",),
        reads=(
            ActionId.GET,
            ActionId.LIST,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.LIST_BUCKETS,
            Experiment.BUCKET_ACL,
            Experiment.READ_POLICY,
        ),
    ),
)
