"""What a fault is: a pure change of a scenario."""

from __future__ import annotations

from collections.abc import Callable

from s3probe.records import dataclass
from s3probe.sandbox.scenario import Scenario, healthy

Change = Callable[[Scenario], Scenario]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which storage goes wrong."""

    id: str
    """The finding s3probe must name."""
    change: Change
    base: Callable[[], Scenario] = healthy
    """The healthy scenario it is meant for."""
    variant: str = ""
    """Tells several ways to the same finding apart; ``""`` is the usual one."""
    look_alike: Change | None = None
    """The nearest change of the same scenario with which this finding must not be named."""
    nginx: tuple[str, ...] = ()
    """Lines that make the same mistake in a real nginx set up by Mastodon's guide: there its fix is tried."""

    def scenario(self) -> Scenario:
        """The healthy scenario with this fault in it."""
        return self.change(self.base())


def env(name: str, value: str | None) -> Change:
    """A line of the env file set, or removed with ``None``."""
    return lambda scenario: scenario.with_env(name, value)


def bucket(**changes: object) -> Change:
    """Settings of the bucket changed."""
    return lambda scenario: scenario.with_bucket(**changes)


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(scenario: Scenario) -> Scenario:
        for one in changes:
            scenario = one(scenario)
        return scenario

    return change
