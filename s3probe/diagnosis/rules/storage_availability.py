"""The storage answers late, refuses too many requests, fails for a while, or the clock is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, Severity
from s3probe.diagnosis.rule import EVERY, OPEN, Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import (
    answered_before_the_storage,
    at_the_way_behind,
    before_api,
    shows_itself,
    storage_hosts,
)
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import answered, failed_by_itself, in_turn, is_late, waited, words
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import LARGE_UPLOAD, ActionId, Actor, Experiment, Fact, ObservationId
from s3probe.patterns import regex

OFTEN = 2
"""Requests that were refused at first as too many: a single one is a moment."""
MANY = 3
"""Kinds of requests that fail for good: fewer are no outage."""
_AT_THE_STORAGE = (Experiment.PUBLIC_ORIGIN, Experiment.PUBLIC_HOSTNAME)


def invisible_without_upload(case: Case, seen: Iterable[Observation]) -> list[ObservationId]:
    """When the upload with Mastodon's ACL did not arrive, the plain one that stands in for it may be invisible."""
    if case.get(ActionId.PUT_WITH_ACL).id not in {o.id for o in seen}:
        return []
    return [o.id for o in case.open(ActionId.PUBLIC_GET) if o.http_status in (401, 403)]


def clock(case: Case) -> Iterator[Finding]:
    """The clock is off so far that signatures fail, or soon will."""
    seen = case.open(ActionId.CLOCK)
    if not seen:
        return
    refused = [o for o in case.all_open() if stopped_at(o) is Gate.CLOCK]
    signed = [o for o in refused if o.actor is Actor.MASTODON]
    if refused and (signed or not case.get(ActionId.LIST).ok):
        because = [seen[0].id, *(o.id for o in refused)]
        fix = fixes.clock(case, refused[0])
        yield finding("clock-skew", case, how=answered(refused[0]), because=because, fixes=[fix])
        return
    links = case.open(ActionId.PRESIGNED_GET, ActionId.PRESIGNED_EXPIRED)
    if links:
        if links[0].id == ActionId.PRESIGNED_GET:
            how = f"a fresh link to an archive was refused ({words(links[0])}); this machine's clock is wrong"
        else:
            how = (
                f"a link to an archive opened after its time was up ({words(links[0])}); this machine's clock is wrong"
            )
        yield finding(
            "archive-links-off-by-clock",
            case,
            how=how,
            because=[seen[0].id, *(o.id for o in links)],
            fixes=[fixes.clock(case, links[0])],
        )


def throttled(case: Case) -> Iterator[Finding]:
    """Too many requests. When no upload got through at all, that is a failure."""
    now, at_first = _throttled(case, case.all_open()), _throttled(case, case.failed_at_first())
    if not now and len(at_first) < OFTEN:
        return
    seen = [*now, *at_first]
    uploads = [o for o in case.every(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL) if o.ran]
    stopped = bool(uploads) and not any(o.ok for o in uploads)
    # trying again helps against bursts, not against a storage that refuses every upload
    raised = Manual("Ask the provider for a higher request limit, or run fewer Sidekiq threads.")
    enough = not now and fixes.asks_again(case)
    how = f"{seen[0].operation} was answered {words(seen[0])}"
    if not now:
        how = f"{how}; {len(seen)} requests got that answer, and passed when they were sent again"
    yield finding(
        "rate-limited-503-slowdown",
        case,
        how=how,
        because=[o.id for o in seen],
        explains=[*invisible_without_upload(case, seen), *_throttled_heads(case, seen)],
        fixes=[fixes.NOTHING_TO_DO] if enough else [*([raised] if stopped else []), fixes.retries(case)],
        severity=Severity.FAILURE if stopped else Severity.NOTICE if enough else None,
    )


def _throttled_heads(case: Case, seen: Iterable[Observation]) -> list[ObservationId]:
    """A HEAD has no body that could say SlowDown."""
    statuses = {o.http_status for o in seen}
    failed = (*case.all_open(), *case.failed_at_first())
    return [o.id for o in failed if o.operation == "HeadObject" and o.http_status in statuses]


