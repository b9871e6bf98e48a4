"""One throw-away certificate authority per sandbox, and a certificate for whatever name is asked for."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from s3probe.sandbox.names import certificate_names, obstacle
from s3probe.sandbox.world import ConnectionFault, World


class Certificates:
    """Makes certificates on demand and hands each TLS connection the one its SNI asks for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._authority = trustme.CA()
        self._contexts: dict[tuple[tuple[str, ...], ConnectionFault | None], ssl.SSLContext] = {}
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
        fault = obstacle(self._world, host)
        names = (
            ("another-host.example",) if fault is ConnectionFault.WRONG_NAME else certificate_names(self._world, host)
        )
        with self._lock:
            if (names, fault) not in self._contexts:
                authority = trustme.CA() if fault is ConnectionFault.UNTRUSTED else self._authority
                yesterday = datetime.now(UTC) - timedelta(days=1) if fault is ConnectionFault.EXPIRED else None
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                authority.issue_cert(*names, not_after=yesterday).configure_cert(context)
                self._contexts[names, fault] = context
            return self._contexts[names, fault]
