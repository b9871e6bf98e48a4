"""A port of this machine that leads to another one as if that were far away, and a book of what went over it.

Time passes where it passes on a real way: what opens a connection waits for a whole round trip before its first bytes
are under way, and everything takes half of one in each direction. Bytes are passed on as they are, TLS as well.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")


@dataclass(slots=True)
class FarExchange:
    """One request as its sender saw it, in seconds of the monotonic clock."""

    connection: int
    what: str
    """Method and target; ``""`` where TLS hides them."""
    begun: float
    """When its first bytes were sent; for the first of a connection, when that was opened."""
    ended: float
    """When the last of its answer arrived."""
    fresh: bool
    """Whether it had to open its connection."""


@dataclass(slots=True)
class FarConnection:
    number: int
    opened: float
    exchanges: list[FarExchange] = field(default_factory=list)

    def sent(self, data: bytes, now: float) -> None:
        match = _REQUEST.match(data)
        if match:
            what = f"{match[1].decode()} {match[2].decode()}"
            fresh = not self.exchanges
            self.exchanges.append(FarExchange(self.number, what, self.opened if fresh else now, now, fresh))

    def heard(self, now: float) -> None:
        if self.exchanges:
            self.exchanges[-1].ended = now


class LongWay:
    """Leads from :attr:`port` to ``target``. ``round_trip``: seconds."""

    def __init__(self, target: int, round_trip: float) -> None:
        self._target, self._round_trip = target, round_trip
        self._loop = asyncio.new_event_loop()
        self._connections: list[FarConnection] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    @property
    def exchanges(self) -> list[FarExchange]:
        """All of them, in the order in which they were sent."""
        return sorted((one for each in self._connections for one in each.exchanges), key=lambda one: one.begun)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        # asyncio's own streams of Python 3.11 take a task that was cancelled at the end for one that failed
        self._loop.set_exception_handler(lambda _loop, _context: None)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=128))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one = FarConnection(len(self._connections), time.monotonic())
        self._connections.append(one)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        # nothing can be sent before the connection's own round trip has passed
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on(reader, far_writer, one, one.opened + self._round_trip))
            group.create_task(self._pass_on(far_reader, writer, one, None))

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, one: FarConnection, not_before: float | None
    ) -> None:
        """``not_before``: when the first bytes of a sender can leave; ``None`` for the way back."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(due - time.monotonic(), 0))
                if not data:
                    with suppress(OSError):
                        sink.close()
                    return
                if not_before is None:
                    one.heard(time.monotonic())
                with suppress(OSError):
                    sink.write(data)
                    await sink.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            with suppress(OSError):
                while data := await source.read(65536):
                    now = time.monotonic()
                    if not_before is not None:
                        one.sent(data, now)
                    queue.put_nowait((max(now, not_before or 0.0) + self._round_trip / 2, data))
            queue.put_nowait((time.monotonic() + self._round_trip / 2, b""))

    @contextmanager
    def open(self) -> Iterator[LongWay]:
        """Inside, the port leads there."""
        self._thread.start()
        self._ready.wait(5)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            self._thread.join(5)
            self._loop.close()

    async def _end(self) -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self._loop.stop()


def longest_chain(exchanges: Sequence[FarExchange], slack: float = 0.01) -> list[FarExchange]:
    """The exchanges that the last one waited for, one after the other. ``slack``: seconds between two at most read as
    "the one began when the other had ended, and not before".
    """
    chain: list[FarExchange] = []
    step = max(exchanges, key=lambda one: one.ended, default=None)
    while step is not None:
        chain.insert(0, step)
        before = [one for one in exchanges if one.ended <= step.begun + slack and one is not step]
        step = max(before, key=lambda one: one.ended, default=None)
    return chain
