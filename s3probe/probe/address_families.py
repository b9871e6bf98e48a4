"""IPv4 and IPv6: whether the endpoint is reached over both. Asked only when it was not reached, or late."""

from __future__ import annotations

from urllib.parse import urlsplit

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact
from s3probe.probe.machine import AddressFamiliesOf
from s3probe.probe.session import Session

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
