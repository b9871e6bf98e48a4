"""Files that a shown command makes for itself: as large as what s3probe sent. Which bytes they are does not matter."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from zlib import crc32

from s3probe.evidence.asked import PlainRequest

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A picture of one pixel."""
_START = b64decode(_PIXEL)
FOLDER = "d=$(mktemp -d); trap 'rm -rf \"$d\"' EXIT"
"""Where they lie, and that nothing of it stays."""


def is_framed(request: PlainRequest) -> bool:
    """Whether the file goes out in a chunk with a checksum after it, as Amazon's SDK sends it to Amazon."""
    return "X-Amz-Trailer" in request.sent_headers


def path(request: PlainRequest) -> str:
    """What the shell calls the file that is the request's body."""
    return f'"$d/{request.size}{"-framed" if is_framed(request) else ""}"'


def making(requests: Iterable[PlainRequest], *, framed: bool) -> Iterator[str]:
    """The lines that make the files of these requests. ``framed``: also as they lie in their chunk."""
    made = set[str]()
    for request in requests:
        plain = f'"$d/{request.size}"'
        if request.size and plain not in made:
            made.add(plain)
            yield _plain(request.size, plain)
        if request.size and framed and is_framed(request) and path(request) not in made:
            made.add(path(request))
            end = f"\\r\\n0\\r\\nx-amz-checksum-crc32:{crc32_of(_content(request.size))}\\r\\n\\r\\n"
            yield f"{{ printf '{request.size:x}\\r\\n'; cat {plain}; printf '{end}'; }} > {path(request)}"


def _plain(size: int, name: str) -> str:
    pixel = f"echo {_PIXEL} | base64 -d"
    if size <= len(_START):
        return f"{pixel} | head -c {size} > {name}"
    return f"{{ {pixel}; head -c {size - len(_START)} /dev/zero; }} > {name}"


def _content(size: int) -> bytes:
    return (_START + bytes(max(size - len(_START), 0)))[:size]


def body_of(request: PlainRequest) -> bytes:
    """The bytes that are sent, without a frame."""
    return request.text.encode() if request.text else _content(request.size)


def crc32_of(body: bytes) -> str:
    """The value of ``x-amz-checksum-crc32``."""
    return b64encode(crc32(body).to_bytes(4, "big")).decode()


def md5_of(body: bytes) -> str:
    """The value of ``Content-MD5``."""
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
