"""The report for people: the verdict and its cause first, then the fix. One screen for one failure.

Shown in that order: verdict and cause, the way with the place where it breaks, how it is known, the fix, what follows
from it, the failing actions. A report that is longer than a screen ends with verdict, cause and line once more.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from s3probe import __version__
from s3probe.diagnosis.model import Finding, Severity
from s3probe.evidence.observations import Observation, Outcome
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.report.chain import picture
from s3probe.report.fix_words import (
    FixWords,
    first_way,
    fixes_in_words,
    restart,
)
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report, Verdict
from s3probe.report.setting_words import sentence, stopped
from s3probe.report.telling import (
    ROWS,
    alike,
    asks_for_help,
    by_weight,
    cut_short,
    facts_of,
    help_to_get,
    left,
    not_looked_at,
    said,
    try_again,
    undecided,
    way_out,
)
from s3probe.report.words import (
    KNOWN,
    aftermath,
    answer,
    cause,
    cost,
    count,
    left_out,
    made,
    plain_ascii,
    rule_errors,
    shown,
    total,
    versions,
)

_TWO_COLUMNS = 64
"""Columns. Below, S3's long error codes leave no room for the sentence beside them, nor labels for what they name."""
_SCREEN = 24
"""Lines of a terminal as it opens."""
_SHORT = 60
"""Characters of a line that may stand within a sentence."""
_EVIDENCE = 5
"""Lines of what is known: servers can be wordy."""
_OTHERS = 2
"""Other ways out that are told in short; who needs more of them asks for all."""
_OTHER_LINES = 2
"""Lines that each of them may take."""
_BRIEF = 12
"""Lines that one message to a phone may have."""

_PAINT = regex(r"\x1b\[[0-9;]*m")
_RED, _YELLOW, _GREEN, _GREY, _BOLD = "31", "33", "32", "90", "1"
_VERDICT = {
    Verdict.OK: ("✔", _GREEN),
    Verdict.WARNING: ("!", _YELLOW),
    Verdict.FAILURE: ("✘", _RED),
    Verdict.UNKNOWN: ("?", _YELLOW),
}
_SEVERITY_COLOUR = {Severity.FAILURE: _RED, Severity.WARNING: _YELLOW, Severity.NOTICE: _GREY}


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """All reports, a blank line between them."""
    page = _Page(options)
    one = _brief if options.brief else _report
    parts = ["\n".join(one(report, page)) for report in reports]
    for missed in options.unexamined:
        parts.append(f"{page.paint(_RED, '✘', _BOLD)} {missed.source} was not examined: {missed.message}")
    if options.place is not None and options.place.apart:
        parts.append("\n".join([*page.wrap(f"{options.place.apart}:"), "", f"    {options.place.command}"]))
    if len(parts) > 1:
        parts.append(f"{total(reports, len(options.unexamined))}.")
    text = "\n\n".join(parts)
    return (plain_ascii(text) if options.ascii else text) + "\n"


class _Page:
    """Lays text out for one stream."""

    def __init__(self, options: RenderOptions) -> None:
        self._color = options.color
        # beyond 100 columns lines get hard to read; below 40 nothing can be laid out
        # a chat wraps a message by itself, and twelve narrow lines would not hold the fix
        self.width = max(80 if options.brief else 40, min(options.width, 100))
        self._columns = max(self.width, options.width)
        self.verbose = options.verbose
        self.place = options.place

    def paint(self, code: str, text: str, *more: str) -> str:
        return f"\x1b[{';'.join((code, *more))}m{text}\x1b[0m" if self._color else text

    def rows(self, line: str) -> int:
        """How many rows of the terminal a line takes: what is there to be copied may be longer than one."""
        return max(1, math.ceil(len(_PAINT.sub("", line)) / self._columns))

    def wrap(self, text: str, indent: str = "", hanging: str | None = None, *, cuts: bool = False) -> list[str]:
        """``cuts``: words that are longer than a line are cut; what is there to be copied is not."""
        return textwrap.wrap(
            " ".join(text.split()),
            self.width,
            initial_indent=indent,
            subsequent_indent=indent if hanging is None else hanging,
            break_long_words=cuts,
            break_on_hyphens=False,
        )


def _report(report: Report, page: _Page) -> Iterator[str]:
    lines = list(_whole(report, page))
    yield from lines
    if sum(map(page.rows, lines)) >= _SCREEN and report.verdict is not Verdict.OK:
        yield ""
        yield from _head(report, page)
        if report.verdict is not Verdict.UNKNOWN:  # what is known then is not why
            yield from _first_line(report, page)


def _whole(report: Report, page: _Page) -> Iterator[str]:
    yield from _head(report, page)
    if way := picture(report, page.width - 2):
        yield ""
        yield from (f"  {line}" for line in way)
    told, notices = by_weight(report, verbose=page.verbose)
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
    if (folders := not_looked_at(report)) and not page.verbose:
        yield ""
        yield from page.wrap(folders, "  ")
    if others := left_out(report):
        yield ""
        for line in others:
            yield from page.wrap(f"{sentence(line)}.", "  ", "    ")
    if report.rule_errors:
        yield ""
        for line in rule_errors(report):
            yield from page.wrap(f"{line}.")
    yield from _rows(report, page)
    yield from _requests(report, page)
    yield from _open_ends(report, page)
    yield from _foot(report, page)


