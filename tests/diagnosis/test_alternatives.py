"""What is offered beside the first fix must lead out as well, not into the next failure."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import BucketPolicy, BucketSetting, EnvFix
from s3probe.sandbox.faults import ALL, FAULTS
from s3probe.sandbox.faults.model import Fault
from tests.runs import fault_name, run_fault


@pytest.mark.parametrize("name", ["bpa-blocks-public-acl", "bpa-account-level-still-on", "iam-missing-putobjectacl"])
def test_sending_no_acl_is_offered_with_the_policy_that_it_needs(name: str) -> None:
    (found,) = [f for f in run_fault(FAULTS[name]).report.findings if f.id == name]
    groups = [[type(fix) for fix in group] for group in found.alternatives]
    assert groups[0] != [EnvFix]
    assert groups[-1] == [BucketPolicy, EnvFix]


@pytest.mark.parametrize("fault", [f for f in ALL if f.id == "anonymous-write-allowed"], ids=fault_name)
def test_an_open_bucket_is_closed_where_it_was_opened(fault: Fault) -> None:
    (found,) = [f for f in run_fault(fault).report.findings if f.id == fault.id]
    by = [fix.setting for fix in found.fixes if isinstance(fix, BucketSetting)]
    assert by == (["acl"] if fault.variant == "bucket ACL" else ["policy"])


def test_a_right_after_which_visitors_see_nothing_is_not_offered() -> None:
    (found,) = [f for f in run_fault(FAULTS["kms-key-not-allowed"]).report.findings if f.id == "kms-key-not-allowed"]
    assert [fix.kind for fix in found.fixes] == ["bucket-setting"]
