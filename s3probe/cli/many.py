"""Several env files side by side: results in the given order, and one bad file stops no other."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence

from s3probe import __version__
from s3probe.cli.console import Console
from s3probe.cli.errors import advised, bug_report
from s3probe.cli.signals import Stop, interruption
from s3probe.cli.sources import EnvFile, name_of
from s3probe.examination import Examined
from s3probe.hindrance import hindrance
from s3probe.records import dataclass
from s3probe.report.formats import Unexamined

_CLEANED_UP = 3600.0
"""Seconds: longer than any clean-up, each of which has a deadline of its own."""

_COLLECTED = 700, 10, 10
"""Python's own: the more files, the more there is to collect, while a single one is done before (``__main__``)."""

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
    if len(files) > 1:
        gc.set_threshold(*_COLLECTED)
    if len(files) == 1 or jobs == 1:
        return _sorted_out([_attempt(file, work, None, console) for file in files])
    from s3probe.probe.schedule import Crew, Step, run_steps

    stop, crew = Stop(), Crew()
    results: dict[int, Examined | Unexamined | _Bug] = {}

    def attempt(number: int) -> None:
        results[number] = _attempt(files[number], work, stop, console)

    steps = [Step(str(number), lambda number=number: attempt(number)) for number in range(len(files))]  # type: ignore[misc]  # mypy cannot type a lambda's default
    try:
        run_steps(steps, workers=jobs, remaining=lambda: math.inf, crew=crew)
    except BaseException:
        # signals reach this thread alone: the others are told, and clean up
        stop.ask()
        crew.wait(_CLEANED_UP)
        raise
    return _sorted_out([results[number] for number in sorted(results)])


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
        if interruption(error) is not None:
            raise
        told = advised(error)
        if told is None:
            console.say(bug_report(error, console.clean, __version__))
            return _Bug(Unexamined(name_of(file), f"a bug in s3probe ({type(error).__name__})"))
        console.trouble(*told)
        return Unexamined(name_of(file), console.clean(told[0]), hindered=bool(hindrance(error)))


def _sorted_out(results: Sequence[Examined | Unexamined | _Bug]) -> Outcomes:
    missed = [result.missed if isinstance(result, _Bug) else result for result in results]
    return Outcomes(
        tuple(result for result in results if isinstance(result, Examined)),
        tuple(result for result in missed if isinstance(result, Unexamined)),
        any(isinstance(result, _Bug) for result in results),
    )
