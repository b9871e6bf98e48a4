"""Real shells at a pseudo-terminal: a line is begun, the tabulator is pressed, and the line is run."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import time
from pathlib import Path

import pytest

from tests.missing import reason

_READY = "READY"
_SHELLS = {
    # what is run shows what the line has become
    "bash": (
        ["--norc", "--noprofile", "-i"],
        "s3probe() {{ printf 'GOT<%s>\\n' \"$*\"; }}\n"
        "source {share}/bash-completion/completions/s3probe\n"
        "printf '%s%s\\n' REA DY\n",
    ),
    "zsh": (
        ["-f", "-i"],
        "s3probe() {{ printf 'GOT<%s>\\n' \"$*\"; }}\n"
        "fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D\n"
        "printf '%s%s\\n' REA DY\n",
    ),
    "fish": (
        ["--no-config", "-i"],
        "function s3probe; printf 'GOT<%s>\\n' \"$argv\"; end\n"
        "set -p fish_complete_path {share}/fish/vendor_completions.d\n"
        "printf '%s%s\\n' REA DY\n",
    ),
}
NAMES = tuple(_SHELLS)
_PATIENCE = 20.0


def completed(shell: str, share: Path, folder: Path, *typed: str) -> list[str]:
    """What each line becomes when the tabulator is pressed at its end, in a shell that works in ``folder``."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(reason(shell, shell))
    arguments, setup = _SHELLS[shell]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        kept = {name: os.environ[name] for name in ("PATH",)}
        environ = kept | {"HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8", "INPUTRC": "/dev/null"}
        os.execve(program, [program, *arguments], environ)  # noqa: S606  # a terminal of its own
    try:
        os.write(terminal, setup.format(share=share).encode())
        _until(terminal, _READY)
        found = []
        for line in typed:
            os.write(terminal, f"s3probe {line}\t\n".encode())
            found.append(re.findall(r"GOT<(.*?)>", _until(terminal, "GOT<", ">"))[-1].strip())
        return found
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def _until(terminal: int, *marks: str) -> str:
    """What the shell writes until all of ``marks`` came, one after the other."""
    text, end = "", time.monotonic() + _PATIENCE
    while True:
        if select.select([terminal], [], [], max(end - time.monotonic(), 0))[0]:
            text += os.read(terminal, 65536).decode(errors="replace")
        place = -1
        for mark in marks:
            place = text.find(mark, place + 1)
            if place < 0:
                break
        else:
            return text
        if time.monotonic() > end:
            raise AssertionError(f"no {marks} in {text!r}")
