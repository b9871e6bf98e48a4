"""Observations put together by hand, for what no sandbox shows: CDNs, odd providers, other people's servers."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from s3probe.diagnosis.case import Case
from s3probe.evidence.observations import Evidence, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, Fact, FactName, ObservationId
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load
from tests.evidence_by_hand import kept_as

ENV = """LOCAL_DOMAIN=mastodon.example
S3_ENABLED=true
S3_BUCKET=files-example
S3_REGION=nl-ams
S3_ENDPOINT=https://s3.nl-ams.example.net
S3_HOSTNAME=s3.nl-ams.example.net
AWS_ACCESS_KEY_ID=AKIAMASTODON7EXAMPLE
AWS_SECRET_ACCESS_KEY=made-up
"""
ALIAS = "S3_ALIAS_HOST=files.example.com\n"
FILE = "https://files.example.com/media_attachments/files/s3probe/run/a.png"


def settings(extra: str = "") -> Settings:
    """What Mastodon reads from the usual file and ``extra`` lines after it."""
    return interpret(load("-", stdin=BytesIO((ENV + extra).encode())))


def seen(
    action: ObservationId,
    status: int = 200,
    outcome: Outcome = Outcome.OK,
    *,
    headers: Mapping[str, str] | None = None,
    url: str = FILE,
    method: str = "GET",
    **facts: str,
) -> Observation:
    """One answer. A fact's underscore stands for a hyphen."""
    known: dict[FactName, str] = {Fact(name.replace("_", "-")): value for name, value in facts.items()}
    return Observation(
        action, action, method, Actor.VISITOR, outcome, http_status=status, url=url, method=method,
        headers=kept_as(headers or {}), facts=known,
    )  # fmt: skip


def case(*rows: Observation, extra: str = ALIAS) -> Case:
    """These answers, under the usual settings with an alias host."""
    store = seen(
        ActionId.REACH_ENDPOINT, 403, headers={"server": "S3"}, url="https://s3.nl-ams.example.net/files-example"
    )
    return Case(settings(extra), Evidence(Run("run", "2026-11-23T18:00:00Z", 1.0, "full"), (store, *rows)))
