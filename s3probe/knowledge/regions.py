"""Signing regions that are worth a try, and hosts that differ in nothing but their region. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from s3probe.knowledge.providers import Provider
from s3probe.knowledge.recognition import Recognition, host_name, recognitions
from s3probe.patterns import regex

_USUAL = ("us-east-1", "auto", "garage", "default")
"""What S3-compatible stores have by default."""
_SERVICE = regex(r"^(?:s3|obs|oss|cos|sos|objects?|storage|s)-(?=[a-z])|(?<=[a-z0-9])-(?:s3|obs|objects?|storage)$")
"""What stands before or behind a region in one label: ``s3-eu-central-1``, ``sos-ch-dk-2``, ``de-s3``."""
ANY_REGION = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""What a host may hold in the place of a region."""
_LIKE_ONE = (
    regex(r"[a-z]{2,4}(?:-[a-z]{2,12}){0,2}-\d{1,3}"),  # eu-central-2, eu-001, us-phoenix-1, dc-sto1
    regex(r"[a-z]{2,4}-[a-z]{2,4}\d{0,2}|[a-z]{2,4}\d{1,2}"),  # nl-ams, br-se1, eu01, fsn1
    regex(r"[a-z]{2}-[a-z]{4,10}"),  # us-east, eu-central
)
"""Forms of a region's name, the plainest first."""
_SHORT = regex(r"[a-z]{2,3}\d{0,2}")
"""A region before ``s3.``, where a bucket may stand as well."""
_TOLD = regex(r"\bregions?\b[^a-z0-9]*(?:is|are|was|should be|must be|:|=|of|named)?\W*([a-z0-9][a-z0-9-]{1,30})", re.I)
_QUOTED = regex(r"['\"`]([a-z0-9][a-z0-9-]{1,30})['\"`]", re.I)


def candidate_regions(provider: Provider, host: str, configured: str, message: str = "") -> tuple[str, ...]:
    """Signing regions worth a try when ``configured`` is refused, likeliest first and without ``configured``.

    First the region that the provider has in this place of its host names (``s3.nl-ams.scw.cloud`` -> ``nl-ams``), then
    what the ``message`` of the refusal calls one, what looks like one in the host, and ``configured`` in lower case; at
    the end the provider's usual ones, and those that S3-compatible stores have by default.
    """
    name = host_name(host)
    tidy = configured.strip().lower()
    ordered = (
        *_in_host(recognitions()[provider.id], name),
        *_in_message(message),
        *_labels(name, _LIKE_ONE[:1]),
        *((tidy,) if tidy else ()),
        *provider.regions,
        *_labels(name, _LIKE_ONE[1:]),
        *_beside_s3(name),
        *_USUAL,
    )
    return tuple(region for region in dict.fromkeys(ordered) if region != configured)


def region_in(provider: Provider, host: str) -> str:
    """The signing region that this provider's host names; ``""`` where it names none."""
    return next(_in_host(recognitions()[provider.id], host_name(host)), "")


def _in_host(known: Recognition, name: str) -> Iterator[str]:
    for pattern in known.region_hosts:
        if found := re.search(pattern, name):
            yield known.region_names.get(found[1], known.region_prefix + found[1].removeprefix(known.region_prefix))


def _in_message(message: str) -> Iterator[str]:
    """Words that a refusal which speaks of regions quotes, or has right behind that word."""
    if "region" not in message.lower():
        return
    words = [found[1].lower() for found in (*_TOLD.finditer(message), *_QUOTED.finditer(message))]
    # the last one is mostly what is expected: "the region 'a' is wrong; expecting 'b'"
    yield from (word for word in reversed(words) if any(form.fullmatch(word) for form in _LIKE_ONE) or word in _USUAL)


def _labels(name: str, forms: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """Labels before the domain that look like a region, those of the plainest form first."""
    labels = [_SERVICE.sub("", label) for label in name.split(".")[:-2]]
    for form in forms:
        yield from (label for label in labels if form.fullmatch(label))


def _beside_s3(name: str) -> Iterator[str]:
    """Where most providers have the region, whatever it looks like: ``s3.REGION.example.net``, ``REGION.s3.…``."""
    labels = name.split(".")[:-2]
    yield from (region for service, region in pairwise(labels) if service == "s3")
    yield from (region for region, service in pairwise(labels) if service == "s3" and _SHORT.fullmatch(region))
    yield from (bare for label in labels if (bare := _SERVICE.sub("", label)) != label)


def names_region(host: str, region: str) -> bool:
    """Whether a label of the host is that region."""
    return region in {_SERVICE.sub("", label) for label in host_name(host).split(".")}


def of_same_service(host: str) -> Iterator[str]:
    """Patterns of all hosts that differ from this one in nothing but their region; none where it holds no region."""
    for pattern in (pattern for known in recognitions().values() for pattern in known.region_hosts):
        if found := re.search(pattern, host):
            before, behind = re.escape(host[: found.start(1)]), re.escape(host[found.end(1) :])
            yield f"{before}{ANY_REGION}{behind}"
