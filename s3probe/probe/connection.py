"""urllib3 connections that write a :class:`Call` exactly as it stands, on botocore's "Expect: 100-continue".

Nothing is added, reordered, re-encoded or sent twice. An answer that comes before the body is the answer; the body
then stays here, and the connection is not used again.

The only module that overrides or reads private names of other packages, because their public ones do not reach so far.
tests/probe/test_private_names.py lists each with its reason, and names the one that has vanished.
"""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Iterator, Mapping
from http.client import BadStatusLine, HTTPException, LineTooLong, RemoteDisconnected
from typing import IO, Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSHTTPConnection, AWSHTTPResponse, AWSHTTPSConnection
from urllib3 import PoolManager
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import SKIP_HEADER

from s3probe.probe.bounds import BoundedSocket, ExchangeStage, current, peer_of
from s3probe.probe.dial import dial

MOST_INTERIM = 20
"""Interim answers (1xx) before the real one."""
IDLE_SECONDS = 4.0
"""A connection that rested longer is not used again: the SDK's pool drops it after 5 s, some servers too."""
_LINE = 64 * 1024
_NOT_TO_BE_ADDED = ("Host", "Accept-Encoding", "User-Agent")


def _skip_headers(stream: IO[bytes]) -> None:
    """Reads to the end of a header block. The socket bounds its size and time."""
    while (line := stream.readline(_LINE + 1)) not in (b"\r\n", b"\n"):
        if not line:
            raise RemoteDisconnected("connection closed within headers")
        if len(line) > _LINE:
            raise LineTooLong("header line")


class AnnouncedError(Exception):
    """The server waits for a body that was only announced. Nothing was carried out."""


