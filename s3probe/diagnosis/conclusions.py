"""What the trials add to the findings: proofs, consequences, and what only came to light on the way. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from s3probe.diagnosis.candidates import Candidate
from s3probe.diagnosis.changes import Lines, applied, changed, key_of, lines_in, lines_of, minimal, not_felt
from s3probe.diagnosis.glance import Glance
from s3probe.diagnosis.model import (
    EARLIER,
    BucketPolicy,
    BucketSetting,
    Certainty,
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
    Situation,
    decided,
    is_suspicion,
    may_stop,
    objection,
    own_doing,
    step,
    uploads_pass,
    was_decided,
)
from s3probe.diagnosis.words import sentences
from s3probe.evidence.observations import Evidence
from s3probe.records import dataclass, replace

_ORDER = list(Severity)
_OUTSIDE = {
    BucketPolicy: "s3probe never changes a bucket. Run s3probe check again after it",
    BucketSetting: "s3probe never changes a bucket. Run s3probe check again after it",
    IamAllow: "s3probe never changes rights. Run s3probe check again after it",
    ServerFix: "it is outside this file. Run s3probe check again after it",
}
_TO_FILL_IN = "s3probe does not know the value. Run s3probe check again after it"
_NO_FAILURE = "nothing fails because of it, so nothing was tried"
_IDLE = "it changes nothing that Mastodon sends"
_NOT_NEEDED = "the one above passed"
_BEHIND_ANOTHER = "another failure comes first. Fix that one, and run s3probe check again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Lines that were tried on top of some settings, or that could not be."""

    base: Situation
    candidate: Candidate
    after: Situation | None = None
    """``None``: not tried, as ``why`` says."""
    why: str = ""
    """Why it was not tried, or why what passes after it is not the work of these lines."""
    repeated: Evidence | None = None
    """What failed under the settings before, asked once more when it had passed with the lines."""


@dataclass(frozen=True, slots=True)
class Glanced:
    """What was seen behind a fault that no line of the file can end."""

    base: Situation
    """The settings that got furthest: from here."""
    glance: Glance
    after: Situation


