"""Reads a file that a person named, in bounded time and size, whatever kind of file it is.

A pipe is read as well: a shell hands over ``<(a decrypted file)`` as one.
"""

from __future__ import annotations

import errno
import os
import select
import sys
import time
from pathlib import Path

SECONDS = 5.0
"""For a whole pipe or device. A program that decrypts a file takes one or two."""
INPUT_SECONDS = 10.0
"""For all that another program hands in."""
PASTING_SECONDS = 600.0
"""For what a person types or pastes in."""
_PIECE = 64 * 1024


class SlowReadError(OSError):
    """A pipe or a device gave no end of its content in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(errno.ETIMEDOUT, f"it is a pipe or a device, and its content did not end within {seconds:g} s")


def read_bytes(path: Path, limit: int) -> bytes:
    """At most ``limit`` bytes of ``path``. Raises OSError, and :class:`SlowReadError` when :data:`SECONDS` have passed.

    A pipe that nobody has opened to write is empty: nothing will come.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        return read_handle(handle, limit, SECONDS)
    finally:
        os.close(handle)


def read_handle(handle: int, limit: int, seconds: float) -> bytes:
    """The same of an open file."""
    ends = time.monotonic() + seconds
    data = bytearray()
    while len(data) < limit:
        left = ends - time.monotonic()
        # an ordinary file is always ready
        if left <= 0 or not select.select([handle], [], [], left)[0]:
            raise SlowReadError(seconds)
        try:
            piece = os.read(handle, min(_PIECE, limit - len(data)))
        except BlockingIOError:
            continue
        if not piece:
            break
        data += piece
    return bytes(data)


def read_input(limit: int) -> bytes:
    """The same of standard input; who types takes :data:`PASTING_SECONDS`."""
    try:
        handle = sys.stdin.fileno()
    except (AttributeError, ValueError):  # closed at the start, or a test's buffer
        return sys.stdin.buffer.read(limit) if sys.stdin is not None else b""
    return read_handle(handle, limit, PASTING_SECONDS if os.isatty(handle) else INPUT_SECONDS)
