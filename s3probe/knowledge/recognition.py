"""Which provider or server a store is, by its name and by what it answers. Pure, and read at every start."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from s3probe.knowledge.tables import table
from s3probe.records import dataclass, field

Mark = tuple[str, str]
"""A header's lower-case name with its value; ``message`` with an error's text; ``host-id`` with the form of that;
``body`` with an answer's beginning."""
MESSAGE = "message"
HOST_ID = "host-id"
BODY = "body"

GENERIC = "unknown"


@dataclass(frozen=True, slots=True)
class Recognition:
    """One entry of ``recognition.toml``, whose head says what each field means."""

    id: str
    name: str
    hosts: tuple[str, ...] = ()
    host_hints: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    other_services: tuple[str, ...] = ()
    """What else of it answers at a port of its own: ``name | sign``."""
    region_hosts: tuple[str, ...] = ()
    region_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The signing region, where the host has another word for it."""
    region_prefix: str = ""
    """What every region's name begins with, also where the host leaves that out."""


@cache
def recognitions() -> Mapping[str, Recognition]:
    """All of them by id, in the order of detection."""
    found = {name: Recognition(id=name, **_frozen(data)) for name, data in table("recognition").items()}
    return MappingProxyType(found)


def recognised(endpoint_host: str, marks: frozenset[Mark] = frozenset()) -> str:
    """The id of who is behind ``endpoint_host`` (``host``, ``host:port`` or a URL), by name and answers.

    A provider's own host name is believed first, then the ``marks`` of its answers, then weak hints such as a usual
    port. What nobody claims is ``unknown``.
    """
    return _recognised(authority(endpoint_host), marks)


@lru_cache(maxsize=64)  # several rules ask the same of one run
def _recognised(place: str, marks: frozenset[Mark]) -> str:
    by_name = named_by_host(place)
    if by_name is not None:
        return by_name.id
    known = recognitions().values()
    by_answer = next((one for one in known if any(_shows(sign, marks) for sign in one.answers)), None)
    by_hint = by_answer or next((one for one in known if _matches(one.host_hints, place)), None)
    return by_hint.id if by_hint is not None else GENERIC


def named_by_host(endpoint_host: str) -> Recognition | None:
    """The one whose own host name this is, whatever is answered there."""
    host = host_name(endpoint_host)
    return next((known for known in recognitions().values() if _matches(known.hosts, host)), None)


def has_own_hosts(endpoint: str) -> bool:
    """Whether a provider of the table runs the host itself, so that nobody's proxy stands before it."""
    return named_by_host(endpoint) is not None


def other_service(marks: Collection[Mark]) -> str:
    """What answered instead of an S3 API (``the console of MinIO``), where an answer shows it; else ``""``."""
    for known in recognitions().values():
        for name, _, sign in (text.partition(" | ") for text in known.other_services):
            if _shows(sign, marks):
                return f"{name} of {known.name}"
    return ""


def other_service_of(service: str) -> str | None:
    """The id of whom :func:`other_service` said that of."""
    known = (one for one in recognitions().values() if service and service.endswith(f" of {one.name}"))
    return next((one.id for one in known), None)


def authority(host: str) -> str:
    """``https://Host:9000/path`` -> ``host:9000``."""
    return host.strip().lower().rpartition("://")[2].partition("/")[0]


def host_name(host: str) -> str:
    """``https://Host:9000/path`` -> ``host``."""
    return re.sub(r":\d+$", "", authority(host)).removesuffix(".")


def _matches(patterns: tuple[str, ...], text: str) -> bool:
    # what a pattern ends with in plain letters tells most of them apart before it is compiled
    return any(text.endswith(_end_of(pattern)) and re.search(pattern, text) for pattern in patterns)


@cache
def _end_of(pattern: str) -> str:
    r"""``(^|\.)s3\.example\.net$`` -> ``.example.net``: with what every text ends that the pattern fits."""
    either = "|" in re.sub(r"\([^()]*\)", "", pattern)
    plain = re.search(r"(?:\\\.[a-z0-9-]+)+\$$", pattern)
    return plain[0].removesuffix("$").replace("\\", "") if plain and not either else ""


def _shows(sign: str, marks: Collection[Mark]) -> bool:
    """Whether the marks hold a sign such as ``server: ^MinIO``."""
    name, _, value = sign.partition(": ")
    plain = name.replace("-", "").isalnum()  # as nearly all are
    said = (v for n, v in marks if (n == name if plain else re.fullmatch(name, n)))
    return any(re.search(value, v, re.IGNORECASE) for v in said)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
