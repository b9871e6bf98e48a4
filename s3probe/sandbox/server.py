"""Werkzeug's threaded server on loopback, silent, and gone without a thread when it is stopped."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOPBACK = "127.0.0.1"


class _Handler(WSGIRequestHandler):
    def handle_expect_100(self) -> bool:
        """Asks for the announced body, unless the way is deaf to that."""
        return True if self._deaf else super().handle_expect_100()

    @property
    def _deaf(self) -> bool:
        return isinstance(self.server, Server) and self.server.deaf_to_expect

    def run_wsgi(self) -> None:
        """Answers; werkzeug too would ask for an announced body."""
        if self._deaf and "Expect" in self.headers:
            del self.headers["Expect"]
        super().run_wsgi()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's own parameter name
        """Says nothing: the sandbox keeps its own log."""


class Server(ThreadedWSGIServer):
    """One port. TLS is spoken in the connection's own thread, so a stalled handshake holds nobody up."""

    daemon_threads = False
    block_on_close = True

    def __init__(
        self, app: WSGIApplication, tls: ssl.SSLContext | None = None, *, deaf_to_expect: bool = False
    ) -> None:
        super().__init__(LOOPBACK, 0, app, _Handler)
        self.deaf_to_expect = deaf_to_expect
        # werkzeug reads this only to tell http from https; it must not wrap the listening socket itself.
        self.ssl_context = tls
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def server_bind(self) -> None:
        # HTTPServer would look the host's name up in DNS here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Closes the port and every connection, and waits for their threads."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        plain: socket.socket = request
        self._open.add(plain)
        try:
            if self.ssl_context is not None:
                plain.settimeout(10)
                secured = self.ssl_context.wrap_socket(plain, server_side=True)
                secured.settimeout(None)
                self._open.add(secured)
                self._open.discard(plain)
                plain = secured
            super().process_request_thread(plain, client_address)
        except (OSError, ValueError):
            self.shutdown_request(plain)
        finally:
            self._open.discard(plain)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""
