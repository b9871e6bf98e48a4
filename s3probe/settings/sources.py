"""Which source wins: the files and the process environment as Mastodon's start would read them.

Order in production (dotenv-rails 3): process environment, ``.env.production.local``, ``.env.local``,
``.env.production``, ``.env``. The first definition of a name wins, a blank one too; within one file the last.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal

from s3probe.settings.dotenv import DotenvError, ParsedFile, parse
from s3probe.settings.loaders import DOTENV, LOADERS, LoaderError, differences, dropped, load_as
from s3probe.settings.model import PROCESS_ENVIRONMENT, STANDARD_INPUT, Earlier, Environment, Note, NoteKind, Variable
from s3probe.settings.notes import like_a_name, value_notes
from s3probe.settings.reading import read_bytes, read_input

FILES_IN_ORDER = (".env.production.local", ".env.local", ".env.production", ".env")
MAX_BYTES = 1024 * 1024
_MARKS = ("bin/tootctl", "config/application.rb", "config/initializers/paperclip.rb")


class SettingsError(Exception):
    """The settings cannot be read. ``message`` says what is wrong, ``advice`` what to do about it."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def load(
    env_file: Path | Literal["-"] | None,
    *,
    environ: Mapping[str, str] | None = None,
    siblings: bool | None = None,
    stdin: BinaryIO | None = None,
    loader: str | None = None,
    content: bytes | None = None,
) -> Environment:
    """Read what Mastodon would see. Raises :class:`SettingsError`.

    ``env_file``: the file, ``"-"`` for standard input, ``None`` for the process environment alone.
    ``environ``: the process environment, which wins over every file; ``None`` leaves it out.
    ``siblings``: also read the other files Mastodon reads beside ``env_file``; ``None`` decides by whether
    the folder is Mastodon's and the file is one of those four.
    ``loader``: what hands the file to Mastodon (``settings.loaders``); ``None`` is dotenv, with notes on the others.
    ``content``: what ``env_file`` is taken to hold, whatever stands there.
    """
    collected = _Collected(loader)
    if environ is not None:
        collected.add_process(environ)
    if env_file == "-":
        collected.add_file(STANDARD_INPUT, _read_stream(stdin))
    elif env_file is not None:
        for path in _files(env_file, siblings):
            collected.add_file(str(path), content if content is not None and path == env_file else _read(path))
            if readable_by_all(path):
                collected.add_note(Note(NoteKind.READABLE_BY_ALL, str(path), 0))
    return collected.environment()


def in_mastodon_folder(env_file: Path) -> bool:
    """Whether ``env_file`` is one of the files a Mastodon in that folder reads."""
    folder = env_file.parent
    return env_file.name in FILES_IN_ORDER and any((folder / mark).is_file() for mark in _MARKS)


def _files(env_file: Path, siblings: bool | None) -> list[Path]:
    together = in_mastodon_folder(env_file) if siblings is None else siblings and env_file.name in FILES_IN_ORDER
    if not together:
        return [env_file]
    paths = [env_file.with_name(name) for name in FILES_IN_ORDER]
    # dotenv ignores files that do not exist; the one that was named must exist
    return [path for path in paths if path == env_file or path.is_file()]


class _Collected:
    """Variables in the order of their sources."""

    def __init__(self, loader: str | None = None) -> None:
        self._loader = loader
        self._variables: dict[str, Variable] = {}
        self._sources: list[str] = []
        self._notes: list[Note] = []

    def add_note(self, note: Note) -> None:
        self._notes.append(note)

    def add_process(self, environ: Mapping[str, str]) -> None:
        self._sources.append(PROCESS_ENVIRONMENT)
        for name, value in environ.items():
            self._variables[name] = Variable(name, value)
            self._notes.extend(value_notes(name, value, PROCESS_ENVIRONMENT, 0))

    def add_file(self, source: str, data: bytes) -> None:
        if self._loader in LOADERS:
            self._add_loaded(source, data, self._loader)
            return
        self._add_dotenv(source, data)
        if self._loader is None:
            own = [v for v in self._variables.values() if v.source == source]
            self._notes.extend(differences(source, _text(source, data), own))

    def _add_loaded(self, source: str, data: bytes, loader: str) -> None:
        """What another program than dotenv hands over; dotenv leaves it as it is."""
        known = {name: v.value for name, v in self._variables.items()}
        self._sources.append(source)
        found: dict[str, Variable] = {}
        text = _text(source, data)
        try:
            loaded = load_as(loader, text, known)
        except LoaderError as error:
            self._notes.append(Note(NoteKind.LOADER_REFUSES, source, error.line, why=error.why))
            return
        named = ((like_a_name(f"{name}="), line) for name, line in dropped(loader, text, known))
        self._notes.extend(Note(NoteKind.LOADER_DROPS, source, line, name) for name, line in named if name)
        for one in loaded:
            if one.lost:
                self._notes.append(Note(NoteKind.EXPANDED_DOLLAR, source, one.line, one.name))
            if one.name not in self._variables:
                earlier = _earlier(found.get(one.name), one.value)
                found[one.name] = Variable(one.name, one.value, source, one.line, one.raw, earlier)
            elif one.value != self._variables[one.name].value:
                self._notes.append(Note(NoteKind.SHADOWED, source, one.line, one.name))
        for variable in found.values():
            self._notes.extend(value_notes(variable.name, variable.value, source, variable.line or 0))
        self._variables.update(found)

    def _add_dotenv(self, source: str, data: bytes) -> None:
        known = {name: v.value for name, v in self._variables.items()}
        parsed = _parse(source, data, known, [note.name for note in self._notes if note.kind is NoteKind.COMMAND])
        self._sources.append(source)
        self._notes.extend(parsed.notes)
        found: dict[str, Variable] = {}
        for a in parsed.assignments:
            if a.name in self._variables:
                if a.written != a.value:
                    self._notes.append(Note(NoteKind.SHADOWED, source, a.line, a.name))
            else:
                found[a.name] = Variable(a.name, a.value, source, a.line, a.raw, _earlier(found.get(a.name), a.value))
        self._variables.update(found)

    def environment(self) -> Environment:
        sources, notes = tuple(self._sources), tuple(self._notes)
        return Environment(MappingProxyType(dict(self._variables)), sources, notes, self._loader or DOTENV)


