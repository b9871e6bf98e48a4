"""What ``s3probe fix`` prints of a change: the diff, the cause of each line, and what is left to a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.diagnosis.model import EXCHANGED, EnvFix, Finding, Manual, Severity
from s3probe.report.fix_words import fix_in_words
from s3probe.report.formats import RenderOptions, exit_status
from s3probe.report.words import rule_errors

if TYPE_CHECKING:
    from s3probe.examination import Examined
    from s3probe.report.diff import Hunk
    from s3probe.report.patch import Choice, Patch
    from s3probe.settings.model import Environment

_MARK = "\ufeff"


def show(file: Path, made: Patch, console: Console) -> None:
    """The diff, the change in words where the diff would show a secret, and the cause of each line."""
    from s3probe.redact import is_public_line
    from s3probe.report.diff import lines_of, unified
    from s3probe.settings.dotenv import places

    lines = lines_of(made.before)
    # a line of a value of several lines looks like any other
    text = made.before.removeprefix(_MARK)
    inside = {
        index
        for place in places(text)
        if "\n" in text[place.start : place.end]
        for index in range(text.count("\n", 0, place.start), text.count("\n", 0, place.end) + 1)
    }

    def shown(line: str) -> bool:
        body = line.removesuffix("\n").removesuffix("\r")
        return console.shows(body) and is_public_line(body)

    def may_show(index: int) -> bool:
        return index not in inside and shown(lines[index])

    def open_to_all(hunk: Hunk) -> bool:
        return all(map(may_show, range(hunk.first, hunk.last))) and all(map(shown, hunk.new))

    hunks = made.hunks
    console.result(unified(made.before, [hunk for hunk in hunks if open_to_all(hunk)], _name(file), may_show))
    hidden = {name for hunk in hunks if not open_to_all(hunk) for name in hunk.names}
    for line in made.causes:
        where = f"line {line.number}" if line.number else "a new line"
        console.say(f"{line.fix.variable}, {where}: {line.finding.title} ({line.finding.id}).")
        if line.fix.variable in hidden:
            console.say(f"    The diff leaves this line out, as it may hold a secret: {_in_words(line.fix)}.")


def _in_words(fix: EnvFix) -> str:
    if fix.as_written == EXCHANGED:
        return "it gets the value of the other half of the key pair"
    if fix.as_written and fix.value is not None:
        quoted = fix.value.startswith("'")
        return (
            "the text that stands there is put into single quotes"
            if quoted
            else "the text that stands there is kept, without what is around it"
        )
    return "it is removed" if fix.value is None else f"its value becomes {fix.value or 'blank'}"


def _name(file: Path) -> str:
    """As ``patch -p0`` takes it: it refuses names that lead out of the folder."""
    return file.name if file.is_absolute() or ".." in file.parts else str(file)


def say_rest(examined: Examined, chosen: Sequence[Choice], made: Patch, source: str, console: Console) -> None:
    """What this change of the file does not fix."""
    from s3probe.report.patch import refused

    environment = examined.settings.environment
    left = [one for choice in chosen if choice.in_file and not choice.was_tried
            for one in refused(choice, environment, source)]  # fmt: skip
    for one in (*made.refused, *left):
        console.say(f"By hand: {one.advice}")
    shown = {finding.id: finding for finding in examined.report.findings}
    for choice in chosen:
        if not choice.in_file:
            _say_outside(shown.get(choice.finding.id, choice.finding), choice, environment, source, console)
    for number, way in enumerate(chosen[0].finding.alternatives if chosen else (), 1):
        if way != chosen[0].fixes and all(isinstance(fix, EnvFix) for fix in way):
            lead = " and ".join(_meant(fix) for fix in way if isinstance(fix, EnvFix))
            console.say(f"Another way: {lead}. s3probe fix --choose {number} takes it.")
    warnings = sum(finding.severity is Severity.WARNING for finding in examined.findings)
    if warnings:
        console.say(
            "1 warning is left alone; s3probe check tells it."
            if warnings == 1
            else f"{warnings} warnings are left alone; s3probe check tells them."
        )
    for line in rule_errors(examined.report):
        console.say(f"{line}.")


def _meant(fix: EnvFix) -> str:
    words = fix_in_words(fix, "")
    return words.block or f"remove {fix.variable}"


def _say_outside(finding: Finding, choice: Choice, environment: Environment, source: str, console: Console) -> None:
    """All steps of the chosen fix, in their order. ``finding``: as it may be shown."""
    if not choice.fixes:
        console.say(f"Not in this file: {finding.title}.")
        return
    group = finding.alternatives[choice.number - 1]
    variable = environment.variables.get(finding.setting or "")
    if isinstance(group[0], Manual) and variable is not None and variable.line:
        console.say(f"By hand: {variable.name} (line {variable.line} of {variable.source}): {group[0].text}")
        return
    for place, fix in enumerate(group):
        words = fix_in_words(fix, source)
        opening = "Then: " if place else f"Not in this file: {finding.title}. "
        console.say(f"{opening}{words.lead.rstrip('.')}{':' if words.block else '.'}")
        for line in words.block.splitlines():
            console.say(f"    {line}")


def say_seen(kept: Sequence[Examined], console: Console) -> None:
    """What was seen before the trials, when they are ended from outside."""
    for examined in kept:
        for finding in examined.report.findings:
            if finding.severity is Severity.FAILURE:
                console.say(f"Seen until then: {finding.title} ({finding.id}).")
        console.say("Nothing was changed.")


def say_unchanged(file: Path, examined: Examined, console: Console) -> None:
    """That nothing changes, and whether that is well."""
    failed = any(finding.severity is Severity.FAILURE for finding in examined.findings)
    healthy = exit_status([examined.report], RenderOptions()) == 0 and not failed
    console.say(f"Nothing in {file} needs to change." if healthy else f"{file} stays as it is.")
