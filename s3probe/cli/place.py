"""Where this process runs, in the words of somebody who looks for it."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
"""Files that Docker and Podman put into every container."""


def place() -> str:
    """``on web1 as mastodon``, and ``in a container`` where it is one. What cannot be told is left out."""
    inside = any(Path(mark).exists() for mark in _CONTAINER_MARKS) or "KUBERNETES_SERVICE_HOST" in os.environ
    return " ".join(filter(None, (f"on {socket.gethostname()}", f"as {_user()}", "in a container" if inside else "")))


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run as a number that has no name
        return f"user {os.geteuid()}"
