"""Old versions: what a bucket's own rules do about them, and the fix that the server has."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from s3probe.diagnosis.bucket_fixes import OLD_VERSIONS_RULE
from s3probe.diagnosis.model import BucketSetting, Certainty, Manual
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import A, C

ON = {"x-amz-delete-marker": "true", "x-amz-version-id": "v"}
SUSPENDED = {"x-amz-delete-marker": "true", "x-amz-version-id": "null"}
OLD_ALONE = {"x-amz-expiration": 'expiry-date="Mon, 07 Dec 2026 00:00:00 GMT", rule-id="old ones"'}


def deleted(headers: Mapping[str, str], start: ExaminedFile = A) -> ExaminedFile:
    return start.row(ActionId.DELETE, 204, headers=headers)


def test_a_rule_for_old_versions_ends_the_warning() -> None:
    asked = deleted(ON).row(Experiment.READ_LIFECYCLE, 200, count="1", old_versions="expire")
    assert asked.findings == ()


@pytest.mark.parametrize(("count", "command"), [("0", True), ("2", False)])
def test_a_rule_is_added_to_those_that_the_bucket_has(count: str, command: bool) -> None:
    (found,) = deleted(ON).row(Experiment.READ_LIFECYCLE, 200, count=count, old_versions="stay").findings
    (fix,) = found.fixes
    assert isinstance(fix, BucketSetting)
    assert (fix.setting, bool(fix.command)) == ("lifecycle", command)


def test_who_may_not_read_the_rules_is_told_so() -> None:
    (found,) = deleted(ON).denied(Experiment.READ_LIFECYCLE).findings
    assert (found.id, found.certainty) == ("versioning-delete-markers", Certainty.LIKELY)
    assert "may not read" in found.how_known


@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (400, "InvalidRequest"), (405, "")])
def test_without_lifecycle_rules_versioning_is_suspended(status: int, code: str) -> None:
    none = deleted(ON).row(Experiment.READ_LIFECYCLE, status, code)
    (fix,) = none.findings[0].fixes
    assert isinstance(fix, BucketSetting)
    assert (fix.setting, fix.value) == ("versioning", "Suspended")
    assert "Object Lock" not in fix.note
    (unsure,) = none.denied(Experiment.READ_OBJECT_LOCK).findings[0].fixes
    assert isinstance(unsure, BucketSetting)
    assert "Object Lock" in unsure.note
    locked = none.row(Experiment.READ_OBJECT_LOCK, 200)
    assert isinstance(locked.findings[0].fixes[0], Manual)


def test_suspended_versioning_keeps_no_bytes() -> None:
    assert deleted(SUSPENDED).findings == ()
    by_head = A.row(ActionId.DELETE, 204).row(Experiment.DELETE_GONE, 404, outcome=Outcome.OK, headers=SUSPENDED)
    assert by_head.findings == ()


def test_an_id_without_a_marker_is_no_version() -> None:
    """Garage gives every upload one."""
    uploaded = A.row(ActionId.PUT_WITHOUT_ACL, 200, headers={"x-amz-version-id": "v"})
    assert uploaded.findings == ()
    refused = uploaded.denied(ActionId.DELETE).findings
    assert [found.id for found in refused] == ["iam-missing-deleteobject", "versioning-delete-markers"]


def test_a_marker_without_an_id_is_none() -> None:
    """S3Mock tells of one after every deletion."""
    assert deleted({"x-amz-delete-marker": "true"}).findings == ()


@pytest.mark.parametrize(
    "locked",
    [
        deleted(ON).row(Experiment.READ_OBJECT_LOCK, 200, retention="GOVERNANCE"),
        deleted(ON).row(Experiment.DELETE_OWN_VERSION, 403, "AccessDenied", "forbidden by object lock"),
        deleted(ON).row(
            Experiment.DELETE_OWN_VERSION, 400, "InvalidRequest", "Object is WORM protected and cannot be overwritten"
        ),
    ],
    ids=["read", "Ceph", "MinIO"],
)
def test_a_lock_is_seen_without_the_right_to_read_it(locked: ExaminedFile) -> None:
    (found,) = locked.findings
    assert found.id == "object-lock-prevents-delete"
    (first, *_others) = found.fixes
    assert isinstance(first, BucketSetting)
    assert first.setting == "object-lock"


def test_a_version_that_may_not_be_removed_is_no_lock() -> None:
    refused = deleted(ON).denied(Experiment.DELETE_OWN_VERSION).row(Experiment.READ_OBJECT_LOCK, 200)
    assert [found.id for found in refused.findings] == ["versioning-delete-markers"]


def test_a_rule_for_old_versions_alone_expires_no_media() -> None:
    """Ceph 16 puts x-amz-expiration on files that it keeps."""
    fresh = deleted(ON).row(ActionId.PUT_WITHOUT_ACL, 200, headers=OLD_ALONE)
    told = fresh.row(Experiment.READ_LIFECYCLE, 200, count="1", old_versions="expire", expiring="")
    assert told.findings == ()
    current = fresh.row(Experiment.READ_LIFECYCLE, 200, count="1", old_versions="expire", expiring="old%20ones")
    assert [found.id for found in current.findings] == ["lifecycle-expires-media"]


@pytest.mark.parametrize(
    ("count", "endpoint", "begins"),
    [
        ("", "https://minio.example.net", "mc ilm rule rm --id 'old ones' ALIAS/"),
        ("3", "https://minio.example.net", "mc ilm rule rm --id 'old ones' ALIAS/"),
        ("1", "https://s3.example.net", "aws s3api delete-bucket-lifecycle --bucket "),
        ("2", "https://s3.example.net", "aws s3api get-bucket-lifecycle-configuration --bucket "),
        ("", "https://s3.example.net", "aws s3api get-bucket-lifecycle-configuration --bucket "),
    ],
)
def test_a_rule_is_taken_away_by_a_command_that_takes_no_other_with_it(count: str, endpoint: str, begins: str) -> None:
    file = C.line(f"S3_ENDPOINT={endpoint}").row(ActionId.PUT_WITHOUT_ACL, 200, headers=OLD_ALONE)
    if count:
        file = file.row(Experiment.READ_LIFECYCLE, 200, count=count, expiring="old%20ones", expiring_media="old%20ones")
    found = next(one for one in file.findings if one.id == "lifecycle-expires-media")
    fix = found.fixes[0]
    assert isinstance(fix, BucketSetting)
    assert (fix.value, fix.command[: len(begins)]) == ("old ones", begins)


def test_what_ceph_says_of_expiry_proves_nothing_to_who_may_not_read_the_rules() -> None:
    fresh = deleted(ON, C).denied(Experiment.READ_LIFECYCLE)
    ceph = {"x-amz-request-id": "tx00000ad0dbd5d2e2bd8f5-006a2f5a1c-1096-default"}
    silent = fresh.row(ActionId.PUT_WITHOUT_ACL, 200, headers={**OLD_ALONE, **ceph})
    assert [found.id for found in silent.findings] == ["versioning-delete-markers"]
    elsewhere = fresh.row(ActionId.PUT_WITHOUT_ACL, 200, headers=OLD_ALONE)
    assert "lifecycle-expires-media" in [found.id for found in elsewhere.findings]


def test_the_rule_that_the_fix_puts_into_the_bucket_is_known_by_its_name_at_ceph() -> None:
    ours = {"x-amz-expiration": f'expiry-date="Mon, 07 Dec 2026 00:00:00 GMT", rule-id="{OLD_VERSIONS_RULE}"'}
    ceph = {"x-amz-request-id": "tx00000ad0dbd5d2e2bd8f5-006a2f5a1c-1096-default"}
    unread = deleted(ON, C).denied(Experiment.READ_LIFECYCLE)
    assert unread.row(ActionId.PUT_WITHOUT_ACL, 200, headers={**ours, **ceph}).findings == ()
    before = unread.row(ActionId.PUT_WITHOUT_ACL, 200, headers=ceph)
    (fix,) = before.findings[0].fixes
    assert isinstance(fix, BucketSetting)
    assert f'"ID":"{OLD_VERSIONS_RULE}"' in fix.command
    assert "again" not in fix.note
