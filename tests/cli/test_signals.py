"""A signal ends a run, whatever it is and wherever in the program it lands."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable

import pytest

from s3probe.cli import main
from s3probe.cli.signals import Interrupted, interruptible
from s3probe.heeded import HEEDED


class Noisy:
    """Its end is the moment at which the signal comes."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        time.sleep(0)  # where Python looks for signals


def work(seconds: float = 5.0) -> None:
    """Goes on until it is interrupted."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.005)


def interrupted_in(*steps: Callable[[], object]) -> Interrupted:
    """How the steps, and the work after them, were interrupted."""
    try:
        with interruptible():
            for step in steps:
                step()
            work()
    except Interrupted as interrupted:
        return interrupted
    raise AssertionError("nothing interrupted the work")


@pytest.mark.parametrize("number", HEEDED, ids=lambda number: number.name)
def test_a_signal_ends_the_run_with_its_own_status(number: signal.Signals) -> None:
    assert interrupted_in(lambda: signal.raise_signal(number)).status == 128 + number


def test_those_that_cannot_be_caught_or_end_nothing_are_left_alone() -> None:
    assert {signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGCHLD, signal.SIGWINCH}.isdisjoint(HEEDED)
    assert {signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGABRT} < set(HEEDED)
    assert {signal.SIGXCPU, signal.SIGVTALRM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM} < set(HEEDED)


def test_a_signal_within_a_destructor_is_not_lost() -> None:
    assert interrupted_in(Noisy, gc.collect).status == 143


def test_a_signal_within_the_callback_of_a_weak_reference_is_not_lost() -> None:
    class Watched:
        pass

    def gone(_reference: weakref.ref[Watched]) -> None:
        signal.raise_signal(signal.SIGUSR1)
        time.sleep(0)

    kept = [Watched()]
    reference = weakref.ref(kept[0], gone)
    assert interrupted_in(kept.clear).status == 128 + signal.SIGUSR1
    assert reference() is None


def test_other_exceptions_of_destructors_are_told_as_ever() -> None:
    heard: list[str] = []
    usual, sys.unraisablehook = sys.unraisablehook, lambda what: heard.append(type(what.exc_value).__name__)

    class Clumsy:
        def __del__(self) -> None:
            raise ValueError("made up")

    try:
        with interruptible():
            Clumsy()
            gc.collect()
        assert heard == ["ValueError"]
    finally:
        sys.unraisablehook = usual


def test_a_second_signal_is_heard_only_when_the_first_was_lost() -> None:
    heard: list[str] = []

    def cleans_up() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
            work()
        finally:
            signal.raise_signal(signal.SIGTERM)
            work(0.05)
            heard.append("the clean-up came to its end")

    assert interrupted_in(cleans_up).status == 143
    assert heard


def test_in_a_program_that_goes_on_the_handlers_are_as_before() -> None:
    before = {number: signal.getsignal(number) for number in HEEDED}
    assert main(["explain", "no-such-finding"]) == 64
    assert {number: signal.getsignal(number) for number in HEEDED} == before


LATE = """
import atexit, os, signal, sys, time
import s3probe.cli
def kill_late():
    os.kill(os.getpid(), signal.SIGUSR2)
    time.sleep(0.01)
class Last:
    def __del__(self):
        kill_late()
sys.last = Last()
atexit.register(kill_late)
def dispatch(args, console):
    if "signal" in sys.argv:
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(5)
    return 0
s3probe.cli.dispatch = dispatch
number = sys.argv.pop()
sys.argv[1:] = ["explain"]
if number == "signal":
    sys.argv.append("signal")
s3probe.cli.entry_point()
"""


@pytest.mark.parametrize(("case", "status"), [("signal", 128 + signal.SIGUSR2), ("none", 0)])
def test_a_signal_while_the_process_ends_does_not_change_its_status(case: str, status: int) -> None:
    ended = subprocess.run([sys.executable, "-c", LATE, case], capture_output=True, check=False, timeout=60)
    assert ended.returncode == status, ended.stderr
