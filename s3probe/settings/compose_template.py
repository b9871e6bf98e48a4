"""``$NAME``, ``${NAME:-default}`` and their kin, as Docker Compose replaces them.

Source: compose-spec's "Interpolation"; what Docker Compose says of odd ones is in ``fixtures/golden/loaders.json``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3probe.patterns import regex

# its (?i) lets two letters of other alphabets pass for K and S
_NAME = "[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*"
_PATTERN = regex(rf"\$(?:(?P<escaped>\$)|(?P<bare>{_NAME})|\{{(?:(?P<braced>{_NAME}(?::?[-+?].*)?)\}}|(?P<invalid>)))")
_NEST = 100
"""How deep defaults may stand in defaults here; compose knows no limit."""


class TemplateError(Exception):
    """Compose refuses the text. The message holds none of it."""


class Substitution:
    """Puts values in the places of names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.lost: list[str] = []
        """Names without a value, and without a default in its place."""

    def of(self, template: str, nest: int = 0) -> str:
        """The text with everything replaced. Raises :class:`TemplateError`."""
        if nest > _NEST:
            raise TemplateError("defaults in defaults without an end")
        return _PATTERN.sub(lambda found: self._replaced(found, nest), template)

    def _replaced(self, found: re.Match[str], nest: int) -> str:
        if found["escaped"]:
            return "$"
        if found["bare"]:
            return self._value_of(found["bare"]) or ""
        if found["braced"] is None:
            raise TemplateError("a ${ that is never closed, or that holds no name")
        # the pattern takes all up to the last brace; what follows the brace that closes this one is text again
        end = _closing(found[0])
        inner, rest = (found[0][2:end], found[0][end + 1 :]) if end is not None else (found["braced"], "")
        return self._braced(inner, nest) + (self.of(rest, nest + 1) if rest else "")

    def _value_of(self, name: str) -> str | None:
        if name not in self._values:
            self.lost.append(name)
        return self._values.get(name)

    def _braced(self, inner: str, nest: int) -> str:
        parts = re.fullmatch(rf"({_NAME})(?:(:?)([-+?])(.*))?", inner, re.DOTALL)
        if parts is None:
            raise TemplateError("a ${ that is never closed, or that holds no name")
        name, colon, sign, behind = parts.groups()
        value = self._values.get(name) if sign else self._value_of(name)
        given = bool(value) if colon else value is not None
        if sign == "-":
            return value or "" if given else self.of(behind, nest + 1)
        if sign == "+":
            return self.of(behind, nest + 1) if given else value or ""
        if sign == "?" and not given:
            self.of(behind, nest + 1)
            raise TemplateError("a ${NAME:?…} whose NAME has no value")
        return value or ""


def _closing(text: str) -> int | None:
    """Where the brace is that closes the first one."""
    depth, place = 0, 0
    while place < len(text):
        if text[place] == "}":
            depth -= 1
            if depth == 0:
                return place
        elif text[place] == "{":
            depth += 1
            place += 1  # what stands right behind an opening brace is not looked at
        place += 1
    return None
