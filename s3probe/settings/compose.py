r"""``env_file`` of Docker Compose: quotes, ``NAME: value``, a comment behind a blank, and substitution.

What Docker Compose 5.6.0 said of several hundred files is in ``fixtures/golden/loaders.json``; 2.40.3 said the same.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping

from s3probe.patterns import regex
from s3probe.settings.compose_template import Substitution, TemplateError
from s3probe.settings.loaded import GO_BLANKS, Loaded, LoaderError

_BLANKS = "\t\v\f\r \u0085\u00a0"
"""Blanks within a line."""
_MORE_IN_NAMES = "_.-[]"
_EXPORT = regex(r"export[\t\n\f\r ]")
_QUOTED = {quote: regex(rf"(?:\\[\s\S]|[^\\{quote}])*") for quote in ("'", '"')}
_ESCAPED = regex(r"\\([\s\S])")
_ESCAPE = regex(r"\\(?:[abcfnrtv$\"\\]|0[0-9]{0,3})")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "$": "$$"}


def compose(text: str, environ: Mapping[str, str]) -> Iterator[Loaded]:
    """The variables that a container is given. ``environ``: what compose itself was started with."""
    return _File(text.removeprefix("\ufeff"), environ).variables()


def bare_names(text: str, environ: Mapping[str, str]) -> list[tuple[str, int]]:
    """Lines with a name alone, and their numbers: compose hands over what it was itself started with, or nothing."""
    file = _File(text.removeprefix("\ufeff"), environ)
    for _one in file.variables():
        pass
    return file.bare


class _File:
    def __init__(self, text: str, environ: Mapping[str, str]) -> None:
        self._text = text
        self._environ = environ
        self._place = 0
        self._seen: dict[str, str] = {}
        self._known = ChainMap(dict(environ), self._seen)
        self.bare: list[tuple[str, int]] = []
        self._counted = 0, 1
        """A place, and the number of its line: lines are counted from there on."""

    def variables(self) -> Iterator[Loaded]:
        while self._find_statement():
            begun = self._place
            name, ended = self._name()
            line = self._line(begun)
            lost: tuple[str, ...] = ()
            if ended == "\n":
                # a name alone: what compose was started with, or nothing
                self.bare.append((name, line))
                found = self._environ.get(name)
                if found is None:
                    continue
                value = raw = found
            else:
                self._skip(_BLANKS)
                start = self._place
                value, lost = self._value(line)
                raw = self._text[start : self._place].rstrip("\n")
            self._seen[name] = value
            yield Loaded(name, value, line, raw, lost)

    def _line(self, place: int) -> int:
        before, number = self._counted
        self._counted = place, number + self._text.count("\n", before, place)
        return self._counted[1]

    def _skip(self, blanks: str) -> None:
        while self._place < len(self._text) and self._text[self._place] in blanks:
            self._place += 1

    def _find_statement(self) -> bool:
        """Goes over blanks, blank lines and comments. Whether anything follows."""
        self._skip(GO_BLANKS)
        while self._text.startswith("#", self._place):
            end = self._text.find("\n", self._place)
            self._place = len(self._text) if end < 0 else end
            self._skip(GO_BLANKS)
        return self._place < len(self._text)

    def _name(self) -> tuple[str, str]:
        """The name, and the sign that ended it: ``=``, ``:``, a line end, or nothing at the end of the file."""
        text, line = self._text, self._line(self._place)
        if _EXPORT.match(text, self._place):
            self._place += len("export")
            self._skip(_BLANKS)
            if self._place == len(text):
                raise LoaderError("nothing follows export", line)
        for place in range(self._place, len(text)):
            char = text[place]
            if char in "=:\n":
                name = text[self._place : place].rstrip(GO_BLANKS)
                if " " in name:
                    raise LoaderError("a name with a blank in it", line)
                self._place = place + 1
                return name, char
            if char not in _BLANKS and char not in _MORE_IN_NAMES and not (char.isalpha() or char.isnumeric()):
                raise LoaderError("a sign that no name may hold stands before the =", line)
        return "", ""  # the rest of the file is then the value of a variable without a name

    def _value(self, line: int) -> tuple[str, tuple[str, ...]]:
        text = self._text
        quote = text[self._place : self._place + 1]
        if quote in _QUOTED:
            return self._quoted(quote, line)
        end = text.find("\n", self._place)
        written = text[self._place : end if end >= 0 else len(text)]
        self._place = end + 1 if end >= 0 else len(text)
        return self._substituted(written.split(" #", 1)[0].rstrip(GO_BLANKS), line)

    def _quoted(self, quote: str, line: int) -> tuple[str, tuple[str, ...]]:
        body = _QUOTED[quote].match(self._text, self._place + 1)
        assert body is not None  # the pattern may be blank
        if not self._text.startswith(quote, body.end()):
            raise LoaderError("a quote mark that is never closed", line)
        self._place = body.end() + 1
        # only the backslash before the same mark goes
        plain = _ESCAPED.sub(lambda found: quote if found[1] == quote else found[0], body[0])
        return (plain, ()) if quote == "'" else self._substituted(_ESCAPE.sub(_unescaped, plain), line)

    def _substituted(self, template: str, line: int) -> tuple[str, tuple[str, ...]]:
        made = Substitution(self._known)
        try:
            return made.of(template), tuple(made.lost)
        except TemplateError as error:
            raise LoaderError(str(error), line) from None


def _unescaped(found: re.Match[str]) -> str:
    sign = found[0][1]
    if sign != "0":
        return _SIMPLE.get(sign, found[0])
    digits = found[0][2:]
    octal = re.fullmatch(r"[0-3][0-7]{2}", digits)
    return chr(int(digits, 8)) if octal else f"\\{digits}"
