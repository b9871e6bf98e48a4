"""Signals become one exception in the main thread, so that every way out passes the clean-up."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from s3probe.heeded import HEEDED
from s3probe.hindrance import chain

_AGAIN = 0.02
"""Seconds after which a signal is raised once more that landed where Python swallows exceptions."""


class Interrupted(KeyboardInterrupt):
    """A signal asked to stop. ``status`` is the exit status for it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.status = 128 + number


def interruption(error: BaseException) -> Interrupted | None:
    """The signal behind ``error``: a class that is just being made wraps what its parts raise (before Python 3.12)."""
    return next((one for one in chain(error) if isinstance(one, Interrupted)), None)


@contextmanager
def interruptible(*, to_the_end: bool = False) -> Iterator[None]:
    """Inside, the first signal raises :class:`Interrupted`; further ones are ignored: the clean-up has a deadline.

    ``to_the_end``: the process ends right after, so signals stay ignored. Its status is decided, and one more would
    put the signal's own in its place.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    raised = False
    lost: list[int] = []
    told: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal raised
        # a handler may itself be interrupted by the next signal: look, set and raise, in this order
        if not raised:
            raised = True
            raise Interrupted(lost.pop() if lost else number)
        # closed at the start, its number can by now be that of a file or a connection
        if number == signal.SIGINT and not told and sys.__stderr__ is not None:
            told.append(number)
            with suppress(OSError):
                # not through sys.stderr: the signal may have come in the middle of a write to it
                os.write(2, b"Still removing what was made; this takes 10 seconds at most.\n")

    usual = sys.unraisablehook

    def swallowed(what: sys.UnraisableHookArgs) -> None:
        """A destructor or a weakref's callback cannot raise: the signal that landed there comes again."""
        nonlocal raised
        if not isinstance(what.exc_value, Interrupted):
            usual(what)
            return
        lost.append(what.exc_value.number)
        raised = False
        # a timer and not a signal at once, which would land in this very function
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)

    # who started us with a signal ignored (nohup, a shell's background job) wants it ignored
    heeded = [number for number in HEEDED if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, handle) for number in heeded}
    sys.unraisablehook = swallowed
    try:
        yield
    finally:
        raised = raised or to_the_end
        sys.unraisablehook = usual
        for number, handler in before.items():
            # Python itself takes its own handlers off while it ends, and leaves SIG_IGN where it is
            signal.signal(number, signal.SIG_IGN if to_the_end else handler)


@contextmanager
def postponed() -> Iterator[None]:
    """Inside, signals wait: what must not stop half way (changing a file) is finished first. Short work only."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    waiting: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    before = {number: signal.getsignal(number) for number in HEEDED}
    taken = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    try:
        for number in taken:
            signal.signal(number, handle)
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)
        for late in waiting[:1]:
            signal.raise_signal(late)


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
