"""The transport against loopback servers: what it writes, and how every failure is named."""

from __future__ import annotations

import errno
import gzip
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from s3probe.evidence.observations import NetworkFault
from s3probe.evidence.vocabulary import Header
from s3probe.probe.connection import Pool
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.transport import HttpTransport
from tests.probe.servers import HandWrittenServer, Visit, answering, serving, within

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = Limits(connect=2, read=0.1, total=2)


def get(server: HandWrittenServer, path: str = "/files/key", scheme: str = "http") -> Call:
    return Call("GetObject", "GET", f"{scheme}://{server.netloc}{path}", (("Host", server.netloc), ("Accept", "*/*")))


def put(server: HandWrittenServer, body: bytes) -> Call:
    headers = (("Host", server.netloc), ("Expect", "100-continue"), ("Content-Length", str(len(body))))
    return Call("PutObject", "PUT", f"http://{server.netloc}/files/key", headers, body)


def asked(handler: Any, limits: Limits = SHORT, **to: Any) -> Answer:
    """The answer of a server that runs ``handler``."""
    with serving(handler) as server:
        return HttpTransport().send(get(server, **to), limits)


def test_writes_exactly_the_call() -> None:
    heard: list[bytes] = []

    def handle(visit: Visit) -> None:
        heard.append(visit.read_head() + visit.read_body(3))
        visit.say(OK)

    headers = (
        ("x-amz-acl", "public-read"),
        ("Accept-Encoding", ""),
        ("Host", "other.example"),
        ("Content-Length", "3"),
    )
    with serving(handle) as server:
        HttpTransport().send(
            Call("X", "PUT", f"http://{server.netloc}/a%2fb//c/../d%C3%A9?acl&x=%7e", headers, b"abc"), SHORT
        )
    assert heard == [
        b"PUT /a%2fb//c/../d%C3%A9?acl&x=%7e HTTP/1.1\r\nx-amz-acl: public-read\r\nAccept-Encoding: \r\n"
        b"Host: other.example\r\nContent-Length: 3\r\n\r\nabc"
    ]


def test_adds_no_header_of_its_own() -> None:
    heard: list[bytes] = []

    def handle(visit: Visit) -> None:
        heard.append(visit.read_head())
        visit.say(OK)

    with serving(handle) as server:
        HttpTransport().send(Call("GET", "GET", f"http://{server.netloc}", (("X-A", "1"),)), SHORT)
    assert heard == [b"GET / HTTP/1.1\r\nX-A: 1\r\n\r\n"]


def test_reads_status_headers_and_body() -> None:
    answer = asked(answering(b"HTTP/1.1 403 Forbidden\r\nServer: x\r\nA: *\r\nContent-Length: 2\r\na: *\r\n\r\nno"))
    assert (answer.status, answer.body, answer.fault) == (403, b"no", None)
    assert dict(answer.headers) == {"server": "x", "a": "*, *", "content-length": "2"}
    assert not answer.truncated


def test_header_values_cannot_steer_a_terminal() -> None:
    answer = asked(answering(b"HTTP/1.1 200 OK\r\nServer: \x1b[31mred\x9b\r\n\r\n"))
    assert answer.headers[Header.SERVER] == "\ufffd[31mred\ufffd"


