"""Prints what s3probe costs: start-up, requests and time of a healthy run by latency, peak memory.

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
from pathlib import Path
from statistics import median

from s3probe.sandbox.sandbox import Sandbox
from tests.production.local import env_file, environment, scenario

LATENCIES = (0.0, 0.05, 0.1, 0.2)
ROUND_TRIPS_LIMIT = 12
MEMORY_LIMIT = 80 * 1024
"""KiB."""
REPEATS = 7


def serve(latency: float) -> None:
    """Serves the healthy storage until standard input ends; the first line of the output is its port."""
    with Sandbox(scenario().with_world(latency=latency).world) as box:
        print(box.http_port, flush=True)
        sys.stdin.read()


@contextmanager
def served(latency: float) -> Iterator[int]:
    """The port of a storage in another process."""
    command = [sys.executable, "-m", "tests.benchmarks.bench", "--serve", str(latency)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(10)


def seconds_of(*argv: str) -> float:
    """The median wall time of a command."""

    def once() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, *argv], check=False, env=environment(), capture_output=True)
        return time.perf_counter() - begun

    once()  # fills the caches
    return median(once() for _ in range(REPEATS))


def imported(*argv: str) -> str:
    """``import`` lines for every module of the standard library that a command loads."""
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", *argv], check=False, env=environment(), capture_output=True, text=True
    ).stderr
    names = {line.rpartition("|")[2].strip() for line in shown.splitlines() if line.startswith("import time:")}
    public = sorted(n for n in names if n.split(".")[0] in sys.stdlib_module_names and not n.startswith("_"))
    return "\n".join(f"try:\n    import {name}\nexcept ImportError:\n    pass" for name in public)


def start_up(folder: Path) -> None:
    """Commands that need no network, against what Python itself takes."""
    lint = env_file(folder, 9, "lint.env")
    nothing = seconds_of("-c", "pass")
    print(f"python -c pass                {nothing * 1000:6.0f} ms")
    for argv in (("-m", "s3probe", "--help"), ("-m", "s3probe", "lint", str(lint))):
        modules = folder / "modules.py"
        modules.write_text(imported(*argv))
        own, floor = seconds_of(*argv), seconds_of(str(modules))
        label = " ".join(argv[1:3])
        print(f"{label:<28}  {own * 1000:6.0f} ms   the standard library it imports alone {floor * 1000:.0f} ms")


def check(port: int, folder: Path) -> tuple[float, int, int, str]:
    """Wall seconds, requests, peak KiB and verdict of one healthy check in a process of its own."""
    out = folder / "report.json"
    env = env_file(folder, port)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "s3probe", "check", str(env), "--format", "json", "--output", str(out)],
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    # wait4 gives this child's own peak; the maximum over all children would hold the storage's
    _pid, _status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    report = json.loads(out.read_text())
    return report["run"]["seconds"] or seconds, report["cost"]["requests"], usage.ru_maxrss, report["verdict"]


def healthy_runs(folder: Path) -> None:
    """How a run grows with the latency of the storage."""
    still = 0.0
    for latency in LATENCIES:
        with served(latency) as port:
            runs = [check(port, folder) for _ in range(3)]
        seconds = median(run[0] for run in runs)
        memory = max(run[2] for run in runs)
        still = seconds if not latency else still
        trips = f"{(seconds - still) / latency:5.1f} round trips (limit {ROUND_TRIPS_LIMIT})" if latency else ""
        print(
            f"latency {latency * 1000:3.0f} ms: {seconds:5.2f} s, {runs[0][1]} requests, {runs[0][3]}, "
            f"peak {memory / 1024:.0f} MiB (limit {MEMORY_LIMIT / 1024:.0f})  {trips}"
        )


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(float(sys.argv[2]))
        return
    steps: tuple[Callable[[Path], None], ...] = (start_up, healthy_runs)
    with tempfile.TemporaryDirectory() as folder:
        for step in steps:
            step(Path(folder))


if __name__ == "__main__":
    main()
