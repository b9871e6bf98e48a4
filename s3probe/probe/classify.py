"""Turns an answer into an outcome: passed, denied, rejected, unreachable … Pure."""

from __future__ import annotations

import re

from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import Header
from s3probe.probe.exchange import Answer
from s3probe.probe.xml import ErrorBody, error, root_name

_CODE = re.compile(r"[A-Za-z0-9._-]{2,100}")
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
        "ExpiredToken",
        "RequestTimeTooSkewed",
        "Unauthorized",
        "InvalidSecurity",
        "UserSuspended",
    }
)
"""Codes that are about who asks, whatever the status (rclone answers some of them with 400)."""


def is_markup(answer: Answer) -> bool:
    """Whether the body is a web page: a captive portal, a console or a proxy's error page, not S3."""
    kind = answer.headers.get(Header.CONTENT_TYPE, "").lower()
    head = answer.body[:512].lstrip().lower()
    if b"http request to an https server" in head:  # Go's own words, in plain text
        return True
    return head.startswith((b"<!doctype html", b"<html")) or ("text/html" in kind and not head.startswith(b"<?xml"))


def is_s3(answer: Answer) -> bool:
    """Whether an S3 service wrote this answer, as far as it shows."""
    if Header.X_AMZ_REQUEST_ID in answer.headers or Header.X_AMZ_ID_2 in answer.headers:
        return True
    return error(answer.body) is not None or (root_name(answer.body) is not None and not is_markup(answer))


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
    if status in (500, 502, 503, 504, 507, 508, 509):
        return Outcome.UNKNOWN
    return Outcome.REJECTED
