"""How caches show themselves in the answers they give. Pure."""

from __future__ import annotations

from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Header

CACHE_HEADERS = (
    Header.X_CACHE,
    Header.X_CACHE_STATUS,
    Header.X_PROXY_CACHE,
    Header.CF_CACHE_STATUS,
    Header.AGE,
    Header.X_VARNISH,
)
"""Headers by which caches show themselves (nginx's are conventions, not its own)."""


def cache_hit(seen: Observation) -> bool:
    """Whether a cache says that it gave this answer out of its store."""
    states = " ".join(seen.headers.get(name, "") for name in CACHE_HEADERS if name is not Header.AGE)
    age = seen.headers.get(Header.AGE, "0").split(",")[0].strip()
    return "hit" in states.lower() or (age.isdigit() and int(age) > 0)
