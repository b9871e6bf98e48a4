"""Words and little tools that several formats share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from s3probe import __version__
from s3probe.diagnosis.model import Certainty, Finding, Severity
from s3probe.evidence.observations import Evidence, Observation, Outcome
from s3probe.evidence.vocabulary import ObservationId
from s3probe.report.detail import detail
from s3probe.report.model import Report, Verdict

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
    "it to the project with the file that s3probe check --save-evidence writes; secrets are not in it"
)
PARTIAL_HEADLINES = {
    **HEADLINES,
    Verdict.OK: "What was asked for passes; nothing is said of the rest",
    Verdict.WARNING: "What was asked for passes, but something will hurt; nothing is said of the rest",
    Verdict.UNKNOWN: "Could not tell whether what was asked for passes",
}
_BY_PROFILE = {"lint": LINT_HEADLINES, "read-only": READ_ONLY_HEADLINES}


def headline(report: Report) -> str:
    """The verdict as a sentence."""
    return (PARTIAL_HEADLINES if report.partial else _BY_PROFILE.get(report.evidence.run.profile, HEADLINES))[
        report.verdict
    ]


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


def count(number: int, noun: str) -> str:
    """``1 request``, ``2 requests``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def tally(findings: Iterable[Finding]) -> str:
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


def versions(report: Report) -> str:
    """``s3probe 0.2.0 as Mastodon 4.7.1, 2026-11-28 15:10, run k3v9qw7x``: the program, what it did as, and when."""
    run = report.evidence.run
    release = f" as Mastodon {run.mastodon_version}" if run.mastodon_version else ""
    when = f", {run.started[:16].replace('T', ' ')}" if run.started else ""
    number = f", run {run.id}" if run.id else ""
    return f"s3probe {__version__}{release}{when}{number}"


def aftermath(report: Report, finding: Finding) -> list[str]:
    """What the trials showed of a finding beside its fixes, in sentences without their last stop."""
    ended = [one.title for one in report.consequences if one.of == finding.id]
    return [
        *([f"with its fix, this ends as well: {'; '.join(ended)}"] if ended else []),
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
