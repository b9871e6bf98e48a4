"""Faults of policies: what the key may not do."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.records import replace
from s3probe.sandbox.faults.model import Change, Fault, both, bucket
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.recommended import minio
from s3probe.sandbox.scenario import MEDIA_FOLDERS, OBJECT_ACTIONS, Scenario, healthy_policy
from s3probe.sandbox.statements import Statement

_KMS_KEY = "arn:aws:kms:eu-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def without(action: str) -> Change:
    """The key's policy without one action, and what the bucket's gives it."""

    def change(scenario: Scenario) -> Scenario:
        def kept(statements: Iterable[Statement]) -> tuple[Statement, ...]:
            left = (replace(s, actions=tuple(a for a in s.actions if a != action)) for s in statements)
            return tuple(s for s in left if s.actions)

        public = tuple(s for s in scenario.bucket.policy if s.principals == ("*",))
        own = tuple(s for s in scenario.bucket.policy if s not in public)
        return scenario.with_user(identity=kept(scenario.user.identity)).with_bucket(policy=(*public, *kept(own)))

    return change


def _short(change: Change) -> Change:
    return both(change, lambda s: s.with_world(detailed_denials=False))


def _only_objects(scenario: Scenario) -> Scenario:
    whole = Statement("Allow", ("s3:*",), (f"arn:aws:s3:::{scenario.bucket.name}/*",), sid="MastodonDocs")
    return scenario.with_user(identity=(whole,))


def _only_bucket(scenario: Scenario) -> Scenario:
    actions = (*OBJECT_ACTIONS, "s3:ListBucket")
    return scenario.with_user(identity=(Statement("Allow", actions, (f"arn:aws:s3:::{scenario.bucket.name}",)),))


def _in_folders(*folders: str) -> Change:
    """The key's rights on objects end at some folders."""

    def change(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}"
        inside = Statement("Allow", OBJECT_ACTIONS, tuple(f"{arn}/{name}/*" for name in folders), sid="SomeFolders")
        listing = Statement("Allow", ("s3:ListBucket",), (arn,), sid="MastodonList")
        return scenario.with_user(identity=(inside, listing))

    return change


def _deny_unencrypted(scenario: Scenario) -> Scenario:
    deny = Statement(
        "Deny", ("s3:PutObject",), (f"arn:aws:s3:::{scenario.bucket.name}/*",), ("*",), sid="RequireEncryption",
        conditions=(("StringNotEquals", "s3:x-amz-server-side-encryption", ("aws:kms",)),),
    )  # fmt: skip
    return scenario.with_bucket(policy=(*scenario.bucket.policy, deny))


def _deny_address(scenario: Scenario) -> Scenario:
    deny = Statement(
        "Deny", ("s3:*",), ("*",), sid="OfficeOnly",
        conditions=(("NotIpAddress", "aws:SourceIp", ("198.51.100.0/24",)),),
    )  # fmt: skip
    return scenario.with_user(identity=(*scenario.user.identity, deny))


def _deny_plain_http(scenario: Scenario) -> Scenario:
    """The usual "TLS only" bucket policy, met by an endpoint that was written with http."""
    arn = f"arn:aws:s3:::{scenario.bucket.name}"
    deny = Statement(
        "Deny", ("s3:*",), (arn, f"{arn}/*"), ("*",), sid="TlsOnly",
        conditions=(("Bool", "aws:SecureTransport", ("false",)),),
    )  # fmt: skip
    return scenario.with_bucket(policy=(deny,)).with_env("S3_ENDPOINT", "http://s3.eu-west-2.amazonaws.com")


def _vpc(scenario: Scenario) -> Scenario:
    return scenario.with_world(vpc_endpoint=(Statement("Allow", ("s3:*",), ("arn:aws:s3:::another-bucket/*",)),))


def _allow_kms(scenario: Scenario) -> Scenario:
    allow = Statement("Allow", ("kms:GenerateDataKey", "kms:Decrypt"), (_KMS_KEY,), sid="UseKey")
    return scenario.with_user(identity=(*scenario.user.identity, allow))


def _denied_by_group(scenario: Scenario) -> Scenario:
    """Another policy of the user's, or one of his groups', denies what his own allows."""
    deny = Statement("Deny", ("s3:DeleteObject",), (f"arn:aws:s3:::{scenario.bucket.name}/*",))
    return scenario.with_user(identity=(*scenario.user.identity, deny))


def _access_key_without(action: str) -> Change:
    """An access key whose own policy leaves out what the user's allows."""

    def change(scenario: Scenario) -> Scenario:
        return scenario.with_user(session=without(action)(scenario).user.identity)

    return change


_NO_WRITES = Refusal(
    ErrorText(403, "AccessDenied", "Access Denied."), ("PutObject", "CreateMultipartUpload", "UploadPart", "CopyObject")
)
"""MinIO, whose disk is mounted read-only (measured: 7aac2a2c5)."""


def _disk_read_only(scenario: Scenario) -> Scenario:
    return scenario.with_personality(refusals=(*scenario.world.personality.refusals, _NO_WRITES))


def _other_account(scenario: Scenario) -> Scenario:
    return scenario.with_bucket(account="999999999999")


FAULTS = (
    Fault("iam-missing-putobjectacl", without("s3:PutObjectAcl")),
    Fault("iam-missing-putobjectacl", _short(without("s3:PutObjectAcl")), variant="short message"),
    Fault("iam-missing-putobject", without("s3:PutObject")),
    Fault("key-limited-to-some-folders", _in_folders("media_attachments"), variant="to one"),
    Fault("key-limited-to-some-folders", _in_folders(*MEDIA_FOLDERS), variant="to media"),
    Fault("iam-missing-putobject", without("s3:PutObject"), healthy_policy, variant="policy way"),
    Fault("iam-missing-getobject", without("s3:GetObject")),
    Fault("iam-missing-deleteobject", without("s3:DeleteObject")),
    Fault("iam-missing-listbucket", without("s3:ListBucket")),
    Fault("iam-missing-abortmultipart", without("s3:AbortMultipartUpload")),
    Fault("policy-resource-only-objects", _only_objects),
    Fault("policy-bucket-arn-without-slash-star", _only_bucket),
    Fault("explicit-deny-policy", _deny_unencrypted),
    Fault("explicit-deny-policy", _deny_address, variant="source address"),
    Fault("deny-source-ip-or-secure-transport", _deny_plain_http),
    Fault("vpc-endpoint-policy-blocks", _vpc),
    Fault("kms-key-not-allowed", bucket(kms_key=_KMS_KEY)),
    Fault("kms-objects-not-anonymously-readable", both(bucket(kms_key=_KMS_KEY), _allow_kms)),
    Fault("bucket-owned-by-other-account", _other_account),
    Fault("explicit-deny-policy", _denied_by_group, minio, "MinIO", look_alike=without("s3:DeleteObject")),
    Fault("iam-missing-putobject", _access_key_without("s3:PutObject"), minio, "MinIO's access key"),
    Fault("iam-missing-deleteobject", without("s3:DeleteObject"), minio, "MinIO", look_alike=_denied_by_group),
    Fault("disk-read-only", _disk_read_only, minio, "MinIO", look_alike=without("s3:PutObject")),
)
