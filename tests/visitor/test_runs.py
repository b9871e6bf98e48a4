"""Whole runs in the sandbox: what a visit costs, the instance's page, and what is only asked when it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.formats import RenderOptions, format_named
from s3probe.sandbox.faults.proxies import healthy_alias, proxy
from s3probe.sandbox.scenario import SCENARIOS, Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import AliasFault, Instance
from tests.exhaustive import in_turn
from tests.runs import run, run_once, settings_of

MOST = 48
"""Requests to the storage and its public host in a healthy run at a provider's own hosts."""
MOST_OF_ONES_OWN = 48
"""The same at a storage before which a proxy of one's own may stand."""


def _old(scenario: Scenario) -> Scenario:
    """The same under a Mastodon whose uploads have the older form: the newer one is tried as well."""
    instance = scenario.world.instance or Instance()
    return scenario.with_world(instance=replace(instance, version="4.3.0"))


HEALTHY = {**SCENARIOS, "alias and ACL": healthy_alias}


@pytest.mark.parametrize(("name", "older"), in_turn(HEALTHY, [False, True]))
def test_a_healthy_run_stays_small(name: str, older: bool) -> None:
    scenario = HEALTHY[name]()
    ran = run_once(_old(scenario) if older else scenario)
    at_provider = has_own_hosts(settings_of(scenario).api_base)
    assert ran.report.evidence.cost.requests <= (MOST if at_provider else MOST_OF_ONES_OWN)
    assert ran.report.verdict == "ok"


def test_a_cache_before_acls_is_the_largest_of_them() -> None:
    ran = run(proxy(AliasFault.KEEPS_DELETED)(healthy_alias()))
    assert ran.report.evidence.cost.requests <= MOST


def test_an_instance_that_cannot_be_reached_is_skipped_with_its_reason() -> None:
    report = run(healthy().with_world(instance=None)).report
    row = report.evidence.get(ActionId.PUBLIC_CSP)
    assert row is not None
    assert row.outcome is Outcome.SKIPPED
    assert "could not be read" in (row.reason or "")
    assert report.findings == ()


def test_the_instance_is_no_part_of_the_cost() -> None:
    report = run_once(healthy()).report
    row = report.evidence.get(ActionId.PUBLIC_CSP)
    assert row is not None
    assert row.ok
    assert report.evidence.cost.requests == run(healthy().with_world(instance=None)).report.evidence.cost.requests


def test_one_request_answers_for_cors_and_ranges() -> None:
    ran = run_once(healthy())
    asked = [s for s in ran.requests if "range" in s.headers and "origin" in s.headers]
    assert len(asked) == 1


def test_other_servers_and_browsers_both_ask() -> None:
    agents = {s.headers.get("user-agent", "") for s in run_once(healthy()).requests if not s.key_id}
    assert any(agent.startswith("Mastodon/") for agent in agents)
    assert any(agent.startswith("Mozilla/") for agent in agents)


class _Forever:
    """A store that does not heed the time in a link: any link gives what was uploaded under its key."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._stored: dict[str, bytes] = {}

    def send(self, call: Call, limits: Limits) -> Answer:
        place = call.url.partition("?")[0]
        if call.operation == "PutObject":
            self._stored[place] = call.body
        if "X-Amz-Expires" in call.url:
            return Answer(200, {"content-type": "application/zip"}, self._stored[place])
        return self._inner.send(call, limits)


def test_a_store_whose_links_never_expire_is_found() -> None:
    report = run(custom(), wrap=_Forever).report
    assert [f.id for f in report.findings] == ["archive-link-never-expires"]


def test_the_checklist_of_a_healthy_storage_has_no_open_box() -> None:
    text = format_named("markdown").render([run_once(healthy()).report], RenderOptions())
    assert "- [ ]" not in text
    assert "Content-Security-Policy" in text


def test_the_finding_stands_under_the_box_it_opens() -> None:
    scenario = proxy(AliasFault.HIDES_CORS)(healthy_policy())
    text = format_named("markdown").render([run_once(scenario).report], RenderOptions())
    box = text.index("- [ ] The web interface may read media from the media host (CORS)")
    assert text.index("cors-missing") > box
    assert text.index("## Privacy") > text.index("cors-missing")


def test_strangers_who_may_list_uploads_alone_are_found_and_a_full_run_leaves_the_question_out() -> None:
    closed = run_once(healthy()).report.evidence.get(ActionId.PUBLIC_UPLOADS)
    assert closed is not None
    assert closed.ok
    cached = run(proxy(AliasFault.KEEPS_DELETED)(healthy_alias())).report.evidence.get(ActionId.PUBLIC_UPLOADS)
    assert cached is not None
    assert cached.outcome is Outcome.SKIPPED
    assert "--thorough" in (cached.reason or "")


def test_what_was_left_out_is_asked_when_another_listing_is_open() -> None:
    scenario = _old(custom())
    listed = Statement("Allow", ("s3:ListBucket",), ("arn:aws:s3:::files-example",), ("*",), sid="PublicList")
    row = run(scenario.with_bucket(policy=(listed,))).report.evidence.get(ActionId.PUBLIC_UPLOADS)
    assert row is not None
    assert row.ran
