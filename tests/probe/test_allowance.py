"""A run asks no more than its plan says, whatever it meets; what it uploaded is removed all the same."""

from __future__ import annotations

from dataclasses import replace

from s3probe.probe.allowance import Allowance, Hearing
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.model import Verdict
from s3probe.sandbox.scenario import healthy
from tests.runs import OPTIONS, run


def test_requests_are_counted_down() -> None:
    allowance = Allowance(2)
    assert [allowance.take() for _ in range(3)] == ["", "", "the 2 requests that it may make are used up"]


def test_what_was_heard_counts_for_all_who_listen() -> None:
    hearing = Hearing(2 * 1024**2)
    first, second = Allowance(10, hearing), Allowance(10, hearing)
    assert first.take() == second.take() == ""
    hearing.add(2 * 1024**2)
    assert first.take() == second.take() == "the 2 MiB of answers that one run may read are used up"


def test_a_run_that_has_used_up_its_requests_stops_and_removes_what_it_made() -> None:
    ran = run(healthy(), replace(OPTIONS, requests=20))
    evidence = ran.report.evidence
    assert not evidence.run.complete
    assert ran.report.verdict is Verdict.UNKNOWN
    reasons = {row.reason for row in evidence.observations if row.reason}
    assert "the 20 requests that it may make are used up" in reasons
    assert ran.left == ()
    assert evidence.cleanup.created == evidence.cleanup.removed > 0


class Talkative:
    """A storage whose answers are as long as one answer may be."""

    def __init__(self, way: Transport) -> None:
        self._way = way

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._way.send(call, limits)
        return replace(answer, body=answer.body + b" " * (limits.body - len(answer.body)))


def test_a_storage_that_talks_without_end_is_heard_to_the_bound() -> None:
    ran = run(healthy(), wrap=Talkative)
    assert ran.report.evidence.cost.bytes_received <= 2 * (32 + 16) * 1024**2
    assert ran.left == ()
