"""What a program makes of an env file before Mastodon starts: its variables, or its refusal."""

from __future__ import annotations

from s3probe.records import dataclass


@dataclass(frozen=True, slots=True)
class Loaded:
    """One variable as a loader hands it over. ``line`` is 1-based, ``raw`` the text behind the ``=``."""

    name: str
    value: str
    line: int
    raw: str
    lost: tuple[str, ...] = ()
    """Names in ``raw`` that were replaced by nothing, as nothing has set them."""


class LoaderError(Exception):
    """The program hands over nothing of this file. ``why`` says what it refuses, without any of the text.

    ``line`` is 1-based.
    """

    def __init__(self, why: str, line: int) -> None:
        super().__init__(f"line {line}: {why}")
        self.why = why
        self.line = line


GO_BLANKS = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go's ``unicode.IsSpace`` takes for a blank; Docker, Compose and kubectl are written in it."""
