"""Loopback servers that answer with given bytes, and note what came in."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Handler = Callable[["Visit"], None]


@dataclass
class Visit:
    """One accepted connection."""

    sock: socket.socket
    number: int
    stopping: threading.Event
    heard: bytearray = field(default_factory=bytearray)

    def read_head(self) -> bytes:
        """Reads to the end of a header block; ``b""`` when the client is gone."""
        while b"\r\n\r\n" not in self.heard:
            piece = self.sock.recv(65536)
            if not piece:
                return b""
            self.heard += piece
        head, _, rest = bytes(self.heard).partition(b"\r\n\r\n")
        self.heard[:] = rest
        return head + b"\r\n\r\n"

    def read_body(self, size: int) -> bytes:
        while len(self.heard) < size:
            piece = self.sock.recv(65536)
            if not piece:
                break
            self.heard += piece
        body = bytes(self.heard[:size])
        del self.heard[:size]
        return body

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def pause(self, seconds: float) -> bool:
        """Waits; ``False`` when the test is over."""
        return not self.stopping.wait(seconds)

    def trickle(self, data: bytes, every: float = 0.02) -> None:
        """One byte at a time, over and over, for as long as anyone listens."""
        while True:
            for byte in data:
                self.say(bytes([byte]))
                if not self.pause(every):
                    return

    def flood(self, data: bytes) -> None:
        """As fast as it goes, for as long as anyone listens."""
        while not self.stopping.is_set():
            self.say(data)

    def hold(self) -> None:
        """Says nothing until the test is over."""
        self.stopping.wait(10)


class HandWrittenServer:
    """Runs ``handler`` for each connection to ``127.0.0.1:port``."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self._handler, self._context = handler, context
        self._stopping = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.visits = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.visits), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        sock.settimeout(10)
        with contextlib.suppress(OSError), sock:
            if self._context is None:
                self._handler(Visit(sock, number, self._stopping))
                return
            with self._context.wrap_socket(sock, server_side=True) as secure:
                self._handler(Visit(secure, number, self._stopping))

    def wait_for_goodbye(self) -> None:
        """Waits until every connection so far was closed by its handler."""
        for thread in self._threads[1:]:
            thread.join(5)

    def close(self) -> None:
        self._stopping.set()
        # wakes accept(): closing alone does not
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


@contextlib.contextmanager
def serving(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[HandWrittenServer]:
    server = HandWrittenServer(handler, context)
    try:
        yield server
    finally:
        server.close()


def answering(data: bytes) -> Handler:
    """Answers one request with ``data`` and hangs up."""

    def handle(visit: Visit) -> None:
        visit.read_head()
        visit.say(data)

    return handle


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails when the block takes longer."""
    started = time.monotonic()
    yield
    taken = time.monotonic() - started
    assert taken < seconds, f"took {taken:.2f} s"
