"""Examines under other settings than the file's, and adds up what that took."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from s3probe.diagnosis.changes import changed
from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.glance import Glance
from s3probe.diagnosis.trial import Situation, before_restart, raises, unasked
from s3probe.evidence.observations import Cleanup, Cost, Evidence, NetworkFault
from s3probe.evidence.vocabulary import ObservationId
from s3probe.probe.examine import examine
from s3probe.probe.notes import BucketAddress, bucket_address
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.records import replace
from s3probe.settings.model import Settings
from s3probe.trying.budget import Budget

_SILENCE = (NetworkFault.CONNECT_TIMEOUT, NetworkFault.READ_TIMEOUT, NetworkFault.DEADLINE)


def only_given_time(file: Settings, settings: Settings) -> bool:
    """Whether these settings wait longer than the file's, and differ in nothing else."""
    times = {"open_timeout": file.open_timeout, "read_timeout": file.read_timeout}
    return changed(file, settings) and not changed(file, replace(settings, **times))  # type: ignore[arg-type]  # fields by name


class Bench:
    """The place where settings are tried. ``file`` is what the admin wrote: it says who signs, and for which hosts."""

    def __init__(
        self, file: Settings, first: Evidence, options: ProbeOptions, tools: Tools, skip: Collection[str]
    ) -> None:
        self._file, self._first, self._skip = file, first, skip
        self._cleaned, self._notes = tools.cleaned, tools.notes
        self._removed: list[Cleanup] = []
        self._made: list[Evidence] = []
        self.budget = Budget(options, replace(tools, cleaned=self._note), first)

    def under(self, settings: Settings, read_only: bool) -> Situation | None:
        """What is seen under these settings; ``None`` when that was cut short."""
        if raises(settings):
            nothing = unasked(self._first)
            return Situation(settings, nothing, diagnose(settings, nothing, skip=self._skip))
        silent = [row.id for row in self._first.observations if row.failed and row.network in _SILENCE]
        if silent and not read_only and only_given_time(self._file, settings):
            options = self.budget.options_given_time(silent)
            return self._seen(settings, self._asked(settings, options, self.budget.tools()))
        return self._seen(settings, self._examine(settings, read_only=read_only))

    def once_more(self, state: Situation, names: tuple[ObservationId, ...], read_only: bool) -> Evidence:
        """One of these actions again, under the same settings as before."""
        options = self.budget.options_of_repeat(state, names, read_only=read_only)
        evidence = examine(state.settings, options, self.budget.tools_of_repeat(), self._file)
        self._made.append(evidence)
        return evidence

    def behind(self, glance: Glance) -> Situation | None:
        """What is seen under conditions that no line of the file can set; ``None`` when that was cut short."""
        seen = self._examine(glance.settings, clock=glance.clock, release=glance.release)
        return self._seen(glance.settings, seen)

    def _seen(self, settings: Settings, evidence: Evidence | None) -> Situation | None:
        if evidence is None:
            return None
        evidence = before_restart(evidence, self._file, settings)
        return Situation(settings, evidence, diagnose(settings, evidence, skip=self._skip))

    def _examine(
        self, settings: Settings, *, read_only: bool = False, clock: float = 0.0, release: str = ""
    ) -> Evidence | None:
        return self._asked(
            settings, self.budget.options(read_only=read_only, release=release), self.budget.tools(clock)
        )

    def _asked(self, settings: Settings, options: ProbeOptions, tools: Tools) -> Evidence | None:
        evidence = examine(settings, options, tools, self._file)
        self._made.append(evidence)
        return None if self.budget.used_up or not evidence.run.complete else evidence

    def _note(self, cleanup: Cleanup) -> None:
        self._removed.append(cleanup)
        self._cleaned(self._cleanup())

    def _cleanup(self) -> Cleanup:
        """What became of all that was made. What one examination left, a later one may have removed."""
        # an examination that ended with an error has no evidence, and has cleaned up all the same
        ends = (self._first.cleanup, *self._removed)
        elsewhere = {one.name: one for end in ends for one in end.elsewhere}
        noted: dict[BucketAddress, set[str]] = {}

        def still(name: str) -> bool:
            one = elsewhere.get(name)
            place = bucket_address(self._file) if one is None else BucketAddress(one.endpoint, one.bucket)
            if place not in noted:
                noted[place] = {unsettled.key for unsettled in self._notes.read(place)}
            return name.partition("?")[0] in noted[place]

        *before, last = ends
        left = tuple(dict.fromkeys(name for end in before for name in end.left_behind if still(name)))
        gone = len({name for end in before for name in end.left_behind}) - len(left)
        names = tuple(dict.fromkeys((*left, *last.left_behind)))
        late = tuple(dict.fromkeys(name for end in ends for name in end.may_arrive if end is last or still(name)))
        created = sum(each.created for each in ends)
        return Cleanup(
            created,
            min(created, sum(each.removed for each in ends) + gone),  # of some that are gone nobody said they were made
            names,
            tuple(name for name in late if name not in names),
            tuple(filter(still, self._first.cleanup.earlier)),
            tuple(one for name, one in elsewhere.items() if name in {*names, *late}),
        )

    def total(self) -> Evidence:
        """The first examination, with what all of them made, removed and took."""
        everything = (self._first, *self._made)
        operations: dict[str, int] = {}
        for each in everything:
            for name, number in each.cost.by_operation.items():
                operations[name] = operations.get(name, 0) + number
        costs = [each.cost for each in everything]
        cost = Cost(
            sum(each.requests for each in costs),
            MappingProxyType(operations),
            sum(each.bytes_sent for each in costs),
            sum(each.bytes_received for each in costs),
        )
        seconds = round(sum(each.run.seconds for each in everything), 3)
        return replace(self._first, run=replace(self._first.run, seconds=seconds), cleanup=self._cleanup(), cost=cost)
