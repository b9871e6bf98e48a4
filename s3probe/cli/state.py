"""What is remembered from run to run: which troubles there were, and since when. So a mail comes once, not every time.

The file holds ids, titles and dates; nothing in it is a secret, and nobody but its owner may read it all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from s3probe.cli.errors import UsageError
from s3probe.cli.files import led_to, write_atomically
from s3probe.diagnosis.model import Severity
from s3probe.evidence.vocabulary import OF_A_THOROUGH_RUN, ActionId, ObservationId
from s3probe.records import dataclass
from s3probe.report.formats import Unexamined
from s3probe.report.model import Report, Verdict
from s3probe.settings.reading import read_bytes

VERSION = 1
LARGEST = 4 * 1024 * 1024
"""Bytes; ten thousand env files stay far below."""


@dataclass(frozen=True, slots=True)
class OpenCause:
    """Something that was wrong with one env file. ``since`` is UTC; ``because``: ids of what showed it."""

    source: str
    id: str
    title: str
    since: datetime
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What the state file says. ``told``: when troubles were last reported; ``None``: never."""

    troubles: tuple[OpenCause, ...] = ()
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the last run, and what to remember for the next one."""

    begun: tuple[OpenCause, ...]
    lasting: tuple[OpenCause, ...]
    ended: tuple[OpenCause, ...]
    reminder: bool
    after: Memory

    @property
    def worth_telling(self) -> bool:
        return bool(self.begun or self.ended or self.reminder)

    def lines(self, now: datetime) -> list[str]:
        """The change in words, one trouble a line."""
        named = len({t.source for t in (*self.begun, *self.lasting, *self.ended)}) > 1

        def line(lead: str, trouble: OpenCause) -> str:
            return f"{lead}: {f'{trouble.source}: ' if named else ''}{trouble.title} [{trouble.id}]"

        return [
            *(line("Newly failing", t) for t in self.begun),
            *(line(f"Still failing since {t.since:%Y-%m-%d %H:%M} UTC", t) for t in self.lasting),
            *(line(f"Recovered after {_duration(now - t.since)}", t) for t in self.ended),
        ]


def compare(
    before: Memory,
    reports: Sequence[Report],
    unexamined: Sequence[Unexamined],
    now: datetime,
    remind: timedelta | None = None,
) -> News:
    """Sets this run against the last one.

    A source that was not looked at this time keeps its troubles, and so does what a thorough run alone looks at.
    """
    known = {(t.source, t.id): t for t in before.troubles}
    current = {(t.source, t.id): t for t in _troubles(reports, unexamined, now)}
    sources = {report.subject.source for report in reports} | {missed.source for missed in unexamined}
    begun = tuple(t for key, t in current.items() if key not in known)
    lasting = tuple(known[key] for key in current if key in known)
    # could not tell this time: what was wrong before is neither fixed nor new
    unclear = {t.source for t in current.values() if t.id in _UNCLEAR}
    seen = {report.subject.source: report for report in reports}
    kept = tuple(
        t
        for key, t in known.items()
        if key not in current
        and (t.source not in sources or t.source in unclear or _was_left_out(t, seen.get(t.source)))
    )
    ended = tuple(t for key, t in known.items() if key not in current and t not in kept)
    due = remind is not None and bool(lasting) and before.told is not None and now - before.told >= remind
    told = now if begun or ended or due or before.told is None else before.told
    return News(begun, lasting, ended, due, Memory((*begun, *lasting, *kept), told))


def _was_left_out(trouble: OpenCause, report: Report | None) -> bool:
    """Whether this run asked nothing of what showed it, as a thorough one does."""
    if report is None or not trouble.because:
        return False
    return all(_is_left_out(ObservationId(name), report) for name in trouble.because)


def _is_left_out(name: ObservationId, report: Report) -> bool:
    row = report.evidence.get(name)
    if row is None:
        return name == ActionId.PUBLIC_FOLDERS or any(kind.made(name) for kind in OF_A_THOROUGH_RUN)
    return row.for_a_thorough_run


UNKNOWN, UNREADABLE, LEFT_BEHIND, RULE_ERROR = "could-not-tell", "unreadable", "left-behind", "rule-error"
_UNCLEAR = (UNKNOWN, UNREADABLE, RULE_ERROR)


def _troubles(reports: Sequence[Report], unexamined: Sequence[Unexamined], now: datetime) -> list[OpenCause]:
    found = []
    for report in reports:
        source = report.subject.source
        worth = (f for f in report.findings if f.severity is not Severity.NOTICE)
        found += [OpenCause(source, f.id, f.title, now, tuple(map(str, f.because))) for f in worth]
        if report.rule_errors:
            failed = ", ".join(error.rule for error in report.rule_errors)
            found.append(OpenCause(source, RULE_ERROR, f"Rules of s3probe failed: {failed}", now))
        elif report.verdict is Verdict.UNKNOWN:
            found.append(OpenCause(source, UNKNOWN, "s3probe could not tell whether media storage works", now))
        if report.evidence.cleanup.left_behind:
            found.append(OpenCause(source, LEFT_BEHIND, "Test objects could not be removed", now))
    for missed in unexamined:
        found.append(OpenCause(missed.source, UNKNOWN if missed.hindered else UNREADABLE, missed.message, now))
    return found


def _duration(time: timedelta) -> str:
    minutes = max(int(time.total_seconds() // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def refuse_no_file(path: Path) -> None:
    """Raises a :class:`UsageError` for what can hold no state: a pipe, a device."""
    led_to(path)  # Linux itself says no more of a stranger's link than that it may not be followed
    if path.exists() and not path.is_file():
        raise UsageError(f"The state {path} is not an ordinary file", "Name a file of its own: --state FILE.")


def load(path: Path) -> tuple[Memory, str]:
    """What was remembered, and why nothing was when the file cannot be used (mostly the blank string)."""
    try:
        refuse_no_file(path)
        data = read_bytes(path, LARGEST + 1)
    except FileNotFoundError:
        return Memory(), ""
    except OSError as error:
        raise UsageError(f"The state file {path} cannot be read: {error.strerror}", "Check its rights.") from None
    if not data:
        return Memory(), ""
    try:
        return _read(json.loads(data)), ""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return Memory(), f"The state file {path} is not one of s3probe's; it is begun anew."


def _read(document: Mapping[str, object]) -> Memory:
    if document["version"] != VERSION:
        raise ValueError(document["version"])
    troubles = document["troubles"]
    if not isinstance(troubles, list):
        raise TypeError(troubles)
    told = document["told"]
    return Memory(
        tuple(
            OpenCause(str(t["source"]), str(t["id"]), str(t["title"]), _time(t["since"]), _ids(t.get("because", ())))
            for t in troubles
        ),
        None if told is None else _time(told),
    )


def _ids(names: object) -> tuple[str, ...]:
    if not isinstance(names, list | tuple):
        raise TypeError(names)
    return tuple(map(str, names))


def _time(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def save(path: Path, memory: Memory) -> None:
    """Writes the file at once and readable by its owner alone. Raises :class:`UsageError`."""
    troubles = [
        {"source": t.source, "id": t.id, "title": t.title, "since": t.since.isoformat(), "because": list(t.because)}
        for t in memory.troubles
    ]
    told = memory.told.isoformat() if memory.told else None
    text = json.dumps({"version": VERSION, "told": told, "troubles": troubles}, indent=1)
    write_atomically(path, f"{text}\n", mode=0o600)
