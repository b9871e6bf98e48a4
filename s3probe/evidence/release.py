"""What a Mastodon's own word for its release tells: which of two is newer, whose it is, and what it can.

Sources: Mastodon ``lib/mastodon/version.rb``, ``config/initializers/content_security_policy.rb``, the lock files of
its releases, and its changelog (#25273, #28025).
"""

from __future__ import annotations

import re

from s3probe.patterns import regex
from s3probe.records import dataclass

NEWEST_COMPARED = "4.7.0-alpha.2"
"""The newest release whose code s3probe was compared with."""
EXTRA_MEDIA_HOSTS_SINCE = (4, 4, 0)
_FORM = regex(
    r"v?(?P<major>\d{1,4})\.(?P<minor>\d{1,4})(?:\.(?P<patch>\d{1,6}))?"
    r"(?:-(?P<early>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z._+-]*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Release:
    """A release as Mastodon writes it: ``4.5.8``, ``v4.6.0-beta.1``, ``4.7.1+glitch``."""

    number: tuple[int, int, int]
    early: tuple[int | str, ...] = ()
    """The parts behind the dash of what came before the release: ``alpha``, ``2``."""
    build: str = ""

    @property
    def is_glitch(self) -> bool:
        """Whether it is glitch-soc, which reads a variable of its own."""
        return "glitch" in self.build

    @property
    def path_in_policy(self) -> bool:
        """Whether its Content-Security-Policy takes a path in S3_ALIAS_HOST for a folder (since 4.1.3 and 4.2)."""
        return self.number >= (4, 1, 3)

    @property
    def names_media_for_pictures(self) -> bool:
        """Whether its policy names the media host for pictures and videos too.

        Before 4.3 it lets them come from any ``https:`` and names the host for scripts alone; glitch-soc always did.
        """
        return self.is_glitch or self.number >= (4, 3, 0)

    def after(self, other: Release) -> bool:
        """Whether it is newer."""
        return self._order > other._order

    @property
    def _order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        parts = tuple((isinstance(part, str), 0 if isinstance(part, str) else part, str(part)) for part in self.early)
        return self.number, not self.early, parts


def release_of(text: str) -> Release | None:
    """``None``: that is no release's number."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    early = found["early"].split(".") if found["early"] else []
    return Release(
        (int(found["major"]), int(found["minor"]), int(found["patch"] or 0)),
        tuple(int(part) if part.isdecimal() else part for part in early),
        found["build"] or "",
    )


def is_newer_than_compared(version: str) -> bool:
    """Whether a release came after all that s3probe was compared with."""
    release, newest = release_of(version), release_of(NEWEST_COMPARED)
    return release is not None and newest is not None and release.after(newest)


def reads_extra_hosts(version: str) -> bool:
    """Whether this Mastodon reads EXTRA_MEDIA_HOSTS; one that is not known is taken for a new one."""
    release = release_of(version)
    return release is None or release.number >= EXTRA_MEDIA_HOSTS_SINCE
