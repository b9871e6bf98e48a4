"""How much a run may ask and hear, whatever it meets. ``check --plan`` promises it, and the client keeps to it."""

from __future__ import annotations

import threading

MOST_ASKED, MOST_ASKED_THOROUGHLY, MOST_OF_A_CANARY = 120, 160, 40
"""Requests of one examination, removing excepted. The hardest of all known faults takes about half of them."""
MOST_REMOVING = 400
"""Requests of all clean-ups of one run."""
MOST_HEARD = 32 * 1024 * 1024
"""Bytes of all answers to what one run asks, and as many of those to what it removes."""


class Hearing:
    """How many bytes may still be heard, by all examinations of one run. Thread-safe."""

    def __init__(self, size: int = MOST_HEARD) -> None:
        self._lock = threading.Lock()
        self._left = self._whole = size

    def add(self, size: int) -> None:
        """Counts an answer of ``size`` bytes, headers and body."""
        with self._lock:
            self._left -= size

    @property
    def spent(self) -> str:
        """What was used up; ``""``: something is left."""
        with self._lock:
            used_up = f"the {self._whole // 1024**2} MiB of answers that one run may read are used up"
            return "" if self._left > 0 else used_up


class Allowance:
    """So many requests, as long as anything may be heard. Thread-safe."""

    def __init__(self, requests: int, hearing: Hearing | None = None) -> None:
        self._lock = threading.Lock()
        self._left = self._whole = requests
        self.hearing = hearing or Hearing()

    def take(self) -> str:
        """``""``: one more request may be made, and counts as made; else what was used up."""
        if spent := self.hearing.spent:
            return spent
        with self._lock:
            if self._left <= 0:
                return f"the {self._whole} requests that it may make are used up"
            self._left -= 1
            return ""
