"""Cron: the canary, silence, one mail for one change, no two runs at once."""

from __future__ import annotations

import fcntl
import os
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from s3probe.cli import main
from s3probe.cli.console import Console
from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Evidence
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET
from tests.cli.support import Cli
from tests.exhaustive import EXHAUSTIVE
from tests.production import hostile, local
from tests.production.hostile import Interceptor
from tests.report.samples import ACL_DISABLED, BROKEN, DELETE_DENIED, HEALTHY, UNREACHABLE, evidence

CRON = ("check", "--quick", "--quiet", "--mastodon-version", "4.5.9")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(local.scenario().world) as running:
        yield running


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    return Cli(monkeypatch, capsys, tmp_path)


def test_a_healthy_canary_makes_six_requests_at_most_and_says_nothing(box: Sandbox, tmp_path: Path) -> None:
    assert local.run(*CRON, local.env_file(tmp_path, box.http_port)) == (0, "", "")
    asked = [seen.operation for seen in box.requests]
    assert len(asked) <= 6
    # an upload could make a bucket that is not there
    assert (asked[:2], asked[-2:]) == (["HeadBucket", "PutObject"], ["DeleteObject", "HeadObject"])
    assert [seen.operation for seen in box.requests if not seen.key_id] == ["GetObject"]
    assert box.keys(BUCKET) == ()


def test_trouble_brings_the_whole_examination_in_the_same_run(tmp_path: Path) -> None:
    with Sandbox(local.scenario(denied=("s3:PutObjectAcl",)).world) as box:
        status, out, err = local.run(*CRON, local.env_file(tmp_path, box.http_port))
        assert (status, err) == (2, "")
        assert "iam-missing-putobjectacl" in out or "PutObjectAcl" in out
        assert len(box.requests) > 20
        assert local.ours_in(box) == []


def test_a_canary_that_stumbles_once_is_a_warning_and_stays_a_canary(box: Sandbox, tmp_path: Path) -> None:
    with Interceptor(box.http_port, lambda turn: hostile.reset if turn.number == 1 else None) as gate:
        status, out, _err = local.run(*CRON, local.env_file(tmp_path, gate.port))
    assert status == 0  # a warning: told, and no alarm without --fail-on warning
    assert "S3_RETRY_LIMIT=3" in out
    assert len(box.requests) < 20


