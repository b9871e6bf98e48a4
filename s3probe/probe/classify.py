"""Turns an answer into an outcome: passed, denied, rejected, unreachable … Pure."""

from __future__ import annotations

from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import Header
from s3probe.patterns import regex
from s3probe.probe.exchange import Answer
from s3probe.probe.xml import ErrorBody, error, root_name

_CODE = regex(r"[A-Za-z0-9._-]{2,100}")
THROTTLE_CODES = frozenset(
    {
        "SlowDown",
        "TooManyRequests",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
    }
)

_DENIED_CODES = frozenset(
    {
        "AccessDenied",
        "AllAccessDisabled",
        "AccountProblem",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "InvalidTokenId",
        "ExpiredToken",
        "RequestTimeTooSkewed",
        "Unauthorized",
        "InvalidSecurity",
        "UserSuspended",
    }
)
"""Codes that are about who asks, whatever the status (rclone answers some of them with 400)."""


_FAILED_FOR_NOW = (408, 429, 500, 502, 503, 504)
_FAILED_FOR_NOW_CODES = THROTTLE_CODES | {"InternalError", "RequestTimeout", "ServiceUnavailable"}
"""Also in a 200, and in a 400 (RequestTimeout): S3 may find out that it cannot go on after it has begun to answer."""
_LONGEST_ERROR = 16 * 1024
"""Bytes: S3's own errors are far shorter, and what is longer need not be read to know that it is none."""
_CUT = (NetworkFault.CLOSED, NetworkFault.REFUSED, NetworkFault.CONNECT_TIMEOUT, NetworkFault.READ_TIMEOUT)


def may_pass(answer: Answer) -> bool:
    """Whether a moment explains this answer: the very same request may pass when it is made again."""
    if answer.fault is not None or answer.hindrance:
        return answer.fault in _CUT and not answer.hindrance
    if answer.status in _FAILED_FOR_NOW:
        return True
    may_tell = answer.status in (200, 400) and len(answer.body) < _LONGEST_ERROR and b"<Error" in answer.body
    body = error(answer.body) if may_tell else None
    return body is not None and body.code in _FAILED_FOR_NOW_CODES


def is_whole(answer: Answer, *roots: str) -> bool:
    """Whether it is what S3 answers, with this root element, and came to its end: anybody may answer 200."""
    return answer.status == 200 and answer.fault is None and root_name(answer.body) in roots


def is_markup(answer: Answer) -> bool:
    """Whether the body is a web page: a captive portal, a console or a proxy's error page, not S3.

    A body of nothing is none, whatever its type is called (moto says ``text/html`` of an upload that it took).
    """
    kind = answer.headers.get(Header.CONTENT_TYPE, "").lower()
    head = answer.body[:512].lstrip().lower()
    if b"http request to an https server" in head:  # Go's own words, in plain text
        return True
    page = "text/html" in kind and bool(head) and not head.startswith(b"<?xml")
    return page or head.startswith((b"<!doctype html", b"<html"))


def is_s3(answer: Answer, method: str = "HEAD") -> bool:
    """Whether an S3 service wrote this answer, as far as it shows.

    A request id alone is no proof: SeaweedFS sends one from each of its ports, Versity from its web server. A refusal
    of S3's is XML, or has no body where HEAD asked.
    """
    named = Header.X_AMZ_REQUEST_ID in answer.headers or Header.X_AMZ_ID_2 in answer.headers
    status = answer.status or 0
    if named and not answer.body:
        return method == "HEAD" or not 400 <= status < 500
    if named and status < 400 and not is_markup(answer) and not _is_json(answer):
        return True
    return error(answer.body) is not None or (root_name(answer.body) is not None and not is_markup(answer))


def _is_json(answer: Answer) -> bool:
    """Whether the body is an answer that S3 never gives."""
    return "json" in answer.headers.get(Header.CONTENT_TYPE, "").lower() and answer.body.lstrip()[:1] in (b"{", b"[")


def _in_s3_words(answer: Answer, code: str) -> bool:
    """Whether a refusal can be S3's: a legible code, its request id, or no body at all (HEAD). Not a portal's."""
    if not answer.body:
        return True
    return not answer.truncated and (bool(_CODE.fullmatch(code)) or Header.X_AMZ_REQUEST_ID in answer.headers)


def outcome_of(answer: Answer, body: ErrorBody | None = None) -> Outcome:
    """The outcome by network fault, status and error code. What a 200 must hold is for the action to say."""
    if answer.fault is not None:
        return Outcome.WRONG if answer.fault is NetworkFault.PROTOCOL else Outcome.UNREACHABLE
    status = answer.status or 0
    code = body.code if body else ""
    if status == 429:
        return Outcome.THROTTLED
    if is_markup(answer) and not is_s3(answer):
        return Outcome.UNKNOWN if status >= 500 else Outcome.WRONG
    if status == 201 and _is_json(answer):  # a file server's (SeaweedFS filer): S3 says 200
        return Outcome.WRONG
    if 200 <= status < 300:
        return Outcome.OK
    if code in THROTTLE_CODES:
        return Outcome.THROTTLED
    if code in _DENIED_CODES:
        return Outcome.DENIED
    if status in (401, 403):
        return Outcome.DENIED if _in_s3_words(answer, code) else Outcome.WRONG
    if status == 404 and code not in ("NoSuchBucket",):
        return Outcome.WRONG
    if status in (408, 500, 502, 503, 504, 507, 508, 509) or code == "RequestTimeout":
        return Outcome.UNKNOWN
    return Outcome.REJECTED
