"""Connections that are opened while this program still loads: a round trip costs less than that.

Nothing is sent over one before its request is due. Where one cannot be had, the request opens its own, and tells why.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from s3probe.probe.aside import Aside
from s3probe.settings.mastodon import bucket_url
from s3probe.settings.model import Settings
from s3probe.settings.urls import split

AT_FIRST = 3
"""What a whole examination begins with at once: a listing, a stranger's request and an upload."""
LONGEST = 5.0
"""Seconds: whoever takes longer is dialled by the request itself, which says so."""
FRESH = 2.0
"""Seconds that such a connection may wait for its request: a server may close one that says nothing."""
Dialled = tuple[socket.socket, float]
"""A connection, and since when it is open (monotonic)."""


Locate = Callable[[str, int], tuple[str, int]]
Place = tuple[str, int]
"""A host and its port."""


def opened_ahead(
    settings: Settings, number: int, locate: Locate | None = None, *, instance: bool = False
) -> Ahead | None:
    """So many connections to the storage, under way; ``None`` where no request will get there, or by a proxy alone.

    ``instance``: and one to the instance, which is asked for its release at the same time.
    """
    if not number or not settings.api_base or settings.proxy or settings.troubles or settings.open_timeout <= 0:
        return None
    place = split(bucket_url(settings))
    if not place.hostname:
        return None
    wanted = {(place.hostname, place.port or (80 if place.scheme == "http" else 443)): number}
    there = split(f"https://{settings.web_domain or ''}") if instance else None
    if there is not None and there.hostname:
        wanted.setdefault((there.hostname, there.port or 443), 1)
    return Ahead(wanted, min(settings.open_timeout, LONGEST), locate)


class Ahead:
    """Opens connections to some places, and hands each out once. Thread-safe."""

    def __init__(self, wanted: Mapping[Place, int], seconds: float, locate: Locate | None = None) -> None:
        """``wanted``: how many to each place. ``seconds``: how long opening one may take. ``locate``: where a name
        leads, instead of the system's.
        """
        self._lock = threading.Lock()
        self._over = False
        self._open: set[socket.socket] = set()
        self._under_way = {
            place: [self._begun(locate(*place) if locate else place, seconds) for _ in range(number)]
            for place, number in wanted.items()
        }

    def _begun(self, to: Place, seconds: float) -> Aside[Dialled]:
        return Aside("ahead", lambda: self._dial(to, seconds), spare=True)

    def _dial(self, to: Place, seconds: float) -> Dialled:
        family, _, _, _, where = socket.getaddrinfo(*to, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(seconds)
            sock.connect(where)
            with self._lock:
                if self._over:
                    raise OSError("nobody waits for it any more")
                self._open.add(sock)
        except BaseException:
            sock.close()
            raise
        return sock, time.monotonic()

    def take(self, host: str, port: int, seconds: float) -> socket.socket | None:
        """One of them, waited for as long as ``seconds``; ``None`` where there is none, or it failed."""
        with self._lock:
            there = self._under_way.get((host, port))
            one = there.pop() if there else None
        if one is None or not one.wait(seconds):
            return None
        with suppress(OSError), self._lock:
            sock, since = one.result()
            if sock in self._open and time.monotonic() - since <= FRESH:
                self._open.remove(sock)
                return sock
        return None

    def close(self) -> None:
        """Closes what nobody took."""
        with self._lock:
            self._over = True
            for sock in self._open:
                sock.close()
            self._open.clear()
            self._under_way.clear()
