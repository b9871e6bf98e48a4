"""A request of a run as it can be made once more, and what its answer is known by at the provider's."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from s3probe.records import dataclass, field


class Signature(StrEnum):
    """What a request is signed with."""

    NONE = ""
    V4 = "v4"
    V2 = "v2"
    LINK = "link"  # in the query of a link that opens for everyone


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """One request without what signs it. What it holds may be shown to everyone."""

    operation: str
    """S3's own name, or the plain method of a visitor's request."""
    method: str
    url: str
    """As it went out, without the query of a link."""
    sent_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Those that matter to whoever answers, in the order in which they were sent."""
    text: str = ""
    """The body, where that is a document."""
    size: int = 0
    """Bytes of the body, where that is a file. Which bytes they are does not matter."""
    bucket: str = ""
    signature: Signature = Signature.NONE
    region: str = ""
    """What it was signed for."""
    token: bool = False
    """Signed with a session token as well."""
    proxy: str = ""
    """Through which it went."""
    expires: int = 0
    """Seconds for which a link opens; negative when that time was over before it was asked for."""


@dataclass(frozen=True, slots=True)
class HowAsked:
    """When and where a row's request was made."""

    at: str
    """UTC in ISO 8601, with milliseconds."""
    address: str = ""
    """IP address and port that it was sent to; of a proxy, where one leads out. ``""`` when no connection stood."""
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By which the server and what stands before it know the request: names of headers and their values."""
    request: PlainRequest | None = None
    """``None`` for what only s3probe can ask, and for what names a user's file."""
    before: tuple[PlainRequest, ...] = ()
    """What was done to the same file before, and has to be done again, in that order."""
    after: tuple[PlainRequest, ...] = ()
    """What takes away the file that a stranger's request may have left."""
