"""Ruby's own ways with text: how it shows a string, how it reads a number."""

from __future__ import annotations

import re

_INSPECTED = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\f": "\\f",
    "\v": "\\v",
    "\b": "\\b",
    "\a": "\\a",
    "\x1b": "\\e",
}


class RubyError(Exception):
    """The exception Mastodon would raise: Ruby class and message."""

    def __init__(self, exception: str, message: str, variable: str = "") -> None:
        super().__init__(message)
        self.exception = exception
        self.message = message
        self.variable = variable


def inspect(text: str) -> str:
    """Ruby's ``String#inspect`` of a UTF-8 string."""
    out = []
    for position, char in enumerate(text):
        if char in _INSPECTED:
            out.append(_INSPECTED[char])
        elif char == "#" and text[position + 1 : position + 2] in ("{", "$", "@"):
            out.append("\\#")
        elif char < " " or char == "\x7f":
            out.append(f"\\x{ord(char):02X}")
        elif not char.isprintable():
            out.append(f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\u{{{ord(char):X}}}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def to_i(text: str) -> int:
    """Ruby's ``String#to_i``: the number at the start, ``0`` when there is none."""
    match = re.match(r"[ \t\n\v\f\r]*([+-]?\d+(?:_\d+)*)", text, re.ASCII)
    return int(match[1].replace("_", "")) if match else 0
