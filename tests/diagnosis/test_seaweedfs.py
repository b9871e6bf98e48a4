"""SeaweedFS: what opens a bucket is told by what strangers see, and closed by what opened it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import BucketSetting, Finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ObservationId
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import C

PLAIN = C.line("S3_PERMISSION=")
SEAWEED = {"server": "SeaweedFS 30GB 4.44"}
NONE = (404, "NoSuchBucketPolicy", "The bucket policy does not exist")


def seaweed() -> ExaminedFile:
    """A bucket without a policy, opened by its ACL or by the identity anonymous; nobody may read the ACL."""
    start = PLAIN.row(ActionId.REACH_ENDPOINT, 403, "AccessDenied", outcome=Outcome.OK, headers=SEAWEED)
    start = start.row(Experiment.READ_POLICY, *NONE, outcome=Outcome.WRONG).denied(Experiment.BUCKET_ACL)
    return start.row(ActionId.PUBLIC_LIST, 200, outcome=Outcome.WRONG, listing="open")


def refused(examined: ExaminedFile, *names: ActionId) -> ExaminedFile:
    for name in names:
        examined = examined.row(name, 403, "AccessDenied", outcome=Outcome.OK)
    return examined


def slow(examined: ExaminedFile, *names: ObservationId) -> ExaminedFile:
    taking: dict[ObservationId, Observation] = {name: replace(examined.rows[name], seconds=1.2) for name in names}
    return replace(examined, rows={**examined.rows, **taking})


def command(found: Finding) -> str:
    (fix,) = found.fixes
    assert isinstance(fix, BucketSetting)
    return fix.command


def test_an_acl_opens_the_listing_alone_and_is_closed_after_a_policy() -> None:
    closed = (ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_POLICY)
    (found,) = refused(seaweed(), *closed).findings
    assert found.id == "bucket-listable-acl"
    policy, _and, acl = command(found).partition(" && ")
    assert "put-bucket-policy" in policy
    assert "put-bucket-acl --bucket files-example --acl private" in acl


def test_the_identity_anonymous_opens_more_and_loses_its_rights() -> None:
    opened = seaweed().row(ActionId.PUBLIC_UPLOADS, 200, outcome=Outcome.WRONG, listing="open")
    (found,) = opened.row(ActionId.PUBLIC_POLICY, *NONE, outcome=Outcome.OK).findings
    assert found.id == "bucket-listable-policy"
    assert "-user anonymous -buckets files-example" in command(found)
    assert "-delete" in command(found)


@pytest.mark.parametrize("quick", [True, False])
def test_one_slow_upload_is_a_store_that_wakes_up(quick: bool) -> None:
    others = () if quick else (ActionId.PUT_WITH_ACL, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)
    seen = slow(PLAIN.row(Experiment.PUT_UNANNOUNCED), ActionId.PUT_WITHOUT_ACL, *others)
    assert ("expect-100-continue-stalls" in [found.id for found in seen.findings]) is not quick