def test_no_key_pair_is_never_green(box: Sandbox, tmp_path: Path) -> None:
    file = local.env_file(tmp_path, box.http_port, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    status, out, _err = local.run(*CRON, file)
    assert status in (2, 3)
    assert out


@pytest.mark.parametrize("how", ["state", "quick"])
def test_two_runs_do_not_overlap(box: Sandbox, tmp_path: Path, how: str) -> None:
    argv = ("check", "--state", str(tmp_path / "state")) if how == "state" else ("check", "--quick")
    released = threading.Event()

    def held(turn: hostile.Turn) -> None:
        released.wait(60)
        hostile.passed(turn)

    with Interceptor(box.http_port, lambda _turn: held) as gate:
        file = local.env_file(tmp_path, gate.port, S3_READ_TIMEOUT="60")
        first = local.start(*argv, "--deadline", "60", file)
        try:
            while not gate.turns:
                assert first.poll() is None
                time.sleep(0.01)
            before = len(gate.turns)
            status, out, err = local.run(*argv, file)
            asked = len(gate.turns) - before
        finally:
            released.set()
            ended = local.finish(first)
        assert (status, out) == (3, "")
        assert "Another s3probe is still at work" in err
        assert asked < 8
        assert ended[0] == 0
    assert local.run(*argv, local.env_file(tmp_path, box.http_port))[0] == 0


def test_a_lock_that_a_dead_run_left_does_not_matter(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "state.lock").write_text("")
    file = local.env_file(tmp_path, box.http_port)
    assert local.run("check", "--state", tmp_path / "state", file)[0] == 0


def test_a_lock_that_is_a_link_is_not_followed(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("keep me")
    (tmp_path / "state.lock").symlink_to(tmp_path / "victim")
    status, _out, err = local.run("check", "--state", tmp_path / "state", local.env_file(tmp_path, box.http_port))
    assert status == 64
    assert "state.lock" in err
    assert (tmp_path / "victim").read_text() == "keep me"


def test_the_lock_is_the_kernels(tmp_path: Path) -> None:
    from s3probe.cli.lock import BusyError, hold

    with hold(tmp_path / "l"):
        handle = os.open(tmp_path / "l", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(BusyError), hold(tmp_path / "l"):
            pass
        os.close(handle)
    with hold(tmp_path / "l"):
        pass


STEP = timedelta(minutes=15) if EXHAUSTIVE else timedelta(hours=4)
"""Time between two runs."""


def runs_in(**time: float) -> int:
    """How many runs there are in that time."""
    return timedelta(**time) // STEP


class Week:
    """Runs of cron, :data:`STEP` apart, on a clock of the test."""

    def __init__(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cli = cli
        self.time = datetime(2026, 11, 23, tzinfo=UTC)
        monkeypatch.setattr(Console, "now", lambda _console: self.time)
        cli.file()

    def run(self, seen: Evidence, findings: tuple[Finding, ...] = (), *more: str) -> str:
        """One run, what cron would mail of it, and the time until the next."""
        self.cli.probe(seen, findings)
        _status, out, err = self.cli.run("check", "--quick", "--quiet", "--state", "state", *more)
        self.time += STEP
        return out + err


def test_a_week_of_cron_mails_changes_alone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage of a night, a warning of two days, a moment without a network."""
    week = Week(cli, monkeypatch)
    mails: dict[int, str] = {}
    moment = runs_in(hours=28)
    for number in range(runs_in(days=7)):
        day, within = divmod(number, runs_in(days=1))
        if day == 2 and within < runs_in(hours=8):
            said = week.run(evidence(BROKEN), (ACL_DISABLED,))
        elif day in (4, 5):
            said = week.run(evidence(HEALTHY), (DELETE_DENIED,))
        elif number == moment:
            said = week.run(evidence(UNREACHABLE))
        else:
            said = week.run(evidence(HEALTHY))
        if said:
            mails[number] = said.splitlines()[0]
    assert list(mails) == [moment, moment + 1, *(runs_in(hours=hours) for hours in (48, 56, 96, 144))]
    told = list(mails.values())
    assert told[0].startswith("Newly failing: s3probe could not tell")
    assert told[1].startswith("Recovered after 15 min" if EXHAUSTIVE else "Recovered after 4 h 0 min")
    assert told[2].startswith(f"Newly failing: {ACL_DISABLED.title}")
    assert told[3].startswith("Recovered after 8 h 0 min")
    assert told[4].startswith(f"Newly failing: {DELETE_DENIED.title}")
    assert told[5].startswith("Recovered after 2 d 0 h")


def test_a_reminder_comes_once_a_day(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    week = Week(cli, monkeypatch)
    runs = range(runs_in(days=3))
    said = [n for n in runs if week.run(evidence(BROKEN), (ACL_DISABLED,), "--remind", "24")]
    assert said == [0, runs_in(days=1), runs_in(days=2)]


def test_trouble_that_flaps_is_told_as_it_changes(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    week = Week(cli, monkeypatch)
    chance = random.Random(7)
    before = False
    for _ in range(200 if EXHAUSTIVE else 20):
        broken = chance.random() < 0.3
        said = week.run(evidence(BROKEN if broken else HEALTHY), (ACL_DISABLED,) if broken else ())
        assert bool(said) is (broken is not before)
        before = broken


def test_what_could_not_be_written_is_told_again(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    week = Week(cli, monkeypatch)

    def full(*_: object) -> None:
        from s3probe.cli.errors import UsageError

        raise UsageError("The result cannot be written: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Console, "result", full)
        assert "No space left" in week.run(evidence(BROKEN), (ACL_DISABLED,))
    assert "Newly failing" in week.run(evidence(BROKEN), (ACL_DISABLED,))


def test_machines_read_everything_all_the_same(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    week = Week(cli, monkeypatch)
    for _ in range(3):
        assert week.run(evidence(BROKEN), (ACL_DISABLED,), "--format", "nagios").startswith("S3PROBE CRITICAL")


def test_reminding_needs_a_memory(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--remind", "24"]) == 64
    assert "--state" in capsys.readouterr().err
