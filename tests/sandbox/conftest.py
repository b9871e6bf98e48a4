from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.world import World

Serve = Callable[[Scenario | World], Sandbox]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a sandbox for a world and stops it after the test."""
    with ExitStack() as stack:

        def start(of: Scenario | World) -> Sandbox:
            return stack.enter_context(Sandbox(of.world if isinstance(of, Scenario) else of))

        yield start
