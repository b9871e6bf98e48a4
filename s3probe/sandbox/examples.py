"""Scenarios that the demo shows beside single faults."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from s3probe.records import dataclass
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.scenario import Scenario, healthy


@dataclass(frozen=True, slots=True)
class Example:
    """One scenario that is no single fault."""

    title: str
    scenario: Scenario
    deadline: float | None = None
    """Seconds for its examination, where the usual ones would be longer than anybody wants to wait."""


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "two-faults": Example(
            "uploads are refused, and behind that the web interface may not read media",
            FAULTS["cors-missing"].change(FAULTS["region-wrong-aws-regional-endpoint"].scenario()),
        ),
        "could-not-tell": Example(
            "a storage so slow that the time is up before anything is decided",
            healthy().with_world(latency=0.8),
            deadline=3.0,
        ),
    }
)
