"""s3probe's command line as on a machine whose clock is off, where ``*.localhost`` leads to the loopback.

python -m tests.lab.as_if SECONDS check …
"""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from s3probe.cli import entry_point
from s3probe.probe import tools

_real_default = tools.default_tools
_real_lookup = socket.getaddrinfo


def _lookup(host: Any, *arguments: Any, **more: Any) -> Any:
    # not every resolver answers RFC 6761's names below localhost; nothing else may leave this machine
    if str(host).endswith(".localhost"):
        host = "127.0.0.1"
    if host != "127.0.0.1":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _real_lookup(host, *arguments, **more)


def main() -> None:
    """Takes its first argument off and runs the rest."""
    off = timedelta(seconds=int(sys.argv.pop(1)))

    def shifted(*arguments: Any, **more: Any) -> tools.Tools:
        real = _real_default(*arguments, **more)
        return replace(real, clock=replace(real.clock, now=lambda: datetime.now(UTC) + off))

    setattr(tools, "default_tools", shifted)  # noqa: B010  # mypy objects to the plain assignment
    setattr(socket, "getaddrinfo", _lookup)  # noqa: B010
    entry_point()


if __name__ == "__main__":
    main()