def _requests(report: Report, page: _Page) -> Iterator[str]:
    """With ``-v``, how to make each failed request without s3probe, and what support asks for."""
    if not page.verbose:
        return
    from s3probe.report.requests import failed_requests, introduction, keys_for

    failed = failed_requests(report)
    if not failed:
        return
    yield ""
    yield from page.wrap(introduction(report, failed), "  ")
    if line := keys_for(report, failed):
        yield ""
        yield f"      {line}"
    for one in failed:
        yield ""
        yield from page.wrap(f"{one.row.title}: {answer(one.row)}", f"  {page.paint(_RED, '✘')}  ", "     ", cuts=True)
        yield from (f"     {line}" for line in one.about)
        if one.command:
            yield ""
            # there to be copied: it is never wrapped
            yield from (f"      {line}" for line in one.command.splitlines())


def _head(report: Report, page: _Page) -> list[str]:
    glyph, colour = _VERDICT[report.verdict]
    lines = page.wrap(f"{glyph} {said(report)}", "", "  ")
    painted = [page.paint(_BOLD, line) for line in lines[1:]]
    return [f"{page.paint(colour, glyph, _BOLD)} {page.paint(_BOLD, lines[0].removeprefix(f'{glyph} '))}", *painted]


def _title(finding: Finding, page: _Page) -> Iterator[str]:
    label = finding.severity.value.upper()
    lines = page.wrap(f"{label}  {finding.title}", "", "  ")
    yield lines[0].replace(label, page.paint(_SEVERITY_COLOUR[finding.severity], label, _BOLD), 1)
    yield from lines[1:]


def _first_line(report: Report, page: _Page) -> Iterator[str]:
    """The first fix of the cause in a line; what belongs to it has a line of its own."""
    for line in _in_lines(way_out(report), "above"):
        yield from page.wrap(line, "  ")


def _in_lines(words: Sequence[FixWords], where: str) -> list[str]:
    """A line each; ``where`` stands what no line can hold."""
    return [f"And: {_next_step(fix, where)}" if number else _step(fix, where) for number, fix in enumerate(words)]


def _step(fix: FixWords, where: str) -> str:
    return fix.in_a_line or f"{fix.lead.rstrip('.')} ({where})"


def _next_step(fix: FixWords, where: str) -> str:
    """The same without what is lost by it, which stands with the whole of it."""
    short = replace(fix, lead=fix.lead.partition(". ")[0])
    return _step(short if len(short.block) <= _SHORT or short.gist else replace(short, block="\n"), where)


def _brief(report: Report, page: _Page) -> Iterator[str]:
    """Cause, evidence, line, command and versions: for a chat. Of evidence that is long its beginning."""
    first = cause(report) if report.verdict is not Verdict.UNKNOWN else None
    head = page.wrap(f"{_VERDICT[report.verdict][0]} s3probe {__version__}: {said(report)}")
    known, lines = [], [undecided(report)] if report.verdict is Verdict.UNKNOWN else []
    if first is not None:
        known = page.wrap(stopped(first.how_known), "  ")
        way = way_out(report)
        lines = _in_lines(way, "s3probe check -v shows it") + [sentence(fix.proof) for fix in way if fix.proof]
    lines += [f"{sentence(one)}." for one in left_out(report)]
    told = list(chain.from_iterable(page.wrap(line, "  ") for line in lines))
    foot = page.wrap(versions(report), "  ")
    room = max(_BRIEF - len(head) - len(told) - len(foot), 1)
    known = known if len(known) <= room else _first_of(known, room, page, "…")
    yield from [*head, *known, *told][: _BRIEF - len(foot)]
    yield from foot


def _subject(report: Report, page: _Page) -> Iterator[str]:
    for name, value in facts_of(report).items():
        yield from page.wrap(value, f"  {name + ':':<13}", " " * 15)


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
        few = [replace(row, message=None) if row.error_code else row for row in failed[:ROWS]]
        yield ""
        yield from _side_by_side(few, page) if page.width >= _TWO_COLUMNS else _stacked(few, page)
    outcomes = [row.outcome for row in rows]
    ok, skipped = outcomes.count(Outcome.OK), outcomes.count(Outcome.SKIPPED)
    more = len(failed) - ROWS
    parts = (
        f"{more} more failed" if more > 0 and not page.verbose else "",
        f"{ok} fine" if ok else "",
        f"{skipped} skipped" if skipped else "",
    )
    told = ", ".join(filter(None, parts))
    if told and (report.verdict is not Verdict.OK or page.verbose):
        if not failed and not page.verbose:
            yield ""
        kept = any(row.asked is not None for row in failed)
        where = "(-v shows all, and failed requests as commands)" if kept else "(-v shows them)"
        yield from page.wrap(told if page.verbose else f"{told} {where}", "  ")


