"""How caches show themselves in the answers they give. Pure."""

from __future__ import annotations

from s3probe.probe.evidence import Observation

CACHE_HEADERS = ("x-cache", "x-cache-status", "x-proxy-cache", "cf-cache-status", "age", "x-varnish")
"""Headers by which caches show themselves (nginx's are conventions, not its own)."""


def hit(seen: Observation) -> bool:
    """Whether a cache says that it gave this answer out of its store."""
    states = " ".join(seen.headers.get(name, "") for name in CACHE_HEADERS if name != "age")
    age = seen.headers.get("age", "0").split(",")[0].strip()
    return "hit" in states.lower() or (age.isdigit() and int(age) > 0)
