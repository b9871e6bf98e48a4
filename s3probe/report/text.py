"""The report for people: what holds, what does not, and which line to change. Short when all is well."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Severity
from s3probe.evidence.observations import Observation, Outcome
from s3probe.report.fix_words import (
    FixWords,
    earlier_leftovers,
    earlier_removal_commands,
    fixes_in_words,
    late_removal_commands,
    late_uploads,
    left_behind,
    removal_commands,
    sweep_can,
)
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report, Verdict
from s3probe.report.setting_words import sentence
from s3probe.report.words import aftermath, answer, cost, count, headline, plain_ascii, rule_errors, shown, tally

_TWO_COLUMNS = 64
"""Columns. Below, S3's long error codes leave no room for the sentence beside them."""

_MANY = 4
"""Actions skipped for the same reason are told in one line from this number on."""

_PLACES = ("S3_ENDPOINT", "S3_HOSTNAME", "S3_PROTOCOL", "S3_BUCKET", "S3_REGION")
"""A failure of one of these leaves no endpoint to name."""

_RED, _YELLOW, _GREEN, _GREY, _BOLD = "31", "33", "32", "90", "1"
_VERDICT = {
    Verdict.OK: ("✔", _GREEN),
    Verdict.WARNING: ("!", _YELLOW),
    Verdict.FAILURE: ("✘", _RED),
    Verdict.UNKNOWN: ("?", _YELLOW),
}
_SEVERITY_COLOUR = {Severity.FAILURE: _RED, Severity.WARNING: _YELLOW, Severity.NOTICE: _GREY}
_KNOWN = {
    Certainty.CERTAIN: "How it is known",
    Certainty.LIKELY: "Likely, because",
    Certainty.POSSIBLE: "Possible, because",
}


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """All reports, a blank line between them."""
    parts = ["\n".join(_report(report, _Page(options))) for report in reports]
    page = _Page(options)
    for missed in options.unexamined:
        parts.append(page.paint(_RED, "✘", _BOLD) + f" {missed.source} was not examined: {missed.message}")
    text = "\n\n".join(parts)
    return (plain_ascii(text) if options.ascii else text) + "\n"


