"""A fix in words, with the block that is ready to paste: shared by text and Markdown."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

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
from s3probe.knowledge.policies import in_words, names, policy_document
from s3probe.records import dataclass, replace
from s3probe.report.model import Report
from s3probe.report.setting_words import bucket_words, sentence, server_words
from s3probe.report.words import cause
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
    opening: str = "Fix"
    """``and`` for what belongs to the fix before it, ``or`` for an alternative."""
    proof: str = ""
    """Whether it was tried, and what came of that; stands with the last of what belongs together."""
    gist: str = ""
    """What a block of many lines comes to, in a few words."""

    @property
    def in_a_line(self) -> str:
        """Lead, and the block where it is one line, else its gist; blank where neither says it all."""
        what = self.gist if "\n" in self.block else self.block
        return f"{self.lead.rstrip('.')}{f': {what}' if what else ''}" if what or not self.block else ""

    @property
    def remark(self) -> str:
        """The note and the proof."""
        return " ".join(filter(None, (self.note, self.proof)))


def fixes_in_words(finding: Finding, source: str) -> Iterator[FixWords]:
    """All alternatives of a finding, best first; what belongs together follows on its first line."""
    for number, group in enumerate(finding.alternatives):
        proof = _proof(group) if finding.severity is Severity.FAILURE else ""
        first = "What to do" if isinstance(group[0], Manual) else "Fix"
        if lines := _lines_at_once(group, source):
            yield replace(lines, opening="or" if number else first, proof=proof)
            continue
        for place, fix in enumerate(group):
            opening = "and" if place else "or" if number else first
            words = fix_in_words(fix, source)
            yield replace(words, opening=opening, proof=proof if place == len(group) - 1 else "")
        yield from filter(None, map(_as_a_command, group))


def restart(report: Report, finding: Finding) -> str:
    """What makes lines of the first fix of the cause count, as a sentence; ``""`` where it has no line."""
    lines = finding is cause(report) and any(isinstance(fix, EnvFix) for fix in finding.first_choice)
    return "Then restart web and Sidekiq: Mastodon reads the file only when it starts." if lines else ""


def first_way(words: Iterable[FixWords]) -> list[FixWords]:
    """Of a finding's fixes in words the steps of the first one."""
    return list(takewhile(lambda fix: fix.opening != "or", words))


def _proof(group: Sequence[Fix]) -> str:
    """What a trial showed of these lines, or why there was none; blank where nobody has asked."""
    proof = None if isinstance(group[0], Manual) else group[0].proof
    if proof is None:
        return ""
    if proof.state is ProofState.UNTRIED:
        return f"{sentence(proof.why_untried)}."
    asked, number = proof.fine + proof.not_fine, len(group)
    said = _TRIED[number > 1, bool(proof.not_fine)].format(lines=number, fine=proof.fine, asked=asked)
    return f"Tried {on_day(proof.when)}: {said}" if proof.when else f"Tried: {said}"


_TRIED = {
    (False, False): "with this line all {asked} actions pass.",
    (False, True): "with this line {fine} of {asked} actions pass.",
    (True, False): "with these {lines} lines all {asked} actions pass.",
    (True, True): "with these {lines} lines {fine} of {asked} actions pass.",
}
"""By whether there are several lines, and whether anything does not pass."""


def fix_in_words(fix: Fix, source: str) -> FixWords:
    """One fix in words. ``source`` is the env file's name."""
    match fix:
        case EnvFix():
            return _env(fix, source)
        case IamAllow(command=command) if command:
            lead = _warned("Give Mastodon's key all the rights that it needs", fix.warning)
            return FixWords(lead, command, fix.note, "sh")
        case IamAllow(way=way) if way:
            bucket = fix.resources[0].rpartition(":")[2].partition("/")[0]
            rights = ", ".join(map(in_words, fix.actions))
            return FixWords(f"Give Mastodon's key these rights in the bucket {bucket}: {rights}", "", way)
        case IamAllow():
            statement = {"Effect": "Allow", "Action": list(fix.actions), "Resource": list(fix.resources)}
            beside = _warned("Give Mastodon's key this policy", fix.warning)
            lead = beside if fix.warning else "Allow Mastodon's key this, as one more policy"
            block = _json(policy_document(dict(statement)))
            return FixWords(lead, block, fix.note, "json", gist=_statement_in_short(statement))
        case BucketPolicy():
            lead = _warned("Set this bucket policy", fix.warning)
            from s3probe.codec import to_plain

            plain = to_plain(fix.statement)
            block = _json(policy_document(plain))
            return FixWords(lead, block, fix.note, "json", gist=_statement_in_short(plain))
        case BucketSetting(setting="public-read", command=""):
            way = f"{fix.value.rstrip('.')}."
            return FixWords("Let visitors read the media", "", f"{way} {fix.note}" if fix.note else way)
        case BucketSetting():
            lead = _warned(bucket_words(fix), fix.warning)
            block = fix.command or ("" if len(fix.value) < 50 else fix.value)
            return FixWords(lead, block, fix.note, "sh" if fix.command else "")
        case ServerFix():
            words = server_words(fix)
            return FixWords(words.lead, words.block, words.note, words.language)
        case Manual():
            return FixWords(fix.text)


