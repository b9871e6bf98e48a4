"""``docker run --env-file`` and ``kubectl create … --from-env-file``: everything behind the first ``=`` as it stands.

What they said of several hundred files is in ``fixtures/golden/loaders.json`` (Docker 28.2.2, kubectl 1.32.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from s3probe.patterns import regex
from s3probe.settings.loaded import GO_BLANKS, Loaded, LoaderError

LONGEST_LINE = 65535
"""Bytes of a line, its line feed left out, that both programs still read."""
_KEY = regex(r"(?!\.{1,2}\Z|\.\.)[A-Za-z_.-][A-Za-z0-9_.-]*")


def docker(text: str, environ: Mapping[str, str]) -> Iterator[Loaded]:
    """A name without ``=`` is given the value that docker itself was started with, or left out."""
    for number, line in _lines(text):
        if len(line.encode()) > LONGEST_LINE:
            raise LoaderError(f"the line is longer than {LONGEST_LINE} bytes", number)
        name, equals, value = _plain(line).partition("=")
        if not name and not equals:
            continue
        if not name:
            raise LoaderError("no name stands before the =", number)
        if " " in name or "\t" in name:
            raise LoaderError(_blank_in(name), number)
        if equals:
            yield Loaded(name, value, number, value)
        elif name in environ:
            yield Loaded(name, environ[name], number, "")


def bare_names(text: str) -> Iterator[tuple[str, int]]:
    """Lines with a name alone, and their numbers: docker hands over what it was itself started with, or nothing."""
    for number, line in _lines(text):
        plain = _plain(line)
        if plain and "=" not in plain and not re.search(r"[ \t]", plain):
            yield plain, number


def taken(text: str) -> Iterator[Loaded]:
    """The lines that docker takes by themselves, whatever it makes of the others."""
    for number, line in _lines(text):
        name, equals, value = _plain(line).partition("=")
        if name and equals and not re.search(r"[ \t]", name):
            yield Loaded(name, value, number, value)


def kubernetes(text: str, environ: Mapping[str, str]) -> Iterator[Loaded]:
    """ConfigMaps and Secrets: stricter names, each of them once; what follows an overlong line is dropped."""
    seen: dict[str, int] = {}
    for number, line in _lines(text):
        if len(line.encode()) > LONGEST_LINE:
            return
        name, equals, value = _plain(line).partition("=")
        if not name and not equals:
            continue
        if not _KEY.fullmatch(name):
            blank = " " in name or "\t" in name
            raise LoaderError(_blank_in(name) if blank else "that is no name of a variable", number)
        if name in seen:
            raise LoaderError(f"line {seen[name]} gives that name a value already", number)
        seen[name] = number
        yield Loaded(name, value if equals else environ.get(name, ""), number, value)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        yield number, line.removesuffix("\r")


def _plain(line: str) -> str:
    """Without the blanks before it; blank for a comment."""
    stripped = line.lstrip(GO_BLANKS)
    return "" if stripped.startswith("#") else stripped


def _blank_in(name: str) -> str:
    if re.match(r"export[ \t]", name):
        return "it begins with export"
    return "a name with a blank in it" if re.fullmatch(r"[\w.]+[ \t]+[\w. \t]*", name) else "that is no NAME=value"
