"""Names what went wrong on the way to a server, in words that the person at the other end can act on.

The errors of OpenSSL, the kernel and urllib3 come nested in each other; what they mean also depends on how far the
exchange had come.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Callable
from http.client import BadStatusLine, HTTPException, IncompleteRead, InvalidURL, LineTooLong, RemoteDisconnected

from urllib3.exceptions import IncompleteRead as ShortBody
from urllib3.exceptions import InvalidChunkLength, InvalidHeader, LocationValueError
from urllib3.util.ssl_match_hostname import CertificateError

from s3probe.evidence.observations import NetworkFault
from s3probe.hindrance import chain, hindrance
from s3probe.patterns import regex
from s3probe.probe import tlsfaults as tls
from s3probe.probe.bounds import (
    ConnectTimedOutError,
    DeadlineReachedError,
    Exchange,
    ExchangeStage,
    TooMuchError,
    WriteTimedOutError,
)
from s3probe.probe.descriptors import short_of_descriptors
from s3probe.probe.dial import LookupTimedOutError
from s3probe.probe.text import clean
from s3probe.probe.trust import TrustError

Explained = tuple[NetworkFault, str]

_TO_PROXY = frozenset({ExchangeStage.RESOLVE, ExchangeStage.CONNECT, ExchangeStage.TUNNEL})
_CONNECTING = frozenset({ExchangeStage.RESOLVE, ExchangeStage.CONNECT, ExchangeStage.TUNNEL, ExchangeStage.TLS})
_NO_ROUTE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EADDRNOTAVAIL,
        errno.EACCES,
        errno.EPERM,
    }
)
_CUT_STATUS = regex(r"H(T(T(P(/(\d(\.(\d( (\d{1,2})?)?)?)?)?)?)?)?)?")
"""The beginning of ``HTTP/1.1 200``."""
_TLS_ALERT = "\x15\x03"
_HOST = regex(r"(\[[0-9A-Fa-f:.]+\]|[\w-]{1,63}(\.[\w-]{1,63})*\.?)(:([1-5]?\d{1,4}|6[0-4]\d{3}))?", re.ASCII)
"""One that may be looked up and asked."""


def explain(error: BaseException, exchange: Exchange) -> Explained:
    """The fault and its description. Never shows a URL's query or a proxy's password."""
    errors = tuple(chain(error))
    if exchange.proxied and exchange.stage in _TO_PROXY and not _find(errors, DeadlineReachedError):
        return NetworkFault.PROXY, _proxy(errors, exchange)
    for kind, rule in _RULES:
        found = next((each for each in errors if isinstance(each, kind)), None)
        if found is not None:
            return rule(found, exchange)
    return _other(errors[-1], exchange)


def _other(error: BaseException, exchange: Exchange) -> Explained:
    return NetworkFault.PROTOCOL, f"the exchange with {exchange.talking_to} failed: {type(error).__name__}"


def not_of_the_way(error: BaseException) -> str:
    """What this process lacks, when that is why an exchange failed; ``""``: it is a fault of the way."""
    own = hindrance(error)
    # a resolver or OpenSSL that may open no file says that it found nothing
    doubtful = _find(tuple(chain(error)), (socket.gaierror, ssl.SSLCertVerificationError, TrustError))
    return own or (short_of_descriptors() if doubtful else "")


def _find(errors: tuple[BaseException, ...], kind: type[BaseException] | tuple[type[BaseException], ...]) -> bool:
    return any(isinstance(error, kind) for error in errors)


def _proxy(errors: tuple[BaseException, ...], exchange: Exchange) -> str:
    where = f"the proxy {exchange.where}" if exchange.host else "the proxy named in http_proxy"
    # the errors around it repeat its text
    refusal = min((str(error) for error in errors if "Tunnel connection failed" in str(error)), key=len, default="")
    if refusal:
        answer = clean(refusal.rpartition("Tunnel connection failed: ")[2], 100)
        return f"{where} does not connect us to the storage: it answered {answer}"
    if not exchange.host:
        return f"{where} is not an address that can be used"
    for kind, rule in _RULES:
        found = next((each for each in errors if isinstance(each, kind)), None)
        if found is not None:
            return f"{where} cannot be used: {rule(found, exchange)[1]}"
    return f"{where} cannot be used"


def _deadline(_error: BaseException, exchange: Exchange) -> Explained:
    so_far = "no answer" if exchange.status is None else "no end of the answer"
    return NetworkFault.DEADLINE, f"{so_far} from {exchange.where} within {exchange.limits.total:g} s in all"


def _too_much(_error: BaseException, exchange: Exchange) -> Explained:
    what = "headers" if exchange.status is None else "an answer"
    return NetworkFault.TOO_LARGE, f"{exchange.where} sent {what} larger than any S3 answer; the rest was not read"


def _dns(error: BaseException, exchange: Exchange) -> Explained:
    name = clean(exchange.host, 253)
    number = error.args[0] if error.args else None
    if isinstance(error, LookupTimedOutError) or number == socket.EAI_AGAIN:
        return NetworkFault.DNS, f"the name servers give no answer about {name}"
    if number in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
        return NetworkFault.DNS, f"{name} does not exist in DNS, or has no address"
    return (
        NetworkFault.DNS,
        f"the name {name} cannot be looked up: {clean(str(error.args[-1] if error.args else error), 200)}",
    )


def _bad_host(_error: BaseException, exchange: Exchange) -> Explained:
    name = exchange.asked
    return NetworkFault.DNS, f"{name!r} is not a host name" if name else "the address has no host name"


def _refused(_error: BaseException, exchange: Exchange) -> Explained:
    return NetworkFault.REFUSED, f"connection refused by {exchange.talking_to}"


def _connect_timeout(_error: BaseException, exchange: Exchange) -> Explained:
    seconds = exchange.limits.connect
    if seconds <= 0:
        return NetworkFault.CONNECT_TIMEOUT, "no time is allowed for connecting (0 s)"
    what = "TLS was not agreed on" if exchange.stage is ExchangeStage.TLS else "no connection"
    return NetworkFault.CONNECT_TIMEOUT, f"{what} with {exchange.talking_to} within {seconds:g} s"


def _write_timeout(_error: BaseException, exchange: Exchange) -> Explained:
    return NetworkFault.READ_TIMEOUT, f"{exchange.talking_to} stopped taking the data that was sent"


def _timeout(error: BaseException, exchange: Exchange) -> Explained:
    if exchange.stage in _CONNECTING:
        return _connect_timeout(error, exchange)
    if exchange.withheld:
        said = f"nothing came from {exchange.talking_to} for {exchange.limits.read:g} s"
        return NetworkFault.READ_TIMEOUT, f"{said}, not even leave to send the body (Expect: 100-continue)"
    what = "nothing came from" if exchange.status is None else "nothing more came from"
    return NetworkFault.READ_TIMEOUT, f"{what} {exchange.talking_to} for {exchange.limits.read:g} s"


def _closed(error: BaseException, exchange: Exchange) -> Explained:
    if exchange.stage is ExchangeStage.BODY:
        return NetworkFault.CLOSED, f"{exchange.talking_to} closed the connection in the middle of the answer"
    if exchange.stage is ExchangeStage.TLS:
        return NetworkFault.CLOSED, f"{exchange.talking_to} closed the connection while TLS was being agreed on"
    if "within headers" in str(error):
        return NetworkFault.CLOSED, f"{exchange.talking_to} closed the connection within the headers of its answer"
    return NetworkFault.CLOSED, f"{exchange.talking_to} closed the connection without an answer"


def _status_line(error: BaseException, exchange: Exchange) -> Explained:
    line = str(getattr(error, "line", ""))
    if line.strip("'\"").startswith((_TLS_ALERT, repr(_TLS_ALERT)[1:-1])):
        return NetworkFault.CLOSED, f"{exchange.talking_to} speaks TLS on this port: the address needs https"
    if _CUT_STATUS.fullmatch(line.strip("'\"")):
        return NetworkFault.CLOSED, f"{exchange.talking_to} closed the connection within the first line of its answer"
    return NetworkFault.PROTOCOL, f"{exchange.talking_to} does not speak HTTP; it sent {clean(line, 60)!r}"


def _http(error: BaseException, exchange: Exchange) -> Explained:
    text = clean(str(error), 100)
    if "more than" in text and "headers" in text:
        return _too_much(error, exchange)
    return (
        NetworkFault.PROTOCOL,
        f"{exchange.talking_to} does not keep to HTTP: {text or type(error).__name__}",
    )


def _unsendable(error: BaseException, exchange: Exchange) -> Explained:
    if exchange.stage is ExchangeStage.RESOLVE:
        # where it is a host name all the same, the error says nothing of it
        return _other(error, exchange) if _HOST.fullmatch(exchange.asked) else _bad_host(error, exchange)
    return NetworkFault.PROTOCOL, "the request holds characters that HTTP does not allow, so it cannot be sent"


def _system(error: BaseException, exchange: Exchange) -> Explained:
    number = getattr(error, "errno", None)
    words = clean(getattr(error, "strerror", None) or type(error).__name__, 200)
    if number in _NO_ROUTE or exchange.stage in (ExchangeStage.RESOLVE, ExchangeStage.CONNECT):
        return NetworkFault.NO_ROUTE, f"no way to {exchange.talking_to}: {words}"
    return NetworkFault.CLOSED, f"the connection with {exchange.talking_to} broke: {words}"


_RULES: tuple[
    tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[BaseException, Exchange], Explained]], ...
] = (
    (DeadlineReachedError, _deadline),
    ((TooMuchError, LineTooLong), _too_much),
    (TrustError, tls.trust),
    (CertificateError, tls.name),
    (socket.gaierror, _dns),
    (ssl.SSLCertVerificationError, tls.certificate),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), _closed),
    (ssl.SSLError, tls.handshake),
    (ConnectionRefusedError, _refused),
    (ConnectTimedOutError, _connect_timeout),
    (WriteTimedOutError, _write_timeout),
    (TimeoutError, _timeout),
    ((RemoteDisconnected, IncompleteRead, ShortBody, InvalidChunkLength, ConnectionError), _closed),
    (BadStatusLine, _status_line),
    (LocationValueError, _bad_host),
    (InvalidURL, _unsendable),  # http.client's word for what urllib3 calls a ValueError, or before 2.8 lets through
    ((HTTPException, InvalidHeader), _http),
    (ValueError, _unsendable),
    (OSError, _system),
)
"""From the most telling kind of error to the least; the first that is found anywhere in the chain decides."""