class _Headers:
    """The stream of an answer whose headers are read next. http.client takes an end within them for theirs."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._within = True

    def readline(self, *limit: int) -> bytes:
        line: bytes = self._stream.readline(*limit)
        if self._within and not line:
            raise RemoteDisconnected("connection closed within headers")
        self._within = self._within and line not in (b"\r\n", b"\n")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Response(AWSHTTPResponse):
    """Skips interim answers other than 100 as well (103 Early Hints), and not without end."""

    fp: Any

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # http.client has it, typeshed does not
            if not 100 <= status < 200 or status == 101:
                self.fp = _Headers(self.fp)
                return version, status, reason
            _skip_headers(self.fp)
        raise HTTPException(f"more than {MOST_INTERIM} interim answers")


class _Exact:
    """What both kinds of connection do differently from urllib3's and botocore's. Comes first in the bases."""

    # staticmethod: from Python 3.14 on, a partial in a class would be bound like a function
    response_class = staticmethod(functools.partial(_Response, status_tuple=None))
    idle_since: float = 0.0
    host: str
    port: int
    sock: Any
    proxy: Any
    proxy_is_forwarding: bool
    _dns_host: str
    _tunnel_host: str
    _tunnel_port: int
    _response_received: bool

    def _new_conn(self) -> BoundedSocket:
        return dial(self._dns_host, self.port, current())

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # the mixin's next base has it
        current().stage = ExchangeStage.SEND

    def send(self, data: Any) -> Any:
        if self.sock is None:
            self.connect()
        exchange = current()
        exchange.begun_to_send = True
        exchange.address = exchange.address or peer_of(self.sock)
        return super().send(data)  # type: ignore[misc]  # the mixin's next base has it

    def _tunnel(self) -> None:
        exchange = current()
        exchange.stage = ExchangeStage.TUNNEL
        super()._tunnel()  # type: ignore[misc]  # the mixin's next base has it
        # from here on it is the storage that answers
        exchange.host, exchange.port, exchange.peer = self._tunnel_host, self._tunnel_port, ""

    def request(self, method: str, _url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        """Sends the current exchange's call; urllib3's idea of its URL and headers is set aside."""
        exchange = current()
        exchange.stage = ExchangeStage.SEND
        target = exchange.call.url.partition("#")[0] if self.proxy_is_forwarding else _target(exchange.call.url)
        options["chunked"] = False
        super().request(  # type: ignore[misc]  # the mixin's next base has it
            method, target, body, dict(self._headers(exchange.call.headers, headers or {})), **options
        )

    def _headers(self, wanted: tuple[tuple[str, str], ...], given: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        present = {name.lower() for name, _ in wanted}
        yield from ((name, SKIP_HEADER) for name in _NOT_TO_BE_ADDED if name.lower() not in present)
        # bytes: the sign by which botocore's connection knows that it must wait, for as much as 1 s
        exchange = current()
        waits = exchange.remaining() > 1 and (exchange.call.announced or exchange.origin not in exchange.inviting)
        yield from ((name, value.encode("latin-1") if name == "Expect" and waits else value) for name, value in wanted)
        if self.proxy_is_forwarding and "Proxy-Authorization" in given:
            yield "Proxy-Authorization", given["Proxy-Authorization"]

    def getresponse(self) -> Any:
        current().stage = ExchangeStage.WAIT
        return super().getresponse()  # type: ignore[misc]  # the mixin's next base has it

    def _handle_expect_response(self, _message_body: Any) -> None:
        # botocore's own loses an answer without a reason phrase and never returns when the server hangs up after "100"
        # Once anything is readable, Net::HTTP waits for a whole answer, though it may only have been a TLS 1.3 session
        # ticket: with a server that ignores "Expect" it then runs into its read time-out. So do we.
        exchange = current()
        exchange.stage, exchange.withheld = ExchangeStage.WAIT, True
        with self.sock.makefile("rb", 0) as stream:
            for _ in range(MOST_INTERIM):
                version, status, reason = _status_line(stream.readline(_LINE + 1))
                if not 100 <= status < 200:
                    self.response_class = functools.partial(_Response, status_tuple=(version, status, reason))
                    self._response_received = True
                    return
                _skip_headers(stream)
                if status == 100 and exchange.call.announced:
                    raise AnnouncedError
                if status == 100:
                    exchange.inviting.add(exchange.origin)
                    exchange.stage, exchange.withheld = ExchangeStage.SEND, False
                    return
        raise HTTPException(f"more than {MOST_INTERIM} interim answers")


def _status_line(line: bytes) -> tuple[str, int, str]:
    if not line:
        raise RemoteDisconnected("Remote end closed connection without response")
    if len(line) > _LINE:
        raise LineTooLong("status line")
    parts = line.decode("latin-1").split(None, 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/") or not (len(parts[1]) == 3 and parts[1].isdecimal()):
        raise BadStatusLine(line.decode("latin-1"))
    return parts[0], int(parts[1]), parts[2].strip() if len(parts) > 2 else ""


def _target(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


# urllib3 and botocore do not agree on these signatures among themselves either
class Connection(_Exact, AWSHTTPConnection):  # type: ignore[misc]
    """Plain HTTP, straight or through a proxy that forwards."""


class TlsConnection(_Exact, AWSHTTPSConnection):  # type: ignore[misc]  # as above
    """HTTPS, straight or through a proxy's tunnel."""

    @property
    def is_connected(self) -> bool:
        """Whether it can take a request. The session tickets of TLS 1.3, which arrive unasked, do not end it."""
        if super().is_connected or self.sock is None:
            return self.sock is not None
        try:
            self.sock.settimeout(0)
            self.sock.recv(1)  # whatever else comes unasked, an end or an answer, does
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        return False


class _Resting:
    """Keeps connections for the next call, but none that may be dead or out of step. Comes first in the bases."""

    pool: Any
    _new_conn: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        while not self.pool.empty():  # urllib3 fills it with places for connections to come
            self.pool.get_nowait()

    def open_one(self) -> None:
        """Opens a connection for a call to come, beside those that rest here. Raises what a call would."""
        connection = self._new_conn()
        try:
            connection.connect()
        except BaseException:
            connection.close()  # one that failed holds a socket that nothing can be asked of
            raise
        self._put_conn(connection)

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # the mixin's next base has it
        if time.monotonic() - connection.idle_since > IDLE_SECONDS:
            connection.close()
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            if connection._response_received:
                # the server still waits for a body that was never sent
                connection.close()
            connection.idle_since = time.monotonic()
        super()._put_conn(connection)  # type: ignore[misc]  # the mixin's next base has it
        if connection is not None and self.pool is None:
            # the pool was closed meanwhile, perhaps between urllib3's look at it and its use
            connection.close()


class Pool(_Resting, HTTPConnectionPool):
    ConnectionCls = Connection  # type: ignore[assignment]  # as above


class TlsPool(_Resting, HTTPSConnectionPool):
    ConnectionCls = TlsConnection  # type: ignore[assignment]  # as above


def use_our_connections(manager: PoolManager) -> None:
    """Every connection that ``manager`` makes from now on is one of this module's."""
    manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}


def shown_certificate(error: BaseException) -> object:
    """The certificate for which urllib3 raised ``CertificateError``, as ``ssl`` shows it; ``None`` when not known."""
    return getattr(error, "_peer_cert", None)
