"""The change of an env file that the failures ask for. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.diagnosis.model import EARLIER, EnvFix, Finding, Fix, Manual, Proof, ProofState, Severity
from s3probe.records import dataclass, replace
from s3probe.report.diff import Hunk, hunks_of
from s3probe.settings.dotenv_line import env_line
from s3probe.settings.edit import Change, Edit, NotPossibleError, Read, applied, edits
from s3probe.settings.model import PROCESS_ENVIRONMENT, Environment


@dataclass(frozen=True, slots=True)
class Choice:
    """The fix of one failure: all of its lines are made, or none."""

    finding: Finding
    fixes: tuple[Fix, ...]
    number: int = 1
    """Which of the finding's fixes it is, the best first."""

    @property
    def in_file(self) -> bool:
        """Whether it is made of lines of an env file."""
        return bool(self.fixes) and all(isinstance(fix, EnvFix) for fix in self.fixes)

    @property
    def proof(self) -> Proof | None:
        """What a trial showed of it, or why there was none."""
        first = self.fixes[0] if self.fixes else None
        return None if first is None or isinstance(first, Manual) else first.proof

    @property
    def was_tried(self) -> bool:
        """Whether an examination with these very lines was better than the file is."""
        return self.in_file and self.proof is not None and self.proof.state is ProofState.TRIED

    @property
    def lines(self) -> frozenset[tuple[str, str | None]]:
        """What its lines set."""
        return frozenset((fix.variable, fix.value) for fix in self.fixes if isinstance(fix, EnvFix))


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is changed, and the failure that it fixes. ``number`` is 1-based; ``None``: it is a new one."""

    fix: EnvFix
    finding: Finding
    number: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that a person changes, and why."""

    fix: EnvFix
    finding: Finding
    advice: str


def proven(chosen: Iterable[Choice]) -> list[Choice]:
    """One set of lines that was tried as a whole, first, and with it those that are part of it.

    Each failure's set holds what was in place when it went away: the longest that begins with the first is taken.
    Sets that do not hold each other were never tried together.
    """
    tried = [choice for choice in chosen if choice.was_tried]
    if not tried:
        return []
    whole = tried[0]
    for choice in tried:
        if choice.lines >= whole.lines:
            whole = choice
    return [whole, *(choice for choice in tried if choice is not whole and choice.lines <= whole.lines)]


def refused(choice: Choice, environment: Environment, source: str) -> tuple[Refused, ...]:
    """The lines of a choice that was not tried, each with what stands in its way."""
    why = choice.proof.why_untried if choice.proof is not None else "not tried"
    reasons = {
        fix.variable: f"{by_hand.rstrip('.')}. {why[0].upper()}{why[1:]}" if by_hand else why
        for fix in choice.fixes
        if isinstance(fix, EnvFix)
        for by_hand in [_by_hand(fix, environment, source) or fix.note]
    }
    return _refusing(Patch(""), choice, reasons, environment, source).refused


