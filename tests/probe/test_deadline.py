"""Deadline and clean-up's time together are all that a run takes, whatever a server does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, default_tools
from s3probe.report.model import Verdict
from s3probe.sandbox.sandbox import Sandbox
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.production import local
from tests.production.hostile import Act, Interceptor, Turn, black_hole, drip, passed

DEADLINE, CLEANING = 1.0, 4.8
BUSY = 1.0
"""Seconds that a busy machine may add."""


def _half(turn: Turn) -> None:
    turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    turn.stopping.wait(60)


def _deaf_to_writes(turn: Turn) -> None:
    (black_hole if turn.writes else passed)(turn)


def test_no_server_holds_a_run(tmp_path: Path) -> None:
    def taken(number: int, act: Act, profile: str) -> tuple[str, float, Verdict]:
        with Interceptor(box.http_port, lambda _turn: act) as gate:
            settings = interpret(load(local.env_file(tmp_path, gate.port, f"{number}.env")))
            options = ProbeOptions(profile, DEADLINE, CLEANING, mastodon_version="4.5.9")
            begun = time.monotonic()
            examined = check(settings, options, default_tools(settings))
            return f"{act.__name__} {profile}", time.monotonic() - begun, examined.report.verdict

    cases = [(act, profile) for act in (black_hole, drip, _half, _deaf_to_writes) for profile in ("full", "quick")]
    with Sandbox(local.scenario().world) as box, ThreadPoolExecutor(len(cases)) as pool:
        ended = list(pool.map(lambda case: taken(case[0], *case[1]), enumerate(cases)))
    assert Verdict.OK not in {verdict for _name, _seconds, verdict in ended}
    assert [row for row in ended if row[1] > DEADLINE + CLEANING + BUSY] == []
