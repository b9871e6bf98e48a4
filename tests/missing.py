"""Real programs that tests run against: how a skip names the one that is missing, and how many tests that cost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_SAID = re.compile(r"no (\S+) on this machine")


def reason(program: str, packages: str) -> str:
    """Why tests are skipped that need the program. ``packages`` are Debian's."""
    return f"no {program} on this machine (Debian: apt-get install {packages})"


def summary(reasons: Iterable[str]) -> str:
    """The line at the end of a run, from the reasons of all tests that were skipped."""
    counted = Counter(found[1] for text in reasons if (found := _SAID.search(text)))
    if not counted:
        return "real programs: none was missing"
    parts = (f"{program} ({number} test{'s' * (number != 1)} skipped)" for program, number in sorted(counted.items()))
    return f"real programs missing: {', '.join(parts)}"
