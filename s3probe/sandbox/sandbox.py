"""The embedded S3: a world, served on loopback for as long as the ``with`` block lasts."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from s3probe.sandbox.certificates import Certificates
from s3probe.sandbox.dead_ends import DeadEnds
from s3probe.sandbox.gateway import Gateway
from s3probe.sandbox.names import endpoint_of, exists, obstacle
from s3probe.sandbox.server import LOOPBACK, Server
from s3probe.sandbox.state import Seen, State
from s3probe.sandbox.world import Way, World

_LITERAL = (LOOPBACK, "localhost")


class Sandbox:
    """Serves a :class:`World`. Several can run in one process; they share nothing but moto's code.

    A request to a name of the world reaches it through :meth:`resolve`, which any transport takes as its
    resolver, together with :attr:`ca_file`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._state = State(world)
        self._gateway = Gateway(self._state)
        self._dead_ends = DeadEnds()
        certificates = Certificates(world)
        self._folder = tempfile.TemporaryDirectory(prefix="s3probe-sandbox-")
        self._ca_path = Path(self._folder.name) / "ca.pem"
        certificates.write_authority(self._ca_path)
        self._plain = Server(self._gateway)
        self._secure = Server(self._gateway, certificates.context())

    def __enter__(self) -> Self:
        self._plain.start()
        self._secure.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gateway.stop()
        self._plain.stop()
        self._secure.stop()
        self._dead_ends.close()
        self._state.store.clear()
        self._folder.cleanup()

    @property
    def http_port(self) -> int:
        return self._plain.server_port

    @property
    def https_port(self) -> int:
        return self._secure.server_port

    @property
    def ca_file(self) -> str:
        """PEM file of the authority that signs the world's certificates."""
        return str(self._ca_path)

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        """Where to connect for ``host:port``. Raises socket.gaierror for a name the world does not know."""
        name = host.lower().rstrip(".")
        if name in _LITERAL:
            return LOOPBACK, port
        if not exists(self.world, name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        way = obstacle(self.world, name)
        if way is Way.BLACK_HOLE:
            return LOOPBACK, self._dead_ends.black_hole
        own = endpoint_of(self.world, name)
        if own is not None and own.plain_port == port and way is None:
            return LOOPBACK, self.http_port
        ports = {443: self.http_port if way is Way.PLAIN else self.https_port, 80: self.http_port}
        if way is Way.REFUSED or port not in ports:
            return LOOPBACK, self._dead_ends.refused
        return LOOPBACK, ports[port]

    @property
    def requests(self) -> tuple[Seen, ...]:
        """Every request S3 answered, in order."""
        return tuple(self._state.requests)

    @property
    def violations(self) -> tuple[Seen, ...]:
        """Attempts to create, delete or change a bucket, allowed or not."""
        return tuple(self._state.violations)

    def keys(self, bucket: str) -> tuple[str, ...]:
        """The bucket's current keys."""
        return self._state.store.keys(bucket)

    def uploads(self, bucket: str) -> tuple[tuple[str, str], ...]:
        """Key and id of the bucket's unfinished multipart uploads."""
        return self._state.store.uploads(bucket)
