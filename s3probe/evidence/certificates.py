"""The names of a certificate that is for another host. Pure."""

from __future__ import annotations

from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.patterns import regex

_SHOWN = regex(r"certificate is for (.+?)(?: and \d+ more)?, not \S+")
"""As ``probe.tlsfaults`` words it."""


def names_shown(seen: Observation) -> tuple[str, ...]:
    """The names (up to five) of the certificate that was shown instead of one for the host; none where it was right."""
    found = _SHOWN.fullmatch(seen.message or "") if seen.network is NetworkFault.TLS_NAME else None
    return tuple(found[1].split(", ")) if found else ()
