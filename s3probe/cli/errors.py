"""What can go wrong before there is a result, and the exit status that says so."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Callable, Iterable

USAGE = 64
BUG = 70


class UsageError(Exception):
    """Something the caller can fix. ``message`` says what is wrong, ``advice`` what to do."""

    def __init__(self, message: str, advice: str = "See s3probe --help.") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def advised(error: BaseException) -> tuple[str, str] | None:
    """Message and advice of an error that carries both (``UsageError``, ``SettingsError``, ``EvidenceError``)."""
    message, advice = getattr(error, "message", None), getattr(error, "advice", None)
    return (message, advice) if isinstance(message, str) and isinstance(advice, str) else None


def bug_report(error: BaseException, clean: Callable[[str], str], version: str) -> str:
    """What to say of an unexpected error, ready to be sent on: no secret is in it."""
    trace = clean("".join(traceback.format_exception(error)))
    return (
        f"s3probe {version} has a bug: {clean(f'{type(error).__name__}: {error}')}\n"
        "This says nothing about your storage. Please report it to the project, with the command you ran and the\n"
        "lines below; secrets have been taken out of them.\n\n"
        f"{trace}"
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest name, or the blank string."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
