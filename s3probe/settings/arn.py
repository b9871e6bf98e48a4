"""Bucket ARNs: Mastodon's S3_BUCKET may name an access point; anything else in ARN form is refused by the SDK."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class Arn:
    """``arn:partition:service:region:account:resource``, the resource split at ``:`` and ``/``."""

    partition: str
    service: str
    region: str
    account: str
    resource: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """The access point's name, or the SDK's words why the ARN is none (``{bucket}`` stands for the ARN)."""

    name: str = ""
    error: str = ""


def parse_arn(text: str) -> Arn | None:
    """Splits an ARN as Aws::ARNParser does; ``None`` for what it refuses."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        return None
    return Arn(parts[1], parts[2], parts[3], parts[4], tuple(re.split(r"[:/]", parts[5])))


def access_point(arn: Arn) -> AccessPoint:
    """The S3 access point that ``arn`` names."""
    kind = arn.resource[0]
    if not kind:
        return AccessPoint(error="Invalid ARN: No ARN type specified")
    if kind != "accesspoint":
        return AccessPoint(error=f"Invalid ARN: Unrecognized format: {{bucket}} (type: {kind})")
    name = arn.resource[1] if len(arn.resource) > 1 else ""
    if not name:
        return AccessPoint(
            error="Invalid ARN: Expected a resource of the format `accesspoint:<accesspoint name>` "
            "but no name was provided"
        )
    if len(arn.resource) > 2:
        return AccessPoint(
            error="Invalid ARN: The ARN may only contain a single resource component after `accesspoint`."
        )
    if arn.service != "s3":
        return AccessPoint(error=f"Invalid ARN: The ARN was not for the S3 service, found: {arn.service}")
    if not arn.region or not _LABEL.fullmatch(arn.account) or not _LABEL.fullmatch(name):
        bad = name if _LABEL.fullmatch(arn.account) else arn.account
        what = "access point name" if bad == name else "account id"
        return AccessPoint(error=f"Invalid ARN: The {what} may only contain a-z, A-Z, 0-9 and `-`. Found: `{bad}`")
    return AccessPoint(name=name)
