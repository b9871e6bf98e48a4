"""A way to a sandbox without sockets, where nothing on the way can make a difference; everything else takes the wire.

An examination over the wire spends most of its time on TLS. Here a call becomes the request that the gateway would
read, and its reply becomes the answer that :class:`HttpTransport` would give. A call takes the wire where names,
certificates, refusals, waiting, ``Expect`` or an unusual URL or header decide what comes back.
``tests/test_in_process.py`` shows that both ways lead to the same.
"""

from __future__ import annotations

import re
import time
from types import MappingProxyType

from s3probe.probe.bounds import HEADER_BYTES
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.text import clean_exact
from s3probe.probe.transport import HttpTransport
from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.names import certificate_names, endpoint_of, exists, obstacle
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.world import World

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})+)(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?P<path>/(?!/)[!-\"$->@-~]*)?(?:\?(?P<query>[!-\"$-~]+))?"
)
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_PLAIN_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?|")
_BODILESS = (204, 304)


class InProcess:
    """Hands calls to the sandbox's gateway, or to ``wire`` where the way itself matters."""

    def __init__(self, box: Sandbox, wire: HttpTransport) -> None:
        self._box, self._wire = box, wire
        self._open = not _peculiar(box.world)

    def send(self, call: Call, limits: Limits) -> Answer:
        """As :meth:`HttpTransport.send`."""
        request = _request(call) if self._open and min(limits.connect, limits.read, limits.total) > 1 else None
        if request is None or not _way_is_clear(self._box.world, request):
            return self._wire.send(call, limits)
        started = time.monotonic()
        reply = self._box.answer(request)
        return _answer(call, reply, limits, time.monotonic() - started)


def _peculiar(world: World) -> bool:
    """Whether every way in this world is slow or stumbles over ``Expect``."""
    return bool(
        world.latency or world.slow_writes or world.slow_batches or world.deaf_to_expect or world.refuses_expect
    )


def _request(call: Call) -> Request | None:
    """The call as the gateway would read it from the wire; ``None`` where it is no everyday request."""
    url = _PLAIN_URL.fullmatch(call.url)
    headers = {name.lower(): value for name, value in call.headers}
    if url is None or len(headers) != len(call.headers) or "host" not in headers:
        return None
    if not all(_PLAIN_NAME.fullmatch(name) and _PLAIN_VALUE.fullmatch(value) for name, value in call.headers):
        return None
    if headers["host"] != call.url.split("/", 3)[2] or int(headers.get("content-length", "0")) != len(call.body):
        return None
    return Request(
        call.method, url["scheme"], headers["host"], url["path"] or "/", url["query"] or "", headers, call.body
    )


def _way_is_clear(world: World, request: Request) -> bool:
    """Whether the host exists, is reached at that port, and shows a certificate for its name."""
    host = request.hostname
    if not exists(world, host) or obstacle(world, host) is not None:
        return False
    secure = request.scheme == "https"
    port = int(request.host.partition(":")[2] or (443 if secure else 80))
    endpoint = endpoint_of(world, host)
    if not secure:
        return port == 80 or (endpoint is not None and endpoint.plain_port == port)
    names = certificate_names(world, host)
    open_here = port == 443 or (endpoint is not None and endpoint.tls_port == port)
    return open_here and (host in names or f"*.{host.partition('.')[2]}" in names)


def _answer(call: Call, reply: Reply, limits: Limits, seconds: float) -> Answer:
    """What the transport would have read of the reply."""
    bodiless = call.method == "HEAD" or reply.status in _BODILESS
    body = b"" if bodiless else reply.body
    length = reply.header("content-length")
    if not bodiless and length is not None and int(length) != len(body):
        raise ValueError(f"the sandbox announces {length} bytes and sends {len(body)}")
    return Answer(
        reply.status,
        MappingProxyType(_headers(reply)),
        body[: limits.body],
        truncated=len(body) > limits.body,
        seconds=seconds,
    )


def _headers(reply: Reply) -> dict[str, str]:
    """The headers by lower-case name; what is repeated is joined."""
    found: dict[str, str] = {}
    for name, value in reply.headers:
        # no header of the sandbox's may be one that the wire could not carry
        name.encode("ascii"), value.encode("latin-1")
        known = f"{found[name.lower()]}, " if name.lower() in found else ""
        found[name.lower()] = known + value.strip()
    return {clean_exact(name, HEADER_BYTES): clean_exact(value, HEADER_BYTES) for name, value in found.items()}