def _throttled(case: Case, seen: Iterable[Observation]) -> list[Observation]:
    return [o for o in seen if o.outcome is Outcome.THROTTLED and not answered_before_the_storage(case, o)]


def slow(case: Case) -> Iterator[Finding]:
    """Some requests got no answer in the time Mastodon waits, and one that was waited for longer came late."""
    seen = [o for o in case.all_open() if o.network is NetworkFault.READ_TIMEOUT]
    late = next((o for o in seen if is_late(o)), None)
    if late is None or all(o.id in LARGE_UPLOAD for o in seen):
        return  # only the parts of a large file: that is a finding of its own
    yield finding(
        "slow-provider-read-timeout",
        case,
        how=f"{late.operation} failed: {words(late)}. {waited(late)}",
        because=[o.id for o in seen],
        explains=invisible_without_upload(case, seen),
        fixes=[fixes.env(case, "S3_READ_TIMEOUT", "60")],
    )


def failing(case: Case) -> Iterator[Finding]:
    """The storage fails for good, by errors of its own or by silence: on all that is asked, or on one kind of request.

    An error or a connection that was cut tells nothing of rights, nor of what was asked.
    """
    broken = _broken(case)
    if not broken:
        return
    signed = {o.operation for o in broken if o.actor is Actor.MASTODON}
    works = any(o.ok and o.actor is Actor.MASTODON for o in case.all())
    everything = len(signed) >= MANY or (bool(signed) and not works)
    first = broken[0]
    kinds = ", ".join(dict.fromkeys(o.operation for o in broken))
    how = f"{_what(first)} failed: {words(first)}"
    own = bucket_fixes.look_at_the_server(case) if first.http_status is not None or works else ""
    at_the_program = () if own else _at_the_program(case, broken, everything)
    advice = Manual(own or (_STATUS if everything else _ONE.format(kinds=kinds)))
    yield finding(
        "provider-outage" if everything else "request-keeps-failing",
        case,
        how=how if everything else in_turn(how, *_lasting(broken, kinds, works)),
        because=[o.id for o in broken],
        explains=[*invisible_without_upload(case, broken), *_moments_there(case, broken), *_in_a_batch(case, broken)],
        fixes=[*(at_the_program or (advice,)), *_asking_again(case, broken)],
        certainty=Certainty.LIKELY,
    )


def _at_the_program(case: Case, broken: list[Observation], everything: bool) -> tuple[Fix, ...]:
    """What shows itself before the API fails in nobody's words: its way on, or what it makes of HEAD.

    Varnish says 503 to the size of a part, which a storage answers with 206 where no range was asked for.
    """
    if not shows_itself(case) or not _without_words(broken[0]):
        return ()
    if everything:
        return at_the_way_behind(case)
    return before_api(case, "api-head") if all(o.method == "HEAD" and _without_words(o) for o in broken) else ()


def _without_words(seen: Observation) -> bool:
    """Whether it is an error in nobody's words: a proxy's that does not reach the storage."""
    return (seen.http_status or 0) in (500, 502, 503, 504) and not seen.error_code and not seen.facts.get(Fact.ROOT)


# "please try again" is what Amazon and others say of every error of their own
_ASK_AGAIN = regex(r"no tomes available|(please|should) retry", re.IGNORECASE)
"""What a store that is well answers as well, and means it: Backblaze wants the client to ask for another place."""


def _asking_again(case: Case, broken: Iterable[Observation]) -> list[Fix]:
    """More attempts, where the store itself asks for them: the second way, as it said so to each of the probe's."""
    asked_for = any(_ASK_AGAIN.search(o.message or "") for o in broken)
    return [fixes.retries(case)] if asked_for and not fixes.asks_again(case) else []