def test_follows_no_redirect_and_keeps_no_cookie() -> None:
    heads: list[bytes] = []

    def handle(visit: Visit) -> None:
        for _ in range(2):
            heads.append(visit.read_head())
            visit.say(b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    with serving(handle) as server:
        transport = HttpTransport()
        assert transport.send(get(server), SHORT).status == 301
        transport.send(get(server), SHORT)
        transport.close()
    assert len(heads) == 2
    assert b"ookie" not in heads[1]


def test_uses_a_connection_again() -> None:
    def handle(visit: Visit) -> None:
        while visit.read_head():
            visit.say(OK)

    with serving(handle) as server:
        transport = HttpTransport()
        answers = [transport.send(get(server), SHORT).status for _ in range(3)]
        transport.close()
        assert (answers, server.visits) == ([200, 200, 200], 1)


def test_a_connection_that_rested_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.probe.connection.IDLE_SECONDS", 0.0)

    def handle(visit: Visit) -> None:
        while visit.read_head():
            visit.say(OK)

    with serving(handle) as server:
        transport = HttpTransport()
        answers = [transport.send(get(server), SHORT).status for _ in range(2)]
        transport.close()
        assert (answers, server.visits) == ([200, 200], 2)


def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    with serving(answering(OK)) as server:
        transport = HttpTransport()
        answers = []
        for _ in range(3):
            answers.append(transport.send(get(server), SHORT).status)
            server.wait_for_goodbye()
        assert answers == [200, 200, 200]


def _answers_once_each(visit: Visit) -> None:
    """Each connection gets one answer; the next request on it is read, and the connection closed."""
    if visit.read_head():
        visit.say(OK)
        visit.read_head()


def test_a_kept_connection_that_ends_without_a_byte_is_no_answer() -> None:
    with serving(_answers_once_each) as server:
        transport = HttpTransport()
        answers = [transport.send(get(server), SHORT).status for _ in range(3)]
        transport.close()
        assert (answers, server.visits) == ([200, 200, 200], 3)


@pytest.mark.parametrize("said", [b"H", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Len", b"HTTP/1.1 200 OK\r\n"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT"])
def test_a_kept_connection_that_ends_within_the_answer_is_a_failure(method: str, said: bytes) -> None:
    def handle(visit: Visit) -> None:
        visit.read_head()
        visit.say(OK)
        visit.read_head()
        visit.say(said)

    with serving(handle) as server:
        transport = HttpTransport()
        assert transport.send(get(server), SHORT).status == 200
        answer = transport.send(Call(method, method, f"http://{server.netloc}/k"), SHORT)
        transport.close()
        assert (answer.status, answer.fault, server.visits) == (None, NetworkFault.CLOSED, 1)
        assert "closed the connection within the" in answer.detail


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "CompleteMultipartUpload"])
def test_what_must_not_happen_twice_is_not_sent_twice(operation: str) -> None:
    with serving(_answers_once_each) as server:
        transport = HttpTransport()
        assert transport.send(get(server), SHORT).status == 200
        answer = transport.send(Call(operation, "POST", f"http://{server.netloc}/k?uploads"), SHORT)
        transport.close()
        assert (answer.fault, server.visits) == (NetworkFault.CLOSED, 1)


def test_a_fresh_connection_that_ends_without_a_byte_is_an_answer() -> None:
    def handle(visit: Visit) -> None:
        visit.read_head()

    with serving(handle) as server:
        answer = HttpTransport().send(get(server), SHORT)
        assert (answer.fault, server.visits) == (NetworkFault.CLOSED, 1)


@pytest.mark.parametrize("before", [0, 1], ids=["fresh", "kept"])
def test_what_cannot_be_written_was_never_sent(before: int) -> None:
    with serving(_answers_once_each) as server:
        transport = HttpTransport()
        for _ in range(before):
            transport.send(get(server), SHORT)
        call = Call("PutObject", "PUT", f"http://{server.netloc}/k", (("Host", server.netloc), ("X-Amz-Acl", "a\nb")))
        answer = transport.send(call, SHORT)
        transport.close()
    assert answer.fault is NetworkFault.PROTOCOL
    assert not answer.sent


def test_a_server_that_takes_only_the_beginning_of_a_request_was_sent_it() -> None:
    with serving(lambda visit: visit.hold()) as server:
        body = b"x" * 2**24
        headers = (("Host", server.netloc), ("Content-Length", str(len(body))))
        answer = HttpTransport().send(
            Call("PutObject", "PUT", f"http://{server.netloc}/k", headers, body), Limits(0.4, 0.1, 0.5)
        )
    assert answer.fault in (NetworkFault.READ_TIMEOUT, NetworkFault.DEADLINE)
    assert answer.sent


