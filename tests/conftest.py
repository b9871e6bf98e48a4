"""Figures that tests count up, printed once at the end of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

Tally = Callable[[str, str], None]

_FIGURES: dict[str, Counter[str]] = defaultdict(Counter)


@pytest.fixture(scope="session")
def tally() -> Tally:
    """``tally(what, result)`` counts one more ``result`` of ``what``."""

    def count(what: str, result: str) -> None:
        _FIGURES[what][result] += 1

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, counted in _FIGURES.items():
        parts = ", ".join(f"{number} {result}" for result, number in counted.most_common())
        terminalreporter.write_line(f"{what}: {counted.total()} ({parts})")