class _Page:
    """Lays text out for one stream."""

    def __init__(self, options: RenderOptions) -> None:
        self._color = options.color
        # beyond 100 columns lines get hard to read; below 40 nothing can be laid out
        self.width = max(40, min(options.width, 100))

    def paint(self, code: str, text: str, *more: str) -> str:
        return f"\x1b[{';'.join((code, *more))}m{text}\x1b[0m" if self._color else text

    def wrap(self, text: str, indent: str = "", hanging: str | None = None) -> list[str]:
        return textwrap.wrap(
            " ".join(text.split()),
            self.width,
            initial_indent=indent,
            subsequent_indent=indent if hanging is None else hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _report(report: Report, page: _Page) -> Iterator[str]:
    yield from _head(report, page)
    yield from _subject(report, page)
    rows = shown(report.evidence)
    if rows and report.verdict is not Verdict.OK:
        yield ""
        yield from _table(rows, page)
    for finding in report.findings:
        yield ""
        yield from _finding(finding, report, page)
    if report.rule_errors:
        yield ""
        for line in rule_errors(report):
            yield from page.wrap(f"{line}.")
    yield from _open_ends(report, page)


def _head(report: Report, page: _Page) -> list[str]:
    glyph, colour = _VERDICT[report.verdict]
    found = tally(report.findings)
    lines = page.wrap(f"{glyph} {headline(report)}{f': {found}' if found else ''}.", "", "  ")
    lines[0] = f"{page.paint(colour, glyph, _BOLD)} {page.paint(_BOLD, lines[0].removeprefix(f'{glyph} '))}"
    return lines


def _subject(report: Report, page: _Page) -> Iterator[str]:
    subject, evidence = report.subject, report.evidence
    facts = {"File": subject.source}
    where = ", ".join(
        filter(None, (subject.region, subject.provider, f"ACL {subject.acl}" if subject.acl else "no ACL"))
    )
    facts["Bucket"] = f"{subject.bucket or '(none)'} ({where})"
    facts["Endpoint"] = f"{subject.endpoint} ({subject.addressing})" if subject.endpoint else _no_endpoint(report)
    facts["Public URLs"] = f"{subject.public_base}…"
    if subject.access_key_id:
        facts["Key"] = subject.access_key_id
    rows = shown(evidence)
    if rows:
        outcomes = [row.outcome for row in rows]
        ok, skipped = outcomes.count(Outcome.OK), outcomes.count(Outcome.SKIPPED)
        failed = len(rows) - ok - skipped
        parts = (f"{ok} fine", f"{failed} not" if failed else "", f"{skipped} skipped" if skipped else "")
        facts["Checked"] = f"{count(len(rows), 'action')}: {', '.join(filter(None, parts))}"
        facts["Cost"] = cost(report)
    for name, value in facts.items():
        yield from page.wrap(value, f"  {name + ':':<13}", " " * 15)


def _no_endpoint(report: Report) -> str:
    """Without a bucket Mastodon stores elsewhere; with one, the endpoint cannot be used."""
    named = [f for f in report.findings if f.setting in _PLACES and f.severity is Severity.FAILURE]
    return f"not usable: {named[0].title}" if named else "none: no S3 is used"


def _table(rows: Sequence[Observation], page: _Page) -> Iterator[str]:
    """What was asked; what was skipped for the same reason many times is told in one line."""
    reasons = Counter(row.reason for row in rows if row.outcome is Outcome.SKIPPED)
    many = [reason for reason, number in reasons.items() if number >= _MANY]
    cells = [row for row in rows if row.outcome is not Outcome.SKIPPED or row.reason not in many]
    if cells:
        yield from _side_by_side(cells, page) if page.width >= _TWO_COLUMNS else _stacked(cells, page)
    for reason in many:
        lines = page.wrap(f"{reasons[reason]} actions were skipped: {reason}", "  –  ", "     ")
        yield from (_painted(line, page) for line in lines)


def _stacked(rows: Sequence[Observation], page: _Page) -> Iterator[str]:
    for row in rows:
        lines = page.wrap(row.title, f"  {_mark(row)}  ", "     ")
        yield from (_painted(line, page) for line in lines)
        if not row.ok:
            yield from page.wrap(answer(row), "     ")


def _side_by_side(rows: Sequence[Observation], page: _Page) -> list[str]:
    from tabulate import tabulate

    # what was asked gets three fifths at least: what came back is often short
    room = page.width - 8
    told = ["" if row.ok else answer(row) for row in rows]
    left = min(max(len(row.title) for row in rows), max(room * 3 // 5, room - max(map(len, told))))
    right = max(room - left, 16)
    cells = [(_mark(row), _fold(row.title, left), _fold(text, right)) for row, text in zip(rows, told, strict=True)]
    text = tabulate(cells, tablefmt="plain", disable_numparse=True)
    lines = [f"  {line.rstrip()}" for line in text.splitlines()]
    return [_painted(line, page) for line in lines]


def _mark(row: Observation) -> str:
    return "✔" if row.ok else "–" if row.outcome is Outcome.SKIPPED else "✘"


def _fold(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))


def _painted(line: str, page: _Page) -> str:
    # tabulate measures cells before they are coloured, so that columns stay in line
    for glyph, colour in (("✔", _GREEN), ("✘", _RED), ("–", _GREY)):
        if line.startswith(f"  {glyph}"):
            return line.replace(glyph, page.paint(colour, glyph), 1)
    return line


def _finding(finding: Finding, report: Report, page: _Page) -> Iterator[str]:
    label = finding.severity.value.upper()
    lines = page.wrap(f"{label}  {finding.title}", "", "  ")
    yield lines[0].replace(label, page.paint(_SEVERITY_COLOUR[finding.severity], label, _BOLD), 1)
    yield from lines[1:]
    yield from page.wrap(f"In Mastodon: {finding.consequence}", "  ")
    yield from page.wrap(f"{_KNOWN[finding.certainty]}: {sentence(finding.how_known)}", "  ")
    for fix in fixes_in_words(finding, report.subject.source):
        yield from _fix(fix, page)
    for text in aftermath(report, finding):
        yield from page.wrap(f"{sentence(text).rstrip('.')}.", "  ")
    yield from page.wrap(f"More: s3probe explain {finding.id}", "  ")
    for link in finding.links:
        yield f"        {link}"


def _fix(fix: FixWords, page: _Page) -> Iterator[str]:
    lead = fix.lead.rstrip(".")
    if not fix.block:
        yield from page.wrap(f"{fix.opening}: {lead}. {fix.remark}", "  ")
        return
    yield from page.wrap(f"{fix.opening}: {lead}:", "  ")
    yield ""
    # a command or a policy is there to be copied: it is never wrapped
    yield from (f"      {line}".rstrip() for line in fix.block.splitlines())
    yield ""
    if fix.remark:
        yield from page.wrap(fix.remark, "  ")


def _open_ends(report: Report, page: _Page) -> Iterator[str]:
    run, cleanup = report.evidence.run, report.evidence.cleanup
    if not run.complete:
        yield ""
        yield from page.wrap("The check was cut short: what is not listed was not looked at.")
    if report.verdict is Verdict.UNKNOWN and not report.findings:
        yield ""
        yield from page.wrap(
            "No fault could be named. Run it again; when this stays, `s3probe check --save-evidence FILE` "
            "writes what was seen, without secrets, for someone to look at."
        )
    if any(isinstance(fix, EnvFix) for finding in report.findings for fix in finding.fixes):
        yield ""
        yield from page.wrap("Mastodon reads its env file only when it starts: restart web and Sidekiq after a change.")
    if cleanup.left_behind:
        yield ""
        what = left_behind(report, "test object", " of this check")
        too = " (`s3probe sweep` does, too, when an hour has passed)" if sweep_can(report) else ""
        yield from page.wrap(f"{what}. To remove what is left{too}:")
        yield ""
        yield from (f"      {command}" for command in removal_commands(report))
    if cleanup.may_arrive:
        yield ""
        yield from page.wrap(f"{late_uploads(report)}:")
        yield ""
        yield from (f"      {command}" for command in late_removal_commands(report))
    if cleanup.earlier:
        yield ""
        yield from page.wrap(f"{earlier_leftovers(report)}:")
        yield ""
        yield from (f"      {command}" for command in earlier_removal_commands(report))
