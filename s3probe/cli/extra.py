"""How the packages of the demo are added to what s3probe was started from: a command that can be run as it stands."""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

_EXTRA = "sandbox"
_ROOT = Path(__file__).parents[2]
"""A checkout's, where this is one."""


def advice() -> str:
    """The command, in a sentence."""
    if not Path(__file__).is_file():
        # in an archive, or in an executable that unpacks itself: nothing can be added there
        return f"This file holds none. Where Python 3.11 or newer is: pipx run --spec 's3probe[{_EXTRA}]' s3probe demo"
    return f"Install it with: {shlex.join([*_installer(), *_requirements()])}"


def _installer() -> Sequence[str]:
    """What installs into this very environment; those that uv makes have no pip."""
    if find_spec("pip") is None:
        return "uv", "pip", "install", "--python", sys.executable
    return sys.executable, "-m", "pip", "install"


def _requirements() -> Sequence[str]:
    """What the extra names: by the metadata of the installation, or in a checkout that nobody has installed."""
    with suppress(PackageNotFoundError):
        named = [one.partition(";") for one in requires("s3probe") or ()]
        return [one.strip() for one, _, marker in named if _EXTRA in marker]
    with suppress(OSError):
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return tuple(project["optional-dependencies"][_EXTRA])
    return (f"s3probe[{_EXTRA}]",)
