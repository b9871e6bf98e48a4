"""What is offered beside the first fix must lead out as well, not into the next failure."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import BucketPolicy, BucketSetting, EnvFix, Finding, Fix, Severity
from s3probe.report.model import Verdict
from s3probe.sandbox.faults import ALL, FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.personality import AclHandling
from s3probe.sandbox.scenario import Scenario, custom, healthy, healthy_policy, public_media, readable
from s3probe.sandbox.world import ACCOUNT, ALL_BLOCKED, Ownership, PublicAccessBlock
from tests.runs import fault_name, run, run_fault


@pytest.mark.parametrize("name", ["bpa-blocks-public-acl", "bpa-account-level-still-on", "iam-missing-putobjectacl"])
def test_sending_no_acl_is_offered_with_the_policy_that_it_needs(name: str) -> None:
    (found,) = [f for f in run_fault(FAULTS[name]).report.findings if f.id == name]
    groups = [[type(fix) for fix in group] for group in found.alternatives]
    assert groups[0] != [EnvFix]
    assert groups[-1][-2:] == [BucketPolicy, EnvFix]


def first_failure(scenario: Scenario) -> Finding:
    return next(one for one in run(scenario).report.findings if one.severity is Severity.FAILURE)


def steps(group: tuple[Fix, ...]) -> list[str]:
    """What is done, in its order, in a word each."""
    said = []
    for fix in group:
        if isinstance(fix, EnvFix):
            said.append(f"{fix.variable}={fix.value}")
        else:
            said.append(fix.value if isinstance(fix, BucketSetting) else fix.kind)
    return said


ACLS, POLICIES = "BlockPublicAcls=false,IgnorePublicAcls=false", "BlockPublicPolicy=false,RestrictPublicBuckets=false"
NEW_BUCKET = healthy_policy().with_bucket(policy=(), block=ALL_BLOCKED).with_env("S3_PERMISSION", None)
"""As AWS makes them: ACLs disabled, and all of Block Public Access on."""
OWN_BUCKET = healthy().with_bucket(policy=public_media(), block=PublicAccessBlock())


@pytest.mark.parametrize(
    ("scenario", "groups"),
    [
        (NEW_BUCKET, [[POLICIES, "bucket-policy", "S3_PERMISSION="], [ACLS, "BucketOwnerPreferred"]]),
        (NEW_BUCKET.with_env("S3_PERMISSION", ""), [[POLICIES, "bucket-policy"]]),
        (readable(NEW_BUCKET.with_bucket(block=PublicAccessBlock())).with_env("S3_PERMISSION", ""),
         [["bucket-policy"]]),
        (NEW_BUCKET.with_env("S3_PERMISSION", "private"),
         [[POLICIES, "bucket-policy", "S3_PERMISSION="], [ACLS, "BucketOwnerPreferred", "S3_PERMISSION=public-read"]]),
        (NEW_BUCKET.with_env("S3_PERMISSION", "private").with_bucket(ownership=Ownership.PREFERRED),
         [[POLICIES, "bucket-policy", "S3_PERMISSION="]]),
        (custom().with_personality(acls=AclHandling.IGNORED), [["bucket-policy", "S3_PERMISSION="]]),
    ],
    ids=["ACLs disabled", "no ACL", "nothing stands before it", "private", "private, with ACLs", "ACLs ignored"],
)  # fmt: skip
def test_a_policy_is_offered_with_what_stands_before_it_and_the_line_it_needs(
    scenario: Scenario, groups: list[list[str]]
) -> None:
    found = first_failure(scenario)
    assert [steps(group) for group in found.alternatives] == groups
    after: Scenario | None = scenario
    for fix in found.first_choice:
        after = apply(after, fix) if after is not None else None
    assert after is not None
    assert run(after).report.verdict is Verdict.OK


@pytest.mark.parametrize("switch", ["BlockPublicAcls", "BlockPublicPolicy"])
def test_where_the_bucket_is_known_to_block_nothing_the_account_is_named(switch: str) -> None:
    about_acls = switch == "BlockPublicAcls"
    block = PublicAccessBlock(about_acls, about_acls, not about_acls, not about_acls)
    scenario = readable(OWN_BUCKET.with_account(block=block))
    scenario = scenario.with_bucket(policy=()) if about_acls else scenario.with_env("S3_PERMISSION", "")
    fix = first_failure(scenario).fixes[0]
    assert isinstance(fix, BucketSetting)
    assert (fix.setting, fix.value) == ("account-public-access-block", ACLS if about_acls else POLICIES)


def test_switches_that_can_be_read_keep_their_value() -> None:
    scenario = readable(healthy().with_bucket(block=PublicAccessBlock(True, True, False, True)))
    fix = first_failure(scenario).fixes[0]
    assert isinstance(fix, BucketSetting)
    assert fix.command.endswith("BlockPublicPolicy=false,RestrictPublicBuckets=true")
    assert fix.note == ""
    (hidden, *_) = first_failure(healthy().with_bucket(block=ALL_BLOCKED)).fixes
    assert isinstance(hidden, BucketSetting)
    assert "write the other two as they are now" in hidden.note


def test_another_acl_than_a_public_one_is_changed_with_what_forbids_it() -> None:
    scenario = healthy().with_bucket(block=ALL_BLOCKED).with_env("S3_PERMISSION", "authenticated-read")
    assert steps(first_failure(scenario).first_choice) == [ACLS, "S3_PERMISSION=public-read"]
    assert steps(first_failure(scenario.with_env("S3_PERMISSION", "public-read")).first_choice) == [ACLS]


def test_what_a_policy_shows_no_other_policy_hides_from_a_suspended_account() -> None:
    for acl, kind in (("private", "manual"), ("public-read", "bucket-setting")):
        (found,) = run(OWN_BUCKET.with_env("S3_PERMISSION", acl)).report.findings
        assert (found.id, found.fixes[0].kind) == ("suspended-media-stays-public", kind)


@pytest.mark.parametrize(("account", "kind"), [("999999999999", "manual"), (ACCOUNT, "bucket-setting")])
def test_only_the_owner_of_a_bucket_is_told_to_close_it(account: str, kind: str) -> None:
    scenario = healthy().with_bucket(acl="public-read", account=account, block=PublicAccessBlock())
    (found,) = [one for one in run(scenario).report.findings if one.id == "bucket-listable-acl"]
    assert [fix.kind for fix in found.fixes] == [kind]


@pytest.mark.parametrize("fault", [f for f in ALL if f.id == "anonymous-write-allowed"], ids=fault_name)
def test_an_open_bucket_is_closed_where_it_was_opened(fault: Fault) -> None:
    (found,) = [f for f in run_fault(fault).report.findings if f.id == fault.id]
    by = [fix.setting for fix in found.fixes if isinstance(fix, BucketSetting)]
    assert by == (["acl"] if fault.variant == "bucket ACL" else ["policy"])


def test_a_right_after_which_visitors_see_nothing_is_not_offered() -> None:
    (found,) = [f for f in run_fault(FAULTS["kms-key-not-allowed"]).report.findings if f.id == "kms-key-not-allowed"]
    assert [fix.kind for fix in found.fixes] == ["bucket-setting"]
