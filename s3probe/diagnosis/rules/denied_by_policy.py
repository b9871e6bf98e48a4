"""A Deny that stands in the bucket policy: where the answers do not name it, the policy itself does."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

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
    """What was refused is what the readable bucket policy denies: no Allow helps."""
    facts = case.get(Experiment.READ_POLICY).facts
    told = ((facts.get(Fact.DENIES, ""), ""), (facts.get(Fact.DENIES_IF, ""), " on a condition"))
    for patterns, condition in told:
        refused = [(o, action) for o in case.all_open() if (action := _denied_action(o, patterns.split()))]
        if refused:
            yield _denied(case, refused, condition)
            return


def _denied(case: Case, refused: list[tuple[Observation, str]], condition: str) -> Finding:
    seen, action = refused[0]
    actions = ", ".join(dict.fromkeys(name for _o, name in refused))
    advice = Manual(f"Take the Deny for {actions} out of the bucket policy, or this key out of that Deny.")
    # an experiment is no row of its own: what reads an archive needs the same right
    follows = [o.id for o in case.open(*READ_BY_ANYONE) if o.outcome is Outcome.DENIED] if _READ in actions else []
    return finding(
        "explicit-deny-policy",
        case,
        how=f"{seen.operation} was answered {words(seen)}, and the bucket policy denies {actions}{condition}",
        because=[o.id for o, _name in refused],
        explains=follows,
        fixes=[advice],
        certainty=Certainty.LIKELY,
        permission=action,
        severity=weight(o for o, _name in refused),
    )


def _denied_action(seen: Observation, patterns: list[str]) -> str:
    """The first right that ``seen`` needs and a pattern (``s3:Put*``) denies; ``""`` when the answer tells a cause."""
    if seen.outcome is not Outcome.DENIED or denial(seen) is not None:
        return ""
    needs = (_READ,) if seen.actor is Actor.VISITOR and seen.id == ActionId.PUBLIC_GET else seen.needs
    return next((need for need in needs if any(fnmatchcase(need.lower(), p.lower()) for p in patterns)), "")


RULES = (
    Rule(
        written_denies,
        Layer.REFUSALS,
        yields=("explicit-deny-policy",),
        reads=(OPEN, Experiment.READ_POLICY, *READ_BY_ANYONE),
    ),
)
