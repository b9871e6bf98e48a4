"""The report for screen readers and e-mail: one fact a line, behind its label. No table, no picture, no colour.

A line is never broken: what reads or shows it does that. What there is to copy stands as it is, on lines of its own
where it has several.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.report.chain import Leg, legs
from s3probe.report.fix_words import FixWords, first_way, fixes_in_words, restart
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report, Verdict
from s3probe.report.requests import failed_requests, introduction, keys_for
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
    headline,
    left_out,
    made,
    others,
    plain_ascii,
    rule_errors,
    shown,
    total,
    versions,
)

_LINES = 12
"""That one message to a phone may have."""


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """All reports, a blank line between two facts of different kinds."""
    one = _brief if options.brief else _whole
    several = len(reports) + len(options.unexamined) > 1
    blocks = [block for report in reports for block in _named(list(one(report, options)), report, several)]
    blocks += [
        [
            told(
                "Not examined",
                missed.message if missed.source in missed.message else f"{missed.source}: {missed.message}",
            )
        ]
        for missed in options.unexamined
    ]
    if options.place is not None and options.place.apart:
        blocks.append([fact("Note", options.place.apart), *copied(options.place.command)])
    if several:
        blocks.append([fact("Total", f"{total(reports, len(options.unexamined))}.")])
    text = "\n\n".join("\n".join(block) for block in blocks if block)
    return (plain_ascii(text) if options.ascii else text) + "\n"


def _named(blocks: list[list[str]], report: Report, several: bool) -> list[list[str]]:
    """Which file a report is about, where there are several."""
    return [[fact("File", report.subject.source), *blocks[0]], *blocks[1:]] if several else blocks


def fact(label: str, text: str) -> str:
    """A line; it is as long as the fact."""
    # the one sign of ours that is no letter; what a server or a file says is shown as it is
    return f"{label}: {' '.join(text.split()).replace('…', '...')}"


def told(label: str, text: str) -> str:
    """A fact that is a sentence, with its last stop."""
    return fact(label, stopped(text))


def copied(block: str, language: str = "") -> Iterator[str]:
    """What there is to copy."""
    if language == "json":
        block = json.dumps(json.loads(block), ensure_ascii=False)
    lines = block.splitlines()
    if len(lines) > 1:
        yield f"To copy: the next {len(lines)} lines."
        yield from lines
    else:
        yield from (f"To copy: {line}" for line in lines)


def _whole(report: Report, options: RenderOptions) -> Iterator[list[str]]:
    yield list(_head(report))
    yield list(_way(legs(report)))
    grave, notices = by_weight(report, verbose=options.verbose)
    for number, finding in enumerate(grave):
        yield list(_finding(finding, report, options, titled=bool(number) or finding is not cause(report)))
    yield [told("Notice", f"{one.title} (s3probe explain {one.id})") for one in notices]
    folders = "" if options.verbose else not_looked_at(report)
    yield [told("Note", folders)] if folders else []
    yield [*(told("Left out", one) for one in left_out(report)), *(told("Note", one) for one in rule_errors(report))]
    yield list(_rows(report, options))
    yield from _requests(report) if options.verbose else ()
    yield list(_open_ends(report))
    yield list(_foot(report, options))


def _head(report: Report) -> Iterator[str]:
    yield told("Verdict", headline(report))
    if report.verdict is Verdict.OK and any(row.ran for row in shown(report.evidence)):
        asked = sum(row.ran for row in shown(report.evidence))
        yield told("Asked", f"{count(asked, 'action')}, {cost(report, short=True)}")
    first = cause(report) if report.verdict is not Verdict.UNKNOWN else None
    if first is not None:
        yield told("Cause", first.title)
        if more := others(report):
            yield told("Besides", more)


def _way(way: Sequence[Leg]) -> Iterator[str]:
    """The picture in words."""
    start = "Mastodon"
    for leg in way:
        if leg.passes is None:
            yield told("Way", f"From {start} to {leg.to}: not reached")
        elif leg.passes:
            yield told("Way", f"From {start} to {leg.to}: open")
        else:
            yield told("Way", f"From {start} to {leg.to}: broken ({leg.said})")
        start = leg.to


def _finding(finding: Finding, report: Report, options: RenderOptions, *, titled: bool) -> Iterator[str]:
    if titled:
        yield told(finding.severity.value.capitalize(), finding.title)
    yield told("In Mastodon", finding.consequence)
    yield told(KNOWN[finding.certainty], finding.how_known)
    words = list(fixes_in_words(finding, report.subject.source))
    best = len(first_way(words))
    for fix in words[:best]:
        yield from _fix(fix)
    if then := restart(report, finding):
        yield told("Next", sentence(then.removeprefix("Then ")))
    for fix in words[best:]:
        yield from _fix(fix)
    for text in aftermath(report, finding):
        yield told("Note", text)
    yield fact("More", f"s3probe explain {finding.id}")
    if options.verbose:
        yield from (fact("Page", link) for link in finding.links)


def _fix(fix: FixWords) -> Iterator[str]:
    yield told(sentence(fix.opening), f"{fix.lead.rstrip('.')}{':' if fix.block else ''}")
    yield from copied(fix.block, fix.language)
    if fix.note:
        yield told("Note", fix.note)
    if fix.proof:
        yield told("Proof", fix.proof)


def _rows(report: Report, options: RenderOptions) -> Iterator[str]:
    """The actions that failed, or with ``-v`` all of them; how many the others are."""
    rows = shown(report.evidence)
    failed = [row for row in rows if row.failed]
    if report.verdict is Verdict.OK and not options.verbose:
        return
    many = alike(rows)
    for row in rows if options.verbose else failed[:ROWS]:
        if row.outcome is not Outcome.SKIPPED or row.reason not in many:
            yield _row(row)
    for reason, number in many.items() if options.verbose else ():
        yield told("Skipped", f"{count(number, 'action')}. Why: {reason}")
    numbers = {
        "failed": len(failed) if options.verbose else len(failed) - ROWS,
        "fine": sum(row.ok for row in rows),
        "skipped": sum(row.outcome is Outcome.SKIPPED for row in rows),
    }
    labels = {"failed": "Failed" if options.verbose else "More failed", "fine": "Passed", "skipped": "Skipped"}
    for kind, number in numbers.items():
        if number > 0:
            yield told(labels[kind], count(number, "action"))
    if rows and not options.verbose:
        yield "Note: -v tells each of them."


def _row(row: Observation) -> str:
    if row.ok:
        return told("Passed", row.title)
    if row.outcome is Outcome.SKIPPED:
        return told("Skipped", f"{row.title}. Why: {row.reason or 'no reason was given'}")
    return told("Failed", f"{row.title}. Answer: {answer(row)}")


def _requests(report: Report) -> Iterator[list[str]]:
    """How to make each failed request without s3probe, and what support asks for."""
    failed = failed_requests(report)
    if failed:
        yield [told("Requests", introduction(report, failed)), *copied(keys_for(report, failed))]
    for one in failed:
        row = fact("Failed", f"{one.row.title}: {answer(one.row)}")
        yield [row, *(fact("Asked", line) for line in one.about), *copied(one.command)]


def _open_ends(report: Report) -> Iterator[str]:
    if short := cut_short(report):
        yield told("Note", short)
    if report.verdict is Verdict.UNKNOWN and not report.findings:
        yield told("Note", try_again(report))
    for what, commands in left(report):
        yield told("Left behind", f"{what}:")
        for command in commands:
            yield from copied(command)


def _foot(report: Report, options: RenderOptions) -> Iterator[str]:
    if options.verbose:
        yield from (fact(name, value) for name, value in facts_of(report).items())
    yield fact("Made by", made(report, options.place))
    if shown(report.evidence) and report.verdict is not Verdict.OK and not options.verbose:
        yield fact("Cost", cost(report, short=True))
    if asks_for_help(report):
        yield fact("Help", help_to_get(report))


def _brief(report: Report, options: RenderOptions) -> Iterator[list[str]]:
    """Cause, evidence, line, proof and versions: for a chat."""
    del options
    lines = list(_head(report))
    first = cause(report) if report.verdict is not Verdict.UNKNOWN else None
    if first is not None:
        lines.append(told(KNOWN[first.certainty], first.how_known))
        lines += [line for fix in way_out(report) for line in _fix_in_short(fix)]
    elif report.verdict is Verdict.UNKNOWN:
        lines.append(told("Note", undecided(report)))
    lines += [told("Left out", one) for one in left_out(report)]
    yield [*lines[: _LINES - 1], fact("Made by", versions(report))]


def _fix_in_short(fix: FixWords) -> Iterator[str]:
    """Without what takes many lines."""
    yield told(sentence(fix.opening), f"{fix.lead.rstrip('.')}{':' if fix.block else ''}")
    if "\n" in fix.block:
        yield fact("In short", fix.gist or "s3probe check -v shows it")
    else:
        yield from copied(fix.block)
    if fix.proof:
        yield told("Proof", fix.proof)
