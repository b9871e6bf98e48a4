"""Runs independent steps side by side: each waits only for what it needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue

from s3probe.hindrance import hindrance
from s3probe.probe.memory import FOR_A_THREAD, memory_left
from s3probe.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of work. It runs when all of ``after`` have ended, however they ended."""

    name: str
    work: Callable[[], object]
    """Its result is not used: steps write what they see into the book."""
    after: tuple[str, ...] = ()


class Crew:
    """Counts the steps that are at work, so that a clean-up can wait for what is on its way."""

    def __init__(self) -> None:
        self._idle = threading.Condition()
        self._busy = 0
        self._here = threading.local()

    def __enter__(self) -> None:
        with self._idle:
            self._busy += 1
            self._here.depth = self._depth + 1

    def __exit__(self, *_: object) -> None:
        with self._idle:
            self._busy -= 1
            self._here.depth = self._depth - 1
            self._idle.notify_all()

    @property
    def _depth(self) -> int:
        return getattr(self._here, "depth", 0)

    @property
    def works_here(self) -> bool:
        """Whether the caller is within one of the steps."""
        return self._depth > 0

    def wait(self, seconds: float) -> bool:
        """Waits until none is at work; ``False`` when some still are after ``seconds``."""
        with self._idle:
            return self._idle.wait_for(lambda: self._busy == 0, max(seconds, 0.0))


@dataclass(slots=True)
class _State:
    waiting: dict[str, Step]
    running: set[str] = field(default_factory=set)
    error: BaseException | None = None
    over: bool = False
    """The caller has left: nothing new begins."""


def run_steps(
    steps: Iterable[Step],
    *,
    workers: int,
    remaining: Callable[[], float],
    grace: float = 1.0,
    crew: Crew | None = None,
) -> bool:
    """Runs all steps on daemon threads, or on as many as can be had. Returns whether all of them ended in time.

    Where not one can be started (the limits of a container, a service, a user), they run in this thread, one by one.

    A step that is still on its way ``grace`` seconds after the time is up is left to its thread:
    its request cannot be called back, but nothing waits for it (a daemon thread does not hold the
    process). The first exception of a step is raised here once the running ones have ended. ``crew``
    counts them for whoever has to wait longer.
    """
    at_work = crew or Crew()
    state = _State({step.name: step for step in steps})
    done = threading.Condition()
    ready: SimpleQueue[Step | None] = SimpleQueue()

    def release() -> None:
        """Hands over every step whose needs have ended. Called with the lock held."""
        pending = state.waiting.keys() | state.running
        for step in [s for s in state.waiting.values() if not pending.intersection(s.after)]:
            del state.waiting[step.name]
            state.running.add(step.name)
            ready.put(step)

    def carry_out(step: Step) -> None:
        try:
            if state.error is None and not state.over:
                with at_work:
                    step.work()
        except BaseException as caught:  # handed to the caller below
            with done:
                state.error = state.error or caught
        with done:
            state.running.discard(step.name)
            release()
            done.notify_all()

    def work() -> None:
        while (step := ready.get()) is not None:
            carry_out(step)

    threads: list[threading.Thread] = []
    try:
        for number in range(min(workers, len(state.waiting))):
            threads.append(threading.Thread(target=work, daemon=True, name=f"s3probe-{number}"))
            if not started(threads[-1]):
                threads.pop()
                break
        with done:
            release()
        while not threads and not ready.empty() and remaining() + grace > 0:
            if (step := ready.get()) is not None:
                carry_out(step)
        with done:
            while state.running or state.waiting:
                left = remaining() + grace
                if left <= 0:
                    return False
                done.wait(min(left, 0.5))  # woken by every step's end; the bound lets signals in
        if state.error is not None:
            raise state.error
        return True
    finally:
        with done:
            state.over = True
            state.waiting.clear()
        for _ in threads:
            ready.put(None)


def started(thread: threading.Thread) -> bool:
    """Starts ``thread``; ``False`` where the system has none left to give, or the thread would take the last memory."""
    if memory_left() < FOR_A_THREAD:
        return False
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:
        if not hindrance(error):
            raise
        return False
    return True
