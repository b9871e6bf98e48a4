"""Which server the storage is, by what it answers: one recognition for the report's head, the rules and the fixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from s3probe.evidence.observations import Evidence, Observation
from s3probe.evidence.vocabulary import Fact
from s3probe.knowledge.providers import Provider, detect
from s3probe.knowledge.recognition import HOST_ID, MESSAGE, Mark
from s3probe.settings.model import Settings
from s3probe.settings.rubyuri import authority_of


def store_of(settings: Settings, evidence: Evidence | None) -> Provider:
    """The storage at the API's address, by its host and all that was answered there; without evidence by its host."""
    return store_seen(settings, evidence.observations if evidence is not None else ())


def store_seen(settings: Settings, rows: Iterable[Observation]) -> Provider:
    """The same, by what was seen until now."""
    return detect(settings.api_base, set(_marks(settings, rows)))


def _marks(settings: Settings, rows: Iterable[Observation]) -> Iterator[Mark]:
    """Headers and messages of all answers from the API's host, with or without the bucket before it."""
    api = authority_of(settings.api_base).lower()
    places = (api, f"{settings.bucket_name}.{api}".lower())
    for row in rows:
        if row.http_status is not None and authority_of(row.url).lower() in places:
            yield from row.headers.items()
            if row.message:
                yield MESSAGE, row.message
            if form := row.facts.get(Fact.HOST_ID):
                yield HOST_ID, form


def web_address(settings: Settings, store: Provider, host: str = "") -> str:
    """Where a store that serves visitors at a port of its own (``web_port``) most likely does, at ``host``.

    The default port, or as far from the endpoint's own port as by default. Both are without TLS.
    """
    api = urlsplit(settings.api_base)
    own = api.port if api.port not in (None, 80, 443) else None
    port = own + store.web_port - store.api_port if own else store.web_port
    return f"http://{host or api.hostname}:{port}"
