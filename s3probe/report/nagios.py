"""One status line with performance data, details below (Monitoring Plugins guidelines)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3probe.report.fix_words import fixes_in_words, late_removal_commands, removal_commands
from s3probe.report.formats import RenderOptions, exit_status
from s3probe.report.model import Report
from s3probe.report.words import (
    SEVEREST,
    answer,
    cause,
    headline,
    left_out,
    made,
    rule_errors,
    shown,
    tally,
    verdict_and_cause,
)

_STATES = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN", 64: "UNKNOWN", 70: "UNKNOWN"}


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """The state in the first line is that of the exit status: warnings are OK unless they count as such."""
    state = _STATES[exit_status(reports, options)]
    lines = [f"S3PROBE {state} - {_text(_summary(reports, options))} | {_perfdata(reports)}"]
    lines += [_text(line) for report in reports for line in _details(report, named=len(reports) > 1)]
    if reports or len(options.unexamined) > 1:
        lines += [_text(f"{missed.source}: {missed.message}") for missed in options.unexamined]
    lines += [_text(made(report, options.place)) for report in reports]
    return "\n".join(lines) + "\n"


def unknown(message: str) -> str:
    """The whole output when there is no report at all."""
    return f"S3PROBE UNKNOWN - {_text(message)}\n"


def _text(text: str) -> str:
    # a bar would begin performance data, a line feed would end the status line
    return " ".join(text.replace("|", "/").split("\n"))


def _rules_failed(number: int) -> str:
    return "1 rule of s3probe failed" if number == 1 else f"{number} rules of s3probe failed"


def _summary(reports: Sequence[Report], options: RenderOptions) -> str:
    findings = [finding for report in reports for finding in report.findings]
    if len(reports) == 1 and not options.unexamined:
        report = reports[0]
        failed = f"; {_rules_failed(len(report.rule_errors))}" if report.rule_errors else ""
        said = verdict_and_cause(report)
        if cause(report) is None and findings:
            said = f"{said}: {findings[0].title}"  # a notice
        return f"{report.subject.bucket or report.subject.source}: {said}{failed}"
    if not reports and len(options.unexamined) == 1:
        return options.unexamined[0].message
    parts = ["1 env file examined" if len(reports) == 1 else f"{len(reports)} env files examined"]
    if findings:
        parts.append(tally(findings))
    broken = sum(len(report.rule_errors) for report in reports)
    if broken:
        parts.append(_rules_failed(broken))
    if options.unexamined:
        parts.append(f"{len(options.unexamined)} not examined")
    worst = min(reports, key=lambda report: SEVEREST.index(report.verdict), default=None)
    if worst is not None and worst.findings:
        return f"{', '.join(parts)}; worst: {worst.subject.source}: {worst.findings[0].title}"
    return ", ".join(parts)


def _perfdata(reports: Sequence[Report]) -> str:
    seconds = max((report.evidence.run.seconds for report in reports), default=0.0)
    requests = sum(report.evidence.cost.requests for report in reports)
    left = sum(len(report.evidence.cleanup.left_behind) for report in reports)
    failures = sum(f.severity.value == "failure" for report in reports for f in report.findings)
    warnings = sum(f.severity.value == "warning" for report in reports for f in report.findings)
    return (
        f"seconds={seconds:.3f}s;;;0 requests={requests};;;0 failures={failures};;;0 "
        f"warnings={warnings};;;0 left_behind={left};;;0"
    )


def _details(report: Report, *, named: bool) -> Iterator[str]:
    if named:
        yield f"{report.subject.source}: {headline(report)}"
    for finding in report.findings:
        yield f"{finding.severity.value.upper()} {finding.id}: {finding.title}. {finding.consequence}"
        first = next(fixes_in_words(finding, report.subject.source), None)
        if first is not None:
            block = " ".join(first.block.split()) if first.language == "nginx" else first.block
            yield f"  {first.lead}" + (f": {block}" if block and "\n" not in block else "")
    for row in shown(report.evidence):
        if row.failed:
            yield f"{row.id}: {answer(row)}"
    yield from rule_errors(report)
    yield from left_out(report)
    for command in removal_commands(report):
        yield f"left behind, to be removed with: {command}"
    for command in late_removal_commands(report):
        yield f"got no answer and may still arrive, to be removed then with: {command}"
