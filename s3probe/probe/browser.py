"""What a browser needs beside the picture: leave for scripts (CORS), ranges for video, a page that allows the host."""

from __future__ import annotations

from functools import partial
from importlib import resources
from urllib.parse import urljoin, urlsplit

from s3probe.evidence import page_policy as csp
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import (
    BESIDE,
    IN_A_BROWSER,
    ActionId,
    Experiment,
    ExperimentWith,
    Fact,
    FactName,
    Facts,
    Header,
    row_of,
)
from s3probe.probe.classify import may_pass
from s3probe.probe.exchange import Answer, Limits
from s3probe.probe.session import Session, Stored, visitor_call
from s3probe.probe.xml import root_name
from s3probe.records import replace
from s3probe.settings.mastodon import object_url, public_url
from s3probe.settings.model import Settings

RANGE = (("Range", "bytes=0-1"),)
"""What Safari asks of a video before it plays it."""
DIRECTIVES = ("img-src", "media-src", "connect-src")
"""Where Mastodon's policy names the media hosts (config/initializers/content_security_policy.rb)."""
NOT_FETCHED = "the picture itself could not be fetched"
PAGE_HOPS = 3
_MOVED = (301, 302, 303, 307, 308)


def origin_of(settings: Settings) -> str:
    """The origin of Mastodon's pages."""
    return f"https://{settings.web_domain or 'mastodon.invalid'}"


def on_a_page(session: Session, url: str, stored: Stored) -> None:
    """What a page of Mastodon's may do with the picture that a visitor has just got."""
    first = session.book.get(ActionId.PUBLIC_GET)
    if first is None or first.http_status != 200:
        for action_id in BESIDE[IN_A_BROWSER]:
            session.skip(action_id, NOT_FETCHED)
        return
    _embedding(session, first)
    _cors_and_range(session, first, url, stored)


def _embedding(session: Session, first: Observation) -> None:
    """Whether a page may show the picture that came. No request of its own."""
    domain = session.conditions.settings.web_domain
    if domain is None:
        session.skip(ActionId.PUBLIC_EMBED, "neither WEB_DOMAIN nor LOCAL_DOMAIN says where Mastodon's pages are")
        return
    policy = first.headers.get(Header.CROSS_ORIGIN_RESOURCE_POLICY, "")
    outcome = Outcome.OK if _may_embed(policy, first.url, f"https://{domain}") else Outcome.WRONG
    said = None if outcome is Outcome.OK else f"it says Cross-Origin-Resource-Policy: {policy}"
    row = replace(first, id=ActionId.PUBLIC_EMBED, title=row_of(ActionId.PUBLIC_EMBED).title)
    session.book.add(replace(row, outcome=outcome, message=said, facts={}))


def _may_embed(policy: str, picture: str, page: str) -> bool:
    """Whether a browser shows ``picture`` on ``page`` (Fetch standard, "cross-origin resource policy check").

    Other values than the two, also two values at once, are ignored.
    """
    if policy == "same-origin":
        return _origin(picture) == _origin(page)
    return policy != "same-site" or _site(picture) == _site(page)


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _site(url: str) -> str:
    """The part of the host that one owner registers: ``example.co.uk`` of ``files.example.co.uk`` (HTML, "site")."""
    host = urlsplit(url).hostname or ""
    if host.replace(".", "").isdigit() or ":" in host:
        return host
    # reading the list of public suffixes takes 0.2 s: only where a site has to be told
    from publicsuffixlist import PublicSuffixList

    # by itself it opens a file, and there is none where it is in an archive
    listed = (resources.files("publicsuffixlist") / "public_suffix_list.dat").read_text(encoding="utf-8")
    return PublicSuffixList(listed).privatesuffix(host) or host


