"""Where this process runs, in the words of somebody who looks for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe.report.formats import Standpoint

if TYPE_CHECKING:
    from s3probe.settings.apart import Apart
    from s3probe.settings.model import Variable

_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
"""Files that Docker and Podman put into every container."""


def place(env_file: str = "", variables: Mapping[str, Variable] | None = None) -> Standpoint:
    """Where this process runs, and where the Mastodon of ``env_file`` does if that is elsewhere."""
    inside = any(Path(mark).exists() for mark in _CONTAINER_MARKS) or "KUBERNETES_SERVICE_HOST" in os.environ
    here = Standpoint(os.uname().nodename, _user(), inside)
    if not env_file or variables is None:
        return here
    from s3probe.settings.apart import apart, command

    one = apart(variables)
    if one is None:
        return here
    return Standpoint(here.host, here.user, inside, _sentence(one), command(one, env_file))


def _sentence(one: Apart) -> str:
    from s3probe.settings.process import SIDEKIQ

    name = f"Sidekiq (process {one.pid})" if one.role == SIDEKIQ else f"The web server (process {one.pid})"
    if one.container:
        return f"{name} runs in the container {one.container}, with other names and routes than here. From there"
    if one.network:
        return f"{name} has a network of its own, with other names and routes than here. From there"
    return f"{name} runs as {one.user}, and what it was started with cannot be seen from here. As that user"


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run as a number that has no name
        return f"user {os.geteuid()}"
