"""Words and little tools that several formats share."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from s3probe import __version__
from s3probe.diagnosis.model import Certainty, Finding, LeftOut, Severity
from s3probe.evidence.observations import (
    LATE_ANSWER,
    TIME_WAS_UP,
    Evidence,
    Observation,
    Outcome,
    Run,
    VersionFrom,
)
from s3probe.evidence.release import NEWEST_COMPARED, is_newer_than_compared
from s3probe.evidence.vocabulary import ObservationId
from s3probe.report.detail import detail
from s3probe.report.formats import Standpoint
from s3probe.report.model import Report, Verdict
from s3probe.settings.model import PROCESS_ENVIRONMENT, STANDARD_INPUT

_ASCII = str.maketrans(
    {
        "…": "...",
        "–": "-",
        "—": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "·": "-",
        "→": "->",
        "×": "x",
        "─": "-",
        "✔": "+",
        "✘": "x",
        "≥": ">=",
        "\u00a0": " ",
    }
)

HEADLINES = {
    Verdict.OK: "Media storage works",
    Verdict.WARNING: "Media storage works, but something will hurt",
    Verdict.FAILURE: "Media storage does not work as it should",
    Verdict.UNKNOWN: "Could not tell whether media storage works",
}
LINT_HEADLINES = {
    Verdict.OK: "Nothing is wrong in the file itself",
    Verdict.WARNING: "Nothing in the file stops Mastodon, but something in it will hurt",
    Verdict.FAILURE: "Media storage cannot work with this file",
    Verdict.UNKNOWN: "Could not tell whether the file is right",
}
READ_ONLY_HEADLINES = {
    **HEADLINES,
    Verdict.OK: "Nothing wrong was seen, as far as reading shows (--read-only: no upload was tried)",
    Verdict.WARNING: "Something will hurt; no upload was tried (--read-only)",
}
SEVEREST = (Verdict.FAILURE, Verdict.UNKNOWN, Verdict.WARNING, Verdict.OK)
"""Verdicts, the worst first."""
_IN_A_TOTAL = {
    Verdict.FAILURE: "failed",
    Verdict.UNKNOWN: "could not be told",
    Verdict.WARNING: "with a warning",
    Verdict.OK: "fine",
}
KNOWN = {Certainty.CERTAIN: "How we know", Certainty.LIKELY: "Likely", Certainty.POSSIBLE: "Possible"}
"""What stands before how something is known."""
REPORT_IT = (
    "That is a bug of s3probe, and says nothing about your storage. What the other rules found stands. Please report "
    "it to the project with the file that s3probe report writes; secrets are not in it"
)
PARTIAL_HEADLINES = {
    **HEADLINES,
    Verdict.OK: "What was asked for ({asked}) passes; nothing is said of the rest",
    Verdict.WARNING: "What was asked for ({asked}) passes, but something will hurt; nothing is said of the rest",
    Verdict.FAILURE: "Media storage does not work as it should (asked for: {asked})",
    Verdict.UNKNOWN: "Could not tell whether what was asked for passes (asked for: {asked})",
}
"""Where there are few actions; where there are many, or none:"""
UNNAMED_HEADLINES = {
    Verdict.OK: "What was asked for passes; nothing is said of the rest",
    Verdict.WARNING: "What was asked for passes, but something will hurt; nothing is said of the rest",
    Verdict.FAILURE: "Media storage does not work as it should (asked for: a part of it)",
    Verdict.UNKNOWN: "Could not tell whether what was asked for passes (asked for: a part of it)",
}
LEFT_OUT_HEADLINES = {
    **HEADLINES,
    Verdict.OK: "Nothing is wrong beside what was left out",
    Verdict.WARNING: "Something will hurt, beside what was left out",
}
_FEW = 4
"""Actions that a headline names."""
_USUAL_FILE = ".env.production"
"""What needs no naming on the command line."""
_BY_PROFILE = {"lint": LINT_HEADLINES, "read-only": READ_ONLY_HEADLINES}


def headline(report: Report) -> str:
    """The verdict as a sentence: that storage works is said of the whole alone."""
    grave = [one for one in report.left_out if one.severity is not Severity.NOTICE]
    if report.partial:
        asked = [row.id for row in shown(report.evidence) if row.ran]
        few = 0 < len(asked) <= _FEW
        said = (PARTIAL_HEADLINES if few else UNNAMED_HEADLINES)[report.verdict].format(asked=", ".join(asked))
    elif grave:
        said = LEFT_OUT_HEADLINES[report.verdict]
    else:
        said = _BY_PROFILE.get(report.evidence.run.profile, HEADLINES)[report.verdict]
    return f"{said} ({tally(grave)} left out)" if grave else said


def cause(report: Report) -> Finding | None:
    """The first finding to act on."""
    return next((one for one in report.findings if one.severity is not Severity.NOTICE), None)


def verdict_and_cause(report: Report) -> str:
    """``Media storage does not work: S3_REGION is eu-west-1, but … (and 1 warning)``, without a last stop."""
    said, first = headline(report), cause(report)
    if first is None or report.verdict is Verdict.UNKNOWN:
        late = report.verdict is Verdict.UNKNOWN and out_of_time(report)
        return f"{said}: the time was up after {report.evidence.run.seconds:.0f} s" if late else said
    more = others(report)
    return f"{said}: {first.title} (and {more})" if more else f"{said}: {first.title}"


def others(report: Report) -> str:
    """``1 more failure, 2 warnings``: what there is to act on beside the cause; ``""`` for nothing."""
    first = cause(report)
    told = tally(one for one in report.findings if one is not first and one.severity is not Severity.NOTICE)
    return told.replace(f" {first.severity.value}", f" more {first.severity.value}", 1) if first is not None else told


def out_of_time(report: Report) -> bool:
    """Whether the run's own deadline cut it short."""
    return any(row.reason in (LATE_ANSWER, TIME_WAS_UP) for row in report.evidence.observations)


