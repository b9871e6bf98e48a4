"""Faults of what strangers can see, and of CORS."""

from __future__ import annotations

from s3probe.sandbox.faults.model import Change, Fault, bucket
from s3probe.sandbox.scenario import Scenario, healthy_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import CorsRule


def _opens(action: str, *more: str, whole_bucket: bool = False, sid: str) -> Change:
    """A further public statement in the bucket policy."""

    def change(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}"
        statement = Statement("Allow", (action, *more), (arn if whole_bucket else f"{arn}/*",), ("*",), sid=sid)
        return scenario.with_bucket(policy=(*scenario.bucket.policy, statement))

    return change


FAULTS = (
    Fault("bucket-listable-policy", _opens("s3:ListBucket", whole_bucket=True, sid="PublicList"), healthy_policy),
    Fault("bucket-listable-acl", bucket(acl="public-read")),
    Fault("anonymous-write-allowed", _opens("s3:PutObject", "s3:DeleteObject", sid="PublicWrite"), healthy_policy),
    Fault("anonymous-write-allowed", bucket(acl="public-read-write"), variant="bucket ACL"),
    Fault("archive-dumps-world-readable", _opens("s3:GetObject", sid="PublicEverything"), healthy_policy),
    Fault("cors-missing", bucket(cors=())),
    Fault("cors-origin-mismatch", bucket(cors=(CorsRule(("https://old.example",), ("GET", "HEAD")),))),
)
