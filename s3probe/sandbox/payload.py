"""The body as it was meant: aws-chunked framing removed, hashes and checksums verified."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable

from s3probe.sandbox.messages import Request, S3Error

TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def _crc32(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": _crc32,
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
}
"""The checksums the standard library can compute; CRC32C and CRC64NVME are stored unverified."""


def decoded_body(request: Request, *, signed: bool) -> tuple[bytes, dict[str, str]]:
    """The body and its x-amz-checksum-* values. Raises S3Error for a wrong hash, digest or framing."""
    kind = request.headers.get("x-amz-content-sha256")
    if signed and kind is None and "authorization" in request.headers:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    checksums = {n: v for n, v in request.headers.items() if n.startswith("x-amz-checksum-") and n[15:] not in _OTHERS}
    body = request.body
    if kind == TRAILER:
        body, trailers = _unframe(body)
        announced = request.headers.get("x-amz-trailer", "").strip().lower()
        if announced and announced not in trailers:
            why = "The request contained trailing data that was not well-formed or did not conform to our published"
            raise S3Error("MalformedTrailerError", f"{why} schema.", 400)
        length = request.headers.get("x-amz-decoded-content-length")
        if length is None or int(length) != len(body):
            raise S3Error("IncompleteBody", "The request body terminated unexpectedly", 400)
        checksums.update(trailers)
    elif kind is not None and kind.startswith("STREAMING-"):
        raise S3Error("NotImplemented", f"{kind} is not part of this sandbox")
    elif signed and kind not in (None, "UNSIGNED-PAYLOAD"):
        actual = hashlib.sha256(body).hexdigest()
        if kind != actual:
            raise S3Error("XAmzContentSHA256Mismatch", details=(
                ("ClientComputedContentSHA256", str(kind)), ("S3ComputedContentSHA256", actual)))  # fmt: skip
    _verify(request, body, checksums)
    return body, checksums


_OTHERS = ("mode", "algorithm", "type")


def _verify(request: Request, body: bytes, checksums: dict[str, str]) -> None:
    md5 = request.headers.get("content-md5")
    if md5 is not None:
        try:
            given = base64.b64decode(md5, validate=True)
        except (binascii.Error, ValueError):
            given = b""
        if len(given) != 16:
            raise S3Error("InvalidDigest", details=(("Content-MD5", md5),))
        actual = hashlib.md5(body, usedforsecurity=False).digest()
        if given != actual:
            raise S3Error("BadDigest", details=(
                ("ExpectedDigest", md5), ("CalculatedDigest", base64.b64encode(actual).decode())))  # fmt: skip
    for name, value in checksums.items():
        compute = CHECKSUMS.get(name)
        if compute and base64.b64encode(compute(body)).decode() != value.strip():
            algorithm = name.removeprefix("x-amz-checksum-").upper()
            raise S3Error("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")


def _unframe(data: bytes) -> tuple[bytes, dict[str, str]]:
    out = bytearray()
    position = 0
    try:
        while True:
            end = data.index(b"\r\n", position)
            size = int(data[position:end].split(b";")[0], 16)
            position = end + 2
            if size == 0:
                break
            out += data[position : position + size]
            position += size + 2
    except ValueError:
        raise S3Error("IncompleteBody", "The request body terminated unexpectedly", 400) from None
    trailers = {}
    for line in data[position:].decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return bytes(out), trailers