def left_out(report: Report) -> list[str]:
    """What was found and left out, in a sentence each without its last stop."""
    return [f"found, but left out: {one.severity.value} {one.id}: {one.title}" for one in report.left_out]


def total(reports: Sequence[Report], unexamined: int) -> str:
    """``3 env files: 1 failed, 1 fine, 1 not examined``."""
    verdicts = [report.verdict for report in reports]
    parts = [f"{verdicts.count(one)} {_IN_A_TOTAL[one]}" for one in SEVEREST if one in verdicts]
    parts += [f"{unexamined} not examined"] if unexamined else []
    return f"{count(len(reports) + unexamined, 'env file')}: {', '.join(parts)}"


def rule_errors(report: Report) -> list[str]:
    """Each rule that failed in a sentence, and at the end what to do about it; nothing when all went well."""
    failed = [
        f"The rule {error.rule} of s3probe failed with {error.error}{f' ({error.place})' if error.place else ''}"
        for error in report.rule_errors
    ]
    return [*failed, REPORT_IT] if failed else []


def plain_ascii(text: str) -> str:
    """``text`` for a stream that knows nothing but ASCII."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


_COUNTED: Mapping[str, tuple[str, str]] = {
    "action": ("1 action", "{} actions"),
    "env file": ("1 env file", "{} env files"),
    "failure": ("1 failure", "{} failures"),
    "more step": ("1 more step", "{} more steps"),
    "more way": ("1 more way", "{} more ways"),
    "notice": ("1 notice", "{} notices"),
    "object": ("1 object", "{} objects"),
    "request": ("1 request", "{} requests"),
    "warning": ("1 warning", "{} warnings"),
}
"""What is counted: one of it, and any other number. A language may have its own rule for both."""


def count(number: int, noun: str) -> str:
    """``1 request``, ``2 requests``. Raises KeyError for what is not in the table."""
    one, many = _COUNTED[noun]
    return one if number == 1 else many.format(number)


def tally(findings: Iterable[Finding | LeftOut]) -> str:
    """``1 failure, 2 warnings``; blank when there is none."""
    severities = [finding.severity for finding in findings]
    return ", ".join(count(severities.count(s), s.value) for s in Severity if s in severities)


def shown(evidence: Evidence) -> tuple[Observation, ...]:
    """What a person is told of: every action once (its last answer), experiments left out."""
    last = {observation.id: observation for observation in evidence.observations}
    return tuple(o for o in last.values() if not o.id.is_experiment)


def answer(observation: Observation) -> str:
    """What came back, in one line: ``400 AccessControlListNotSupported: The bucket does not allow ACLs``.

    Of an answer that was taken for a good one, what was wrong with it: ``206, but no Access-Control-Allow-Origin``.
    """
    if observation.outcome is Outcome.SKIPPED:
        return f"skipped: {observation.reason or 'no reason was given'}"
    if observation.network is not None:
        return observation.message or observation.network.value
    head = " ".join(filter(None, (str(observation.http_status or ""), observation.error_code or "")))
    said = detail(observation)
    if said and 200 <= (observation.http_status or 200) < 300:
        return f"{head}, but {said}" if head else said
    head = head or observation.outcome.value
    return f"{head}: {observation.message}" if observation.message else head


def size(octets: int) -> str:
    """``31 kB``; decimal units."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if octets >= factor:
            return f"{octets / factor:.0f} {unit}" if octets >= 10 * factor else f"{octets / factor:.1f} {unit}"
    return f"{octets} bytes"


