"""Edits of a file as a unified diff that ``patch -p0`` applies, without lines that may not be shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from s3probe.records import dataclass
from s3probe.settings.edit import Edit, applied

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines ``first`` up to ``last`` of a text (0-based, ``last`` not included) become ``new``."""

    first: int
    last: int
    new: tuple[str, ...]
    names: tuple[str, ...]
    """The variables for whose sake it is made."""


def lines_of(text: str) -> list[str]:
    """Its lines as patch counts them, with their ends."""
    # str.splitlines knows separators that dotenv takes for ordinary characters
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def hunks_of(text: str, edits: Iterable[Edit]) -> list[Hunk]:
    """The edits as whole lines; those that touch the same lines are one hunk."""
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start, end = text.rfind("\n", 0, edit.start) + 1, edit.end
        if (end > start and text[end - 1] != "\n") or (edit.new and not edit.new.endswith("\n")):
            end = text.find("\n", end) + 1 or len(text)
        if groups and start < groups[-1][1]:
            earlier, stop, before = groups.pop()
            groups.append((earlier, max(stop, end), [*before, edit]))
        else:
            groups.append((start, end, [edit]))
    return [_hunk(text, *group) for group in groups]


def _hunk(text: str, start: int, end: int, edits: list[Edit]) -> Hunk:
    first = text.count("\n", 0, start)
    old = text[start:end]
    moved = [Edit(edit.start - start, edit.end - start, edit.new, edit.name) for edit in edits]
    names = tuple(dict.fromkeys(edit.name for edit in edits))
    return Hunk(first, first + len(lines_of(old)), tuple(lines_of(applied(old, moved))), names)


def unified(text: str, hunks: Sequence[Hunk], name: str, may_show: Callable[[int], bool]) -> str:
    """The hunks with as much context as may be shown; blank when there is none.

    ``may_show`` tells it of the lines of ``text`` by their index. Hunks are given in their order.
    """
    lines = lines_of(text)
    parts: list[str] = []
    shift = low = 0
    for number, hunk in enumerate(hunks):
        high = hunks[number + 1].first if number + 1 < len(hunks) else len(lines)
        before, low = _context(hunk, low, high, len(lines), may_show)
        leading, trailing = lines[before : hunk.first], lines[hunk.last : low]
        old, new = low - before, len(leading) + len(hunk.new) + len(trailing)
        parts.append(f"@@ -{_range(before, old)} +{_range(before + shift, new)} @@\n")
        parts += _marked(" ", leading), _marked("-", lines[hunk.first : hunk.last])
        parts += _marked("+", hunk.new), _marked(" ", trailing)
        shift += new - old
    # patch takes a name with blanks as a whole only when a tab follows
    header = f"{name}\t" if " " in name else name
    return "".join([f"--- {header}\n+++ {header}\n", *parts]) if parts else ""


def _context(hunk: Hunk, low: int, high: int, lines: int, may_show: Callable[[int], bool]) -> tuple[int, int]:
    """From which line to which: as much on both sides but at an end of the file, as patch wants it."""
    for wanted in range(_CONTEXT, 0, -1):
        before, behind = max(hunk.first - wanted, 0), min(hunk.last + wanted, lines)
        around = (*range(before, hunk.first), *range(hunk.last, behind))
        if low <= before and behind <= high and all(map(may_show, around)):
            return before, behind
    return hunk.first, hunk.last


def _range(start: int, length: int) -> str:
    # an empty range is named by the line before it
    return str(start + 1) if length == 1 else f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: Iterable[str]) -> str:
    return "".join(
        f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n" for line in lines
    )
