"""The one switch of the tests: ``S3PROBE_EXHAUSTIVE=1`` runs whole products of which a usual run takes a part.

These are all faults, all chosen pairs of them, every step at which something may happen to a run, every wording, every
provider with every fault, every fix, every mistake before a real nginx, both ways to the sandbox for every fault, a
week of cron with a run each quarter of an hour, and all examples of a search with random values (:func:`examples`). A
usual run makes the same assertions on a part of each. ``.ci/run`` sets the switch.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

EXHAUSTIVE = bool(os.environ.get("S3PROBE_EXHAUSTIVE"))
EVERY_PAIR = os.environ.get("S3PROBE_EXHAUSTIVE") == "every-pair"
"""All 1,900 pairs of faults as well, and the whole of what :func:`dear` takes a part of: half an hour and more, and
some pairs are known to be missed. CI takes the chosen ones.
"""

T = TypeVar("T")
U = TypeVar("U")


def part(whole: Iterable[T], one_in: int) -> list[T]:
    """The whole, or one in so many of it: the first and those at equal distances from it."""
    return list(whole)[:: 1 if EXHAUSTIVE else one_in]


def dear(whole: Iterable[T], one_in: int) -> list[T]:
    """The same of what takes minutes: four times as many as in a usual run, and the whole with ``every-pair``."""
    return list(whole)[:: 1 if EVERY_PAIR else max(one_in // 4, 1) if EXHAUSTIVE else one_in]


def in_turn(rows: Iterable[T], columns: Iterable[U]) -> list[tuple[T, U]]:
    """Every row with every column, or every row with one column: the next one each time."""
    across = list(columns)
    return [
        (row, column)
        for number, row in enumerate(rows)
        for place, column in enumerate(across)
        if EXHAUSTIVE or place == number % len(across)
    ]


def examples(number: int) -> int:
    """How many examples a search with random values takes: a fifth in a usual run."""
    return number if EXHAUSTIVE else max(2, number // 5)
