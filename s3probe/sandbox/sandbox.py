"""The embedded S3: a world, served on loopback for as long as the ``with`` block lasts."""

from __future__ import annotations

import socket
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from s3probe.sandbox.certificates import Certificates
from s3probe.sandbox.gateway import Gateway
from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.names import endpoint_of, exists, obstacle
from s3probe.sandbox.server import LOOPBACK, SandboxServer
from s3probe.sandbox.state import LoggedRequest, OpenUpload, Record, State
from s3probe.sandbox.store import upload_id_of
from s3probe.sandbox.unreachable_ports import UnreachablePorts
from s3probe.sandbox.world import ConnectionFault, World

_LITERAL = (LOOPBACK, "localhost")


class _Running:
    """Everything that has to be closed again. What listens is started when it is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._certificates = Certificates(world)
        self._starting = threading.Lock()
        self._folder: Path | None = None
        self._servers: dict[str, SandboxServer] = {}
        with ExitStack() as stack:
            self.state = State(world)
            stack.callback(self.state.store.clear)
            self.unreachable = UnreachablePorts()
            stack.callback(self.unreachable.close)
            self.gateway = Gateway(self.state)
            self._stack = stack.pop_all()

    @property
    def ca_path(self) -> Path:
        """The authority's certificate, in a folder of its own."""
        with self._starting:
            if self._folder is None:
                self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="s3probe-sandbox-")))
                self._certificates.write_authority(self._folder / "ca.pem")
            return self._folder / "ca.pem"

    def port(self, scheme: str) -> int:
        """Where ``http`` or ``https`` is spoken."""
        with self._starting:
            if scheme not in self._servers:
                tls = self._certificates.context() if scheme == "https" else None
                server = SandboxServer(self.gateway, tls, deaf_to_expect=self._world.deaf_to_expect)
                self._stack.callback(server.stop)
                server.start()
                self._servers[scheme] = server
            return self._servers[scheme].port

    def stop(self) -> None:
        """Undoes it all, last first. What was logged stays readable."""
        self.gateway.stop()
        self._stack.close()


class Sandbox:
    """Serves a :class:`World`. Several can run in one process; they share nothing but moto's code.

    A request to a name of the world reaches it through :meth:`resolve`, which any transport takes as its
    resolver, together with :attr:`ca_file`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        self._running = _Running(self.world)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = self._run
        running.stop()
        if kind is None and running.state.bugs:
            raise RuntimeError("the sandbox itself failed:\n" + "\n".join(running.state.bugs))

    @property
    def _run(self) -> _Running:
        if self._running is None:
            raise RuntimeError("a sandbox serves only inside its with block")
        return self._running

    @property
    def http_port(self) -> int:
        return self._run.port("http")

    @property
    def https_port(self) -> int:
        return self._run.port("https")

    @property
    def ca_file(self) -> str:
        """PEM file of the authority that signs the world's certificates."""
        return str(self._run.ca_path)

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        """Where to connect for ``host:port``. Raises socket.gaierror for a name the world does not know."""
        name = host.lower().rstrip(".")
        if name in _LITERAL:
            return LOOPBACK, port
        if not exists(self.world, name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        fault = obstacle(self.world, name)
        if fault is ConnectionFault.BLACK_HOLE:
            return LOOPBACK, self._run.unreachable.black_hole
        own = endpoint_of(self.world, name)
        if own is not None and own.plain_port == port and fault is None:
            return LOOPBACK, self.http_port
        if own is not None and own.tls_port == port and fault is None:
            return LOOPBACK, self.https_port
        if fault is ConnectionFault.REFUSED or port not in (80, 443):
            return LOOPBACK, self._run.unreachable.refused
        return LOOPBACK, self.https_port if port == 443 and fault is not ConnectionFault.PLAIN else self.http_port

    def answer(self, request: Request) -> Reply:
        """The world's answer to a request that has arrived: what a request over the wire meets as well."""
        return self._run.gateway.answer(request)

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """Every request S3 answered, in order."""
        return tuple(self._run.state.requests)

    @property
    def violations(self) -> tuple[LoggedRequest, ...]:
        """Attempts to create, delete or change a bucket, allowed or not."""
        return tuple(self._run.state.violations)

    def keys(self, bucket: str) -> tuple[str, ...]:
        """The bucket's current keys."""
        return self._run.state.store.keys(bucket)

    def uploads(self, bucket: str) -> tuple[tuple[str, str], ...]:
        """Key and id of the bucket's unfinished multipart uploads."""
        return self._run.state.store.uploads(bucket)

    def add_object(self, bucket: str, key: str, body: bytes = b"", acl: str = "private") -> None:
        """Puts an object there as if it had always been (a migrated file, what a killed probe left)."""
        state = self._run.state
        state.store.call("PUT", bucket, key, body=body)
        state.records[bucket, key] = Record(acl, state.buckets[bucket].account, len(body))

    def add_upload(self, bucket: str, key: str) -> str:
        """Starts a multipart upload nobody will finish; its id."""
        state = self._run.state
        reply = state.store.call("POST", bucket, key, query=(("uploads", ""),))
        upload_id = upload_id_of(reply)
        state.uploads[upload_id] = OpenUpload(bucket, key, "private", state.buckets[bucket].account, "STANDARD")
        return upload_id