def _earlier(above: Variable | None, value: str) -> Earlier | None:
    """What the line above sets, where a line of the same file sets the variable again."""
    if above is None or above.line is None:
        return None
    return above.earlier if above.value == value else Earlier(above.value, above.line)


def _text(source: str, data: bytes) -> str:
    _refuse_other_formats(source, data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{source}, line {line} is not UTF-8", "Save the file as UTF-8.") from None


def _parse(source: str, data: bytes, known: Mapping[str, str], computed: Collection[str]) -> ParsedFile:
    _refuse_other_formats(source, data)
    try:
        return parse(data, known, source=source, computed=computed)
    except DotenvError as error:
        where = source if error.line is None else f"{source}, line {error.line}"
        if error.exception == "Dotenv::FormatError":
            # dotenv quotes the line with the comments behind it, where anything may stand
            said = re.sub(r'(?s)^Line ".*"', "The line", error.message)
            raise SettingsError(
                f"{where}: Mastodon does not start with this file: {error.exception}: {said}",
                "Give the exported variable a value (export NAME=value), or delete that line.",
            ) from error
        raise SettingsError(
            f"{where}: this is not UTF-8, and Mastodon does not start with it: {error.exception}: {error.message}",
            "Save the file as UTF-8. An accented letter in a comment is enough to cause this.",
        ) from error


def _refuse_other_formats(source: str, data: bytes) -> None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        raise SettingsError(
            f"{source} is saved as UTF-16 (Unicode); Mastodon does not start with it",
            "Save it again as UTF-8. With iconv: iconv -f UTF-16 -t UTF-8 OLD > NEW",
        )
    position = data.find(b"\0")
    if position >= 0:
        line = data.count(b"\n", 0, position) + 1
        raise SettingsError(
            f"{source}, line {line} holds a zero byte: this is not a text file",
            "Name Mastodon's env file (usually .env.production). If it is that file, save it again as UTF-8.",
        )


def _read(path: Path) -> bytes:
    try:
        return _limited(str(path), read_bytes(path, MAX_BYTES + 1))
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> SettingsError:
    """What to say of an env file that cannot be read."""
    match error:
        case FileNotFoundError():
            return SettingsError(
                f"{path} does not exist",
                "Run s3probe in Mastodon's folder (often /home/mastodon/live) or name the file; containers: --environ.",
            )
        case IsADirectoryError():
            return SettingsError(f"{path} is a folder", f"Name the file in it, e.g. {path / '.env.production'}")
        case PermissionError():
            return SettingsError(
                f"{path} may not be read by this user",
                f"Run s3probe as the user that owns it, e.g. sudo -u mastodon s3probe check {path}",
            )
    return SettingsError(f"{path} cannot be read: {error.strerror}", "Check the path and the disk.")


def readable_by_all(path: Path) -> bool:
    """Whether every user of this machine can read ``path``: its own mode, and a way through all folders above it."""
    try:
        whole = path.resolve(strict=True)
        if not whole.stat().st_mode & stat.S_IROTH:
            return False
        return all(folder.stat().st_mode & stat.S_IXOTH for folder in whole.parents)
    except OSError:
        return False


def _read_stream(stdin: BinaryIO | None) -> bytes:
    if stdin is not None:
        return _limited(STANDARD_INPUT, stdin.read(MAX_BYTES + 1))
    try:
        data = read_input(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"Standard input cannot be read: {error.strerror}",
            "Name the file, or hand it in whole: s3probe check - < FILE",
        ) from None
    return _limited(STANDARD_INPUT, data)


def _limited(source: str, data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise SettingsError(
            f"{source} is larger than 1 MiB, so it is hardly an env file",
            "Name Mastodon's env file, usually .env.production.",
        )
    return data
