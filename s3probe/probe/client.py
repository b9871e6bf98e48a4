"""Sends calls and writes down what came back: the one gate to the network, and the meter on it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from s3probe.evidence.observations import NO_CHANGES, Cost, Observation, Outcome
from s3probe.evidence.vocabulary import (
    HOST_ID,
    Actor,
    Fact,
    FactName,
    Facts,
    Header,
    HeaderName,
    ObservationId,
    kept_headers,
    row_of,
)
from s3probe.hindrance import HinderedError
from s3probe.knowledge.proxies import whose_page
from s3probe.knowledge.recognition import BODY, MESSAGE, Mark, other_service
from s3probe.patterns import regex
from s3probe.probe.allowance import Allowance
from s3probe.probe.asked import History, asked
from s3probe.probe.classify import is_markup, is_s3, outcome_of
from s3probe.probe.exchange import MUTATING, PURGE, Answer, Call, Limits, Transport, Watch
from s3probe.probe.forms import POST_OBJECT, field
from s3probe.probe.hidden import signatures, without_secrets
from s3probe.probe.signing_rule import SigningRule
from s3probe.probe.xml import ErrorBody, error, root_name
from s3probe.records import replace
from s3probe.redact import clean
from s3probe.scrub import Scrubber
from s3probe.settings.cache_buster import CacheBuster

_SHA256 = regex("[0-9a-f]{64}")
"""MinIO's ``x-amz-id-2``: the form tells the server, the value the deployment. Amazon's is in base64."""
_EXPECTED_REGION = regex(r"\bregion\b[^;]*;? expecting '([a-z0-9-]+)'")
_REGION = regex(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
"""A region stands in a host's name: one label, and what other stores than AWS call theirs."""
_HOST = regex(r"(?=.{1,255}\Z)[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?\.?(?::[0-9]{1,5})?")
BUCKET_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
"""What any store lets a bucket be called."""
_WEB_PAGE = regex(rb"<title>(\d{3}) [^<]*</title>\s*<h1>\1 [^<]*</h1>(?:\s*<ul>\s*<li>Code: (\w+)</li>.*)?", re.DOTALL)
"""Of Garage's web port: with a code where it knows a bucket of that host that visitors may read, else without."""
_PAGE = 2048
"""Bytes of an answer in which it tells whose service it is."""
_OURS = regex(r"(?:^|/)s3probe/[a-z0-9]{6,}/[^/]+\Z")
"""The end of every key that a run mints (``settings.keys.probe_key``)."""


class ForbiddenOperationError(RuntimeError):
    """A bug in s3probe: it tried something that is not on the allow-list. Nothing was sent."""


class NotSentError(Exception):
    """This request was not sent. Nobody can have heard of it."""


class StoppedError(NotSentError):
    """The deadline passed or the run was interrupted before this request could be sent."""


class SpentError(NotSentError):
    """The run has asked or heard all that it may (``probe.allowance``); its text says what. Nothing was sent."""


class NotAllowedError(NotSentError):
    """The file does not allow this signed request; its text says why. Nothing was sent."""