def _cors_and_range(session: Session, first: Observation, url: str, stored: Stored) -> None:
    """One request of a player on the page answers both: may scripts read it, and is a range a range?"""
    place = first.led_to or url
    origin = origin_of(session.conditions.settings)
    asked = (("Origin", origin), *RANGE)
    judge = partial(_allows, origin=origin)
    seen, answer = session.ask(ActionId.PUBLIC_CORS, visitor_call(place, headers=asked), judge)
    if answer is None or not seen.ran:
        session.skip(ActionId.PUBLIC_RANGE, seen.reason or "")
        return
    _range(session, seen, answer, stored)
    if answer.fault is None and seen.http_status not in (200, 206):
        # refused for the range, or for the origin? without the range only the origin is left
        seen, _answer = session.ask(ActionId.PUBLIC_CORS, visitor_call(place, headers=asked[:1]), judge)
    if seen.http_status in (200, 206) and not seen.ok:
        _why_no_cors(session, seen, place, stored)


def _range(session: Session, seen: Observation, answer: Answer, stored: Stored) -> None:
    """The same answer, judged for its range. No request of its own."""
    facts: Facts = {}
    if answer.status == 206 and answer.body == stored.body[:2]:
        outcome = Outcome.OK
    elif answer.fault is None and not may_pass(answer):
        outcome = Outcome.WRONG
        facts = {Fact.RANGE: "ignored" if answer.status == 200 else "refused" if answer.status != 206 else "different"}
    else:
        outcome = seen.outcome
    session.book.add(
        replace(seen, id=ActionId.PUBLIC_RANGE, title=row_of(ActionId.PUBLIC_RANGE).title, outcome=outcome, facts=facts)
    )


def _allows(answer: Answer, origin: str) -> tuple[Outcome | None, Facts]:
    allowed = answer.headers.get(Header.ACCESS_CONTROL_ALLOW_ORIGIN, "")
    if answer.status in (200, 206) and allowed not in ("*", origin):
        return Outcome.WRONG, {Fact.ORIGIN: origin, Fact.ALLOWED: allowed or "none"}
    return None, {Fact.ORIGIN: origin}


def _any_status(answer: Answer, origin: str) -> tuple[Outcome | None, Facts]:
    allowed = answer.headers.get(Header.ACCESS_CONTROL_ALLOW_ORIGIN, "")
    return (Outcome.OK if allowed in ("*", origin) else Outcome.WRONG), {Fact.ALLOWED: allowed or "none"}


def _why_no_cors(session: Session, seen: Observation, place: str, stored: Stored) -> None:
    """Finds out why: no rule at all, one for another origin, or a proxy or cache that loses the header."""
    settings = session.conditions.settings
    origin = origin_of(settings)
    direct = object_url(settings, stored.key)
    named = seen.headers.get(Header.ACCESS_CONTROL_ALLOW_ORIGIN, "")
    if "," in named:
        return
    if urlsplit(direct).netloc != urlsplit(place).netloc:
        judge = partial(_allows, origin=origin)
        session.ask(
            Experiment.CORS_ORIGIN,
            visitor_call(direct, headers=(("Origin", origin),)),
            judge,
            title="CORS at the storage itself",
        )
        # S3 sends the header with its refusals too: a key that nobody can have asked for passes every cache
        unasked = public_url(settings, f"{stored.key}.none")
        session.ask(
            Experiment.CORS_FRESH,
            visitor_call(unasked, headers=(("Origin", origin),)),
            partial(_any_status, origin=origin),
            title="CORS where no cache answers",
        )
    if named:
        return
    # is there a rule at all, for another origin? (cors-origin-mismatch against cors-missing)
    for other in _other_origins(settings):
        call = visitor_call(place, headers=(("Origin", other),))
        tried, _answer = session.ask(
            ExperimentWith.CORS.of(other), call, partial(_allows, origin=other), title=f"CORS for {other}"
        )
        if tried.ok:
            return
    # S3 tells "CORS is not enabled for this bucket" from "this CORS request is not allowed" in a preflight only
    headers = (("Origin", origin), ("Access-Control-Request-Method", "GET"))
    session.ask(
        Experiment.CORS_PREFLIGHT,
        visitor_call(direct, method="OPTIONS", headers=headers),
        title="A CORS preflight is answered",
    )
    # other stores say it to a key that may read the rules
    rules = session.conditions.wire.read("GetBucketCors", "cors")
    session.ask(Experiment.READ_CORS, rules, _cors_rules, title="The bucket has CORS rules")


