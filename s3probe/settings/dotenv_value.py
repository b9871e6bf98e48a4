r"""From the text behind ``=`` to the value: quotes, backslashes, ``$name``, and ``$(command)``, which is not run.

Source: bkeepers/dotenv, ``lib/dotenv/parser.rb`` and ``lib/dotenv/substitutions/``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3probe.patterns import regex

_QUOTED = regex(r"\A(['\"])(.*)\1\Z", re.DOTALL)
_QUOTED_BEFORE_COMMENT = regex(r"""\A\s*(['"])(.*?)\1\s*(?:\#.*)?\Z""", re.DOTALL)
_COMMENT = regex(r"\s#.*\Z", re.DOTALL)
_ESCAPED = regex(r"\\([^$])")
# the gem asks for A-Z in either case, which lets two letters of other alphabets pass for S and K
_VARIABLE = regex(r"(\\)?\$(?!\()\{?([A-Za-z0-9_\u017f\u212a]+)?\}?")
BLANKS = " \t\n\v\f\r"
"""What Ruby's ``strip`` takes away (and a NUL)."""
WRAPPINGS = " \t\r\n\"'\u00a0\u2018\u2019\u201c\u201d"
"""Marks around a value that belong to nothing in it."""


def parse_value(text: str, seen: Mapping[str, str], environment: Mapping[str, str]) -> tuple[str, bool]:
    """The value dotenv makes of the text behind the separator, and whether it holds a command that was not run."""
    value = text.lstrip(BLANKS + "\0").rstrip(BLANKS + "\0")
    quoted = _QUOTED.match(value)
    quote = quoted[1] if quoted else None
    if quoted:
        value = quoted[2]
    if quote == "'":
        return value, False
    if quote == '"':
        value = _expand_newlines(value, seen, environment)
    value = _ESCAPED.sub(r"\1", value)
    value, command = _keep_commands(value)
    if command:
        return value, True
    return _expand_variables(value, seen, environment), False


def _expand_newlines(value: str, seen: Mapping[str, str], environment: Mapping[str, str]) -> str:
    r"""``\n`` stays two characters unless the old behaviour is asked for (doubled here, halved by the next step)."""
    mode = seen.get("DOTENV_LINEBREAK_MODE", environment.get("DOTENV_LINEBREAK_MODE"))
    if mode == "legacy":
        return value.replace(r"\n", "\n").replace(r"\r", "\r")
    return value.replace(r"\n", r"\\n").replace(r"\r", r"\\r")


def _keep_commands(value: str) -> tuple[str, bool]:
    """Drops the backslash of an escaped ``$(…)``, as dotenv does; says whether an unescaped one is there."""
    if "$(" not in value:
        return value, False
    ends = _parentheses(value)
    kept, position, found = [], 0, False
    for opening, end in sorted(ends.items()):
        start = opening - 1
        if start < position or value[start] != "$":
            continue
        escaped = start > position and value[start - 1] == "\\"
        kept.append(value[position : start - 1 if escaped else start])
        kept.append(value[start:end])
        found, position = found or not escaped, end
    kept.append(value[position:])
    return "".join(kept), found


def _parentheses(value: str) -> dict[int, int]:
    """Opening to the index behind its closing one, for balanced pairs that hold no empty pair."""
    ends: dict[int, int] = {}
    open_: list[tuple[int, bool]] = []
    for index, char in enumerate(value):
        if char == "(":
            open_.append((index, True))
        elif char == ")" and open_:
            opening, good = open_.pop()
            good = good and opening + 1 < index
            if good:
                ends[opening] = index + 1
            elif open_:
                open_[-1] = (open_[-1][0], False)
    return ends


def _expand_variables(value: str, seen: Mapping[str, str], environment: Mapping[str, str]) -> str:
    def replacement(match: re.Match[str]) -> str:
        if match[1]:
            return match[0][1:]
        if match[2]:
            return seen.get(match[2], environment.get(match[2], ""))
        return match[0]

    return _VARIABLE.sub(replacement, value)


def references(raw: str) -> list[str]:
    """The names that ``$name`` and ``${name}`` in an unquoted or double-quoted text refer to, each once."""
    return list(dict.fromkeys(match[2] for match in _VARIABLE.finditer(raw) if match[2] and not match[1]))


def names_in(text: str) -> list[str]:
    """The names whose values dotenv puts into the text behind the separator: none between single quotes."""
    value = text.lstrip(BLANKS + "\0").rstrip(BLANKS + "\0")
    quoted = _QUOTED.match(value)
    return [] if quoted and quoted[1] == "'" else references(value)


def literal(raw: str) -> str:
    """The text an admin most likely meant: ``raw`` without the quotes around it, nothing cut, replaced or dropped."""
    quoted = _QUOTED.match(raw)
    return quoted[2] if quoted else raw


def as_written(raw: str, form: str) -> str:
    """The text of the file before dotenv changed it: ``raw`` as it stands, or ``unquoted``, and without a comment."""
    if form == "raw":
        return raw.strip()
    quoted = _QUOTED_BEFORE_COMMENT.match(raw)
    return quoted[2] if quoted else _COMMENT.sub("", raw).strip(WRAPPINGS)
