"""Whether two refusals are the same. Pure."""

from __future__ import annotations

from s3probe.evidence.observations import Observation
from s3probe.patterns import regex

_QUOTED = regex(r"[A-Za-z0-9+/=_.-]{12,}")


def alike(one: Observation, other: Observation) -> bool:
    """The same refusal, whatever key id or request id it quotes."""
    first, second = (_QUOTED.sub("", o.message or "") for o in (one, other))
    return (one.http_status, one.error_code) == (other.http_status, other.error_code) and first == second
