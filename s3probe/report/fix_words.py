"""A fix in words, with the block that is ready to paste: shared by text and Markdown."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from s3probe.codec import to_plain
from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    EnvFix,
    Finding,
    Fix,
    IamAllow,
    Manual,
    ProofState,
    ServerFix,
    Severity,
    on_day,
)
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import Actor
from s3probe.report.model import Report
from s3probe.report.setting_words import bucket_words, sentence, server_words
from s3probe.report.words import count
from s3probe.settings.addressing import is_aws
from s3probe.settings.dotenv_line import env_line
from s3probe.settings.model import PROCESS_ENVIRONMENT


@dataclass(frozen=True, slots=True)
class FixWords:
    """``lead`` is a sentence without its last stop; ``block`` stands as it is, never wrapped."""

    lead: str
    block: str = ""
    note: str = ""
    """Follows the block."""
    language: str = ""
    """Of the block, for Markdown: ``sh``, ``json``, ``nginx`` or blank."""
    opening: str = "To fix it"
    """``and`` for what belongs to the fix before it, ``or`` for an alternative."""
    proof: str = ""
    """Whether it was tried, and what came of that; stands with the last of what belongs together."""

    @property
    def remark(self) -> str:
        """The note and the proof, each as a sentence of its own."""
        return " ".join(f"{sentence(text).rstrip('.')}." for text in (self.note, self.proof) if text)


def fixes_in_words(finding: Finding, source: str) -> Iterator[FixWords]:
    """All alternatives of a finding, best first; what belongs together follows on its first line."""
    for number, group in enumerate(finding.alternatives):
        proof = _proof(group) if finding.severity is Severity.FAILURE else ""
        first = "What to do" if isinstance(group[0], Manual) else "To fix it"
        if lines := _lines_at_once(group, source):
            yield replace(lines, opening="or" if number else first, proof=proof)
            continue
        for place, fix in enumerate(group):
            opening = "and" if place else "or" if number else first
            words = fix_in_words(fix, source)
            if not words.block and words.note.startswith(("and ", "or ")):
                joint = ", " if words.note.startswith("or ") else " "
                words = replace(words, lead=f"{words.lead.rstrip('.')}{joint}{words.note}", note="")
            yield replace(words, opening=opening, proof=proof if place == len(group) - 1 else "")


def _proof(group: Sequence[Fix]) -> str:
    """What a trial showed of these lines, or why there was none; blank where nobody has asked."""
    proof = None if isinstance(group[0], Manual) else group[0].proof
    if proof is None:
        return ""
    if proof.state is ProofState.UNTRIED:
        return proof.why_untried
    asked = proof.fine + proof.not_fine
    lines = "this line" if len(group) == 1 else f"these {len(group)} lines"
    when = f" {on_day(proof.when)}" if proof.when else ""
    return f"tried{when}: with {lines} {f'{proof.fine} of' if proof.not_fine else 'all'} {asked} actions pass"


def fix_in_words(fix: Fix, source: str) -> FixWords:
    """One fix in words. ``source`` is the env file's name."""
    match fix:
        case EnvFix():
            return _env(fix, source)
        case IamAllow(command=command) if command:
            return FixWords("Give Mastodon's key all the rights that it needs", command, fix.note, "sh")
        case IamAllow():
            statement = {"Effect": "Allow", "Action": list(fix.actions), "Resource": list(fix.resources)}
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            return FixWords("Allow Mastodon's key this, in its IAM policy", _json(policy), fix.note, "json")
        case BucketPolicy():
            lead = "Add this statement to the bucket policy"
            return FixWords(lead, _json(to_plain(fix.statement)), fix.note, "json")
        case BucketSetting():
            lead = bucket_words(fix)
            block = fix.command or ("" if len(fix.value) < 50 else fix.value)
            return FixWords(lead, block, fix.note, "sh" if fix.command else "")
        case ServerFix():
            words = server_words(fix)
            return FixWords(words.lead, words.block, words.note, words.language)
        case Manual():
            return FixWords(fix.text)


def _lines_at_once(group: Sequence[Fix], source: str) -> FixWords | None:
    """Several lines of one file as one block to copy; ``None`` where it is not that."""
    lines = [fix for fix in group if isinstance(fix, EnvFix) and fix.value is not None]
    places = {_where(fix, source) for fix in lines}
    if len(lines) != len(group) or len(lines) < 2 or len(places) > 1:
        return None
    numbers = [str(fix.line) for fix in lines if fix.line]
    where, block = places.pop(), "\n".join(_line(fix) for fix in lines)
    said = f"{', '.join(numbers[:-1])} and {numbers[-1]}" if numbers[1:] else "".join(numbers)
    if len(numbers) == len(lines):
        lead = f"Change lines {said} of {where} to"
    else:
        lead = f"Set these in {where}{f' (in line {said}, and new ones)' if numbers else ''}"
    notes = (f"{fix.variable}: {fix.note}" for fix in lines if fix.note)
    return FixWords(lead, block, "; ".join(notes))


