"""The sandbox's SeaweedFS answers as the real one did, request by request."""

from __future__ import annotations

import pytest

from s3probe.evidence.vocabulary import Experiment
from s3probe.sandbox.recommended import seaweedfs
from s3probe.sandbox.statements import Statement
from tests.exhaustive import part
from tests.sandbox.as_recorded import ARN, EVERYONE, WHOLE, Change, all_of, differences, env, may, wrong_values

READ = ("s3:GetObject", "s3:GetObjectTagging", "s3:GetBucketPolicy", "s3:GetBucketPolicyStatus",
        "s3:ListBucketMultipartUploads", "s3:GetLifecycleConfiguration", "s3:GetBucketRequestPayment")  # fmt: skip
WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
LIST = ("s3:ListBucket", "s3:ListBucketVersions")
"""What the actions Read, Write and List of an identity are there."""
IDENTITY = may(*READ, *WRITE, *LIST)


def _iam_policy(*actions: str) -> Change:
    statements = (Statement("Allow", actions, (f"{ARN}/*",)), Statement("Allow", ("s3:ListBucket",), (ARN,)))
    return lambda scenario: scenario.with_user(identity=statements)


SAME: dict[str, Change] = {
    "seaweedfs-healthy": IDENTITY,
    "seaweedfs-permission-default": all_of(IDENTITY, env("S3_PERMISSION", None)),
    "seaweedfs-global-admin": all_of(may("*"), env("S3_PERMISSION", None)),
    "seaweedfs-key-reads-only": may(*READ, *LIST),
    "seaweedfs-key-no-list": may(*READ, *WRITE),
    "seaweedfs-key-writes-only": may(*WRITE),
    "seaweedfs-iam-policy-no-delete": _iam_policy("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"),
    "seaweedfs-nothing-public": all_of(IDENTITY, lambda s: s.with_bucket(policy=())),
    "seaweedfs-key-reads-alone": may(*READ),
    "seaweedfs-key-does-not-list": may(*READ, *WRITE),
    "seaweedfs-policy-without-list": lambda s: s.with_user(identity=s.user.identity[:1]),
    "seaweedfs-bucket-acl-public-read": all_of(IDENTITY, lambda s: s.with_bucket(policy=(), acl="public-read")),
    "seaweedfs-policy-opens-everything": all_of(
        IDENTITY, lambda s: s.with_bucket(policy=(Statement("Allow", ("s3:*",), WHOLE, EVERYONE),))
    ),
    **wrong_values(IDENTITY, "wrong-secret", "unknown-key", prefix="seaweedfs"),
}
"""Recordings, and what is done to the sandbox's healthy SeaweedFS to be in the same state."""

OTHER = (
    Experiment.ANNOUNCED,  # refused there before the body is asked for
    Experiment.PUBLIC_DELETE_FOLDERS,  # refused whole there, where no identity is anonymous
    Experiment.HEAD_BUCKET,  # an action Read opens it there, and a policy's s3:GetObject does not; here both do
)


@pytest.mark.parametrize("name", part(SAME, 3))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    assert differences(name, SAME[name](seaweedfs()), but=OTHER, at_least=8) == {}