def _other_origins(settings: Settings) -> tuple[str, ...]:
    """Origins that rules name by mistake: LOCAL_DOMAIN instead of WEB_DOMAIN, http, a trailing slash."""
    local = settings.environment.get("LOCAL_DOMAIN")
    web = settings.web_domain
    names = [f"https://{local}" if local and local != web else "", f"http://{web}" if web else ""]
    return tuple(name for name in names if name)


def _cors_rules(answer: Answer) -> tuple[Outcome | None, Facts]:
    wrong = answer.status == 200 and root_name(answer.body) != "CORSConfiguration"
    return (Outcome.WRONG if wrong else None), {}


def page_policy(session: Session, url: str) -> None:
    """Whether Mastodon's front page lets a browser show the picture, in every directive that media need.

    The page is the instance's, not the storage's: it is asked past the meter, and one that cannot be read tells
    nothing.
    """
    seen = session.book.get(ActionId.PUBLIC_GET)
    # where the address itself may be wrong, a page that does not name it says nothing
    proxied = session.conditions.settings.alias_host is not None
    readable = seen is not None and (200 <= (seen.http_status or 0) < 300 or (seen.http_status and proxied))
    if seen is None or not readable:
        session.skip(ActionId.PUBLIC_CSP, NOT_FETCHED)
        return
    domain = session.conditions.settings.web_domain or ""
    page = f"https://{domain}/"
    answer, page = _page(session, page)
    policy = answer.headers.get(Header.CONTENT_SECURITY_POLICY, "")
    elsewhere = urlsplit(page).hostname != urlsplit(f"https://{domain}/").hostname
    if answer.status != 200 or elsewhere or not csp.names_media(policy):
        no_policy = "no Content-Security-Policy of Mastodon's" if not elsewhere else "another host answers"
        why = answer.detail or (f"HTTP {answer.status}" if answer.status != 200 else no_policy)
        session.skip(ActionId.PUBLIC_CSP, f"{page} could not be read from here as a page of Mastodon ({why})")
        return
    missing = [name for name in DIRECTIVES if not csp.allows(policy, name, url, page)]
    facts: dict[FactName, str] = {Fact.MEDIA: url, Fact.MISSING: " ".join(missing)} if missing else {}
    target = seen.led_to
    if target and seen.ok and not csp.allows(policy, "img-src", _root(target), page):
        facts[Fact.REDIRECT] = target
    outcome = Outcome.WRONG if facts else Outcome.OK
    session.book.add(
        session.client.observe(ActionId.PUBLIC_CSP, visitor_call(page), answer, outcome=outcome, facts=facts)
    )


def _page(session: Session, page: str) -> tuple[Answer, str]:
    answer = Answer()
    for _hop in range(PAGE_HOPS):
        seconds = max(0.1, min(10.0, session.remaining()))
        # not S3_OPEN_TIMEOUT: that is for the storage, and a slow page is not its fault
        limits, call = Limits(connect=5, read=5, total=seconds), visitor_call(page)
        heard = session.repeats.hear(call, lambda _patience: session.tools.transport.send(call, limits))  # noqa: B023  it is asked at once
        session.note_first(ActionId.PUBLIC_CSP, call, heard)
        answer = heard.judged
        target = urljoin(page, answer.headers.get(Header.LOCATION, ""))
        if answer.status not in _MOVED or urlsplit(target).scheme != "https":
            break
        page = target
    return answer, page


def _root(url: str) -> str:
    """After a redirect a browser compares the host alone (CSP Level 3, path matching)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
