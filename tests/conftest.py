"""Signals as a terminal has them, and figures that tests count up, printed once at the end of a run."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings

from s3probe.cli.defaults import variables
from s3probe.cli.parser import options
from tests.exhaustive import examples
from tests.missing import summary

# how long one example takes says more about what else the machine does than about what is tested
settings.register_profile("s3probe", max_examples=examples(100), deadline=None)
settings.load_profile("s3probe")

HERE = Path(__file__).parent

Tally = Callable[[str, str], None]

_FIGURES: dict[str, Counter[str]] = defaultdict(Counter)
"""By what is counted. Each worker counts its own; in the process that runs them, the sum."""
_SENT = "s3probe_figures"


@pytest.fixture(scope="session", autouse=True)
def heeded_signals() -> Iterator[None]:
    """A shell that runs the tests in the background has these ignored, and every child inherits that."""
    heeded: dict[signal.Signals, Callable[[int, FrameType | None], None] | signal.Handlers] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGQUIT: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in heeded.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs note of what they left is no news to whoever runs the tests, and the other way round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_defaults() -> Iterator[None]:
    """What whoever runs the tests has set for their own runs of ``check`` is nothing to go by here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in variables(options()["check"]):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def tally() -> Tally:
    """``tally(what, result)`` counts one more ``result`` of ``what``."""

    def count(what: str, result: str) -> None:
        _FIGURES[what][result] += 1

    return count


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three more than there are cores: some tests wait for a deadline, and others can use that time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 3


def pytest_collection(session: pytest.Session) -> None:
    """Each worker first loads a share of the tests, and writes their bytecode: the others then need not compile it.

    pytest rewrites every assertion. In a fresh clone that is more than half of what collecting takes, in each worker.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode:
        return
    number, workers = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in sorted(HERE.rglob("test_*.py"))[number::workers]:
        importlib.import_module(".".join(path.relative_to(HERE.parent).with_suffix("").parts))


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Ceph's gateway, for whom a cluster takes seconds to start: its tests are neighbours."""
    from tests.lab import running
    from tests.lab.server import NotInstalledError
    from tests.missing import reason

    try:
        with running.running(tmp_path_factory.mktemp("ceph")) as server:
            yield server
    except NotInstalledError:
        pytest.skip(reason(*running.MISSING))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Neighbours are run by one worker, one after the other, so that what they share is made once."""
    places: dict[str, int] = {}

    def place(item: pytest.Item) -> int:
        mark = item.get_closest_marker("neighbours")
        return places.setdefault(mark.args[0] if mark else str(item.path), len(places))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was loaded until now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its figures over."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SENT] = {what: dict(counted) for what, counted in _FIGURES.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Adds the figures of a worker that has ended."""
    for what, counted in getattr(node, "workeroutput", {}).get(_SENT, {}).items():
        _FIGURES[what].update(counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, counted in _FIGURES.items():
        parts = ", ".join(f"{number} {result}" for result, number in counted.most_common())
        terminalreporter.write_line(f"{what}: {counted.total()} ({parts})")
    if named := os.environ.get("S3PROBE_FAILED"):  # for .ci/run, which tries a few of them once more
        failed = [report.nodeid for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, ())]
        Path(named).write_text("".join(f"{name}\n" for name in dict.fromkeys(failed)), encoding="utf-8")
    # with several processes the workers' reports arrive here all the same
    skipped = terminalreporter.stats.get("skipped", ())
    terminalreporter.write_line(summary(str(report.longrepr) for report in skipped))
