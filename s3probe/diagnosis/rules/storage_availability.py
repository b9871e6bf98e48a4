"""The storage answers late, refuses too many requests, fails for a while, or the clock is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rounds import asked, words
from s3probe.diagnosis.rule import OPEN, Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import answered_before_the_storage
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import WAITS, Observation, Outcome
from s3probe.evidence.vocabulary import LARGE_UPLOAD, ActionId, Actor, ObservationId


def invisible_without_upload(case: Case, seen: Iterable[Observation]) -> list[ObservationId]:
    """When the upload with Mastodon's ACL did not arrive, the plain one that stands in for it may be invisible."""
    if case.obs(ActionId.PUT_WITH_ACL).id not in {o.id for o in seen}:
        return []
    return [o.id for o in case.open(ActionId.PUBLIC_GET) if o.http_status in (401, 403)]


def clock(case: Case) -> Iterator[Finding]:
    """The clock is off so far that signatures fail, or soon will."""
    seen = case.open(ActionId.CLOCK)
    if not seen:
        return
    refused = [o for o in case.all_open() if o.error_code in ("RequestTimeTooSkewed", "RequestExpired")]
    if refused:
        because = [seen[0].id, *(o.id for o in refused)]
        how, fix = f"{asked(refused[0])} was answered {words(refused[0])}", fixes.clock(case, refused[0])
        yield finding("clock-skew", case, how=how, because=because, fixes=[fix])


def throttled(case: Case) -> Iterator[Finding]:
    """Too many requests. When no upload got through at all, that is a failure."""
    seen = [o for o in case.all_open() if o.outcome is Outcome.THROTTLED and not answered_before_the_storage(case, o)]
    if seen:
        uploads = [o for o in case.every(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL) if o.ran]
        stopped = bool(uploads) and not any(o.ok for o in uploads)
        retry = fixes.env(case, "S3_RETRY_LIMIT", "3")
        # trying again helps against bursts, not against a storage that refuses every upload
        raised = Manual("Ask the provider for a higher request limit, or run fewer Sidekiq threads.")
        yield finding(
            "rate-limited-503-slowdown",
            case,
            how=f"{seen[0].operation} was answered {words(seen[0])}",
            because=[o.id for o in seen],
            explains=[*invisible_without_upload(case, seen), *_throttled_heads(case, seen)],
            fixes=[raised, retry] if stopped else [retry],
            severity=Severity.FAILURE if stopped else None,
        )


def _throttled_heads(case: Case, seen: Iterable[Observation]) -> list[ObservationId]:
    """A HEAD has no body that could say SlowDown."""
    statuses = {o.http_status for o in seen}
    return [o.id for o in case.all_open() if o.operation == "HeadObject" and o.http_status in statuses]


def slow(case: Case) -> Iterator[Finding]:
    """Some requests got no answer in the time Mastodon waits, others did."""
    seen = [o for o in case.all_open() if o.network in WAITS]
    if all(o.id in LARGE_UPLOAD for o in seen):
        return  # only the parts of a large file: that is a finding of its own
    if any(o.actor is Actor.MASTODON for o in seen):
        yield finding(
            "slow-provider-read-timeout",
            case,
            how=f"{seen[0].operation}: {words(seen[0])}",
            because=[o.id for o in seen],
            explains=invisible_without_upload(case, seen),
            fixes=[fixes.env(case, "S3_READ_TIMEOUT", "60")],
            certainty=Certainty.LIKELY,
        )


def outage(case: Case) -> Iterator[Finding]:
    """The storage itself answers 5xx to most of what is asked."""
    rows = [o for o in case.all_open() if o.actor is Actor.MASTODON]
    broken = [o for o in rows if (o.http_status or 0) >= 500 and o.outcome is Outcome.UNKNOWN]
    if len(broken) >= 3:
        yield finding(
            "provider-outage",
            case,
            how=f"{broken[0].operation} was answered {words(broken[0])}",
            because=[o.id for o in broken],
            explains=[*invisible_without_upload(case, broken), *_broken_for_visitors(case)],
            fixes=[Manual("See the provider's status page; nothing in the settings explains it.")],
            certainty=Certainty.LIKELY,
        )


def _broken_for_visitors(case: Case) -> list[ObservationId]:
    """Visitors who ask the storage itself meet the same."""
    seen = [o for o in case.all_open() if o.actor is Actor.VISITOR and (o.http_status or 0) >= 500]
    hosts = {
        fixes.host_of(case.obs(name).url) for name in (ActionId.PUT_WITHOUT_ACL, ActionId.PUT_WITH_ACL, ActionId.LIST)
    }
    hosts.add(fixes.host_of(case.settings.api_base))
    return [o.id for o in seen if fixes.host_of(o.url) in hosts]


RULES = (
    Rule(clock, Layer.WAY, yields=("clock-skew",), reads=(OPEN, ActionId.CLOCK)),
    Rule(
        throttled,
        Layer.WAY,
        yields=("rate-limited-503-slowdown",),
        reads=(OPEN, ActionId.PUBLIC_GET, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    ),
    Rule(
        outage,
        Layer.STORE,
        yields=("provider-outage",),
        tier=Tier.GROUPS,
        reads=(OPEN, ActionId.LIST, ActionId.PUBLIC_GET, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    ),
    Rule(
        slow,
        Layer.CHANGING,
        yields=("slow-provider-read-timeout",),
        tier=Tier.GROUPS,
        reads=(OPEN, ActionId.PUBLIC_GET, ActionId.PUT_WITH_ACL),
    ),
)
