"""Prints what s3probe costs: CPU time, round trips and requests of a healthy run by latency, peak memory.

    python -m tests.benchmarks.bench

The storage is a sandbox in a process of its own, so that only the check itself is measured. Nothing here is a
test: figures depend on the machine. LIMITS are what they are held against.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import linear_regression

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario, custom, healthy, healthy_policy
from tests.benchmarks.cpu import print_costs
from tests.benchmarks.long_way import LongWay, longest_chain
from tests.production import local
from tests.production.local import environment

LATENCIES = (0.02, 0.05, 0.1, 0.2)
"""Seconds of a round trip."""
MEMORY_LIMIT = 45 * 1024
"""KiB."""
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Journey:
    """A healthy storage, how it is asked, and the round trips that a run may take, connections included."""

    name: str
    scenario: Scenario
    full: float
    canary: float


def _without_domain(scenario: Scenario) -> Scenario:
    return scenario.with_env("LOCAL_DOMAIN", None)


CASES = {
    "plain": Journey("http, HeadBucket goes first", replace(local.scenario(), env_text=local.env_text(8080)), 10, 6.5),
    "tls": Journey("https", _without_domain(healthy()), 10, 6.5),
    "own": Journey("https, HeadBucket goes first", _without_domain(custom()), 11, 7.5),
    "domain": Journey("https, LOCAL_DOMAIN is set", healthy(), 11, 7.5),
    "alias": Journey("https, LOCAL_DOMAIN and an alias, no ACL", healthy_policy(), 12, 8.5),
}
"""Without TLS there is no provider whose name tells that an upload makes no bucket, so that HeadBucket goes first."""


def serve(case: str) -> None:
    """Serves a case's storage until standard input ends; the first line of the output is its ports and authority."""
    with Sandbox(CASES[case].scenario.world) as box:
        print(box.http_port, box.https_port, box.ca_file, flush=True)
        sys.stdin.read()


@contextmanager
def served(case: str) -> Iterator[tuple[int, int, str]]:
    """The ports of a storage in another process, and the file of its authority."""
    command = [sys.executable, "-m", "tests.benchmarks.bench", "--serve", case]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        http, https, ca_file = process.stdout.readline().split()
        yield int(http), int(https), ca_file
    finally:
        process.stdin.close()
        process.wait(10)


def cpu(folder: Path) -> None:
    """What commands take of the processor."""
    with served("plain") as ports:
        print_costs(folder, ports[0])


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the tool in a process of its own."""

    seconds: float
    """Wall time of the whole process."""
    requests: int
    peak: int
    """KiB."""
    verdict: str


def check(folder: Path, case: str, ports: tuple[int, int, str], *options: str) -> Measured:
    """One healthy check over these ports."""
    out, env = folder / "report.json", folder / "masto.env"
    env.write_text(CASES[case].scenario.env_text)
    env.chmod(0o600)
    argv = ["-m", "tests.benchmarks.far_away", *map(str, ports), "check", str(env), *options]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *argv, "--format", "json", "--output", str(out)],
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    # wait4 gives this child's own peak; the maximum over all children would hold the storage's
    _pid, _status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    report = json.loads(out.read_text())
    return Measured(seconds, report["cost"]["requests"], usage.ru_maxrss, report["verdict"])


def far_check(folder: Path, case: str, ports: tuple[int, int, str], latency: float, *options: str) -> Measured:
    """The same over a long way; the median of several."""
    runs = []
    for _ in range(REPEATS):
        with LongWay(ports[0], latency).open() as http, LongWay(ports[1], latency).open() as https:
            runs.append(check(folder, case, (http.port, https.port, ports[2]), *options))
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def healthy_runs(folder: Path) -> None:
    """How a run grows with the latency of the way: the slope is its round trips, connections included."""
    for name, case in CASES.items():
        with served(name) as ports:
            check(folder, name, ports)  # fills the caches
            for options, limit in (((), case.full), (("--quick",), case.canary)):
                runs = {latency: far_check(folder, name, ports, latency, *options) for latency in LATENCIES}
                trips = linear_regression(list(runs), [run.seconds for run in runs.values()])
                last = runs[LATENCIES[-1]]
                print(
                    f"{case.name}{' --quick' if options else '':<10} {trips.slope:5.1f} round trips (limit {limit:g})  "
                    f"{trips.intercept:.2f} s without any, {last.requests} requests, {last.verdict}, "
                    f"peak {last.peak / 1024:.0f} MiB (limit {MEMORY_LIMIT / 1024:.0f})"
                )


def chain(folder: Path) -> None:
    """What the last request of a run waited for, each step with what it took."""
    latency = 0.1
    for options in ((), ("--quick",)):
        with served("plain") as ports, LongWay(ports[0], latency).open() as way:
            check(folder, "plain", (way.port, ports[1], ports[2]), *options)
            steps = longest_chain(way.exchanges)
        print(f"the longest chain{' of --quick' if options else ''}, in round trips:")
        for step in steps:
            took = (step.ended - step.begun) / latency
            print(f"  {took:4.1f}  {step.what.partition('?')[0][:70]}{', its connection first' if step.fresh else ''}")


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
        return
    steps: tuple[Callable[[Path], None], ...] = (cpu, healthy_runs, chain)
    with tempfile.TemporaryDirectory() as folder:
        for step in steps:
            step(Path(folder))


if __name__ == "__main__":
    main()
