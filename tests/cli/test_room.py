"""How much is done at a time follows from what the limits leave."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path
from typing import Any

import pytest

from s3probe.cli import many
from s3probe.cli.commands import check
from s3probe.cli.console import standard_console
from s3probe.cli.many import Outcomes
from s3probe.cli.room import PLENTY, Room, room
from s3probe.cli.signals import Stop
from tests.cli.support import Cli
from tests.report.samples import evidence


@pytest.mark.parametrize(
    ("space", "files", "requests"),
    [
        (Room(20_000, PLENTY), 64, 16),
        (Room(1_000, PLENTY), 15, 16),  # the usual limit of 1024
        (Room(20_000, 200), 5, 16),
        (Room(250, 100), 2, 16),
        (Room(60, PLENTY), 1, 12),
        (Room(20_000, 16), 1, 6),  # a container's pids limit of 20
        (Room(2, 0), 1, 1),
    ],
)
def test_as_much_as_there_is_room_for(space: Room, files: int, requests: int) -> None:
    assert (space.files_at_a_time(64), space.requests_at_a_time()) == (files, requests)
    assert space.files_at_a_time(1) == 1


def cgroup(folder: Path, most: str, now: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pids.max").write_text(f"{most}\n")
    (folder / "pids.current").write_text(f"{now}\n")


def proc(folder: Path, cgroups: str, *threads: int) -> Path:
    (folder / "self").mkdir(parents=True)
    (folder / "self/cgroup").write_text(cgroups)
    for number, count in enumerate(threads, 1):
        (folder / str(number)).mkdir()
        (folder / f"{number}/status").write_text(f"Name:\tpuma\nThreads:\t{count}\nSigQ:\t0/1\n")
    return folder


def test_the_narrowest_of_the_cgroups_above_counts(tmp_path: Path) -> None:
    top = tmp_path / "cgroup"
    cgroup(top / "system.slice", "100", 30)
    cgroup(top / "system.slice/s3probe.service", "max", 1)
    found = room(proc(tmp_path / "proc", "0::/system.slice/s3probe.service\n"), top)
    assert found.threads == 70


def test_a_container_sees_the_top_alone(tmp_path: Path) -> None:
    top = tmp_path / "cgroup"
    cgroup(top, "20", 3)
    assert room(proc(tmp_path / "proc", "0::/docker/0123abc\n"), top).threads == 17


def test_the_older_controllers(tmp_path: Path) -> None:
    top = tmp_path / "cgroup"
    cgroup(top / "pids/app", "32", 2)
    cgroup(top / "memory/app", "5", 5)  # no limit of threads
    assert room(proc(tmp_path / "proc", "9:memory:/app\n8:pids:/app\n0::/\n"), top).threads == 30


def test_without_a_limit_there_is_plenty(tmp_path: Path) -> None:
    assert room(tmp_path / "proc", tmp_path / "cgroup").threads == PLENTY


def test_what_the_user_runs_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    this = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: this or 1)
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (100, 100))
    there = proc(tmp_path / "proc", "", 20, 25)
    if this == 0:
        for number in (1, 2):
            os.chown(there / str(number), 1, 1)
    assert room(there, tmp_path / "cgroup").threads == 55
    monkeypatch.setattr(os, "getuid", lambda: 0)  # the limit does not bind root
    assert room(there, tmp_path / "cgroup").threads == PLENTY


@pytest.mark.parametrize(
    ("space", "jobs", "workers"), [(Room(150, PLENTY), 2, 16), (Room(40, PLENTY), 1, 7), (Room(20_000, PLENTY), 3, 16)]
)
def test_jobs_adapt(cli: Cli, monkeypatch: pytest.MonkeyPatch, space: Room, jobs: int, workers: int) -> None:
    seen: list[int] = []

    def spied(*args: Any, jobs: int) -> Outcomes:
        seen.append(jobs)
        return many.examine_all(*args, jobs=jobs)

    monkeypatch.setattr(check, "examine_all", spied)
    monkeypatch.setattr(check, "room", lambda: space)
    cli.probe(evidence())
    files = [str(cli.file(f"{number}.env")) for number in range(3)]
    assert cli.run("check", "--jobs", "64", *files)[0] == 0
    assert (seen, {options.workers for options in cli.asked}) == ([jobs], {workers})


def test_files_are_examined_without_threads(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    cli.probe(evidence())
    files = [str(cli.file(f"{number}.env")) for number in range(3)]
    status, out, err = cli.run("check", "--jobs", "3", "--format", "json", *files)
    assert (status, err, out.count('"verdict": "ok"')) == (0, "", 3)


def test_a_file_for_which_there_was_no_room_is_no_bad_file(cli: Cli) -> None:
    def hindered(*_: object) -> Any:
        raise OSError(24, "Too many open files")

    cli.probe(hindered)
    files = [str(cli.file(f"{number}.env")) for number in range(2)]
    status, out, err = cli.run("check", *files)
    assert (status, out) == (3, "")
    assert "may open no more files" in err
    assert "says nothing about your storage" in err
    assert cli.run("check", "--format", "nagios", files[0])[1].startswith("S3PROBE UNKNOWN")
    # its nearest look-alike: a file that is not there
    assert cli.run("check", files[0], "gone.env")[0] == 64


def test_an_error_of_ours_is_still_one(cli: Cli) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("a bug")

    cli.probe(broken)
    cli.file()
    assert cli.run("check")[0] == 70


def test_a_stopped_run_leaves_no_file_waiting() -> None:
    """Once a signal ended the run, no further file is begun."""
    begun: list[object] = []

    def work(file: object, _stop: Stop | None) -> Any:
        begun.append(file)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        many.examine_all([Path(str(n)) for n in range(20)], work, standard_console(), jobs=2)
    assert len(begun) <= 2
