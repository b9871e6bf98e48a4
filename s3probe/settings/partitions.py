"""The parts of AWS that know nothing of each other, told by a region's name (aws-partitions/partitions.json)."""

from __future__ import annotations

import re

# partition: regions by pattern, DNS suffix
_PARTITIONS: tuple[tuple[str, str, str], ...] = (
    ("aws", r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+|aws-global", "amazonaws.com"),
    ("aws-cn", r"cn-\w+-\d+|aws-cn-global", "amazonaws.com.cn"),
    ("aws-eusc", r"eusc-de-\w+-\d+", "amazonaws.eu"),
    ("aws-iso", r"us-iso-\w+-\d+|aws-iso-global", "c2s.ic.gov"),
    ("aws-iso-b", r"us-isob-\w+-\d+|aws-iso-b-global", "sc2s.sgov.gov"),
    ("aws-iso-e", r"eu-isoe-\w+-\d+|aws-iso-e-global", "cloud.adc-e.uk"),
    ("aws-iso-f", r"us-isof-\w+-\d+|aws-iso-f-global", "csp.hci.ic.gov"),
    ("aws-us-gov", r"us-gov-\w+-\d+|aws-us-gov-global", "amazonaws.com"),
)
DNS_SUFFIXES = tuple(suffix for _name, _pattern, suffix in _PARTITIONS)
"""What the names of all of AWS's hosts end in."""


def partition(region: str) -> tuple[str, str]:
    """Name and DNS suffix of the partition; an unknown region counts as ``aws``."""
    for name, pattern, suffix in _PARTITIONS:
        if re.fullmatch(pattern, region):
            return name, suffix
    return _PARTITIONS[0][0], _PARTITIONS[0][2]


def is_aws_region(text: str) -> bool:
    """Whether a region of AWS is called like this, in whatever partition."""
    return any(re.fullmatch(pattern, text) for _name, pattern, _suffix in _PARTITIONS)
