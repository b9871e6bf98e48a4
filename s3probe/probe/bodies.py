"""The XML that Mastodon's SDK sends, byte for byte (Aws::Xml::Builder: no declaration, no white space). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.evidence.vocabulary import CHECKSUM, Header
from s3probe.probe.exchange import Answer
from s3probe.records import dataclass

_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;", "\n": "&#xA;", "\x85": "&#x85;", "\u2028": "&#x2028;"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the server took, as CompleteMultipartUpload names it."""

    number: int
    etag: str
    """As the server gave it, with its quotes."""
    crc32: str = ""
    """``x-amz-checksum-crc32`` of the server's answer; the SDK leaves it out when the server gave none."""


def part_of(number: int, answer: Answer) -> Part:
    """The part that ``answer`` (to UploadPart) acknowledges."""
    return Part(number, answer.headers.get(Header.ETAG, ""), answer.headers.get(CHECKSUM, ""))


def complete_body(parts: Iterable[Part], *, checksums: bool) -> bytes:
    """The body of CompleteMultipartUpload; parts in order of their numbers."""
    inner = "".join(_part(part, checksums) for part in sorted(parts, key=lambda part: part.number))
    return f"<CompleteMultipartUpload {_NAMESPACE}>{inner}</CompleteMultipartUpload>".encode()


def _part(part: Part, checksums: bool) -> str:
    crc = f"<ChecksumCRC32>{_escaped(part.crc32)}</ChecksumCRC32>" if checksums and part.crc32 else ""
    return f"<Part><ETag>{_escaped(part.etag)}</ETag>{crc}<PartNumber>{part.number}</PartNumber></Part>"


def delete_body(objects: Iterable[tuple[str, str | None]], *, quiet: bool = True) -> bytes:
    """The body of DeleteObjects for ``(key, version id)`` pairs; Mastodon names none and asks for a quiet answer."""
    inner = "".join(_object(key, version) for key, version in objects)
    return f"<Delete {_NAMESPACE}>{inner}<Quiet>{'true' if quiet else 'false'}</Quiet></Delete>".encode()


def _object(key: str, version: str | None) -> str:
    named = f"<VersionId>{_escaped(version)}</VersionId>" if version else ""
    return f"<Object><Key>{_escaped(key)}</Key>{named}</Object>"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
