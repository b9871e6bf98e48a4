"""Steps side by side: what waits for what, what the deadline does, where exceptions end up."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from s3probe.probe.schedule import Step, run_steps

FOREVER: Callable[[], float] = lambda: 60.0  # noqa: E731  a constant clock reads best as one line


def ours() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("s3probe-")]


def gone() -> bool:
    """Whether the workers have ended; they were told to, and only have to wake up."""
    for thread in ours():
        thread.join(5)
    return not ours()


def test_a_step_waits_for_what_it_names() -> None:
    order: list[str] = []
    steps = [
        Step("c", lambda: order.append("c"), after=("b",)),
        Step("b", lambda: order.append("b"), after=("a",)),
        Step("a", lambda: order.append("a")),
    ]
    assert run_steps(steps, workers=4, remaining=FOREVER)
    assert order == ["a", "b", "c"]


def test_steps_that_need_nothing_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=5)
    assert run_steps([Step(str(n), together.wait) for n in range(3)], workers=3, remaining=FOREVER)


def test_a_need_that_is_not_in_the_list_holds_nobody_up() -> None:
    ran: list[int] = []
    assert run_steps([Step("a", lambda: ran.append(1), after=("elsewhere",))], workers=1, remaining=FOREVER)
    assert ran == [1]


def test_one_worker_is_enough() -> None:
    ran: list[str] = []
    steps = [Step(n, lambda n=n: ran.append(n)) for n in "abcdef"]  # type: ignore[misc]  # mypy cannot type a lambda's default
    assert run_steps(steps, workers=1, remaining=FOREVER)
    assert ran == list("abcdef")


def test_no_steps_are_done_at_once() -> None:
    assert run_steps([], workers=2, remaining=FOREVER)
    assert gone()


def test_when_the_time_is_up_nothing_new_begins_and_nobody_waits() -> None:
    hold, ran = threading.Event(), []
    left = iter([1.0] + [-2.0] * 1000)
    steps = [Step("slow", lambda: hold.wait(10)), Step("never", lambda: ran.append(1), after=("slow",))]
    assert run_steps(steps, workers=2, remaining=lambda: next(left)) is False
    hold.set()
    assert gone()
    assert ran == []


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("kind", [BrokenError, KeyboardInterrupt])
def test_the_first_exception_is_raised_to_the_caller(kind: type[BaseException]) -> None:
    ran: list[int] = []

    def fail() -> None:
        raise kind

    with pytest.raises(kind):
        run_steps([Step("a", fail), Step("b", lambda: ran.append(1), after=("a",))], workers=2, remaining=FOREVER)
    assert ran == []
    assert gone()


def test_no_thread_is_left() -> None:
    assert run_steps([Step("a", lambda: None)], workers=8, remaining=FOREVER)
    assert gone()
