"""Every fault is named first and alone, leaves nothing behind unnamed, and no secret comes out with it."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.report.formats import FORMATS, RenderOptions, format_named
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.scenario import SCENARIOS, Scenario
from tests.diagnosis.rule_runs import quarrels, seeds, undeclared
from tests.runs import TRIED, each_fault, fault_name, run_fault, run_once, settings_of

ALSO_TRUE = {"protocol-https-but-endpoint-plain": {"presigned-link-without-tls"}}
"""A store that speaks plain http alone also gives out archive links without TLS."""

every_fault = each_fault(TRIED)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_healthy_storage_is_healthy_and_stays_as_it_was(name: str) -> None:
    ran = run_once(SCENARIOS[name]())
    assert ran.report.verdict == "ok", [(f.id, f.how_known) for f in ran.report.findings]
    assert ran.left == () == ran.violations
    assert ran.report.evidence.cleanup.left_behind == ()


@every_fault
def test_a_fault_is_found_first_and_alone(fault: Fault) -> None:
    report = run_fault(fault).report
    assert report.findings, [(o.id, o.outcome, o.error_code) for o in report.evidence.observations]
    assert report.findings[0].id == fault.id, [(f.id, f.how_known) for f in report.findings]
    expected = ALSO_TRUE.get(fault.id, set())
    others = [f for f in report.findings[1:] if f.severity is not Severity.NOTICE and f.id not in expected]
    assert [(f.id, f.how_known) for f in others] == []


@every_fault
def test_its_rules_say_what_they_read_and_commute_inside_a_tier(fault: Fault) -> None:
    settings, evidence = settings_of(fault.scenario()), run_fault(fault).report.evidence
    assert quarrels(settings, evidence, seeds(fault_name(fault))) == []
    assert undeclared(settings, evidence) == []


@every_fault
def test_nothing_is_left_behind_that_is_not_named(fault: Fault) -> None:
    ran = run_fault(fault)
    named = ran.report.evidence.cleanup.left_behind
    # an upload whose id nobody told is named by its key alone
    known = {name.removesuffix("?uploads") for name in named}
    before = {o.key for bucket in fault.scenario().world.buckets for o in getattr(bucket, "objects", ())}
    assert {name for name in ran.left if name not in known and name.split("?")[0] not in known | before} == set()
    assert ran.violations == ()


def _secrets(scenario: Scenario) -> set[str]:
    world = {user.secret for user in scenario.world.users} | {u.token for u in scenario.world.users if u.token}
    file = {scenario.raw_env(n) or "" for n in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    # what dotenv left of a secret is as secret as the whole of it
    return {text.strip("'\"") for text in world | file if text}


@every_fault
def test_no_format_shows_a_secret(fault: Fault) -> None:
    report = run_fault(fault).report
    secrets = _secrets(fault.scenario())
    assert secrets
    for name in FORMATS:
        shown = format_named(name).render([report], RenderOptions(width=100))
        assert not [s for s in secrets if s in shown], name
        assert "X-Amz-Signature" not in shown
        assert "Signature=" not in shown
