"""Connections that are opened before the first request: used once, none where none may be, closed when nobody came."""

from __future__ import annotations

import socket
import time

import pytest

from s3probe.probe import ahead as module
from s3probe.probe.ahead import Ahead, opened_ahead
from s3probe.probe.transport import HttpTransport
from s3probe.sandbox.scenario import custom
from tests.every import every
from tests.probe.servers import HandWrittenServer, Visit, answering, serving
from tests.probe.test_transport import OK, SHORT, get
from tests.runs import settings_of


def opened(server: HandWrittenServer, number: int = 1) -> Ahead:
    return Ahead({("127.0.0.1", server.port): number}, 1.0)


def until(visits: int, server: HandWrittenServer) -> None:
    ends = time.monotonic() + 2
    while server.visits < visits and time.monotonic() < ends:
        time.sleep(0.01)
    assert server.visits == visits


def test_the_first_request_goes_over_the_connection_that_is_there() -> None:
    with serving(answering(OK)) as server:
        ahead = opened(server)
        until(1, server)
        transport = HttpTransport(ahead=ahead)
        answer = transport.send(get(server), SHORT)
        assert (answer.status, answer.fault, server.visits) == (200, None, 1)
        transport.send(get(server), SHORT)
        transport.close()


def test_a_request_waits_for_a_connection_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, where: tuple[str, int]) -> None:
        time.sleep(0.1)
        real(self, where)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with serving(answering(OK)) as server:
        transport = HttpTransport(ahead=opened(server))
        assert transport.send(get(server), SHORT).status == 200
        transport.close()
        assert server.visits == 1


def test_one_that_the_server_has_closed_costs_nothing() -> None:
    def handle(visit: Visit) -> None:
        if visit.number == 1:
            return  # hangs up at once
        answering(OK)(visit)

    with serving(handle) as server:
        ahead = opened(server)
        until(1, server)
        time.sleep(0.05)
        transport = HttpTransport(ahead=ahead)
        answer = transport.send(get(server), SHORT)
        transport.close()
        assert (answer.status, answer.fault) == (200, None)


def test_a_request_to_another_place_opens_its_own() -> None:
    with serving(answering(OK)) as one, serving(answering(OK)) as other:
        ahead = opened(one)
        until(1, one)
        transport = HttpTransport(ahead=ahead)
        assert transport.send(get(other), SHORT).status == 200
        transport.close()
        assert other.visits == 1


def test_where_nobody_listens_the_request_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    ahead = Ahead({("127.0.0.1", port): 1}, 1.0)
    assert ahead.take("127.0.0.1", port, 1.0) is None


def test_what_nobody_took_is_closed() -> None:
    ended: list[bytes] = []

    def handle(visit: Visit) -> None:
        ended.append(visit.read_head())

    with serving(handle) as server:
        ahead = opened(server, 2)
        until(2, server)
        ahead.close()
        ends = time.monotonic() + 2
        while len(ended) < 2 and time.monotonic() < ends:
            time.sleep(0.01)
        assert ended == [b"", b""]
        assert ahead.take("127.0.0.1", server.port, 0.1) is None


def test_one_that_waited_too_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    with serving(answering(OK)) as server:
        ahead = opened(server)
        until(1, server)
        time.sleep(0.01)
        assert ahead.take("127.0.0.1", server.port, 1.0) is None
        ahead.close()


@every(
    "name, value",
    [("S3_ENDPOINT", "no address"), ("S3_OPEN_TIMEOUT", ""), ("http_proxy", "http://127.0.0.1:9"), ("S3_ENABLED", "")],
)
def test_none_is_opened_where_no_request_goes_straight_there(name: str, value: str) -> None:
    assert opened_ahead(settings_of(custom().with_env(name, value).with_env("https_proxy", value)), 1) is None


def test_where_no_thread_can_be_had_none_is_opened_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each of them would be waited for before anything is asked."""
    monkeypatch.setattr("s3probe.probe.aside.started", lambda _thread: False)
    with serving(answering(OK)) as server:
        ahead, transport = opened(server, 2), HttpTransport()
        transport.warm(f"http://{server.netloc}/", 2, SHORT)
        assert ahead.take("127.0.0.1", server.port, 1.0) is None
        assert server.visits == 0


def test_as_many_are_opened_as_were_asked_for_beside_those_that_rest() -> None:
    """On a machine nearby each is there before the next is begun."""
    with serving(answering(OK)) as server:
        transport = HttpTransport()
        assert transport.send(get(server), SHORT).status == 200
        transport.warm(f"http://{server.netloc}/", 3, SHORT)
        until(4, server)
        transport.close()


def test_one_to_the_instance_is_opened_as_well_where_it_will_be_asked() -> None:
    settings = settings_of(custom().with_env("LOCAL_DOMAIN", "social.example.org"))
    asked: list[tuple[str, int]] = []

    def locate(host: str, port: int) -> tuple[str, int]:
        asked.append((host, port))
        return "127.0.0.1", 9

    for instance in (True, False):
        asked.clear()
        ahead = opened_ahead(settings, 2, locate, instance=instance)
        assert ahead is not None
        ahead.close()
        assert asked.count(("social.example.org", 443)) == int(instance)
        assert len(asked) == 2 + int(instance)


def test_the_first_requests_take_what_is_open_ahead_before_it_is_made_ready_for_others() -> None:
    with serving(answering(OK)) as server:
        transport = HttpTransport(ahead=opened(server))
        transport.warm(f"http://{server.netloc}/", 1, SHORT)
        assert transport.send(get(server), SHORT).status == 200
        until(2, server)
        transport.close()
