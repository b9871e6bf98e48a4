"""Which host names exist in a world, what answers under them, and with which certificate names."""

from __future__ import annotations

from s3probe.sandbox.address import amazon_host, locate
from s3probe.sandbox.regions import partition
from s3probe.sandbox.statements import glob_match
from s3probe.sandbox.world import Alias, ConnectionFault, Endpoint, World


def obstacle(world: World, host: str) -> ConnectionFault | None:
    """What stands in the way to a host, if anything."""
    return next((o.fault for o in world.obstacles if glob_match(o.hosts, host, fold=True)), None)


def alias_of(world: World, host: str) -> Alias | None:
    """The alias proxy of that name."""
    return next((alias for alias in world.aliases if alias.host == host), None)


def endpoint_of(world: World, host: str) -> Endpoint | None:
    """The custom endpoint a host belongs to, with or without a bucket in front."""
    return next((e for e in world.endpoints if host == e.base or host.endswith("." + e.base)), None)


def exists(world: World, host: str) -> bool:
    """Whether DNS knows the name."""
    if obstacle(world, host) is ConnectionFault.NO_DNS:
        return False
    is_instance = world.instance is not None and world.instance.host == host
    return is_instance or alias_of(world, host) is not None or locate(world, host, "/") is not None


def certificate_names(world: World, host: str) -> tuple[str, ...]:
    """The names of the certificate shown for a host. A wildcard covers one label only, as everywhere."""
    if endpoint := endpoint_of(world, host):
        return (endpoint.base, f"*.{endpoint.base}") if endpoint.wildcard else (endpoint.base,)
    if found := amazon_host(host):
        _, base, region = found
        if region is None:
            return (base, f"*.{base}")
        suffix = ".cn" if partition(region) == "aws-cn" else ""
        return tuple(
            name for form in (f"s3.{region}", f"s3-{region}", f"s3.dualstack.{region}")
            for name in (f"{form}.amazonaws.com{suffix}", f"*.{form}.amazonaws.com{suffix}")
        )  # fmt: skip
    return (host or "localhost",)
