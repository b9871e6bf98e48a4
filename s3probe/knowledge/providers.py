"""Which provider a store is, and what is usual there. Hints only: an experiment always decides."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

Mark = tuple[str, str]
"""A header's lower-case name with its value; ``message`` with an error's text; ``host-id`` with the form of that;
``body`` with an answer's beginning."""
MESSAGE = "message"
HOST_ID = "host-id"
BODY = "body"

GENERIC = "unknown"
_USUAL_REGIONS = ("us-east-1", "auto", "garage", "default")


class ObjectAcl(StrEnum):
    """Whether an ACL on an object means anything."""

    YES = "yes"
    NO = "no"
    IGNORED = "ignored"  # taken without an error, and forgotten
    OPTIONAL = "optional"  # a setting of the bucket decides
    UNKNOWN = "unknown"


class PolicySupport(StrEnum):
    """How rights for everyone are given on a bucket. CONSOLE: by a switch or roles of the provider's own."""

    YES = "yes"
    NO = "no"
    CONSOLE = "console"
    UNKNOWN = "unknown"


class Addressing(StrEnum):
    """Where the provider wants the bucket's name in S3 requests."""

    PATH = "path"
    VIRTUAL_HOST = "virtual-host"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Provider:
    """One entry of ``providers.toml``, whose head says what each field means."""

    id: str
    name: str
    object_acl: ObjectAcl
    acl_answer: str
    """What a request with an ACL header gets."""
    bucket_policy: PolicySupport
    public_read: str
    keep_listing_off: str
    addressing: Addressing
    hosts: tuple[str, ...] = ()
    host_hints: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    other_services: tuple[str, ...] = ()
    """What else of it answers at a port of its own: ``name | sign``."""
    region_hosts: tuple[str, ...] = ()
    region_must_match: bool = False
    """The signing region must be the one in the host name: another one is refused."""
    expires_old_as_new: bool = False
    """``x-amz-expiration`` stands on current files, too, where a rule removes nothing but old versions."""
    regions: tuple[str, ...] = ()
    """Signing regions to try when the host names none."""
    signed_only: bool = False
    """The S3 API answers signed requests alone: visitors are served elsewhere, whatever is open."""
    api_port: int = 0
    """Where the S3 API of a server that admins run themselves listens unless told otherwise. 0: not known."""
    web_port: int = 0
    """Visitors are served at this port alone, by their ``Host``; ``api_port`` serves none. 0: no such port."""
    quirks: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The right value of each variable of ``.env.production``, in words."""
    console: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Where to click: ``region``, ``key``, ``policy``, ``public_read``, ``listing``, ``cors``."""
    commands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The provider's own command line for ``policy``, ``public_read``, ``listing`` and ``cors``: see ``recipes``."""
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What must be known to run that command."""
    unknown_actions: tuple[str, ...] = ()
    """Rights that do not exist there: a policy that names one is refused as a whole."""
    key_principal: str = ""
    """The key's name in a bucket policy, where it may live by that policy; ``""`` where rights lie elsewhere."""
    policy_replaces_owner: bool = False
    """Once a bucket has a policy, its owner may do what that allows and no more."""
    rights_together: tuple[tuple[str, ...], ...] = ()
    """Rights that are given and taken as one there."""
    bucket_acl_opens: bool = False
    """READ for everyone on the bucket opens its files, beside the listing."""
    readers_see_policy: bool = False
    """Whoever may read files may read the bucket policy."""
    accounts: bool = True
    """Whether buckets belong to different customers; ``False`` where one deployment is one account."""
    hides_absent_buckets: bool = False
    """A bucket that is not there is refused like one that the key may not use."""
    makes_buckets: bool = False
    """An upload makes the bucket that it names, where the key may."""
    lists_own_buckets: bool = False
    """ListBuckets is answered to every key, with the buckets that it may use."""

    @property
    def acls_count(self) -> bool:
        """Whether an ACL means anything there, as far as is known."""
        return self.object_acl not in (ObjectAcl.NO, ObjectAcl.IGNORED)


