"""Tries fixes on the real bucket: one examination after another, each under the settings that got furthest so far.

It ends when no failure is left that a line of the file may end, when nothing gets better, or when the budget is used:
three examinations and 150 requests, within the deadline of the whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from s3probe.diagnosis.conclusions import Attempt, Conclusions
from s3probe.diagnosis.model import Finding
from s3probe.diagnosis.trial import (
    Candidate,
    Key,
    Situation,
    applied,
    candidate,
    changed,
    enlarged,
    key_of,
    may_stop,
    moved,
    step,
)
from s3probe.evidence.observations import Outcome
from s3probe.settings.model import Settings
from s3probe.trying.budget import ALL_MADE, Budget

THROTTLED = "the storage asked for fewer requests"
NO_WAY = "nothing answers there, and this line changes neither host nor time-out"


Examine = Callable[[Settings, bool], Situation | None]
"""Examines under other settings, or only reads there; ``None`` when it was cut short."""


class Trials:
    """The trials of one file, one after the other."""

    def __init__(self, file: Situation, budget: Budget, examine: Examine, known: Situation | None = None) -> None:
        """``known`` was seen already, under other settings than the file's."""
        self._file, self._budget, self._examine, self._known = file, budget, examine, known
        self._attempts: list[Attempt] = []
        self._path: list[Attempt] = []
        self._enlarged: Candidate | None = None
        self._tried: dict[int, set[Key]] = {}
        self._ended = ""

    def run(self) -> None:
        """Tries until there is nothing left to try. Whatever ends it early, what was seen until then stands."""
        while not self._ended:
            found = self._next()
            if found is not None:
                self._try(found)
            elif self._path and not may_stop(self._file, self._base):
                self._path.pop()  # back to where another line may be the right one
            else:
                return

    def _next(self) -> Candidate | None:
        if self._enlarged is not None and key_of(self._enlarged.lines) not in self._seen:
            return self._enlarged
        return candidate(self._base, self._seen, {line.variable for one in self._path for line in one.candidate.lines})

    def conclusions(self) -> Conclusions:
        """What has come of it."""
        file = self._file
        while self._path and not (may_stop(file, self._base) and changed(file.settings, self._base.settings)):
            self._path.pop()
        return Conclusions(file, tuple(self._attempts), tuple(self._path), self._ended)

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
        if self._known is not None and not changed(self._known.settings, settings):
            after: Situation | None = self._known
        elif why := self._budget.why_not():
            self._ended = why
            return
        else:
            after = self._examine(settings, _elsewhere(self._file.settings, settings))
        if after is None:
            self._ended = ALL_MADE if self._budget.used_up else self._budget.no_time
            return
        attempt = Attempt(base, found, after)
        self._note(attempt)
        seen = step(base, after, found.finding)
        if self._sets_again(found):
            seen = replace(seen, further=True)  # what the first of two steps of a variable showed is shown by both
        self._enlarged = None if seen.gone else enlarged(found, after)
        if seen.better:
            self._path.append(attempt)

    def _sets_again(self, found: Candidate) -> bool:
        """Whether these lines only set right what earlier steps have set."""
        earlier = {line.variable for one in self._path for line in one.candidate.lines}
        return {line.variable for line in found.lines} <= earlier

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
