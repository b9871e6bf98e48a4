"""``EnvironmentFile`` of systemd: quoted pieces, backslashes, comments on lines of their own, no ``$``.

Source: systemd ``src/basic/env-file.c``. What systemd 252 said of many files: ``fixtures/golden/loaders.json``.
systemd 262 reads the line below a comment that ends in a backslash; 252 takes it for more of the comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from s3probe.patterns import regex
from s3probe.settings.loaded import Loaded

NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
# whatever sign a line begins with belongs to its key, an equals sign too
_ASSIGNMENT = regex(r"[ \t\r\n]*+(?P<key>(?:[^\r\n][^=\r\n]*)?)(?P<equals>=)?")
_COMMENT = regex(r"(?:\\[\s\S]|[^\\\r\n])*")
_PIECE = regex(
    r"'(?P<single>[^']*)(?:'|\Z)"
    r'|"(?P<double>(?:\\[\s\S]|[^"\\])*)(?:\\?\Z|")'
    r"|(?P<blank>[ \t]+)"
)


def systemd(text: str, _environ: Mapping[str, str]) -> Iterator[Loaded]:
    """The variables that a unit is given. A name that is none (``export NAME``) is left out without a word."""
    for name, value, line, raw in _lines(text):
        if value is not None and NAME.fullmatch(name):
            yield Loaded(name, value, line, raw)


def left_out(text: str) -> Iterator[tuple[str, int]]:
    """What stands before the ``=`` of lines that are left out, or the whole line where there is none; their numbers."""
    return ((name, line) for name, value, line, _raw in _lines(text) if value is None or not NAME.fullmatch(name))


def _lines(text: str) -> Iterator[tuple[str, str | None, int, str]]:
    """Name, value (``None`` where no ``=`` stands), number of the line, and the text behind the ``=``."""
    place, counted, number = 0, 0, 1
    while place < len(text):
        found = _ASSIGNMENT.match(text, place)
        assert found is not None  # every part of the pattern may be blank
        key, place = found["key"], found.end()
        number += text.count("\n", counted, found.start("key"))
        counted = found.start("key")
        if key.startswith(("#", ";")):
            place = _end_of_comment(text, found.start("key"))
        elif found["equals"]:
            begun = place
            value, place = _value(text, place)
            yield key.rstrip(" \t"), value, number, text[begun:place]
        elif key:
            yield key, None, number, ""
        elif place == found.start():
            place += 1


def _end_of_comment(text: str, place: int) -> int:
    end = _COMMENT.match(text, place)
    return end.end() if end else place


def _value(text: str, place: int) -> tuple[str, int]:
    """Quoted pieces and blanks at the start, then plain text to the end of the line."""
    value = ""
    while (piece := _PIECE.match(text, place)) is not None:
        place = piece.end()
        if piece["single"] is not None:
            value += piece["single"]
        elif piece["double"] is not None:
            value += re.sub(r'\\(["\\`$])|\\\n', lambda found: found[1] or "", piece["double"])
    plain, kept = "", 0
    while place < len(text) and text[place] not in "\r\n":
        if text[place] == "\\":
            place += 1
            if place < len(text):
                plain += "" if text[place] in "\r\n" else text[place]
            kept = len(plain)
        else:
            plain += text[place]
            kept = kept if text[place] in " \t" else len(plain)
        place += 1
    return value + plain[:kept], place
