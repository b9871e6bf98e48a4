"""Tries fixes on the real bucket: one examination after another, each under the settings that got furthest so far.

It ends when no failure is left that a line of the file may end, when nothing gets better, or when the budget is used:
three examinations and 150 requests, within the deadline of the whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from s3probe.diagnosis.candidates import Candidate, candidate, enlarged
from s3probe.diagnosis.changes import Key, applied, changed, key_of, lines_of, moved, not_felt
from s3probe.diagnosis.conclusions import Attempt, Conclusions, Glanced, sets_again
from s3probe.diagnosis.glance import Glance, glance_behind
from s3probe.diagnosis.model import Finding, Severity
from s3probe.diagnosis.trial import Progress, Situation, fails_again, is_suspicion, may_stop, step, to_repeat
from s3probe.evidence.observations import Evidence, Outcome
from s3probe.evidence.vocabulary import ObservationId
from s3probe.records import replace
from s3probe.settings.model import Settings
from s3probe.trying.budget import ALL_MADE

THROTTLED = "the storage asked for fewer requests"
PASSES_ALL_THE_SAME = "what failed passes now without it as well. Run s3probe check again"
UNCLEAR = "what failed before could not be asked once more"
NO_WAY = "nothing answers there, and this line changes neither host nor time-out"


Examine = Callable[[Settings, bool], Situation | None]
"""Examines under other settings, or only reads there; ``None`` when it was cut short."""
OnceMore = Callable[[Situation, tuple[ObservationId, ...], bool], Evidence]
"""Asks one of these actions again under the same settings, or only reads there."""


class Bounds(Protocol):
    """What keeps trials from going on, and the words for it."""

    @property
    def used_up(self) -> bool: ...

    @property
    def no_time(self) -> str: ...

    def why_not(self) -> str: ...


Behind = Callable[[Glance], Situation | None]
"""Examines under conditions that no line can set; ``None`` when it was cut short."""


class Trials:
    """The trials of one file, one after the other."""

    def __init__(
        self,
        file: Situation,
        budget: Bounds,
        examine: Examine,
        once_more: OnceMore,
        behind: Behind = lambda _glance: None,
    ) -> None:
        self._file, self._budget, self._examine, self._once_more = file, budget, examine, once_more
        self._behind = behind
        self._glanced: Glanced | None = None
        self._attempts: list[Attempt] = []
        self._path: list[Attempt] = []
        self._furthest: tuple[Attempt, ...] = ()
        self._enlarged: Candidate | None = None
        self._tried: dict[int, set[Key]] = {}
        self._ended = ""
        self._way: Attempt | None = None

    def run(self) -> None:
        """Tries until there is nothing left to try. Whatever ends it early, what was seen until then stands."""
        self._try_lines()
        self._look_behind()

    def _try_lines(self) -> None:
        while not self._ended:
            found = self._next()
            if found is not None:
                self._try(found)
            elif self._path and not may_stop(self._file, self._base):
                self._path.pop()  # back to where another line may be the right one
            else:
                return

    def run_way(self, number: int) -> None:
        """Tries the fix of that number of the first failure, in the place of the one that passed."""
        before = self.conclusions()
        first = next((one for one in before.diagnosis() if one.severity is Severity.FAILURE), None)
        if first is None or not 1 < number <= len(first.alternatives):
            return
        lines = lines_of(first.alternatives[number - 1])
        others = tuple(line for line in before.answer() if line.variable not in before.own_lines_of(first))
        if not lines or not_felt(lines) or before.was_tried(lines):
            return
        names = {line.variable for line in lines}
        whole = (*lines, *(line for line in others if line.variable not in names))
        attempt = Attempt(self._file, Candidate(first, whole))
        why = self._ended or self._budget.why_not()
        settings = applied(self._file.settings, whole)
        after = None if why else self._examine(settings, _elsewhere(self._file.settings, settings))
        if after is None:
            self._way = replace(attempt, why=why or self._cut_short)
            return
        seen = step(self._file, after, first)
        attempt = replace(attempt, after=after)
        self._way = self._made_sure(attempt, seen) if seen.better else attempt

    @property
    def _cut_short(self) -> str:
        return ALL_MADE if self._budget.used_up else self._budget.no_time

    def _look_behind(self) -> None:
        """Once: where a failure that no line can end hides all that would follow."""
        glance = None if self._ended or _throttled(self._base) else glance_behind(self._base)
        if glance is None:
            return
        seen = (one.after for one in self._attempts if one.after and not changed(one.after.settings, glance.settings))
        after = next(seen, None) if not (glance.clock or glance.release) else None
        if after is None and not self._budget.why_not():
            after = self._behind(glance)
        if after is not None:
            self._glanced = Glanced(self._base, glance, after)

    def _next(self) -> Candidate | None:
        if self._enlarged is not None and key_of(self._enlarged.lines) not in self._seen:
            return self._enlarged
        return candidate(self._base, self._seen, {line.variable for one in self._path for line in one.candidate.lines})

    def conclusions(self) -> Conclusions:
        """What has come of it."""
        file = self._file
        while self._path and not (may_stop(file, self._base) and changed(file.settings, self._base.settings)):
            self._path.pop()
        path = tuple(self._path)
        furthest = self._furthest if self._furthest[: len(path)] == path else path
        return Conclusions(file, tuple(self._attempts), path, self._ended, furthest, self._way, self._glanced)

    @property
    def _base(self) -> Situation:
        after = self._path[-1].after if self._path else self._file
        assert after is not None
        return after

    @property
    def _seen(self) -> set[Key]:
        return self._tried.setdefault(id(self._base), set())

    def _try(self, found: Candidate) -> None:
        base = self._base
        settings = applied(base.settings, found.lines)
        if _nobody_answers(base, found.finding) and not moved(base.settings, settings):
            self._note(Attempt(base, found, why=NO_WAY))
            return
        if _throttled(base):
            self._ended = THROTTLED
            return
        if why := self._budget.why_not():
            self._ended = why
            return
        after = self._examine(settings, _elsewhere(self._file.settings, settings))
        if after is None:
            self._ended = self._cut_short
            return
        seen = step(base, after, found.finding)
        attempt = Attempt(base, found, after)
        if sets_again(found.lines, self._path):
            seen = replace(seen, further=True)  # what the first of two steps of a variable showed is shown by both
        if seen.better:
            attempt = self._made_sure(attempt, seen)
        self._note(attempt)
        self._enlarged = None if seen.gone or is_suspicion(found.finding) else enlarged(found, after)
        if attempt.why:
            self._ended = attempt.why
        elif seen.better:
            self._path.append(attempt)
            if len(self._path) > len(self._furthest):
                self._furthest = tuple(self._path)

    def _made_sure(self, attempt: Attempt, seen: Progress) -> Attempt:
        """The attempt, after what failed was asked once more: a trouble that ends meanwhile is no work of the lines."""
        base = attempt.base
        names = to_repeat(base, seen)
        if not names:
            return attempt
        repeated = self._once_more(base, names, _elsewhere(self._file.settings, base.settings))
        fails = fails_again(base, repeated, names)
        if fails is None:
            why = ALL_MADE if self._budget.used_up else UNCLEAR if repeated.run.complete else self._budget.no_time
        else:
            why = "" if fails else PASSES_ALL_THE_SAME
        return replace(attempt, why=why, repeated=repeated)

    def _note(self, attempt: Attempt) -> None:
        self._seen.add(key_of(attempt.candidate.lines))
        self._attempts.append(attempt)


def _nobody_answers(state: Situation, finding: Finding) -> bool:
    rows = [row for name in finding.because if (row := state.evidence.get(name)) is not None and row.failed]
    return any(row.network is not None for row in rows) and all(row.http_status is None for row in rows)


def _throttled(state: Situation) -> bool:
    return any(row.outcome is Outcome.THROTTLED for row in state.evidence.observations)


def _elsewhere(file: Settings, settings: Settings) -> bool:
    """Whether ``s3probe sweep`` of the file as it stands would not look where these settings write."""
    return (file.bucket_name, file.key_prefix) != (settings.bucket_name, settings.key_prefix)
