"""What the reports for people tell, whatever they look like: shared by the text for the eye and the plain one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from s3probe.diagnosis.model import Finding, Severity
from s3probe.evidence.observations import THOROUGH, THOROUGH_ALONE, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId
from s3probe.report.fix_words import (
    FixWords,
    earlier_leftovers,
    earlier_removal_commands,
    first_way,
    fixes_in_words,
    late_removal_commands,
    late_uploads,
    left_behind,
    removal_commands,
    sweep_can,
)
from s3probe.report.model import Report, Verdict
from s3probe.report.words import cause, cost, count, out_of_time, report_command, shown, verdict_and_cause

ROWS = 6
"""Failing actions that are shown; more say nothing new."""
_TOO = "To remove what is left (`s3probe sweep` does, too, when an hour has passed)"
_MANY = 4
"""Actions skipped for the same reason are told in one line from this number on."""
_PLACES = ("S3_ENDPOINT", "S3_HOSTNAME", "S3_PROTOCOL", "S3_BUCKET", "S3_REGION")
"""A failure of one of these leaves no endpoint to name."""


def said(report: Report) -> str:
    """Verdict and cause; of a healthy storage what was asked."""
    told = verdict_and_cause(report)
    if report.verdict is Verdict.OK:
        rows = [row for row in shown(report.evidence) if row.ran]
        return f"{told}: {count(len(rows), 'action')}, {cost(report, short=True)}" if rows else told
    return told if cause(report) is not None and report.verdict is not Verdict.UNKNOWN else f"{told}."


def by_weight(report: Report, *, verbose: bool) -> tuple[list[Finding], list[Finding]]:
    """What is told at length, and what in a line: a notice is nothing to act on."""
    if verbose:
        return list(report.findings), []
    notices = [one for one in report.findings if one.severity is Severity.NOTICE]
    return [one for one in report.findings if one.severity is not Severity.NOTICE], notices


def way_out(report: Report) -> list[FixWords]:
    """The steps of the cause's first fix."""
    first = cause(report)
    return first_way(fixes_in_words(first, report.subject.source)) if first is not None else []


def not_looked_at(report: Report) -> str:
    """Folders that this run left to a thorough one, where nothing else is wrong."""
    row = report.evidence.get(ActionId.PUBLIC_FOLDERS)
    folders, left, _rest = (row.reason or "").partition(f": {THOROUGH_ALONE}") if row is not None else ("", "", "")
    return f"Not looked at without {THOROUGH}: {folders}" if left and report.verdict is Verdict.OK else ""


def facts_of(report: Report) -> dict[str, str]:
    """The settings that were examined, by label."""
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
    return facts


def _no_endpoint(report: Report) -> str:
    """Without a bucket Mastodon stores elsewhere; with one, the endpoint cannot be used."""
    named = [f for f in report.findings if f.setting in _PLACES and f.severity is Severity.FAILURE]
    return f"not usable: {named[0].title}" if named else "none: no S3 is used"


def alike(rows: Sequence[Observation]) -> dict[str, int]:
    """Reasons for which so many of the actions were skipped that they are told together, and how many each."""
    reasons = Counter(row.reason or "" for row in rows if row.outcome is Outcome.SKIPPED)
    return {reason: number for reason, number in reasons.items() if number >= _MANY}


def cut_short(report: Report) -> str:
    """That not everything was asked, and what helps where the time was too short; ``""`` where it was."""
    if report.evidence.run.complete:
        return ""
    if out_of_time(report):
        return (
            "The time was up before everything was looked at (-v tells what was). "
            "The storage may be slow; --deadline SECONDS gives the check more time."
        )
    return "The check was cut short: not everything was looked at (-v tells what was)."


def left(report: Report) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is or may be left in the bucket, in words without their last stop, and the commands that remove it."""
    cleanup = report.evidence.cleanup
    if cleanup.left_behind:
        how = _TOO if sweep_can(report) else "To remove what is left"
        yield f"{left_behind(report)}. {how}", removal_commands(report)
    if cleanup.may_arrive:
        yield late_uploads(report), late_removal_commands(report)
    if cleanup.earlier:
        yield earlier_leftovers(report), earlier_removal_commands(report)


def asks_for_help(report: Report) -> bool:
    """Whether to say how to ask others."""
    return report.verdict in (Verdict.FAILURE, Verdict.UNKNOWN) and bool(shown(report.evidence))


def undecided(report: Report) -> str:
    """Where nothing could be named: in one sentence."""
    return f"No fault could be named. `{report_command(report)}` writes what was seen, without secrets, for an issue."


def try_again(report: Report) -> str:
    """The same, with what to do first."""
    return (
        f"No fault could be named. Run it again; when this stays, `{report_command(report)}` "
        "writes what was seen, without secrets, for someone to look at."
    )


def help_to_get(report: Report) -> str:
    """What to attach to a question."""
    return f"`{report_command(report)}` writes one file, without secrets, to attach to an issue."
