"""Another clock, from end to end: the storage's own time is read, tried, and ends the fault."""

from __future__ import annotations

import pytest

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from tests.runs import fault_name, run_fault

SKEWED = [fault for fault in ALL if fault.id == "clock-skew"]


@pytest.mark.parametrize("fault", SKEWED, ids=fault_name)
def test_the_storages_time_is_tried_and_ends_the_fault(fault: Fault) -> None:
    ran = run_fault(fault)
    evidence = ran.report.evidence
    clock, tried = evidence.get(ActionId.CLOCK), evidence.get(Experiment.CLOCK)
    assert clock is not None
    assert tried is not None
    assert clock.outcome is Outcome.WRONG
    assert abs(float(clock.facts[Fact.SKEW])) == pytest.approx(20 * 60, abs=5)
    assert tried.ok
    assert ran.named == ("clock-skew",)
    assert "(with the server's own time in the signature) was answered 200" in ran.report.findings[0].how_known
    assert ran.left == ()
