"""Makes a server's words safe to keep and to print: no control characters, bounded length. Pure."""

from __future__ import annotations

import re

from s3probe.patterns import regex

_CONTROL = regex("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""C0 and C1 controls (a terminal obeys them), text-direction overrides (they fool a reader), lone surrogates."""

REPLACEMENT = "\ufffd"


def clean(text: str, limit: int = 500) -> str:
    """One line of at most ``limit`` characters, in which nothing can steer a terminal."""
    # cut before the work, so that a megabyte costs no more than a line
    shortened = text[: limit * 4]
    line = _CONTROL.sub(REPLACEMENT, " ".join(shortened.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def clean_exact(text: str, limit: int = 1024) -> str:
    """Like :func:`clean`, but white space stays as it is: for keys and names, where it matters."""
    return re.sub("[\t\n\v\f\r]", REPLACEMENT, _CONTROL.sub(REPLACEMENT, text[:limit]))


def clean_lines(text: str, limit: int = 4000) -> str:
    """Like :func:`clean`, but newlines stay: for a string to sign, where they are the point."""
    return "\n".join(clean_exact(line, limit) for line in text[:limit].split("\n"))
