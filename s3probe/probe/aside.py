"""Work on a thread of its own, for what nothing can interrupt and nobody has to wait for to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from s3probe.probe.schedule import started

T = TypeVar("T")


class Aside(Generic[T]):
    """Begins at once. Where no thread can be had, it is done here, and waited for; what is ``spare`` fails there.

    It is a daemon thread: what is left to itself does not hold the process.
    """

    def __init__(self, name: str, work: Callable[[], T], *, spare: bool = False) -> None:
        self._work = work
        self._found: list[T] = []
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._do, name=f"s3probe-{name}", daemon=True)
        if started(self._thread):
            return
        if spare:
            self._failed.append(OSError("no thread could be had"))
        else:
            self._do()

    def _do(self) -> None:
        try:
            self._found.append(self._work())
        except Exception as error:  # whatever it is, it is raised again in the thread that waits
            self._failed.append(error)

    def wait(self, seconds: float) -> bool:
        """Whether it ends within ``seconds``."""
        if self._thread.ident is not None:  # else it was done here
            self._thread.join(max(seconds, 0.0))
        return bool(self._found or self._failed)

    def result(self) -> T:
        """What came of it, once it has ended. Raises what it raised."""
        if self._failed:
            raise self._failed[0]
        return self._found[0]

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread while it is at work."""
        return self._thread.native_id if self._thread.is_alive() else None
