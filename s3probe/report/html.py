"""One page that holds all it needs: for a ticket, or to show a colleague. No script, and no request to anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.report.chain import Leg, legs
from s3probe.report.fix_words import (
    first_way,
    fixes_in_words,
    late_removal_commands,
    late_uploads,
    removal_commands,
    restart,
)
from s3probe.report.formats import RenderOptions
from s3probe.report.markup import STYLE, document
from s3probe.report.markup import escaped as _e
from s3probe.report.model import Report
from s3probe.report.requests import failed_requests, introduction, keys_for
from s3probe.report.setting_words import sentence, stopped
from s3probe.report.words import (
    KNOWN,
    aftermath,
    answer,
    cost,
    left_out,
    rule_errors,
    shown,
    verdict_and_cause,
    versions,
)

_STYLE = f"""{STYLE}\
svg{{max-width:100%;height:auto;font:13px system-ui,sans-serif}}svg text{{fill:var(--ink)}}
svg .ok{{stroke:var(--ok)}}svg .bad{{stroke:var(--bad)}}svg .open{{stroke:var(--soft);stroke-dasharray:4 4}}
svg .said{{fill:var(--bad)}}svg rect{{fill:var(--box);stroke:var(--line)}}
.tall{{display:none}}@media(max-width:40rem){{.wide{{display:none}}.tall{{display:block}}}}
dt{{color:var(--soft)}}dd{{margin:0 0 .5rem}}summary{{cursor:pointer}}
"""
_BOX, _GAP, _DROP, _LETTER = 30, 76, 34, 7.6
"""Of the picture, in its own units: a station's height, the least way between two (and from top to bottom), and a
letter's width.
"""
_Point = tuple[float, float]


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """One document; each report is a chapter. Every value in it is escaped."""
    title = " · ".join(verdict_and_cause(report) for report in reports) or "s3probe"
    body = [line for report in reports for line in _chapter(report)]
    for missed in options.unexamined:
        body.append(f'<h1 class="failure">{_e(missed.source)} was not examined</h1><p>{_e(missed.message)}</p>')
    text = document(title, body, _STYLE)
    # an entity says the same in ASCII
    return text.encode("ascii", "xmlcharrefreplace").decode() if options.ascii else text


def _chapter(report: Report) -> Iterator[str]:
    yield f'<h1 class="{report.verdict.value}">{_e(verdict_and_cause(report))}</h1>'
    yield from _picture(legs(report))
    for finding in report.findings:
        yield from _finding(finding, report)
    for line in (*left_out(report), *rule_errors(report)):
        yield f"<p>{_e(sentence(line))}.</p>"
    rows = shown(report.evidence)
    if rows:
        failed, others = [row for row in rows if row.failed], [row for row in rows if not row.failed]
        yield "<h2>What was asked</h2>"
        yield from _table(failed)
        yield from _requests(report)
        yield f"<details><summary>{_e(_counted(others))}</summary>"
        yield from _table(others)
        yield "</details>"
    yield from _left(report)
    yield from _subject(report)
    yield f"<p class='soft'>{_e(versions(report))}</p>"


def _picture(way: Sequence[Leg]) -> Iterator[str]:
    """Stations in boxes, the way between them in lines; where it breaks, what was met stands on the line."""
    if not way:
        return
    names = ["Mastodon", *(leg.to for leg in way)]
    widths = [len(name) * _LETTER + 20 for name in names]
    yield from _lying(way, names, widths)
    yield from _standing(way, names, widths)


def _lying(way: Sequence[Leg], names: Sequence[str], widths: Sequence[float]) -> Iterator[str]:
    """From left to right."""
    gaps, x = [max(_GAP, len(_mark(leg)) * _LETTER + 16) for leg in way], 1.0
    yield _svg("wide", sum(widths) + sum(gaps) + 2, 50)
    for place, (name, wide) in enumerate(zip(names, widths, strict=True)):
        if place:
            gap = gaps[place - 1]
            yield from _leg(way[place - 1], (x, 25), (x + gap, 25), (x + gap / 2, 18), "middle")
            x += gap
        yield from _station(name, x, 10, wide)
        x += wide
    yield "</svg>"


def _standing(way: Sequence[Leg], names: Sequence[str], widths: Sequence[float]) -> Iterator[str]:
    """From top to bottom, for a narrow screen."""
    y = 10.0
    yield _svg("tall", max(widths) + 20, 20 + _BOX * len(names) + _DROP * len(way))
    for place, (name, wide) in enumerate(zip(names, widths, strict=True)):
        if place:
            yield from _leg(way[place - 1], (30, y), (30, y + _DROP), (42, y + _DROP / 2 + 5), "start")
            y += _DROP
        yield from _station(name, 10, y, wide)
        y += _BOX
    yield "</svg>"


def _svg(kind: str, width: float, height: float) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
    return f'<svg class="{kind}" {size} role="img" aria-label="The way of a file">'


def _station(name: str, x: float, y: float, wide: float) -> Iterator[str]:
    yield f'<rect x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{_BOX}" rx="5"/>'
    yield f'<text x="{x + wide / 2:.0f}" y="{y + 20:.0f}" text-anchor="middle">{_e(name)}</text>'


def _leg(leg: Leg, start: _Point, end: _Point, at: _Point, anchor: str) -> Iterator[str]:
    kind = "open" if leg.passes is None else "ok" if leg.passes else "bad"
    (x1, y1), (x2, y2), (x, y) = start, end, at
    yield f'<line class="{kind}" x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke-width="2"/>'
    start_tag = '<text class="said"' if leg.passes is False else "<text"
    yield f'{start_tag} x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{_e(_mark(leg))}</text>'


def _mark(leg: Leg) -> str:
    return "?" if leg.passes is None else "✔" if leg.passes else f"✘ {leg.said}"


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    kind = finding.severity.value
    yield f'<section><h2><span class="{kind}">{kind.upper()}</span> {_e(finding.title)}</h2><dl>'
    yield f"<dt>In Mastodon</dt><dd>{_e(finding.consequence)}</dd>"
    yield f"<dt>{KNOWN[finding.certainty]}</dt><dd>{_e(stopped(finding.how_known))}</dd>"
    words = list(fixes_in_words(finding, report.subject.source))
    best = len(first_way(words))
    for number, fix in enumerate(words, 1):
        yield f"<dt>{_e(sentence(fix.opening))}</dt><dd>{_e(fix.lead.rstrip('.'))}{':' if fix.block else '.'}"
        if fix.block:
            yield f"<pre>{_e(fix.block)}</pre>"
        yield f"{_e(fix.remark)}</dd>"
        if number == best and (then := restart(report, finding)):
            yield f"<dd>{_e(then)}</dd>"
    for text in aftermath(report, finding):
        yield f"<dd>{_e(text)}</dd>"
    yield f"</dl><p class='soft'>s3probe explain {_e(finding.id)}</p></section>"


def _counted(rows: Sequence[Observation]) -> str:
    skipped = sum(row.outcome is Outcome.SKIPPED for row in rows)
    fine = len(rows) - skipped
    return f"{fine} fine, {skipped} skipped" if skipped else f"{fine} fine"


def _table(rows: Sequence[Observation]) -> Iterator[str]:
    if rows:
        yield "<table><tbody>"
        yield from (_row(row) for row in rows)
        yield "</tbody></table>"


def _row(row: Observation) -> str:
    mark, kind = ("✔", "ok") if row.ok else ("–", "soft") if row.outcome is Outcome.SKIPPED else ("✘", "bad")
    return (
        f'<tr><td class="{kind}">{mark}</td><td>{_e(row.title)}</td><td>{"" if row.ok else _e(answer(row))}</td></tr>'
    )


def _requests(report: Report) -> Iterator[str]:
    """How to make each failed request without s3probe, and what support asks for."""
    failed = failed_requests(report)
    if not failed:
        return
    yield f"<details><summary>As commands</summary><p>{_e(introduction(report, failed))}</p>"
    if line := keys_for(report, failed):
        yield f"<pre>{_e(line)}</pre>"
    for one in failed:
        told = "<br>".join(map(_e, (one.row.title, *one.about)))
        yield f"<p>{told}</p>{f'<pre>{_e(one.command)}</pre>' if one.command else ''}"
    yield "</details>"


def _left(report: Report) -> Iterator[str]:
    for said, commands in (
        ("Not removed; to remove it" if report.evidence.cleanup.left_behind else "", removal_commands(report)),
        (late_uploads(report), late_removal_commands(report)),
    ):
        if said:
            yield f"<p>{_e(said)}:</p><pre>{_e(chr(10).join(commands))}</pre>"


def _subject(report: Report) -> Iterator[str]:
    subject = report.subject
    facts = {
        "File": subject.source,
        "Bucket": f"{subject.bucket} ({subject.region}, {subject.provider})",
        "ACL": subject.acl or "none",
        "Endpoint": f"{subject.endpoint} ({subject.addressing})",
        "Public URLs": subject.public_base,
        "Key": subject.access_key_id,
        "Cost": cost(report),
    }
    yield "<details><summary>What was examined</summary><table><tbody>"
    yield from (f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in facts.items())
    yield "</tbody></table></details>"
