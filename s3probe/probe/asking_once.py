"""One unsigned request, whose answer shows which server it is."""

from __future__ import annotations

from s3probe.evidence.addresses import listing_url
from s3probe.evidence.observations import Evidence, Run
from s3probe.evidence.vocabulary import ActionId
from s3probe.probe.client import Client
from s3probe.probe.session import visitor_call
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.tools import Tools, limits_for
from s3probe.redact import scrubber_of_a_run
from s3probe.settings.model import Settings


def who_is_there(settings: Settings, tools: Tools, patience: float) -> Evidence:
    """What the storage answers to a listing that nobody signed; ``patience``: seconds in all."""
    end = tools.clock.monotonic() + patience
    client = Client(
        tools.transport,
        limits_for(settings, total=patience),
        lambda: end - tools.clock.monotonic(),
        signing_rule(settings, None),
        read_only=True,
        scrubber=scrubber_of_a_run(settings, None),
    )
    call = visitor_call(listing_url(settings))
    seen = client.observe(ActionId.REACH_ENDPOINT, call, client.send(call))
    return Evidence(Run("", tools.clock.now().isoformat(), 0.0, "read-only"), (seen,), cost=client.cost())
