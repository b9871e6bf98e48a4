"""What hand-written evidence may hold: only what the probe keeps."""

from __future__ import annotations

from collections.abc import Mapping

from s3probe.evidence.vocabulary import HeaderName, kept_headers


def kept_as(headers: Mapping[str, str]) -> dict[HeaderName, str]:
    """``headers`` as the probe keeps them. Raises :class:`ValueError` for one that it would drop."""
    found = {name: headers[name] for name in kept_headers(headers)} if headers else {}
    if len(found) != len(headers):
        raise ValueError(f"the probe keeps no {', '.join(sorted(set(headers) - set(found)))}")
    return found
