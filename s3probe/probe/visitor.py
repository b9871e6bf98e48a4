"""The visitor's side: what a browser, another server or a stranger gets, unsigned and from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import urljoin, urlsplit

from s3probe.probe import csp
from s3probe.probe.evidence import Observation, Outcome
from s3probe.probe.exchange import Answer
from s3probe.probe.foundation import MEDIA
from s3probe.probe.payload import picture
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored, visitor_call
from s3probe.probe.storage import NOTHING_WRITTEN, Kept, same_bytes
from s3probe.probe.xml import acl_grants, fields, root_name
from s3probe.settings.mastodon import bucket_url, object_url, public_url
from s3probe.settings.model import Settings

HOPS = 5
"""Redirects a browser would follow here; enough for every honest set-up."""

LISTINGS = ("ListBucketResult", "ListVersionsResult", "ListMultipartUploadsResult")


class Visitor:
    """Asks without a key. Redirects are followed like a browser does, but only to http and https."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._settings = session.world.settings

    def fetch(self, action_id: str, url: str, stored: Stored, title: str | None = None) -> Observation:
        """GET of an uploaded file by ``url``: its bytes, its Content-Type, its Cache-Control."""
        session = self._session
        via: list[str] = []
        judge = same_bytes(stored.body)

        def look(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            outcome, facts = judge(answer)
            known = dict(facts)
            if via:
                known["redirected"] = " ".join(via)
            if answer.status == 200 and outcome is None:
                outcome, more = _kept_headers(answer, stored, session.world.settings.cache_control)
                known.update(more)
            return outcome, known

        for _hop in range(HOPS):
            seen, answer = session.ask(action_id, visitor_call(url), look, title=title)
            target = _target(url, answer)
            if target is None:
                return seen
            via.append(target)
            url = target
        return seen

    def first_look(self, kept: Kept) -> Iterator[Step]:
        """The published URL of a fresh upload, and whether scripts of the web interface may read it."""
        stored = kept.get("media")
        if stored is None:
            for action_id in ("public-get", "public-cors"):
                self._session.skip(action_id, NOTHING_WRITTEN)
            return
        url = public_url(self._settings, stored.key)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            for action_id in ("public-get", "public-cors"):
                self._session.skip(action_id, f"Mastodon publishes {url}, which no browser can open")
            return
        yield Step("public-get", lambda: self.fetch("public-get", url, stored))
        yield Step("public-cors", lambda: self._cors(url), ("public-get",))
        if self._settings.web_domain:
            yield Step("public-csp", lambda: self._csp(url), ("public-get",))

    def _cors(self, url: str) -> None:
        session = self._session
        first = session.book.get("public-get")
        if first is None or first.http_status != 200:
            session.skip("public-cors", "the picture itself could not be fetched")
            return
        redirected = first.facts.get("redirected", "").split(" ")[-1]
        origin = f"https://{self._settings.web_domain or 'mastodon.invalid'}"
        call = visitor_call(redirected or url, headers=(("Origin", origin),))
        seen, _answer = session.ask("public-cors", call, partial(_allows, origin=origin))
        if seen.ok or seen.http_status != 200 or "access-control-allow-origin" in seen.headers:
            return
        # is there a rule at all, for another origin? (cors-origin-mismatch against cors-missing)
        for other in _other_origins(self._settings):
            call = visitor_call(redirected or url, headers=(("Origin", other),))
            tried, _answer = session.ask(
                f"try-cors:{other}", call, partial(_allows, origin=other), title=f"CORS for {other}"
            )
            if tried.ok:
                return
        # S3 tells "CORS is not enabled for this bucket" from "this CORS request is not allowed" in a preflight only
        asked = (("Origin", origin), ("Access-Control-Request-Method", "GET"))
        preflight = visitor_call(redirected or url, method="OPTIONS", headers=asked)
        session.ask("try-cors-preflight", preflight, title="A CORS preflight is answered")
        # other stores say it to a key that may read the rules
        rules = session.world.wire.read("GetBucketCors", "cors")
        session.ask("try-read-cors", rules, _cors_rules, title="The bucket has CORS rules")

    def _csp(self, url: str) -> None:
        """Whether Mastodon's front page lets a browser show the picture. A page that cannot be read tells nothing."""
        session = self._session
        seen = session.book.get("public-get")
        if seen is None or not seen.ok:
            session.skip("public-csp", "the picture itself could not be fetched")
            return
        page = f"https://{self._settings.web_domain}/"

        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            policy = answer.headers.get("content-security-policy", "")
            refused = answer.status == 200 and not csp.allows(policy, "img-src", url, page)
            return (Outcome.WRONG, {"media": url}) if refused else (Outcome.OK, {})

        row, _answer = session.ask("public-csp", visitor_call(page), judge)
        if row.http_status != 200:
            session.skip("public-csp", f"{page} could not be read from here")

    def elsewhere(self, stored: Stored) -> Iterator[Step]:
        """The same object by every other address it could have: which link of the chain breaks?"""
        tried = {public_url(self._settings, stored.key)}
        for name, url in other_addresses(self._settings, stored.key):
            if url not in tried:
                tried.add(url)
                yield Step(
                    name,
                    lambda name=name, url=url: self.fetch(  # type: ignore[misc]  # lambda defaults
                        f"try-public-{name}", url, stored, title=f"The picture at {url}"
                    ),
                )

    def why_not_public(self, stored: Stored) -> Iterator[Step]:
        """What the object's ACL and the bucket's policy say, for keys that may read them. A refusal is no fault."""
        session, wire = self._session, self._session.world.wire
        acl = wire.read("GetObjectAcl", "acl", stored.key)
        yield Step("object-acl", lambda: session.ask("try-read-acl", acl, _everyone, title="The object's ACL"))
        status = wire.read("GetBucketPolicyStatus", "policyStatus")
        yield Step("policy", lambda: session.ask("try-policy-status", status, _public, title="The policy's status"))
        if self._settings.web_domain:
            yield Step("referer", lambda: self._with_referer(stored))
        payer = wire.read("GetBucketRequestPayment", "requestPayment")
        yield Step("payer", lambda: session.ask("try-request-payment", payer, _payer, title="Who pays for requests"))

    def _with_referer(self, stored: Stored) -> None:
        """As Mastodon's own page asks: hotlink protection lets nobody else in, and other servers send no Referer."""
        page = f"https://{self._settings.web_domain}/"
        call = visitor_call(public_url(self._settings, stored.key), headers=(("Referer", page),))
        self._session.ask("try-referer", call, same_bytes(stored.body), title=f"The picture on a page of {page}")

    def look_at_hidden(self, action_id: str, stored: Stored) -> Observation:
        """The public URL of a picture whose ACL was just set to private. Nobody has asked for it before."""
        return self.must_not_open(action_id, public_url(self._settings, stored.key), stored)

    def privacy(self) -> Iterator[Step]:
        """Listing and writing, which must be refused."""
        root = bucket_url(self._settings)
        joiner = "&" if "?" in root else "?"
        yield Step("public-list", lambda: self._must_not_list("public-list", f"{root}{joiner}list-type=2&max-keys=1"))
        base = public_url(self._settings, "")
        if urlsplit(base).hostname and base.rstrip("/") != root.rstrip("/"):
            # as Mastodon's own dashboard asks (app/lib/admin/system_check/media_privacy_check.rb)
            title = "A visitor cannot list the bucket through the public host"
            yield Step(
                "public-list-alias", lambda: self._must_not_list("public-list-alias", f"{base}?max-keys=1", title=title)
            )

    def _must_not_list(self, action_id: str, url: str, title: str | None = None) -> Observation:
        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            if root_name(answer.body) in LISTINGS or b"<ListBucketResult" in answer.body[:4096]:
                return Outcome.WRONG, {"listing": "open"}
            return Outcome.OK, {}

        return self._session.ask(action_id, visitor_call(url), judge, title=title)[0]

    def who_opened_the_list(self) -> Iterator[Step]:
        """An open listing: a bucket ACL opens versions and uploads too, a policy's s3:ListBucket does not."""
        session, root = self._session, bucket_url(self._settings)
        for name in ("uploads", "versions"):
            yield Step(
                name,
                lambda name=name: self._must_not_list(  # type: ignore[misc]  # lambda defaults
                    f"try-public-{name}", f"{root}?{name}", title=f"A visitor cannot list {name}"
                ),
            )
        acl = session.world.wire.read("GetBucketAcl", "acl")
        yield Step("bucket-acl", lambda: session.ask("try-bucket-acl", acl, _everyone, title="The bucket's ACL"))
        status = session.world.wire.read("GetBucketPolicyStatus", "policyStatus")
        yield Step("policy", lambda: session.ask("try-policy-status", status, _public, title="The policy's status"))

    def writing(self) -> Iterator[Step]:
        """An anonymous upload of a key of ours: registered like any other, for it may succeed."""
        session = self._session
        entry = session.ledger.mint(session.world.wire, MEDIA, "anonymous.png")
        body = picture(f"{session.run_id}/anonymous.png")
        url = object_url(self._settings, entry.key)
        call = visitor_call(url, method="PUT", headers=(("Content-Type", "image/png"),), body=body)

        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            status = answer.status or 0
            if status == 429 or status >= 500:
                return None, {}
            return (Outcome.WRONG, {"write": "open"}) if 200 <= status < 300 else (Outcome.OK, {})

        def write() -> None:
            seen, answer = session.ask("public-write", call, judge)
            session.ledger.answered(entry, answer, written=seen.outcome is Outcome.WRONG)

        yield Step("public-write", write)

    def archive(self, kept: Kept) -> Iterator[Step]:
        """The archive by its plain URL, at the public host and at the bucket itself."""
        stored = kept.get("archive")
        if stored is None:
            self._session.skip("archive-public-get", "no archive could be uploaded to try it on")
            return
        public, direct = public_url(self._settings, stored.key), object_url(self._settings, stored.key)
        yield Step("archive-public-get", lambda: self.must_not_open("archive-public-get", public, stored))
        if public != direct:
            title = "A visitor cannot open a user's archive at the bucket itself"
            yield Step("archive-origin", lambda: self.must_not_open("archive-origin-get", direct, stored, title=title))

    def must_not_open(self, action_id: str, url: str, stored: Stored, title: str | None = None) -> Observation:
        """GET of something private: anything but its bytes is well."""

        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            if answer.status == 200 and answer.body == stored.body:
                return Outcome.WRONG, {"open": "yes"}
            return Outcome.OK, {}

        if not urlsplit(url).hostname:
            return self._session.skip(action_id, f"Mastodon publishes {url}, which no browser can open")
        return self._session.ask(action_id, visitor_call(url), judge, title=title)[0]


def other_addresses(settings: Settings, key: str) -> Iterator[tuple[str, str]]:
    """Name and URL of every other place where a visitor could find ``key``: nearest to the settings first."""
    bucket = settings.bucket_name
    api = urlsplit(settings.api_base)
    path = urlsplit(object_url(settings, key)).path.removeprefix(f"/{bucket}" if settings.path_style else "")
    if settings.alias_host:
        base = public_url(settings, "").rstrip("/")
        yield "alias-with-bucket", f"{base}/{bucket}{path}"
    elif settings.hostname.startswith(f"{bucket}."):
        yield "hostname-without-bucket", f"{settings.protocol}://{settings.hostname}{path}"
    elif settings.hostname and "/" not in settings.hostname and ":" not in settings.hostname and api.port:
        yield "hostname-with-port", f"{settings.protocol}://{settings.hostname}:{api.port}/{bucket}{path}"
    yield "origin", object_url(settings, key)
    yield "path-style", f"{api.scheme}://{api.netloc}/{bucket}{path}"
    if not _is_address(api.hostname or ""):
        yield "virtual-host", f"{api.scheme}://{bucket}.{api.netloc}{path}"
    published = public_url(settings, key)
    if published.startswith("https://"):
        yield "plain-http", "http://" + published.removeprefix("https://")


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host or host == "localhost"


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


def _allows(answer: Answer, origin: str) -> tuple[Outcome | None, Mapping[str, str]]:
    allowed = answer.headers.get("access-control-allow-origin", "")
    if answer.status == 200 and allowed not in ("*", origin):
        return Outcome.WRONG, {"origin": origin, "allowed": allowed or "none"}
    return None, {"origin": origin}


def _other_origins(settings: Settings) -> tuple[str, ...]:
    """Origins that rules name by mistake: LOCAL_DOMAIN instead of WEB_DOMAIN, http, a trailing slash."""
    local = settings.environment.get("LOCAL_DOMAIN")
    web = settings.web_domain
    names = [f"https://{local}" if local and local != web else "", f"http://{web}" if web else ""]
    return tuple(name for name in names if name)


def _rooted(answer: Answer, root: str) -> Outcome | None:
    """A 200 to ``?something`` may be a listing, where the store does not know the question: the root element tells."""
    return Outcome.WRONG if answer.status == 200 and root_name(answer.body) != root else None


def _everyone(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    return _rooted(answer, "AccessControlPolicy"), grants(answer)


def grants(answer: Answer) -> dict[str, str]:
    """Who is granted what in an ACL answer: ``all-users`` and ``authenticated-users`` with their permissions."""
    facts: dict[str, list[str]] = {}
    for grant in acl_grants(answer.body):
        for ending, name in (("/AllUsers", "all-users"), ("/AuthenticatedUsers", "authenticated-users")):
            if grant.grantee.endswith(ending):
                facts.setdefault(name, []).append(grant.permission)
    return {name: " ".join(permissions) for name, permissions in facts.items()}


def _cors_rules(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    return _rooted(answer, "CORSConfiguration"), {}


def _payer(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    return _rooted(answer, "RequestPaymentConfiguration"), fields(answer.body)


def _public(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    text = answer.body.lower()
    return _rooted(answer, "PolicyStatus"), {
        "is-public": "yes" if b"<ispublic>true" in text else "no" if b"<ispublic>false" in text else ""
    }
