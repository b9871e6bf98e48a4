"""Finds a host's addresses and connects to one of them, within the time an exchange has for that."""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from s3probe.probe.aside import Aside
from s3probe.probe.bounds import BoundedSocket, ConnectTimedOutError, Exchange, ExchangeStage, Resolver, shown

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


_LATE = 0.1
"""Seconds that a thread may take to say that it has found something."""


class LookupTimedOutError(socket.gaierror):
    """The name servers did not answer in time."""


def dial(host: str, port: int, exchange: Exchange) -> BoundedSocket:
    """A connection to ``host``. Raises :class:`socket.gaierror`, :class:`OSError` or a time-out of ``bounds``.

    ``S3_OPEN_TIMEOUT`` covers name lookup and connecting together, as Ruby's ``TCPSocket.open`` does.
    """
    exchange.stage, exchange.host, exchange.port, exchange.peer = ExchangeStage.RESOLVE, host, port, ""
    if exchange.limits.connect <= 0:
        # what a blank S3_OPEN_TIMEOUT does to Mastodon (golden/wire.json: open-timeout-blank)
        raise ConnectTimedOutError
    ends = time.monotonic() + exchange.bounded(exchange.limits.connect)
    if (sock := _opened_ahead(host, port, exchange, ends)) is not None:
        return sock
    addresses = _lookup(host, port, exchange.resolver, ends - time.monotonic())
    exchange.stage = ExchangeStage.CONNECT
    failure: OSError | None = None
    for number, address in enumerate(addresses):
        # a first address that swallows packets must not use up the time of the second
        share = (ends - time.monotonic()) / (len(addresses) - number)
        try:
            return _connect(address, share, exchange)
        except OSError as error:
            failure = error
    exchange.remaining()
    raise failure or socket.gaierror(socket.EAI_NONAME, "no address")


def _opened_ahead(host: str, port: int, exchange: Exchange, ends: float) -> BoundedSocket | None:
    opened = exchange.ahead.take(host, port, ends - time.monotonic()) if exchange.ahead is not None else None
    if opened is None:
        return None
    sock = BoundedSocket(opened.family, opened.type, fileno=opened.detach())
    try:
        if select.select([sock], [], [], 0)[0]:
            raise OSError("closed meanwhile, or the server speaks first")
        where = sock.getpeername()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(exchange.bounded(exchange.limits.connect))
    except (OSError, ValueError):  # select takes no descriptor beyond 1023
        sock.close()
        return None
    exchange.stage, exchange.peer = ExchangeStage.CONNECT, shown(str(where[0]), int(where[1]))
    return sock


def _connect(address: Address, seconds: float, exchange: Exchange) -> BoundedSocket:
    family, where = address
    exchange.peer = shown(str(where[0]), int(where[1]))
    sock = BoundedSocket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(exchange.bounded(max(seconds, 1e-6)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(where)
    except TimeoutError:
        sock.close()
        raise ConnectTimedOutError from None
    except BaseException:
        sock.close()
        raise
    return sock


def _lookup(host: str, port: int, resolver: Resolver | None, seconds: float) -> list[Address]:
    """The addresses of ``host``. A thread asks, as nothing can interrupt a lookup; it ends when the resolver does.

    Without a thread to be had it is asked here, and waited for.
    """
    ends = time.monotonic() + seconds
    lookup = Aside("lookup", lambda: _addresses(*(resolver(host, port) if resolver else (host, port))))
    found = lookup.result() if lookup.wait(seconds) else None
    if found is None or time.monotonic() > ends + _LATE:
        raise LookupTimedOutError(socket.EAI_AGAIN, "no answer in time")
    return found


def _addresses(host: str, port: int) -> list[Address]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_MEMORY:
            raise MemoryError from error
        raise
    return list(dict.fromkeys((family, where) for family, _, _, _, where in rows))