@dataclass(frozen=True, slots=True)
class Conclusions:
    """All attempts, and the way that they have led."""

    file: Situation
    attempts: tuple[Attempt, ...] = ()
    path: tuple[Attempt, ...] = ()
    """The steps that got better, each on top of the one before; one may stop after the last."""
    ended: str = ""
    """Why nothing more was tried; ``""`` when there was nothing left to try."""
    furthest: tuple[Attempt, ...] = ()
    """The same with further steps that one must not stop after, or that do not help yet: something else fails then."""
    way: Attempt | None = None
    """Another fix of the first failure, which was asked for, with all lines in place that the others need."""
    glanced: Glanced | None = None

    def diagnosis(self) -> Diagnosis:
        """The findings with their proofs, without what followed from others, and with what came to light."""
        causes, consequences = self._sorted_out()
        confirmed = [one.candidate.finding.id for one in self.path if is_suspicion(one.candidate.finding)]
        found = [self._with_proofs(one) for one in (*causes, *self._behind())]
        found = [
            replace(one, severity=Severity.FAILURE, certainty=Certainty.CERTAIN) if one.id in confirmed else one
            for one in found
        ]
        found.sort(key=lambda one: (_ORDER.index(one.severity), one.id != self._first()))
        with_rows = tuple(explaining(one, consequences) for one in found)
        told = tuple(Consequence(one.id, one.severity, one.title, of) for one, of in consequences)
        return replace(self.file.diagnosis, findings=with_rows, consequences=told)

    def trials(self) -> tuple[TrialRun, ...]:
        """All examinations that were made under other settings, with what came of each.

        Under settings with which Mastodon sends nothing, none was made.
        """
        every = (*self.attempts, *([self.way] if self.way else []))
        made = [self._trial(one, one.after) for one in every if one.after is not None and not one.after.raises]
        if self.glanced is not None and not any(one.after is self.glanced.after for one in self.attempts):
            lines = minimal(self.file.settings, self.glanced.base.settings)
            result = f"looked behind {self.glanced.glance.finding.id}, which fixes nothing. {self.glanced.glance.said}"
            made.append(TrialRun(lines, self.glanced.after.evidence, result))
        return tuple(made)

    def _trial(self, attempt: Attempt, after: Situation) -> TrialRun:
        lines = tuple(line for one in (*self.attempts, attempt) for line in one.candidate.lines)
        made = minimal(self.file.settings, after.settings, lines)
        failures = tuple(one.id for one in after.diagnosis if one.severity is Severity.FAILURE)
        return TrialRun(made, after.evidence, self._result(attempt, after), attempt.repeated, failures)

    def _result(self, attempt: Attempt, after: Situation) -> str:
        seen, name = step(attempt.base, after, attempt.candidate.finding), attempt.candidate.finding.id
        suspected = is_suspicion(attempt.candidate.finding)
        if attempt.why:
            result = attempt.why
        elif not seen.gone:
            result = f"{name} was not the cause" if suspected else f"{name} is still there"
        elif seen.lost:
            result = f"{', '.join(seen.lost)} failed, and passed before"
        elif not seen.passed and not seen.further:
            result = "nothing passed that failed before"
        else:
            result = objection(after) or (f"{name} was the cause" if suspected else f"{name} is gone")
        return result

    def own_lines_of(self, finding: Finding) -> frozenset[str]:
        """The variables of the lines that ended the finding, without those that others needed."""
        return next((_names(one) for one in self.path if _ends(one, finding)), frozenset())

    def answer(self) -> Lines:
        """The lines between the file and the last settings; none when no trial got better."""
        return self._lines(self.path)

    def _lines(self, path: tuple[Attempt, ...]) -> Lines:
        after = path[-1].after if path else None
        if after is None:
            return ()
        made = tuple(line for one in path for line in one.candidate.lines)
        return minimal(self.file.settings, after.settings, made)

    def _decided(self, finding: Finding) -> bool:
        """Whether a request has shown that a warning is right, or might have: else its line may break what works."""
        return bool(finding.because) or self._fails

    @property
    def _fails(self) -> bool:
        return any(one.severity is Severity.FAILURE for one in self.file.diagnosis)

    def _states(self) -> Iterator[Situation]:
        yield from (one.after for one in self.path if one.after is not None)

    def _first(self) -> str:
        """The first failure, which is the same without trials, but for a suspicion that they confirm at once."""
        if self.path and is_suspicion(self.path[0].candidate.finding):
            return self.path[0].candidate.finding.id
        return next((one.id for one in self.file.diagnosis if one.severity is Severity.FAILURE), "")

    def _sorted_out(self) -> tuple[list[Finding], list[tuple[Finding, str]]]:
        """The causes among the file's findings, and the others with the id of their cause."""
        targets = {one.candidate.finding.id: one.candidate.finding for one in self.path}
        first = self._first()
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
        if last is None or not _went_away(finding, last):
            return self._hidden_by(finding)
        return next(
            one.candidate.finding.id
            for one in self.path
            if one.after is not None and finding.id not in {other.id for other in one.after.diagnosis}
        )

    def _hidden_by(self, finding: Finding) -> str:
        """The fault behind which it was not seen any more; ``""`` when nobody looked, or it was there."""
        seen = self.glanced
        if seen is None or finding.id == seen.glance.finding.id or not (finding.because or finding.explains):
            return ""
        return seen.glance.finding.id if _went_away(finding, seen.after) else ""

    def _as_last_seen(self, finding: Finding, target: Finding | None) -> Finding:
        """With the fixes that fit the settings under which it was met last: a region in a host is right by then."""
        seen = (one for state in self._states() for one in state.diagnosis if one.id == finding.id)
        last = target or next(reversed(list(seen)), finding)
        if not last.fixes or _is_part(last, finding):
            return finding
        return replace(finding, fixes=last.fixes)

    def _behind(self) -> Iterator[Finding]:
        """What only came to light with a fix in place, and did not go away by itself."""
        path = self.furthest or self.path
        known = {name for one in self.file.diagnosis for name in (one.id, *one.speaks_for)}
        own = (sets_again(one.candidate.lines, path[:place]) for place, one in enumerate(path))
        targets = {one.candidate.finding.id for one, again in zip(path, own, strict=True) if not again}
        last = path[-1].after if path and path[-1].after else self.file
        stayed = targets | {one.id for one in last.diagnosis}
        for place, attempt in enumerate(path):
            lines = self._lines(path[: place + 1])
            for one in attempt.after.diagnosis if attempt.after else ():
                if one.id in known or one.id not in stayed or own_doing(one, attempt.after or self.file, lines):
                    continue
                known.add(one.id)
                yield replace(
                    self._as_last_seen(one, None), remark=f"It was seen only after this change: {_said(lines)}."
                )
        if self.glanced is not None:
            glance, base = self.glanced.glance, self.glanced.base
            known |= {one.id for one in base.diagnosis}
            made = minimal(self.file.settings, base.settings)
            seen = "It was seen in a trial alone."
            if made:
                seen = f"It was seen in a trial alone, after this change: {_said(made)}."
            for one in self.glanced.after.diagnosis:
                if one.id not in known and one.severity is not Severity.NOTICE and glance.shows(one):
                    yield replace(one, remark=sentences(f"It is behind {glance.finding.id}.", seen, glance.said))

    def _with_proofs(self, finding: Finding) -> Finding:
        """The fixes with their proofs: what passed stands where the first line stood, what failed is not offered."""
        place = next((n for n, one in enumerate(self.path) if _ends(one, finding)), None)
        proven = self._tried(place) if place is not None else ()
        fixes: list[Fix] = list(proven)
        left: list[str] = []
        for group in finding.alternatives:
            lines, whole = lines_in(group), lines_of(group)
            if lines and not proven:
                proven = self._tried_whole(finding, lines)
                fixes[:0] = proven
            if whole and self.way is not None and self._is_way(finding, whole):
                fixes += self._way_tried(self.way, group)
                continue
            proof, dropped = self._untried(finding, group, whole)
            if lines and proven and self._needs_no_saying(lines, proven, alone=bool(whole)):
                continue
            hurts_nobody = finding.severity is Severity.WARNING and proof.why == _NO_FAILURE
            if dropped:
                left.append(dropped)
            elif lines and (_stands_twice(lines) or (hurts_nobody and not self._decided(finding))):
                fixes += [] if proven else [_advice(lines, fails=self._fails)]
            else:
                needed = not (proven and lines) or not_felt(lines)
                fixes += _with_proof(group, proof if needed else _unproven(_NOT_NEEDED))
        remark = sentences(finding.remark, *left)
        return replace(finding, fixes=tuple(fixes), remark=remark)

    def _needs_no_saying(self, lines: Lines, proven: tuple[Fix, ...], *, alone: bool) -> bool:
        """Whether what was proven says it already, or has shown that these lines, ``alone``, are no way out."""
        passed = key_of(tuple(fix for fix in proven if isinstance(fix, EnvFix)))
        return key_of(lines) <= passed or (alone and (self.was_tried(lines) or _same_variables(lines, proven)))

    def was_tried(self, lines: Lines) -> bool:
        """Whether an examination was made with these very lines."""
        return any(one.after is not None and key_of(one.candidate.lines) == key_of(lines) for one in self.attempts)

    def _stop_after(self, place: int) -> int | None:
        """The first step from this one on after which one may stop; better one after which uploads pass as well.

        ``None``: there is none.
        """
        states = list(self._states())
        stops = [n for n in range(place, len(states)) if may_stop(self.file, states[n])]
        return next((n for n in stops if uploads_pass(states[n])), stops[0] if stops else None)

    def _tried(self, place: int) -> tuple[Fix, ...]:
        """The fix that was proven at this step, with all the lines that were in place where one may stop."""
        names = _names(self.path[place])
        end = self._stop_after(place)
        if end is None:
            return ()
        for later in range(end + 1, len(self.path)):
            # two steps of one variable are one
            if names & _names(self.path[later]):
                end = self._stop_after(later) or end
        after = self.path[end].after
        assert after is not None
        return self._proven(self.path[place], after, self._lines(self.path[: end + 1]), names)

    def _is_way(self, finding: Finding, lines: Lines) -> bool:
        way = self.way
        return way is not None and way.candidate.finding.id == finding.id and (
            key_of(lines) <= key_of(way.candidate.lines)
        )  # fmt: skip

    def _way_tried(self, way: Attempt, group: tuple[Fix, ...]) -> tuple[Fix, ...]:
        """The fix that was asked for, with all its lines where that was better than the file."""
        after, finding = way.after, way.candidate.finding
        if way.why or after is None:
            return _with_proof(group, _unproven(way.why, made=after is not None))
        if not (step(self.file, after, finding).better and may_stop(self.file, after)):
            return _with_proof(group, _unproven(self._result(way, after), made=True))
        names = {fix.variable for fix in group if isinstance(fix, EnvFix)}
        return self._proven(way, after, minimal(self.file.settings, after.settings, way.candidate.lines), names)

    def _proven(self, attempt: Attempt, state: Situation, lines: Lines, names: Collection[str]) -> tuple[Fix, ...]:
        """The lines with their proof, those of ``names`` first."""
        own = [line for line in lines if line.variable in names]
        ordered = [*own, *(line for line in lines if line.variable not in names)]
        offered = {line.variable: line for line in attempt.candidate.lines}
        group = [
            _as_offered(replace(line, together=number > 0), offered.get(line.variable))
            for number, line in enumerate(ordered)
        ]
        return _with_proof(tuple(group), self._proof(attempt.candidate.finding, state))

    def _tried_whole(self, finding: Finding, lines: Lines) -> tuple[Fix, ...]:
        """The lines with their proof, where they alone lead from the file to settings that were examined; or none."""
        whole = applied(self.file.settings, lines)
        for state in (one.after for one in self.attempts if one.after is not None and not one.why):
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

    def _untried(self, finding: Finding, group: tuple[Fix, ...], lines: Lines | None) -> tuple[Proof, str]:
        """Why a fix was not proven; where it must not be offered, what is said of it instead."""
        if not all(isinstance(fix, EnvFix) for fix in group):
            return _unproven(_OUTSIDE.get(type(group[0]), _OUTSIDE[ServerFix])), ""
        if lines is None:
            return _unproven(_TO_FILL_IN), ""
        if why := not_felt(lines):
            return _unproven(why), ""
        if not changed(self.file.settings, applied(self.file.settings, lines)):
            return _unproven(_IDLE), ""
        for one in reversed([one for one in self.attempts if key_of(one.candidate.lines) == key_of(lines)]):
            if one.why or one.after is not None:
                return self._shown(finding, one)
        if finding.severity is not Severity.FAILURE:
            return _unproven((self._fails and is_suspicion(finding) and self.ended) or _NO_FAILURE), ""
        return _unproven(self.ended or _BEHIND_ANOTHER), ""

    def _shown(self, finding: Finding, attempt: Attempt) -> tuple[Proof, str]:
        """The same of lines with which an examination was made, or was to be made."""
        if attempt.why or attempt.after is None:
            return _unproven(attempt.why, made=attempt.after is not None), ""
        seen, dropped = step(attempt.base, attempt.after, finding), ""
        said = _said(attempt.candidate.lines)
        if not seen.gone and is_suspicion(finding) and not seen.lost:
            why = "what fails has another cause"
        elif not seen.gone:
            why, dropped = "it changes nothing", f"Tried: {said}. That changes nothing."
        elif seen.lost:
            lost = ", ".join(seen.lost)
            why = f"it ends this, and then something fails that passed before: {lost}"
            dropped = f"Tried: {said}. That ends this, and then something fails that passed before: {lost}."
        elif not seen.passed and seen.further:
            why = "with it something else fails. Make both changes, and run s3probe check again"
        elif not seen.passed:
            if unasked := _not_asked(attempt.after):
                return _unproven(f"{unasked}. Run s3probe check again after it"), ""
            why = "with it nothing passes that failed before. Run s3probe check again after it"
        else:
            why = objection(attempt.after) or "with it something fails that passed before"
        return _unproven(why, made=True), dropped


