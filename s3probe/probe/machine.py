"""What this machine is: who made it, as its firmware says it, and which ways out it has over IPv4 and IPv6.

Nothing is sent to find a route: a UDP socket that is "connected" only makes the kernel look one up.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path

from s3probe.evidence.vocabulary import Fact, Facts
from s3probe.hindrance import hindrance
from s3probe.probe.descriptors import short_of_descriptors

AddressFamiliesOf = Callable[[str, int], Facts]
"""Host and port in, facts out: ``addresses``, ``routes`` and ``connects``, each of ``ipv4`` and ``ipv6``.

``canonical`` is the name that DNS leads the host to, where it is another one.
"""

VENDOR_FILE = Path("/sys/class/dmi/id/sys_vendor")
"""Readable by everyone on Linux; ``Amazon EC2`` on EC2 (AWS, "Identify EC2 instances"); absent in some containers."""
CONNECT_SECONDS = 2.0
_NAMES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_DOCUMENTATION = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that nobody has (RFC 5737, RFC 3849): the default route is the one that is looked up."""


def vendor() -> str:
    """The vendor's name, ``""`` when nobody says."""
    try:
        return VENDOR_FILE.read_text(encoding="utf-8", errors="replace").strip()[:80]
    except OSError:
        return ""


def families_of(host: str, port: int) -> Facts:
    """Which addresses a host has, which ways out this machine has, and which of the addresses are reached.

    No exception: what cannot be found out is left out.
    """
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):  # no such name, or none at all
        return {}
    canonical = next((name.rstrip(".").lower() for *_, name, _where in rows if name), "")
    found = {family: where for family, _, _, _, where in reversed(rows) if family in _NAMES}
    try:
        facts: Facts = {
            Fact.ADDRESSES: _named(family for family in _NAMES if family in found),
            Fact.ROUTES: _named(family for family in _NAMES if _routed(family)),
            Fact.CONNECTS: _named(family for family in _NAMES if family in found and _arrives(family, found[family])),
            **({Fact.CANONICAL: canonical} if canonical not in ("", host.rstrip(".").lower()) else {}),
        }
    except OSError:  # this process may open no more sockets, which says nothing of the ways
        return {}
    return {} if short_of_descriptors() else facts


def same_addresses(host: str, other: str) -> bool | None:
    """Whether two names lead to an address that both have; ``None`` where one of them leads nowhere."""
    found: list[set[str]] = []
    for name in (host, other):
        try:
            found.append({str(where[0]) for *_, where in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)})
        except (OSError, UnicodeError):
            return None
    return bool(found[0] & found[1])


def lies_inside(host: str) -> bool:
    """Whether the name leads to private addresses alone (RFC 1918, RFC 4193): nobody outside reaches it by them."""
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(rows) and all(ip_address(str(where[0]).partition("%")[0]).is_private for *_, where in rows)


def _named(families: Iterable[socket.AddressFamily]) -> str:
    return " ".join(_NAMES[family] for family in families)


def _routed(family: socket.AddressFamily) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_DOCUMENTATION[family], 443))
            return True
    except OSError as error:
        return _no_way(error)


def _arrives(family: socket.AddressFamily, where: object) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(CONNECT_SECONDS)
            probe.connect(where)  # type: ignore[arg-type]  # as getaddrinfo gave it
            return True
    except OSError as error:
        return _no_way(error)


def _no_way(error: OSError) -> bool:
    """What the kernel says of a way; what this process lacks is raised again."""
    if hindrance(error):
        raise error
    return False
