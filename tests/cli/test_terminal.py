"""On a real pseudo-terminal: what is seen while a run goes on, and what stays on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import socket
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exhaustive import part


def on_a_terminal(*argv: str, columns: int, stop_at: bytes = b"") -> str:
    """What a terminal of so many columns receives. Where ``stop_at`` is shown, Ctrl-C is typed, once."""
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
        if stop_at and stop_at in received:
            os.write(terminal, b"\x03")
            stop_at = b""
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


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def an_env_file(folder: Path, port: int) -> str:
    file = folder / "env"
    file.write_text(
        f"S3_ENABLED=true\nS3_BUCKET=files\nS3_ENDPOINT=http://127.0.0.1:{port}\nS3_PROTOCOL=http\n"
        f"S3_HOSTNAME=127.0.0.1:{port}\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI\n"
        "S3_READ_TIMEOUT=3\n"
    )
    return str(file)


@pytest.mark.parametrize("columns", [40, 80])
def test_a_late_answer_is_waited_for_in_words(deaf: int, tmp_path: Path, columns: int) -> None:
    shown = on_a_terminal("check", "--deadline", "4", an_env_file(tmp_path, deaf), columns=columns)
    *progress, _report = shown.split("\r\x1b[K", 1)
    lines = [line.removesuffix("\x1b[K") for line in "".join(progress).split("\r") if line]
    assert all(len(line) < columns for line in lines)
    waited = [line for line in lines if re.fullmatch(r"\d+/\d+ … waiting for 127\.0\.0\.1, \d s of 3", line)]
    assert waited, lines
    assert not any("waiting" in line for line in plain(on_a_terminal("demo", columns=columns)).split("\r"))


def test_an_interruption_says_that_what_was_uploaded_is_removed() -> None:
    shown = plain(on_a_terminal("demo", columns=80, stop_at=b"read a file back"))
    said = shown.replace("\r\x1b[K", "\n").splitlines()
    assert [line for line in said if re.fullmatch(r"Removing what was uploaded, up to \d+ s\.", line)]


def test_an_interruption_before_anything_was_sent_promises_no_removal(deaf: int, tmp_path: Path) -> None:
    shown = on_a_terminal("check", "--read-only", an_env_file(tmp_path, deaf), columns=80, stop_at=b"waiting for")
    assert "Removing" not in shown
