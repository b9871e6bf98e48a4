"""The commands that fixes print are what the AWS command line takes, and they do what the fix says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3probe.diagnosis.model import BucketSetting
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from tests.aws_command import read
from tests.runs import TRIED, each_fault, run_fault


def commanded(fault: Fault) -> list[BucketSetting]:
    fixes = [fix for finding in run_fault(fault).report.findings for fix in finding.fixes]
    return [fix for fix in fixes if isinstance(fix, BucketSetting) and fix.command.startswith("aws ")]


def said(fix: BucketSetting, given: dict[str, Any]) -> bool:
    """Whether the values of the command are those of the fix."""
    texts = json.dumps(given, sort_keys=True)
    if fix.value[:1] in ("{", "["):
        return any(
            wanted in texts for wanted in (json.dumps(json.loads(fix.value), sort_keys=True), json.dumps(fix.value))
        )
    if fix.setting.endswith("public-access-block"):
        flags = given["PublicAccessBlockConfiguration"]
        return all(flags[pair.partition("=")[0]] is (pair.endswith("true")) for pair in fix.value.split(","))
    return fix.value in texts


@each_fault(TRIED)
def test_a_printed_command_is_one_and_does_what_the_fix_says(fault: Fault) -> None:
    for fix in commanded(fault):
        operation, given = read(fix.command.replace("<account id>", "111122223333"))
        assert given.get("Bucket", fault.scenario().bucket.name) == fault.scenario().bucket.name
        # a command that only looks leaves the change to the reader, and the note says which
        # and of a rule that is the only one nothing has to be named
        looks = operation.startswith("get-") or operation == "delete-bucket-lifecycle"
        assert said(fix, given) or (looks and fix.value in fix.note), (operation, given, fix)


@each_fault(fault for fault in ALL if fault.id in ("acl-disabled-bucket-owner-enforced", "bucket-listable-policy"))
def test_commands_are_there_to_be_read(fault: Fault) -> None:
    assert commanded(fault)


@pytest.mark.parametrize(
    "command",
    [
        "aws s3apu delete-bucket-policy --bucket b",
        "aws s3api dlete-bucket-polcy --bucket b",
        "aws s3api delete-bucket-policy --bukcet b",
        "aws s3api delete-bucket-policy",
        "aws s3api put-bucket-ownership-controls --bucket b --ownership-controls 'Rules=[{Ownership=A}]'",
        "aws s3api put-public-access-block --bucket b --public-access-block-configuration BlockPublicAcl=false",
        "aws s3api put-bucket-cors --bucket b --cors-configuration '{\"CORSRule\":[]}'",
    ],
)
def test_what_the_command_line_refuses_is_found(command: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read(command)
