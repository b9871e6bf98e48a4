"""TLS: whom the transport trusts, and how it names what is wrong with a certificate."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from urllib3.util import wait_for_read

from s3probe.evidence.observations import NetworkFault
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.transport import HttpTransport
from s3probe.probe.trust import PLACES, Trust, choose
from tests.probe.servers import Visit, answering, serving, within

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NAME = "files.example.com"
LIMITS = Limits(connect=1, read=1, total=3)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(server)
    return server


def ask(server: ssl.SSLContext | None, ca_file: str | None, name: str = NAME, said: bytes = OK) -> Answer:
    """An https request to ``name``, which the resolver sends to a loopback server."""
    with serving(answering(said), server) as running:
        transport = HttpTransport(ca_file, resolver=lambda _host, _port: ("127.0.0.1", running.port))
        answer = transport.send(Call("GET", "GET", f"https://{name}/k", (("Host", name),)), LIMITS)
        transport.close()
    return answer


def test_a_good_certificate(authority: trustme.CA, ca_file: str) -> None:
    answer = ask(context(authority.issue_cert(NAME)), ca_file)
    assert (answer.status, answer.body) == (200, b"ok")


def test_a_wildcard_covers_one_label(authority: trustme.CA, ca_file: str) -> None:
    server = context(authority.issue_cert("*.example.com"))
    assert ask(server, ca_file).status == 200
    assert ask(server, ca_file, "a.b.example.com").fault is NetworkFault.TLS_NAME


def test_the_name_of_the_url_is_asked_for(authority: trustme.CA, ca_file: str) -> None:
    asked: list[str | None] = []
    server = context(authority.issue_cert(NAME))
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    ask(server, ca_file)
    assert asked == [NAME]


def test_a_certificate_for_another_name(authority: trustme.CA, ca_file: str) -> None:
    answer = ask(context(authority.issue_cert("*.example.net")), ca_file)
    assert (answer.fault, answer.detail) == (NetworkFault.TLS_NAME, f"certificate is for *.example.net, not {NAME}")


def test_an_unknown_authority(ca_file: str) -> None:
    answer = ask(context(trustme.CA().issue_cert(NAME)), ca_file)
    assert answer.fault is NetworkFault.TLS_UNTRUSTED
    assert NAME in answer.detail
    assert "not trusted on this machine" in answer.detail


def test_certifi_does_not_slip_in(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = tmp_path / "certifi.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(bundle))
    monkeypatch.setattr("certifi.where", lambda: str(bundle))
    assert ask(context(authority.issue_cert(NAME)), None).fault is NetworkFault.TLS_UNTRUSTED


def test_ssl_cert_file_is_trusted(authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert ask(context(authority.issue_cert(NAME)), None).status == 200


def test_an_expired_certificate(authority: trustme.CA, ca_file: str) -> None:
    old = authority.issue_cert(
        NAME, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2021, 1, 1, tzinfo=UTC)
    )
    answer = ask(context(old), ca_file)
    assert answer.fault is NetworkFault.TLS_EXPIRED
    assert "has expired" in answer.detail


def test_a_certificate_from_the_future_points_at_the_clock(authority: trustme.CA, ca_file: str) -> None:
    new = authority.issue_cert(
        NAME, not_before=datetime(2090, 1, 1, tzinfo=UTC), not_after=datetime(2091, 1, 1, tzinfo=UTC)
    )
    answer = ask(context(new), ca_file)
    assert answer.fault is NetworkFault.TLS_EXPIRED
    assert "clock" in answer.detail


def test_plain_http_behind_https() -> None:
    with serving(lambda visit: visit.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        answer = HttpTransport().send(Call("GET", "GET", f"https://{server.netloc}/"), LIMITS)
    assert answer.fault is NetworkFault.TLS_NOT_TLS
    assert "plain http answers on this port" in answer.detail


def test_http_to_a_tls_port(authority: trustme.CA) -> None:
    with serving(answering(OK), context(authority.issue_cert(NAME))) as server:
        answer = HttpTransport().send(Call("GET", "GET", f"http://{server.netloc}/"), LIMITS)
    assert answer.fault is NetworkFault.CLOSED
    assert answer.sent


def test_what_goes_out_after_the_handshake_was_sent(authority: trustme.CA, ca_file: str) -> None:
    answer = ask(context(authority.issue_cert(NAME)), ca_file, said=b"")
    assert answer.fault is NetworkFault.CLOSED
    assert answer.sent


@pytest.mark.parametrize(
    ("handler", "fault"),
    [
        (lambda visit: visit.hold(), NetworkFault.CONNECT_TIMEOUT),
        (lambda _visit: None, NetworkFault.CLOSED),
        (lambda visit: visit.say(b"\x15\x03\x03\x00\x02\x02\x28"), NetworkFault.TLS_OTHER),
        (lambda visit: visit.trickle(b"\x16\x03\x03\x40\x00"), NetworkFault.CONNECT_TIMEOUT),
    ],
    ids=["silence", "closed", "alert", "trickle"],
)
def test_a_handshake_that_leads_nowhere(handler: Callable[[Visit], None], fault: NetworkFault) -> None:
    # an answer must not come too late because the machine is busy
    patience = 0.2 if fault is NetworkFault.CONNECT_TIMEOUT else 1
    with serving(handler) as server, within(1.5):
        answer = HttpTransport().send(Call("GET", "GET", f"https://{server.netloc}/"), Limits(patience, 1, 3))
    assert answer.fault is fault
    assert not answer.sent


def test_a_trickle_over_tls_ends_at_the_deadline(authority: trustme.CA, ca_file: str) -> None:
    def handle(visit: Visit) -> None:
        visit.read_head()
        visit.trickle(b"HTTP/1.1 200 OK\r\n")

    with serving(handle, context(authority.issue_cert("127.0.0.1"))) as server, within(1):
        answer = HttpTransport(ca_file).send(Call("GET", "GET", f"https://{server.netloc}/"), Limits(1, 1, 0.3))
    assert answer.fault is NetworkFault.DEADLINE


def test_100_continue_over_tls(authority: trustme.CA, ca_file: str) -> None:
    bodies: list[bytes] = []

    def handle(visit: Visit) -> None:
        visit.read_head()
        visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        bodies.append(visit.read_body(200_000))
        visit.say(OK)

    headers = (("Expect", "100-continue"), ("Content-Length", "200000"))
    with serving(handle, context(authority.issue_cert("127.0.0.1"))) as server:
        call = Call("PutObject", "PUT", f"https://{server.netloc}/k", headers, b"x" * 200_000)
        assert HttpTransport(ca_file).send(call, LIMITS).status == 200
    assert bodies == [b"x" * 200_000]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_ignores_expect(
    authority: trustme.CA, ca_file: str, version: ssl.TLSVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As measured with Ruby 3.1's Net::HTTP: over TLS 1.3 the session ticket wakes it, and it waits in vain."""
    monkeypatch.setattr("urllib3.util.wait_for_read", lambda sock, _second: wait_for_read(sock, 0.2))

    def handle(visit: Visit) -> None:
        visit.read_head()
        if visit.read_body(5):
            visit.say(OK)

    server_side = context(authority.issue_cert("127.0.0.1"))
    server_side.maximum_version = version
    headers = (("Expect", "100-continue"), ("Content-Length", "5"))
    with serving(handle, server_side) as server:
        call = Call("PutObject", "PUT", f"https://{server.netloc}/k", headers, b"12345")
        answer = HttpTransport(ca_file).send(call, Limits(1, 0.3, 3))
    if version is ssl.TLSVersion.TLSv1_2:
        assert answer.status == 200
    else:
        assert answer.fault is NetworkFault.READ_TIMEOUT
        assert "Expect: 100-continue" in answer.detail


