"""One line of a terminal that says what is asked, and once an answer is late, whom the run waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from s3probe.cli.width import columns
from s3probe.probe.progress import Asking
from s3probe.records import replace

LATE = 1.0
"""Seconds after which an answer is worth waiting for in words."""
_SIDE_BY_SIDE = 16
"""Requests that are under way at the same time."""
_EVERY = 0.5
"""Seconds between two looks at the clock."""


class ProgressLine:
    """Thread-safe. ``write`` puts text on the terminal at once, and tells nobody when it cannot."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._lock = threading.RLock()  # a signal's handler may erase the line while its own thread draws
        self._on_the_way: dict[object, tuple[Asking, str, float]] = {}
        self._shown = False
        self._over = False
        self._furthest = 0
        self._stop = threading.Event()
        self._clock: threading.Thread | None = None

    @contextmanager
    def waiting(self, asking: Asking, prefix: str = "") -> Iterator[None]:
        """Inside, the answer is waited for. ``prefix`` says whose question it is, where several files are examined."""
        name = object()
        with self._lock:
            asking = self._in_order(asking)
            self._on_the_way[name] = asking, prefix, time.monotonic()
            self._draw(f"{prefix}{_counted(asking)}{asking.title}")
            self._start_clock()
        try:
            yield
        finally:
            with self._lock:
                self._on_the_way.pop(name, None)

    def _in_order(self, asking: Asking) -> Asking:
        """Several are asked at a time: one that was counted a moment earlier does not turn the number back."""
        late = 0 < self._furthest - asking.done <= _SIDE_BY_SIDE
        self._furthest = self._furthest if late else asking.done
        return replace(asking, done=self._furthest)

    def erase(self) -> None:
        """Before other words. The next request draws the line anew; what is on its way by now is not waited for."""
        with self._lock:
            self._on_the_way.clear()
            self._stop.set()
            self._clock = None
            if self._shown:
                self._shown = False
                self._write("\r\x1b[K")

    def end(self) -> None:
        """Before the result: nothing is drawn from now on. A request that nobody waits for any more may still end."""
        with self._lock:
            self.erase()
            self._over = True

    def _draw(self, text: str) -> None:
        """No wider than the terminal, for only one line can be erased."""
        if self._over:
            return
        self._shown = True
        self._write(f"\r{text[: max(columns() - 1, 1)]}\x1b[K")

    def _start_clock(self) -> None:
        if self._clock is not None or self._over:
            return
        self._stop = stop = threading.Event()
        clock = threading.Thread(target=self._tick, args=(stop,), daemon=True, name="s3probe-progress")
        with suppress(RuntimeError, MemoryError):  # without a thread to spare the line stands still
            clock.start()
            self._clock = clock

    def _tick(self, stop: threading.Event) -> None:
        while not stop.wait(_EVERY):
            with self._lock:
                if stop.is_set() or not self._on_the_way:
                    continue
                asking, prefix, since = next(iter(self._on_the_way.values()))
                waited = time.monotonic() - since
                if waited >= LATE:
                    self._draw(f"{prefix}{_counted(asking)}{waited_for(asking, waited)}")


def _counted(asking: Asking) -> str:
    counted = f"{asking.done}/{asking.of} "
    return f"trying a fix: {counted}" if asking.trial else counted


def waited_for(asking: Asking, seconds: float) -> str:
    """``… waiting for minio.example.org, 4 s of 5``."""
    return f"… waiting for {asking.host}, {seconds:.0f} s of {asking.patience:g}"
