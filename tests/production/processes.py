"""Starting the tool as a process of its own: forked by a server that has loaded it, or truly started."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.production.preloaded import NUMBER, StartRequest

ROOT = Path(__file__).parents[2]
_ASKING = threading.Lock()


_KEPT = ("PATH", "HOME", "PYTHONPATH", "LANG", "XDG_CACHE_HOME")


def environment() -> dict[str, str]:
    """A clean environment for the tool: none of this machine's settings, no metadata address asked."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONFAULTHANDLER": "", "LANG": "C.UTF-8"}


class Process(Protocol):
    """The part of :class:`subprocess.Popen` that tests use."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def communicate(self, *, timeout: float | None = None) -> tuple[bytes | None, bytes | None]: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def poll(self) -> int | None: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


class Forked:
    """A process that the server forked. Each method does what :class:`subprocess.Popen`'s does."""

    def __init__(self, told: int, stdout: int | None, stderr: int | None) -> None:
        self._told, self._pipes, self._lock = told, (stdout, stderr), threading.Lock()
        self._heard = {pipe: bytearray() for pipe in self._pipes if pipe is not None}
        self._open = set(self._heard)
        self._pid = self._number()
        self._returncode: int | None = None

    def __del__(self) -> None:
        for descriptor in {self._told, *self._open}:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def returncode(self) -> int | None:
        return self._returncode

    def communicate(self, *, timeout: float | None = None) -> tuple[bytes | None, bytes | None]:
        until = None if timeout is None else time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            for pipe in self._open:
                selector.register(pipe, selectors.EVENT_READ)
            while self._open:
                for key, _ in self._ready(selector, until, timeout):
                    if piece := os.read(key.fd, 65536):
                        self._heard[key.fd] += piece
                    else:
                        selector.unregister(key.fd)
                        self._open.remove(key.fd)
                        os.close(key.fd)
        self._wait(until, timeout)
        out, err = (None if pipe is None else bytes(self._heard[pipe]) for pipe in self._pipes)
        return out, err

    def wait(self, timeout: float | None = None) -> int:
        return self._wait(None if timeout is None else time.monotonic() + timeout, timeout)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._returncode

    def send_signal(self, sig: int) -> None:
        # as with Popen, the number of a process that has ended may be another's by now
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, sig)

    def kill(self) -> None:
        self.send_signal(9)

    def _wait(self, until: float | None, timeout: float | None) -> int:
        if self._returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._told, selectors.EVENT_READ)
                self._ready(selector, until, timeout)
        with self._lock:  # a test's gate asks in a thread of its own
            if self._returncode is None:
                self._returncode = self._number()
            return self._returncode

    def _ready(
        self, selector: selectors.BaseSelector, until: float | None, timeout: float | None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        ready = selector.select(None if until is None else max(0, until - time.monotonic()))
        if not ready:
            raise subprocess.TimeoutExpired(f"process {self._pid}", timeout or 0)
        return ready

    def _number(self) -> int:
        """What the server tells next: the process id, then the return code."""
        said = os.read(self._told, NUMBER)
        if len(said) < NUMBER:
            raise RuntimeError("The server of preloaded processes has ended; its own error is on standard error")
        return int.from_bytes(said, "big", signed=True)


def start(*argv: str | Path, stdout: int = subprocess.PIPE, afresh: bool = False, module: str = "s3probe") -> Process:
    """``python -m s3probe`` as a process of its own.

    ``afresh`` starts a new interpreter: for tests of the start itself, of what ``/proc`` shows of the command line,
    and of what a process inherits. The others get a fork of an interpreter that has imported everything.
    """
    words = tuple(map(str, argv))
    if afresh:
        command = [sys.executable, "-m", module, *words]
        return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env=environment())
    (heard, told), (err, its_err) = os.pipe(), os.pipe()
    out, its_out = os.pipe() if stdout == subprocess.PIPE else (None, os.dup(stdout))
    try:
        with _ASKING:
            request = StartRequest(module, words, str(Path.cwd()), environment())
            request.send(_server(), [0, its_out, its_err, told])
    finally:
        for its in (its_out, its_err, told):
            os.close(its)
    return Forked(heard, out, err)


@cache
def _server() -> socket.socket:
    """The way to this process's server, which starts here and ends with this process."""
    ours, its = socket.socketpair()
    command = [sys.executable, "-m", "tests.production.preloaded", str(its.fileno())]
    with its:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours
