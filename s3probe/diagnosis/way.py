"""How far signed requests came, and the one change that got further (``probe.foundation``)."""

from __future__ import annotations

from s3probe.diagnosis.case import Case
from s3probe.evidence.gates import Gate, furthest_of, stopped_at
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Fact, ObservationId
from s3probe.records import dataclass

_ROWS = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST)


@dataclass(frozen=True, slots=True)
class Way:
    """What was asked first, and what then got further."""

    rows: tuple[Observation, ...]
    furthest: Observation
    stopped: Gate
    kept: Observation | None
    """The trial that got further than all of these; mostly ``None``."""

    @property
    def ids(self) -> tuple[ObservationId, ...]:
        return tuple(row.id for row in self.rows if row.failed)


def way_of(case: Case) -> Way | None:
    """The way of this examination; ``None`` when nothing was signed."""
    rows = tuple(row for name in _ROWS if (row := case.get(name)).ran)
    if not rows:
        return None
    furthest = furthest_of(rows)
    kept = next((trial for trial in case.all() if trial.facts.get(Fact.KEPT) == "yes"), None)
    return Way(rows, furthest, stopped_at(furthest), kept)
