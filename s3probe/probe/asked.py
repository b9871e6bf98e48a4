"""Keeps what it takes to make a request once more without s3probe. Nothing that signs it is kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import parse_qs, unquote, urlsplit

from s3probe.evidence.asked import HowAsked, PlainRequest, Signature
from s3probe.patterns import regex
from s3probe.probe.exchange import PURGE, Answer, Call
from s3probe.probe.forms import POST_OBJECT
from s3probe.records import dataclass, replace

_OF_SIGNING = frozenset({"authorization", "x-amz-date", "x-amz-security-token", "date", "host", "content-length"})
_OF_THE_PROGRAM = frozenset({"accept-encoding", "amz-sdk-invocation-id"})
"""Each program sends its own, and no server decides by them."""
_SCOPE = regex(r"Credential=[^,]*/(?P<day>[^/,]*)/(?P<region>[^/,]*)/s3/aws4_request")
_OURS = regex(r"s3probe/[a-z0-9]{6,}/[^/]+\Z")
_ID = regex(
    r"(?:[a-z0-9-]+-)?(?:request-?id(?:-?\d+)?|trans-?id|trace-?id|correlation-id|cf-id|id-2|ray|azure-ref)"
    r"|x-(?:minio|rgw|tigris|guploader)-.*id|x-served-by|x-varnish"
)
"""Headers by whose values a provider finds a request in its logs."""
_NO_REGION = "us-east-1"
"""The old signature names none, and a program that asks for one may have any."""
_LONGEST_ID = 256
_LONGEST_TEXT = 8 * 1024
_MANY = 200
"""Requests of which a run remembers what they did."""


@dataclass(frozen=True, slots=True)
class _Done:
    """A request that has been carried out."""

    file: str
    at: float
    """When its answer was there, Unix time."""
    request: PlainRequest


class History:
    """What was done to which of our files. Thread-safe."""

    def __init__(self, proxy: str = "") -> None:
        """``proxy``: through which everything goes."""
        self.proxy = proxy
        self._lock = threading.Lock()
        self._done: list[_Done] = []
        self._signed: PlainRequest | None = None

    def note(self, call: Call, answer: Answer) -> None:
        """Remembers a request that made or changed a file of ours, and a visitor's look at one."""
        if answer.began is None or not 200 <= (answer.status or 0) < 300 or not (file := _file(call.url)):
            return
        if self._signed is None and call.operation == "PutObject" and _authorization(call):
            self._signed = request_of(call, self.proxy)
        visit = call.method == "GET" and not _authorization(call) and "X-Amz-" not in call.url
        if call.method in ("PUT", "POST", "DELETE") or visit:
            request = request_of(call, self.proxy)
            if request is not None:
                with self._lock:
                    self._done = [*self._done, _Done(file, answer.began + answer.seconds, request)][-_MANY:]

    def before(self, call: Call, began: float) -> tuple[PlainRequest, ...]:
        """What had been done to the file of ``call`` when it was sent, as far as that counts for its answer."""
        with self._lock:
            done = [one for one in self._done if one.at <= began]
        found: list[PlainRequest] = []
        for request in (*_made(done, _copied(dict(call.headers))), *_done_to(done, _file(call.url), call.url)):
            if request not in found:
                found.append(request)
        return tuple(found)

    def removing(self, call: Call) -> tuple[PlainRequest, ...]:
        """What takes away a file that ``call`` has made in nobody's name, signed as an upload was that passed."""
        signed = self._signed
        if call.operation != "PutObject" or _authorization(call) or signed is None:
            return ()
        none = MappingProxyType[str, str]({})
        return (replace(signed, operation="DeleteObject", method="DELETE", url=call.url, sent_headers=none, size=0),)


def _done_to(done: list[_Done], file: str, url: str) -> Iterator[PlainRequest]:
    """What made and changed a file, and looks at it that may have filled a cache before it was changed."""
    of_it = [one for one in done if file and one.file == file]
    changing = [one for one in of_it if one.request.method != "GET"]
    for one in of_it:
        if one in changing:
            yield from _made(done, _copied(one.request.sent_headers))
            yield one.request
        elif one.request.url == url and any(change.at > one.at for change in changing):
            yield one.request


