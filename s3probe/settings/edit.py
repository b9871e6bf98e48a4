"""Changes variables in the text of an env file, and nothing else. Pure: text in, edits out.

The reader of the file decides: an edit is made only when the file, read again, gives the changed variable the value
that was meant, and every other variable the value that it had. Programs read the same text in different ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from s3probe.patterns import regex
from s3probe.records import dataclass
from s3probe.settings.dotenv import Place, places
from s3probe.settings.dotenv_line import in_quotes, ways

_KIN = regex(r"(?:S3|AWS)_")
_MARK = "\ufeff"

View = Mapping[str, str]
"""Name to value."""
Read = Callable[[str], tuple[View, ...] | None]
"""What a text gives, seen in one or more ways (the file alone; with all sources). ``None``: the reader refuses it."""


@dataclass(frozen=True, slots=True)
class Change:
    """The value that a variable is to have; ``None``: it is to be gone."""

    name: str
    value: str | None
    line: int | None = None
    """1-based. Where it stands, or where a line stands that was meant to set it and sets nothing."""
    above: int | None = None
    """1-based. The line that has the value already: those below it that set the variable again go."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from ``start`` up to ``end`` of the text become ``new``, for the sake of a variable."""

    start: int
    end: int
    new: str
    name: str


class NotPossibleError(Exception):
    """No edit of the text makes that change alone. ``also``: other variables that every edit would change."""

    def __init__(self, name: str, also: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.also = also


def edits(text: str, changes: Sequence[Change], read: Read, made: Sequence[Edit] = ()) -> tuple[Edit, ...]:
    """The edits that make ``changes`` beside those that were ``made`` already. Raises :class:`NotPossibleError`."""
    before = read(applied(text, made))
    if before is None:
        raise NotPossibleError(changes[0].name)
    settled: dict[str, str | None] = {}
    pending = [change.name for change in changes]
    done = tuple(made)
    for change in changes:
        pending.remove(change.name)
        settled[change.name] = change.value
        done = (*done, *_edit(text, change, done, _Check(read, before, settled, frozenset(pending))))
    return done[len(made) :]


def applied(text: str, made: Iterable[Edit]) -> str:
    """The text with every edit made."""
    parts, place = [], 0
    for edit in sorted(made, key=lambda edit: (edit.start, edit.end)):
        parts += [text[place : edit.start], edit.new]
        place = edit.end
    return "".join([*parts, text[place:]])


@dataclass(frozen=True, slots=True)
class _Check:
    """Compares what a text gives with what it gave before."""

    read: Read
    before: tuple[View, ...]
    settled: Mapping[str, str | None]
    pending: frozenset[str]
    """Variables whose own change is still to come."""

    def amiss(self, text: str) -> frozenset[str] | None:
        """The variables that have another value than they should; ``None`` where the reader refuses the text."""
        after = self.read(text)
        if after is None:
            return None
        return frozenset(
            name
            for old, new in zip(self.before, after, strict=True)
            for name in (old.keys() | new.keys() | self.settled.keys()) - self.pending
            if new.get(name) != self.settled.get(name, old.get(name))
        )


def _edit(text: str, change: Change, done: tuple[Edit, ...], check: _Check) -> tuple[Edit, ...]:
    also: frozenset[str] = frozenset()
    # another line may have made the change already: HOST=s3.$REGION.example
    for candidate in ((), *_candidates(text, change)):
        if any(_overlap(edit, other) for edit in candidate for other in done):
            continue
        amiss = check.amiss(applied(text, (*done, *candidate)))
        if amiss is not None and not amiss:
            return candidate
        if amiss is not None and change.name not in amiss:
            also = also or amiss
    raise NotPossibleError(change.name, tuple(sorted(also)))


def _overlap(edit: Edit, other: Edit) -> bool:
    return edit.start < other.end and other.start < edit.end


def _candidates(text: str, change: Change) -> Iterator[tuple[Edit, ...]]:
    """Ways to make the change, the one that a careful admin would choose first."""
    begin = len(_MARK) if text.startswith(_MARK) else 0
    found = [_moved(place, begin) for place in places(text[begin:])]
    own = [place for place in found if place.name == change.name]
    if change.value is None:
        yield tuple(Edit(place.start, _next_line(text, place.end), "", change.name) for place in own)
        return
    if change.above is not None:
        below = [place for place in own if _line_number(text, place.start) > change.above]
        yield tuple(Edit(place.start, _next_line(text, place.end), "", change.name) for place in below)
        return
    for start, end, line in _lines(text, change, change.value, own, found, begin):
        yield (Edit(start, end, line, change.name),)


def _moved(place: Place, by: int) -> Place:
    at = (place.start + by, place.value_start + by, place.value_end + by, place.end + by)
    return Place(place.name, place.export, *at, place.separated, place.assigns)


def _line_number(text: str, place: int) -> int:
    return len(re.findall(r"\r\n|\r|\n", text[:place])) + 1


def _next_line(text: str, end: int) -> int:
    """Where the line after the one that ends at ``end`` begins."""
    return end + (2 if text.startswith("\r\n", end) else 1) if end < len(text) else end


def _lines(
    text: str, change: Change, value: str, own: Sequence[Place], found: Sequence[Place], begin: int
) -> Iterator[tuple[int, int, str]]:
    if assigning := [place for place in own if place.assigns]:
        yield from _in_place(text, value, assigning[-1])  # dotenv lets the last one win
        return
    broken = _unusable(text, change.line, found)
    for way in ways(value):
        if broken is not None:
            yield (*broken, f"{change.name}={way}")
    for way in ways(value):
        line = f"{change.name}={way}"
        yield from _inserted(text, line, found, begin)


def _in_place(text: str, value: str, place: Place) -> Iterator[tuple[int, int, str]]:
    named = f"{place.export}{place.name}="
    comment = _comment(text, place, value)
    # what was quoted for its line ends needs no quotes without them
    quotes = "" if "\n" in text[place.start : place.value_end] else _quotes(text[place.value_start : place.value_end])
    for tail in dict.fromkeys((comment, "")):
        for way in dict.fromkeys((*in_quotes(value, quotes), *ways(value))):
            end = place.end - len(tail)
            if place.separated:
                yield place.value_start, end, way + (" " if tail.startswith("#") else "")
            yield place.start, end, named + way + (" " if tail.startswith("#") else "")


def _comment(text: str, place: Place, value: str) -> str:
    """The comment behind a value with the blanks before it; blank where it is rather a part of the value."""
    written, tail = text[place.value_start : place.value_end], text[place.value_end : place.end]
    comment = tail.strip()
    if not comment.startswith("#") or comment in value:
        return ""
    return tail if _quotes(written) or tail[0].isspace() or comment[1:2] in ("", " ", "\t") else ""


def _quotes(written: str) -> str:
    """The mark that stands around a value; blank where none does."""
    closed = len(written) > 1 and written[0] in "'\"" and written[-1] == written[0]
    return written[0] if closed else ""


def _unusable(text: str, number: int | None, found: Iterable[Place]) -> tuple[int, int] | None:
    """The line that was meant to set the variable and sets nothing (``S3-BUCKET=x``)."""
    lines = list(re.finditer(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", text))
    if number is None or not 0 < number <= len(lines):
        return None
    line = lines[number - 1]
    start, end = line.start() + (len(_MARK) if line.group().startswith(_MARK) else 0), line.start()
    end += len(line.group().rstrip("\r\n"))
    plain = text[start:end].strip()
    taken = any(place.start <= start <= place.end for place in found)
    return None if taken or not plain or plain.startswith("#") else (start, end)


def _inserted(text: str, line: str, found: Sequence[Place], begin: int) -> Iterator[tuple[int, int, str]]:
    """After the last line about storage; before a last line that has no end, which stays so; anywhere else."""
    ending = "\r\n" if re.match(r"[^\r\n]*\r\n", text) else "\n"
    ended = text.endswith("\n")
    last_line = max(text.rfind("\n") + 1, begin)
    last = next((place.start for place in found[-1:] if place.end >= last_line), last_line)
    kin = [_next_line(text, place.end) for place in found if _KIN.match(place.name)]
    for place in dict.fromkeys((*kin[-1:], len(text) if ended else last, begin)):
        if place == begin or text[place - 1] == "\n":
            yield place, place, line + ending
    if not ended:
        yield len(text), len(text), ending + line
