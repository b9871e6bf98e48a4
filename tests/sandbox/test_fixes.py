"""The first fix of a finding, carried out in the sandbox, fixes what the fault broke."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest

from s3probe.diagnosis.model import BucketPolicy, BucketSetting, EnvFix, Fix, IamAllow, Manual, ServerFix
from s3probe.sandbox.env_text import get_env, quoted, set_env
from s3probe.sandbox.faults import ALL, FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.scenario import SCENARIOS, SECRET, public_media
from s3probe.settings.dotenv import parse
from tests.every import every
from tests.runs import run_fault, to_fix

_BUCKET_ARN = "arn:aws:s3:::files-example"


@pytest.mark.parametrize(
    ("fault_id", "fix"),
    [
        ("bpa-blocks-public-acl", BucketSetting(
            "public-access-block",
            "BlockPublicAcls=false,IgnorePublicAcls=false,BlockPublicPolicy=true,RestrictPublicBuckets=true")),
        ("bpa-account-level-still-on", BucketSetting(
            "account-public-access-block", "BlockPublicAcls=false,IgnorePublicAcls=false")),
        ("public-policy-missing", BucketPolicy(public_media()[0].to_json())),
        ("bucket-listable-policy", BucketSetting("policy-remove-sid", "PublicList")),
        ("archive-dumps-world-readable", BucketSetting("policy", json.dumps(
            {"Version": "2012-10-17", "Statement": [public_media()[0].to_json()]}))),
        ("bucket-listable-acl", BucketSetting("acl", "private")),
        ("kms-key-not-allowed", BucketSetting("encryption", "AES256")),
        ("requester-pays", BucketSetting("request-payment", "BucketOwner")),
        ("versioning-delete-markers", BucketSetting("versioning", "Suspended")),
        ("cors-missing", BucketSetting("cors", json.dumps({"CORSRules": [
            {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "HEAD"], "MaxAgeSeconds": 3000}]}))),
        ("clock-skew", ServerFix("clock", "timedatectl set-ntp true")),
        ("tls-certificate-bad", ServerFix("ca", "SSL_CERT_FILE=/path/to/ca.pem")),
        ("tls-certificate-bad", ServerFix("certificate", "s3.nl-ams.example.net")),
        ("wrong-secret-key", EnvFix("AWS_SECRET_ACCESS_KEY", "<secret>", secret=True)),
        ("wrong-access-key-id", EnvFix("AWS_ACCESS_KEY_ID", "<key id>")),
        ("nosuchbucket-typo", EnvFix("S3_BUCKET", "<bucket>")),
        ("region-wrong-aws-regional-endpoint", EnvFix("S3_REGION", "eu-west-2", line=7)),
        ("endpoint-without-scheme", EnvFix("S3_ENDPOINT", "https://s3.nl-ams.example.net")),
        ("env-misspelt-other-names", EnvFix("S3_BUCKET", "files-example", line=6)),
    ],
)  # fmt: skip
def test_the_fix_restores_the_healthy_scenario(fault_id: str, fix: Fix) -> None:
    fault = FAULTS[fault_id]
    assert apply(fault.scenario(), fix) == fault.base()


def test_iamallow_adds_a_statement() -> None:
    fixed = apply(FAULTS["iam-missing-listbucket"].scenario(), IamAllow(("s3:ListBucket",), (_BUCKET_ARN,)))
    assert fixed is not None
    assert fixed.user.identity[-1].actions == ("s3:ListBucket",)


def test_ownership_can_be_switched() -> None:
    fixed = apply(
        FAULTS["acl-disabled-bucket-owner-enforced"].scenario(), BucketSetting("object-ownership", "ObjectWriter")
    )
    assert fixed is not None
    assert fixed.bucket.ownership == "ObjectWriter"


@pytest.mark.parametrize("fix", [Manual("Ask them"), ServerFix("kernel", ""), BucketSetting("lifecycle", "{}")])
def test_advice_alone_changes_nothing(fix: Fix) -> None:
    assert apply(SCENARIOS["healthy"](), fix) is None


_NETWORK = [fault for fault in ALL if fault.id in ("clock-skew", "tls-certificate-bad", "egress-firewall",
            "dns-fails-in-container", "proxy-caches-errors", "protocol-https-but-endpoint-plain")]  # fmt: skip


@cache
def _of_the_machine() -> tuple[tuple[Fault, ServerFix], ...]:
    """What s3probe itself tells to change on the machine, one fault of each kind."""
    return tuple(
        (fault, fix)
        for fault in _NETWORK
        for finding in to_fix(run_fault(fault).report)
        for fix in finding.first_choice
        if isinstance(fix, ServerFix)
    )


@pytest.mark.parametrize("value", ["rm -rf /;", "", "another.example"])
def test_no_fix_of_the_machine_is_taken_for_good_whatever_it_says(value: str) -> None:
    assert {fix.setting for _, fix in _of_the_machine()} == {"clock", "ca", "certificate", "firewall", "dns", "nginx"}
    for fault, fix in _of_the_machine():
        assert apply(fault.scenario(), replace(fix, value=value)) is None, (fault.id, fix)


@every(
    "setting",
    [
        "acl",
        "encryption",
        "versioning",
        "request-payment",
        "policy-remove-sid",
        "lifecycle-rule-off",
    ],
)
def test_no_setting_of_the_bucket_is_taken_for_another_whatever_it_says(setting: str) -> None:
    broken = FAULTS["requester-pays"].scenario().with_bucket(versioning=True, kms_key="alias/own")
    assert apply(broken, BucketSetting(setting, "rm -rf /;")) in (None, broken)


def test_a_public_statement_cannot_be_saved_while_it_is_blocked() -> None:
    statement = public_media()[0].to_json()
    assert apply(FAULTS["bpa-blocks-public-policy"].scenario(), BucketPolicy(statement)) is None


def test_temporary_keys_are_replaced_by_a_lasting_pair() -> None:
    fixed = apply(FAULTS["temporary-credentials-without-token"].scenario(), EnvFix("AWS_ACCESS_KEY_ID", "<AKIA…>"))
    assert fixed is not None
    assert fixed.user.token is None
    assert fixed.raw_env("AWS_ACCESS_KEY_ID") == fixed.user.access_key


@pytest.mark.parametrize("fault_id", ["env-hash-truncates-value", "env-dollar-expands", "env-backslash-eaten"])
def test_a_mangled_secret_is_whole_again_in_single_quotes(fault_id: str) -> None:
    broken = FAULTS[fault_id].scenario()
    real = broken.user.secret
    assert parse(broken.env_text).values()["AWS_SECRET_ACCESS_KEY"] != real
    fixed = apply(broken, EnvFix("AWS_SECRET_ACCESS_KEY", "<secret>", secret=True))
    assert fixed is not None
    assert parse(fixed.env_text).values()["AWS_SECRET_ACCESS_KEY"] == real


@pytest.mark.parametrize("value", ["", "plain", SECRET, "a#b", "a$b", "a\\b", "a b", "it's", "a\"b'c", "a'$b\\c"])
def test_quoting_survives_dotenv(value: str) -> None:
    assert parse(f"K={quoted(value)}\n").values()["K"] == value


def test_lines_are_edited_in_place_appended_or_removed() -> None:
    text = "# head\nA=1\nB=2\n"
    assert set_env(text, "A", "3") == "# head\nA=3\nB=2\n"
    assert set_env(text, "C", "3") == text + "C=3\n"
    assert set_env(text, "A", None) == "# head\nB=2\n"
    assert set_env(text, "C", "3", line=3) == "# head\nA=1\nC=3\n"
    assert get_env("A=1\nA=2\n", "A") == "2"


def test_every_env_file_reads_without_a_note_where_nothing_is_wrong() -> None:
    for make in SCENARIOS.values():
        assert not parse(make().env_text).notes
    assert any(parse(fault.scenario().env_text).notes for fault in ALL)
