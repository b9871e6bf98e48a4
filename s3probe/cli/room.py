"""How much may be done at a time: what the limits of this process, its user and its container leave."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

from s3probe.probe.descriptors import descriptors_left
from s3probe.records import dataclass

PLENTY = 4096
"""Threads. A user's limit from there on is not counted out: that would take a look at every process."""
_WORKERS = 16
"""Requests at a time of one examination that has room."""
_DESCRIPTORS = 4 * _WORKERS
"""For each file: a connection under way and a lookup for each worker, and connections that wait for their next call."""
_THREADS = 2 * _WORKERS + 4
"""For each file: its own, the workers, a lookup for each, and a few steps within a step."""
_KEPT_BACK = 10
"""Descriptors for all else: the lock, the report, modules that are still to be loaded."""


@dataclass(frozen=True, slots=True)
class Room:
    """What this process may still take."""

    descriptors: int
    threads: int

    def files_at_a_time(self, wanted: int) -> int:
        """How many files can be examined side by side, each at its full width; 1 at least."""
        return max(min(wanted, self._usable // _DESCRIPTORS, self.threads // _THREADS), 1)

    def requests_at_a_time(self) -> int:
        """How many requests an examination can make side by side when it is alone; 1 at least."""
        per_request = _DESCRIPTORS // _WORKERS
        return max(min(_WORKERS, self._usable // per_request, (self.threads - 4) // 2), 1)

    @property
    def _usable(self) -> int:
        return self.descriptors - _KEPT_BACK


def room(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> Room:
    """What RLIMIT_NOFILE, RLIMIT_NPROC and the ``pids`` controllers leave. Never raises: what is not told is none."""
    return Room(descriptors_left(), min(_of_the_user(proc), *_of_the_cgroups(proc, cgroups), PLENTY))


def _of_the_user(proc: Path) -> int:
    limit, _hard = resource.getrlimit(resource.RLIMIT_NPROC)
    # it does not bind root (setrlimit(2))
    if limit == resource.RLIM_INFINITY or limit >= PLENTY or os.getuid() == 0:
        return PLENTY
    return max(limit - sum(_threads_of_this_user(proc)), 0)


def _threads_of_this_user(proc: Path) -> Iterator[int]:
    try:
        folders = [folder for folder in proc.iterdir() if folder.name.isdecimal()]
    except OSError:
        return
    for folder in folders:
        try:
            if folder.stat().st_uid == os.getuid():
                status = (folder / "status").read_text(encoding="utf-8", errors="replace")
                yield int(status.partition("\nThreads:")[2].split(maxsplit=1)[0])
        except (OSError, ValueError, IndexError):
            continue  # it has ended meanwhile


def _of_the_cgroups(proc: Path, cgroups: Path) -> Iterator[int]:
    """What each controller above this process leaves (cgroups(7)): a limit binds everything below it."""
    yield PLENTY
    try:
        lines = (proc / "self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers and "pids" not in controllers.split(","):
            continue
        for base in (cgroups / "pids",) if controllers else (cgroups, cgroups / "unified"):
            place = base / path.strip("/")
            # inside a container the path may be the host's: then only the top is there
            for folder in (place, *place.parents):
                if folder.is_relative_to(base):
                    yield _left_in(folder)


def _left_in(folder: Path) -> int:
    try:
        most = int((folder / "pids.max").read_text(encoding="ascii"))  # "max" where there is none
        return max(most - int((folder / "pids.current").read_text(encoding="ascii")), 0)
    except (OSError, ValueError):
        return PLENTY
