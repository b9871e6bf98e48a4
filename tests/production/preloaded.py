"""``python -m tests.production.preloaded DESCRIPTOR`` loads s3probe once and forks a process of it for each request.

To start the interpreter and import everything costs 0.5 s of CPU, a fork a hundredth of that. The forked process gets
what ``python -m s3probe`` gives a new one (:mod:`tests.production.test_preloaded` compares them) but two things:
``/proc/PID/cmdline`` and ``environ`` show this server's, and its limits and ignored signals are this server's as well.

A request on the socket is one line of JSON, and with it go four descriptors: standard input, output, error, and one on
which the process id and later the return code are told, of :data:`NUMBER` bytes each. The server ends when the socket
is closed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TextIO

NUMBER = 4
"""Bytes of a number that the server tells: signed, the highest first."""


@dataclass(frozen=True)
class StartRequest:
    """What a process is started with."""

    module: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]

    def send(self, channel: socket.socket, descriptors: list[int]) -> None:
        """Hands the request and the descriptors to the server at the other end."""
        line = json.dumps(asdict(self)).encode() + b"\n"
        channel.sendall(line[socket.send_fds(channel, [line], descriptors) :])


def received(channel: socket.socket) -> tuple[StartRequest, list[int]] | None:
    """The next request with its descriptors; ``None`` when there will be none."""
    line, descriptors, _flags, _address = socket.recv_fds(channel, 65536, 4)
    while line and not line.endswith(b"\n"):
        line += channel.recv(65536)
    return (StartRequest(**json.loads(line)), descriptors) if line else None


def load(name: str = "s3probe") -> None:
    """Imports all of s3probe but its sandbox, and with it the libraries. None of it starts a thread."""
    module = import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        if found.name not in ("s3probe.__main__", "s3probe.sandbox"):
            load(found.name)


def serve(channel: socket.socket) -> StartRequest | None:
    """Forks for each request. Returns it in the new process, and ``None`` in the server at the end."""
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # the wake-up is enough
    # a Ctrl-C in the terminal reaches the whole group, and the tests may still need the server to clean up; blocked and
    # not ignored, so that one for a process that is just being made reaches it
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    told: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_ends(told)
        if channel not in ready:
            continue
        if (asked := received(channel)) is None:
            return None
        request, (*standard, number) = asked
        if pid := os.fork():
            told[pid] = number
            _tell(number, pid)
            for descriptor in standard:
                os.close(descriptor)
            continue
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for mine in (channel, woken, waker):
            mine.close()
        for descriptor in (*told.values(), number):
            os.close(descriptor)
        _become(request, standard)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return request


def _tell_ends(told: dict[int, int]) -> None:
    """Tells the return codes of the processes that have ended since."""
    for pid, number in tuple(told.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _tell(number, os.waitstatus_to_exitcode(status))
            os.close(told.pop(pid))


def _tell(descriptor: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know it any more
        os.write(descriptor, number.to_bytes(NUMBER, "big", signed=True))


def _become(request: StartRequest, standard: list[int]) -> None:
    """Makes of this process what ``python -m`` finds at its start."""
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.env)
    sys.path[0] = request.cwd
    sys.argv[:] = ["-m", *request.argv]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _stream(number, getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _stream(number: int, before: TextIO) -> TextIO:
    """As CPython opens it (create_stdio in pylifecycle.c). The encoding follows from the environment."""
    raw = io.FileIO(number, "wb" if number else "rb", closefd=False)
    raw.name = before.name
    lines = number == 2 or raw.isatty()
    buffered = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
    stream = io.TextIOWrapper(buffered, before.encoding, before.errors, newline="\n", line_buffering=lines)
    stream.__dict__["mode"] = before.mode
    return stream


if __name__ == "__main__":
    load()
    for library in ("boto3", "certifi", "encodings.idna", "urllib.request", "xml.dom.expatbuilder"):
        import_module(library)  # s3probe or a library imports it where it is needed
    asked = serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        runpy.run_module(asked.module, run_name="__main__", alter_sys=True)
