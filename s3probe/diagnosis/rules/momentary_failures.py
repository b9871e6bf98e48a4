"""Requests that failed once and passed when they were repeated."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rule import OPEN, Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import storage_hosts
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.vocabulary import ActionId, Actor


def failed_once(case: Case) -> Iterator[Finding]:
    """Requests that failed, and passed unchanged a moment later: Mastodon may ask again as well.

    Where it does so already, there is nothing to do. Of what visitors meet, its own patience heals nothing.
    """
    seen = case.failed_at_first()
    if not seen:
        return
    storage = [o for o in seen if o.actor is Actor.MASTODON or fixes.host_of(o.url) in storage_hosts(case)]
    first = storage[0] if storage else seen[0]
    what = first.operation if storage else f"{first.method} {first.url}"
    how = f"{what} failed: {words(first)}"
    if len(seen) > 1:
        how = f"{how}; {len(seen)} requests failed once, and passed a moment later"
    else:
        how = f"{how}. It failed once, and the same request passed a moment later"
    enough = bool(storage) and fixes.asks_again(case)
    yield finding(
        "storage-failed-for-a-moment",
        case,
        how=f"{how}. Mastodon asks again by itself, as the file says" if enough else how,
        because=[o.id for o in seen],
        fixes=[fixes.NOTHING_TO_DO] if enough else [fixes.retries(case)] if storage else [NO_SECOND_TRY],
        severity=Severity.NOTICE if enough else None,
        certainty=Certainty.LIKELY,
    )


NO_SECOND_TRY = Manual(
    "See the log of that host, and the provider's status page: no setting of Mastodon's lets visitors ask again."
)


def canary_failed(case: Case) -> Iterator[Finding]:
    """The quick run failed, and the whole examination right after it did not meet the same."""
    seen = [o for o in case.all_open() if o.id.is_of_canary]
    if not seen:
        return
    how = f"{seen[0].operation} failed: {words(seen[0])}"
    if len(seen) > 1:
        how = f"{how}; {len(seen)} requests of the quick run failed"
    if all(case.get(o.id.asked).ok for o in seen):
        how = f"{how}. The whole examination right after the quick run asked the same, and it passed"
    else:
        how = f"{how}. The examination right after the quick run did not get to ask the same again"
    advice = "Run s3probe again. When it happens again and again, ask the provider, or look at the network on the way."
    yield finding(
        "canary-failed-once",
        case,
        how=how,
        because=[o.id for o in seen],
        fixes=[Manual(advice)],
        certainty=Certainty.LIKELY,
    )


RULES = (
    Rule(canary_failed, Layer.WAY, yields=("canary-failed-once",), reads=(OPEN, ActionId.PUT_WITH_ACL)),
    Rule(
        failed_once,
        Layer.STORE,
        yields=("storage-failed-for-a-moment",),
        tier=Tier.REQUESTS,
        reads=(OPEN, ActionId.LIST, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    ),
)