def _unproven(why: str, *, made: bool = False) -> Proof:
    return Proof(ProofState.UNTRIED, why, made=made)


def sets_again(lines: Lines, earlier: Iterable[Attempt]) -> bool:
    """Whether these lines only change again what earlier steps have set: what they meet is those steps' own doing."""
    return {line.variable for line in lines} <= {line.variable for one in earlier for line in one.candidate.lines}


def _names(attempt: Attempt) -> frozenset[str]:
    return frozenset(line.variable for line in attempt.candidate.lines)


def _went_away(finding: Finding, state: Situation) -> bool:
    """Whether it was looked for again, and is not there."""
    return finding.id not in {one.id for one in state.diagnosis} and was_decided(finding, state)


def _ends(attempt: Attempt, finding: Finding) -> bool:
    """Whether these lines were tried for the finding, or set what one of its own fixes sets, and ended it."""
    own = any(
        lines and _same_variables(lines, attempt.candidate.lines) for lines in map(lines_in, finding.alternatives)
    )
    if attempt.after is None or not (own or attempt.candidate.finding.id == finding.id):
        return False
    return step(attempt.base, attempt.after, finding).gone


def _not_asked(state: Situation) -> str:
    """Why s3probe itself sent nothing there: a host or a scheme that the file does not ask for."""
    reasons = (row.reason or "" for row in state.evidence.observations if not row.ran)
    found = next((reason for reason in reasons if reason.startswith("not asked: ")), "")
    return found.removeprefix("not asked: ").replace(": ", "; ")


