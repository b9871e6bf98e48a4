"""What dotenv did to a file without saying so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from s3probe.patterns import regex
from s3probe.settings.assignment import Assignment
from s3probe.settings.model import Note, NoteKind

_QUOTED = regex(r"""\A(?:'(?P<single>(?:\\'|[^'])*)'|"(?P<double>(?:\\"|[^"])*)")\s*(?:\#.*)?\Z""", re.DOTALL)
_QUOTES = ('"', "'")
_BACKSLASH = regex(r"\\[^$]")
# something like a name (capitals with a separator in it), so that no piece of a broken secret is ever shown
_NAME = regex(r"""\s*((?:set\s+|export\s+)?["']?[A-Z][A-Z0-9]*[-_. ][-A-Z0-9_. ]{1,40}["']?)\s*[=:+?]""")


def assignment_notes(
    assignment: Assignment, source: str, *, previous: str | None, lost: Collection[str] = ()
) -> Iterator[Note]:
    """What is worth knowing about one assignment.

    ``previous``: the value the same file has set before; ``lost``: the names in it that nothing has set.
    """
    raw, name, line = assignment.raw, assignment.name, assignment.line
    if previous is not None and previous != assignment.written:
        yield Note(NoteKind.DUPLICATE, source, line, name)
    if assignment.command:
        yield Note(NoteKind.COMMAND, source, line, name)
    quoted = _QUOTED.match(raw)
    active = raw if quoted is None else quoted["double"] or ""
    if quoted is None and _cut_by_hash(raw):
        yield Note(NoteKind.TRUNCATED_BY_HASH, source, line, name)
    if quoted is None:
        active = active.split("#", 1)[0]
    if lost:
        yield Note(NoteKind.EXPANDED_DOLLAR, source, line, name)
    kept = active.replace(r"\n", "").replace(r"\r", "") if quoted else active
    if _BACKSLASH.search(kept):
        yield Note(NoteKind.DROPPED_BACKSLASH, source, line, name)
    if not assignment.taken_from_environment:
        yield from value_notes(name, assignment.value, source, line)


def value_notes(name: str, value: str, source: str, line: int) -> Iterator[Note]:
    """Marks that do not belong to a value; noted here because a saved run keeps the notes, but not the secrets."""
    if not value.isascii():
        yield Note(NoteKind.SMART_CHARACTER, source, line, name)
    if value[:1] in _QUOTES or value[-1:] in _QUOTES:
        yield Note(NoteKind.QUOTED, source, line, name)


def _cut_by_hash(raw: str) -> bool:
    """A ``#`` with no blank before it: more likely a part of the value than the start of a comment."""
    position = raw.find("#")
    return (
        position >= 0 and not (position > 0 and raw[position - 1].isspace()) and not raw[position + 1 :].startswith(" ")
    )


def like_a_name(line: str) -> str:
    """What looks like the name of a variable at the beginning of a line, or nothing."""
    found = _NAME.match(line)
    return found[1].strip() if found else ""


def skipped_lines(lines: str, spans: Sequence[tuple[int, int]], source: str) -> Iterator[Note]:
    """The lines that yield no variable and are neither blank nor a comment."""
    taken = iter([*spans, (len(lines) + 1, len(lines) + 1)])
    start, end = next(taken)
    position = 0
    for number, line in enumerate(lines.split("\n"), 1):
        stop = position + len(line)
        while end <= position and start <= len(lines):
            start, end = next(taken)
        covered = start < stop + 1 and end > position
        if not covered and line.strip() and not line.lstrip().startswith("#"):
            yield Note(NoteKind.SKIPPED_LINE, source, number, like_a_name(line))
        position = stop + 1
