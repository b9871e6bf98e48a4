"""What a report for an issue says beside its evidence: what was expected, what was said, and by which programs."""

from __future__ import annotations

from collections.abc import Mapping

from s3probe.records import dataclass

HEALTHY = "healthy"
"""The word for having expected no finding."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody expected s3probe to say."""

    text: str
    """In their own words."""
    findings: tuple[str, ...] | None = None
    """Ids, where the words are nothing else; none for :data:`HEALTHY`; ``None``: somebody has to read the words."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The part of a report file that a person reads first."""

    expected: Expected | None
    verdict: str
    findings: tuple[str, ...]
    """Ids of what s3probe said, the most important first."""
    options: tuple[str, ...]
    """What the command line asked for, as it may be typed again."""
    versions: Mapping[str, str]
    """Of s3probe, Python, the system, the libraries, and Mastodon."""
    error: str = ""
    """The traceback of a bug that ended the check: then nothing that was asked is known."""