def _made(done: list[_Done], file: str) -> Iterator[PlainRequest]:
    """What made a file that another is a copy of."""
    yield from (one.request for one in done if file and one.file == file and one.request.operation == "PutObject")


def _copied(headers: Mapping[str, str]) -> str:
    """The file that is copied; ``""`` by a request that copies none."""
    return _file(f"/{headers.get('X-Amz-Copy-Source', '')}")


def asked(call: Call, answer: Answer, history: History) -> HowAsked | None:
    """What is kept of ``call``; ``None`` where nobody noted when it was made."""
    if answer.began is None:
        return None
    request = None if call.noted_as else request_of(call, history.proxy)
    when = datetime.fromtimestamp(answer.began, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    before = history.before(call, answer.began) if request is not None else ()
    return HowAsked(when, answer.address, MappingProxyType(dict(_ids(answer))), request, before, history.removing(call))


def request_of(call: Call, proxy: str = "") -> PlainRequest | None:
    """``call`` without its signature; ``None`` where another program cannot send it: a form with a signature of its
    own, a cache's secret, what is announced and held back, what is signed for another address than it goes to.
    """
    parts, authorization = urlsplit(call.url), _authorization(call)
    query = parse_qs(parts.query, keep_blank_values=True)
    link = "X-Amz-Signature" in query
    if call.operation in (POST_OBJECT, PURGE) or call.announced:
        return None
    headers = {name: value for name, value in call.headers if name.lower() not in (_OF_SIGNING | _OF_THE_PROGRAM)}
    host = next((value for name, value in call.headers if name.lower() == "host"), parts.netloc)
    if host != parts.netloc:
        if authorization or link:
            return None
        headers["Host"] = host
    scope = _SCOPE.search(authorization)
    signature = Signature.LINK if link else Signature.V4 if scope else Signature.NONE
    if authorization.startswith("AWS "):
        signature = Signature.V2
    elif authorization and not scope:
        headers["Authorization"] = authorization  # a visitor's, which opens nothing
    text = _text(call, headers)
    return PlainRequest(
        operation=call.operation,
        method=call.method,
        url=call.url.partition("?")[0] if link else call.url,
        sent_headers=MappingProxyType(headers),
        text=text,
        size=0 if text else int(headers.get("X-Amz-Decoded-Content-Length", len(call.body))),
        bucket=call.bucket,
        signature=signature,
        region=scope["region"] if scope else _region(query) if link else _NO_REGION if authorization else "",
        token="X-Amz-Security-Token" in query or any(name == "X-Amz-Security-Token" for name, _ in call.headers),
        proxy=proxy,
        expires=_expires(query) if link else 0,
    )


def _authorization(call: Call) -> str:
    return next((value for name, value in call.headers if name.lower() == "authorization"), "")


def _text(call: Call, headers: dict[str, str]) -> str:
    document = headers.get("Content-Type") == "application/xml" and len(call.body) <= _LONGEST_TEXT
    return call.body.decode("utf-8") if document else ""


def _region(query: dict[str, list[str]]) -> str:
    return query["X-Amz-Credential"][0].split("/")[-3]


def _expires(query: dict[str, list[str]]) -> int:
    """Seconds, negative when they were over."""
    signed = datetime.fromisoformat(query["X-Amz-Date"][0])
    seconds = int(query["X-Amz-Expires"][0])
    return -seconds if (datetime.now(UTC) - signed).total_seconds() > seconds else seconds


def _file(url: str) -> str:
    """The end of the key of a file of ours, which is its alone; ``""`` for everything else."""
    found = _OURS.search(unquote(urlsplit(url).path))
    return found[0] if found else ""


def _ids(answer: Answer) -> Iterator[tuple[str, str]]:
    for name, value in answer.headers.items():
        if _ID.fullmatch(name):
            yield name, re.sub(r"\s+", " ", value)[:_LONGEST_ID]
