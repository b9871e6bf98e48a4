"""Asks the published host to forget a deleted file as Mastodon does, and looks whether it has."""

from __future__ import annotations

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Facts
from s3probe.probe.exchange import PURGE, Answer
from s3probe.probe.fetching import must_not_open
from s3probe.probe.session import Session, Stored, visitor_call
from s3probe.records import replace
from s3probe.settings.cache_buster import CacheBuster

PATIENCE = 1.0
"""Seconds after which a file that is still shown is looked at once more: a CDN needs a moment for all its places."""


def look_after_purging(session: Session, buster: CacheBuster, url: str, stored: Stored, agent: str) -> None:
    """A look before it, the request itself, and a look after it."""
    title = "A deleted picture is no longer visible, before the cache is asked to forget it"
    must_not_open(session, Experiment.BEFORE_PURGE, url, stored, title)
    asked = visitor_call(url, method=buster.method, agent=agent, headers=buster.headers)
    title = f"The media host takes Mastodon's request to forget a file ({buster.method})"
    session.ask(Experiment.PURGE, replace(asked, operation=PURGE), _judge, title=title)
    seen = must_not_open(session, ActionId.DELETED_PUBLIC_GET, url, stored)
    if seen.failed:
        session.tools.clock.sleep(min(PATIENCE, max(session.remaining(), 0.0)))
        must_not_open(session, ActionId.DELETED_PUBLIC_GET, url, stored)


def _judge(answer: Answer) -> tuple[Outcome | None, Facts]:
    # with GET it is the answer to a look at a file that is gone: only what is shown afterwards tells
    return (Outcome.OK if answer.status is not None and answer.status < 500 else None), {}