@cache
def providers() -> Mapping[str, Provider]:
    """All providers by id, in the order of detection. Parsed when first asked for (about 5 ms)."""
    text = (resources.files("s3probe.knowledge") / "providers.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _provider(name, data) for name, data in tomllib.loads(text).items()})


def provider(provider_id: str) -> Provider:
    """The provider of that id. Raises KeyError for an unknown one."""
    return providers()[provider_id]


def detect(endpoint_host: str, marks: Collection[Mark] = ()) -> Provider:
    """The provider behind ``endpoint_host`` (``host``, ``host:port`` or a URL), judged by its name and its answers.

    A provider's own host name is believed first, then the ``marks`` of its answers, then weak hints such as a usual
    port. What nobody claims is the generic provider, ``unknown``: this never fails.
    """
    return _detected(_authority(endpoint_host), frozenset(marks))


def named_by_host(endpoint_host: str) -> Provider | None:
    """The provider whose own host name this is, whatever is answered there."""
    host = re.sub(r":\d+$", "", _authority(endpoint_host))
    return next((p for p in providers().values() if _matches(p.hosts, host)), None)


@lru_cache(maxsize=64)  # several rules ask the same of one run
def _detected(authority: str, marks: frozenset[Mark]) -> Provider:
    known = providers()
    return (
        named_by_host(authority)
        or next((p for p in known.values() if any(_shows(sign, marks) for sign in p.answers)), None)
        or next((p for p in known.values() if _matches(p.host_hints, authority)), None)
        or known[GENERIC]
    )


def other_service(marks: Collection[Mark]) -> str:
    """What answered instead of an S3 API (``the console of MinIO``), where an answer shows it; else ``""``."""
    for known in providers().values():
        for name, _, sign in (text.partition(" | ") for text in known.other_services):
            if _shows(sign, marks):
                return f"{name} of {known.name}"
    return ""


def serving(service: str) -> Provider | None:
    """The provider of which :func:`other_service` said that."""
    return next((known for known in providers().values() if service and service.endswith(f" of {known.name}")), None)


def has_own_hosts(endpoint: str) -> bool:
    """Whether a provider of the table runs the host itself, so that nobody's proxy stands before it."""
    host = re.sub(r":\d+$", "", _authority(endpoint))
    return any(_matches(known.hosts, host) for known in providers().values())


def candidate_regions(provider: Provider, host: str, configured: str) -> tuple[str, ...]:
    """Signing regions worth a try when ``configured`` is refused, likeliest first and without ``configured``.

    First the region in the host name (``s3.nl-ams.scw.cloud`` -> ``nl-ams``), then ``configured`` in lower case,
    then the provider's usual ones, then those that S3-compatible stores have by default.
    """
    name = re.sub(r":\d+$", "", _authority(host))
    in_host = [found[1] for pattern in provider.region_hosts if (found := re.search(pattern, name))]
    tidy = configured.strip().lower()
    ordered = (*in_host, *((tidy,) if tidy else ()), *provider.regions, *_USUAL_REGIONS)
    return tuple(region for region in dict.fromkeys(ordered) if region != configured)


def same_service(host: str, other: str) -> bool:
    """Whether ``host`` is ``other`` with another region in it, where a provider's names hold one (``region_hosts``)."""
    for pattern in (pattern for known in providers().values() for pattern in known.region_hosts):
        if found := re.search(pattern, other):
            before, behind = re.escape(other[: found.start(1)]), re.escape(other[found.end(1) :])
            if re.fullmatch(f"{before}[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?{behind}", host):
                return True
    return False


def _provider(provider_id: str, data: Mapping[str, Any]) -> Provider:
    kinds = {"object_acl": ObjectAcl, "bucket_policy": PolicySupport, "addressing": Addressing}
    fields = {name: _frozen(kinds[name](value) if name in kinds else value) for name, value in data.items()}
    return Provider(id=provider_id, **fields)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType(value)
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _authority(host: str) -> str:
    """``https://Host:9000/path`` -> ``host:9000``."""
    return host.strip().lower().rpartition("://")[2].partition("/")[0]


def _matches(patterns: tuple[str, ...], text: str) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def _shows(sign: str, marks: Collection[Mark]) -> bool:
    """Whether the marks hold a sign such as ``server: ^MinIO``."""
    name, _, value = sign.partition(": ")
    return any(re.fullmatch(name, n) and re.search(value, v, re.IGNORECASE) for n, v in marks)