def _warned(lead: str, warning: str) -> str:
    """What is lost by it stands before it."""
    return f"{lead}. {warning}" if warning else lead


def _as_a_command(fix: Fix) -> FixWords | None:
    """The same once more, for the command line, where the fix is a document."""
    if isinstance(fix, IamAllow) and fix.adds:
        return FixWords("Set the policy on the command line", fix.adds, "", "sh", opening="or")
    if isinstance(fix, BucketPolicy) and fix.command:
        lead = _warned("Set the bucket policy on the command line", fix.warning)
        return FixWords(lead, fix.command, "", "sh", opening="or")
    return None


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
    elif numbers:
        lead = f"Set these in {where} (in line {said}, and new ones)"
    else:
        lead = f"Set these in {where}"
    notes = (f"{fix.variable}: {fix.note}" for fix in lines if fix.note)
    return FixWords(lead, block, " ".join(notes), gist=", ".join(block.splitlines()))


def _statement_in_short(statement: Mapping[str, object]) -> str:
    """``s3:GetObject on arn:aws:s3:::media/accounts/* and 6 others``."""
    actions, places = (names(statement.get(name)) for name in ("Action", "Resource"))
    if not actions or not places:
        return ""
    said, others = f"{', '.join(actions)} on {places[0]}", len(places) - 1
    if not others:
        return said
    return f"{said} and 1 other" if others == 1 else f"{said} and {others} others"


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
        lead = (
            f"Remove {fix.variable} from line {fix.line} of {where}"
            if fix.line
            else f"Remove {fix.variable} from {where}"
        )
        return FixWords(lead, "", fix.note)
    line = _line(fix)
    lead = f"Change line {fix.line} of {where} to" if fix.line else f"Set this in {where}"
    return FixWords(lead, line, fix.note)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def removal_commands(report: Report) -> tuple[str, ...]:
    """For everything left behind, the command that removes it."""
    return _removing(report, report.evidence.cleanup.left_behind)


def left_behind(report: Report) -> str:
    """What those commands are for, without a last stop. Where no upload passed, nobody knows what arrived."""
    cleanup = report.evidence.cleanup
    known = cleanup.created > cleanup.removed
    one, many = _NOT_REMOVED if known else _NOT_KNOWN
    number = len(cleanup.left_behind)
    return one if number == 1 else many.format(number)


_NOT_REMOVED = (
    "1 test object of this check could not be removed",
    "{} test objects of this check could not be removed",
)
_NOT_KNOWN = (
    "1 test object of this check may be there: the upload failed, and the storage does not say whether it was stored",
    "{} test objects of this check may be there: uploads failed, and the storage does not say whether they were stored",
)
_LATE = (
    "1 upload got no answer. It is not there now, and may still arrive: the next check on this machine removes it "
    "then, or by hand",
    "{} uploads got no answer. They are not there now, and may still arrive: the next check on this machine removes "
    "them then, or by hand",
)
_EARLIER = (
    "1 test object of earlier checks may still be there, and with this key it can neither be seen nor removed. With "
    "one that may, `s3probe sweep` does it, or by hand",
    "{} test objects of earlier checks may still be there, and with this key they can neither be seen nor removed. "
    "With one that may, `s3probe sweep` does it, or by hand",
)
"""Each for one and for several."""


def late_removal_commands(report: Report) -> tuple[str, ...]:
    """For every upload without an answer that may still arrive, the command that removes it then."""
    return _removing(report, report.evidence.cleanup.may_arrive)


def late_uploads(report: Report) -> str:
    """What those commands are for, as a sentence without its last stop; ``""`` when no upload may still arrive."""
    late, (one, many) = len(report.evidence.cleanup.may_arrive), _LATE
    return "" if not late else one if late == 1 else many.format(late)


def earlier_leftovers(report: Report) -> str:
    """What earlier runs left, as a sentence without its last stop; ``""`` when nothing of it is left."""
    earlier, (one, many) = len(report.evidence.cleanup.earlier), _EARLIER
    return "" if not earlier else one if earlier == 1 else many.format(earlier)


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