def _in_a_batch(case: Case, broken: Iterable[Observation]) -> list[ObservationId]:
    """The same error for each key of a batch, whose answer is 200."""
    codes = {o.error_code for o in broken if o.error_code}
    return [o.id for o in case.open(ActionId.BATCH_DELETE) if o.facts.get(Fact.PER_KEY_CODE) in codes]


_STATUS = "See the provider's status page; nothing in the settings explains it."
_ONE = "Show the provider this report ({kinds}), with the time of the run: nothing in the settings explains it."


def _lasting(broken: Iterable[Observation], kinds: str, works: bool) -> Iterator[str]:
    """Sentences: how often it was asked, and what fails."""
    times = max((o.facts.get(Fact.ATTEMPTS, "") for o in broken), default="")
    if times:
        yield f"Asked {times} times, it failed each time"
    yield f"Only these requests fail: {kinds}" if works else f"These requests fail: {kinds}"


def _what(seen: Observation) -> str:
    return f"{seen.operation} {seen.url}" if seen.actor is Actor.VISITOR else seen.operation


_IN_EVERY_RUN = (Experiment.MULTIPART_SECOND, Experiment.DELETE_GONE, Experiment.BATCH_GONE)
"""Experiments without which there is nothing to abandon, and no proof that anything was deleted."""


def _broken(case: Case) -> list[Observation]:
    """What failed by the server's own trouble, or on the way, and says nothing else.

    Of visitors' requests those to the storage itself, unless it shows the picture at another of its addresses (a port
    of the same host is another service's); at another host where a picture is shown there all the same.
    """
    hosts = set() if any(case.get(name).ok for name in _AT_THE_STORAGE) else storage_hosts(case)
    shown = case.get(ActionId.PUBLIC_GET).ok
    second = [o for o in map(case.get, _IN_EVERY_RUN) if o.id not in case.claimed]
    failed = [o for o in (*case.all_open(), *second) if o.outcome in (Outcome.UNKNOWN, Outcome.UNREACHABLE)]
    is_slow = any(is_late(o) for o in failed)  # then silence is explained
    return [
        o
        for o in failed
        if (o.actor is Actor.MASTODON or shown or (fixes.host_of(o.url) in hosts and failed_by_itself(o)))
        and not (is_slow and o.network is NetworkFault.READ_TIMEOUT)
        # it is asked under the settings as they are: where a trial changed them, another rule has said why
        and (o.id != ActionId.REACH_ENDPOINT or case.get(ActionId.LIST).ok)
    ]


def _moments_there(case: Case, broken: Iterable[Observation]) -> list[ObservationId]:
    """What the same hosts failed on for a moment only is a part of it."""
    hosts = {fixes.host_of(o.url) for o in broken}
    return [o.id for o in case.failed_at_first() if fixes.host_of(o.url) in hosts]


RULES = (
    Rule(
        clock,
        Layer.WAY,
        yields=("clock-skew", "archive-links-off-by-clock"),
        reads=(OPEN, ActionId.CLOCK, ActionId.LIST, ActionId.PRESIGNED_EXPIRED, ActionId.PRESIGNED_GET),
    ),
    Rule(
        throttled,
        Layer.WAY,
        yields=("rate-limited-503-slowdown",),
        reads=(OPEN, ActionId.PUBLIC_GET, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    ),
    Rule(
        failing,
        Layer.STORE,
        yields=("provider-outage", "request-keeps-failing"),
        tier=Tier.GROUPS,
        reads=(
            EVERY,
            OPEN,
            ActionId.BATCH_DELETE,
            ActionId.LIST,
            ActionId.PUBLIC_GET,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.BATCH_GONE,
            Experiment.DELETE_GONE,
            Experiment.MULTIPART_SECOND,
            *_AT_THE_STORAGE,
        ),
    ),
    Rule(
        slow,
        Layer.CHANGING,
        yields=("slow-provider-read-timeout",),
        tier=Tier.GROUPS,
        reads=(OPEN, ActionId.PUBLIC_GET, ActionId.PUT_WITH_ACL),
    ),
)
