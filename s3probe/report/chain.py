"""A picture of the way that a file takes, from Mastodon to those who look at it, and of the place where it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from s3probe.diagnosis.model import Severity
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, ObservationId
from s3probe.records import dataclass
from s3probe.report.model import Report
from s3probe.report.words import shown

_FAULTS = {
    NetworkFault.DNS: "no such name",
    NetworkFault.REFUSED: "refused",
    NetworkFault.NO_ROUTE: "no way",
    NetworkFault.CONNECT_TIMEOUT: "silence",
    NetworkFault.READ_TIMEOUT: "silence",
    NetworkFault.DEADLINE: "too slow",
    NetworkFault.CLOSED: "closed",
    NetworkFault.PROXY: "proxy",
    NetworkFault.PROTOCOL: "no HTTP",
    NetworkFault.TOO_LARGE: "too large",
}
_BROWSERS: Mapping[ObservationId, str] = {
    ActionId.PUBLIC_CORS: "CORS",
    ActionId.PUBLIC_RANGE: "ranges",
    ActionId.PUBLIC_CSP: "CSP",
    ActionId.PUBLIC_EMBED: "CORP",
}
"""What a browser asks for beside the picture."""
_SHUT: tuple[ObservationId, ...] = (
    ActionId.PUBLIC_LIST,
    ActionId.PUBLIC_LIST_ALIAS,
    ActionId.PUBLIC_VERSIONS,
    ActionId.PUBLIC_UPLOADS,
    ActionId.PUBLIC_WRITE,
    ActionId.PUBLIC_DELETE,
    ActionId.PUBLIC_DELETE_ORIGIN,
    ActionId.ARCHIVE_PUBLIC_GET,
    ActionId.ARCHIVE_ORIGIN_GET,
)
"""What visitors must not be able to do."""
_SEEN = (ActionId.PUBLIC_GET, ActionId.PUBLIC_GET_AVATAR, ActionId.PUBLIC_GET_CACHE, ActionId.PUBLIC_GET_EMOJI)
_WRONG = "wrong answer"
"""What was met where the status is a good one: the row says what was wrong with it."""
_LEAST = 12
"""Columns: a shorter name tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from the station before to ``to``. ``passes`` is ``None`` where nobody got that far."""

    to: str
    passes: bool | None
    said: str = ""
    """What was met where it does not pass: ``403``, ``no such name``, ``CORS``."""


def legs(report: Report) -> tuple[Leg, ...]:
    """The legs of the way, from Mastodon on; none where nothing was asked."""
    rows = [row for row in shown(report.evidence) if row.id != ActionId.CLOCK]
    subject = report.subject
    api, public = urlsplit(subject.endpoint).netloc, urlsplit(subject.public_base).netloc
    if not any(row.ran for row in rows) or not subject.bucket or not api:
        return ()
    ours = [row for row in rows if row.ran and (row.actor is Actor.MASTODON or row.id == ActionId.REACH_ENDPOINT)]
    asked = [row for row in ours if row.id != ActionId.REACH_ENDPOINT]
    reached = any(row.http_status is not None for row in ours)
    pictures = [row for row in rows if row.id in _SEEN and row.ran]
    looked = [row for row in rows if row.id in _BROWSERS and row.ran and row.http_status is not None]
    grave = {name for one in report.findings if one.severity is not Severity.NOTICE for name in one.because}
    looked += [row for row in rows if row.id in _SHUT and row.outcome is Outcome.WRONG and row.id in grave]
    found = [
        Leg(api, *(_of(ours) if not reached else (True, ""))),
        Leg(subject.bucket, *(_of(asked) if reached else (None, ""))),
    ]
    if public and public != api:
        shows, met = _of(pictures)
        sees, missed = _of(looked) if pictures else (None, "")
        # a picture that does not come has reached nobody, whatever else was answered there
        found += [Leg(public, shows, met), Leg("visitors", None if sees and not shows else sees, missed)]
    else:
        found.append(Leg("visitors", *_of([*pictures, *looked])))
    return tuple(found)


def _of(rows: Iterable[Observation]) -> tuple[bool | None, str]:
    """Whether all of these passed, and else what the first that did not has met."""
    known = list(rows)
    failed = next((row for row in known if row.failed), None)
    if failed is None:
        return (True if known else None), ""
    return False, _met(failed)


def _met(row: Observation) -> str:
    if row.id in _SHUT:
        return "too open"
    if row.id in _BROWSERS and (row.http_status or 0) < 300:
        return _BROWSERS[row.id]
    if row.network is not None:
        return _FAULTS.get(row.network, "TLS")
    good = 200 <= (row.http_status or 0) < 300
    return _WRONG if good else str(row.http_status or "")


def picture(report: Report, width: int) -> list[str]:
    """The way in as few lines as ``width`` columns allow; none where nothing was asked."""
    way = legs(report)
    if not way:
        return []
    lines = ["Mastodon"]
    for leg in way:
        part = f" ─{_mark(leg)}─ {leg.to}"
        if len(lines[-1]) + len(part) <= width:
            lines[-1] += part
        else:
            lines.append(_cut(f"  {part}", width))
    return lines


def _mark(leg: Leg) -> str:
    if leg.passes is None:
        return "?"
    return "✔" if leg.passes else f"✘ {leg.said}".rstrip()


def _cut(line: str, width: int) -> str:
    """The line with its last name cut in the middle, where it is too long."""
    before, _, name = line.rpartition(" ")
    room = max(width - len(before) - 2, _LEAST)
    if len(line) <= width or len(name) <= room:
        return line
    return f"{before} {name[: (room + 1) // 2]}…{name[len(name) - room // 2 :]}"