class Meter:
    """Counts what was asked. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count: Counter[str] = Counter()
        self._sent = self._received = 0
        self._expected: set[str] = set()

    def expect(self, names: Iterable[str]) -> None:
        """Notes that these are still to be asked."""
        with self._lock:
            self._expected.update(names)

    def expect_nothing(self) -> None:
        """Notes that nothing is left of what was to be asked."""
        with self._lock:
            self._expected.clear()

    def room(self, largest: int) -> int:
        """Requests that a run of ``largest`` has room for, beside those that are still to be asked."""
        with self._lock:
            return max(largest - self._count.total() - len(self._expected), 0)

    def add(self, operation: str, sent: int, received: int, name: ObservationId | None = None) -> None:
        with self._lock:
            if name is not None:
                self._expected.discard(name)
            self._count[operation] += 1
            self._sent += sent
            self._received += received

    def cost(self) -> Cost:
        with self._lock:
            by = dict(sorted(self._count.items()))
            return Cost(sum(by.values()), MappingProxyType(by), self._sent, self._received)


class Client:
    """Thread-safe. Raises kinds of :class:`NotSentError` and :class:`HinderedError`, never for an answer."""

    def __init__(
        self,
        transport: Transport,
        limits: Limits,
        remaining: Callable[[], float],
        rule: SigningRule,
        *,
        read_only: bool = False,
        scrubber: Scrubber | None = None,
        meter: Meter | None = None,
        grace: float = 0.0,
        watch: Watch | None = None,
        buster: CacheBuster | None = None,
        proxy: str = "",
        allowance: Allowance | None = None,
    ) -> None:
        """``remaining`` gives the seconds left; ``scrubber`` removes secrets from a server's words.

        ``rule`` says where signed requests may go, and in whose name.

        ``grace``: seconds that a write may take beyond the time left. Its answer says what has to be removed: the
        id of an upload is told once.

        ``watch`` is told of each call, a repeated one too: whatever got no answer may still be carried out.

        ``proxy``: through which ``transport`` sends everything; it is kept beside what failed.

        ``allowance``: how much may be asked and heard; ``None``: whatever the time allows.

        ``buster``: the one request that may ask a cache to forget a file of ours, as the file has Mastodon send it.
        """
        self._buster = buster
        self._allowance = allowance
        self._watch = watch
        self._grace = grace
        self._transport = transport
        self._limits = limits
        self._remaining = remaining
        self._rule = rule
        self._read_only = read_only
        self._scrubber = scrubber or Scrubber(())
        self._meter = meter or Meter()
        self._history = History(proxy)

    def with_time(self, remaining: Callable[[], float], limits: Limits, allowance: Allowance | None = None) -> Client:
        """The same client on another clock and allowance, as the clean-up has; what it asks is counted together."""
        return Client(
            self._transport,
            limits,
            remaining,
            self._rule,
            read_only=self._read_only,
            scrubber=self._scrubber,
            meter=self._meter,
            watch=self._watch,
            buster=self._buster,
            allowance=allowance,
        )

    def allows(self, call: Call) -> bool:
        """Whether the file allows this request, so that it is worth asking."""
        return not self._rule.objection(call)

    def send(
        self,
        call: Call,
        *,
        limits: Limits | None = None,
        patience: float | None = None,
        name: ObservationId | None = None,
    ) -> Answer:
        """One exchange, refused unless it only reads or is one of :data:`MUTATING` on a key.

        ``patience``: seconds to wait for an answer, where they are not those of the limits. ``name``: what is asked.
        Raises :class:`NotAllowedError` for a signed request that the file does not allow, :class:`SpentError`, and
        :class:`HinderedError` when this process lacked what it takes to send it.
        """
        self._check(call)
        objection = self._rule.objection(call)
        if objection:
            raise NotAllowedError(objection)
        left = self._remaining()
        if left <= 0:
            raise StoppedError
        if self._allowance is not None and (spent := self._allowance.take()):
            raise SpentError(spent)
        base = limits or self._limits
        grace = self._grace if call.operation in MUTATING else 0.0
        bounded = Limits(base.connect, patience or base.read, min(base.total, left) + grace, base.body)
        for signature in signatures(call):
            self._scrubber.learn_signature(signature)
        if self._watch is not None:
            self._watch.sending(call)
        answer = self._transport.send(call, bounded)
        if self._watch is not None:
            self._watch.heard(call, answer)
        if answer.hindrance and not answer.sent:
            raise HinderedError(answer.hindrance)
        self._meter.add(call.operation, len(call.body), len(answer.body), name)
        self._history.note(call, answer)
        if self._allowance is not None:
            head = sum(map(len, (*answer.headers, *answer.headers.values())))
            self._allowance.hearing.add(head + len(answer.body))
        return without_secrets(answer, self._scrubber)

    def _check(self, call: Call) -> None:
        if call.operation == PURGE:
            self._check_purge(call)
            return
        if call.method in ("GET", "HEAD", "OPTIONS"):
            return
        if call.operation not in MUTATING:
            raise ForbiddenOperationError(f"{call.method} {call.operation}")
        if self._read_only:
            raise ForbiddenOperationError(f"{call.operation} in a read-only run")
        if not _is_ours(call):
            raise ForbiddenOperationError(f"{call.operation} of something that is not s3probe's own")

    def _check_purge(self, call: Call) -> None:
        """Only the method that the file names, only to the host that it publishes media under, only of our files."""
        buster = self._buster
        right = buster is not None and buster.harmless and call.method == buster.method
        if buster is None or not right or urlsplit(call.url).hostname != buster.host or self._read_only:
            raise ForbiddenOperationError(f"{call.method} {call.operation}")
        if not _is_ours(call):
            raise ForbiddenOperationError(f"{call.operation} of something that is not s3probe's own")

    def cost(self) -> Cost:
        """What was asked so far."""
        return self._meter.cost()

    def expect(self, names: Iterable[str]) -> None:
        """Keeps room for what is still to be asked."""
        self._meter.expect(names)

    def expect_nothing(self) -> None:
        """Gives that room back."""
        self._meter.expect_nothing()

    def room(self, largest: int) -> int:
        """Requests that a run of ``largest`` may still make, beside those that are expected."""
        return self._meter.room(largest)

    def observe(
        self,
        action_id: ObservationId,
        call: Call,
        answer: Answer,
        *,
        outcome: Outcome | None = None,
        facts: Facts | None = None,
        changes: Mapping[str, str | None] = NO_CHANGES,
        title: str | None = None,
    ) -> Observation:
        """The observation of one exchange; ``outcome`` overrides what status and code say."""
        row = row_of(action_id)
        body = error(answer.body)
        known: Facts = {**_facts(answer, body, call), **(facts or {})}
        seen = Observation(
            id=action_id,
            title=title or row.title,
            operation=call.operation,
            actor=row.by if row.operation else _actor(call),
            outcome=outcome or outcome_of(answer, body),
            needs=row.needs,
            method=call.method,
            url=call.noted_as or call.url.split("?X-Amz-", 1)[0],
            http_status=answer.status,
            error_code=(body.code or None) if body else None,
            message=_message(answer, body),
            network=answer.fault,
            seconds=round(answer.seconds, 4),
            headers=MappingProxyType({name: answer.headers[name] for name in _to_keep(call, answer)}),
            facts=MappingProxyType({k: v for k, v in sorted(known.items()) if v}),
            changes=changes,
        )
        seen = clean(seen, self._scrubber)
        if seen.ok and action_id.is_experiment:
            return seen
        # of an action, what follows may show that it failed all the same. It is cleaned with what is kept of it
        return replace(seen, asked=asked(call, answer, self._history))


def _to_keep(call: Call, answer: Answer) -> tuple[HeaderName, ...]:
    """The headers that are kept; where a redirect of a user's file leads is not."""
    names = kept_headers(answer.headers)
    return tuple(name for name in names if name != Header.LOCATION) if call.noted_as else names


