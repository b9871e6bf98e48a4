"""Visitors get 403, and Block Public Access is not why: a tenant, a Deny, a suspended owner, Requester Pays."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import BucketSetting, EnvFix, IamAllow, Manual, Severity
from s3probe.evidence.vocabulary import READ_BY_ANYONE, ActionId, Experiment
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import A, C, hidden


def unreadable(start: ExaminedFile = C) -> ExaminedFile:
    """Neither the key nor a visitor may read what the key has uploaded; its ACL lets everyone."""
    closed = start.denied(*(name for name in READ_BY_ANYONE if not name.is_experiment))
    return closed.row(Experiment.READ_ACL, all_users="READ").denied(Experiment.READ_POLICY)


def ids(examined: ExaminedFile) -> list[str]:
    return [found.id for found in examined.findings if found.severity is not Severity.NOTICE]


def test_who_may_read_at_his_own_expense_is_no_owner() -> None:
    paid = unreadable().denied(ActionId.LIST, ActionId.PUT_ACL_PRIVATE).row(Experiment.GET_AS_PAYER)
    assert ids(paid) == ["requester-pays"]
    refused = unreadable().denied(Experiment.GET_AS_PAYER)
    assert "requester-pays" not in ids(refused)


def test_a_suspended_owner_is_told_from_a_suspended_key() -> None:
    code = unreadable().row(ActionId.GET, 403, "UserSuspended").row(ActionId.PUBLIC_GET, 403, "UserSuspended")
    (found,) = code.findings
    assert found.id == "key-disabled-or-account-suspended"
    (fix,) = found.fixes
    assert isinstance(fix, Manual)
    assert "bucket's owner" in fix.text


def test_what_even_the_key_may_not_read_is_denied() -> None:
    assert ids(unreadable()) == ["explicit-deny-policy"]


def test_a_missing_right_hides_nothing_from_visitors() -> None:
    own = C.denied(ActionId.HEAD, ActionId.HEAD_PART, ActionId.GET, ActionId.GET_RANGE, ActionId.PRESIGNED_GET)
    assert ids(own.row(Experiment.READ_ACL, all_users="READ")) == ["iam-missing-getobject"]


def test_a_condition_in_a_policy_that_can_be_read_is_named() -> None:
    read = unreadable().row(Experiment.READ_POLICY, denies_if="s3:GetObject")
    (found,) = (one for one in read.findings if one.severity is not Severity.NOTICE)
    assert found.id == "explicit-deny-policy"
    assert "on a condition" in found.how_known
    put = C.denied(ActionId.PUT_WITH_ACL, Experiment.ACL_PRIVATE, Experiment.PUT_ACL_PRIVATE)
    assert "iam-missing-putobjectacl" not in ids(put.row(Experiment.READ_POLICY, denies_if="s3:Put*"))
    assert ids(put.row(Experiment.READ_POLICY, denies_if="s3:GetObject")) == ["iam-missing-putobjectacl"]


@pytest.mark.parametrize(("status", "code"), [(404, "NoSuchBucket"), (403, "AccessDenied")])
def test_a_bucket_in_a_tenant_is_named_with_it(status: int, code: str) -> None:
    seen = hidden(C).row(ActionId.PUBLIC_GET, status, code).row(Experiment.READ_ACL, tenant="contoso", all_users="READ")
    (found,) = seen.row(Experiment.PUBLIC_TENANT).findings
    assert found.id == "ceph-tenant-prefix"
    (fix,) = found.fixes
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_ALIAS_HOST", "s3.example.net/contoso:files-example")
    assert "ceph-tenant-prefix" not in ids(seen.denied(Experiment.PUBLIC_TENANT))


def test_block_public_access_that_was_read_as_off_is_no_cause() -> None:
    def off(seen: ExaminedFile) -> ExaminedFile:
        granted = seen.row(Experiment.READ_ACL, all_users="READ")
        return granted.row(Experiment.READ_PUBLIC_ACCESS_BLOCK, IgnorePublicAcls="false", BlockPublicAcls="false")

    assert ids(off(hidden(C))) == ["explicit-deny-policy"]
    assert ids(off(hidden(A))) == ["bpa-ignores-public-acls"]  # the account's own


def test_what_was_read_of_block_public_access_is_kept() -> None:
    seen = hidden(C).row(Experiment.READ_ACL, all_users="READ")
    (found,) = seen.row(
        Experiment.READ_PUBLIC_ACCESS_BLOCK,
        IgnorePublicAcls="true",
        BlockPublicAcls="false",
        BlockPublicPolicy="false",
        RestrictPublicBuckets="true",
    ).findings
    (fix,) = found.fixes
    assert isinstance(fix, BucketSetting)
    assert "BlockPublicPolicy=false,RestrictPublicBuckets=true" in fix.command


def test_large_uploads_that_can_be_begun_show_what_blocks_uploads() -> None:
    writes = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, ActionId.MULTIPART_PART)
    begun = C.denied(*writes, Experiment.READ_PUBLIC_ACCESS_BLOCK)
    assert ids(begun) == ["bpa-blocks-public-acl"]
    assert ids(begun.denied(ActionId.MULTIPART_CREATE)) == ["iam-missing-putobject"]


CEPH = {"x-amz-request-id": "tx00000ad0dbd5d2e2bd8f5-006a2f5a1c-1096-default"}


def test_what_limits_the_owner_of_a_bucket_is_one_thing_and_no_policy() -> None:
    """An op-mask, or a sub-user's access."""
    writes = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, ActionId.MULTIPART_CREATE)
    limited = C.denied(*writes, ActionId.DELETE, ActionId.BATCH_DELETE, ActionId.MULTIPART_ABORT)
    ceph = limited.row(ActionId.CLOCK, headers=CEPH)
    (found,) = ceph.row(Experiment.LIST_BUCKETS, names="files-example", count="1").findings
    assert found.id == "iam-missing-putobject"
    (fix,) = found.fixes
    assert isinstance(fix, IamAllow)
    assert fix.command.startswith("radosgw-admin user modify")
    of_another = ceph.row(Experiment.LIST_BUCKETS, names="other", count="1")
    assert "iam-missing-deleteobject" in ids(of_another)
