"""What is found hangs on experiments, not on how a server words its refusal."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.sandbox.faults import ALL, FAULTS, credentials, transfer
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.scenario import SCENARIOS
from s3probe.sandbox.wordings import WORDINGS
from tests.exhaustive import in_turn, part
from tests.runs import fault_name, run

TOLD_BY_WORDS = {
    "explicit-deny-policy": "only AWS's sentence tells a Deny from a missing Allow",
    "explicit-deny-policy (source address)": "as above: every request is refused, whoever asks",
    "vpc-endpoint-policy-blocks": "only AWS's sentence names the VPC endpoint",
    "kms-key-not-allowed": "only AWS's sentence names the KMS action",
    "download-cap-exceeded": "without its words a cap on reading is a refusal to read",
    "cors-origin-mismatch": "a bucket with another origin answers like one without a rule",
    "proxy-forwards-authorization-cookies": "only the storage's words on the foreign header show that it arrived",
    "proxy-drops-bucket-name (its own host name)": "only <BucketName> shows what the storage took for the bucket",
}
"""Faults that nothing on the wire but the server's words tells from another, each with its reason."""

_TEXTLESS = [f for f in FAULTS.values() if f.id not in TOLD_BY_WORDS and fault_name(f) not in TOLD_BY_WORDS]


def _found(fault: Fault, wording: str) -> tuple[str, list[str]]:
    """The first finding, and all that are more than a notice beside it."""
    findings = run(WORDINGS[wording](fault.scenario())).report.findings
    others = [f.id for f in findings[1:] if f.severity is not Severity.NOTICE]
    return findings[0].id if findings else "", others


@pytest.mark.parametrize("fault", part(_TEXTLESS, 30), ids=fault_name)
def test_codes_alone_are_enough(fault: Fault) -> None:
    assert _found(fault, "bare") == (fault.id, [])


@pytest.mark.parametrize("wording", part([name for name in WORDINGS if name not in ("bare", "statuses")], 2))
@pytest.mark.parametrize("fault", part(_TEXTLESS, 50), ids=fault_name)
def test_no_words_are_needed(fault: Fault, wording: str) -> None:
    assert _found(fault, wording) == (fault.id, [])


@pytest.mark.parametrize("fault", part([*credentials.FAULTS, *transfer.FAULTS], 30), ids=fault_name)
def test_other_statuses_mean_the_same(fault: Fault) -> None:
    assert _found(fault, "statuses") == (fault.id, [])


@pytest.mark.parametrize(("name", "wording"), in_turn(SCENARIOS, ["bare", "another language"]))
def test_a_healthy_storage_stays_healthy_in_any_words(name: str, wording: str) -> None:
    assert run(WORDINGS[wording](SCENARIOS[name]())).report.verdict == "ok"


def test_what_is_told_by_words_is_a_fault() -> None:
    assert set(TOLD_BY_WORDS) <= {fault_name(f) for f in ALL}
