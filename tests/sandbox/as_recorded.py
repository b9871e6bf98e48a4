"""Compares what the sandbox answers with what a real server answered, request by request."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from s3probe.codec import load
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Fact, ObservationId
from s3probe.sandbox.scenario import BUCKET, Scenario
from s3probe.sandbox.statements import Statement
from tests.runs import run

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"
Change = Callable[[Scenario], Scenario]
ARN = f"arn:aws:s3:::{BUCKET}"
WHOLE = (ARN, f"{ARN}/*")
EVERYONE = ("*",)
NOT_HERE = {ActionId.PUBLIC_CSP}
"""No instance was there when it was recorded."""
_NAMES = re.compile(r"[\w.-]*(?:mastodon-data|files-example|GK)[\w.*…-]*")
"""Of buckets and keys, there and here."""


def env(name: str, value: str | None) -> Change:
    return lambda scenario: scenario.with_env(name, value)


def may(*actions: str, where: tuple[str, ...] = WHOLE) -> Change:
    """The key's own policy allows this and nothing else."""
    return lambda scenario: scenario.with_user(identity=(Statement("Allow", actions, where),))


def all_of(*changes: Change) -> Change:
    def change(scenario: Scenario) -> Scenario:
        for one in changes:
            scenario = one(scenario)
        return scenario

    return change


def wrong_values(change: Change, *names: str, prefix: str) -> dict[str, Change]:
    """The recordings of a wrong line in the file, over a set-up that is right."""
    lines = {
        "wrong-secret": env("AWS_SECRET_ACCESS_KEY", "SKnotTheRightOne"),
        "unknown-key": env("AWS_ACCESS_KEY_ID", "AKnobody"),
        "wrong-region": env("S3_REGION", "eu-west-1"),
        "wrong-bucket": env("S3_BUCKET", "meida"),
    }
    return {f"{prefix}-{name}": all_of(change, lines[name]) for name in names}


def rights_of_key(change: Callable[[Statement], Statement]) -> Change:
    """The bucket policy's statement about the key, changed."""

    def changed(scenario: Scenario) -> Scenario:
        policy = (one if one.principals == EVERYONE else change(one) for one in scenario.bucket.policy)
        return scenario.with_bucket(policy=tuple(policy))

    return changed


def allowing(*actions: str, where: tuple[str, ...] = WHOLE) -> Change:
    """The same, with these actions and resources."""
    return rights_of_key(lambda one: replace(one, actions=actions, resources=where))


def differences(
    name: str, scenario: Scenario, *, but: Collection[ObservationId] = (), at_least: int
) -> Mapping[str, tuple[object, object]]:
    """By observation: what the real server said, and what is said here. Both were asked ``at_least`` so often."""
    _settings, recorded = load((RECORDED / f"{name}.json").read_text())
    here = {row.id: row for row in run(scenario).report.evidence.observations}
    asked = (row for row in recorded.observations if row.id in here and row.id not in {*NOT_HERE, *but})
    pairs = [(real, here[real.id]) for real in asked if None not in (real.http_status, here[real.id].http_status)]
    assert len(pairs) >= at_least
    return {real.id: (_told(real), _told(ours)) for real, ours in pairs if _told(real) != _told(ours)}


def _told(seen: Observation) -> tuple[object, ...]:
    said = _NAMES.sub("NAME", seen.message or "")
    return seen.http_status, seen.error_code, said, seen.facts.get(Fact.WEB_PAGE, "")
