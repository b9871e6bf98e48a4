"""What can go wrong before there is a result, and the exit status that says so."""

from __future__ import annotations

import difflib
import errno
import traceback
from collections.abc import Callable, Iterable

from s3probe.hindrance import ADVICE, hindrance

HINDERED = 3
USAGE = 64
BUG = 70
"""Also: the result could not be written."""

_OF_THE_CALLER = (
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENXIO),
)
"""Why a file cannot be written at that place at all; everything else (a full disk) is no error of the caller."""


class UsageError(Exception):
    """Something the caller can fix. ``message`` says what is wrong, ``advice`` what to do."""

    status = USAGE
    """The exit status for it."""

    def __init__(self, message: str, advice: str = "See s3probe --help.") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UnwrittenError(UsageError):
    """The result, or a part of it, could not be written."""

    def __init__(self, what: str, error: OSError, advice: str) -> None:
        super().__init__(f"{what} cannot be written: {error.strerror}", advice)
        self.status = USAGE if error.errno in _OF_THE_CALLER else BUG


def status_for(error: BaseException) -> int:
    """The exit status of a run that ended by ``error``."""
    if hindrance(error):
        return HINDERED
    if isinstance(error, UsageError):
        return error.status
    return BUG if advised(error) is None else USAGE


def advised(error: BaseException) -> tuple[str, str] | None:
    """Message and advice of an error that carries both (``UsageError``, ``SettingsError``, ``EvidenceError``), or of
    one that is due to what this process lacks.
    """
    if lacking := hindrance(error):
        return f"s3probe was hindered: {lacking}", ADVICE
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
