"""The sandbox's Versity answers as the real one did, request by request."""

from __future__ import annotations

import pytest

from s3probe.sandbox.recommended import versity
from s3probe.sandbox.world import Ownership
from tests.exhaustive import part
from tests.sandbox.as_recorded import ARN, Change, all_of, allowing, differences, env, wrong_values

RIGHTS = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket")
SAME: dict[str, Change] = {
    "versity-healthy": lambda s: s,
    "versity-permission-default": env("S3_PERMISSION", None),
    "versity-may-change-acls": all_of(allowing(*RIGHTS, "s3:PutObjectAcl"), env("S3_PERMISSION", None)),
    "versity-owner-without-policy": lambda s: s.with_bucket(policy=()),
    "versity-objects-alone": allowing(*RIGHTS[:-1], where=(f"{ARN}/*",)),
    "versity-key-reads-only": allowing("s3:GetObject", "s3:ListBucket"),
    "versity-bucket-acl-public-read": lambda s: s.with_bucket(policy=(), acl="public-read", ownership=Ownership.WRITER),
    **wrong_values(lambda s: s, "wrong-secret", "unknown-key", "wrong-region", "wrong-bucket", prefix="versity"),
}
"""Recordings, and what is done to the sandbox's healthy Versity to be in the same state."""


@pytest.mark.parametrize("name", part(SAME, 3))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    assert differences(name, SAME[name](versity()), at_least=10) == {}
