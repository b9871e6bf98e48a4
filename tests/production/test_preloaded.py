"""A process that the server forks starts and ends as one of ``python -m`` does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.production.local import finish
from tests.production.processes import ROOT, start

DESCRIBED = "tests.production.described"


def described(*argv: str, afresh: bool) -> dict[str, object]:
    status, out, err = finish(start(*argv, afresh=afresh, module=DESCRIBED))
    assert (status, err) == (0, "")
    found: dict[str, object] = json.loads(out)
    return found


def test_it_finds_what_a_new_process_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    described(afresh=False)  # now the server runs
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    forked, new = (described("", "ü \n", "-x", afresh=afresh) for afresh in (False, True))
    assert forked["folder"] == str(tmp_path)
    for what, found in new.items():
        assert forked[what] == found, what
    assert forked.keys() == new.keys()


@pytest.mark.parametrize("how", ["status", "text", "error", "interrupt", "killed", "at exit", "late", "nowhere"])
def test_it_ends_as_a_new_process_ends(how: str) -> None:
    forked, new = (finish(start(how, afresh=afresh, module=DESCRIBED)) for afresh in (False, True))
    assert forked[0] == new[0]
    # the frames of a traceback are this module's or runpy's
    assert [text.splitlines()[-1:] for text in forked[1:]] == [text.splitlines()[-1:] for text in new[1:]]


@pytest.mark.parametrize("afresh", [False, True])
def test_it_is_waited_for_and_signalled(tmp_path: Path, afresh: bool) -> None:
    sleeping = tmp_path / "sleeping"
    process = start("sleep", sleeping, afresh=afresh, module=DESCRIBED)
    while not sleeping.exists():
        assert process.poll() is None
        time.sleep(0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    os.kill(process.pid, 0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM
    assert (process.poll(), process.returncode) == (-signal.SIGTERM, -signal.SIGTERM)
    process.kill()  # it is not there any more: that is no error
    out, err = process.communicate(timeout=10)
    assert json.loads(out or b"")["threads"] == [1, True]  # what was said before the first timeout is kept
    assert err == b""


def test_a_signal_at_once_is_not_lost(tmp_path: Path) -> None:
    for _ in range(10):
        process = start("sleep", tmp_path / "sleeping", module=DESCRIBED)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT
        assert "KeyboardInterrupt" in finish(process)[2]


def test_each_has_its_own_random_numbers() -> None:
    outputs = [finish(start("random", module=DESCRIBED))[1].splitlines()[-1].split() for _ in range(2)]
    assert len(outputs[0]) == 3
    assert set(outputs[0]).isdisjoint(outputs[1])


def test_the_server_ends_with_the_tests() -> None:
    """Killed tests close nothing themselves; their kernel does."""
    code = (
        "import os, signal, time; from tests.production import processes;"
        "process = processes.start('--version'); process.wait();"
        "print(os.getpgrp(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    tests = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, start_new_session=True, check=False
    )
    assert tests.returncode == -signal.SIGKILL
    until = time.monotonic() + 20
    while members(int(tests.stdout)):
        assert time.monotonic() < until
        time.sleep(0.02)


def members(group: int) -> list[str]:
    """The processes of a group that still run."""
    stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
    return [stat[0] for stat in stats if int(stat[2]) == group and stat[0] != "Z"]
