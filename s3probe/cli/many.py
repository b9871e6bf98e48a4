"""Several env files side by side: results in the given order, and one bad file stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from s3probe import __version__
from s3probe.cli.console import Console
from s3probe.cli.errors import advised, bug_report
from s3probe.cli.signals import Stop
from s3probe.cli.sources import EnvFile, name_of
from s3probe.examination import Examined
from s3probe.report.formats import Unexamined

Work = Callable[[EnvFile, Stop | None], Examined]
"""Examines one file; told to stop when it runs beside others."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the files."""

    examined: tuple[Examined, ...]
    unexamined: tuple[Unexamined, ...]
    bug: bool
    """At least one file met a bug of s3probe."""


def examine_all(
    files: Sequence[EnvFile],
    work: Work,
    console: Console,
    *,
    jobs: int,
) -> Outcomes:
    """Runs ``work`` on every file. A single file runs in this thread, where signals arrive."""
    if len(files) == 1 or jobs == 1:
        return _sorted_out([_attempt(file, work, None, console) for file in files])
    stop = Stop()
    pool = ThreadPoolExecutor(min(jobs, len(files)), thread_name_prefix="env-file")
    try:
        futures = [pool.submit(_attempt, file, work, stop, console) for file in files]
        results = [future.result() for future in futures]
    except BaseException:
        # signals reach this thread alone: the others are told, and clean up
        stop.ask()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return _sorted_out(results)


@dataclass(frozen=True, slots=True)
class _Bug:
    missed: Unexamined


def _attempt(
    file: EnvFile,
    work: Work,
    stop: Stop | None,
    console: Console,
) -> Examined | Unexamined | _Bug:
    try:
        return work(file, stop)
    except Exception as error:
        told = advised(error)
        if told is None:
            console.say(bug_report(error, console.clean, __version__))
            return _Bug(Unexamined(name_of(file), f"a bug in s3probe ({type(error).__name__})"))
        console.trouble(*told)
        return Unexamined(name_of(file), console.clean(told[0]))


def _sorted_out(results: Sequence[Examined | Unexamined | _Bug]) -> Outcomes:
    missed = [result.missed if isinstance(result, _Bug) else result for result in results]
    return Outcomes(
        tuple(result for result in results if isinstance(result, Examined)),
        tuple(result for result in missed if isinstance(result, Unexamined)),
        any(isinstance(result, _Bug) for result in results),
    )
