"""The two halves of every exchange: what is sent and what comes back. Plain data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from s3probe.evidence.observations import NetworkFault
from s3probe.records import dataclass, field

MUTATING = frozenset(
    {
        "PutObject",
        "CopyObject",
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
        "PutObjectAcl",
        "DeleteObject",
        "DeleteObjects",
        "PostObject",
    }
)
"""The only operations that may change anything. All are on keys; none is on a bucket."""
PURGE = "Purge"
"""Mastodon's request to a cache: it may carry a secret, whatever its method."""


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One HTTP request, complete: signed or anonymous, ready to be put on the wire as it stands."""

    operation: str
    """S3's name (``PutObject``) or the plain method for a visitor's request."""
    method: str
    url: str
    """Scheme, host, path and query, percent-encoded exactly as they go on the wire."""
    headers: tuple[tuple[str, str], ...] = ()
    """In Mastodon's order. ``Host`` and ``Content-Length`` included."""
    body: bytes = b""
    bucket: str = ""
    """Of a signed request: the bucket that it is about."""
    announced: bool = False
    """A body is announced (``Expect: 100-continue``) and stays here. Whoever says 100 to that is left alone."""
    noted_as: str = ""
    """Written down in place of a URL that holds the name of a user's file."""

    def __repr__(self) -> str:
        # the query of a presigned URL and the Authorization header are secrets, and a traceback shows a repr
        url = self.noted_as or self.url.partition("?")[0]
        return f"<Call {self.operation}: {self.method} {url}, {len(self.body)} bytes>"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much one exchange may take. Seconds and bytes."""

    connect: float = 5.0
    read: float = 5.0
    """Between two arrivals of bytes, as Net::HTTP counts it."""
    total: float = 20.0
    """For the whole exchange: a trickling body never trips ``read``."""
    body: int = 1024 * 1024
    """Bytes of the answer's body that are kept; the rest is not read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Either ``status`` is set, or ``fault`` says where the way ended.

    Both are set when the server answered and the way ended within the answer's body: what arrived is there too.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By lower-case name; a repeated header is joined with ``", "`` (so ``*, *`` shows a doubled CORS header)."""
    body: bytes = b""
    truncated: bool = False
    seconds: float = 0.0
    fault: NetworkFault | None = None
    detail: str = ""
    """The network error in plain words, without a secret."""
    hindrance: str = ""
    """What this process lacked to ask or to hear the end (``s3probe.hindrance``): the answer then tells nothing."""
    sent: bool = True
    """``False``: the way ended before a byte of the request was sent. Nobody can have heard of it."""
    began: float | None = None
    """When it was asked, Unix time; ``None`` where nobody looked at a clock."""
    address: str = ""
    """IP address and port of whom it was asked; ``""`` when no connection stood."""


class Watch(Protocol):
    """Is told of every call as it goes out and as it is answered. Without the second it is still under way."""

    def sending(self, call: Call) -> None: ...

    def heard(self, call: Call, answer: Answer) -> None: ...


class Transport(Protocol):
    """Sends a call once: no retry, no redirect, no clock correction. Never raises for network trouble."""

    def send(self, call: Call, limits: Limits) -> Answer: ...
