"""Signals become one exception in the main thread, so that every way out passes the clean-up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    raised = False
    told: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal raised
        # a handler may itself be interrupted by the next signal: look, set and raise, in this order
        if not raised:
            raised = True
            raise Interrupted(number)
        if number == signal.SIGINT and not told:
            told.append(number)
            with suppress(OSError):
                # not through sys.stderr: the signal may have come in the middle of a write to it
                os.write(2, b"Still removing what was made; this takes 10 seconds at most.\n")

    # who started us with a signal ignored (nohup, a shell's background job) wants it ignored
    heeded = [number for number in _STATUS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stop:
    """Tells runs in other threads to end: signals reach the main thread alone. Their clean-up keeps its time."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __call__(self) -> bool:
        """Whether to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """From now on every run ends."""
        self._asked.set()