def _table(rows: Sequence[Observation], page: _Page) -> Iterator[str]:
    """What was asked; what was skipped for the same reason many times is told in one line."""
    many = alike(rows)
    cells = [row for row in rows if row.outcome is not Outcome.SKIPPED or row.reason not in many]
    if cells:
        yield from _side_by_side(cells, page) if page.width >= _TWO_COLUMNS else _stacked(cells, page)
    for reason, number in many.items():
        lines = page.wrap(f"{number} actions were skipped: {reason}", "  –  ", "     ")
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
    known = _labelled(KNOWN[finding.certainty], stopped(finding.how_known), page, cuts=True)
    yield from known if page.verbose or len(known) <= _EVIDENCE else _first_of(known, _EVIDENCE, page)
    words = list(fixes_in_words(finding, report.subject.source))
    best = len(first_way(words))
    for fix in words[:best]:
        again = fix.block in shown_blocks and ("\n" in fix.block or len(fix.block) > page.width)
        yield from _fix(_as_above(fix) if again else fix, page)
        shown_blocks.add(fix.block)
    if then := restart(report, finding):
        yield from _labelled("", then, page)
    for fix in words[best:] if page.verbose else ():
        yield from _fix(fix, page)
    if not page.verbose:
        yield from _other_ways(words[best:], page)
    for text in aftermath(report, finding):
        yield from _labelled("", text, page)
    yield from _labelled("More", f"s3probe explain {finding.id}", page)
    if page.verbose:
        yield from (f"{' ' * 16}{link}" for link in finding.links)


def _first_of(lines: list[str], number: int, page: _Page, more: str = "… (-v shows all)") -> list[str]:
    last = lines[number - 1]
    room = page.width - len(more) - 1
    return [*lines[: number - 1], f"{last if len(last) <= room else last[:room].rpartition(' ')[0]} {more}"]


def _labelled(label: str, text: str, page: _Page, *, cuts: bool = False) -> list[str]:
    """The text in a column of its own, its label before it; on a narrow terminal below one another."""
    if page.width < _TWO_COLUMNS:
        return page.wrap(f"{label}: {text}" if label else text, "  ", "    ", cuts=cuts)
    return page.wrap(text, f"  {label:<14}", " " * 16, cuts=cuts)


def _fix(fix: FixWords, page: _Page) -> Iterator[str]:
    lead, label = fix.lead.rstrip("."), sentence(fix.opening)
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


def _as_above(fix: FixWords) -> FixWords:
    """What was shown with another finding, its warning too, is not shown again."""
    return replace(fix, lead=f"{fix.lead.partition('. ')[0]}, as above", block="", note="")


def _other_ways(words: Sequence[FixWords], page: _Page) -> Iterator[str]:
    """The next ways out, each in a sentence: what there is to copy stands in it where that is a line of the file."""
    places = [number for number, fix in enumerate(words) if fix.opening == "or"]
    ends = [*places, len(words)][: _OTHERS + 1]
    for start, end in pairwise(ends):
        yield from _other_way(words[start:end], page)
    if len(places) > _OTHERS:
        yield from _labelled("Or", f"{count(len(places) - _OTHERS, 'more way')} (-v shows all).", page)


def _other_way(steps: Sequence[FixWords], page: _Page) -> list[str]:
    """Two lines at most where there is room: all its steps, or the first one and how many come after it."""
    first, *others = (_in_short(step) for step in steps)
    most = _OTHER_LINES if page.width >= _TWO_COLUMNS else 2 * _OTHER_LINES
    way = [*_labelled("Or", first, page), *chain.from_iterable(_labelled("", f"Then: {one}", page) for one in others)]
    if len(way) > most and others:
        lead = steps[0].lead.rstrip(".")
        way = _labelled("Or", f"{lead}. Then: {count(len(others), 'more step')} (-v).", page)
    return way if len(way) <= most else _first_of(way, most, page)


def _in_short(fix: FixWords) -> str:
    """What is there to be copied has no stop behind it."""
    lines, lead = fix.block.splitlines(), fix.lead.rstrip(".")
    if len(lines) == 1 and len(lines[0]) <= _SHORT:
        return f"{lead}: {lines[0]}"
    return f"{lead} (-v shows it)." if lines else f"{lead}."


def _open_ends(report: Report, page: _Page) -> Iterator[str]:
    if short := cut_short(report):
        yield ""
        yield from page.wrap(short)
    if report.verdict is Verdict.UNKNOWN and not report.findings:
        yield ""
        yield from page.wrap(try_again(report))
    for what, commands in left(report):
        yield ""
        yield from page.wrap(f"{what}:")
        yield ""
        yield from (f"      {command}" for command in commands)


def _foot(report: Report, page: _Page) -> Iterator[str]:
    """Which program that was, as which release, where and when; and how to ask for help."""
    yield ""
    if page.verbose:
        yield from _subject(report, page)
    asked = f", {cost(report, short=True)}" if shown(report.evidence) and report.verdict is not Verdict.OK else ""
    yield from page.wrap(f"{made(report, page.place)}{asked}", "  ")
    if asks_for_help(report):
        yield from page.wrap(f"Help: {help_to_get(report)}", "  ")
