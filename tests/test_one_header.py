"""A store that does not know the SDK's checksums refuses uploads, downloads and batch deletions: one cause."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import EnvFix
from s3probe.sandbox.faults.model import Change
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.providers import refuse_checksums
from s3probe.sandbox.scenario import custom
from tests.runs import run

_TEXT = ErrorText(400, "InvalidArgument", "Unsupported header received for this API call.")
UPLOADS = refuse_checksums(_TEXT)
DOWNLOADS = (Refusal(_TEXT, ("GetObject", "HeadObject"), "x-amz-checksum-mode"),)
BATCHES = (Refusal(_TEXT, ("DeleteObjects",), "x-amz-checksum-*"),)


def refusing(*refusals: Refusal) -> Change:
    return lambda s: s.with_personality(refusals=(*s.world.personality.refusals, *refusals))


@pytest.mark.parametrize("trials", [False, True])
def test_three_refusals_of_one_header_are_one_cause(trials: bool) -> None:
    ran = run(refusing(*UPLOADS, *DOWNLOADS, *BATCHES)(custom()), trials=trials)
    assert ran.named == ("checksum-header-unsupported",)
    (found,) = [one for one in ran.report.findings if one.id in ran.named]
    lines = {fix.variable: fix.value for fix in found.first_choice if isinstance(fix, EnvFix)}
    assert lines == {
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
    }
    assert "Deleting many files at once is refused for the same header, and no line changes that" in found.remark
    assert ran.left == ()


def test_what_is_taken_elsewhere_needs_no_line() -> None:
    ran = run(refusing(*UPLOADS)(custom()), trials=True)
    (found,) = [one for one in ran.report.findings if one.id == "checksum-header-unsupported"]
    assert [getattr(fix, "variable", "") for fix in found.first_choice] == ["AWS_REQUEST_CHECKSUM_CALCULATION"]
    assert "Deleting" not in found.remark


def test_a_batch_deletion_that_is_refused_alone_is_a_failure_of_its_own() -> None:
    assert run(refusing(*BATCHES)(custom())).named == ("delete-md5-required",)
