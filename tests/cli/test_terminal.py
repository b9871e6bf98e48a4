"""On a real pseudo-terminal: what is seen while a run goes on, and what stays on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios

import pytest

from tests.exhaustive import part


def on_a_terminal(*argv: str, columns: int) -> str:
    """What a terminal of so many columns receives."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm", "COLUMNS": str(columns)}
        os.execv(sys.executable, [sys.executable, "-m", "s3probe", *argv])  # noqa: S606  # a terminal of its own
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    received = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        received += piece
    os.waitpid(pid, 0)
    os.close(terminal)
    return received.decode()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("columns", part([40, 80, 120], 3))
def test_the_progress_line_is_erased_and_never_wraps(columns: int) -> None:
    shown = on_a_terminal("demo", columns=columns)
    *progress, report = shown.split("\r\x1b[K", 1)
    lines = [line.removesuffix("\x1b[K") for line in "".join(progress).split("\r") if line]
    assert lines
    assert all(len(line) < columns for line in lines)
    assert plain(report).startswith("✔ Media storage works")
    told = plain(report).partition("That was an S3")[0].splitlines()
    assert all(len(line) <= columns for line in told)
