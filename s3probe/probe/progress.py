"""What a run is waiting for, for whoever waits for the run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from s3probe.records import dataclass


@dataclass(frozen=True, slots=True)
class Asking:
    """One request that is on its way."""

    title: str
    """What it shows when it succeeds, as in the report."""
    host: str
    patience: float
    """Seconds after which Mastodon would give up."""
    done: int
    """How many of the actions are decided."""
    of: int
    """How many actions this examination has."""
    trial: bool = False
    """Whether it is made to try a fix."""


Progress = Callable[[Asking], AbstractContextManager[object]]
"""Entered when a request is sent, left when its answer is there. Called from many threads."""


def silent(_asking: Asking) -> AbstractContextManager[object]:
    """Shows nothing."""
    return nullcontext()