def _message(answer: Answer, body: ErrorBody | None) -> str | None:
    return (answer.detail if answer.fault else (body.message if body else "")) or None


def _is_ours(call: Call) -> bool:
    """Whether a call that changes something names keys with the mark of a run, and nothing else."""
    if call.operation == "DeleteObjects":
        keys = re.findall(rb"<Key>([^<]*)</Key>", call.body)
        return bool(keys) and all(_OURS.search(key.decode()) for key in keys)
    if call.operation == POST_OBJECT:
        return bool(_OURS.search(f"/{field(call.body, 'key')}"))
    return bool(_OURS.search(urlsplit(call.url).path))


def _skew(body: ErrorBody) -> str:
    """RequestTimeTooSkewed says both times: the server's minus ours in seconds, blank where either is missing."""
    try:
        theirs, ours = datetime.fromisoformat(body.server_time), datetime.fromisoformat(body.request_time)
        return f"{(theirs - ours).total_seconds():.0f}"
    except (ValueError, TypeError, OverflowError):
        return ""


def _facts(answer: Answer, body: ErrorBody | None, call: Call) -> Facts:
    """What later judgement reads beside status and code."""
    facts: dict[FactName, str] = {}
    if answer.status is not None:
        facts[Fact.S3] = "yes" if is_s3(answer, call.method) else ""
        facts[Fact.MARKUP] = "yes" if is_markup(answer) else ""
        facts[Fact.ROOT] = root_name(answer.body) or ""
        facts[Fact.SERVICE] = other_service(_marks(answer, body))
        facts[Fact.WEB_PAGE] = _web_page(answer)
        # an error page that a program makes by itself; a page of the admin's may stand for somebody else's refusal
        error_page = answer.body[:_PAGE].decode("utf-8", "replace") if answer.status >= 400 else ""
        facts[Fact.STOCK_PAGE] = whose_page(error_page) if error_page else ""
    if body:
        facts |= {
            Fact.REGION: _named(_REGION, body.region or _region_in(body.message)),
            Fact.BUCKET: (named := _named(BUCKET_NAME, body.bucket_name or body.bucket)) or _invalid_bucket(body),
            Fact.OTHER_BUCKET: named if call.bucket and named not in ("", call.bucket) else "",
            Fact.KEY: body.key,
            Fact.ENDPOINT: _named(_HOST, body.endpoint),
            Fact.SIGNED_HOST: _named(_HOST, _signed_host(body)),
            Fact.SIGNED_PATH: _signed_path(body),
            Fact.SKEW: _skew(body),
        }
    if _SHA256.fullmatch(answer.headers.get(HOST_ID, "")):
        facts[Fact.HOST_ID] = "sha256"
    region = _named(_REGION, answer.headers.get(Header.X_AMZ_BUCKET_REGION, ""))
    if region:
        facts[Fact.REGION] = region
    return facts


