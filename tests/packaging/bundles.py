"""The parts of a release, made by ``.ci/build`` as a release makes them, and started as their users start them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.packaging.conftest import ROOT


def made(part: str, folder: Path) -> Path:
    """``folder``, with that part of a release in it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ["PYTHON"] = sys.executable
    command = [str(ROOT / ".ci" / "build"), part, str(folder)]
    done = subprocess.run(command, check=False, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@dataclass(frozen=True)
class Started:
    """A program as somebody starts it who has nothing else: no packages, no environment."""

    command: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *argv: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *map(str, argv)]
        return subprocess.run(
            command, check=False, env=self.environ | environ, capture_output=True, text=True, timeout=120
        )

    def start(self, *argv: str | Path) -> subprocess.Popen[str]:
        """In a process group of its own, as a shell does it."""
        command = [*self.command, *map(str, argv)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def empty_root(folder: Path, executable: Path) -> Path:
    """A root folder with an executable, the C library that it is linked against, and nothing else."""
    listed = subprocess.run(["ldd", executable], check=True, capture_output=True, text=True).stdout
    linked = {Path(name) for name in re.findall(r"(/\S+) \(0x", listed)}
    of_glibc = next(path for path in linked if path.name.startswith("libc.so")).parent
    more = {path for name in ("libm.so.6", "librt.so.1", "libutil.so.1") if (path := of_glibc / name).exists()}
    for library in linked | more:
        place = folder / library.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library.resolve(), place)
    (folder / "tmp").mkdir()
    shutil.copy(executable, folder / "s3probe")
    return folder
