"""s3probe's command line with the names of a sandbox led to two ports: http, https, then its authority.

python -m tests.benchmarks.far_away HTTP HTTPS CA_FILE check …
"""

from __future__ import annotations

import sys
from typing import Any

from s3probe.cli import entry_point
from s3probe.probe import tools
from s3probe.probe.ahead import opened_ahead
from s3probe.probe.transport import HttpTransport
from s3probe.settings.model import Settings

_real_default = tools.default_tools


def main() -> None:
    """Takes its own arguments off and runs the rest."""
    http, https, ca_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    del sys.argv[1:4]

    def locate(_host: str, port: int) -> tuple[str, int]:
        return "127.0.0.1", https if port == 443 else http

    def default(settings: Settings, **more: Any) -> tools.Tools:
        ahead = opened_ahead(settings, more["connections"], locate, instance=more["instance"])
        transport = HttpTransport(ca_file=ca_file, resolver=locate, ahead=ahead)
        return tools.Tools(transport, progress=more["progress"], warm=transport.warm, close=transport.close)

    setattr(tools, "default_tools", default)  # noqa: B010  # mypy objects to the plain assignment
    entry_point()


if __name__ == "__main__":
    main()
