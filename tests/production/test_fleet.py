"""Many env files in one run: bounded memory, no waiting for the dead one, one report."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3probe.sandbox.sandbox import Sandbox
from tests.exhaustive import EXHAUSTIVE
from tests.production import hostile, local
from tests.production.hostile import Interceptor, lone

FEW, MANY = 8, 200 if EXHAUSTIVE else 40
NOISE = 8000
"""Kilobytes by which one and the same run may differ."""
CHECK = ("check", "--mastodon-version", "4.5.9", "--format", "json")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(local.scenario().world) as running:
        yield running


def files(folder: Path, port: int, number: int) -> list[Path]:
    return [local.env_file(folder, port, f"{n:03}.env") for n in range(number)]


def test_a_file_costs_no_more_memory_than_its_report(box: Sandbox, tmp_path: Path) -> None:
    quick = ("check", "--quick", "--jobs", "4", "--format", "json")
    _few, memory_of_few = local.run_measured(*quick, *files(tmp_path, box.http_port, FEW))
    (status, out, _err), memory = local.run_measured(*quick, *files(tmp_path, box.http_port, MANY))
    reports = json.loads(out)["reports"]
    assert (status, len(reports)) == (0, MANY)
    assert [Path(report["subject"]["source"]).name for report in reports] == [f"{n:03}.env" for n in range(MANY)]
    # each report is kept until all are shown, and holds a row of a kilobyte or two for each action
    assert memory - memory_of_few < NOISE + (MANY - FEW) * 200


def test_a_dead_endpoint_delays_nobody(box: Sandbox, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Interceptor(box.http_port) as gate:
        dead = local.env_file(tmp_path, silent.getsockname()[1], "dead.env")
        alive = files(tmp_path, gate.port, 6)
        began = time.monotonic()
        process = local.start(*CHECK, "--deadline", "2", "--jobs", "2", dead, *alive, module=local.HASTY)
        seen: dict[str, float] = {}
        status, out, _err = local.finish(process)
        whole = time.monotonic() - began
        seen = {Path(r["subject"]["source"]).name: r["run"]["seconds"] for r in json.loads(out)["reports"]}
    assert status in (2, 3)
    assert len(seen) == 7
    assert max(seconds for name, seconds in seen.items() if name != "dead.env") < 4
    assert whole < 2 + 10 + 9


def test_a_signal_ends_all_and_leaves_nothing(tmp_path: Path) -> None:
    with Sandbox(local.scenario().world) as box:
        gates: list[Interceptor] = []

        def choose(turn: hostile.Turn) -> None:
            if turn.number == 40:
                process.send_signal(signal.SIGTERM)

        with Interceptor(box.http_port, choose) as gate:
            gates.append(gate)
            process = local.start(*CHECK, "--jobs", "4", *files(tmp_path, gate.port, 12))
            status, out, _err = local.finish(process)
        assert (status, out) == (143, "")
        assert local.ours_in(box) == []


def test_a_bad_file_and_a_hostile_server_stop_no_other(box: Sandbox, tmp_path: Path) -> None:
    with lone(hostile.saying(b"noise")) as evil:
        bad = local.env_file(tmp_path, evil.port, "evil.env")
        good = files(tmp_path, box.http_port, 3)
        process = local.start(*CHECK, "--deadline", "10", "gone.env", bad, *good, module=local.HASTY)
        status, out, err = local.finish(process)
    reports = {Path(r["subject"]["source"]).name: r["verdict"] for r in json.loads(out)["reports"]}
    assert status in (2, 64)
    assert "gone.env does not exist" in err
    assert [reports[f"{n:03}.env"] for n in range(3)] == ["ok"] * 3
    assert reports["evil.env"] in ("failure", "unknown")
