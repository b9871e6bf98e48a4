"""The report for people: the verdict and its cause first, then the fix. One screen for one failure.

Shown in that order: verdict and cause, the way with the place where it breaks, how it is known, the fix, what follows
from it, the failing actions. A report that is longer than a screen ends with verdict, cause and line once more.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from s3probe import __version__
from s3probe.diagnosis.model import EnvFix, Finding, Severity
from s3probe.evidence.observations import Observation, Outcome
from s3probe.report.chain import picture
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
from s3probe.report.words import (
    KNOWN,
    aftermath,
    answer,
    cost,
    count,
    headline,
    left_out,
    plain_ascii,
    rule_errors,
    shown,
    tally,
    total,
    versions,
)

_TWO_COLUMNS = 64
"""Columns. Below, S3's long error codes leave no room for the sentence beside them, nor labels for what they name."""
_SCREEN = 24
"""Lines of a terminal as it opens."""
_ROWS = 6
"""Failing actions that are shown; more say nothing new."""
_SHORT = 60
"""Characters of a line that may stand within a sentence."""
_EVIDENCE = 5
"""Lines of what is known: servers can be wordy."""
_OTHERS = 2
"""Other ways out that are told in short; who needs more of them asks for all."""
_MANY = 4
"""Actions skipped for the same reason are told in one line from this number on."""
_BRIEF = 12
"""Lines that one message to a phone may have."""

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
_OPENINGS = {"and": "And", "or": "Or", "What to do": "What to do"}
_RESTART = "Then restart web and Sidekiq: Mastodon reads the file only when it starts."


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """All reports, a blank line between them."""
    page = _Page(options)
    one = _brief if options.brief else _report
    parts = ["\n".join(one(report, page)) for report in reports]
    for missed in options.unexamined:
        parts.append(page.paint(_RED, "✘", _BOLD) + f" {missed.source} was not examined: {missed.message}")
    if len(parts) > 1:
        parts.append(f"{total(reports, len(options.unexamined))}.")
    text = "\n\n".join(parts)
    return (plain_ascii(text) if options.ascii else text) + "\n"


class _Page:
    """Lays text out for one stream."""

    def __init__(self, options: RenderOptions) -> None:
        self._color = options.color
        # beyond 100 columns lines get hard to read; below 40 nothing can be laid out
        self.width = max(40, min(options.width, 100))
        self.verbose = options.verbose
        self.place = options.place

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
    lines = list(_whole(report, page))
    yield from lines
    if len(lines) >= _SCREEN and report.verdict in (Verdict.FAILURE, Verdict.UNKNOWN):
        yield ""
        yield from _head(report, page)
        yield from _first_line(report, page)


def _whole(report: Report, page: _Page) -> Iterator[str]:
    yield from _head(report, page)
    if way := picture(report, page.width - 2):
        yield ""
        yield from (f"  {line}" for line in way)
    told, notices = _by_weight(report, page)
    shown_blocks: set[str] = set()
    for number, finding in enumerate(told):
        yield ""
        if number or finding.severity is Severity.NOTICE or report.verdict is Verdict.UNKNOWN:
            yield from _title(finding, page)
        yield from _finding(finding, report, page, shown_blocks)
    if notices:
        yield ""
        for finding in notices:
            yield from page.wrap(f"Notice: {finding.title} (s3probe explain {finding.id})", "  ", "    ")
    if others := left_out(report):
        yield ""
        for line in others:
            yield from page.wrap(f"{sentence(line)}.", "  ", "    ")
    if report.rule_errors:
        yield ""
        for line in rule_errors(report):
            yield from page.wrap(f"{line}.")
    yield from _rows(report, page)
    yield from _open_ends(report, page)
    yield from _foot(report, page)


def _by_weight(report: Report, page: _Page) -> tuple[list[Finding], list[Finding]]:
    """What is told at length, and what in a line: a notice is nothing to act on."""
    if page.verbose:
        return list(report.findings), []
    notices = [one for one in report.findings if one.severity is Severity.NOTICE]
    return [one for one in report.findings if one.severity is not Severity.NOTICE], notices


def _cause(report: Report) -> Finding | None:
    return next((one for one in report.findings if one.severity is not Severity.NOTICE), None)


