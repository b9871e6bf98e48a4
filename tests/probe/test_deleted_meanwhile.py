"""What is deleted before all else has ended, and what is looked at before an answer is there: nothing is lost by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.probe.client import Meter
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.strangers_elsewhere import LARGEST_RUN
from s3probe.report.model import Verdict
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.scenario import Scenario, custom, healthy, healthy_policy
from tests.runs import OPTIONS, Ran, run, run_once

SECOND = "/without-acl.png"
QUICK = replace(OPTIONS, profile="quick")


class Meddling:
    """Notes the order of calls, and lets ``answer`` stand in place of the storage's."""

    def __init__(self, inner: Transport, answer: Callable[[Call, Callable[[], Answer]], Answer]) -> None:
        self.inner, self.answer = inner, answer
        self.calls: list[Call] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        self.calls.append(call)
        return self.answer(call, lambda: self.inner.send(call, limits))


def meddled(
    scenario: Scenario, answer: Callable[[Call, Callable[[], Answer]], Answer], options: object = OPTIONS
) -> tuple[Ran, list[Call]]:
    made: list[Meddling] = []

    def wrap(way: Transport) -> Transport:
        made.append(Meddling(way, answer))
        return made[0]

    ran = run(scenario, options, wrap=wrap)  # type: ignore[arg-type]  # one of two constants
    return ran, made[0].calls


def deletes(call: Call, key: str) -> bool:
    return call.operation == "DeleteObject" and call.url.endswith(key)


@pytest.mark.parametrize("make", [healthy, custom])
def test_the_first_files_go_while_the_second_one_is_hidden_and_shown(make: Callable[[], Scenario]) -> None:
    def slowly(call: Call, send: Callable[[], Answer]) -> Answer:
        if call.operation == "PutObjectAcl":
            time.sleep(0.3)
        return send()

    ran, calls = meddled(make(), slowly)
    (batch,) = (call for call in calls if call.operation == "DeleteObjects" and b"anonymous-batch" not in call.body)
    shown_again = max(number for number, call in enumerate(calls) if call.operation == "GET" and SECOND in call.url)
    assert calls.index(batch) < shown_again
    assert SECOND.encode() not in batch.body
    assert ran.report.evidence.get(Experiment.DELETE_SECOND) is not None
    assert (ran.named, ran.left, ran.report.evidence.cost.requests <= LARGEST_RUN) == ((), (), True)


def test_where_something_failed_everything_goes_together_and_last() -> None:
    ran = run_once(FAULTS["cors-missing"].scenario())
    assert ran.report.evidence.get(Experiment.DELETE_SECOND) is None
    assert ran.left == ()


def test_a_thorough_run_has_no_room_for_a_deletion_more() -> None:
    ran = run(healthy(), replace(OPTIONS, thorough=True))
    assert ran.report.evidence.get(Experiment.DELETE_SECOND) is None
    assert ran.left == ()


def test_a_second_file_that_is_not_let_go_is_named() -> None:
    def refuses(call: Call, send: Callable[[], Answer]) -> Answer:
        return Answer(403) if deletes(call, SECOND) else send()

    ran, _calls = meddled(healthy(), refuses)
    assert [key.endswith(SECOND) for key in ran.report.evidence.cleanup.left_behind] == [True]


def test_where_deletions_do_nothing_the_second_file_is_not_taken_for_gone() -> None:
    def keeps(call: Call, send: Callable[[], Answer]) -> Answer:
        return Answer(204) if call.operation == "DeleteObject" else send()

    ran, _calls = meddled(healthy(), keeps)
    assert "delete-without-effect" in ran.named
    assert set(ran.left) == set(ran.report.evidence.cleanup.left_behind)


@pytest.mark.parametrize("far", ["the answer", "the deletion"])
def test_a_late_answer_to_a_deletion_is_not_waited_for_and_not_trusted(far: str) -> None:
    """From far away the HEAD is sent meanwhile: 404 is a proof, 200 is none."""

    def late(call: Call, send: Callable[[], Answer]) -> Answer:
        if call.operation != "DeleteObject":
            return send()
        if far == "the answer":
            answer = send()
            time.sleep(0.4)
            return answer
        time.sleep(0.4)
        return send()

    ran, calls = meddled(healthy_policy(), late, QUICK)
    deleted = ran.report.evidence.get(ActionId.DELETE)
    assert deleted is not None
    assert (deleted.outcome, deleted.facts[Fact.GONE]) == (Outcome.OK, "yes")
    heads = [call for call in calls if call.operation == "HeadObject"]
    assert len(heads) == (1 if far == "the answer" else 2)
    assert (ran.report.verdict, ran.left, ran.report.evidence.cleanup.left_behind) == (Verdict.OK, (), ())


def test_a_deletion_that_fails_after_the_file_was_missed_is_a_failure() -> None:
    def fails(call: Call, send: Callable[[], Answer]) -> Answer:
        if call.operation == "DeleteObject":
            time.sleep(0.3)
            return Answer(403)
        return Answer(404) if call.operation == "HeadObject" else send()

    ran, _calls = meddled(healthy_policy(), fails, QUICK)
    assert ran.report.verdict is Verdict.FAILURE


def test_room_is_kept_for_what_is_still_to_be_asked() -> None:
    meter = Meter()
    meter.add("GET", 0, 0)
    meter.expect(["delete", "batch-delete"])
    assert meter.room(5) == 2
    meter.add("DeleteObject", 0, 0, ActionId.DELETE)
    assert meter.room(5) == 2
    meter.expect_nothing()
    assert (meter.room(5), meter.room(1)) == (3, 0)
