"""An HTTP/1.1 server on loopback that keeps connections, as S3 does; silent, and gone without a thread when stopped."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from http.client import responses
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

from s3probe.sandbox.messages import Reply, Request

LOOPBACK = "127.0.0.1"
_HANDSHAKE = 10
"""Seconds a TLS handshake may take."""


class Application(Protocol):
    """What answers the requests."""

    def announced(self, request: Request) -> Reply | None:
        """The answer to a body announced by ``Expect: 100-continue`` that is refused unread; ``None``: it may come."""

    def answer(self, request: Request) -> Reply:
        """The answer to a whole request: complete, with the headers that say where its body ends."""


class _Handler(BaseHTTPRequestHandler):
    """One connection. The reply's own headers go out, and ``Connection: close`` where the connection ends with it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SandboxServer

    def handle_one_request(self) -> None:
        """Answers any method: which of them exist is S3's matter."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            # where the body ends is not known, so nothing can follow it
            self.close_connection = True
            length = "0"
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # whoever hangs up in the middle has asked for nothing
            self.close_connection = True
            return
        self._send(self.server.application.answer(self._request(body)))

    def handle_expect_100(self) -> bool:
        """Asks for the announced body, unless the way is deaf to that or refuses it."""
        if self.server.deaf_to_expect:
            return True
        refused = self.server.application.announced(self._request(b""))
        if refused is None:
            return super().handle_expect_100()
        self.close_connection = True
        self._send(refused)
        return False

    def _request(self, body: bytes) -> Request:
        """The request as it stood on the wire: the target is neither decoded nor tidied."""
        headers: dict[str, str] = {}
        for name in {name.lower(): None for name in self.headers}:
            headers[name] = ",".join(self.headers.get_all(name, ())).replace("\r\n", "")
        target, host = self.requestline.split()[1], headers.get("host", "")
        if "://" in target.partition("?")[0]:
            # whoever asks through a proxy names the whole address
            host, _, rest = target.partition("://")[2].partition("/")
            target = f"/{rest}"
        path, _, query = target.partition("?")
        scheme = "http" if self.server.tls is None else "https"
        return Request(self.command, scheme, host, path or "/", query, headers, body)

    def _send(self, reply: Reply) -> None:
        closing = (("Connection", "close"),) if self.close_connection else ()
        lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in (*reply.headers, *closing)]
        self.wfile.write("\r\n".join((*lines, "", "")).encode("latin-1") + reply.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers what is no request at all, in no one's name."""
        del message, explain
        self.close_connection = True
        self._send(Reply(code, (("Content-Length", "0"),)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's own parameter name
        """Says nothing: the sandbox keeps its own log."""


class SandboxServer(socketserver.ThreadingTCPServer):
    """One port. TLS is spoken in the connection's own thread, so a stalled handshake holds nobody up."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, application: Application, tls: ssl.SSLContext | None = None, *, deaf_to_expect: bool = False
    ) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.application = application
        self.tls = tls
        self.deaf_to_expect = deaf_to_expect
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Closes the port and every connection, idle or not, and waits for their threads."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    # not SSLSocket's own, which would take TLS away from a thread that still writes
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Notes the connection before its thread begins, so that none is missed by :meth:`stop`."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        connection: socket.socket = request
        try:
            if self.tls is not None:
                connection = self._wrapped(connection, self.tls)
                _shake_hands(connection)
            self.finish_request(connection, client_address)
        except (OSError, ValueError):
            pass  # a client that goes away, or speaks no TLS, is no news
        finally:
            with self._lock:
                self._open.discard(connection)
            self.shutdown_request(connection)

    def _wrapped(self, plain: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket:
        """The connection before its handshake; from here on it is the one that :meth:`stop` ends."""
        with self._lock:
            connection = tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            self._open.discard(plain)
            self._open.add(connection)
        return connection


def _shake_hands(connection: ssl.SSLSocket) -> None:
    connection.settimeout(_HANDSHAKE)
    connection.do_handshake()
    connection.settimeout(None)
