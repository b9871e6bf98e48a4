"""The sandbox's MinIO answers as the real one did, request by request."""

from __future__ import annotations

import pytest

from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.sandbox.recommended import minio
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.statements import Statement
from tests.exhaustive import part
from tests.sandbox.as_recorded import ARN, EVERYONE, Change, all_of, differences, env, may

LISTS = Statement("Allow", ("s3:ListBucket",), (ARN,))
LEAST = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
FILES = (f"{ARN}/*",)


def _lists_too(scenario: Scenario) -> Scenario:
    return scenario.with_user(identity=(*scenario.user.identity, LISTS))


def _denies_reading(scenario: Scenario) -> Scenario:
    denies = Statement("Deny", ("s3:GetObject",), FILES)
    return scenario.with_user(identity=(*scenario.user.identity, denies))


def _access_key(lacks: str) -> Change:
    """One of the user's, whose own policy leaves one right out."""
    rights = Statement("Allow", tuple(right for right in (*LEAST, "s3:ListBucket") if right != lacks), (ARN, *FILES))
    return lambda scenario: scenario.with_user(session=(rights,))


def _open_for_uploads(folder: str) -> Change:
    """As ``mc anonymous set upload ALIAS/BUCKET/FOLDER`` writes it."""
    objects = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts")
    uploads = Statement("Allow", ("s3:GetBucketLocation", "s3:ListBucketMultipartUploads"), (ARN,), EVERYONE)
    files = Statement("Allow", objects, (f"{ARN}/{folder}*",), EVERYONE)
    return lambda scenario: scenario.with_bucket(policy=(*scenario.bucket.policy, uploads, files))


HEALTHY = all_of(may(*LEAST, where=FILES), _lists_too)
SAME: dict[str, Change] = {
    "minio-healthy": HEALTHY,
    "minio-permission-default": all_of(HEALTHY, env("S3_PERMISSION", None)),
    # the policy of Mastodon's documentation, which names the files alone
    "minio-docs-policy-public-read": all_of(may("s3:*", where=FILES), env("S3_PERMISSION", "public-read")),
    "minio-key-reads-only": all_of(may("s3:GetObject", where=FILES), _lists_too),
    "minio-nothing-public": all_of(HEALTHY, lambda s: s.with_bucket(policy=())),
    "minio-group-denies-reading": all_of(HEALTHY, _denies_reading),
    "minio-access-key-may-not-read": all_of(HEALTHY, _access_key("s3:GetObject")),
    "minio-group-disabled": lambda s: s.with_user(identity=()),
    "minio-one-folder-open-for-uploads": all_of(HEALTHY, _open_for_uploads("cache")),
    "minio-wrong-bucket": all_of(HEALTHY, env("S3_BUCKET", "files-exampl")),
}
"""Recordings, and what is done to the sandbox's healthy MinIO to be in the same state."""


OTHER = {
    Experiment.POLICY_STATUS,  # MinIO refuses this one without a body
    ActionId.PUBLIC_DELETE,  # recorded before a deletion was tried in every folder
}


@pytest.mark.parametrize("name", part(SAME, 2))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    assert differences(name, SAME[name](minio()), but=OTHER, at_least=16) == {}
