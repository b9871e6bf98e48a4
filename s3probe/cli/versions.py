"""Which programs a report comes from: what a wrong answer may depend on."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module

from s3probe import __version__
from s3probe.evidence.observations import Run
from s3probe.report.words import known_release

LIBRARIES = ("boto3", "botocore", "urllib3")


def versions(run: Run) -> Mapping[str, str]:
    """Of s3probe, what it runs on, and the Mastodon that it did as. Names no machine and no user."""
    release, known_by = known_release(run)
    return {
        "s3probe": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": _system(),
        "openssl": ssl.OPENSSL_VERSION,
        **{name: str(import_module(name).__version__) for name in LIBRARIES},
        "mastodon": f"{release} ({known_by})" if known_by else release,
    }


def _system() -> str:
    """``Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64 x86_64``."""
    distribution = ""
    with suppress(OSError):  # not Linux, or an image without /etc/os-release
        distribution = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    return ", ".join(filter(None, (distribution, kernel)))
