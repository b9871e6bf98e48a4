"""What can go wrong before there is a result, and the exit status that says so."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable

from s3probe import ISSUES
from s3probe.hindrance import ADVICE, hindrance
from s3probe.patterns import regex

HINDERED = 3
USAGE = 64
BUG = 70
"""Also: the result could not be written."""

_OF_THE_CALLER = (
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENXIO),
)
"""Why a file cannot be written at that place at all; everything else (a full disk) is no error of the caller."""


_PLACE = regex(r'(?<=File ")[^"\n]+(?=")')
"""In a line of a traceback."""
_A_PART = 3
"""Letters of a name's beginning with which a name may be meant."""
_HINTS = 3


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
    import traceback

    trace = clean("".join(traceback.format_exception(error)))
    return (
        f"s3probe {version} has a bug: {clean(f'{type(error).__name__}: {error}')}\n"
        f"This says nothing about your storage. Please report it at {ISSUES}, with the\n"
        "command you ran and the lines below; secrets have been taken out of them. Of a check, `s3probe report` puts\n"
        "all of it into one file.\n\n"
        f"{trace}"
    )


def own_trace(error: BaseException) -> str:
    """The traceback of an unexpected error, without the folders of this machine."""
    import traceback

    return _PLACE.sub(_without_folders, "".join(traceback.format_exception(error)))


def _without_folders(found: re.Match[str]) -> str:
    folders, _, name = found[0].rpartition("/s3probe/")
    return f"s3probe/{name}" if folders else name.rpartition("/")[2]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest name, or at those that begin with it or hold it as a word; or the blank string."""
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name, names, n=1) or [one for one in names if f"-{name.lower()}-" in f"-{one}-"]
    near = near or [one for one in names if len(name) >= _A_PART and one.startswith(name.lower())]
    return f" Did you mean {_either(near[:_HINTS])}?" if near else ""


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
