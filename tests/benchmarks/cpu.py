"""What commands cost in CPU time, against a bare Python and against the same steps by the AWS command line.

Ratios of one run hold on any machine; seconds do not. The storage is a process of its own, which is not counted. What
is measured is s3probe as pip installs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3probe.sandbox.scenario import BUCKET, KEY_ID, SECRET
from tests.production.local import REGION, env_file, environment
from tests.production.processes import ROOT

REPEATS = 5
HELP, LINT, FULL = 4.6, 6.7, 29.0
"""Times a bare Python: what the help, ``lint`` and a full check are held against."""
_S3PROBE = (sys.executable, "-m", "s3probe")
_KEY = "media_attachments/files/s3probe/benchmark0/canary.png"
_CANARY = (
    ("put-object", "--acl", "public-read", "--content-type", "image/png", "--body"),
    ("get-object",),
    ("delete-object",),
)
"""The canary's steps; a visitor's look is a get-object here."""


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Of one command, the least of several runs."""

    cpu: float
    """Seconds, of the user and of the system."""
    status: int


def cost(command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> CpuTime:
    """Runs ``command`` several times in ``folder``."""

    def once() -> CpuTime:
        process = subprocess.Popen(
            command, cwd=folder, env=env or environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        return CpuTime(usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status))

    once()  # fills the caches
    return min((once() for _ in range(REPEATS)), key=lambda one: one.cpu)


def print_costs(folder: Path, port: int) -> None:
    """One line for each command. ``port``: where a healthy storage answers over http."""
    bare = cost((sys.executable, "-c", "pass"), folder).cpu
    installed = {**environment(), "PYTHONPATH": str(_installed(folder / "installed"))}
    print(f"python -c pass         {bare * 1000:5.0f} ms of CPU")
    lint, file = env_file(folder, 9, "lint.env"), env_file(folder, port, "check.env")
    canary = 0.0
    for words, limit in (
        (("--help",), HELP),
        (("--version",), HELP),
        (("lint", str(lint)), LINT),
        (("check", "--quick", str(file)), None),
        (("check", str(file)), FULL),
    ):
        seen = cost((*_S3PROBE, *words), folder, installed)
        label = f"s3probe {' '.join(word for word in words if not word.endswith('.env'))}"
        held = f" (limit {limit:g})" if limit is not None else ""
        print(f"{label:<22} {seen.cpu * 1000:5.0f} ms, {seen.cpu / bare:4.1f} times that{held}, status {seen.status}")
        canary = seen.cpu if "--quick" in words else canary
    if aws := shutil.which("aws"):
        by_aws = _by_aws(aws, folder, port)
        print(f"the canary's steps by `aws s3api` {by_aws * 1000:.0f} ms, {by_aws / canary:.1f} times the canary")
    else:
        print("no `aws` on the PATH to compare with (pip install awscli)")


def _installed(folder: Path) -> Path:
    """Where s3probe is, as a wheel of this tree brings it."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--target", str(folder))
    subprocess.run((sys.executable, "-m", "pip", "install", *options, str(ROOT)), check=True)
    return folder


def _by_aws(aws: str, folder: Path, port: int) -> float:
    body = folder / "canary.png"
    body.write_bytes(b"canary")
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": REGION}
    total = 0.0
    for operation, *options in _CANARY:
        rest = {"put-object": [str(body)], "get-object": [str(folder / "got")]}.get(operation, [])
        place = ("--endpoint-url", f"http://127.0.0.1:{port}", "--bucket", BUCKET, "--key", _KEY)
        # get-object takes its file without a name, at the end
        arguments = (*options, *rest, *place) if options else (*place, *rest)
        seen = cost((aws, "s3api", operation, *arguments), folder, {**environment(), **keys})
        assert seen.status == 0, (operation, seen)
        total += seen.cpu
    return total
