"""Deadline and clean-up's time together are all that a run takes, whatever a server does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s3probe.cli.parser import parse
from s3probe.cli.sources import options_for
from s3probe.evidence.observations import NetworkFault
from s3probe.examination import EVERYTHING, check
from s3probe.probe.cleanup import LAST_LOOK
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.tools import Clock, ProbeOptions, Tools, default_tools
from s3probe.report.model import Verdict
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.production import local
from tests.production.hostile import Act, Interceptor, Turn, black_hole, drip, passed
from tests.runs import settings_of

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


@pytest.mark.parametrize(("late", "cleaning"), [(0.0, 7.0), (2.5, 4.5), (9.0, 3.0)])
def test_a_slow_start_takes_from_the_clean_up_but_not_all(late: float, cleaning: float) -> None:
    """By a clock of its own: the upload takes the whole deadline, and is looked for until the last look."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += max(seconds, 0.01)

    class Hanging:
        def send(self, call: Call, _limits: Limits) -> Answer:
            if call.method != "PUT":
                return Answer(404)
            now[0] = 1005.0
            return Answer(fault=NetworkFault.READ_TIMEOUT, seconds=5.0)

    settings = settings_of(healthy())
    clock = Clock(monotonic=lambda: now[0], sleep=sleep)
    options = ProbeOptions("quick", 5.0, 10.0, begun=1000.0 - late, mastodon_version="4.5.9")
    check(settings, options, Tools(Hanging(), clock))
    assert now[0] == pytest.approx(1005.0 + cleaning - LAST_LOOK, abs=0.3)


def test_the_time_counts_from_the_start_of_the_process_where_one_file_is_there_at_once() -> None:
    def begun(*files: str) -> float | None:
        args = parse(["check", *files])
        args.begun = 12.5
        return options_for(args, EVERYTHING).begun

    assert [begun(), begun("a.env")] == [12.5, 12.5]
    assert [begun("-"), begun("a.env", "b.env")] == [None, None]
