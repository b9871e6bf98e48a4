"""Which bucket, through which name: host and path to :class:`RequestTarget`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from s3probe.records import dataclass
from s3probe.sandbox.regions import CHINA, DASH_REGIONS, GOVERNMENT, REGIONS
from s3probe.sandbox.world import World

_AMAZON = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?P<dash>[.-])(?:dualstack\.)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?P<cn>\.cn)?"
)
_GLOBAL = re.compile(r"(?:(?P<bucket>.+)\.)?s3\.amazonaws\.com")
_LOOPBACK = re.compile(r"(?:(?P<bucket>.+)\.)?(?:localhost|127\.0\.0\.1)")


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """Where a request arrives."""

    base: str
    """Host of the endpoint without the bucket."""
    region: str | None
    """The region this host serves; ``None`` for the global endpoint and for loopback names."""
    kind: str
    """``regional``, ``global`` or ``custom``."""
    bucket: str = ""
    key: str = ""
    virtual: bool = False
    """The bucket came from the host."""


def amazon_host(host: str) -> tuple[str | None, str, str | None] | None:
    """Bucket, base and region (``None`` = global) of an existing amazonaws.com name, else ``None``."""
    if found := _GLOBAL.fullmatch(host):
        return found["bucket"], "s3.amazonaws.com", None
    found = _AMAZON.fullmatch(host)
    if found is None or found["region"] not in _regions(found["dash"], found["cn"]):
        return None
    bucket = found["bucket"]
    return bucket, host[len(bucket) + 1 :] if bucket else host, found["region"]


def _regions(dash: str, china: str | None) -> frozenset[str]:
    return CHINA if china else DASH_REGIONS if dash == "-" else REGIONS | GOVERNMENT


def locate(world: World, host: str, path: str) -> RequestTarget | None:
    """The place a host (without port, lower case) and a raw path name, or ``None`` when S3 is not at home there."""
    found = _endpoint(world, host)
    if found is None:
        return None
    bucket, base, region, kind = found
    rest = path[1:] if path.startswith("/") else path
    if bucket is not None and not (kind == "custom" and world.personality.path_only):
        return RequestTarget(base, region, kind, bucket, unquote(rest), True)
    name, _, key = rest.partition("/")
    return RequestTarget(base, region, kind, unquote(name), unquote(key))


def _endpoint(world: World, host: str) -> tuple[str | None, str, str | None, str] | None:
    for endpoint in world.endpoints:
        if host == endpoint.base:
            return None, endpoint.base, endpoint.region, "custom"
        if endpoint.wildcard and host.endswith("." + endpoint.base):
            return host.removesuffix("." + endpoint.base), endpoint.base, endpoint.region, "custom"
    if found := amazon_host(host):
        bucket, base, region = found
        return bucket, base, region, "regional" if region else "global"
    if loopback := _LOOPBACK.fullmatch(host):
        bucket = loopback["bucket"]
        return bucket, host[len(bucket) + 1 :] if bucket else host, None, "custom"
    return None
