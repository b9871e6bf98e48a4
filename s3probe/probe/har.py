"""An exchange in the form that browsers' tools open (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/).

What is told here is not scrubbed yet, but for what has a place of its own: signatures, cookies, the query of a link,
and names of users' files.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from s3probe.evidence.vocabulary import Header
from s3probe.patterns import regex
from s3probe.probe.bounds import Exchange, ExchangeStage
from s3probe.probe.exchange import PURGE, Answer, Call
from s3probe.probe.forms import POST_OBJECT
from s3probe.records import dataclass, field
from s3probe.redact import HIDDEN

LARGEST = 16 * 1024
"""Characters that are shown of a body."""
HELD = 4 * LARGEST
"""Bytes of it that are kept until it is scrubbed: what is cut is cut afterwards."""
_VERSION = "HTTP/1.1"
_UNKNOWN = "application/octet-stream"
_KEYS = regex(
    r"<(?P<of>Key|StartAfter|(?:Next)?(?:Key|UploadId)?Marker|(?:Next)?ContinuationToken)>"
    r"(?![^<]*s3probe/)[^<]+(?=</)"
)
_SCOPE = regex(r"^AWS4-HMAC-SHA256 Credential=[^,]*?/(?P<scope>\d+/[^,]*), SignedHeaders=(?P<headers>[^,]*)")
_SIGNED_QUERY = regex(r"[?&](?:X-Amz-Signature|Signature|X-Amz-Security-Token)=", re.IGNORECASE)
_TEXT = regex(r"(?:text/|application/(?:xml|json|problem\+json|xhtml\+xml|.*\+xml))", re.IGNORECASE)
_SECRET_HEADERS = frozenset({"x-amz-security-token", "cookie", "proxy-authorization"})


@dataclass(slots=True)
class TimedExchange(Exchange):
    """Notes when each stage began."""

    marks: list[tuple[ExchangeStage, float]] = field(default_factory=list)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name == "stage" and isinstance(value, ExchangeStage) and hasattr(self, "marks"):
            self.marks.append((value, time.monotonic()))


def entry(exchange: TimedExchange, answer: Answer | None) -> dict[str, Any]:
    """One entry, without its page. Times are milliseconds."""
    call, ended = exchange.call, time.monotonic()
    timings = _timings(exchange, ended)
    told = {
        "startedDateTime": stamp(exchange.began),
        "time": round(sum(value for name, value in timings.items() if value > 0 and name != "ssl"), 3),
        "request": _request(call),
        "response": _response(call, answer),
        "cache": {},
        "timings": timings,
    }
    address = exchange.address or exchange.peer
    if address:
        told["serverIPAddress"] = address.rpartition(":")[0].strip("[]")
    signed = any(name.lower() == "authorization" and value.startswith("AWS") for name, value in call.headers)
    told["comment"] = f"{call.operation}, signed as Mastodon signs it" if signed else f"{call.operation}, not signed"
    return told


def stamp(began: float) -> str:
    """``2026-11-29T18:51:37.123Z`` of a Unix time."""
    return datetime.fromtimestamp(began, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _timings(exchange: TimedExchange, ended: float) -> dict[str, float]:
    """-1 for what did not happen. ``connect`` includes ``ssl``, as the form wants it."""
    marks = [*exchange.marks, (exchange.stage, ended)]
    spent = dict.fromkeys(ExchangeStage, 0.0)
    for (stage, since), (_next, until) in pairwise(marks):
        spent[stage] += until - since
    reached = {stage for stage, _since in exchange.marks}

    def of(*stages: ExchangeStage) -> float:
        return round(sum(spent[stage] for stage in stages) * 1000, 3) if reached.intersection(stages) else -1

    first = exchange.marks[0][1] if exchange.marks else ended
    return {
        "blocked": round((first - exchange.started) * 1000, 3),
        "dns": of(ExchangeStage.RESOLVE),
        "connect": of(ExchangeStage.CONNECT, ExchangeStage.TUNNEL, ExchangeStage.TLS),
        "ssl": of(ExchangeStage.TLS),
        "send": max(of(ExchangeStage.SEND), 0),
        "wait": max(of(ExchangeStage.WAIT), 0),
        "receive": max(of(ExchangeStage.BODY), 0),
    }


def _request(call: Call) -> dict[str, Any]:
    url, query = _shown_url(call)
    request: dict[str, Any] = {
        "method": call.method,
        "url": url,
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": [{"name": name, "value": _header(call, name, value)} for name, value in call.headers],
        "queryString": query,
        "headersSize": -1,
        "bodySize": len(call.body),
    }
    if call.body:
        kind = next((value for name, value in call.headers if name.lower() == "content-type"), "")
        text, comment = _text(call.body, kind)
        if call.operation == POST_OBJECT:
            text, comment = "", "a form with a signature"
        request["postData"] = {"mimeType": kind or _UNKNOWN, "params": [], "text": text, **_commented(comment)}
    return request


def _shown_url(call: Call) -> tuple[str, list[dict[str, str]]]:
    url = call.noted_as or call.url
    if _SIGNED_QUERY.search(url):
        return f"{url.partition('?')[0]}?{HIDDEN}", []
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return url, [{"name": name, "value": value} for name, value in pairs]


def _header(call: Call, name: str, value: str) -> str:
    lower = name.lower()
    if lower in _SECRET_HEADERS or (call.operation == PURGE and lower not in ("host", "user-agent", "accept")):
        return HIDDEN
    if lower != "authorization":
        return value
    found = _SCOPE.search(value)
    if found:
        return f"AWS4-HMAC-SHA256 for {found['scope']} of {found['headers']}"
    return f"{value.partition(' ')[0]} {HIDDEN}"


def _response(call: Call, answer: Answer | None) -> dict[str, Any]:
    status = answer.status if answer is not None else None
    headers = answer.headers if answer is not None else {}
    body = answer.body if answer is not None else b""
    kind = headers.get(Header.CONTENT_TYPE, "")
    text, comment = ("", "it names users' files") if call.noted_as and body else _text(body, kind)
    if answer is not None and answer.truncated:
        comment = f"{comment}; not all of it arrived or was read".removeprefix("; ")
    location = "" if call.noted_as else _without_link(headers.get(Header.LOCATION, ""))
    response: dict[str, Any] = {
        "status": status or 0,
        "statusText": _reason(status),
        "httpVersion": _VERSION if status else "",
        "cookies": list(_cookies(headers)),
        "headers": list(_answered(call, headers)),
        "content": {"size": len(body), "mimeType": kind or _UNKNOWN, "text": text, **_commented(comment)},
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": len(body) if status else -1,
    }
    trouble = "interrupted" if answer is None else answer.detail or answer.hindrance
    if trouble:
        response |= {"_error": trouble, "comment": f"no whole answer: {trouble}"}
    return response


def _answered(call: Call, headers: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for name, value in headers.items():
        hidden = name == Header.SET_COOKIE or (name == Header.LOCATION and call.noted_as)
        yield {"name": name, "value": HIDDEN if hidden else _without_link(value)}


def _cookies(headers: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for cookie in filter(None, [headers.get(Header.SET_COOKIE, "")]):
        yield {"name": cookie.partition("=")[0][:64], "value": HIDDEN}


def _without_link(url: str) -> str:
    return f"{url.partition('?')[0]}?{HIDDEN}" if _SIGNED_QUERY.search(url) else url


def _text(body: bytes, kind: str) -> tuple[str, str]:
    """What is shown of a body, and why not all of it is."""
    if not body:
        return "", ""
    held = body[:HELD]
    if not _TEXT.match(kind) and not held.lstrip().startswith((b"<", b"{")):
        return "", "no text"
    text = _KEYS.sub(rf"<\g<of>>{HIDDEN}", held.decode("utf-8", "replace"))
    return text, "" if len(body) <= LARGEST else f"the first {LARGEST} characters"


def _commented(comment: str) -> dict[str, str]:
    return {"comment": comment} if comment else {}


def _reason(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""