class _ClosedMeanwhile:
    """The queue of a pool that another thread closes at the very moment a connection is put back."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def put(self, _connection: object, **_options: object) -> None:
        self._pool.pool = None


def test_a_connection_that_comes_back_while_its_pool_is_closed_is_closed_too() -> None:
    pool: Any = Pool("127.0.0.1", 80)
    connection, closed = pool._get_conn(), []
    connection.close = lambda: closed.append(True)
    pool.pool = _ClosedMeanwhile(pool)
    pool._put_conn(connection)
    assert closed == [True]


def test_a_head_has_no_body_to_wait_for() -> None:
    with serving(after_head(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", lambda visit: visit.hold())) as server:
        call = Call("HeadObject", "HEAD", f"http://{server.netloc}/k")
        answer = HttpTransport().send(call, SHORT)
    assert (answer.status, answer.fault, answer.truncated) == (200, None, False)
    assert answer.headers[Header.CONTENT_LENGTH] == "500"


def test_many_threads_share_one_transport() -> None:
    def handle(visit: Visit) -> None:
        while head := visit.read_head():
            name = head.split(b" ", 2)[1]
            visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(name), name))

    with serving(handle) as server, ThreadPoolExecutor(8) as pool:
        transport = HttpTransport()
        calls = [get(server, f"/{number}") for number in range(40)]
        bodies = list(pool.map(lambda call: transport.send(call, Limits()).body, calls))
        transport.close()
    assert bodies == [b"/%d" % number for number in range(40)]


def test_does_not_decode_a_gzip_bomb() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    assert asked(answering(head + bomb)).body == bomb


def test_the_presigned_query_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(answering(OK)) as server:
        HttpTransport().send(get(server, "/key?X-Amz-Signature=abcdef0123"), SHORT)
    assert caplog.records
    assert "abcdef0123" not in caplog.text


class TestExpect:
    def test_waits_for_100_before_the_body(self) -> None:
        order: list[bytes] = []

        def handle(visit: Visit) -> None:
            visit.read_head()
            order.append(bytes(visit.heard))
            visit.say(b"HTTP/1.1 100 Continue\r\nConnection: keep-alive\r\n\r\n")
            order.append(visit.read_body(5))
            visit.say(OK)

        with serving(handle) as server:
            answer = HttpTransport().send(put(server, b"12345"), SHORT)
        assert answer.status == 200
        assert order == [b"", b"12345"]

    def test_whoever_has_said_100_is_sent_the_next_body_at_once(self) -> None:
        heard: list[tuple[bytes, bytes]] = []

        def handle(visit: Visit) -> None:
            head = visit.read_head()
            if not heard:
                visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = visit.read_body(5)  # only of the first one is it asked for
            heard.append((head, body))
            # and says so after all
            visit.say(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

        with serving(handle) as server:
            transport = HttpTransport()
            answers = [transport.send(put(server, b"12345"), SHORT) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        assert [body for _head, body in heard] == [b"12345", b"12345"]
        assert all(b"Expect: 100-continue" in head for head, _body in heard)

    def test_what_is_only_announced_waits_all_the_same(self) -> None:
        bodies: list[bytes] = []

        def handle(visit: Visit) -> None:
            visit.read_head()
            visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            bodies.append(visit.read_body(5))
            visit.say(OK)

        with serving(handle) as server:
            transport = HttpTransport()
            transport.send(put(server, b"12345"), SHORT)
            answer = transport.send(replace(put(server, b"12345"), announced=True), SHORT)
        assert answer.status == 100
        assert bodies == [b"12345", b""]

    @pytest.mark.parametrize("line", [b"HTTP/1.1 403 Forbidden", b"HTTP/1.1 403 ", b"HTTP/1.1 403"])
    def test_an_early_answer_is_the_answer(self, line: bytes) -> None:
        bodies: list[bytes] = []

        def handle(visit: Visit) -> None:
            visit.read_head()
            visit.say(line + b"\r\nContent-Length: 2\r\n\r\nno")
            bodies.append(visit.read_body(5))

        with serving(handle) as server:
            answer = HttpTransport().send(put(server, b"12345"), SHORT)
        assert (answer.status, answer.body, bodies) == (403, b"no", [b""])

    def test_the_connection_of_an_unsent_body_is_not_used_again(self) -> None:
        def handle(visit: Visit) -> None:
            visit.read_head()
            visit.say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            visit.read_body(1)

        with serving(handle) as server:
            transport = HttpTransport()
            for _ in range(2):
                transport.send(put(server, b"12345"), SHORT)
            assert server.visits == 2

    def test_another_interim_answer_does_not_count(self) -> None:
        def handle(visit: Visit) -> None:
            visit.read_head()
            visit.say(b"HTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            visit.read_body(5)
            visit.say(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)

        with serving(handle) as server:
            assert HttpTransport().send(put(server, b"12345"), SHORT).status == 200

    def test_sends_the_body_when_no_100_comes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("urllib3.util.wait_for_read", lambda _sock, _timeout: False)

        def handle(visit: Visit) -> None:
            visit.read_head()
            visit.read_body(5)
            visit.say(OK)

        with serving(handle) as server:
            assert HttpTransport().send(put(server, b"12345"), SHORT).status == 200

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 100 Continue\r\n"])
    def test_a_server_that_hangs_up_is_noticed(self, said: bytes) -> None:
        with serving(answering(said)) as server, within(1):
            assert HttpTransport().send(put(server, b"12345"), SHORT).fault is NetworkFault.CLOSED

    def test_garbage_instead_of_100(self) -> None:
        with serving(answering(b"\x00garbage\r\n")) as server:
            assert HttpTransport().send(put(server, b"12345"), SHORT).fault is NetworkFault.PROTOCOL

    def test_a_flood_of_interim_answers_ends(self) -> None:
        flood = after_head(lambda visit: visit.flood(b"HTTP/1.1 102 P\r\n\r\n"))
        with serving(flood) as server, within(1):
            assert HttpTransport().send(put(server, b"12345"), SHORT).fault is NetworkFault.PROTOCOL


def after_head(*steps: Any) -> Any:
    """A handler that reads the request and then takes ``steps``."""

    def handle(visit: Visit) -> None:
        visit.read_head()
        for step in steps:
            visit.say(step) if isinstance(step, bytes) else step(visit)

    return handle


HEAD = b"HTTP/1.1 200 OK\r\n"
TOTAL = Limits(connect=2, read=0.2, total=0.25, body=10_000)


class TestBounds:
    @pytest.mark.parametrize(
        ("steps", "status"),
        [
            ((lambda visit: visit.trickle(b"HTTP/1.1 200 OK\r\n"),), None),
            ((HEAD, lambda visit: visit.trickle(b"a: b\r\n")), None),
            ((HEAD + b"\r\n", lambda visit: visit.trickle(b"x")), 200),
            ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n", lambda visit: visit.trickle(b"1\r\nx\r\n")), 200),
        ],
        ids=["status line", "headers", "body", "chunks"],
    )
    def test_a_trickle_ends_at_the_deadline(self, steps: tuple[Any, ...], status: int | None) -> None:
        with within(1):
            answer = asked(after_head(*steps), TOTAL)
        assert (answer.fault, answer.status) == (NetworkFault.DEADLINE, status)
        assert "within 0.25 s" in answer.detail

    def test_no_thread_is_left_behind(self) -> None:
        asked(after_head(HEAD, lambda visit: visit.trickle(b"a")), TOTAL)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3probe")]

    def test_an_endless_body_is_cut(self) -> None:
        with within(1):
            answer = asked(after_head(HEAD + b"\r\n", lambda visit: visit.flood(b"x" * 4000)), TOTAL)
        assert (answer.status, len(answer.body), answer.truncated, answer.fault) == (200, 10_000, True, None)

    def test_a_body_of_just_the_limit_is_whole(self) -> None:
        answer = asked(answering(HEAD + b"Content-Length: 10000\r\n\r\n" + b"x" * 10_000), TOTAL)
        assert (len(answer.body), answer.truncated) == (10_000, False)

    @pytest.mark.parametrize(
        "steps",
        [
            (HEAD, lambda visit: visit.flood(b"a: " + b"b" * 1000 + b"\r\n")),
            (HEAD, lambda visit: visit.flood(b"a: b\r\n")),
            (lambda visit: visit.flood(b"H" * 1000),),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", lambda visit: visit.flood(b"a: b\r\n" * 50)),
        ],
        ids=["long headers", "many headers", "status line", "trailers"],
    )
    def test_a_flood_is_too_large(self, steps: tuple[Any, ...]) -> None:
        with within(1):
            assert asked(after_head(*steps), Limits(2, 1, 5, 1000)).fault is NetworkFault.TOO_LARGE

    @pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"])
    def test_interim_answers_without_end(self, interim: bytes) -> None:
        with within(1):
            answer = asked(after_head(lambda visit: visit.flood(interim)), TOTAL)
        assert answer.fault is NetworkFault.PROTOCOL
        assert "interim" in answer.detail

    def test_a_server_that_takes_no_data(self) -> None:
        with serving(lambda visit: visit.hold()) as server, within(2):
            body = bytes(30_000_000)
            call = Call("PutObject", "PUT", f"http://{server.netloc}/k", (("Content-Length", str(len(body))),), body)
            assert HttpTransport().send(call, TOTAL).fault is NetworkFault.DEADLINE

    def test_no_time_at_all(self) -> None:
        with serving(answering(OK)) as server:
            assert HttpTransport().send(get(server), Limits(total=0)).fault is NetworkFault.DEADLINE
            assert server.visits == 0

    @pytest.mark.parametrize(
        ("limits", "fault"),
        [(Limits(connect=0), NetworkFault.CONNECT_TIMEOUT), (Limits(read=0), NetworkFault.READ_TIMEOUT)],
    )
    def test_a_blank_time_out_fails_at_once_as_in_mastodon(self, limits: Limits, fault: NetworkFault) -> None:
        with within(1):
            assert asked(lambda visit: visit.hold(), limits).fault is fault


class TestFaults:
    def test_refused(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        answer = HttpTransport().send(Call("GET", "GET", f"http://127.0.0.1:{port}/"), SHORT)
        assert (answer.fault, answer.detail) == (NetworkFault.REFUSED, f"connection refused by 127.0.0.1:{port}")

    def test_an_unknown_name(self) -> None:
        def unknown(host: str, port: int) -> tuple[str, int]:
            raise socket.gaierror(socket.EAI_NONAME, f"Name {host}:{port} not known")

        answer = HttpTransport(resolver=unknown).send(Call("GET", "GET", "http://files.nowhere.example/"), SHORT)
        assert answer.fault is NetworkFault.DNS
        assert answer.detail == "files.nowhere.example does not exist in DNS, or has no address"

    def test_name_servers_that_stay_silent(self) -> None:
        released = threading.Event()

        def silent(host: str, port: int) -> tuple[str, int]:
            released.wait(5)
            return host, port

        with within(1):
            answer = HttpTransport(resolver=silent).send(
                Call("GET", "GET", "http://slow.example/"), Limits(connect=0.1)
            )
        released.set()
        assert (answer.fault, answer.detail) == (NetworkFault.DNS, "the name servers give no answer about slow.example")

    @pytest.mark.parametrize("url", ["http://a..example/", "http:///files/key", "http://h:99999/", "http://a b/"])
    def test_no_host_name(self, url: str) -> None:
        answer = HttpTransport().send(Call("GET", "GET", url), SHORT)
        assert answer.fault is NetworkFault.DNS
        assert "host name" in answer.detail

    @pytest.mark.parametrize(
        ("error", "fault"),
        [
            (OSError(errno.ENETUNREACH, "Network is unreachable"), NetworkFault.NO_ROUTE),
            (OSError(errno.EHOSTUNREACH, "No route to host"), NetworkFault.NO_ROUTE),
            (TimeoutError(), NetworkFault.CONNECT_TIMEOUT),
        ],
    )
    def test_no_way_there(self, error: OSError, fault: NetworkFault, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(_self: Any, _address: Any) -> None:
            raise error

        monkeypatch.setattr("s3probe.probe.bounds.BoundedSocket.connect", fail, raising=False)
        answer = HttpTransport().send(Call("GET", "GET", "http://127.0.0.1:9000/"), SHORT)
        assert answer.fault is fault
        assert "127.0.0.1:9000" in answer.detail

    def test_an_error_of_the_libraries_is_not_laid_on_a_name_that_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_given: Any, **_more: Any) -> None:
            raise ValueError("file descriptor cannot be a negative integer (-1)")

        monkeypatch.setattr("s3probe.probe.connection.Pool.urlopen", fail)
        answer = HttpTransport().send(Call("GET", "GET", "http://127.0.0.1:9000/"), SHORT)
        assert (answer.fault, answer.detail) == (
            NetworkFault.PROTOCOL,
            "the exchange with 127.0.0.1:9000 failed: ValueError",
        )

    def test_silence(self) -> None:
        answer = asked(lambda visit: visit.hold())
        assert answer.fault is NetworkFault.READ_TIMEOUT
        assert answer.detail.startswith("nothing came from 127.0.0.1:")

    @pytest.mark.parametrize(
        ("said", "fault", "words"),
        [
            (b"", NetworkFault.CLOSED, "closed the connection without an answer"),
            (b"\x15\x03\x01\x00\x02\x02\x46", NetworkFault.CLOSED, "speaks TLS on this port"),
            (b"HTT", NetworkFault.CLOSED, "within the first line"),
            (b"HTTP/1.1 2", NetworkFault.CLOSED, "within the first line"),
            (b"HTTP/1.1 200 OK", NetworkFault.CLOSED, "closed the connection within the headers"),
            (HEAD, NetworkFault.CLOSED, "closed the connection within the headers"),
            (HEAD + b"ETag: x\r\nContent-Le", NetworkFault.CLOSED, "closed the connection within the headers"),
            (b"SSH-2.0-OpenSSH_9.6\r\n", NetworkFault.PROTOCOL, "it sent 'SSH-2.0-OpenSSH_9.6'"),
            (b"HTTP/1.1 abc\r\n\r\n", NetworkFault.PROTOCOL, "does not speak HTTP"),
            (HEAD + b"Content-Length: 5, 6\r\n\r\nhello", NetworkFault.PROTOCOL, "Content-Length contained multiple"),
            (HEAD + b"Content-Length: 9\r\n\r\nabc", NetworkFault.CLOSED, "in the middle of the answer"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc", NetworkFault.CLOSED, "in the middle"),
        ],
    )
    def test_what_came_instead_of_an_answer(self, said: bytes, fault: NetworkFault, words: str) -> None:
        answer = asked(answering(said))
        assert answer.fault is fault
        assert words in answer.detail

    def test_what_arrived_before_the_break_is_kept(self) -> None:
        answer = asked(answering(HEAD + b"ETag: x\r\nContent-Length: 9\r\n\r\nabc"))
        assert (answer.status, answer.body, answer.headers[Header.ETAG], answer.truncated) == (200, b"abc", "x", True)

    def test_a_reset(self) -> None:
        def handle(visit: Visit) -> None:
            visit.read_head()
            visit.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

        assert asked(handle).fault is NetworkFault.CLOSED

    def test_a_header_that_cannot_be_written(self) -> None:
        with serving(answering(OK)) as server:
            call = Call("X", "GET", f"http://{server.netloc}/", (("X-Amz-Acl", "a\nb: c"),))
            assert HttpTransport().send(call, SHORT).fault is NetworkFault.PROTOCOL

    def test_a_certificate_file_that_is_not_there(self) -> None:
        answer = HttpTransport(ca_file="/nowhere/ca.pem").send(Call("GET", "GET", "https://127.0.0.1:1/"), SHORT)
        assert answer.fault is NetworkFault.TLS_UNTRUSTED
        assert answer.detail == "the CA file /nowhere/ca.pem cannot be read: No such file or directory"

    def test_a_bug_is_not_called_a_network_fault(self) -> None:
        def broken(host: str, port: int) -> tuple[str, int]:
            raise TypeError(host, port)

        with pytest.raises(TypeError):
            HttpTransport(resolver=broken).send(Call("GET", "GET", "http://x.example/"), SHORT)


def test_the_resolver_decides_where_to_connect_and_nothing_else() -> None:
    heard: list[bytes] = []

    def handle(visit: Visit) -> None:
        heard.append(visit.read_head())
        visit.say(OK)

    with serving(handle) as server:
        asked_for: list[tuple[str, int]] = []

        def resolve(host: str, port: int) -> tuple[str, int]:
            asked_for.append((host, port))
            return "127.0.0.1", server.port

        headers = (("Host", "files.example.com"),)
        answer = HttpTransport(resolver=resolve).send(Call("GET", "GET", "http://files.example.com/k", headers), SHORT)
    assert answer.status == 200
    assert asked_for == [("files.example.com", 80)]
    assert heard == [b"GET /k HTTP/1.1\r\nHost: files.example.com\r\n\r\n"]
