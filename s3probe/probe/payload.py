"""What is uploaded: small files that are what they say they are."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

_FILLING = 4096
"""Bytes: Garage keeps files of up to 3072 with their names, where a full or read-only disk is not felt."""


def picture(mark: str) -> bytes:
    """A valid 1x1 PNG that carries ``mark``, so that no two probes upload the same bytes.

    It is as large as a small picture, in bytes that cannot be compressed.
    """

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\x00\x56\x3a\xcc")
    text = b"Comment\x00s3probe test file, safe to delete: " + mark.encode("ascii")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            chunk(b"IHDR", header),
            chunk(b"tEXt", text),
            chunk(b"fiLl", _noise(mark)),
            chunk(b"IDAT", pixel),
            chunk(b"IEND", b""),
        )
    )


def _noise(mark: str) -> bytes:
    return b"".join(sha256(f"{mark} {number}".encode()).digest() for number in range(_FILLING // 32))


def archive(mark: str) -> bytes:
    """An empty ZIP file whose comment carries ``mark``."""
    comment = b"s3probe test file, safe to delete: " + mark.encode("ascii")
    return b"PK\x05\x06" + bytes(16) + struct.pack("<H", len(comment)) + comment
