"""How caches show themselves in the answers they give. Pure."""

from __future__ import annotations

import re

from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Header
from s3probe.patterns import regex

CACHE_HEADERS = (
    Header.X_CACHE,
    Header.X_CACHE_STATUS,
    Header.X_PROXY_CACHE,
    Header.CDN_CACHE,
    Header.CF_CACHE_STATUS,
    Header.AGE,
    Header.X_VARNISH,
)
"""Headers by which caches show themselves (nginx's are conventions, not its own)."""


_OF_TWO = regex(r"\d+ \d+")
"""``X-Varnish`` of a hit: the number of this request, and that of the one that was kept (Varnish, "X-Varnish")."""
_TOO_SHORT = 600
"""Seconds: what a browser keeps for less it fetches again on the next page."""


def keeps_nothing(cache_control: str) -> bool:
    """Whether a browser keeps next to nothing of an answer with this Cache-Control; ``none`` is none at all."""
    value = cache_control.lower()
    seconds = re.search(r"max-age=(\d+)", value)
    useless = value == "none" or any(word in value for word in ("no-store", "no-cache", "private"))
    return useless or (seconds is not None and int(seconds[1]) < _TOO_SHORT)


def cache_hit(seen: Observation) -> bool:
    """Whether a cache says that it gave this answer out of its store."""
    states = " ".join(
        seen.headers.get(name, "") for name in CACHE_HEADERS if name not in (Header.AGE, Header.X_VARNISH)
    )
    if _OF_TWO.fullmatch(seen.headers.get(Header.X_VARNISH, "")):
        return True
    age = seen.headers.get(Header.AGE, "0").split(",")[0].strip()
    return "hit" in states.lower() or (age.isdigit() and int(age) > 0)
