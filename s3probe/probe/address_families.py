"""The addresses of the endpoint: whether it is reached over IPv4 and IPv6, and whether it lies in a private network.

Neither is asked without need: the first when it was not reached or late, the second when it is plain http.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact
from s3probe.probe.machine import AddressFamiliesOf
from s3probe.probe.session import Session
from s3probe.records import replace

_CUT_OFF = (NetworkFault.NO_ROUTE, NetworkFault.CONNECT_TIMEOUT, NetworkFault.REFUSED)


def ask(session: Session, families_of: AddressFamiliesOf) -> None:
    """Writes ``try-address-families`` down when the endpoint was not reached, or only after a wait."""
    seen, settings = session.book.get(ActionId.REACH_ENDPOINT), session.conditions.settings
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


def note_inside(session: Session, lies_inside: Callable[[str], bool]) -> None:
    """Adds to ``reach-endpoint`` that a plain http endpoint is one of the server's own network."""
    seen = session.book.get(ActionId.REACH_ENDPOINT)
    parts = urlsplit(seen.url if seen is not None and seen.ok else "")
    if seen is not None and parts.scheme == "http" and lies_inside(parts.hostname or ""):
        session.book.add(replace(seen, facts={**seen.facts, Fact.INSIDE: "yes"}))
