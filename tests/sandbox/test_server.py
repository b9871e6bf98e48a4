"""The wire itself: connections are kept, answers end where they say, and a stop waits for nobody."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from contextlib import closing

import pytest

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy
from tests.sandbox.client import HOST, PATH, SandboxClient

PUT = f"PUT {PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode()


def _connection(box: Sandbox) -> http.client.HTTPConnection:
    address, port = box.resolve(HOST, 80)
    return http.client.HTTPConnection(address, port, timeout=5)


def _raw(box: Sandbox, request: bytes) -> socket.socket:
    connection = socket.create_connection(box.resolve(HOST, 80), timeout=5)
    connection.sendall(request)
    return connection


def _all_of(connection: socket.socket) -> bytes:
    """Until the server closes."""
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


def test_one_connection_serves_every_method_in_turn() -> None:
    with Sandbox(healthy().world) as box:
        SandboxClient(box).call("PUT", headers={"x-amz-acl": "public-read"}, body=b"hello")
        with closing(_connection(box)) as connection:
            connection.connect()
            kept = connection.sock
            for method, headers, status, length in (
                ("GET", {}, 200, 5), ("HEAD", {}, 200, 0), ("GET", {"If-None-Match": _etag(box)}, 304, 0),
                ("GET", {"Range": "bytes=1-2"}, 206, 2), ("DELETE", {}, 403, None), ("OPTIONS", {}, 400, None),
                ("PATCH", {}, 405, None), ("GET", {}, 200, 5),
            ):  # fmt: skip
                connection.request(method, PATH, headers={"Host": HOST, **headers})
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == status, (method, body)
                assert answer.getheader("connection") is None
                assert length is None or len(body) == length
            assert connection.sock is kept


def _etag(box: Sandbox) -> str:
    return SandboxClient(box).call("HEAD").headers["etag"]


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1\r\nConnection: close"])
def test_who_asks_for_the_end_gets_it(version: str) -> None:
    with Sandbox(healthy().world) as box, _raw(box, f"GET / {version}\r\nHost: {HOST}\r\n\r\n".encode()) as connection:
        assert b"Connection: close\r\n" in _all_of(connection)


def test_one_date_and_one_server_whoever_answers() -> None:
    scenario = healthy()
    with Sandbox(scenario.world) as box:
        for host in (HOST, "mastodon.example"):
            address, port = box.resolve(host, 80)
            with closing(http.client.HTTPConnection(address, port, timeout=5)) as connection:
                connection.request("GET", "/", headers={"Host": host})
                names = Counter(name.lower() for name, _ in connection.getresponse().getheaders())
            assert names["date"] == names["server"] == 1, host
            assert [name for name, times in names.items() if times > 1] == []


def test_an_announced_body_is_asked_for_once() -> None:
    with Sandbox(healthy().world) as box, _raw(box, PUT) as connection:
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert answer.count(b"HTTP/1.1") == 1


def test_a_refused_body_is_never_asked_for_and_ends_the_connection() -> None:
    world = healthy().with_world(refuses_expect=True).world
    with Sandbox(world) as box, _raw(box, PUT) as connection:
        answer = _all_of(connection)
        assert answer.startswith(b"HTTP/1.1 417 ")
        assert b"100 Continue" not in answer
        assert box.requests == ()


def test_a_body_that_breaks_off_is_no_upload() -> None:
    with Sandbox(healthy().world) as box:
        with _raw(box, PUT.replace(b"Expect: 100-continue\r\n", b"")) as connection:
            connection.sendall(b"hel")
            connection.shutdown(socket.SHUT_WR)
            assert _all_of(connection) == b""
        assert box.requests == ()


def test_a_body_of_unknown_length_is_refused_as_s3_does() -> None:
    request = f"PUT {PATH} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with Sandbox(healthy().world) as box, _raw(box, request) as connection:
        answer = _all_of(connection)
        assert answer.startswith(b"HTTP/1.1 501 ")
        assert b"<Code>NotImplemented</Code>" in answer


def test_what_is_no_request_is_refused() -> None:
    with Sandbox(healthy().world) as box, _raw(box, b"nonsense\r\n\r\n") as connection:
        assert _all_of(connection).startswith(b"HTTP/1.1 400 ")


def test_a_target_arrives_as_it_was_written() -> None:
    with Sandbox(healthy().world) as box:
        assert SandboxClient(box).visit("GET", "//a//b%2Fc?x=%20").status == 403
        assert [(seen.path, seen.query) for seen in box.requests] == [("//a//b%2Fc", "x=%20")]


@pytest.mark.parametrize("port", [80, 443])
def test_idle_connections_do_not_hold_the_stop_up(port: int) -> None:
    before = set(threading.enumerate())
    with Sandbox(healthy().world) as box:
        idle = [socket.create_connection(box.resolve(HOST, port)) for _ in range(4)]
        kept = _connection(box)
        kept.request("GET", "/", headers={"Host": HOST})
        kept.getresponse().read()
        started = time.perf_counter()
    assert time.perf_counter() - started < 2
    assert set(threading.enumerate()) == before
    kept.close()
    for connection in idle:
        connection.close()
