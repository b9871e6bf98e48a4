"""Requests that failed once and passed when they were repeated: no setting explains them."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual
from s3probe.diagnosis.rounds import words
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.evidence.vocabulary import ActionId


def failed_once(case: Case) -> Iterator[Finding]:
    """The storage failed (5xx) on a request that passed unchanged a moment later: no setting explains that."""
    seen = [o for o in case.all_open() if o.id.is_at_first]
    if not seen:
        return
    yield finding(
        "storage-failed-for-a-moment",
        case,
        how=f"{seen[0].operation} was answered {words(seen[0])}; it failed once, and passed when repeated unchanged",
        because=[o.id for o in seen],
        fixes=[Manual("See the provider's status page, and run s3probe again: no setting explains it.")],
        certainty=Certainty.LIKELY,
    )


def canary_failed(case: Case) -> Iterator[Finding]:
    """The quick run failed, and the whole examination right after it did not meet the same."""
    seen = [o for o in case.all_open() if o.id.is_of_canary]
    if not seen:
        return
    rest = f" ({len(seen)} requests in all)" if len(seen) > 1 else ""
    if all(case.get(o.id.asked).ok for o in seen):
        then = "; the whole examination right after it asked the same, and it passed"
    else:
        then = "; the examination right after it did not get to ask the same again"
    advice = "Run s3probe again. When it happens again and again, ask the provider, or look at the network on the way."
    yield finding(
        "canary-failed-once",
        case,
        how=f"{seen[0].operation} of the quick run: {words(seen[0])}{rest}{then}",
        because=[o.id for o in seen],
        fixes=[Manual(advice)],
        certainty=Certainty.LIKELY,
    )


RULES = (
    Rule(canary_failed, Layer.WAY, yields=("canary-failed-once",), reads=(OPEN, ActionId.PUT_WITH_ACL)),
    Rule(failed_once, Layer.STORE, yields=("storage-failed-for-a-moment",), reads=(OPEN,)),
)