def _as_offered(line: EnvFix, offered: EnvFix | None) -> EnvFix:
    """With the words and the place that the line was offered with, but for a doubt that the trial has settled."""
    if offered is None:
        return line
    note = "" if offered.conditional else offered.note
    return replace(line, note=line.note or note, line=line.line or offered.line)


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


def explaining(finding: Finding, consequences: Sequence[tuple[Finding, str]]) -> Finding:
    """With what its consequences explained: no failed action stays without a cause."""
    more = [i for one, of in consequences if of == finding.id for i in (*one.because, *one.explains)]
    return replace(finding, explains=tuple(dict.fromkeys((*finding.explains, *more)))) if more else finding


def _stands_twice(lines: Lines) -> bool:
    """Whether they are the later ones of two: which of them is right is not to be seen where nothing ends with them."""
    return any(line.as_written == EARLIER for line in lines)


def _advice(lines: Lines, *, fails: bool) -> Manual:
    """What a line says that may as well break what works."""
    seen = "No request shows that it is wrong." if fails else "Nothing fails because of it, so nothing was tried."
    return Manual(sentences("If that was not meant, make this change and check again.", *map(_to_do, lines), seen))


def _to_do(line: EnvFix) -> str:
    if line.as_written == EARLIER:
        return f"Remove line {line.line}, which sets {line.variable} again."
    return f"Write {_said_of(line)}." if line.value is not None else f"Remove {line.variable}."


def _said(lines: Lines) -> str:
    return ", ".join(map(_said_of, lines))


def _said_of(line: EnvFix) -> str:
    if line.as_written == EARLIER:
        return f"line {line.line} removed"
    return f"{line.variable}={line.value}" if line.value is not None else f"{line.variable} removed"
