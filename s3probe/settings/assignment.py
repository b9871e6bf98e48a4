"""One line of an env file that sets a variable."""

from __future__ import annotations

from s3probe.records import dataclass


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``NAME=value`` of a file, in the file's order."""

    name: str
    value: str
    line: int
    raw: str
    """The text behind the separator as it stands in the file, with the quotes and with what ``#`` cut off."""
    written: str = ""
    """The value this line would give; another than ``value`` only when an earlier source defines the name."""
    taken_from_environment: bool = False
    """An earlier source defines the name: ``value`` is that source's."""
    command: bool = False
    """The value holds ``$(…)``; Mastodon would run it. ``value`` keeps that text and is not what Mastodon sees."""
