"""Certificates of the media host: a right one, and each of the wrong ones."""

from __future__ import annotations

import ssl
from pathlib import Path


def context_of(pem: Path) -> ssl.SSLContext:
    """What a server needs to show the certificate in ``pem``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
