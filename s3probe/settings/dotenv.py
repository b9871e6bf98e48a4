r"""Ruby's dotenv 3.2, exactly, with one exception: ``$(command)`` is never run.

Mastodon hands its env files to the dotenv gem, which differs from every other dialect of the format:
``#`` ends an unquoted value anywhere, ``$name`` is replaced also in double quotes, ``\`` vanishes, ``KEY: v`` works.
Source: bkeepers/dotenv, ``lib/dotenv/parser.rb`` and ``lib/dotenv/substitutions/``; golden/dotenv.json is its output.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping

from s3probe.patterns import regex
from s3probe.records import dataclass, replace
from s3probe.settings.assignment import Assignment
from s3probe.settings.dotenv_value import BLANKS, literal, names_in, parse_value
from s3probe.settings.model import Note, NoteKind
from s3probe.settings.notes import assignment_notes, skipped_lines
from s3probe.settings.ruby import inspect

__all__ = ["Assignment", "DotenvError", "ParsedFile", "Place", "decode", "expanded", "literal", "parse", "places"]

# The gem's LINE pattern, written so that no text can make it slow: a key stands alone behind its own line's blanks
# (blank lines before it add nothing), and whatever repeats never gives back what it took.
_LINE = regex(
    r"""
    ^[ \t\f\v]*+
    (?P<export>export\s++)?
    (?P<key>[A-Za-z0-9_.]++)
    (?:
      (?P<separator>\s*+=|:\s)
      (?P<value>\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|[^\#\n]+)?
    )?
    \s*(?:\#.*)?$
    """,
    re.MULTILINE | re.VERBOSE | re.ASCII,
)
_ANY_NAME = "s3probe.expanded"
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32LE"),
    (b"\0\0\xfe\xff", "UTF-32BE"),
    (b"\xff\xfe", "UTF-16LE"),
    (b"\xfe\xff", "UTF-16BE"),
    (b"\xef\xbb\xbf", "UTF-8"),
)


class DotenvError(Exception):
    """dotenv refuses the file, and Mastodon does not start.

    ``exception`` is the Ruby class, ``line`` the 1-based line it is about (``None`` when unknown).
    """

    def __init__(self, exception: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.exception = exception
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What one file defines."""

    assignments: tuple[Assignment, ...] = ()
    notes: tuple[Note, ...] = ()

    def values(self) -> dict[str, str]:
        """Name to value; the last assignment of a name wins."""
        return {a.name: a.value for a in self.assignments}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text sets a variable: offsets into the text as it was given, whatever its line ends are."""

    name: str
    export: str
    """``export`` with the blanks behind it, or blank."""
    start: int
    """Of the line on which the name stands."""
    value_start: int
    value_end: int
    """Of the value with its quotes, without the blanks around it."""
    end: int
    """Of the line on which the value ends, before its line end."""
    separated: bool
    """Whether an equals sign or a colon stands behind the name."""
    assigns: bool = True
    """False of ``export NAME``, which dotenv wants to be set already."""


def decode(data: bytes) -> str:
    """The file's text as dotenv opens it (``rb:bom|utf-8``): a BOM chooses the encoding.

    Raises :class:`DotenvError` where dotenv's first regular expression would.
    """
    # UTF-32LE's mark begins with UTF-16LE's
    bom, encoding = next((mark for mark in _BYTE_ORDER_MARKS if data.startswith(mark[0])), (b"", "UTF-8"))
    try:
        text = data.removeprefix(bom).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start + len(bom)) + 1
        raise DotenvError("ArgumentError", f"invalid byte sequence in {encoding}", line) from None
    if encoding != "UTF-8":
        message = f"incompatible encoding regexp match (US-ASCII regexp with {encoding} string)"
        raise DotenvError("Encoding::CompatibilityError", message)
    return text


def parse(
    text: str | bytes,
    environment: Mapping[str, str] | None = None,
    *,
    source: str = "",
    computed: Collection[str] = (),
) -> ParsedFile:
    """Parse one file as dotenv 3.2 does when ``environment`` is what earlier sources (the process first) defined.

    ``source`` is the file's name for the notes; ``computed`` are the names in ``environment`` whose values only a
    command knows. Raises :class:`DotenvError` exactly where dotenv raises.
    """
    has_bom = isinstance(text, bytes) and text.startswith(b"\xef\xbb\xbf")
    plain = decode(text) if isinstance(text, bytes) else text
    lines = plain.replace("\r\n", "\n").replace("\r", "\n")
    environment = environment or {}
    seen: dict[str, str] = {}
    unknown = set(computed)
    written: dict[str, str] = {}
    assignments: list[Assignment] = []
    notes: list[Note] = []
    spans: list[tuple[int, int]] = []
    if has_bom:
        notes.append(Note(NoteKind.BOM, source, 1))
    if "\r" in plain:
        notes.append(Note(NoteKind.CRLF, source, plain.replace("\r\n", "\n").count("\n", 0, plain.find("\r")) + 1))
    for match, number in _numbered(lines):
        spans.append(match.span())
        name = match["key"]
        if match["export"] and not match["value"] and not _defined_before(name, environment):
            if name not in seen:
                raise _unset_variable(lines, match, spans, number)
            continue
        assignment = _assignment(match, number, lines, seen, environment)
        named = names_in(match["value"] or "")
        if not assignment.taken_from_environment:
            assignment = replace(assignment, command=assignment.command or not unknown.isdisjoint(named))
            (unknown.add if assignment.command else unknown.discard)(name)
        # what a command makes of a name is its own affair
        lost = [] if assignment.command else [one for one in named if one not in seen and one not in environment]
        notes.extend(assignment_notes(assignment, source, previous=written.get(name), lost=lost))
        seen[name], written[name] = assignment.value, assignment.written
        assignments.append(assignment)
    _refuse_nul(assignments)
    notes.extend(skipped_lines(lines, spans, source))
    return ParsedFile(tuple(assignments), tuple(sorted(notes, key=lambda note: note.line)))


def expanded(raw: str, values: Mapping[str, str]) -> str:
    """What dotenv makes of the text behind an equals sign when these values stand above it."""
    return parse(f"{_ANY_NAME}={raw}", values).values().get(_ANY_NAME, "")


def places(text: str) -> Iterator[Place]:
    """The lines of ``text`` (without a byte order mark) that set a variable, in their order."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # a line end of two characters became one: where each of them now is, to count those before an offset
    shortened = [found.start() - number for number, found in enumerate(re.finditer("\r\n", text))]

    def given(offset: int) -> int:
        return offset + bisect_left(shortened, offset)

    for match, _number in _numbered(lines):
        behind = match.end("separator") if match["separator"] is not None else match.end("key")
        written = match["value"] or ""
        start = behind + len(written) - len(written.lstrip(BLANKS))
        end = start + len(written.strip(BLANKS))
        if start == end:
            start = end = behind
        stop = lines.find("\n", end)
        first, last = lines.rfind("\n", 0, match.start("key")) + 1, stop if stop >= 0 else len(lines)
        name, export, separated = match["key"], match["export"] or "", match["separator"] is not None
        yield Place(
            name,
            export,
            given(first),
            given(start),
            given(end),
            given(last),
            separated,
            bool(match["value"] or not export),
        )


def _numbered(lines: str) -> Iterator[tuple[re.Match[str], int]]:
    number, position = 1, 0
    for match in _LINE.finditer(lines):
        start = match.start("key")
        number += lines.count("\n", position, start)
        position = start
        yield match, number


def _refuse_nul(assignments: list[Assignment]) -> None:
    for assignment in assignments:
        if "\0" in assignment.value and not assignment.taken_from_environment:
            message = "bad environment variable value: contains null byte"
            raise DotenvError("ArgumentError", message, assignment.line)


def _defined_before(name: str, environment: Mapping[str, str]) -> bool:
    return name in environment and name != "DOTENV_LINEBREAK_MODE"


def _assignment(
    match: re.Match[str], number: int, lines: str, seen: Mapping[str, str], environment: Mapping[str, str]
) -> Assignment:
    name, raw = match["key"], _raw(match, lines)
    value, command = parse_value(match["value"] or "", seen, environment)
    if _defined_before(name, environment):
        return Assignment(name, environment[name], number, raw, value, taken_from_environment=True)
    return Assignment(name, value, number, raw, value, command=command)


def _raw(match: re.Match[str], lines: str) -> str:
    """Everything behind the separator; up to the end of its last line, so with a comment that may be no comment."""
    if match["separator"] is None:
        return ""
    start, end = match.end("separator"), match.end("value") if match["value"] else match.end("separator")
    stop = lines.find("\n", end)
    return lines[start : stop if stop >= 0 else len(lines)].strip(BLANKS)


def _unset_variable(lines: str, match: re.Match[str], spans: list[tuple[int, int]], number: int) -> DotenvError:
    before = spans[-2][1] if len(spans) > 1 else 0
    start = match.start()
    while start > before and lines[start - 1] in BLANKS:
        start -= 1
    # the gem's match begins at a line's start, never in the middle of the line before
    if start > 0 and lines[start - 1] != "\n":
        start = lines.find("\n", start, match.start()) + 1
    text = lines[start : match.end()]
    return DotenvError("Dotenv::FormatError", f"Line {inspect(text)} has an unset variable", number)
