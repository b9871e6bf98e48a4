"""Splits a bucket's ARN: Mastodon's S3_BUCKET may name an access point instead of a bucket."""

from __future__ import annotations

import re

from s3probe.records import dataclass


@dataclass(frozen=True, slots=True)
class Arn:
    """``arn:partition:service:region:account:resource``, the resource split at ``:`` and ``/``."""

    partition: str
    service: str
    region: str
    account: str
    resource: tuple[str, ...]


def parse_arn(text: str) -> Arn | None:
    """Splits an ARN as Aws::ARNParser does; ``None`` for what it refuses."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        return None
    return Arn(parts[1], parts[2], parts[3], parts[4], tuple(re.split(r"[:/]", parts[5])))
