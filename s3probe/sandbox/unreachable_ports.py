"""Two ports on which nothing answers: one refuses connections, one drops their packets."""

from __future__ import annotations

import contextlib
import socket

from s3probe.sandbox.server import LOOPBACK


class UnreachablePorts:
    """Holds the sockets that make the ports unreachable. ``refused`` and ``black_hole`` are port numbers."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.refused = self._bound()
        self._black_hole: int | None = None

    def _bound(self) -> int:
        # Bound but not listening: the kernel refuses, and nobody else can take the port.
        holder = socket.socket()
        holder.bind((LOOPBACK, 0))
        self._sockets.append(holder)
        return int(holder.getsockname()[1])

    @property
    def black_hole(self) -> int:
        """A port whose connections are never completed: its queue is full, so further SYNs are dropped."""
        if self._black_hole is None:
            port = self._bound()
            self._sockets[-1].listen(0)
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    filler.connect((LOOPBACK, port))
                self._sockets.append(filler)
            self._black_hole = port
        return self._black_hole

    def close(self) -> None:
        for holder in self._sockets:
            holder.close()
