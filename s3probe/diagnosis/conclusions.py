"""What the trials add to the findings: proofs, consequences, and what only came to light on the way. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    Consequence,
    Diagnosis,
    EnvFix,
    Finding,
    Fix,
    IamAllow,
    Manual,
    Proof,
    ProofState,
    ServerFix,
    Severity,
    TrialRun,
)
from s3probe.diagnosis.trial import (
    Candidate,
    Lines,
    Situation,
    applied,
    changed,
    decided,
    key_of,
    lines_in,
    lines_of,
    may_stop,
    minimal,
    not_felt,
    objection,
    step,
    uploads_pass,
    was_decided,
)

_ORDER = list(Severity)
_OUTSIDE = {
    BucketPolicy: "s3probe changes no bucket: the check after it decides",
    BucketSetting: "s3probe changes no bucket: the check after it decides",
    IamAllow: "s3probe changes no rights: the check after it decides",
    ServerFix: "it is outside this file: the check after it decides",
}
_TO_FILL_IN = "its value is not known here: the check after it decides"
_NO_FAILURE = "nothing fails by it, so nothing was tried"
_IDLE = "it changes nothing that Mastodon sends"
_NOT_NEEDED = "the one above passed"
_BEHIND_ANOTHER = "another failure comes first: the check after that one's fix decides"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Lines that were tried on top of some settings, or that could not be."""

    base: Situation
    candidate: Candidate
    after: Situation | None = None
    """``None``: not tried, as ``why`` says."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Conclusions:
    """All attempts, and the way that they have led."""

    file: Situation
    attempts: tuple[Attempt, ...] = ()
    path: tuple[Attempt, ...] = ()
    """The steps that got better, each on top of the one before; one may stop after the last."""
    ended: str = ""
    """Why nothing more was tried; ``""`` when there was nothing left to try."""

    def diagnosis(self) -> Diagnosis:
        """The findings with their proofs, without what followed from others, and with what came to light."""
        causes, consequences = self._sorted_out()
        found = [self._with_proofs(one) for one in (*causes, *self._behind())]
        found.sort(key=lambda one: _ORDER.index(one.severity))
        with_rows = tuple(_explaining(one, consequences) for one in found)
        told = tuple(Consequence(one.id, one.severity, one.title, of) for one, of in consequences)
        return replace(self.file.diagnosis, findings=with_rows, consequences=told)

    def trials(self) -> tuple[TrialRun, ...]:
        """All examinations that were made under other settings, with what came of each."""
        return tuple(self._trial(one, one.after) for one in self.attempts if one.after is not None)

    def _trial(self, attempt: Attempt, after: Situation) -> TrialRun:
        made = minimal(self.file.settings, after.settings, attempt.candidate.lines)
        seen, name = step(attempt.base, after, attempt.candidate.finding), attempt.candidate.finding.id
        if not seen.gone:
            result = f"{name} is still there"
        elif seen.lost:
            result = f"{', '.join(seen.lost)} failed, which passed before"
        elif not seen.passed and not seen.further:
            result = "nothing passed that failed before"
        else:
            result = objection(after) or f"{name} is gone"
        return TrialRun(made, after.evidence, result)

    def answer(self) -> Lines:
        """The lines between the file and the last settings; none when no trial got better."""
        return self._lines(len(self.path) - 1) if self.path else ()

    def _lines(self, last: int) -> Lines:
        after = self.path[last].after
        assert after is not None
        made = tuple(line for one in self.path[: last + 1] for line in one.candidate.lines)
        return minimal(self.file.settings, after.settings, made)

    def _states(self) -> Iterator[Situation]:
        yield from (one.after for one in self.path if one.after is not None)

    def _sorted_out(self) -> tuple[list[Finding], list[tuple[Finding, str]]]:
        """The causes among the file's findings, and the others with the id of their cause."""
        targets = {one.candidate.finding.id: one.candidate.finding for one in self.path}
        # whatever the trials show, the first failure is the same without them
        kept = {one.id for one in self.file.diagnosis if one.severity is Severity.FAILURE}
        first = next(iter(one.id for one in self.file.diagnosis if one.id in kept), "")
        causes: list[Finding] = []
        consequences: list[tuple[Finding, str]] = []
        for one in self.file.diagnosis:
            cause = "" if one.id in targets or one.id == first else self._cause_of(one)
            if cause:
                consequences.append((one, cause))
            else:
                causes.append(self._as_last_seen(one, targets.get(one.id)))
        return causes, consequences

    def _cause_of(self, finding: Finding) -> str:
        """Whose fix ended it as well; ``""`` when it is still there, or was not looked at again."""
        last = next(reversed(list(self._states())), None)
        if last is None or finding.id in {one.id for one in last.diagnosis} or not was_decided(finding, last):
            return ""
        return next(
            one.candidate.finding.id
            for one in self.path
            if one.after is not None and finding.id not in {other.id for other in one.after.diagnosis}
        )

    def _as_last_seen(self, finding: Finding, target: Finding | None) -> Finding:
        """With the fixes that fit the settings under which it was met last: a region in a host is right by then."""
        seen = (one for state in self._states() for one in state.diagnosis if one.id == finding.id)
        last = target or next(reversed(list(seen)), finding)
        if not last.fixes or _is_part(last, finding):
            return finding
        return replace(finding, fixes=last.fixes)

    def _behind(self) -> Iterator[Finding]:
        """What only came to light with a fix in place, and did not go away by itself."""
        known = {one.id for one in self.file.diagnosis}
        targets = {one.candidate.finding.id for one in self.path}
        last = next(reversed(list(self._states())), self.file)
        stayed = (targets | {one.id for one in last.diagnosis}) - self._of_our_own()
        for place, state in enumerate(self._states()):
            for one in state.diagnosis:
                if one.id not in known and one.id in stayed and one.severity is not Severity.NOTICE:
                    known.add(one.id)
                    last_seen = self._as_last_seen(one, None)
                    yield replace(last_seen, remark=f"behind it: seen only with {_said(self._lines(place))}")

    def _of_our_own(self) -> set[str]:
        """What only was wrong with a value that a step wrote and a later one corrected: two steps of one variable."""
        written: set[str] = set()
        found: set[str] = set()
        for one in self.path:
            names = {line.variable for line in one.candidate.lines}
            if names <= written:
                found.add(one.candidate.finding.id)
            written |= names
        return found

    def _with_proofs(self, finding: Finding) -> Finding:
        """The fixes with their proofs: what passed stands where the first line stood, what failed is not offered."""
        place = next((n for n, one in enumerate(self.path) if _ends(one, finding)), None)
        proven = self._tried(place) if place is not None else ()
        fixes: list[Fix] = list(proven)
        left: list[str] = []
        for group in finding.alternatives:
            lines = lines_in(group)
            if lines and not proven:
                proven = self._tried_whole(finding, lines)
                fixes[:0] = proven
            why, dropped = self._untried(finding, group, lines_of(group))
            if lines and proven and (self._was_tried(lines) or _same_variables(lines, proven)):
                continue
            if dropped:
                left.append(f"tried: {_said(lines or ())} {why}")
            else:
                why = _NOT_NEEDED if proven and lines and not not_felt(lines) else why
                fixes += _with_proof(group, Proof(ProofState.UNTRIED, why))
        remark = "; ".join(filter(None, (finding.remark, *left)))
        return replace(finding, fixes=tuple(fixes), remark=remark)

    def _was_tried(self, lines: Lines) -> bool:
        return any(one.after is not None and key_of(one.candidate.lines) == key_of(lines) for one in self.attempts)

    def _stop_after(self, place: int) -> int:
        """The first step from this one on after which one may stop; better one after which uploads pass as well."""
        states = list(self._states())
        stops = [n for n in range(place, len(states)) if may_stop(self.file, states[n])]
        return next((n for n in stops if uploads_pass(states[n])), stops[0])

    def _tried(self, place: int) -> tuple[Fix, ...]:
        """The fix that was proven at this step, with all the lines that were in place where one may stop."""
        names = {line.variable for line in self.path[place].candidate.lines}
        end = self._stop_after(place)
        for later in range(end + 1, len(self.path)):
            # two steps of one variable are one
            if names & {line.variable for line in self.path[later].candidate.lines}:
                end = self._stop_after(later)
        attempt, state = self.path[place], self.path[end].after
        assert state is not None
        lines = self._lines(end)
        own = [line for line in lines if line.variable in names]
        ordered = [*own, *(line for line in lines if line.variable not in names)]
        notes = {line.variable: line.note for line in attempt.candidate.lines}
        group = [
            replace(line, together=number > 0, note=line.note or notes.get(line.variable, ""))
            for number, line in enumerate(ordered)
        ]
        return _with_proof(tuple(group), self._proof(attempt.candidate.finding, state))

    def _tried_whole(self, finding: Finding, lines: Lines) -> tuple[Fix, ...]:
        """The lines with their proof, where they alone lead from the file to settings that were examined; or none."""
        whole = applied(self.file.settings, lines)
        for state in (one.after for one in self.attempts if one.after is not None):
            same = not changed(whole, state.settings)
            if same and step(self.file, state, finding).better and may_stop(self.file, state):
                return _with_proof(lines, self._proof(finding, state))
        return ()

    def _proof(self, finding: Finding, state: Situation) -> Proof:
        rows = decided(state).values()
        return Proof(
            ProofState.TRIED,
            passed=step(self.file, state, finding).passed,
            fine=sum(rows),
            not_fine=len(rows) - sum(rows),
            requests=state.evidence.cost.requests,
        )

    def _untried(self, finding: Finding, group: tuple[Fix, ...], lines: Lines | None) -> tuple[str, bool]:
        """Why a fix was not proven, and whether it must not be offered."""
        if not all(isinstance(fix, EnvFix) for fix in group):
            return _OUTSIDE.get(type(group[0]), _OUTSIDE[ServerFix]), False
        if lines is None:
            return _TO_FILL_IN, False
        if why := not_felt(lines):
            return why, False
        if not changed(self.file.settings, applied(self.file.settings, lines)):
            return _IDLE, False
        for one in reversed([one for one in self.attempts if key_of(one.candidate.lines) == key_of(lines)]):
            if one.after is None:
                return one.why, False
            seen = step(one.base, one.after, finding)
            if not seen.gone:
                return "leaves it as it is", True
            if seen.lost:
                return f"ends it, and then {', '.join(seen.lost)} fails", True
            if not seen.passed and seen.further:
                return "with it something else fails: the check after both fixes decides", False
            if not seen.passed:
                return "with it nothing passes that failed before: the check after it decides", False
            return objection(one.after) or "with it something fails that passed before", False
        if finding.severity is not Severity.FAILURE:
            return _NO_FAILURE, False
        return self.ended or _BEHIND_ANOTHER, False


