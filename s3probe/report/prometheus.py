"""Metrics for node_exporter's textfile collector. Names and labels are stable; no label holds a text of a server.

The file's own age (``node_textfile_mtime_seconds``) tells when the check ran last: the collector refuses timestamps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from s3probe import __version__
from s3probe.diagnosis.model import Severity
from s3probe.evidence.observations import Outcome
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report, Verdict
from s3probe.report.words import made, shown

Sample = tuple[dict[str, str], float]


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """All metrics, each with HELP and TYPE. The same file given twice counts once."""
    by_source = {report.subject.source: report for report in reports}
    lines = [f"# {' '.join(made(report, options.place).split())}" for report in by_source.values()]
    for name, text, samples in _METRICS:
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        for source, report in by_source.items():
            for labels, value in samples(report):
                lines.append(_line(name, {"source": source, "bucket": report.subject.bucket, **labels}, value))
    lines += ["# HELP s3probe_examined Whether the env file could be examined.", "# TYPE s3probe_examined gauge"]
    lines += [_line("s3probe_examined", {"source": source}, 1) for source in by_source]
    missed = dict.fromkeys(missed.source for missed in options.unexamined)
    lines += [_line("s3probe_examined", {"source": source}, 0) for source in missed if source not in by_source]
    return "\n".join(lines) + "\n"


def _line(name: str, labels: dict[str, str], value: float) -> str:
    shown_labels = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown_labels}}} {value:g}" if value == int(value) < 1e6 else f"{name}{{{shown_labels}}} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _one(value: Callable[[Report], float]) -> Callable[[Report], Iterable[Sample]]:
    return lambda report: [({}, value(report))]


def _info(report: Report) -> Iterator[Sample]:
    subject = report.subject
    labels = {"region": subject.region, "provider": subject.provider, "profile": report.evidence.run.profile}
    yield {**labels, "version": __version__}, 1


def _verdict(report: Report) -> Iterator[Sample]:
    for verdict in Verdict:
        yield {"verdict": verdict.value}, float(report.verdict is verdict)


def _findings(report: Report) -> Iterator[Sample]:
    for severity in Severity:
        yield {"severity": severity.value}, float(sum(f.severity is severity for f in report.findings))


def _each_finding(report: Report) -> Iterator[Sample]:
    for finding in report.findings:
        yield {"id": finding.id, "severity": finding.severity.value}, 1


def _left_out(report: Report) -> Iterator[Sample]:
    for one in report.left_out:
        yield {"id": one.id, "severity": one.severity.value}, 1


def _actions(report: Report) -> Iterator[Sample]:
    for row in shown(report.evidence):
        if row.outcome is not Outcome.SKIPPED:
            yield {"action": row.id}, float(row.ok)


def _seconds(report: Report) -> Iterator[Sample]:
    for row in shown(report.evidence):
        if row.outcome is not Outcome.SKIPPED:
            yield {"action": row.id}, round(row.seconds, 6)


def _requests(report: Report) -> Iterator[Sample]:
    for operation, number in report.evidence.cost.by_operation.items():
        yield {"operation": operation}, float(number)


_METRICS: tuple[tuple[str, str, Callable[[Report], Iterable[Sample]]], ...] = (
    ("s3probe_info", "What was examined, with the version of s3probe.", _info),
    ("s3probe_verdict", "1 for the verdict of the last check, 0 for the others.", _verdict),
    ("s3probe_findings", "Root causes found, by severity.", _findings),
    ("s3probe_finding", "1 for each root cause that was found.", _each_finding),
    ("s3probe_left_out", "1 for each finding that is there and was left out (--skip, --only).", _left_out),
    (
        "s3probe_rule_errors",
        "Rules of s3probe that failed: what they would have said is missing.",
        _one(lambda r: len(r.rule_errors)),
    ),
    ("s3probe_action_ok", "Whether the action went as Mastodon needs it; skipped ones are absent.", _actions),
    ("s3probe_action_duration_seconds", "How long the action took.", _seconds),
    (
        "s3probe_run_duration_seconds",
        "How long the whole check took.",
        _one(lambda r: round(r.evidence.run.seconds, 6)),
    ),
    (
        "s3probe_run_complete",
        "0 when the deadline or a signal cut the check short.",
        _one(lambda r: r.evidence.run.complete),
    ),
    ("s3probe_requests", "Requests of the check, by S3 operation.", _requests),
    ("s3probe_sent_bytes", "Bytes of bodies sent by the check.", _one(lambda r: r.evidence.cost.bytes_sent)),
    (
        "s3probe_received_bytes",
        "Bytes of bodies received by the check.",
        _one(lambda r: r.evidence.cost.bytes_received),
    ),
    (
        "s3probe_left_behind_objects",
        "Test objects that could not be removed.",
        _one(lambda r: len(r.evidence.cleanup.left_behind)),
    ),
)
