"""A cache before the API whose key leaves out the query: told by another HEAD that it changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.rules.cached_api import cached
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment
from tests.visitor.cases import case, seen


def _row(name: ActionId | Experiment, status: int, outcome: Outcome, method: str) -> Observation:
    return replace(seen(name, status, outcome, method=method), actor=Actor.MASTODON)


STAYS = replace(seen(ActionId.DELETE, 204, Outcome.WRONG, method="DELETE", gone="no"), actor=Actor.MASTODON)
PAST = _row(Experiment.HEAD_PAST_CACHES, 200, Outcome.WRONG, "HEAD")
LIST = _row(ActionId.LIST, 200, Outcome.OK, "GET")


@pytest.mark.parametrize(("status", "outcome", "named"), [(403, Outcome.DENIED, True), (200, Outcome.OK, False)])
def test_a_head_of_the_bucket_alone_decides(status: int, outcome: Outcome, named: bool) -> None:
    bucket = _row(Experiment.HEAD_BUCKET, status, outcome, "HEAD")
    found = list(cached(case(STAYS, PAST, LIST, bucket)))
    assert [f.id for f in found] == ["proxy-caches-s3-api"] * named


def test_without_a_file_that_stays_a_refused_bucket_is_none() -> None:
    """A right that is given for some folders alone lets a listing pass, and no look at the bucket."""
    bucket = _row(Experiment.HEAD_BUCKET, 403, Outcome.DENIED, "HEAD")
    assert list(cached(case(LIST, bucket))) == []
