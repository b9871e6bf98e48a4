"""Examines under other settings than the file's, and adds up what that took."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from s3probe.diagnosis.engine import diagnose, starting_point
from s3probe.diagnosis.glance import Glance
from s3probe.diagnosis.trial import Situation, before_restart, raises
from s3probe.evidence.observations import Cleanup, Cost, Evidence
from s3probe.probe.examine import examine
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.settings.model import Settings
from s3probe.trying.budget import Budget


class Bench:
    """The place where settings are tried. ``file`` is what the admin wrote: it says who signs, and for which hosts."""

    def __init__(
        self, file: Settings, first: Evidence, options: ProbeOptions, tools: Tools, skip: Collection[str]
    ) -> None:
        self._file, self._first, self._skip = file, first, skip
        self._cleaned = tools.cleaned
        self._removed: list[Cleanup] = []
        self._made: list[Evidence] = []
        self.budget = Budget(options, replace(tools, cleaned=self._note), first)

    def under(self, settings: Settings, read_only: bool) -> Situation | None:
        """What is seen under these settings; ``None`` when that was cut short."""
        if raises(settings):
            nothing = Evidence(replace(self._first.run, seconds=0.0))
            return Situation(settings, nothing, diagnose(settings, nothing, skip=self._skip))
        start, assuming = starting_point(settings)
        evidence = self._examine(start, assuming, read_only=read_only)
        if evidence is None:
            return None
        evidence = before_restart(evidence, self._file, settings)
        return Situation(settings, evidence, diagnose(settings, evidence, skip=self._skip))

    def behind(self, glance: Glance) -> Situation | None:
        """What is seen under conditions that no line of the file can set; ``None`` when that was cut short."""
        evidence = self._examine(glance.settings, (), clock=glance.clock, release=glance.release)
        if evidence is None:
            return None
        evidence = before_restart(evidence, self._file, glance.settings)
        return Situation(glance.settings, evidence, diagnose(glance.settings, evidence, skip=self._skip))

    def as_it_stands(self, file: Situation, assuming: tuple[str, ...]) -> Situation:
        """The file without the fixes that the first examination took for granted, as far as the budget allows."""
        if not assuming or file.raises or self.budget.why_not():
            return file
        evidence = self._examine(self._file, (), read_only=False)
        return file if evidence is None else replace(file, evidence=evidence)

    def _examine(
        self,
        settings: Settings,
        assuming: tuple[str, ...],
        *,
        read_only: bool = False,
        clock: float = 0.0,
        release: str = "",
    ) -> Evidence | None:
        options, tools = self.budget.options(read_only=read_only, release=release), self.budget.tools(clock)
        evidence = examine(settings, options, tools, assuming, self._file)
        self._made.append(evidence)
        return None if self.budget.used_up or not evidence.run.complete else evidence

    def _note(self, cleanup: Cleanup) -> None:
        self._removed.append(cleanup)
        self._cleaned(cleanup)

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
        # an examination that ended with an error has no evidence, and has cleaned up all the same
        ends = (self._first.cleanup, *self._removed)
        cleanup = Cleanup(
            sum(each.created for each in ends),
            sum(each.removed for each in ends),
            tuple(dict.fromkeys(left for each in ends for left in each.left_behind)),
        )
        seconds = round(sum(each.run.seconds for each in everything), 3)
        return replace(self._first, run=replace(self._first.run, seconds=seconds), cleanup=cleanup, cost=cost)
