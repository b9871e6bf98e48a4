"""The sandbox's Ceph answers as the real one did, request by request."""

from __future__ import annotations

from typing import Literal

import pytest

from s3probe.sandbox.recommended import ceph
from s3probe.sandbox.scenario import OBJECT_ACTIONS, public_media
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import CorsRule, KeyStatus, PublicAccessBlock
from tests.exhaustive import part
from tests.sandbox.as_recorded import ARN, EVERYONE, WHOLE, Change, all_of, differences, env, may, wrong_values

RIGHTS = (*OBJECT_ACTIONS, "s3:ListBucket")
KEY = ("arn:aws:iam:::user/limited",)
FILES = (f"{ARN}/*",)
OWNER = may("*", where=("*",))


def _limited(*statements: Statement) -> Change:
    """The key of a user who owns nothing and lives by the bucket policy."""
    return lambda s: s.with_user(name="limited", account="limited", identity=()).with_bucket(policy=statements)


def _says(effect: Literal["Allow", "Deny"], *actions: str, where: tuple[str, ...] = WHOLE) -> Statement:
    return Statement(effect, actions, where, KEY)


def _without(action: str) -> Change:
    return _limited(_says("Allow", *(right for right in RIGHTS if right != action)))


def _open(*actions: str, where: tuple[str, ...] = WHOLE) -> Change:
    return all_of(OWNER, lambda s: s.with_bucket(policy=(Statement("Allow", actions, where, EVERYONE),)))


def _bucket(**changes: object) -> Change:
    return all_of(OWNER, lambda s: s.with_bucket(**changes))


SAME: dict[str, Change] = {
    "ceph-healthy": OWNER,
    "ceph-healthy-least-privilege": _limited(_says("Allow", *RIGHTS)),
    "ceph-aws-least-privilege": _limited(
        _says("Allow", *OBJECT_ACTIONS, where=FILES), _says("Allow", "s3:ListBucket", where=(ARN,))
    ),
    "ceph-healthy-policy": all_of(_bucket(policy=public_media()), env("S3_PERMISSION", "")),
    "ceph-no-put": _without("s3:PutObject"),
    "ceph-no-get-own-files": _without("s3:GetObject"),
    "ceph-no-get": _limited(_says("Allow", *RIGHTS), _says("Deny", "s3:GetObject", where=FILES)),
    "ceph-no-delete": _without("s3:DeleteObject"),
    "ceph-no-list": _without("s3:ListBucket"),
    "ceph-no-abort": _without("s3:AbortMultipartUpload"),
    "ceph-no-put-acl-own-files": _without("s3:PutObjectAcl"),
    "ceph-no-put-acl": _limited(_says("Allow", *RIGHTS), _says("Deny", "s3:PutObjectAcl", where=FILES)),
    "ceph-deny-put-delete": _limited(
        _says("Allow", "s3:*"), Statement("Deny", ("s3:PutObject", "s3:DeleteObject"), FILES, EVERYONE)
    ),
    "ceph-bucket-arn-only": _limited(_says("Allow", "s3:*", where=(ARN,))),
    "ceph-objects-arn-only": _limited(_says("Allow", "s3:*", where=FILES)),
    "ceph-others-bucket": _limited(),
    "ceph-no-acl": all_of(OWNER, env("S3_PERMISSION", "")),
    "ceph-private": all_of(OWNER, env("S3_PERMISSION", "private")),
    "ceph-public-list": _open("s3:ListBucket", where=(ARN,)),
    "ceph-public-put": _open("s3:PutObject", where=FILES),
    "ceph-public-everything": _open("s3:GetObject", "s3:ListBucket", "s3:PutObject"),
    "ceph-public-archives": _open("s3:GetObject", where=FILES),
    "ceph-public-list-acl": _bucket(acl="public-read"),
    "ceph-ignore-public-acls": _bucket(block=PublicAccessBlock(ignore_public_acls=True)),
    "ceph-block-public-acls": _bucket(block=PublicAccessBlock(block_public_acls=True)),
    "ceph-no-cors": _bucket(cors=()),
    "ceph-cors-other-origin": _bucket(cors=(CorsRule(("https://other.example",)),)),
    "ceph-quota": _bucket(quota=0),
    "ceph-versioning": _bucket(versioning=True),
    "ceph-user-suspended": all_of(_limited(_says("Allow", *RIGHTS)), lambda s: s.with_user(status=KeyStatus.SUSPENDED)),
    "ceph-clock-slow": all_of(OWNER, lambda s: s.with_world(clock_offset=1200.0)),
    **wrong_values(OWNER, "wrong-secret", "unknown-key", "wrong-bucket", prefix="ceph"),
}
"""Recordings, and what is done to the sandbox's healthy Ceph to be in the same state."""


@pytest.mark.parametrize("name", part(SAME, 4))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    assert differences(name, SAME[name](ceph()), at_least=6) == {}
