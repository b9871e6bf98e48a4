"""How many file descriptors are left. Where none is, resolver and OpenSSL say that they found nothing."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

from s3probe.hindrance import hindrance, no_descriptors

SPARE = 8
"""With fewer left, a name or an authority that was not found proves nothing: those who look for them open files."""


def short_of_descriptors() -> str:
    """Why files that are there may not be found just now; ``""`` while :data:`SPARE` descriptors are left."""
    try:
        socket.socket(socket.AF_UNIX).close()
    except OSError as error:
        return hindrance(error)
    return str(no_descriptors()) if descriptors_left() < SPARE else ""


def descriptors_left() -> int:
    """How many more this process may open; a large number where nobody counts them."""
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return 1 << 20
    try:
        return max(limit - sum(1 for _ in Path("/dev/fd").iterdir()) + 1, 0)  # less the one that reads the folder
    except OSError as error:
        return 0 if hindrance(error) else limit
