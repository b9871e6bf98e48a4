"""What trials may take: time, requests, examinations."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import timedelta

from s3probe.diagnosis.trial import Situation
from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import ActionId, Experiment, ObservationId
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.tools import ALPHABET, ProbeOptions, Tools
from s3probe.records import dataclass, field, replace

EXAMINATIONS = 3
"""How many more examinations a run may make for its fixes."""
REQUESTS = 150
"""How many more requests they may take together."""
WORTH_BEGINNING = 45
"""Requests that a trial can be expected to take: with fewer left it would be cut short, and say nothing."""
_FOR_CLEANING_UP = 15
"""Of these requests, those that are left to the clean-up, which always comes to its end."""
OF_A_REPEAT = 3.0
"""Seconds that a repeat may take beyond the time-outs of one request."""
OF_CANARY = frozenset({ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.PUBLIC_GET, ActionId.DELETE})
"""What a quick run asks: of an upload that fails it is one request."""
ALL_MADE = f"{EXAMINATIONS} examinations and {REQUESTS} requests are the most that are made to try fixes"


@dataclass(slots=True)
class Counted:
    """A way to the storage that counts what goes over it. Thread-safe."""

    way: Transport
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, call: Call, limits: Limits) -> Answer:
        """As the way itself."""
        with self._lock:
            self.requests += 1
        return self.way.send(call, limits)


class Budget:
    """What may still be asked, in time and in requests, and by what name."""

    def __init__(self, options: ProbeOptions, tools: Tools, first: Evidence) -> None:
        self._options, self._tools, self._first = options, tools, first
        self._run_id = first.run.id or tools.run_id()
        self._way = Counted(tools.transport)
        self._end = tools.clock.monotonic() + options.deadline - first.run.seconds
        self.made = 0
        self._repeats = 0

    @property
    def no_time(self) -> str:
        """What is said where the time was up."""
        return f"no time left (--deadline {3 * self._options.deadline:g})"

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._end - self._tools.clock.monotonic()

    def why_not(self) -> str:
        """Why no further examination may begin; ``""`` when one may."""
        if self.made == EXAMINATIONS or REQUESTS - self._way.requests < WORTH_BEGINNING:
            return ALL_MADE
        enough = self.left > max(1.0, self._first.run.seconds / 2)
        return "" if enough and not self._tools.clock.stopped() else self.no_time

    def options(self, *, read_only: bool, release: str = "") -> ProbeOptions:
        """What is asked of the next examination. The instance is not asked again for its release."""
        version = release or self._options.mastodon_version or self._first.run.mastodon_version or None
        profile = "read-only" if read_only else "full"
        most = max(REQUESTS - _FOR_CLEANING_UP - self._way.requests, 0)
        return replace(self._options, profile=profile, deadline=self.left, mastodon_version=version, requests=most)

    def options_given_time(self, names: Collection[ObservationId]) -> ProbeOptions:
        """What is asked where nothing but time is given: one of what was silent, for the rest was never refused."""
        options = self.options(read_only=False)
        if not OF_CANARY.isdisjoint(names):
            return replace(options, profile="quick", followed=False)
        return replace(options, only=tuple(names)[:1])

    def options_of_repeat(self, state: Situation, names: Collection[ObservationId], *, read_only: bool) -> ProbeOptions:
        """What is asked to see whether one of these actions still fails: as little as can be."""
        options = self.options(read_only=read_only)
        # what is silent is waited for once, and no longer than Mastodon waits
        settings = state.settings
        seconds = min(options.deadline, settings.open_timeout + settings.read_timeout + OF_A_REPEAT)
        # a canary is not followed into another region, as Mastodon's SDK follows
        moved = state.evidence.get(Experiment.REGION_AS_FILED) is not None
        if not read_only and not moved and not OF_CANARY.isdisjoint(names):
            return replace(options, profile="quick", deadline=seconds, followed=False)
        return replace(options, only=tuple(names)[:1], deadline=seconds)

    def tools(self, clock_offset: float = 0.0) -> Tools:
        """The tools of the next examination. ``clock_offset``: seconds to be added to this machine's time."""
        self.made += 1
        return self._tools_named(self.made, clock_offset)

    def tools_of_repeat(self) -> Tools:
        """The same for one request that is made again, which is no examination."""
        self._repeats += 1
        return self._tools_named(EXAMINATIONS + self._repeats)

    def _tools_named(self, number: int, clock_offset: float = 0.0) -> Tools:
        """Tools whose folders bear the run's id, with another last letter.

        A cache may remember what it answered for a file of the first examination. ``clock_offset``: seconds to be
        added to this machine's time.
        """
        run_id = self._run_id
        last = ALPHABET[(ALPHABET.find(run_id[-1:]) + number) % len(ALPHABET)]
        asked, now = self._tools.clock.stopped, self._tools.clock.now

        def stopped() -> bool:
            return asked() or self.used_up

        clock = replace(self._tools.clock, stopped=stopped, now=lambda: now() + timedelta(seconds=clock_offset))
        progress = self._tools.progress
        return replace(
            self._tools,
            transport=self._way,
            clock=clock,
            run_id=lambda: run_id[:-1] + last,
            progress=lambda asking: progress(replace(asking, trial=True)),
        )

    @property
    def used_up(self) -> bool:
        """Whether nothing more may be asked; removing goes on."""
        return self._way.requests >= REQUESTS - _FOR_CLEANING_UP
