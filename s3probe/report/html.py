"""One page that holds all it needs: for a ticket, or to show a colleague. No script, and no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape

from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.report.chain import Leg, legs
from s3probe.report.fix_words import fixes_in_words, late_removal_commands, late_uploads, removal_commands
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report
from s3probe.report.setting_words import sentence
from s3probe.report.words import KNOWN, aftermath, answer, cost, headline, left_out, rule_errors, shown, tally, versions

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--box:#f6f8fa;--ok:#1a7f37;
--bad:#cf222e;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--paper:#0d1117;--line:#3d444d;--box:#151b23;
--ok:#3fb950;--bad:#f85149;--warn:#d29922}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.ok{color:var(--ok)}.failure,.bad{color:var(--bad)}.warning,.unknown{color:var(--warn)}.notice,.soft{color:var(--soft)}
section{border:1px solid var(--line);border-radius:6px;padding:.5rem 1rem;margin:1rem 0}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.6rem;overflow:auto}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid var(--line);padding:.3rem .5rem;text-align:left;
vertical-align:top}
svg{max-width:100%;height:auto;font:13px system-ui,sans-serif}svg text{fill:var(--ink)}
svg .ok{stroke:var(--ok)}svg .bad{stroke:var(--bad)}svg .open{stroke:var(--soft);stroke-dasharray:4 4}
svg .said{fill:var(--bad)}svg rect{fill:var(--box);stroke:var(--line)}
dt{color:var(--soft)}dd{margin:0 0 .5rem}summary{cursor:pointer}
"""
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_BOX, _GAP, _LETTER = 30, 76, 7.6
"""Of the picture, in its own units: a station's height, the way between two, and a letter's width."""


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """One document; each report is a chapter. Every value in it is escaped."""
    title = " · ".join(headline(report) for report in reports) or "s3probe"
    body = [line for report in reports for line in _chapter(report)]
    for missed in options.unexamined:
        body.append(f'<h1 class="failure">{_e(missed.source)} was not examined</h1><p>{_e(missed.message)}</p>')
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_e(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_e(title)}</title>",
        f"<style>{_STYLE}</style></head><body>",
        *body,
        "</body></html>",
    ]
    text = "\n".join(lines) + "\n"
    # an entity says the same in ASCII
    return text.encode("ascii", "xmlcharrefreplace").decode() if options.ascii else text


def _e(text: str) -> str:
    return escape(text, quote=True)


def _chapter(report: Report) -> Iterator[str]:
    found = tally(report.findings)
    yield f'<h1 class="{report.verdict.value}">{_e(headline(report))}{_e(f": {found}") if found else ""}</h1>'
    yield from _picture(legs(report))
    for finding in report.findings:
        yield from _finding(finding, report)
    for line in (*left_out(report), *rule_errors(report)):
        yield f"<p>{_e(sentence(line))}.</p>"
    rows = shown(report.evidence)
    if rows:
        yield "<h2>What was asked</h2><table><tbody>"
        yield from (_row(row) for row in rows)
        yield "</tbody></table>"
    yield from _left(report)
    yield from _subject(report)


def _picture(way: Sequence[Leg]) -> Iterator[str]:
    """Stations in boxes, the way between them in lines; where it breaks, what was met stands on the line."""
    if not way:
        return
    names = ["Mastodon", *(leg.to for leg in way)]
    widths = [len(name) * _LETTER + 20 for name in names]
    width, x = sum(widths) + _GAP * len(way), 0.0
    parts = []
    for place, (name, wide) in enumerate(zip(names, widths, strict=True)):
        if place:
            leg = way[place - 1]
            kind = "open" if leg.passes is None else "ok" if leg.passes else "bad"
            mark = "?" if leg.passes is None else "✔" if leg.passes else f"✘ {leg.said}"
            parts.append(f'<line class="{kind}" x1="{x:.0f}" y1="25" x2="{x + _GAP:.0f}" y2="25" stroke-width="2"/>')
            said = ' class="said"' if leg.passes is False else ""
            parts.append(f'<text{said} x="{x + _GAP / 2:.0f}" y="18" text-anchor="middle">{_e(mark)}</text>')
            x += _GAP
        parts.append(f'<rect x="{x:.0f}" y="10" width="{wide:.0f}" height="{_BOX}" rx="5"/>')
        parts.append(f'<text x="{x + wide / 2:.0f}" y="30" text-anchor="middle">{_e(name)}</text>')
        x += wide
    yield f'<svg viewBox="0 0 {width:.0f} 50" width="{width:.0f}" role="img" aria-label="The way of a file">'
    yield from parts
    yield "</svg>"


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    kind = finding.severity.value
    yield f'<section><h2><span class="{kind}">{kind.upper()}</span> {_e(finding.title)}</h2><dl>'
    yield f"<dt>In Mastodon</dt><dd>{_e(finding.consequence)}</dd>"
    yield f"<dt>{KNOWN[finding.certainty]}</dt><dd>{_e(sentence(finding.how_known))}</dd>"
    for fix in fixes_in_words(finding, report.subject.source):
        yield f"<dt>{_e(sentence(fix.opening))}</dt><dd>{_e(fix.lead)}"
        if fix.block:
            yield f"<pre>{_e(fix.block)}</pre>"
        yield f"{_e(fix.remark)}</dd>"
    for text in aftermath(report, finding):
        yield f"<dd>{_e(sentence(text))}.</dd>"
    yield f"</dl><p class='soft'>s3probe explain {_e(finding.id)}</p></section>"


def _row(row: Observation) -> str:
    mark, kind = ("✔", "ok") if row.ok else ("–", "soft") if row.outcome is Outcome.SKIPPED else ("✘", "bad")
    return (
        f'<tr><td class="{kind}">{mark}</td><td>{_e(row.title)}</td><td>{"" if row.ok else _e(answer(row))}</td></tr>'
    )


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
        "By": versions(report),
    }
    yield "<details><summary>What was examined</summary><table><tbody>"
    yield from (f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in facts.items())
    yield "</tbody></table></details>"