@dataclass(frozen=True, slots=True)
class Patch:
    """What becomes of the file."""

    before: str
    edits: tuple[Edit, ...] = ()
    lines: tuple[Line, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def causes(self) -> tuple[Line, ...]:
        """One line of each variable, with the failure that it is there for: of several, where it comes first."""
        first: dict[str, tuple[int, Line]] = {}
        places: dict[str, int] = {}
        for line in self.lines:
            place = places[line.finding.id] = places.get(line.finding.id, -1) + 1
            name = line.fix.variable
            if name not in first or place < first[name][0]:
                first[name] = place, line
        return tuple(line for _place, line in first.values())

    @property
    def after(self) -> str:
        return applied(self.before, self.edits)

    @property
    def hunks(self) -> list[Hunk]:
        return hunks_of(self.before, self.edits)


def choices(findings: Iterable[Finding], number: int = 1) -> list[Choice]:
    """The first fix of each failure; of the most important one the ``number``-th. Raises IndexError: it has none."""
    chosen: list[Choice] = []
    for finding in findings:
        if finding.severity is Severity.FAILURE:
            ways, which = finding.alternatives or ((),), 1 if chosen else number
            chosen.append(Choice(finding, ways[which - 1], which))
    return chosen


def patch(chosen: Iterable[Choice], environment: Environment, source: str, text: str, read: Read) -> Patch:
    """``text``, the file named ``source``, with the fixes that can be made in it. ``read``: see ``settings.edit``.

    ``environment`` is what was examined. What the first failures have settled stays; a fix that would undo it waits.
    """
    made, settled = Patch(text), dict[str, str | None]()
    for choice in chosen:
        if choice.in_file:
            made = _with(made, choice, settled, environment, source, read)
    return made


def _with(
    made: Patch, choice: Choice, settled: dict[str, str | None], environment: Environment, source: str, read: Read
) -> Patch:
    fixes = [fix for fix in choice.fixes if isinstance(fix, EnvFix)]
    advice = {fix.variable: _by_hand(fix, environment, source) for fix in fixes}
    changes = [_change(fix, environment) for fix in fixes]
    if any(advice.values()):
        belongs = f"it goes with {next(name for name, why in advice.items() if why)}"
        return _refusing(made, choice, {name: why or belongs for name, why in advice.items()}, environment, source)
    if any(settled.get(change.name, change.value) != change.value for change in changes):
        why = "another fix changes it first; run s3probe fix again after that"
        return _refusing(made, choice, dict.fromkeys(advice, why), environment, source)
    new = [change for change in changes if change.name not in settled]
    try:
        found = edits(made.before, new, read, made.edits) if new else ()
    except NotPossibleError as error:
        why = _why_not(error, environment)
        return _refusing(made, choice, dict.fromkeys(advice, why), environment, source)
    settled |= {change.name: change.value for change in changes}
    lines = (Line(fix, choice.finding, _number(made.before, found, fix, environment)) for fix in fixes)
    return replace(made, edits=(*made.edits, *found), lines=(*made.lines, *lines))


def _change(fix: EnvFix, environment: Environment) -> Change:
    variable = environment.variables.get(fix.variable)
    above = variable.earlier if variable is not None and fix.as_written == EARLIER else None
    value = fix.value_beside(environment) if variable is not None and (above or variable.raw) else fix.value
    return Change(fix.variable, value, fix.line, above.line if above is not None else None)


def _number(text: str, made: Iterable[Edit], fix: EnvFix, environment: Environment) -> int | None:
    if environment.line_of(fix.variable) is not None:
        return environment.line_of(fix.variable)
    replaced = (edit for edit in made if edit.name == fix.variable and edit.end > edit.start)
    return next((text.count("\n", 0, edit.start) + 1 for edit in replaced), None)


def _by_hand(fix: EnvFix, environment: Environment, source: str) -> str:
    """Why no program makes this change; blank when one can."""
    variable = environment.variables.get(fix.variable)
    if fix.secret and not (fix.as_written and variable is not None and variable.raw):
        return fix.note or f"only you know {fix.value}"
    if variable is not None and variable.source == PROCESS_ENVIRONMENT:
        return "it comes from the process environment, which wins over the file: change it where the service is defined"
    if variable is not None and variable.source != source:
        return f"it is set there, and not in {source}"
    return fix.note if fix.conditional else ""


def _why_not(error: NotPossibleError, environment: Environment) -> str:
    if not error.also:
        return f"no line says this to {environment.loader} without changing anything else"
    lines = (f"{name} (line {environment.line_of(name)})" for name in error.also)
    return f"{error.name} is also part of {' and '.join(lines)}, which would change with it"


def _refusing(made: Patch, choice: Choice, why: dict[str, str], environment: Environment, source: str) -> Patch:
    refused = (
        Refused(
            fix, choice.finding, f"{_meant(fix)} ({_place(fix, environment, source)}): {why[fix.variable].rstrip('.')}."
        )
        for fix in choice.fixes
        if isinstance(fix, EnvFix)
    )
    return replace(made, refused=(*made.refused, *refused))


def _meant(fix: EnvFix) -> str:
    if fix.value is None:
        return f"remove {fix.variable}"
    return f"{fix.variable}={fix.value}" if fix.secret else env_line(fix.variable, fix.value)


def _place(fix: EnvFix, environment: Environment, source: str) -> str:
    variable = environment.variables.get(fix.variable)
    if variable is None:
        return f"line {fix.line} of {source}" if fix.line else f"a new line of {source}"
    if variable.source == PROCESS_ENVIRONMENT:
        return PROCESS_ENVIRONMENT
    return f"line {variable.line} of {variable.source}"
