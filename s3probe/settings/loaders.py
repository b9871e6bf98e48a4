"""What other programs make of the same env file before Mastodon starts: each of them has a dialect of its own.

What such a program hands over is the process environment; dotenv then changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from s3probe.patterns import regex
from s3probe.settings.compose import bare_names as bare_in_compose
from s3probe.settings.compose import compose
from s3probe.settings.loaded import Loaded, LoaderError
from s3probe.settings.model import Note, NoteKind, Variable
from s3probe.settings.systemd import left_out, systemd
from s3probe.settings.verbatim import bare_names, docker, kubernetes, taken

__all__ = [
    "COMPOSE",
    "DOCKER",
    "DOTENV",
    "KUBERNETES",
    "LOADERS",
    "SYSTEMD",
    "Loaded",
    "LoaderError",
    "differences",
    "dropped",
    "load_as",
]

DOTENV, COMPOSE, DOCKER, KUBERNETES, SYSTEMD = "dotenv", "compose", "docker", "kubernetes", "systemd"
_COMMENTED = regex(r"\s#")


def load_as(loader: str, text: str, environ: Mapping[str, str] | None = None) -> tuple[Loaded, ...]:
    """The variables of ``text`` in its order, a name given twice twice.

    Raises :class:`LoaderError` where the program refuses the file, and KeyError for an unknown loader.
    """
    return tuple(LOADERS[loader](text, dict(environ or {})))


def dropped(loader: str, text: str, environ: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """What stands before the ``=`` of lines that ``loader`` leaves out without a word, and their numbers.

    Of a file that it does not refuse.
    """
    if loader == SYSTEMD:
        yield from left_out(text)
    bare = bare_in_compose(text, environ) if loader == COMPOSE else bare_names(text) if loader == DOCKER else ()
    yield from ((name, line) for name, line in bare if name not in environ)


def differences(source: str, text: str, variables: Iterable[Variable]) -> Iterator[Note]:
    """Where docker and systemd would hand over more than dotenv reads: quote marks, or the comment behind a value."""
    by_docker = {one.name: one for one in taken(text)}
    by_systemd = {one.name: one.value for one in load_as(SYSTEMD, text)}
    for variable in variables:
        verbatim, unit = by_docker.get(variable.name), by_systemd.get(variable.name)
        if verbatim is None or verbatim.line != variable.line:
            continue
        kept = verbatim.value.strip()
        if unit is not None and _COMMENTED.search(unit) and variable.value != unit:
            yield Note(NoteKind.LOADER_KEEPS_COMMENT, source, verbatim.line, variable.name)
        if kept[:1] in ("'", '"') and kept != variable.value:
            yield Note(NoteKind.LOADER_KEEPS_QUOTES, source, verbatim.line, variable.name)


LOADERS: dict[str, Callable[[str, Mapping[str, str]], Iterator[Loaded]]] = {
    COMPOSE: compose,
    DOCKER: docker,
    SYSTEMD: systemd,
    KUBERNETES: kubernetes,
}
"""By the name that ``--loader`` takes, dotenv apart."""
