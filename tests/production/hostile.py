"""A raw-socket gate in front of a sandbox: it counts requests, passes them on, or does to one what a bad network does.

Nothing here knows HTTP libraries, so that it can break every rule of HTTP.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Act = Callable[["Turn"], None]
"""What is done with one request."""
_TLS = b"\x16\x03"
"""How a client begins that speaks TLS (RFC 8446, 5.1): a handshake record."""


@dataclass
class Turn:
    """One request at the gate."""

    number: int
    """1 for the first request of all."""
    head: bytes
    body: bytes
    sock: socket.socket
    upstream: int
    """Port of the real storage; 0 = there is none."""
    stopping: threading.Event
    keep: bool = False
    """Whether the connection may be used again."""

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def writes(self) -> bool:
        return self.method in ("PUT", "POST", "DELETE")

    def header(self, name: str) -> str:
        found = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*(.*?)\r$", self.head)
        return found[1].decode("latin-1") if found else ""

    def ask(self) -> bytes:
        """The real storage's answer, interim answers left out."""
        with socket.create_connection(("127.0.0.1", self.upstream)) as real:
            real.sendall(self.head.replace(b"\r\nConnection: keep-alive", b"") + self.body)
            return _read_answer(real, self.method == "HEAD")

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def pause(self, seconds: float) -> bool:
        """Waits; ``False`` when the gate is closed."""
        return not self.stopping.wait(seconds)


def passed(turn: Turn) -> None:
    """As if there were no gate."""
    turn.say(turn.ask())
    turn.keep = True


def reset(turn: Turn) -> None:
    """The connection breaks before the storage has seen the request."""
    turn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def reset_after(turn: Turn) -> None:
    """The storage does what was asked, and nobody hears its answer."""
    turn.ask()
    reset(turn)


def black_hole(turn: Turn) -> None:
    """Nothing ever comes back; the storage never saw it."""
    turn.stopping.wait(60)


def black_hole_after(turn: Turn) -> None:
    """Nothing ever comes back, but the storage did what was asked."""
    turn.ask()
    turn.stopping.wait(60)


def drip(turn: Turn) -> None:
    """The real answer, a byte at a time."""
    for byte in turn.ask():
        turn.say(bytes([byte]))
        if not turn.pause(0.2):
            return


def answering(status: str, body: bytes, *headers: str, length: bool = True) -> Act:
    """That answer, whatever was asked."""

    def act(turn: Turn) -> None:
        size = (f"Content-Length: {len(body)}",) if length else ("Connection: close",)
        head = "\r\n".join((f"HTTP/1.1 {status}", *headers, *size))
        turn.say(head.encode("latin-1") + b"\r\n\r\n" + (b"" if turn.method == "HEAD" else body))
        turn.keep = length

    return act


def saying(data: bytes) -> Act:
    """Those very bytes, and the end of the connection."""
    return lambda turn: turn.say(data)


def flooding(head: bytes, piece: bytes) -> Act:
    """``head``, then ``piece`` for as long as anyone listens."""

    def act(turn: Turn) -> None:
        turn.say(head)
        while not turn.stopping.is_set():
            turn.say(piece)

    return act


slow_down = answering(
    "503 Slow Down",
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
    "Content-Type: application/xml",
)


@dataclass
class Interceptor:
    """Listens on ``127.0.0.1:port``. ``choose`` says what happens to each request; ``None`` passes it on."""

    upstream: int
    choose: Callable[[Turn], Act | None] = lambda _turn: None
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            self._open.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        heard = bytearray()
        with contextlib.suppress(OSError), sock:
            while (request := _read_request(sock, heard)) is not None:
                with self._lock:
                    turn = Turn(len(self.turns) + 1, *request, sock, self.upstream, self._stopping)
                    self.turns.append(turn)
                (self.choose(turn) or passed)(turn)
                if not turn.keep:
                    break
        self._open.discard(sock)

    def __enter__(self) -> Interceptor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for sock in tuple(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)


@contextlib.contextmanager
def lone(act: Act) -> Iterator[Interceptor]:
    """A server that does ``act`` to every request, and has no storage behind it."""
    with Interceptor(0, lambda _turn: act) as gate:
        yield gate


def _read_request(sock: socket.socket, heard: bytearray) -> tuple[bytes, bytes] | None:
    while b"\r\n\r\n" not in heard:
        piece = sock.recv(65536)
        if not piece:
            return None
        heard += piece
        if heard.startswith(_TLS):
            return None  # as every server of plain http does, instead of waiting for the end of its head
    head, _, rest = bytes(heard).partition(b"\r\n\r\n")
    if b"100-continue" in head.lower():
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    # the storage need not say it again
    head = re.sub(rb"(?i)\r\nexpect:[^\r]*", b"", head)
    size = _length(head)
    while len(rest) < size:
        piece = sock.recv(65536)
        if not piece:
            return None
        rest += piece
    heard[:] = rest[size:]
    return head + b"\r\n\r\n", rest[:size]


def _read_answer(sock: socket.socket, head_only: bool) -> bytes:
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = sock.recv(65536)
        if not piece:
            return heard
        heard += piece
    head, _, body = heard.partition(b"\r\n\r\n")
    size = 0 if head_only or head.split(b" ", 2)[1] in (b"204", b"304") else _length(head)
    while len(body) < size:
        piece = sock.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
    return int(found[1]) if found else 0
