"""The change of an env file that findings ask for. Pure: text in, text out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile, islice

from s3probe.diagnosis.model import EnvFix, Finding
from s3probe.redact import is_secret
from s3probe.report.dotenv_line import env_line
from s3probe.scrub import MARK
from s3probe.settings.model import PROCESS_ENVIRONMENT, Environment

# dotenv (lib/dotenv/parser.rb): an optional export, the name, then = or a colon
_ASSIGNMENT = re.compile(r"\s*(?P<export>export\s+)?(?P<name>[\w.]+)(?:\s*=\s*?|:\s+?)(?P<value>.*)", re.DOTALL)
_NAMED = re.compile(r"(?<![\w.-])([\w.-]++)\s*[=:]\s*(?=\S)")
_STORAGE = re.compile(r"(?:S3|AWS)_")


@dataclass(frozen=True, slots=True)
class Refused:
    """A fix that is not for this file, and what a person does instead."""

    fix: EnvFix
    advice: str


@dataclass(frozen=True, slots=True)
class _Assignment:
    name: str
    export: str
    first: int
    last: int
    """Index of its last line: a quoted value may take several."""


def first_fixes(findings: Iterable[Finding]) -> tuple[EnvFix, ...]:
    """The first ``.env.production`` fix of each finding, with all lines that belong to it.

    Of two for one variable the more important finding's is taken.
    """
    chosen: dict[str, EnvFix] = {}
    for finding in findings:
        for fix in _first_env_fix(finding):
            chosen.setdefault(fix.variable, fix)
    return tuple(chosen.values())


def _first_env_fix(finding: Finding) -> list[EnvFix]:
    rest = dropwhile(lambda fix: not isinstance(fix, EnvFix), finding.fixes)
    chosen = [fix for fix in islice(rest, 1) if isinstance(fix, EnvFix)]
    for fix in rest:
        if not isinstance(fix, EnvFix) or not fix.together:
            break
        chosen.append(fix)
    return chosen


def sort_out(fixes: Iterable[EnvFix], environment: Environment, source: str) -> tuple[list[EnvFix], list[Refused]]:
    """Fixes that ``source`` can take, and those it cannot: secrets, and variables that come from elsewhere."""
    fit, refused = [], []
    for fix in fixes:
        variable = environment.variables.get(fix.variable)
        if fix.secret:
            refused.append(Refused(fix, fix.note or f"Set {fix.variable} by hand: s3probe never writes a secret."))
        elif variable is None or variable.source == source:
            fit.append(fix)
        elif variable.source == PROCESS_ENVIRONMENT:
            advice = (
                "comes from the process environment, which wins over the file: change it where the service is defined"
            )
            refused.append(Refused(fix, f"{fix.variable} {advice} ({_meant(fix)})."))
        else:
            refused.append(
                Refused(fix, f"{fix.variable} is set in {variable.source}: change it there ({_meant(fix)}).")
            )
    return fit, refused


def env_patch(text: str, fixes: Sequence[EnvFix]) -> str:
    """``text`` with every fix made: the winning line is changed, all are removed, or a new one follows its like."""
    lines = _lines(text)
    for fix in fixes:
        if not fix.secret:
            lines = _patched(lines, fix)
    return "".join(lines)


def unified_diff(before: str, after: str, name: str, changed: Collection[str] = ()) -> str:
    """The change as people read it; blank when there is none.

    Of variables whose names say that they are secret only the name is shown, but of those ``changed``.
    """
    old, new = _lines(before), _lines(after)
    # compared as they are: two secrets are two, though both show alike
    shown = dict(zip((*old, *new), (*_veiled(old, changed), *_veiled(new, changed)), strict=True))
    veil = {f"{sign}{line}": f"{sign}{veiled}" for line, veiled in shown.items() for sign in " +-"}
    diff = (veil.get(line, line) for line in difflib.unified_diff(old, new, name, name))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)


def _veiled(lines: Sequence[str], changed: Collection[str]) -> Iterator[str]:
    """The lines as they may be shown. What stands in a comment, or misspelt, is a secret as well."""
    inner = {
        index
        for a in _assignments(lines)
        if a.name not in changed and is_secret(a.name, "")
        for index in range(a.first + 1, a.last + 1)
    }
    for index, line in enumerate(lines):
        named = (found for found in _NAMED.finditer(line) if found[1] not in changed and is_secret(found[1], ""))
        first = next(named, None)
        if index in inner or first is not None:
            yield line[: first.end() if first is not None else 0] + MARK + line[len(line.rstrip("\r\n")) :]
        else:
            yield line


def _lines(text: str) -> list[str]:
    # str.splitlines knows separators that dotenv takes for ordinary characters
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _meant(fix: EnvFix) -> str:
    return f"without {fix.variable}" if fix.value is None else env_line(fix.variable, fix.value)


def _assignments(lines: Sequence[str]) -> list[_Assignment]:
    found, index = [], 0
    while index < len(lines):
        # a byte order mark is not part of the first name: Ruby strips it on reading
        match = _ASSIGNMENT.match(lines[index].removeprefix("\ufeff"))
        last = index
        if match:
            last = _end_of_value(lines, index, match["value"])
            found.append(_Assignment(match["name"], match["export"] or "", index, last))
        index = last + 1
    return found


def _end_of_value(lines: Sequence[str], index: int, value: str) -> int:
    value = value.lstrip()
    quote = value[:1]
    if quote not in ("'", '"') or not quote:
        return index
    closing = re.compile(rf"(?<!\\){quote}")
    if closing.search(value, 1):
        return index
    for later in range(index + 1, len(lines)):
        if closing.search(lines[later]):
            return later
    return index  # never closed: dotenv takes the quote for an ordinary character


def _patched(lines: list[str], fix: EnvFix) -> list[str]:
    assignments = _assignments(lines)
    own = [a for a in assignments if a.name == fix.variable]
    if fix.value is None:
        gone = {index for a in own for index in range(a.first, a.last + 1)}
        return [line for index, line in enumerate(lines) if index not in gone]
    if own:
        # dotenv lets the last one win
        return _replaced(lines, own[-1].first, own[-1].last, own[-1].export + env_line(fix.variable, fix.value))
    broken = _unusable(lines, assignments, fix)
    if broken is not None:
        return _replaced(lines, broken, broken, env_line(fix.variable, fix.value))
    kin = [a.last for a in assignments if _STORAGE.match(a.name)]
    return _inserted(lines, kin[-1] + 1 if kin else len(lines), env_line(fix.variable, fix.value))


def _unusable(lines: Sequence[str], assignments: Iterable[_Assignment], fix: EnvFix) -> int | None:
    """The index of the line that was meant to set the variable but yields none (``S3-BUCKET=x``)."""
    if fix.line is None or not 0 < fix.line <= len(lines):
        return None
    index = fix.line - 1
    line = lines[index].strip()
    taken = any(a.first <= index <= a.last for a in assignments)
    return None if taken or not line or line.startswith("#") else index


def _ending(lines: Sequence[str]) -> str:
    return "\r\n" if lines and lines[0].endswith("\r\n") else "\n"


def _replaced(lines: list[str], first: int, last: int, new: str) -> list[str]:
    body = lines[last].rstrip("\r\n")
    mark = "\ufeff" if lines[first].startswith("\ufeff") else ""
    return [*lines[:first], mark + new + lines[last][len(body) :], *lines[last + 1 :]]


def _inserted(lines: list[str], index: int, new: str) -> list[str]:
    ending = _ending(lines)
    before = list(lines[:index])
    if before and not before[-1].endswith("\n"):
        before[-1] += ending
    return [*before, new + ending, *lines[index:]]
