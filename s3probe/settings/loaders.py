"""What other programs make of the same env file before Mastodon starts: each of them has a dialect of its own.

Sources: docker/cli ``opts/file.go`` (``docker run --env-file``), compose-spec/compose-go ``dotenv/parser.go``
(``env_file`` of docker compose), systemd ``src/basic/env-file.c`` (``EnvironmentFile``), kubernetes/kubectl
``pkg/util/env_file.go`` (``--from-env-file`` of ConfigMaps and Secrets; ``docker run``'s rules with stricter names).
What such a program hands over is the process environment; dotenv then changes nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from s3probe.settings.model import Note, NoteKind, Variable

DOTENV = "dotenv"
_COMMENTED = re.compile(r"\s#")
_BOM = "\ufeff"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPANSION = re.compile(r"\\\$|\$\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[^}]*))?\}|\$(?P<bare>[A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One variable as a loader hands it over. ``line`` is 1-based, ``raw`` the text behind the ``=``."""

    name: str
    value: str
    line: int
    raw: str


def load_as(loader: str, text: str, environ: Mapping[str, str] | None = None) -> tuple[Loaded, ...]:
    """The variables of ``text`` in its order, a name given twice twice. Raises KeyError for an unknown loader."""
    return tuple(LOADERS[loader](text, dict(environ or {})))


def _verbatim(text: str, _environ: Mapping[str, str]) -> Iterator[Loaded]:
    """``docker run --env-file``: everything behind the first ``=`` as it stands. Only the line end goes."""
    for number, line in enumerate(text.removeprefix(_BOM).split("\n"), 1):
        stripped = line.removesuffix("\r").lstrip()
        name, equals, value = stripped.partition("=")
        if stripped and not stripped.startswith("#") and equals and name and not re.search(r"[ \t]", name):
            yield Loaded(name, value, number, value)


def _kubernetes(text: str, environ: Mapping[str, str]) -> Iterator[Loaded]:
    return (loaded for loaded in _verbatim(text, environ) if _NAME.fullmatch(loaded.name))


class _Systemd:
    """The state machine of ``parse_env_file_internal``, with regular expressions for its states."""

    _ASSIGNMENT = re.compile(r"[ \t\r\n]*(?P<key>[^=\r\n]*)(?P<equals>=)?")
    _PIECE = re.compile(
        r"'(?P<single>[^']*)(?:'|\Z)"
        r'|"(?P<double>(?:\\[\s\S]|[^"\\])*)(?:"|\Z)'
        r"|(?P<blank>[ \t]+)"
    )

    def __call__(self, text: str, _environ: Mapping[str, str]) -> Iterator[Loaded]:
        place = 0
        while place < len(text):
            found = self._ASSIGNMENT.match(text, place)
            assert found is not None  # every part of the pattern may be blank
            key, place = found["key"], found.end()
            if key.startswith(("#", ";")):
                place = self._end_of_comment(text, found.start("key"))
            elif found["equals"]:
                begun = place
                value, place = self._value(text, place)
                if _NAME.fullmatch(key.rstrip()):
                    yield Loaded(key.rstrip(), value, text.count("\n", 0, begun) + 1, text[begun:place])
            elif place == found.start():
                place += 1

    @staticmethod
    def _end_of_comment(text: str, place: int) -> int:
        end = re.compile(r"(?:\\[^\r\n]|[^\r\n])*").match(text, place)
        return end.end() if end else place

    def _value(self, text: str, place: int) -> tuple[str, int]:
        """Quoted pieces and blanks at the start, then plain text to the end of the line (PRE_VALUE, then VALUE)."""
        value = ""
        while (piece := self._PIECE.match(text, place)) is not None:
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


def _compose(text: str, environ: Mapping[str, str]) -> Iterator[Loaded]:
    """``env_file`` of docker compose: quotes, ``#`` anywhere in a plain value, ``$NAME`` but in single quotes."""
    known = dict(environ)
    text = text.removeprefix(_BOM)
    pattern = re.compile(
        r"[ \t\v\f\r\n\u0085\u00a0]*(?:#[^\n]*|(?:export(?=[ \t]))?[ \t]*(?P<key>[\w.]+)[ \t]*[=:][ \t\r\v\f]*"
        r"(?:'(?P<single>(?:\\'|[^'])*)'|\"(?P<double>(?:\\\"|[^\"])*)\"|(?P<plain>[^\n]*)))"
    )
    place = 0
    while place < len(text):
        found = pattern.match(text, place)
        if found is None:
            place = (text.find("\n", place) + 1) or len(text)  # compose refuses the whole file here
            continue
        place = max(found.end(), place + 1)
        if found["key"] is None:
            continue
        if found["single"] is not None:
            value = found["single"]
        elif found["double"] is not None:
            unescaped = re.sub(r"\\([nr])", lambda escape: {"n": "\n", "r": "\r"}[escape[1]], found["double"])
            value = _expanded(re.sub(r"\\([^$])", r"\1", unescaped), known)
        else:
            value = _expanded(found["plain"].split("#")[0].rstrip(), known)
        known[found["key"]] = value
        raw = next(
            found.group(0)[found.start(g) - found.start() :]
            for g in ("single", "double", "plain")
            if found[g] is not None
        )
        yield Loaded(found["key"], value, text.count("\n", 0, found.start("key")) + 1, raw)


def _expanded(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found["braced"] or found["bare"]
        return "$" if name is None else known.get(name) or found["default"] or ""

    return _EXPANSION.sub(value, text)


def differences(source: str, text: str, variables: Iterable[Variable]) -> Iterator[Note]:
    """Where docker and systemd would hand over more than dotenv reads: quote marks, or the comment behind a value."""
    others = {name: {one.name: one for one in load_as(name, text)} for name in ("docker", "systemd")}
    for variable in variables:
        docker, systemd = (others[name].get(variable.name) for name in ("docker", "systemd"))
        if docker is None or docker.line != variable.line:
            continue
        kept = docker.value.strip()
        if systemd is not None and _COMMENTED.search(systemd.value) and variable.value != systemd.value:
            yield Note(NoteKind.LOADER_KEEPS_COMMENT, source, docker.line, variable.name)
        if kept[:1] in ("'", '"') and kept != variable.value:
            yield Note(NoteKind.LOADER_KEEPS_QUOTES, source, docker.line, variable.name)


LOADERS: dict[str, Callable[[str, Mapping[str, str]], Iterator[Loaded]]] = {
    "compose": _compose,
    "docker": _verbatim,
    "systemd": _Systemd(),
    "kubernetes": _kubernetes,
}
"""By the name that ``--loader`` takes, dotenv apart."""
