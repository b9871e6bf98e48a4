"""AWS regions and the host names S3 answers under in them.

Sources: "Amazon S3 endpoints and quotas" (General Reference); the dash form ``s3-<region>`` is documented
as legacy, and regions launched after 20 March 2019 never had it.
"""

from __future__ import annotations

DASH_REGIONS = frozenset(
    {
        "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3",
        "eu-central-1", "eu-north-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
        "ap-southeast-1", "ap-southeast-2",
    }
)  # fmt: skip
"""Regions whose ``s3-<region>.amazonaws.com`` exists. ``s3-us-east-1`` never did."""

REGIONS = DASH_REGIONS | {
    "us-east-1", "af-south-1", "ap-east-1", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ca-west-1",
    "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1",
}  # fmt: skip
"""Regions of the standard partition that resolve."""

CHINA = frozenset({"cn-north-1", "cn-northwest-1"})
"""Regions below ``amazonaws.com.cn``."""

GOVERNMENT = frozenset({"us-gov-west-1", "us-gov-east-1"})


def partition(region: str | None) -> str:
    """``aws``, ``aws-cn`` or ``aws-us-gov``; each has accounts and keys of its own."""
    return "aws-cn" if region in CHINA else "aws-us-gov" if region in GOVERNMENT else "aws"
