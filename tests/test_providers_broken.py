"""At every provider, broken in the same ways: the cause is named whatever it is called there, and its fix works."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.sandbox.faults.model import Change, env
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.recommended import RECOMMENDED, SETUPS
from tests.exhaustive import in_turn, part
from tests.runs import healthy, run, run_once, to_fix, with_first_fix

OPENED = [setup.provider for setup in SETUPS if setup.opened_by_policy] + ["cloudflare-r2", "backblaze-b2", "gcs"]
BREAKS: dict[str, Change] = {
    "wrong-secret-key": env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYLASTYEARKEY"),
    "iam-missing-getobject": without("s3:GetObject"),
    "nosuchbucket-typo": env("S3_BUCKET", "files-exmaple"),
}
CLOSED = {"public-policy-missing", "permission-private-no-public-policy", "web-port-bucket-not-allowed"}


@pytest.mark.parametrize(("name", "finding_id"), part(in_turn(RECOMMENDED, BREAKS), 2))
def test_the_cause_is_named_whatever_the_provider_calls_it(name: str, finding_id: str) -> None:
    report = run(BREAKS[finding_id](RECOMMENDED[name]())).report
    assert [f.id for f in report.findings if f.severity is not Severity.NOTICE] == [finding_id]


@pytest.mark.parametrize("name", part(OPENED, 4))
def test_closed_media_are_opened_in_the_providers_own_way(name: str) -> None:
    scenario = RECOMMENDED[name]().with_bucket(policy=(), acl="private")
    report = run_once(scenario).report
    assert {f.id for f in to_fix(report)} <= CLOSED
    assert to_fix(report)
    fixed = with_first_fix(scenario, to_fix(report)[0])
    assert fixed is not None
    assert healthy(run_once(fixed).report)