def _invalid_bucket(body: ErrorBody) -> str:
    """The name that MinIO refuses without naming it but in the path, where it is one that no bucket can have."""
    first = body.resource.removeprefix("/").partition("/")[0]
    invalid = body.code == "InvalidBucketName" and ("_" in first or first != first.lower())
    return _named(BUCKET_NAME, first) if invalid else ""


def _marks(answer: Answer, body: ErrorBody | None) -> tuple[Mark, ...]:
    page = answer.body[:_PAGE].decode("utf-8", "replace")
    return (*answer.headers.items(), (MESSAGE, body.message if body else ""), (BODY, page))


def _web_page(answer: Answer) -> str:
    """The code on an error page of a web port, ``none`` for a page without one; ``""`` for any other answer."""
    page = _WEB_PAGE.fullmatch(answer.body[:_PAGE].strip())
    return (page[2] or b"none").decode() if page else ""


def _named(grammar: re.Pattern[str], text: str) -> str:
    """A name that an answer told, ``""`` where it is none: whoever answers can write anything there."""
    return text if grammar.fullmatch(text) else ""


def _region_in(message: str) -> str:
    """Some stores name the region that they expect in their words alone."""
    match = _EXPECTED_REGION.search(message)
    return match[1] if match else ""


def _actor(call: Call) -> Actor:
    signed = call.operation == POST_OBJECT or any(name.lower() == "authorization" for name, _value in call.headers)
    return Actor.MASTODON if signed else Actor.VISITOR


def _signed_path(body: ErrorBody) -> str:
    """The path in the canonical request, which a proxy may have changed as well."""
    lines = body.canonical_request.splitlines()
    return lines[1] if len(lines) > 1 and lines[1].startswith("/") else ""


def _signed_host(body: ErrorBody) -> str:
    """The host that the server put into the canonical request: another one than was sent tells of a proxy."""
    lines = body.canonical_request.splitlines()
    return next((line.removeprefix("host:") for line in lines if line.startswith("host:")), "")
