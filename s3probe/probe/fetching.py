"""Fetches a file without a key, as a browser or another server does: is it the one that was uploaded?"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Fact, FactName, Facts, Header, ObservationId
from s3probe.probe.exchange import Answer
from s3probe.probe.session import VISITOR_AGENT, Judge, Session, Stored, visitor_call
from s3probe.probe.xml import error, root_name
from s3probe.records import replace

HOPS = 5
"""Redirects a browser would follow here; enough for every honest set-up."""


def same_bytes(body: bytes) -> Callable[[Answer], tuple[Outcome | None, Facts]]:
    """Judges a download: the very bytes that were uploaded, or what came instead."""

    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        if not 200 <= (answer.status or 0) < 300 or answer.body == body:
            return None, {}
        chunked = body in answer.body and answer.body[:1].isalnum()
        kind = "aws-chunked" if chunked else "empty" if not answer.body else "other"
        return Outcome.WRONG, {Fact.BODY: kind}

    return judge


def judge_listing(answer: Answer) -> tuple[Outcome | None, Facts]:
    """Judges a listing: a portal or a proxy says 200 to anything."""
    wrong = answer.status == 200 and root_name(answer.body) != "ListBucketResult"
    return Outcome.WRONG if wrong else None, {}


def fetch(
    session: Session,
    action_id: ObservationId,
    url: str,
    stored: Stored,
    title: str | None = None,
    agent: str = VISITOR_AGENT,
    headers: tuple[tuple[str, str], ...] = (),
) -> Observation:
    """GET of an uploaded file by ``url``: its bytes, its Content-Type, its Cache-Control.

    Redirects are followed like a browser does, but only to http and https.
    """
    judge = same_bytes(stored.body)

    def look(answer: Answer) -> tuple[Outcome | None, Facts]:
        outcome, facts = judge(answer)
        if outcome is None and 200 <= (answer.status or 0) < 300:
            outcome, more = _kept_headers(answer, stored, session.conditions.settings.cache_control)
            return outcome, {**facts, **more}
        return outcome, facts

    return _follow(session, action_id, url, look, title, agent, headers)


def must_not_open(
    session: Session, action_id: ObservationId, url: str, stored: Stored, title: str | None = None
) -> Observation:
    """GET of something private, redirects followed: everything except its bytes is right."""

    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        if answer.status in (200, 206) and answer.body == stored.body:
            return Outcome.WRONG, {Fact.OPEN: "yes"}
        return judge_refusal(answer)

    if not urlsplit(url).hostname:
        return session.skip(action_id, f"Mastodon publishes {url}, which no browser can open", title=title)
    seen = _follow(session, action_id, url, judge, title)
    if seen.led_to and seen.failed and not seen.facts.get(Fact.OPEN):
        # a redirect led somewhere else: the file was not shown
        return session.book.add(replace(seen, outcome=Outcome.OK))
    return judge_at_proxy(session, seen)


def _follow(
    session: Session,
    action_id: ObservationId,
    url: str,
    judge: Judge,
    title: str | None,
    agent: str = VISITOR_AGENT,
    headers: tuple[tuple[str, str], ...] = (),
) -> Observation:
    """GET, and wherever it is sent on to. The last answer is judged; the way there is a fact of it."""
    via: list[str] = []
    first = ""
    for _hop in range(HOPS):
        way: Facts = {Fact.REDIRECTED: " ".join(via), Fact.REDIRECT_CODE: first}
        call = visitor_call(url, agent=agent, headers=headers)
        seen, answer = session.ask(action_id, call, judge, title=title, facts=way)
        target = _target(url, answer)
        if target is None or answer is None:
            break
        if not via:
            body = error(answer.body)
            first = body.code if body else ""
        via.append(target)
        url = target
    return seen


def judge_refusal(answer: Answer) -> tuple[Outcome | None, Facts]:
    """Judges what must be refused: every answer is a refusal, except an error or a rate limit, which tell nothing."""
    return (None if is_inconclusive(answer.status or 0) else Outcome.OK), {}


def is_inconclusive(status: int) -> bool:
    """Whether this status is a rate limit or an error, behind which anything may be. 501 is a refusal."""
    return status == 429 or (status >= 500 and status != 501)


def judge_at_proxy(session: Session, seen: Observation) -> Observation:
    """What a proxy means by an error or by hanging up (nginx: ``return 444``), where it shows pictures.

    Hanging up shows nothing, which is what was wanted. An error leaves open what the storage behind it would say.
    """
    host, shown = urlsplit(seen.url).hostname, session.book.get(ActionId.PUBLIC_GET)
    at_proxy = proxy_stands_before(session.conditions.settings) and shown is not None and shown.ok
    if not at_proxy or shown is None or host != urlsplit(shown.url).hostname:
        return seen
    if seen.network is NetworkFault.CLOSED:
        return session.book.add(replace(seen, outcome=Outcome.OK))
    if seen.outcome in (Outcome.UNKNOWN, Outcome.THROTTLED):
        return session.skip(seen.id, f"{host} answered {seen.http_status}, which tells nothing", title=seen.title)
    return seen


def _target(url: str, answer: Answer | None) -> str | None:
    """Where a redirect leads, or ``None`` when this is none that may be followed."""
    if answer is None or answer.status not in (301, 302, 303, 307, 308):
        return None
    location = answer.headers.get(Header.LOCATION, "")
    target = urljoin(url, location)
    parts = urlsplit(target)
    return target if location and parts.scheme in ("http", "https") and parts.hostname else None


def _kept_headers(answer: Answer, stored: Stored, cache_control: str) -> tuple[Outcome | None, Facts]:
    """Content-Type and Cache-Control as uploaded. Only a wrong type keeps a browser from showing the file."""
    kind = answer.headers.get(Header.CONTENT_TYPE, "").split(";")[0].strip().lower()
    facts: dict[FactName, str] = {}
    if answer.headers.get(Header.CACHE_CONTROL, "") != cache_control:
        facts[Fact.CACHE_CONTROL] = answer.headers.get(Header.CACHE_CONTROL, "") or "none"
    if kind != stored.content_type:
        facts[Fact.CONTENT_TYPE] = kind or "none"
        return Outcome.WRONG, facts
    return None, facts
