"""The tool as a process: whatever ends it, nothing of it stays in the bucket unnamed, and nothing else is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.cli import main
from s3probe.cli.sources import options_for
from s3probe.examination import Selection
from s3probe.knowledge.findings import entry, ids
from s3probe.probe.tools import ProbeOptions
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, SECRET
from tests.exhaustive import EXHAUSTIVE, in_turn, part
from tests.production import hostile, local
from tests.production.hostile import Act, Interceptor, Turn
from tests.production.processes import Process

VERSION = ("--mastodon-version", "4.5.9")
STEPS = range(1, 41) if EXHAUSTIVE else (3, 10, 24)
"""Requests of an examination at which something happens; by default one of them to each signal and each fault."""
LOST = range(1, 41, 3) if EXHAUSTIVE else (3, 10, 24)
"""Requests that get lost; each costs the time that the clean-up waits for it."""
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


class RunningCheck:
    """A process, the sandbox it talks to, and the gate between them."""

    def __init__(self, folder: Path, box: Sandbox) -> None:
        self.folder, self.box = folder, box
        self.process: Process | None = None
        self.choose: Callable[[Turn], Act | None] = lambda _turn: None

    def go(
        self, *argv: str, stdout: int = subprocess.PIPE, module: str = "s3probe", **env: str
    ) -> tuple[int, str, str]:
        with Interceptor(self.box.http_port, self.choose) as gate:
            file = local.env_file(self.folder, gate.port, S3_READ_TIMEOUT="1", **env)
            self.process = local.start("check", *VERSION, *argv, file, stdout=stdout, module=module)
            ended = local.finish(self.process)
        self.turns = gate.turns
        return ended

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    @property
    def left(self) -> list[str]:
        return local.ours_in(self.box)


@contextmanager
def running(folder: Path, *, denied: tuple[str, ...] = (), versioning: bool = False) -> Iterator[RunningCheck]:
    with Sandbox(local.scenario(denied=denied, versioning=versioning).world) as box:
        yield RunningCheck(folder, box)
        assert box.violations == ()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunningCheck]:
    with running(tmp_path) as one:
        yield one


@pytest.mark.parametrize(("number", "step"), in_turn(SIGNALS, STEPS))
def test_a_signal_at_any_step_leaves_nothing(run: RunningCheck, number: signal.Signals, step: int) -> None:
    def choose(turn: Turn) -> None:
        if turn.number == step:
            run.signal(number)

    run.choose = choose
    status, out, err = run.go()
    assert (status, out, run.left) == (SIGNALS[number], "", [])
    assert "Traceback" not in err


@pytest.mark.parametrize("step", part([3, 13, 4, 18], 2))
def test_an_upload_under_way_is_waited_for(run: RunningCheck, step: int) -> None:
    """The signal comes while the request is held up; the storage gets it after the signal."""

    def slowly(turn: Turn) -> None:
        run.signal(signal.SIGTERM)
        turn.pause(0.6)
        hostile.passed(turn)

    run.choose = lambda turn: slowly if turn.number == step else None
    assert (run.go()[0], run.left) == (143, [])


@pytest.mark.parametrize("versioning", [False, True])
def test_the_upload_of_a_canary_is_waited_for(tmp_path: Path, versioning: bool) -> None:
    """A tenth of a second into its only upload, which the main thread waits for."""
    world = local.scenario(versioning=versioning).with_world(slow_writes=0.6)
    world = world.with_user(
        identity=(*world.user.identity, local.allow("s3:DeleteObjectVersion", "s3:ListBucketVersions"))
    )

    def interrupted(turn: Turn) -> None:
        turn.pause(0.1)
        one.signal(signal.SIGTERM)
        hostile.passed(turn)

    with Sandbox(world.world) as box:
        one = RunningCheck(tmp_path, box)
        one.choose = lambda turn: interrupted if turn.number == 1 else None
        status, out, err = one.go("--quick")
        assert (status, out, one.left, local.versions_in(box)) == (143, "", [], [])
        assert "may still arrive" not in err


def test_an_interrupted_run_names_what_may_still_arrive_and_the_next_one_removes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hurried(args: Namespace, selection: Selection) -> ProbeOptions:
        return replace(options_for(args, selection), cleanup_deadline=2)

    monkeypatch.setattr("s3probe.cli.commands.check.options_for", hurried)
    late: list[Turn] = []

    def choose(turn: Turn) -> Act | None:
        if turn.method != "PUT" or late:
            return None
        late.append(turn)
        os.kill(os.getpid(), signal.SIGTERM)
        return hostile.reset

    with Sandbox(local.scenario().world) as box, Interceptor(box.http_port, choose) as gate:
        file, state = local.env_file(tmp_path, gate.port), tmp_path / "state"
        argv = ("check", *VERSION, "--quick", "--state", str(state), str(file))
        status = main(argv)
        err = capsys.readouterr().err
        late[0].ask()
        (key,) = local.ours_in(box)
        assert (status, "may still arrive" in err) == (143, True)
        assert f"delete-object --bucket {BUCKET} --key {key}" in err
        (note,) = tmp_path.glob("state.left-*")
        assert (key in note.read_text(), note.stat().st_mode & 0o777) == (True, 0o600)
        assert main(argv) == 0
        assert (local.ours_in(box), note.exists()) == ([], False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_within_the_clean_up_does_not_stop_it(run: RunningCheck, number: signal.Signals) -> None:
    asked: list[str] = []

    def choose(turn: Turn) -> Act | None:
        if turn.method == "PUT" and turn.header("Authorization"):
            return hostile.reset_after  # nobody knows whether it is there: only the clean-up deletes it
        if turn.method == "DELETE":
            asked.append(turn.target)
            run.signal(number)
        return None

    run.choose = choose
    # what nobody answered is looked for until the clean-up's time is up
    status, _out, _err = run.go(module=local.HASTY)
    assert (status, run.left) == (SIGNALS[number], [])
    assert len(set(asked)) >= 2


def test_a_second_signal_does_not_disturb_the_clean_up(run: RunningCheck) -> None:
    run.choose = lambda turn: run.signal(signal.SIGINT) if turn.number >= 5 else None
    status, _out, err = run.go()
    assert (status, run.left) == (130, [])
    assert "Still removing" in err


PERMISSION = {finding for finding in ids() if entry(finding).category == "permissions"}
FAULTS = (hostile.reset, hostile.reset_after, hostile.slow_down, hostile.black_hole, hostile.black_hole_after)


@pytest.mark.parametrize(("fault", "step"), in_turn(FAULTS, LOST))
def test_one_lost_request_leaves_nothing_unnamed(run: RunningCheck, fault: Act, step: int) -> None:
    run.choose = lambda turn: fault if turn.number == step else None
    status, out, err = run.go("--format", "json", "--deadline", "8", module="tests.production.hasty")
    report = json.loads(out)
    unconfirmed = [name.removesuffix("s") + "Id=" for name in report["cleanup"]["left_behind"]]
    # an upload nobody confirmed is found only by a key that may list uploads, which Mastodon's may not
    assert all(name.startswith(tuple(unconfirmed)) for name in run.left)
    assert all(name.endswith("?uploadId=") for name in unconfirmed)
    assert status in (0, 2, 3), err
    assert not PERMISSION & {finding["id"] for finding in report["findings"]}


def test_a_storage_that_goes_away_for_good_is_told_of_what_stays(run: RunningCheck) -> None:
    run.choose = lambda turn: hostile.reset if turn.number >= 16 else None
    status, out, _err = run.go("--format", "json", "--deadline", "4", module=local.HASTY)
    named = json.loads(out)["cleanup"]["left_behind"]
    assert status in (2, 3)
    assert {name.partition("?")[0] for name in run.left} <= {name.partition("?")[0] for name in named}
    assert run.left


def test_the_clean_up_has_the_seconds_that_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    assert f"the clean-up has {ProbeOptions().cleanup_deadline:.0f} more of its own" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_storage_that_comes_back_within_the_clean_up_is_cleaned(run: RunningCheck) -> None:
    """503 for everything from step 16 on, until the clean-up has been refused a dozen times."""
    refused: list[int] = []

    def choose(turn: Turn) -> Act | None:
        if turn.number < 16 or len(refused) > 30:
            return None
        refused.append(turn.number)
        return hostile.slow_down

    run.choose = choose
    run.go("--deadline", "6")
    assert run.left == []


def test_the_deadline_leaves_nothing(run: RunningCheck) -> None:
    def slowly(turn: Turn) -> None:
        turn.pause(0.1)
        hostile.passed(turn)

    run.choose = lambda _turn: slowly
    status, out, _err = run.go("--deadline", "0.5", "--format", "json")
    assert (status, run.left) == (3, [])
    assert json.loads(out)["verdict"] == "unknown"


DENIED = ("s3:DeleteObject",)


def test_what_may_not_be_deleted_is_named_with_its_command(tmp_path: Path) -> None:
    with running(tmp_path, denied=DENIED) as run:
        status, out, _err = run.go()
        assert (status, len(run.left) > 0) == (2, True)
        for key in run.left:
            assert f"--key {key}" in out


def test_an_interrupted_run_names_what_may_not_be_deleted(tmp_path: Path) -> None:
    with running(tmp_path, denied=DENIED) as run:
        run.choose = lambda turn: run.signal(signal.SIGTERM) if turn.number == 14 else None
        status, _out, err = run.go()
        assert (status, len(run.left) > 0) == (143, True)
        for key in run.left:
            assert f"delete-object --bucket {BUCKET} --key {key}" in err


def test_a_full_disk_leaves_nothing(run: RunningCheck) -> None:
    with Path("/dev/full").open("wb") as full:
        status, _out, err = run.go(stdout=full.fileno())
    assert (status, run.left) == (70, [])
    assert "No space left" in err


def test_a_full_disk_for_the_report_leaves_nothing(run: RunningCheck) -> None:
    status, _out, err = run.go("--output", "/dev/full", "--format", "json")
    assert (status, run.left) == (70, [])
    assert "No space left" in err


def test_a_closed_standard_output_leaves_nothing(run: RunningCheck) -> None:
    with Interceptor(run.box.http_port) as gate:
        file = local.env_file(run.folder, gate.port)
        command = f'"{sys.executable}" -m s3probe check --mastodon-version 4.5.9 "{file}" >&-'
        process = subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, env=local.environment())
        status, _out, err = local.finish(process)
    assert (status, err, run.left) == (0, "", [])


def test_a_reader_that_went_away_leaves_nothing(run: RunningCheck) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    status, _out, err = run.go(stdout=writing)
    os.close(writing)
    assert (status, err, run.left) == (0, "", [])


@pytest.mark.parametrize("may_delete_versions", [True, False])
def test_versions_are_removed_or_named(tmp_path: Path, may_delete_versions: bool) -> None:
    world = local.scenario(versioning=True)
    if may_delete_versions:
        more = local.allow("s3:DeleteObjectVersion", "s3:ListBucketVersions")
        world = world.with_user(identity=(*world.user.identity, more))
    with Sandbox(world.world) as box:
        run = RunningCheck(tmp_path, box)
        _status, out, _err = run.go("--format", "json")
        named = json.loads(out)["cleanup"]["left_behind"]
        versions = local.versions_in(box)
    assert (versions == []) is may_delete_versions
    assert {key for key, _version in versions} == {name.partition("?")[0] for name in named}


@pytest.mark.parametrize("versioning", [False, True])
def test_no_foreign_object_is_read_changed_or_deleted(tmp_path: Path, versioning: bool) -> None:
    foreign = [
        "media_attachments/files/115/000/original/cat.png",
        "media_attachments/files/s3probe/notes.txt",
        "media_attachments/files/s3probe/abcdefghjk",
        "backups/dumps/000/archive.zip",
        "accounts/avatars/1/original/me.png",
        "s3probe/zzzzzzzzzz/x.png",
        "ünïcode and space.png",
    ]
    with running(tmp_path, versioning=versioning) as run:
        for key in foreign:
            run.box.add_object(BUCKET, key, b"somebody's picture", acl="public-read")
        before = local.contents(run.box, foreign)
        assert run.go()[0] in (0, 2)
        assert local.contents(run.box, foreign) == before
        listed = [turn for turn in run.turns if "?" in turn.target and "/s3probe/" not in turn.target.partition("?")[0]]
        touched = [turn for turn in run.turns if turn not in listed]
        assert all("/s3probe/" in turn.target or not turn.writes for turn in touched)
        for turn in run.turns:
            for key in foreign:
                assert f"/{key}" not in turn.target
                assert key.encode() not in turn.body


KILLED_AT = 22
"""By then there are objects and unfinished uploads."""


def kill(run: RunningCheck) -> Path:
    """An examination that ends in the worst way; the env file to sweep with."""
    run.choose = lambda turn: run.signal(signal.SIGKILL) if turn.number == KILLED_AT else None
    assert run.go()[0] == -signal.SIGKILL
    assert any("?uploadId=" in name for name in run.left)
    assert not all("?uploadId=" in name for name in run.left)
    return local.env_file(run.folder, run.box.http_port)


def test_a_killed_probe_is_healed_by_a_sweep(tmp_path: Path) -> None:
    world = local.scenario()
    world = world.with_user(identity=(*world.user.identity, local.allow("s3:ListBucketMultipartUploads")))
    foreign = ["media_attachments/files/s3probe/notes.txt", "media_attachments/files/s3probe/abcdefghjk/a/b.png"]
    with Sandbox(world.world) as box:
        run = RunningCheck(tmp_path, box)
        file = kill(run)
        for key in foreign:
            box.add_object(BUCKET, key, b"mine")
        objects = box.keys(BUCKET)
        assert local.run("sweep", file)[0] == 0
        # all are younger than an hour (the sandbox dates every upload back to 2010)
        assert box.keys(BUCKET) == objects
        status, out, err = local.run("sweep", "--older-than", "0.001", file, afresh=True)
        assert (status, err) == (0, ""), out
        assert sorted(run.left) == sorted(foreign)


def test_a_sweep_says_that_it_may_not_look_for_uploads(run: RunningCheck) -> None:
    status, _out, err = local.run("sweep", "--older-than", "0.001", kill(run))
    assert status == 0
    assert "s3:ListBucketMultipartUploads" in err
    assert run.left != []
    assert all("?uploadId=" in name for name in run.left)


def test_no_secret_is_in_what_the_gate_of_a_visitor_sees(run: RunningCheck) -> None:
    run.go()
    assert not any(SECRET.encode() in turn.head + turn.body for turn in run.turns)


def test_a_storage_that_throttles_everything_is_never_green(run: RunningCheck) -> None:
    run.choose = lambda _turn: hostile.slow_down
    status, out, _err = run.go("--format", "json")
    assert status == 2
    assert "rate-limited-503-slowdown" in out
