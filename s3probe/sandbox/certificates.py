"""One throw-away certificate authority per sandbox, and a certificate for whatever name is asked for."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from s3probe.sandbox.names import certificate_names, obstacle
from s3probe.sandbox.world import Way, World


class Certificates:
    """Makes certificates on demand and hands each TLS connection the one its SNI asks for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._authority = trustme.CA()
        self._contexts: dict[tuple[tuple[str, ...], Way | None], ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def write_authority(self, path: Path) -> None:
        """Writes the authority's certificate, to be trusted by the one who examines."""
        self._authority.cert_pem.write_to_path(path)

    def context(self) -> ssl.SSLContext:
        """The listening context; SNI switches each connection to the right certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def switch(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self._for(name or "")

        context.sni_callback = switch
        self._authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        return context

    def _for(self, host: str) -> ssl.SSLContext:
        way = obstacle(self._world, host)
        names = ("another-host.example",) if way is Way.WRONG_NAME else certificate_names(self._world, host)
        with self._lock:
            if (names, way) not in self._contexts:
                authority = trustme.CA() if way is Way.UNTRUSTED else self._authority
                yesterday = datetime.now(UTC) - timedelta(days=1) if way is Way.EXPIRED else None
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                authority.issue_cert(*names, not_after=yesterday).configure_cert(context)
                self._contexts[names, way] = context
            return self._contexts[names, way]
