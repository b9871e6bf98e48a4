"""IPv4 and IPv6: which addresses the endpoint has, which ways out this machine has, and which of them arrive.

Asked only when the endpoint was not reached, or late. Nothing is sent to find a route: a UDP socket that is
"connected" only makes the kernel look one up.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact, Facts
from s3probe.probe.session import Session

FamiliesOf = Callable[[str, int], Facts]
"""Host and port in, facts out: ``addresses``, ``routes`` and ``connects``, each of ``ipv4`` and ``ipv6``."""

CONNECT_SECONDS = 2.0
_NAMES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_DOCUMENTATION = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that nobody has (RFC 5737, RFC 3849): the default route is the one that is looked up."""
_CUT_OFF = (NetworkFault.NO_ROUTE, NetworkFault.CONNECT_TIMEOUT, NetworkFault.REFUSED)


def ask(session: Session, families_of: FamiliesOf) -> None:
    """Writes ``try-address-families`` down when the endpoint was not reached, or only after a wait."""
    seen, settings = session.book.get(ActionId.REACH_ENDPOINT), session.world.settings
    if seen is None or settings.proxy or not (seen.network in _CUT_OFF or seen.seconds > 0.4 * settings.open_timeout):
        return
    parts = urlsplit(seen.url)
    facts = families_of(parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443))
    if facts:
        title = "The endpoint is reached over IPv4 and IPv6 alike"
        whole = facts.get(Fact.CONNECTS) == facts.get(Fact.ADDRESSES)
        outcome = Outcome.OK if whole else Outcome.UNREACHABLE
        session.book.add(
            Observation(
                Experiment.ADDRESS_FAMILIES, title, "connect", Actor.VISITOR, outcome, url=seen.url, facts=facts
            )
        )


def families_of(host: str, port: int) -> Facts:
    """The facts, from this machine. No exception: what cannot be found out is left out."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # no such name, or none at all
        return {}
    found = {family: where for family, _, _, _, where in reversed(rows) if family in _NAMES}
    return {
        Fact.ADDRESSES: _named(family for family in _NAMES if family in found),
        Fact.ROUTES: _named(family for family in _NAMES if _routed(family)),
        Fact.CONNECTS: _named(family for family in _NAMES if family in found and _arrives(family, found[family])),
    }


def _named(families: Iterable[socket.AddressFamily]) -> str:
    return " ".join(_NAMES[family] for family in families)


def _routed(family: socket.AddressFamily) -> bool:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_DOCUMENTATION[family], 443))
        return True
    return False


def _arrives(family: socket.AddressFamily, where: object) -> bool:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        probe.connect(where)  # type: ignore[arg-type]  # as getaddrinfo gave it
        return True
    return False
