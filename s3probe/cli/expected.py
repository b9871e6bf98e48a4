"""What somebody expected s3probe to say: on the command line, or asked for where a person can answer."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from s3probe.cli.console import Console
from s3probe.cli.errors import did_you_mean
from s3probe.evidence.reported import HEALTHY, Expected
from s3probe.patterns import regex

LONGEST = 2000
"""Characters."""
_QUESTION = (
    "What did you expect it to say? Answer in a sentence, with ids of findings\n"
    "(s3probe explain --list), or with healthy. Enter alone says nothing."
)
_LIKE_AN_ID = regex(r"[a-z0-9]+(-[a-z0-9]+)+")


def expectation(text: str) -> Expected:
    """``text`` as a sentence, or as the ids that it names. Raises ValueError for a misspelt id, with the right one."""
    from s3probe.knowledge.findings import ids

    said = text.encode("utf-8", "replace").decode().strip()
    if not said:
        raise ValueError(f"it is empty: say in a sentence what you expected, or name findings, or {HEALTHY}")
    if len(said) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters: say the rest in the issue itself")
    words = said.replace(",", " ").split()
    if words == [HEALTHY]:
        return Expected(said, ())
    known = frozenset(ids())
    if known.issuperset(words):
        return Expected(said, tuple(dict.fromkeys(words)))
    if all(word in known or _LIKE_AN_ID.fullmatch(word) for word in words):
        for word in words:
            if word not in known and (meant := did_you_mean(word, sorted(known))):
                raise ValueError(f"{word!r} is no finding.{meant} All of them: s3probe explain --list")
    return Expected(said)


def can_answer(console: Console) -> bool:
    """Whether a person sits there: a terminal on both sides, and this process in its foreground.

    A job in the background would be stopped by the question (SIGTTIN), and wait without end.
    """
    try:
        here = sys.stdin.fileno()
        return os.isatty(here) and console.err.isatty() and os.tcgetpgrp(here) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # closed at the start, or no file
        return False


def ask(console: Console) -> Expected | None:
    """What the person at the terminal says; ``None`` for nothing. A misspelt id is asked for once more."""
    console.say(_QUESTION)
    for _ in range(2):
        line = _line(console)
        try:
            return expectation(line) if line.strip() else None
        except ValueError as error:
            console.say(f"{error}. Once more:")
    return Expected(line[:LONGEST].encode("utf-8", "replace").decode().strip())


def _line(console: Console) -> str:
    console.err.write("> ")
    console.err.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        console.say("")  # Ctrl-D leaves the cursor behind the mark
    with suppress(ImportError, OSError, ValueError):
        import termios

        # further lines of a pasted text would else be run by the shell
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
    return line
