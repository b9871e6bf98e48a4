"""Fetches a file without a key, as a browser or another server does: is it the one that was uploaded?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from s3probe.probe.evidence import Observation, Outcome
from s3probe.probe.exchange import Answer
from s3probe.probe.session import VISITOR_AGENT, Session, Stored, visitor_call
from s3probe.probe.xml import error, root_name

HOPS = 5
"""Redirects a browser would follow here; enough for every honest set-up."""


def same_bytes(body: bytes) -> Callable[[Answer], tuple[Outcome | None, Mapping[str, str]]]:
    """Judges a download: the very bytes that were uploaded, or what came instead."""

    def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
        if answer.status != 200 or answer.body == body:
            return None, {}
        chunked = body in answer.body and answer.body[:1].isalnum()
        kind = "aws-chunked" if chunked else "empty" if not answer.body else "other"
        return Outcome.WRONG, {"body": kind}

    return judge


def a_listing(answer: Answer) -> tuple[Outcome | None, dict[str, str]]:
    """Judges a listing: a portal or a proxy says 200 to anything."""
    wrong = answer.status == 200 and root_name(answer.body) != "ListBucketResult"
    return Outcome.WRONG if wrong else None, {}


def fetch(
    session: Session,
    action_id: str,
    url: str,
    stored: Stored,
    title: str | None = None,
    agent: str = VISITOR_AGENT,
    headers: tuple[tuple[str, str], ...] = (),
) -> Observation:
    """GET of an uploaded file by ``url``: its bytes, its Content-Type, its Cache-Control.

    Redirects are followed like a browser does, but only to http and https.
    """
    via: list[str] = []
    said: list[str] = []
    judge = same_bytes(stored.body)

    def look(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
        outcome, facts = judge(answer)
        known = dict(facts)
        if via:
            known |= {"redirected": " ".join(via), "redirect-code": said[0]}
        if answer.status == 200 and outcome is None:
            outcome, more = _kept_headers(answer, stored, session.world.settings.cache_control)
            known.update(more)
        return outcome, known

    for _hop in range(HOPS):
        seen, answer = session.ask(action_id, visitor_call(url, agent=agent, headers=headers), look, title=title)
        target = _target(url, answer)
        if target is None or answer is None:
            return seen
        body = error(answer.body)
        said.append(body.code if body else "")
        via.append(target)
        url = target
    return seen


def must_not_open(session: Session, action_id: str, url: str, stored: Stored, title: str | None = None) -> Observation:
    """GET of something private: anything but its bytes is well."""

    def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
        if answer.status == 200 and answer.body == stored.body:
            return Outcome.WRONG, {"open": "yes"}
        return Outcome.OK, {}

    if not urlsplit(url).hostname:
        return session.skip(action_id, f"Mastodon publishes {url}, which no browser can open", title=title)
    return session.ask(action_id, visitor_call(url), judge, title=title)[0]


def _target(url: str, answer: Answer | None) -> str | None:
    """Where a redirect leads, or ``None`` when this is none that may be followed."""
    if answer is None or answer.status not in (301, 302, 303, 307, 308):
        return None
    location = answer.headers.get("location", "")
    target = urljoin(url, location)
    parts = urlsplit(target)
    return target if location and parts.scheme in ("http", "https") and parts.hostname else None


def _kept_headers(answer: Answer, stored: Stored, cache_control: str) -> tuple[Outcome | None, dict[str, str]]:
    """Content-Type and Cache-Control as uploaded. Only a wrong type keeps a browser from showing the file."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    facts = {}
    if answer.headers.get("cache-control", "") != cache_control:
        facts["cache-control"] = answer.headers.get("cache-control", "") or "none"
    if kind != stored.content_type:
        facts["content-type"] = kind or "none"
        return Outcome.WRONG, facts
    return None, facts
