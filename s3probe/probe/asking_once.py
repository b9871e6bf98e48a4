"""One unsigned request, or two, whose answer shows which server it is."""

from __future__ import annotations

from contextlib import suppress

from s3probe.evidence.addresses import listing_url
from s3probe.evidence.observations import Evidence, Run
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.hindrance import HinderedError
from s3probe.knowledge.recognition import GENERIC
from s3probe.knowledge.store import store_of
from s3probe.probe.client import Client, NotSentError
from s3probe.probe.session import visitor_call
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.tools import Tools, limits_for
from s3probe.redact import scrubber_of_a_run
from s3probe.settings.model import Settings


def who_is_there(settings: Settings, tools: Tools, patience: float) -> Evidence:
    """What the storage answers to a listing that nobody signed; ``patience``: seconds in all.

    MinIO behind a proxy, which puts its own name into ``Server``, tells itself by its answer to a HEAD alone.
    """
    end = tools.clock.monotonic() + patience
    client = Client(
        tools.transport,
        limits_for(settings, total=patience),
        lambda: end - tools.clock.monotonic(),
        signing_rule(settings, None),
        read_only=True,
        scrubber=scrubber_of_a_run(settings, None),
    )
    run = Run("", tools.clock.now().isoformat(), 0.0, "read-only")
    evidence = Evidence(run)
    for name, method in ((ActionId.REACH_ENDPOINT, "GET"), (Experiment.HEAD_BUCKET, "HEAD")):
        call = visitor_call(listing_url(settings), method=method)
        with suppress(NotSentError, HinderedError):
            seen = client.observe(name, call, client.send(call))
            evidence = Evidence(run, (*evidence.observations, seen), cost=client.cost())
        if not evidence.observations or seen.http_status is None or store_of(settings, evidence).id != GENERIC:
            break
    return evidence
