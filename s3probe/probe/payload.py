"""What is uploaded: small files that are what they say they are."""

from __future__ import annotations

import struct
import zlib


def picture(mark: str) -> bytes:
    """A valid 1x1 PNG that carries ``mark``, so that no two probes upload the same bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\x00\x56\x3a\xcc")
    text = b"Comment\x00s3probe test file, safe to delete: " + mark.encode("ascii")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"tEXt", text), chunk(b"IDAT", pixel), chunk(b"IEND", b""))
    )


def archive(mark: str) -> bytes:
    """An empty ZIP file whose comment carries ``mark``."""
    comment = b"s3probe test file, safe to delete: " + mark.encode("ascii")
    return b"PK\x05\x06" + bytes(16) + struct.pack("<H", len(comment)) + comment
