"""Real limits of a real process: few descriptors, threads or memory. The storage is healthy, and so it is called."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from s3probe.sandbox.sandbox import Sandbox
from tests.exhaustive import part
from tests.production import local

CHECK = ("check", "--mastodon-version", "4.5.9", "--format", "json", "--jobs", "64")
SOMEBODY = 54321
"""A user that runs nothing else: root is not bound by RLIMIT_NPROC."""
AS_SOMEBODY = (
    *("setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # the interpreter may lie in root's home
)


def can_become_somebody() -> bool:
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        return False
    return subprocess.run([*AS_SOMEBODY, sys.executable, "-c", ""], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(local.scenario().world) as running:
        yield running


def limited(kind: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (most, most))


def run(
    box: Sandbox, folder: Path, limit: Callable[[], None], number: int = 1, before: Sequence[str] = ()
) -> tuple[int, str, str]:
    """Examines so many files with one env text under a limit."""
    files = [local.env_file(folder, box.http_port, f"{n:03}.env") for n in range(number)]
    command = [*before, sys.executable, "-m", "s3probe", *CHECK, *map(str, files)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=local.environment(),
        preexec_fn=limit,  # noqa: PLW1509  no other thread of this process holds a lock that a limit needs
    )
    return local.finish(process)


def verdicts(out: str) -> set[str]:
    document = json.loads(out)
    return {report["verdict"] for report in document.get("reports", [document])}


@pytest.mark.parametrize(("most", "number"), part([(24, 2), (128, 12), (8, 1), (12, 1), (64, 3)], 5))
def test_few_descriptors(box: Sandbox, tmp_path: Path, most: int, number: int) -> None:
    status, out, err = run(box, tmp_path, limited(resource.RLIMIT_NOFILE, most), number)
    assert (status, err, verdicts(out), local.ours_in(box)) == (0, "", {"ok"}, [])


@pytest.mark.skipif(not can_become_somebody(), reason="only root with all its capabilities can become somebody else")
@pytest.mark.parametrize(("most", "number"), part([(1, 2), (4, 1), (20, 1), (32, 6)], 4))
def test_few_threads(box: Sandbox, tmp_path: Path, most: int, number: int) -> None:
    status, out, err = run(box, tmp_path, limited(resource.RLIMIT_NPROC, most), number, AS_SOMEBODY)
    assert (status, err, verdicts(out), local.ours_in(box)) == (0, "", {"ok"}, [])


@pytest.mark.parametrize(
    "megabytes", part([150, 20, 24, 28, 32, 36, 40, 44, 48, 60, 80, 100, 120, 170, 200, 300, 400, 600], 18)
)
def test_little_memory(box: Sandbox, tmp_path: Path, megabytes: int) -> None:
    """How little is too little depends on the machine. Either the run succeeds, or it says what was lacking."""
    status, out, err = run(box, tmp_path, limited(resource.RLIMIT_AS, megabytes << 20))
    assert local.ours_in(box) == []
    if status == 0:
        assert verdicts(out) == {"ok"}
    else:
        assert status == 3
        assert "memory" in err + out