def _ends(attempt: Attempt, finding: Finding) -> bool:
    """Whether these lines were tried for the finding, or set what one of its own fixes sets, and ended it."""
    own = any(
        lines and _same_variables(lines, attempt.candidate.lines) for lines in map(lines_in, finding.alternatives)
    )
    if attempt.after is None or not (own or attempt.candidate.finding.id == finding.id):
        return False
    return step(attempt.base, attempt.after, finding).gone


def _is_part(last: Finding, finding: Finding) -> bool:
    """Whether what is asked for last is part of what was asked for first: the rest is in place by then."""
    then, first = lines_of(last.first_choice), lines_of(finding.first_choice)
    return bool(then and first) and key_of(then or ()) < key_of(first or ())


def _same_variables(lines: Lines, proven: tuple[Fix, ...]) -> bool:
    """Whether what was proven sets all these variables: where a value passed, another one is no way out."""
    return {line.variable for line in lines} <= {fix.variable for fix in proven if isinstance(fix, EnvFix)}


def _with_proof(group: Sequence[Fix], proof: Proof) -> tuple[Fix, ...]:
    """The first of a group carries its proof. Advice has none."""
    first = group[0]
    return (first if isinstance(first, Manual) else replace(first, proof=proof), *group[1:])


def _explaining(finding: Finding, consequences: list[tuple[Finding, str]]) -> Finding:
    """With what its consequences explained: no failed action stays without a cause."""
    more = [i for one, of in consequences if of == finding.id for i in (*one.because, *one.explains)]
    return replace(finding, explains=tuple(dict.fromkeys((*finding.explains, *more)))) if more else finding


def _said(lines: Lines) -> str:
    return " and ".join(
        f"{line.variable}={line.value}" if line.value is not None else f"no {line.variable}" for line in lines
    )
