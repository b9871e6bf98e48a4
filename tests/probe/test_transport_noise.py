"""Servers that send any odd sequence of bytes: the answer is always an answer or a named fault, in bounded time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3probe.probe.exchange import Call, Limits
from s3probe.probe.transport import HttpTransport
from tests.exhaustive import examples
from tests.probe.servers import HandWrittenServer, Visit, serving, within

PIECES = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204\r\n",
    b"HTTP/1.0 301 \r\n",
    b"HTTP/2 200\r\n",
    b"HTTP/1.1 -1 x\r\n",
    b"HTTP/1.1 101 Switching\r\n",
    b"HTTP/1.1 \xff\xff\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: -5\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Set-Cookie: a=b; Domain=x\r\n",
    b"Connection: close\r\n",
    b"\r\n",
    b"\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"-1\r\n",
    b": no name\r\n",
    b"no colon\r\n",
    b" folded\r\n",
    b"X: \xff\xfe\x00\x1b\r\n",
    b"x" * 70_000,
    b"a: b\r\n" * 120,
]


class Noise:
    """A server that says ``data`` to each request."""

    data = b""

    def handle(self, visit: Visit) -> None:
        visit.read_head()
        visit.say(self.data)


@pytest.fixture(scope="module")
def noise() -> Iterator[tuple[Noise, HandWrittenServer]]:
    said = Noise()
    with serving(said.handle) as server:
        yield said, server


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=8),
    method=st.sampled_from(("GET", "HEAD", "PUT")),
)
def test_noise_is_named(noise: tuple[Noise, HandWrittenServer], pieces: list[bytes], method: str) -> None:
    said, server = noise
    said.data = b"".join(pieces)
    body = b"12345" if method == "PUT" else b""
    headers = (("Host", "x"), *((("Expect", "100-continue"), ("Content-Length", "5")) if body else ()))
    with within(3):
        answer = HttpTransport().send(
            Call("X", method, f"http://{server.netloc}/k", headers, body), Limits(1, 0.5, 2, 2000)
        )
    assert answer.fault is not None or answer.status is not None
    assert (answer.fault is None) == (answer.detail == "")
    assert len(answer.body) <= 2000
    assert "\x1b" not in "".join(answer.headers.values()) + answer.detail
