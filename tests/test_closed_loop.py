"""s3probe's own first fix mends every fault it names: put in, named, mended, healthy."""

from __future__ import annotations

import pytest

from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from tests.runs import fault_name, healthy, mend, run, run_fault, to_mend

ADVICE_ONLY: dict[str, str] = {}
"""Faults whose first fix no program can apply, each with its reason. The tests hold this list to be exact."""


def _mended(fault: Fault) -> str:
    """``healthy``, or what stands in the way after as many rounds as there are faults (one)."""
    scenario, ran = fault.scenario(), run_fault(fault)
    for finding in to_mend(ran.report):
        mended = mend(scenario, finding)
        if mended is None:
            return f"advice only: {finding.id}"
        scenario = mended
    after = run(scenario)
    return "healthy" if healthy(after.report) else f"still {after.report.verdict}: {', '.join(after.named)}"


@pytest.mark.parametrize("fault", [f for f in ALL if fault_name(f) not in ADVICE_ONLY], ids=fault_name)
def test_the_first_fix_makes_the_storage_healthy(fault: Fault) -> None:
    assert _mended(fault) == "healthy"


@pytest.mark.parametrize("fault", [f for f in ALL if fault_name(f) in ADVICE_ONLY], ids=fault_name)
def test_these_need_a_person(fault: Fault) -> None:
    assert _mended(fault).startswith("advice only")


def test_the_list_of_exceptions_names_real_faults() -> None:
    assert set(ADVICE_ONLY) <= {fault_name(f) for f in ALL}