def test_an_empty_certificate_file(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing here")
    answer = HttpTransport(str(empty)).send(Call("GET", "GET", "https://127.0.0.1:1/"), LIMITS)
    assert answer.fault is NetworkFault.TLS_UNTRUSTED
    assert str(empty) in answer.detail


@pytest.mark.parametrize("named", ["settings", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_authorities_that_are_a_pipe_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    pipe = tmp_path / "ca.pem"
    os.mkfifo(pipe)
    if named != "settings":
        monkeypatch.setenv(named, str(pipe))
    answer = ask(context(trustme.CA().issue_cert(NAME)), str(pipe) if named == "settings" else None)
    assert answer.fault is NetworkFault.TLS_UNTRUSTED
    assert answer.detail == f"the CA file {pipe} is neither a file nor a folder"


def test_one_of_several_folders_of_authorities_may_be_missing(
    tmp_path: Path, authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}/nowhere:{tmp_path}")
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert ask(context(authority.issue_cert(NAME)), ca_file).status == 200


BUILT_IN = ssl.DefaultVerifyPaths("", "", "SSL_CERT_FILE", "/built/cert.pem", "SSL_CERT_DIR", "/built/certs")


@pytest.mark.parametrize(
    ("ca_file", "environ", "there", "trust"),
    [
        ("/my/ca.pem", {"SSL_CERT_FILE": "/x"}, set(), Trust("/my/ca.pem", source="settings")),
        ("/x", {"SSL_CERT_FILE": "/x"}, set(), Trust(None, "SSL_CERT_FILE", ("/x",))),
        (None, {"SSL_CERT_DIR": "/x"}, {"/built/cert.pem"}, Trust(None, "SSL_CERT_DIR", ("/x",))),
        (None, {"SSL_CERT_FILE": ""}, {"/built/certs"}, Trust(None, source="openssl")),
        (None, {}, {PLACES[2], PLACES[1]}, Trust(PLACES[1], source="system")),
        (None, {}, set(), Trust(None, source="certifi")),
    ],
)
def test_whom_to_trust(ca_file: str | None, environ: dict[str, str], there: set[str], trust: Trust) -> None:
    assert choose(ca_file, environ, BUILT_IN, there.__contains__) == trust


@pytest.mark.parametrize(("broken", "status", "visits"), [(1, 200, 2), (2, None, 2)])
def test_a_handshake_that_breaks_off_is_tried_once_more(
    authority: trustme.CA, ca_file: str, broken: int, status: int | None, visits: int
) -> None:
    server = context(authority.issue_cert(NAME))

    def handle(visit: Visit) -> None:
        if visit.number <= broken:
            visit.say(b"\x15\x03\x03\x00\x02\x02\x32")  # alert: decode_error
            return
        with server.wrap_socket(visit.sock, server_side=True) as secure:
            talk = Visit(secure, visit.number, visit.stopping)
            talk.read_head()
            talk.say(OK)

    with serving(handle) as running:
        transport = HttpTransport(ca_file, resolver=lambda _host, _port: ("127.0.0.1", running.port))
        answer = transport.send(Call("PUT", "PUT", f"https://{NAME}/k", (("Host", NAME),)), LIMITS)
        transport.close()
        assert (answer.status, running.visits) == (status, visits)
        assert (answer.fault is NetworkFault.TLS_OTHER) is (status is None)


@pytest.mark.parametrize("speaks", [False, True])
def test_a_connection_that_was_opened_beforehand_is_used_though_tickets_came(
    authority: trustme.CA, ca_file: str, speaks: bool
) -> None:
    """TLS 1.3 sends session tickets unasked, and urllib3 takes whatever can be read for the end of a connection."""

    def handle(visit: Visit) -> None:
        if speaks and visit.number == 1:
            visit.say(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        answering(OK)(visit)

    with serving(handle, context(authority.issue_cert(NAME))) as server:
        transport = HttpTransport(ca_file, resolver=lambda _host, _port: ("127.0.0.1", server.port))
        call = Call("GET", "GET", f"https://{NAME}/k", (("Host", NAME),))
        transport.warm(call.url, 1, LIMITS)
        ends = time.monotonic() + 2
        while not server.visits and time.monotonic() < ends:
            time.sleep(0.01)
        time.sleep(0.2)  # the tickets arrive, and what the server says unasked
        answer = transport.send(call, LIMITS)
        assert (answer.status, server.visits) == (200, 2 if speaks else 1)
        transport.close()


def test_nothing_is_told_of_a_connection_that_could_not_be_had_beforehand(ca_file: str) -> None:
    transport = HttpTransport(ca_file, resolver=lambda _host, _port: ("127.0.0.1", 9))
    transport.warm(f"https://{NAME}/", 2, LIMITS)
    transport.warm("https://[::1", 1, LIMITS)
    answer = transport.send(Call("GET", "GET", f"https://{NAME}/k", (("Host", NAME),)), LIMITS)
    assert answer.fault is NetworkFault.REFUSED
    transport.close()


@pytest.mark.parametrize("plain", [False, True])
def test_a_connection_that_failed_beforehand_is_never_used(authority: trustme.CA, ca_file: str, plain: bool) -> None:
    """A handshake that fails leaves a socket that nothing can be asked of: the call tells of the handshake anew."""

    def handle(visit: Visit) -> None:
        visit.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with serving(handle, None if plain else context(authority.issue_cert("other.example"))) as server:
        transport = HttpTransport(ca_file, resolver=lambda _host, _port: ("127.0.0.1", server.port))
        call = Call("GET", "GET", f"https://{NAME}/k", (("Host", NAME),))
        transport.warm(call.url, 3, LIMITS)
        time.sleep(0.3)
        faults = {transport.send(call, LIMITS).fault for _ in range(4)}
        assert faults == {NetworkFault.TLS_NOT_TLS if plain else NetworkFault.TLS_NAME}
        transport.close()
