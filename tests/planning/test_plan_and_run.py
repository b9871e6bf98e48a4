"""Nothing happens that the plan did not name. ``tests/runs.py`` holds every run of the tests to it; here are those that
no other test makes: each action alone, left out, and every kind of run in worlds of every kind.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from s3probe.evidence.vocabulary import ActionId
from s3probe.examination import EVERYTHING, check
from s3probe.planning.make import plan_of
from s3probe.planning.model import Plan, WhenAsked
from s3probe.probe.tools import ProbeOptions
from s3probe.sandbox.faults import ALL, FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import SCENARIOS, Scenario, custom, healthy, healthy_policy
from tests.exhaustive import dear
from tests.planning.witness import Seen, Witness, unnamed, unplanned
from tests.runs import OPTIONS, fault_name, run, settings_of, tools_for

WORLDS: dict[str, Scenario] = {
    **{name: scenario() for name, scenario in SCENARIOS.items()},
    "nothing may be uploaded": FAULTS["iam-missing-putobject"].scenario(),
    "everything is open": FAULTS["anonymous-write-allowed"].scenario(),
    "the endpoint names the bucket": FAULTS["endpoint-contains-bucket-path-style"].scenario(),
    "another region": FAULTS["region-wrong-aws-regional-endpoint"].scenario(),
}
KINDS: dict[str, ProbeOptions] = {
    "thorough": replace(OPTIONS, thorough=True),
    "quick": replace(OPTIONS, profile="quick"),
    "read-only": replace(OPTIONS, profile="read-only"),
    "an older Mastodon": replace(OPTIONS, mastodon_version="4.5.8"),
}


def seen_in(scenario: Scenario, options: ProbeOptions) -> list[Seen]:
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        witness = Witness(tools.transport)
        try:
            check(settings_of(scenario), options, replace(tools, transport=witness), EVERYTHING)
        finally:
            transport.close()
        return witness.seen


def planned(scenario: Scenario, options: ProbeOptions = OPTIONS) -> Plan:
    return plan_of(settings_of(scenario), options)


@pytest.mark.parametrize(("world", "kind"), [(world, kind) for world in WORLDS for kind in KINDS])
def test_a_run_of_every_kind_keeps_to_its_plan(world: str, kind: str) -> None:
    run(WORLDS[world], KINDS[kind], trials=kind != "read-only")


@pytest.mark.parametrize(("action", "world"), dear(product(ActionId, WORLDS), 11))
def test_an_action_alone_keeps_to_its_plan(action: ActionId, world: str) -> None:
    run(WORLDS[world], replace(OPTIONS, only=(action,)))


@pytest.mark.parametrize(("action", "world"), dear(product(ActionId, WORLDS), 29))
def test_what_is_left_out_is_not_done(action: ActionId, world: str) -> None:
    run(WORLDS[world], replace(OPTIONS, skip=(action,)))


@pytest.mark.parametrize("fault", dear(ALL, 12), ids=fault_name)
def test_a_fault_met_by_a_thorough_run_keeps_to_the_plan_with_its_trials(fault: Fault) -> None:
    run(fault.scenario(), replace(OPTIONS, thorough=True), trials=True)


class TestTheWitness:
    """It sees what a plan leaves out: else the tests above could not fail."""

    def test_a_write_that_a_plan_to_read_does_not_hold(self) -> None:
        seen = seen_in(healthy(), OPTIONS)
        assert unnamed(planned(healthy()), seen) == []
        told = unnamed(planned(healthy(), KINDS["read-only"]), seen)
        assert any("the key" in one for one in told)
        assert any("the operation PutObject" in one for one in told)

    def test_another_host(self) -> None:
        seen = seen_in(custom(), OPTIONS)
        assert any("signed to https://s3.nl-ams.example.net" in one for one in unnamed(planned(healthy()), seen))

    def test_a_signed_request_where_only_visitors_ask(self) -> None:
        plan, seen = planned(healthy_policy()), seen_in(healthy_policy(), OPTIONS)
        signed = next(each for each in seen if each.call.operation == "ListObjectsV2")
        moved = replace(signed.call, url=f"{public(plan)}/")
        assert unnamed(plan, [replace(signed, call=moved)])
        visit = replace(moved, headers=(), operation="GET")
        assert unnamed(plan, [replace(signed, call=visit)]) == []

    def test_another_acl(self) -> None:
        plan = planned(healthy(), replace(OPTIONS, trials=False))
        seen = seen_in(healthy(), OPTIONS)
        upload = next(each for each in seen if "/with-acl.png" in each.call.url and each.call.method == "PUT")
        headers = tuple((n, "public-read-write" if n == "X-Amz-Acl" else v) for n, v in upload.call.headers)
        told = unnamed(plan, [replace(upload, call=replace(upload.call, headers=headers))])
        assert any("the ACL public-read-write" in one for one in told)

    def test_more_requests_than_were_announced(self) -> None:
        plan, seen = planned(healthy()), seen_in(healthy(), OPTIONS)
        small = replace(plan, limits=replace(plan.limits, asked=1, trials=0, removing=0, beside=0))
        assert any("requests, and the plan says" in one for one in unnamed(small, seen))

    def test_a_question_that_stands_in_no_table(self) -> None:
        report = run(FAULTS["iam-missing-putobject"].scenario()).report
        plan = planned(FAULTS["iam-missing-putobject"].scenario())
        assert unplanned(plan, [report.evidence]) == []
        assert unplanned(replace(plan, occasions=()), [report.evidence])


def public(plan: Plan) -> str:
    return next(h.origin for h in plan.hosts if h.signed is WhenAsked.NEVER and h.visitor is WhenAsked.ALWAYS)
