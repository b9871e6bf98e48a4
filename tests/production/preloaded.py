"""``python -m tests.production.preloaded DESCRIPTOR`` loads s3probe once and forks a process of it for each request.

To start the interpreter and import everything costs 0.5 s of CPU, a fork a hundredth of that. The forked process gets
what ``python -m s3probe`` gives a new one (:mod:`tests.production.test_preloaded` compares them) but two things:
``/proc/PID/cmdline`` and ``environ`` show this server's, and its limits and ignored signals are this server's as well.

A request on the socket is one line of JSON, and with it go four descriptors: standard input, output, error, and one on
which the process id and later the return code are told, of :data:`NUMBER` bytes each. The server ends when the socket
is closed.
"""

from __future__ import annotations

import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TextIO

NUMBER = 4
"""Bytes of a number that the server tells: signed, the highest first."""


@dataclass(frozen=True)
class Request:
    """What a process is started with."""

    module: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]

    def send(self, channel: socket.socket, descriptors: list[int]) -> None:
        """Hands the request and the descriptors to the server at the other end."""
        line = json.dumps(asdict(self)).encode() + b"\n"
        channel.sendall(line[socket.send_fds(channel, [line], descriptors) :])


def received(channel: socket.socket) -> tuple[Request, list[int]] | None:
    """The next request with its descriptors; ``None`` when there will be none."""
    line, descriptors, _flags, _address = socket.recv_fds(channel, 65536, 4)
    while line and not line.endswith(b"\n"):
        line += channel.recv(65536)
    return (Request(**json.loads(line)), descriptors) if line else None


def load() -> None:
    """Imports all of s3probe but its sandbox, and with it the libraries. None of it starts a thread."""
    package = import_module("s3probe")
    for found in pkgutil.walk_packages(package.__path__, "s3probe."):
        if found.name != "s3probe.__main__" and not found.name.startswith("s3probe.sandbox"):
            import_module(found.name)
    # imported where they are needed
    for library in ("boto3", "certifi", "urllib.request", "encodings.idna"):
        import_module(library)


def serve(channel: socket.socket) -> Request | None:
    """Forks for each request. Returns it in the new process, and ``None`` in the server at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the keepers
    # a Ctrl-C in the terminal reaches the whole group, and the tests may still need the server to clean up
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    while (asked := received(channel)) is not None:
        request, descriptors = asked
        if os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        *standard, told = descriptors
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGINT, interrupt)
            os.close(told)
            _become(request, standard)
            return request
        _keep(pid, standard, told)
    return None


def _keep(pid: int, standard: list[int], told: int) -> None:
    """Waits for the process in place of the tests, whose child it is not. Does not return."""
    for descriptor in standard:
        os.close(descriptor)
    os.write(told, pid.to_bytes(NUMBER, "big", signed=True))
    _pid, status = os.waitpid(pid, 0)
    os.write(told, os.waitstatus_to_exitcode(status).to_bytes(NUMBER, "big", signed=True))
    os._exit(0)


def _become(request: Request, standard: list[int]) -> None:
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
    asked = serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        runpy.run_module(asked.module, run_name="__main__", alter_sys=True)
