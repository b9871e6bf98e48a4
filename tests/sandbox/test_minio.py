"""The sandbox's MinIO answers as the real one did, request by request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s3probe.codec import load
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.sandbox.recommended import minio
from s3probe.sandbox.scenario import BUCKET, Scenario
from s3probe.sandbox.statements import Statement
from tests.exhaustive import part
from tests.runs import run

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"
LISTS = Statement("Allow", ("s3:ListBucket",), (f"arn:aws:s3:::{BUCKET}",))
LEAST = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


def _may(scenario: Scenario, *actions: str) -> Scenario:
    return scenario.with_user(identity=(Statement("Allow", actions, (f"arn:aws:s3:::{BUCKET}/*",)), LISTS))


def _all(scenario: Scenario) -> Scenario:
    """The policy of Mastodon's documentation, which names the files alone."""
    return scenario.with_user(identity=(Statement("Allow", ("s3:*",), (f"arn:aws:s3:::{BUCKET}/*",)),))


SAME: dict[str, Callable[[Scenario], Scenario]] = {
    "minio-healthy": lambda s: _may(s, *LEAST),
    "minio-permission-default": lambda s: _may(s, *LEAST).with_env("S3_PERMISSION", None),
    "minio-docs-policy-public-read": lambda s: _all(s).with_env("S3_PERMISSION", "public-read"),
    "minio-key-reads-only": lambda s: _may(s, "s3:GetObject"),
    "minio-nothing-public": lambda s: _may(s, *LEAST).with_bucket(policy=()),
}
"""Recordings, and what is done to the sandbox's healthy MinIO to be in the same state."""
OTHER = {ActionId.PUBLIC_CSP, ActionId.PRESIGNED_EXPIRED, Experiment.POLICY_STATUS}
"""No instance was there; two refusals have other words, or none."""


def _told(seen: Observation) -> tuple[object, ...]:
    return seen.http_status, seen.error_code, seen.message or ""


@pytest.mark.parametrize("name", part(SAME, 2))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    _settings, recorded = load((RECORDED / f"{name}.json").read_text())
    here = {row.id: row for row in run(SAME[name](minio())).report.evidence.observations}
    pairs = [(row, here[row.id]) for row in recorded.observations if row.id in here and row.id not in OTHER]
    pairs = [(real, ours) for real, ours in pairs if real.http_status is not None and ours.http_status is not None]
    assert len(pairs) > 15
    assert {real.id: (_told(real), _told(ours)) for real, ours in pairs if _told(real) != _told(ours)} == {}