def cost(report: Report, *, short: bool = False) -> str:
    """``24 requests, 10 kB sent, 31 kB received, 1.8 s``; without the bytes where it is to be short."""
    spent = report.evidence.cost
    if short:
        return f"{count(spent.requests, 'request')}, {report.evidence.run.seconds:.1f} s"
    return (
        f"{count(spent.requests, 'request')}, {size(spent.bytes_sent)} sent, {size(spent.bytes_received)} received, "
        f"{report.evidence.run.seconds:.1f} s"
    )


_KNOWN_BY = {
    VersionFrom.NOTHING: "",
    VersionFrom.INSTANCE: "the instance says so",
    VersionFrom.OPTION: "--mastodon-version",
}


def versions(report: Report) -> str:
    """``s3probe 0.2.0 as Mastodon 4.7.1, 2026-11-28 15:10, run k3v9qw7x``: the program, what it did as, and when."""
    run = report.evidence.run
    facts = [_program(run.mastodon_version, _KNOWN_BY[run.version_from], run.id)]
    facts += [run.started[:16].replace("T", " ")] if run.started else []
    facts += [f"run {run.id}"] if run.id else []
    return ", ".join(facts)


def _program(release: str, known: str, run_id: str) -> str:
    """Which s3probe that was, and as which release of Mastodon it asked, if it asked anything."""
    if not release:
        program = f"s3probe {__version__}"
        return f"{program} as Mastodon {NEWEST_COMPARED} (assumed)" if run_id else program
    program = f"s3probe {__version__} as Mastodon {release}"
    newer = f"newer than {NEWEST_COMPARED}, which s3probe was compared with" if is_newer_than_compared(release) else ""
    told = "; ".join(filter(None, (known, newer)))
    return f"{program} ({told})" if told else program


def known_release(run: Run) -> tuple[str, str]:
    """The release of Mastodon that a run did as, and how that was known."""
    if not run.mastodon_version:
        return NEWEST_COMPARED, "assumed"
    return run.mastodon_version, _KNOWN_BY[run.version_from]


def report_command(report: Report) -> str:
    """What writes the file for an issue about the same settings."""
    sources = report.subject.source.split(", ")
    files = [name for name in sources if name != PROCESS_ENVIRONMENT]
    # files that Mastodon reads together are named by one of them
    file = next((name for name in files if PurePath(name).name == _USUAL_FILE), files[0] if files else _USUAL_FILE)
    words = ["s3probe", "report", *(["--environ"] if PROCESS_ENVIRONMENT in sources else [])]
    if file == STANDARD_INPUT:
        words.append("-")
    elif file != _USUAL_FILE:
        words.append(file)
    return shlex.join(words)


def made(report: Report, place: Standpoint | None) -> str:
    """The same, and where, for those who may know."""
    return f"{versions(report)}, {place}" if place is not None else versions(report)


def aftermath(report: Report, finding: Finding) -> list[str]:
    """What the trials showed of a finding beside its fixes, in whole sentences."""
    ended = [one.title for one in report.consequences if one.of == finding.id]
    return [
        *([f"With its fix, this ends as well: {' '.join(f'{title}.' for title in ended)}"] if ended else []),
        *filter(None, [finding.remark]),
    ]


def explained_by(report: Report) -> dict[ObservationId, Finding]:
    """Action id -> the finding that decides on it or explains it, the most important first."""
    found: dict[ObservationId, Finding] = {}
    for pick in ("because", "explains"):
        for finding in report.findings:
            for action in getattr(finding, pick):
                found.setdefault(action, finding)
    return found