def _head(report: Report, page: _Page) -> list[str]:
    glyph, colour = _VERDICT[report.verdict]
    lines = page.wrap(f"{glyph} {_said(report)}", "", "  ")
    painted = [page.paint(_BOLD, line) for line in lines[1:]]
    return [f"{page.paint(colour, glyph, _BOLD)} {page.paint(_BOLD, lines[0].removeprefix(f'{glyph} '))}", *painted]


def _said(report: Report) -> str:
    """Verdict and cause: ``Media storage does not work: S3_REGION is eu-west-1, but … (2 failures)``."""
    first, more = _cause(report), [one for one in report.findings if one.severity is not Severity.NOTICE][1:]
    parts = headline(report)
    if report.verdict is Verdict.OK:
        rows = [row for row in shown(report.evidence) if row.ran]
        asked = f": {count(len(rows), 'action')}, {cost(report, short=True)}" if rows else ""
        return f"{parts}{asked}"
    if first is None or report.verdict is Verdict.UNKNOWN:
        return f"{parts}."
    also = f" (and {tally(more)})" if more else ""
    return f"{parts}: {first.title}{also}"


def _title(finding: Finding, page: _Page) -> Iterator[str]:
    label = finding.severity.value.upper()
    lines = page.wrap(f"{label}  {finding.title}", "", "  ")
    yield lines[0].replace(label, page.paint(_SEVERITY_COLOUR[finding.severity], label, _BOLD), 1)
    yield from lines[1:]


def _first_line(report: Report, page: _Page) -> Iterator[str]:
    """The first fix of the cause in a line, where it is one."""
    cause = _cause(report)
    words = next(fixes_in_words(cause, report.subject.source), None) if cause is not None else None
    if words is not None:
        one = words.block if "\n" not in words.block else ""
        yield from page.wrap(f"{words.lead.rstrip('.')}{': ' if one else ''}{one}", "  ")


def _brief(report: Report, page: _Page) -> Iterator[str]:
    """Cause, evidence, line, command and versions: for a chat."""
    cause = _cause(report)
    lines = [f"{_VERDICT[report.verdict][0]} s3probe {__version__}: {_said(report)}"]
    if cause is not None:
        lines.append(sentence(cause.how_known))
        words = next(fixes_in_words(cause, report.subject.source), None)
        if words is not None:
            block = words.block if "\n" not in words.block else f"(s3probe explain {cause.id})"
            lines += [f"{words.lead.rstrip('.')}: {block}" if block else words.lead, words.proof]
    lines.append(versions(report))
    laid = [page.wrap(line, "  " if number else "") for number, line in enumerate(lines) if line]
    yield from list(chain.from_iterable(laid))[:_BRIEF]


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
    if shown(evidence):
        facts["Cost"] = cost(report)
    for name, value in facts.items():
        yield from page.wrap(value, f"  {name + ':':<13}", " " * 15)


def _no_endpoint(report: Report) -> str:
    """Without a bucket Mastodon stores elsewhere; with one, the endpoint cannot be used."""
    named = [f for f in report.findings if f.setting in _PLACES and f.severity is Severity.FAILURE]
    return f"not usable: {named[0].title}" if named else "none: no S3 is used"


def _rows(report: Report, page: _Page) -> Iterator[str]:
    """The actions that failed, or with ``-v`` all of them; how many the others are."""
    rows = shown(report.evidence)
    if not rows:
        return
    failed = [row for row in rows if row.failed]
    if page.verbose:
        yield ""
        yield from _table(rows, page)
    elif failed and report.verdict is not Verdict.OK:
        few = [replace(row, message=None) if row.error_code else row for row in failed[:_ROWS]]
        yield ""
        yield from _side_by_side(few, page) if page.width >= _TWO_COLUMNS else _stacked(few, page)
    outcomes = [row.outcome for row in rows]
    ok, skipped = outcomes.count(Outcome.OK), outcomes.count(Outcome.SKIPPED)
    more = len(failed) - _ROWS
    parts = (
        f"{more} more failed" if more > 0 and not page.verbose else "",
        f"{ok} fine" if ok else "",
        f"{skipped} skipped" if skipped else "",
    )
    told = ", ".join(filter(None, parts))
    if told and (report.verdict is not Verdict.OK or page.verbose):
        yield f"  {told}{'' if page.verbose else ' (-v shows them)'}"


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


