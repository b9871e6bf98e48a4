"""Sends a call once, exactly as it is, and returns the answer within its limits.

Built on urllib3's pools: no ``~/.netrc``, no cookies, no proxy from the environment, no redirect followed, nothing sent
twice that may have been heard, nothing decoded.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from contextlib import suppress
from enum import Enum, auto
from http.client import HTTPException
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError, LocationValueError
from urllib3.util import parse_url

from s3probe.evidence.observations import NetworkFault
from s3probe.hindrance import HinderedError
from s3probe.probe.ahead import Ahead
from s3probe.probe.aside import Aside
from s3probe.probe.bounds import CURRENT, HEADER_BYTES, Exchange, ExchangeStage, Recorder, Resolver
from s3probe.probe.connection import AnnouncedError, use_our_connections
from s3probe.probe.descriptors import short_of_descriptors
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.faults import explain, not_of_the_way
from s3probe.probe.text import clean_exact
from s3probe.probe.trust import choose, context_for, has_certificates
from s3probe.settings.proxy import address_of

_PIECE = 64 * 1024
_POOL = 16
"""Connections that are kept, to each host, and hosts."""
_ONLY_ONCE = ("CreateMultipartUpload", "CompleteMultipartUpload")
_UNSENT = frozenset({ExchangeStage.RESOLVE, ExchangeStage.CONNECT, ExchangeStage.TUNNEL, ExchangeStage.TLS})
_PAUSE = 0.05
"""Seconds before what this process lacked is asked for again; doubled each time."""
_FIRST = 0.05
"""Seconds that the first requests have to take what was opened ahead, before the rest is made ready for others."""
_FRAMING = 8
"""How many times its own size a body may take on the wire: chunks of one byte take six."""
_TROUBLE = (HTTPError, HTTPException, OSError, ValueError)
"""What urllib3, http.client and the system raise for trouble on the way. ValueError: a name or header that
cannot be written (UnicodeError, CertificateError and urllib3's LocationValueError are kinds of it)."""


class _Again(Enum):
    """Why a call may be sent a second time after its connection failed."""

    NO = auto()
    FRESH = auto()
    """A kept connection was closed before a byte of an answer came."""
    HANDSHAKE = auto()
    """TLS was not agreed on; nothing of the call was sent."""
    HINDERED = auto()
    """This process lacked something before anything was sent; others may give it back."""


def _again(exchange: Exchange, fault: NetworkFault) -> _Again:
    if exchange.status is not None:
        return _Again.NO
    if fault is NetworkFault.TLS_OTHER and exchange.stage is ExchangeStage.TLS:
        return _Again.HANDSHAKE
    kept = not exchange.host
    return _Again.FRESH if fault is NetworkFault.CLOSED and kept and not exchange.begun else _Again.NO


class HttpTransport:
    """Thread-safe; keeps connections for reuse until :meth:`close`. Raises nothing for trouble on the way."""

    def __init__(
        self,
        ca_file: str | None = None,
        proxy: str | None = None,
        resolver: Resolver | None = None,
        ahead: Ahead | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """``proxy`` is what Mastodon would use for both schemes; ``resolver`` ``None`` is the system's. ``ahead`` is
        closed with the transport. ``recorder`` is told of every exchange, of what was sent twice twice.
        """
        self._pools = _Pools(ca_file, address_of(proxy) if proxy else "")
        self._resolver = resolver
        self._ahead = ahead
        self._inviting = set[str]()
        self._recorder = recorder

    def send(self, call: Call, limits: Limits) -> Answer:
        """One exchange. ``status`` and ``fault`` are both set when the way ended within the answer's body.

        A kept connection that turns out to be closed before a byte of an answer says nothing of the storage: the call
        then goes over a fresh one, unless it would begin or finish an upload twice. Net::HTTP sees such an end before
        it writes; here several calls share the connections. A handshake that breaks off and names nothing that is wrong
        with a certificate is tried once more: a fault of a setting breaks that one too. What this process lacks
        (``Answer.hindrance``) is waited for as long as a connection would be.
        """
        left = {_Again.FRESH: _POOL if call.operation not in _ONLY_ONCE else 0, _Again.HANDSHAKE: 1, _Again.NO: 0}
        ends = time.monotonic() + min(limits.connect, limits.total)
        pause = _PAUSE
        while True:
            answer, again = self._once(call, limits)
            if again is _Again.HINDERED and time.monotonic() + pause < ends:
                self._pools.give_back()
                time.sleep(pause)
                pause *= 2
                continue
            if not left.get(again):
                return answer
            left[again] -= 1

    def _once(self, call: Call, limits: Limits) -> tuple[Answer, _Again]:
        """The answer, and whether the way ended in a manner that tells nothing."""
        begun = Exchange if self._recorder is None else self._recorder.begun
        exchange = begun(
            call, limits, self._resolver, proxied=bool(self._pools.proxy), ahead=self._ahead, inviting=self._inviting
        )
        answer = None
        try:
            answer, again = self._attempt(exchange)
            return answer, again
        finally:
            if self._recorder is not None:
                self._recorder.ended(exchange, answer)

    def _attempt(self, exchange: Exchange) -> tuple[Answer, _Again]:
        token = CURRENT.set(exchange)
        try:
            complete = self._exchange(exchange)
            return _answer(exchange, truncated=not complete), _Again.NO
        except AnnouncedError:
            exchange.status = 100
            return _answer(exchange, truncated=True), _Again.NO
        except (*_TROUBLE, MemoryError, RuntimeError, HinderedError) as error:
            own = not_of_the_way(error)
            unsent = exchange.status is None and (exchange.stage in _UNSENT or not exchange.begun_to_send)
            if own:
                answer = _answer(exchange, truncated=exchange.status is not None, hindrance=own, sent=not unsent)
                return answer, _Again.HINDERED if unsent else _Again.NO
            if not isinstance(error, _TROUBLE):
                raise
            fault, detail = explain(error, exchange)
            truncated = exchange.status is not None
            answer = _answer(exchange, truncated=truncated, fault=fault, detail=detail, sent=not unsent)
            return answer, _again(exchange, fault)
        finally:
            CURRENT.reset(token)

    def warm(self, url: str, number: int, limits: Limits) -> None:
        """Opens so many connections to the host of ``url`` while other answers are awaited, for calls to come.

        Where one cannot be had, the call opens its own, and tells why. Nothing is opened by way of a proxy.
        """
        if not self._pools.proxy:
            for _ in range(number):
                Aside("warm", lambda: self._open_one(url, limits), spare=True)

    def _open_one(self, url: str, limits: Limits) -> None:
        time.sleep(_FIRST)
        call = Call("Connect", "GET", url, ())
        token = CURRENT.set(Exchange(call, limits, self._resolver, ahead=self._ahead))
        with suppress(*_TROUBLE, MemoryError, RuntimeError, HinderedError):
            self._pools.towards(call).open_one()
        CURRENT.reset(token)

    def close(self) -> None:
        """Closes the connections that were kept."""
        if self._ahead is not None:
            self._ahead.close()
        self._pools.give_back()

    def _exchange(self, exchange: Exchange) -> bool:
        exchange.remaining()
        call = exchange.call
        if call.body and not any(name.lower() == "content-length" for name, _ in call.headers):
            raise ValueError("a body without Content-Length")
        raw: BaseHTTPResponse = self._pools.towards(call).urlopen(
            call.method,
            # urllib3 logs the URL it is given, and a presigned query is a secret: the connection takes the real one
            call.url.partition("?")[0],
            body=call.body or None,
            headers=dict(call.headers),
            retries=False,
            redirect=False,
            assert_same_host=False,
            # the sockets keep the real limits; these only have to be allowed
            timeout=Timeout(connect=max(exchange.limits.connect, 0.001), read=max(exchange.limits.read, 0.001)),
            preload_content=False,
            decode_content=False,
        )
        complete = False
        try:
            exchange.status = raw.status
            exchange.headers = _headers(raw)
            exchange.stage = ExchangeStage.BODY
            exchange.allowance = HEADER_BYTES + _FRAMING * exchange.limits.body
            complete = _read_body(raw, exchange)
        finally:
            if not complete:
                raw.close()
            raw.release_conn()
        return complete


def _headers(raw: BaseHTTPResponse) -> dict[str, str]:
    return {
        clean_exact(name, HEADER_BYTES).lower(): clean_exact(value, HEADER_BYTES)
        for name, value in raw.headers.itermerged()
    }


def _read_body(raw: BaseHTTPResponse, exchange: Exchange) -> bool:
    """Reads up to the limit; whether that was all."""
    limit = exchange.limits.body
    while True:
        piece = raw.read1(min(_PIECE, limit + 1 - len(exchange.body)), decode_content=False)
        if not piece:
            return True
        exchange.body += piece
        if len(exchange.body) > limit:
            del exchange.body[limit:]
            return False


def _answer(exchange: Exchange, *, truncated: bool, **trouble: Any) -> Answer:
    return Answer(
        status=exchange.status,
        headers=MappingProxyType(exchange.headers),
        body=bytes(exchange.body),
        truncated=truncated,
        seconds=exchange.seconds,
        began=exchange.began,
        address=exchange.address or exchange.peer,
        **trouble,
    )


class _Pools:
    """The connections, with our trust. Thread-safe."""

    def __init__(self, ca_file: str | None, proxy: str) -> None:
        """``proxy``: through which all go; ``""`` for none."""
        self.proxy = proxy
        self._ca_file = ca_file
        self._manager: PoolManager | None = None
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def towards(self, call: Call) -> Any:
        """The pool of the connections for ``call``. Raises what is wrong with its URL, the proxy or our trust."""
        url = urlsplit(call.url)
        scheme = url.scheme.lower()
        with self._lock:
            self._manager = self._manager or self._made()
            trust = {"ssl_context": self._trusting()} if scheme == "https" else {}
        return self._manager.connection_from_host(url.hostname, url.port, scheme, pool_kwargs=trust)

    def give_back(self) -> None:
        """Closes the connections that wait for their next call: each holds a descriptor."""
        if self._manager is not None:
            self._manager.clear()

    def _made(self) -> PoolManager:
        if not self.proxy:
            manager = PoolManager(_POOL, maxsize=_POOL)
        else:
            named = parse_url(self.proxy)
            if not named.host:
                raise LocationValueError("a proxy without a host")
            pair = named.auth or ""
            basic = make_headers(basic_auth=unquote(pair))["authorization"] if ":" in pair else ""
            headers = {"Proxy-Authorization": basic} if basic else None
            manager = ProxyManager(self.proxy, _POOL, proxy_headers=headers, maxsize=_POOL)
        use_our_connections(manager)
        return manager

    def _trusting(self) -> ssl.SSLContext:
        if self._context is None:
            trust = choose(self._ca_file, os.environ, ssl.get_default_verify_paths(), has_certificates)
            context = context_for(trust)
            if lacking := short_of_descriptors():
                raise HinderedError(lacking)  # OpenSSL passes over the files that it cannot open
            self._context = context
        return self._context
