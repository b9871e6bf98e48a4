"""What a rule may look at: the settings, the evidence, and what is still unexplained."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Evidence, Observation, Outcome
from s3probe.evidence.vocabulary import Actor, ExperimentWith, ObservationId
from s3probe.knowledge.front import Front
from s3probe.knowledge.providers import Provider
from s3probe.records import dataclass, replace
from s3probe.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Case:
    """One examination as the rules see it. ``evidence`` is ``None`` when only the file is judged."""

    settings: Settings
    evidence: Evidence | None = None
    claimed: frozenset[ObservationId] = frozenset()
    """Ids of observations that an earlier finding explains."""
    store: Provider | None = None
    """Who the store is, where that was found out before the rules: many of them ask."""
    front: Front | None = None
    """What answers at the published host, likewise."""

    def get(self, exact_id: ObservationId) -> Observation:
        """The observation of exactly that id; a skipped one stands in when it was never made."""
        found = self.evidence.get(exact_id) if self.evidence else None
        return found or Observation(exact_id, "", "", Actor.MASTODON, Outcome.SKIPPED, reason="not part of this run")

    def open(self, *actions: ObservationId) -> tuple[Observation, ...]:
        """Those of ``actions`` that failed and that no earlier finding explains."""
        found = (self.get(action) for action in actions)
        return tuple(o for o in found if o.failed and o.id not in self.claimed)

    def all_open(self) -> tuple[Observation, ...]:
        """Every failed observation that no finding explains yet, without experiments (``try-…``) and first answers."""
        return tuple(o for o in self._unclaimed() if not o.id.is_experiment and not o.id.is_at_first)

    def failed_at_first(self) -> tuple[Observation, ...]:
        """First answers that no finding explains yet: the same requests passed when they were asked again."""
        return tuple(o for o in self._unclaimed() if o.id.is_at_first)

    def _unclaimed(self) -> Iterator[Observation]:
        seen = self.evidence.observations if self.evidence is not None else ()
        return (o for o in seen if o.failed and o.id not in self.claimed)

    def every(self, *questions: ObservationId | ExperimentWith) -> tuple[Observation, ...]:
        """What came of these questions with every value, in the order it was written down."""
        return tuple(
            o
            for o in self.all()
            if any(q.made(o.id) if isinstance(q, ExperimentWith) else o.id == q for q in questions)
        )

    def all(self) -> tuple[Observation, ...]:
        """Everything that was written down, experiments too."""
        return self.evidence.observations if self.evidence is not None else ()

    def claim(self, *actions: ObservationId) -> Case:
        """The same case with these observations explained."""
        return replace(self, claimed=self.claimed | frozenset(actions))
