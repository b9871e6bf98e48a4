"""Exactly the policy of ``s3probe policy`` passes the whole examination; without one action, that one is missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import pytest

from s3probe.diagnosis.model import IamAllow, Severity
from s3probe.knowledge.policies import BUCKET_REASONS, OBJECT_REASONS, least_privilege, public_policy
from s3probe.sandbox.recommended import RECOMMENDED, SETUPS
from s3probe.sandbox.scenario import Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from tests.exhaustive import in_turn, part
from tests.runs import healthy as is_healthy
from tests.runs import run, run_once, with_first_fix

MISSED = {
    "s3:PutObject": "iam-missing-putobject",
    "s3:PutObjectAcl": "iam-missing-putobjectacl",
    "s3:GetObject": "iam-missing-getobject",
    "s3:DeleteObject": "iam-missing-deleteobject",
    "s3:AbortMultipartUpload": "iam-missing-abortmultipart",
    "s3:ListBucket": "iam-missing-listbucket",
}
BASES: Mapping[str, Callable[[], Scenario]] = {
    "ACLs": healthy,
    "policy": healthy_policy,
    "another store": custom,
}


def _sends_acls(scenario: Scenario) -> bool:
    return scenario.raw_env("S3_PERMISSION") is None


def _least(base: Scenario, prefix: str = "", without: str = "") -> Scenario:
    """The scenario whose key has the printed policy, and whose bucket policy (if it has one) is the printed one."""
    bucket, region = base.bucket.name, base.bucket.region
    arn = None if base.world.amazon else "arn:aws:s3:::"
    document = least_privilege(bucket, prefix, acl=_sends_acls(base), region=region, arn=arn)
    statements = cast("Sequence[Mapping[str, object]]", document["Statement"])
    allowed = (Statement.from_json(statement) for statement in statements)
    kept = (replace(s, actions=tuple(action for action in s.actions if action != without)) for s in allowed)
    made = base.with_user(identity=tuple(s for s in kept if s.actions))
    if base.bucket.policy:
        opened = Statement.from_json(public_policy(bucket, prefix, region, arn))
        own = tuple(one for one in base.bucket.policy if one.principals != ("*",))
        made = made.with_bucket(policy=(opened, *own))
    return made.with_env("S3_KEY_PREFIX", prefix or None)


def _actions(base: Scenario) -> list[str]:
    return [action for action in (*OBJECT_REASONS, *BUCKET_REASONS) if _sends_acls(base) or action != "s3:PutObjectAcl"]


@pytest.mark.parametrize(("name", "prefix"), in_turn(BASES, ["", "mastodon/social"]))
def test_the_printed_policy_is_enough_and_says_nothing(name: str, prefix: str) -> None:
    report = run(_least(BASES[name](), prefix)).report
    # a prefix confuses one command of tootctl, of which a notice tells
    assert [f.id for f in report.findings] in ([], ["remove-orphans-key-prefix"])
    assert report.verdict == "ok"


@pytest.mark.parametrize(
    "name", part([setup.provider for setup in SETUPS if not setup.known] + ["cloudflare-r2", "gcs"], 6)
)
def test_the_printed_policy_is_enough_at_every_provider(name: str) -> None:
    report = run(_least(RECOMMENDED[name]())).report
    assert [(f.id, f.how_known) for f in report.findings if f.severity is not Severity.NOTICE] == []


@pytest.mark.parametrize(
    ("name", "action", "prefix"),
    [
        (name, action, prefix)
        for action, (name, prefix) in in_turn(
            MISSED, [("ACLs", ""), ("ACLs", "mastodon"), ("policy", ""), ("another store", "")]
        )
        if action in _actions(BASES[name]())
    ],
)
def test_without_one_action_that_action_is_missed_and_nothing_else(name: str, action: str, prefix: str) -> None:
    scenario = _least(BASES[name](), prefix, without=action)
    report = run_once(scenario).report
    assert [f.id for f in report.findings if f.severity is not Severity.NOTICE] == [MISSED[action]]
    first = report.findings[0].fixes[0]
    assert isinstance(first, IamAllow)
    assert action in first.actions
    fixed = with_first_fix(scenario, report.findings[0])
    assert fixed is not None
    assert is_healthy(run_once(fixed).report)


def test_every_printed_action_has_its_reason_and_its_finding() -> None:
    assert set(MISSED) == set(OBJECT_REASONS) | set(BUCKET_REASONS)
    assert all({**OBJECT_REASONS, **BUCKET_REASONS}.values())