def _where(fix: EnvFix, source: str) -> str:
    # of several files that Mastodon reads together, the one that is meant for a new line is named last
    where = fix.source or source.rpartition(", ")[2]
    if where == PROCESS_ENVIRONMENT:
        return "the process environment (where the service or the container is defined)"
    return where


def _line(fix: EnvFix) -> str:
    assert fix.value is not None
    return f"{fix.variable}={fix.value}" if fix.secret else env_line(fix.variable, fix.value)


def _env(fix: EnvFix, source: str) -> FixWords:
    where = _where(fix, source)
    if fix.value is None:
        return FixWords(f"Remove {fix.variable} from {f'line {fix.line} of ' if fix.line else ''}{where}", "", fix.note)
    line = _line(fix)
    lead = f"Change line {fix.line} of {where} to" if fix.line else f"Set this in {where}"
    return FixWords(lead, line, fix.note)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def removal_commands(report: Report) -> tuple[str, ...]:
    """For everything left behind, the command that removes it."""
    return _removing(report, report.evidence.cleanup.left_behind)


def left_behind(report: Report, what: str, of: str = "") -> str:
    """What those commands are for, without a last stop. Where no upload passed, nobody knows what arrived."""
    cleanup = report.evidence.cleanup
    some = f"{count(len(cleanup.left_behind), what)}{of}"
    if cleanup.created > cleanup.removed:
        return f"{some} could not be removed"
    return f"{some} may be there: the upload failed, and the storage does not say whether it was stored"


def late_removal_commands(report: Report) -> tuple[str, ...]:
    """For every upload without an answer that may still arrive, the command that removes it then."""
    return _removing(report, report.evidence.cleanup.may_arrive)


def late_uploads(report: Report) -> str:
    """What those commands are for, as a sentence without its last stop; ``""`` when no upload may still arrive."""
    late = len(report.evidence.cleanup.may_arrive)
    if not late:
        return ""
    one = late == 1
    return (
        f"{count(late, 'upload')} got no answer. {'It is' if one else 'They are'} not there now, and may still arrive:"
        f" the next check on this machine removes {'it' if one else 'them'} then, or by hand"
    )


def earlier_leftovers(report: Report) -> str:
    """What earlier runs left, as a sentence without its last stop; ``""`` when nothing of it is left."""
    earlier = len(report.evidence.cleanup.earlier)
    if not earlier:
        return ""
    one = earlier == 1
    return (
        f"{count(earlier, 'test object')} of earlier checks may still be there, and with this key"
        f" {'it' if one else 'they'} can neither be seen nor removed. With one that may, `s3probe sweep` does it, or"
        " by hand"
    )


def earlier_removal_commands(report: Report) -> tuple[str, ...]:
    """For each of those, the command that shows or removes it."""
    return _removing(report, report.evidence.cleanup.earlier)


def _removing(report: Report, names: Iterable[str]) -> tuple[str, ...]:
    subject, places = report.subject, {one.name: one for one in report.evidence.cleanup.elsewhere}
    commands = []
    for left in names:
        place = places.get(left)
        endpoint = "" if is_aws(subject.endpoint) else f" --endpoint-url {shlex.quote(subject.endpoint)}"
        bucket = shlex.quote(subject.bucket if place is None else place.bucket)
        if place is not None:
            endpoint = f" --endpoint-url {shlex.quote(place.endpoint)} --region {shlex.quote(place.region)}"
        key, _, query = left.partition("?")
        name, _, value = query.partition("=")
        if name in ("uploads", "versions"):  # the id is not known
            verb = "list-multipart-uploads" if name == "uploads" else "list-object-versions"
            commands.append(f"aws s3api{endpoint} {verb} --bucket {bucket} --prefix {shlex.quote(key)}")
            continue
        verb = "abort-multipart-upload" if name == "uploadId" else "delete-object"
        option = {"uploadId": "--upload-id", "versionId": "--version-id"}.get(name)
        command = f"aws s3api{endpoint} {verb} --bucket {bucket} --key {shlex.quote(key)}"
        commands.append(f"{command} {option} {shlex.quote(value)}" if option else command)
    return tuple(commands)


def sweep_can(report: Report) -> bool:
    """Whether ``s3probe sweep`` removes what was left: it knows objects and uploads by name, no versions.

    It looks where the file leads, and nowhere else.
    """
    left = report.evidence.cleanup.left_behind
    if report.evidence.cleanup.elsewhere:
        return False
    denied = any(
        row.operation.startswith("Delete") and row.outcome is Outcome.DENIED and row.actor is Actor.MASTODON
        for row in report.evidence.observations
    )
    return not denied and all(name.partition("?")[2].partition("=")[0] in ("", "uploadId") for name in left)
