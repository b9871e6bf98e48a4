"""Sockets that keep to an exchange's limits, whatever the server does: each read and write looks at the clock.

A time-out between bytes is no bound on the whole: a server that sends one byte a second never trips it, in headers
or in a body. These sockets know when the exchange must end, and how many bytes it may still receive.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.text import clean
from s3probe.records import dataclass, field

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from s3probe.probe.ahead import Ahead

Resolver = Callable[[str, int], tuple[str, int]]
"""Gives the address and port to connect to for a host and port; may raise :class:`socket.gaierror`."""

HEADER_BYTES = 256 * 1024
"""What may arrive before the body: interim answers, status line and headers together."""
WRITE_SECONDS = 60.0
"""Net::HTTP's ``write_timeout``, which Mastodon leaves alone."""
_PIECE = 64 * 1024


class DeadlineReachedError(TimeoutError):
    """The exchange's total time is over."""


class ConnectTimedOutError(TimeoutError):
    """The connection was not made, or TLS not agreed on, in time."""


class WriteTimedOutError(TimeoutError):
    """The server does not take what is sent."""


class TooMuchError(OSError):
    """More arrived than any S3 answer needs."""


class ExchangeStage(Enum):
    """How far an exchange has come."""

    RESOLVE = auto()
    CONNECT = auto()
    TUNNEL = auto()
    TLS = auto()
    SEND = auto()
    WAIT = auto()
    BODY = auto()


@dataclass(slots=True)
class Exchange:
    """One call under way. Mutable: it notes how far it came, so that a failure can be explained."""

    call: Call
    limits: Limits
    resolver: Resolver | None = None
    proxied: bool = False
    ahead: Ahead | None = None
    """Connections that were opened beforehand."""
    started: float = field(default_factory=time.monotonic)
    began: float = field(default_factory=time.time)
    """The same by the clock on the wall."""
    stage: ExchangeStage = ExchangeStage.RESOLVE
    begun_to_send: bool = False
    """Bytes may have gone out."""
    host: str = ""
    port: int = 0
    peer: str = ""
    """The address and port that are being talked to."""
    address: str = ""
    """Those of the connection that took the call, also of one that was there already."""
    allowance: int = HEADER_BYTES
    """Bytes that may still arrive."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    withheld: bool = False
    """Whether the body waits for the server's "100 Continue"."""
    inviting: set[str] = field(default_factory=set)
    """Origins that have said "100 Continue" before: what they said once need not be waited for again."""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the call's URL."""
        return f"{self.call.url.partition('://')[0]}://{self._netloc}"

    @property
    def where(self) -> str:
        """The host and port being connected to: the proxy's until its tunnel stands."""
        return shown(clean(self.host, 253), self.port)

    @property
    def talking_to(self) -> str:
        """:attr:`where`, with the address when it is not the same."""
        if not self.host:  # a connection that was there already
            return self.asked
        return self.where if self.peer in ("", self.where) else f"{self.where} ({self.peer})"

    @property
    def asked(self) -> str:
        """The host (and port) that the call's URL names."""
        return clean(self._netloc, 253)

    @property
    def _netloc(self) -> str:
        return self.call.url.partition("://")[2].partition("/")[0].partition("?")[0]

    @property
    def begun(self) -> bool:
        """Whether a byte of an answer has arrived."""
        return self.allowance != HEADER_BYTES

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def remaining(self) -> float:
        """Seconds left of the total. Raises :class:`DeadlineReachedError` when there are none."""
        left = self.limits.total - self.seconds
        if left <= 0:
            raise DeadlineReachedError
        return left

    def bounded(self, seconds: float) -> float:
        """``seconds``, or what is left of the total when that is less; never 0, which would mean "do not wait"."""
        return max(min(seconds, self.remaining()), 1e-6)

    def received(self, count: int) -> None:
        """Notes the arrival of ``count`` bytes. Raises :class:`TooMuchError`."""
        self.allowance -= count
        if self.allowance < 0:
            raise TooMuchError


class Recorder(Protocol):
    """Keeps what every exchange was."""

    def begun(self, call: Call, limits: Limits, resolver: Resolver | None, **more: Any) -> Exchange: ...

    def ended(self, exchange: Exchange, answer: Answer | None) -> None:
        """``None``: it was broken off."""


def shown(host: str, port: int) -> str:
    """``host:port`` as a URL writes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def peer_of(sock: socket.socket) -> str:
    """The address and port at the other end; ``""`` once it has gone."""
    try:
        where = sock.getpeername()
    except OSError:
        return ""
    return shown(str(where[0]), int(where[1]))


CURRENT: ContextVar[Exchange | None] = ContextVar("s3probe_exchange", default=None)
"""The exchange of this thread. The sockets ask here, because urllib3 and ssl make them out of our sight."""


def current() -> Exchange:
    """The exchange under way in this thread."""
    exchange = CURRENT.get()
    if exchange is None:
        raise RuntimeError("a socket was used outside of an exchange")
    return exchange


def _receive(sock: socket.socket, read: Callable[[], int]) -> int:
    exchange = current()
    sock.settimeout(exchange.bounded(exchange.limits.read))
    try:
        count = read()
    except TimeoutError:
        exchange.remaining()  # raises when it was the total, not the pause between bytes
        raise
    exchange.received(count)
    return count


def _send_all(sock: socket.socket, data: ReadableBuffer, send: Callable[[memoryview], None]) -> None:
    exchange = current()
    view = memoryview(data).cast("B")
    for start in range(0, len(view), _PIECE):
        sock.settimeout(exchange.bounded(WRITE_SECONDS))
        try:
            send(view[start : start + _PIECE])
        except TimeoutError:
            exchange.remaining()
            raise WriteTimedOutError from None


class BoundedSocket(socket.socket):
    """A TCP socket that keeps to the current exchange's limits."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        read = super().recv_into
        return _receive(self, lambda: read(buffer, nbytes, flags))

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        send = super().sendall
        _send_all(self, data, lambda piece: send(piece, flags))


class BoundedTlsSocket(ssl.SSLSocket):
    """The same over TLS. The handshake counts as connecting, as it does for Net::HTTP."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        read = super().recv_into
        return _receive(self, lambda: read(buffer, nbytes, flags))

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        send = super().sendall
        _send_all(self, data, lambda piece: send(piece, flags))

    def __del__(self) -> None:
        # ssl raises, and closes nothing, when the other side resets the connection before the handshake begins
        with suppress(AttributeError):  # not even opened
            self.close()

    def do_handshake(self, block: bool = False) -> None:
        exchange = current()
        exchange.stage = ExchangeStage.TLS
        self.settimeout(exchange.bounded(exchange.limits.connect))
        try:
            super().do_handshake(block)
        except TimeoutError:
            exchange.remaining()
            raise ConnectTimedOutError from None
