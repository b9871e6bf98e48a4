"""Sentences about answers: nobody answers a request that found no host, and a clock is off by so much."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.fixes import duration
from s3probe.diagnosis.model import BucketSetting, Finding, IamAllow
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor
from tests.diagnosis.wire_table import L

KEY = "arn:aws:kms:eu-west-2:123456789012:key/1234abcd"


def of_kms(message: str) -> Finding:
    case = L.denied(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, message=message)
    return next(f for f in diagnose(case.settings, case.evidence) if f.id == "kms-key-not-allowed")


def test_without_a_connection_nobody_answered() -> None:
    seen = Observation(
        ActionId.PUBLIC_GET,
        "",
        "GET",
        Actor.VISITOR,
        Outcome.UNREACHABLE,
        network=NetworkFault.DNS,
        message="a.example does not exist",
    )
    assert words(seen) == "no connection: a.example does not exist"


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 second"), (-90, "90 seconds"), (1200, "20 minutes"), (-7200, "2 hours")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_kms_key_that_is_named_can_be_allowed() -> None:
    told = of_kms(f"User: u is not authorized to perform: kms:GenerateDataKey on resource: {KEY}")
    grant = told.fixes[1]
    assert isinstance(grant, IamAllow)
    assert (grant.actions, grant.resources) == (("kms:GenerateDataKey", "kms:Decrypt"), (KEY,))


def test_no_right_is_invented_for_a_kms_key_that_is_not_named() -> None:
    told = of_kms("User: u is not authorized to perform: kms:GenerateDataKey")
    assert [type(fix) for fix in told.fixes] == [BucketSetting]
