"""Signals become one exception in the main thread, so that every way out passes the clean-up."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# a hang-up ends a run like a termination
_STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


class Interrupted(KeyboardInterrupt):
    """A signal asked to stop. ``status`` is the exit status for it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = _STATUS.get(signal.Signals(number), 143)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, the first signal raises :class:`Interrupted`; further ones are ignored: the clean-up has a deadline."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    seen: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) == 1:
            raise Interrupted(number)
        if sys.stderr is not None and number == signal.SIGINT:
            sys.stderr.write("Still removing what was made; this takes 10 seconds at most.\n")

    before = {number: signal.signal(number, handle) for number in _STATUS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class StoppableTime:
    """Monotonic seconds that jump ahead when a run in another thread has to stop: its deadline is then over."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._ahead

    def stop(self) -> None:
        """Every deadline that was reckoned so far has passed; one that is reckoned from now on has not."""
        self._ahead = 1e6
