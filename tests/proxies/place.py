"""Where a real proxy runs: names of the storage lead to the sandbox, and its authority is trusted, as on a machine."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
ROOT = os.geteuid() == 0 and shutil.which("unshare") is not None
NO_ROOT = "no root on this machine (to give port 443 and /etc/hosts to a proxy under test)"
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_INSIDE = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"'
"""A mount namespace of its own, in which some files are others: nobody else on the machine sees them."""
_PIECE = 65536
_PATIENCE = 60.0
"""Seconds a program may take to listen."""


class Forwarder(socketserver.ThreadingTCPServer):
    """Passes what comes to a port on to another one; with ``tls`` as hitch does: decrypted."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    """Python's own 5 are fewer than a run opens at once; the kernel drops the sixth for seconds."""

    def __init__(self, address: tuple[str, int], target: int, tls: ssl.SSLContext | None = None) -> None:
        self.target, self.tls = target, tls
        super().__init__(address, _Connection)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    server: Forwarder

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection((LOOPBACK, self.server.target), 5) as there:
            here = self.server.tls.wrap_socket(self.request, server_side=True) if self.server.tls else self.request
            with here:
                back = threading.Thread(target=_pump, args=(there, here), daemon=True)
                back.start()
                _pump(here, there)
                back.join(10)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def storage(folder: Path, names: Sequence[str], ports: Mapping[int, int], authority: bytes) -> Iterator[list[str]]:
    """The beginning of a command line under which ``names`` lead to the sandbox.

    ``ports`` says where what is asked at a port of them is answered; ``authority`` is trusted beside nobody else.
    """
    with ExitStack() as stack:
        address = _address(stack, ports)
        hosts, trusted = folder / "hosts", folder / "authorities.pem"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name in names))
        trusted.write_bytes(authority)
        mounts = [str(hosts), "/etc/hosts"]
        if _AUTHORITIES.exists():
            mounts += [str(trusted), str(_AUTHORITIES)]
        yield ["unshare", "-m", "sh", "-ec", _INSIDE, "sh", *mounts, "--"]


def _address(stack: ExitStack, ports: Mapping[int, int]) -> str:
    """An address of the loopback on which nobody has these ports."""
    while True:
        address = "127." + ".".join(str(1 + secrets.randbelow(253)) for _ in range(3))
        with ExitStack() as trying:
            try:
                for port, target in ports.items():
                    trying.callback(Forwarder((address, port), target).stop)
            except OSError:
                continue
            stack.push(trying.pop_all())
            return address


@contextmanager
def running(command: Sequence[str], folder: Path, *ports: int, **environment: str) -> Iterator[None]:
    """``command`` for as long as the block lasts, which begins when it listens at ``ports``."""
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
    try:
        for port in ports:
            _wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class NotStartedError(Exception):
    """The program ended, or never listened; what it said."""


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
            return
        time.sleep(0.02)
    raise NotStartedError(log.read_text(errors="replace")[-2000:])


def free_ports(number: int) -> list[int]:
    """Ports that nothing listens on at this moment, all different, and none that a connection may take meanwhile.

    Linux gives outgoing connections those from 32768 on (``ip_local_port_range``).
    """
    found: set[int] = set()
    while len(found) < number:
        port = 10_000 + secrets.randbelow(22_000)
        with suppress(OSError), socket.create_server((LOOPBACK, port)):
            found.add(port)
    return list(found)
