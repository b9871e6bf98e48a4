"""One line of ``.env.production`` that Ruby's dotenv reads back as the value that was meant."""

from __future__ import annotations

import re

from s3probe.patterns import regex

# letters and punctuation that dotenv neither drops nor expands nor takes for the start of a comment
_BARE = regex(r"[A-Za-z0-9_./:@%+,=~-]*")


def quoted(value: str) -> str:
    """``value`` as it must stand after ``=``.

    dotenv (lib/dotenv/parser.rb) takes single-quoted text as it is, line feeds too, but knows no way to write a
    single quote in it. In double quotes and without any, a backslash makes the next character an ordinary one.
    A backslash before the closing quote would join this value to the next quoted one in the file.
    """
    if _BARE.fullmatch(value):
        return value
    if "'" not in value and not value.endswith("\\"):
        return f"'{value}'"
    if value.endswith("\\") and not re.search(r"^['\"\s]|[#\s]", value):
        return re.sub(r"([^\w.-])", r"\\\1", value)
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'


def ways(value: str) -> tuple[str, ...]:
    """Every way to write ``value``, the best first. Not each program reads each of them so."""
    escaped = re.sub(r"([^\w.-])", r"\\\1", value)
    doubled = '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'
    return tuple(dict.fromkeys((quoted(value), value, f"'{value}'", doubled, escaped)))


def in_quotes(value: str, mark: str) -> tuple[str, ...]:
    """``value`` in quotes of this kind, where nothing in it has to be written in another way for them; or nothing."""
    special = {'"': '"\\$', "'": "'"}.get(mark)
    return (f"{mark}{value}{mark}",) if special and not set(special) & set(value) else ()


def env_line(name: str, value: str) -> str:
    """``NAME=value``, quoted where it has to be."""
    return f"{name}={quoted(value)}"
