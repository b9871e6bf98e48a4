"""How each generation of Mastodon protects what it sends, and which release belongs to which generation. Pure.

Source: golden/wire.json and Mastodon's Gemfile.lock of each release.
"""

from __future__ import annotations

from base64 import b64encode
from enum import StrEnum
from hashlib import md5
from zlib import crc32

from s3probe.patterns import regex
from s3probe.records import dataclass
from s3probe.settings.model import Settings
from s3probe.settings.urls import sdk_client


class WireForm(StrEnum):
    """The shape of Mastodon's requests on the wire."""

    CURRENT = "current"  # aws-sdk-s3 1.219+: CRC32 by default (Mastodon 4.4.16+, 4.5.9+, 4.6)
    LEGACY = "legacy"  # aws-sdk-s3 up to 1.177: Content-MD5 (Mastodon 4.3, 4.4.0 to 4.4.15, 4.5.0 to 4.5.8)


class Integrity(StrEnum):
    """What the operation asks of its payload (the SDK's API model: ``httpChecksum``, ``v4-unsigned-body``)."""

    NONE = "none"
    UPLOAD = "upload"  # PutObject, UploadPart: a checksum when supported, and an unsigned payload over https
    REQUIRED = "required"  # DeleteObjects, PutObjectAcl: always a checksum


_FIRST_CURRENT = {(4, 4): 16, (4, 5): 9}
_VERSION = regex(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")
_CHUNK = 16 * 1024 - 8
"""Bytes of payload in one aws-chunked chunk: the SDK fills 16 KiB with the chunk's header and end around it."""


def form_for_version(version: str | None) -> WireForm:
    """The form that this Mastodon sends: ``4.5.8``, ``v4.6.0-beta.1``, ``4.6.0+glitch``. Unknown: current."""
    match = _VERSION.match((version or "").strip())
    if not match:
        return WireForm.CURRENT
    release, patch = (int(match[1]), int(match[2])), int(match[3] or 0)
    if release >= (4, 6):
        return WireForm.CURRENT
    return WireForm.CURRENT if patch >= _FIRST_CURRENT.get(release, 1 << 30) else WireForm.LEGACY


@dataclass(frozen=True, slots=True)
class Protected:
    """The headers that protect a payload, and the payload as it goes on the wire."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


def protect(settings: Settings, form: WireForm, integrity: Integrity, body: bytes) -> Protected:
    """What the SDK adds to protect ``body``, in its order."""
    if integrity is Integrity.NONE:
        return Protected((), body)
    if form is WireForm.LEGACY:
        digest = (("Content-Md5", _md5(body)),) if body or integrity is Integrity.REQUIRED else ()
        return Protected(digest, body)
    if integrity is Integrity.REQUIRED:
        return Protected(_crc_header(body), body)
    return _protect_upload(settings, body)


def _protect_upload(settings: Settings, body: bytes) -> Protected:
    https = settings.api_base.startswith("https:")
    supported = settings.request_checksums != "when_required"
    if supported and https and is_amazon_default(settings):
        return _aws_chunked(body)
    unsigned = https and settings.signature_version != "s3"
    headers = (
        *(_crc_header(body) if supported else ()),
        *((("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),) if unsigned else ()),
    )
    return Protected(headers, body)


def is_amazon_default(settings: Settings) -> bool:
    """Whether the SDK picks the host itself: any endpoint that is named counts as custom, even Amazon's."""
    return sdk_client(settings).endpoint is None


def crc32_base64(body: bytes) -> str:
    """The value of ``x-amz-checksum-crc32``."""
    return b64encode(crc32(body).to_bytes(4, "big")).decode()


def _md5(body: bytes) -> str:
    # Content-MD5 is what the protocol asks for; nothing rests on its strength
    return b64encode(md5(body, usedforsecurity=False).digest()).decode()


def _crc_header(body: bytes) -> tuple[tuple[str, str], ...]:
    return (("X-Amz-Sdk-Checksum-Algorithm", "CRC32"), ("X-Amz-Checksum-Crc32", crc32_base64(body)))


def _aws_chunked(body: bytes) -> Protected:
    chunks = [body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    trailer = f"0\r\nx-amz-checksum-crc32:{crc32_base64(body)}\r\n\r\n".encode()
    headers = (
        ("X-Amz-Sdk-Checksum-Algorithm", "CRC32"),
        ("Content-Encoding", "aws-chunked"),
        ("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("X-Amz-Trailer", "x-amz-checksum-crc32"),
        ("X-Amz-Decoded-Content-Length", str(len(body))),
    )
    return Protected(headers, framed + trailer)
