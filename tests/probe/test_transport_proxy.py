"""The proxy that Mastodon would use: forwarded for http, tunnelled for https, and named when it is at fault."""

from __future__ import annotations

import contextlib
import socket
import threading
from base64 import b64encode
from pathlib import Path

import pytest
import trustme

from s3probe.evidence.observations import NetworkFault
from s3probe.probe.exchange import Call, Limits
from s3probe.probe.transport import HttpTransport
from tests.probe.servers import Visit, answering, serving, within
from tests.probe.test_transport_tls import context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LIMITS = Limits(connect=1, read=1, total=3)


def test_http_is_forwarded_with_its_whole_address() -> None:
    heads: list[bytes] = []

    def handle(visit: Visit) -> None:
        heads.append(visit.read_head())
        visit.say(OK)

    with serving(handle) as proxy:
        transport = HttpTransport(proxy=f"http://me:p%40ss@{proxy.netloc}")
        call = Call("GET", "GET", "http://minio:9000/a%2fb/../c?acl", (("Host", "minio:9000"),))
        assert transport.send(call, LIMITS).status == 200
    secret = b64encode(b"me:p@ss")
    assert heads == [
        b"GET http://minio:9000/a%2fb/../c?acl HTTP/1.1\r\nHost: minio:9000\r\nProxy-Authorization: Basic "
        + secret
        + b"\r\n\r\n"
    ]


def relay(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either end may close first
        while piece := source.recv(65536):
            target.sendall(piece)


def test_https_goes_through_a_tunnel(tmp_path: Path) -> None:
    authority, connects = trustme.CA(), list[bytes]()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    heard: list[bytes] = []

    def storage(visit: Visit) -> None:
        heard.append(visit.read_head())
        visit.say(OK)

    with serving(storage, context(authority.issue_cert("files.example.com"))) as server:

        def handle(visit: Visit) -> None:
            connects.append(visit.read_head())
            visit.say(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port)) as upstream:
                thread = threading.Thread(target=relay, args=(upstream, visit.sock), daemon=True)
                thread.start()
                relay(visit.sock, upstream)

        with serving(handle) as proxy:
            transport = HttpTransport(str(tmp_path / "ca.pem"), proxy=f"https://me:pw@{proxy.netloc}")
            answer = transport.send(
                Call("GET", "GET", "https://files.example.com/k", (("Host", "files.example.com"),)), LIMITS
            )
            transport.close()
    assert (answer.status, answer.body) == (200, b"ok")
    assert heard == [b"GET /k HTTP/1.1\r\nHost: files.example.com\r\n\r\n"]
    assert connects[0].startswith(b"CONNECT files.example.com:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic " + b64encode(b"me:pw") in connects[0]


def test_a_proxy_that_refuses_the_tunnel() -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(refusal)) as proxy:
        transport = HttpTransport(proxy=f"http://me:hunter2@{proxy.netloc}")
        answer = transport.send(Call("GET", "GET", "https://files.example.com/"), LIMITS)
    assert answer.fault is NetworkFault.PROXY
    said = "does not connect us to the storage: it answered 407 Proxy Authentication Required"
    assert answer.detail == f"the proxy {proxy.netloc} {said}"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    transport = HttpTransport(proxy=f"me:hunter2@127.0.0.1:{port}")
    answer = transport.send(Call("GET", "GET", f"{scheme}://files.example.com/"), LIMITS)
    assert answer.fault is NetworkFault.PROXY
    assert answer.detail == f"the proxy 127.0.0.1:{port} cannot be used: connection refused by 127.0.0.1:{port}"


def test_a_proxy_that_says_nothing() -> None:
    with serving(lambda visit: visit.hold()) as proxy, within(1):
        answer = HttpTransport(proxy=f"http://{proxy.netloc}").send(
            Call("GET", "GET", "https://files.example.com/"), Limits(1, 0.1, 1)
        )
    assert answer.fault is NetworkFault.PROXY


def test_a_proxy_whose_address_makes_no_sense() -> None:
    answer = HttpTransport(proxy="http://me:hunter2@").send(Call("GET", "GET", "http://files.example.com/"), LIMITS)
    assert answer.fault is NetworkFault.PROXY
    assert "hunter2" not in answer.detail


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(answering(OK)) as server:
        assert HttpTransport().send(Call("GET", "GET", f"http://{server.netloc}/"), LIMITS).status == 200


def test_a_fault_behind_the_tunnel_is_not_the_proxys() -> None:
    def handle(visit: Visit) -> None:
        visit.read_head()
        visit.say(b"HTTP/1.1 200 OK\r\n\r\n")
        visit.sock.recv(65536)
        visit.say(b"HTTP/1.1 400 plain http\r\n\r\n")

    with serving(handle) as proxy:
        answer = HttpTransport(proxy=f"http://{proxy.netloc}").send(Call("GET", "GET", "https://h.example/"), LIMITS)
    assert (answer.fault, answer.detail.split(" ")[0]) == (NetworkFault.TLS_NOT_TLS, "h.example:443")
