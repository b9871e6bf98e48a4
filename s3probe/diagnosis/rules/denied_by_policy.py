"""A Deny that stands in the bucket policy: where the answers do not name it, the policy itself does."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import denial, weight
from s3probe.diagnosis.model import Certainty, Finding, Manual
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import READ_BY_ANYONE, ActionId, Actor, Experiment, Fact

_READ = "s3:GetObject"


def written_denies(case: Case) -> Iterator[Finding]:
    """What was refused is what a policy denies that can be read: no Allow helps."""
    for source in (Experiment.READ_POLICY, Experiment.ACCOUNT):
        facts = case.get(source).facts
        for patterns, on_condition in ((facts.get(Fact.DENIES, ""), False), (facts.get(Fact.DENIES_IF, ""), True)):
            refused = [(o, action) for o in case.all_open() if (action := _denied_action(o, patterns.split(), source))]
            if refused:
                yield _denied(case, refused, source, on_condition=on_condition)
                return


def _denied(case: Case, refused: list[tuple[Observation, str]], source: Experiment, *, on_condition: bool) -> Finding:
    seen, action = refused[0]
    abort = case.get(ActionId.MULTIPART_ABORT)
    actions = ", ".join(dict.fromkeys(name for _o, name in refused))
    denied = f"the bucket policy denies {actions}"
    advice = f"Take the Deny for {actions} out of the bucket policy, or this key out of that Deny."
    if source == Experiment.ACCOUNT:
        denied = f"a policy of the key's user, or of one of his groups, denies {actions}"
        advice = f"Take the Deny for {actions} out of the policy that holds it. {_where(case)}"
    if on_condition:
        denied = f"{denied}. It does so on a condition"
    # an experiment is no row of its own: what reads an archive needs the same right
    follows = [o.id for o in case.open(*READ_BY_ANYONE) if o.outcome is Outcome.DENIED] if _READ in actions else []
    # where cancelling an upload takes no right of its own, it is refused with the upload
    if any({action, *abort.needs} <= set(rights) for rights in fixes.provider_of(case).rights_together):
        follows += [o.id for o in (abort,) if o.outcome is Outcome.DENIED]
    return finding(
        "explicit-deny-policy",
        case,
        how=f"{seen.operation} was answered {words(seen)}; {denied}",
        because=[o.id for o, _name in refused],
        explains=follows,
        fixes=[Manual(advice)],
        certainty=Certainty.CERTAIN if source == Experiment.ACCOUNT and not on_condition else Certainty.LIKELY,
        permission=action,
        severity=weight(o for o, _name in refused),
    )


def _where(case: Case) -> str:
    of_user = case.get(Experiment.ACCOUNT).facts.get(Fact.OF_USER)
    return fixes.provider_of(case).notes["denied_of_user" if of_user else "denied"]


def _denied_action(seen: Observation, patterns: list[str], source: Experiment) -> str:
    """The first right that ``seen`` needs and a pattern (``s3:Put*``) denies; ``""`` when the answer tells a cause."""
    if seen.outcome is not Outcome.DENIED or denial(seen) is not None:
        return ""
    a_look = seen.actor is Actor.VISITOR and seen.id == ActionId.PUBLIC_GET
    needs = seen.needs if not a_look else (_READ,) if source == Experiment.READ_POLICY else ()
    return next((need for need in needs if any(fnmatchcase(need.lower(), p.lower()) for p in patterns)), "")


RULES = (
    Rule(
        written_denies,
        Layer.REFUSALS,
        yields=("explicit-deny-policy",),
        reads=(OPEN, ActionId.MULTIPART_ABORT, Experiment.READ_POLICY, Experiment.ACCOUNT, *READ_BY_ANYONE),
    ),
)
