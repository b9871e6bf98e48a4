"""Which server the storage is, by what it answers: one recognition for the report's head, the rules and the fixes."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Evidence
from s3probe.knowledge.providers import MESSAGE, Mark, Provider, detect
from s3probe.settings.model import Settings
from s3probe.settings.rubyuri import authority_of


def store_of(settings: Settings, evidence: Evidence | None) -> Provider:
    """The storage at the API's address, by its host and all that was answered there; without evidence by its host."""
    return detect(settings.api_base, set(_marks(settings, evidence)) if evidence is not None else ())


def _marks(settings: Settings, evidence: Evidence) -> Iterator[Mark]:
    """Headers and messages of all answers from the API's host, with or without the bucket before it."""
    api = authority_of(settings.api_base).lower()
    places = (api, f"{settings.bucket_name}.{api}".lower())
    for row in evidence.observations:
        if row.http_status is not None and authority_of(row.url).lower() in places:
            yield from row.headers.items()
            if row.message:
                yield MESSAGE, row.message
