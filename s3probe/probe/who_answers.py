"""Lets a web server show which it is, where something is wrong there and nothing tells: by what it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from s3probe.evidence.caches import keeps_nothing
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact, Facts, ObservationId
from s3probe.knowledge.front import Stands, front_of_api, front_seen
from s3probe.knowledge.proxies import ANY
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.knowledge.store import store_seen
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, visitor_call
from s3probe.settings.mastodon import public_url
from s3probe.settings.model import Settings

TOO_LONG = (("X-S3probe", "s" * 17_000),)
"""More than a header may have: 8 KiB at nginx and Apache, 16 KiB at HAProxy. Each refuses it with a page of its own.

nginx: large_client_header_buffers; Apache: LimitRequestFieldSize; HAProxy: tune.bufsize.
"""


def at_the_published_host(session: Session) -> Iterator[Step]:
    """Asks the published host, where a visitor met a fault there."""
    settings, rows = session.conditions.settings, session.book.rows()
    url = public_url(settings, "")
    front = front_seen(settings, store_seen(settings, rows), rows)
    if front.stands in (Stands.UNKNOWN, Stands.PROXY) and not front.name and _is_at_fault(url, rows):
        yield _step(session, Experiment.WHO_ANSWERS, url, "The published host shows which web server it is")


def before_the_api(session: Session) -> Iterator[Step]:
    """Asks the storage's own host, where something between may have changed or refused what Mastodon sent."""
    settings, rows = session.conditions.settings, session.book.rows()
    failed = any(row.failed and row.actor is Actor.MASTODON and not row.id.is_experiment for row in rows)
    failed = failed or any(row.failed and row.id == Experiment.ANNOUNCED for row in rows)
    if failed and not has_own_hosts(settings.api_base) and front_of_api(settings, rows).id == ANY:
        yield _step(session, Experiment.WHO_ANSWERS_API, _root(settings), "The API's host shows which web server it is")


def _step(session: Session, name: ObservationId, url: str, title: str) -> Step:
    return Step(name, lambda: session.ask(name, visitor_call(url, headers=TOO_LONG), _whatever, title=title))


def _whatever(_answer: Answer) -> tuple[Outcome | None, Facts]:
    """Every answer is right: what is asked is who gives it."""
    return Outcome.OK, {}


def _is_at_fault(url: str, rows: Sequence[Observation]) -> bool:
    host = urlsplit(url).hostname
    visits = [row for row in rows if row.actor is Actor.VISITOR and host and urlsplit(row.url).hostname == host]
    if any(row.failed and row.http_status is not None for row in visits):
        return True
    shown = next((row for row in rows if row.id == ActionId.PUBLIC_GET), None)
    return shown is not None and (bool(shown.led_to) or keeps_nothing(shown.facts.get(Fact.CACHE_CONTROL, "")))


def _root(settings: Settings) -> str:
    api = urlsplit(settings.api_base)
    return f"{api.scheme}://{api.netloc}/"