def _finding(finding: Finding, report: Report, page: _Page, shown_blocks: set[str]) -> Iterator[str]:
    """``shown_blocks``: what there was to copy above, which is not shown again."""
    yield from _labelled("In Mastodon", finding.consequence, page)
    known = _labelled(KNOWN[finding.certainty], sentence(finding.how_known), page)
    yield from known if page.verbose or len(known) <= _EVIDENCE else _first_of(known, page)
    words = list(fixes_in_words(finding, report.subject.source))
    restart = finding is _cause(report) and any(isinstance(fix, EnvFix) for fix in finding.first_choice)
    best = next((number for number, fix in enumerate(words) if fix.opening == "or"), len(words))
    for fix in words[:best]:
        again = fix.block in shown_blocks and "\n" in fix.block
        yield from _fix(replace(fix, lead=f"{fix.lead}, as above", block="", note="") if again else fix, page)
        shown_blocks.add(fix.block)
    if restart:
        yield from _labelled("", _RESTART, page)
    for fix in words[best:] if page.verbose else ():
        yield from _fix(fix, page)
    if not page.verbose:
        yield from _other_ways(words[best:], page)
    for text in aftermath(report, finding):
        yield from _labelled("", f"{sentence(text).rstrip('.')}.", page)
    yield from _labelled("More", f"s3probe explain {finding.id}", page)
    if page.verbose:
        yield from (f"{' ' * 16}{link}" for link in finding.links)


def _first_of(lines: list[str], page: _Page) -> list[str]:
    more = "… (-v shows all)"
    last = lines[_EVIDENCE - 1]
    room = page.width - len(more) - 1
    return [*lines[: _EVIDENCE - 1], f"{last if len(last) <= room else last[:room].rpartition(' ')[0]} {more}"]


def _labelled(label: str, text: str, page: _Page) -> list[str]:
    """The text in a column of its own, its label before it; on a narrow terminal below one another."""
    if page.width < _TWO_COLUMNS:
        return page.wrap(f"{label}: {text}" if label else text, "  ", "    ")
    return page.wrap(text, f"  {label:<14}", " " * 16)


def _fix(fix: FixWords, page: _Page) -> Iterator[str]:
    lead, label = fix.lead.rstrip("."), _OPENINGS.get(fix.opening, "Fix")
    if not fix.block:
        yield from _labelled(label, f"{lead}. {fix.remark}".rstrip(), page)
        return
    yield from _labelled(label, f"{lead}:", page)
    yield ""
    # a command or a policy is there to be copied: it is never wrapped
    yield from (f"      {line}".rstrip() for line in fix.block.splitlines())
    yield ""
    if fix.remark:
        yield from _labelled("", fix.remark, page)


def _other_ways(words: Sequence[FixWords], page: _Page) -> Iterator[str]:
    """The next ways out, each in a sentence: what there is to copy stands in it where that is a line of the file."""
    places = [number for number, fix in enumerate(words) if fix.opening == "or"]
    ends = [*places, len(words)][: _OTHERS + 1]
    for start, end in pairwise(ends):
        yield from _labelled("Or", f"{', and then: '.join(_in_short(fix) for fix in words[start:end])}.", page)
    if len(places) > _OTHERS:
        yield from _labelled("Or", f"{count(len(places) - _OTHERS, 'more way')} (-v shows all).", page)


def _in_short(fix: FixWords) -> str:
    lines = fix.block.splitlines()
    fits = len(lines) == 1 and len(lines[0]) <= _SHORT
    return f"{fix.lead.rstrip('.')}{f': {lines[0]}' if fits else ' (-v shows it)' if lines else ''}"


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


def _foot(report: Report, page: _Page) -> Iterator[str]:
    """Which program that was, as which release, where and when; and how to ask for help."""
    yield ""
    if page.verbose:
        yield from _subject(report, page)
    asked = f", {cost(report, short=True)}" if shown(report.evidence) and report.verdict is not Verdict.OK else ""
    place = f", {page.place}" if page.place else ""
    yield from page.wrap(f"{versions(report)}{place}{asked}", "  ")
    if report.verdict in (Verdict.FAILURE, Verdict.UNKNOWN) and shown(report.evidence):
        yield from page.wrap(
            "Help: `s3probe check --save-evidence FILE` writes a file without secrets to attach to a question.",
            "  ",
        )
