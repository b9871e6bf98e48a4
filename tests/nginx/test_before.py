"""A real nginx between Mastodon and the storage itself: what it does to signed requests, and the lines that end it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import ServerFix, Severity
from s3probe.report.model import Report
from s3probe.sandbox.scenario import CUSTOM_HOST, Scenario, custom
from s3probe.sandbox.world import Endpoint, Instance
from tests.exhaustive import part
from tests.nginx.guide import Block
from tests.nginx.server import MISSING, NGINX
from tests.nginx.world import NginxSetup, examined

pytestmark = pytest.mark.skipif(NGINX is None, reason=MISSING)

FRONT = "storage.example.net"
PASSING = (
    "client_max_body_size 0;",
    "proxy_set_header Host $http_host;",
    f"proxy_pass https://{CUSTOM_HOST};",
)

MISTAKES = {
    "proxy-body-limit-413": "client_max_body_size 10;",
    "proxy-caches-s3-api": "proxy_cache CACHE; proxy_cache_valid 200 10m;",
    "proxy-rewrites-host-before-s3": f"proxy_set_header Host {CUSTOM_HOST};",
}


def _before() -> Scenario:
    """The storage answers to the proxy's name, and the file names that one."""
    scenario = custom()
    front = Endpoint(FRONT, scenario.bucket.region, wildcard=False)
    instance = replace(Instance(), media_hosts=(FRONT,))
    scenario = scenario.with_world(endpoints=(*scenario.world.endpoints, front), instance=instance)
    return scenario.with_env("S3_ENDPOINT", f"https://{FRONT}").with_env("S3_HOSTNAME", FRONT)


def _setup(*more: str) -> NginxSetup:
    block = Block((), PASSING, "/")
    for text in more:
        block = block.with_lines(text)
    return NginxSetup(_before(), block, host=FRONT)


def _named(report: Report) -> list[str]:
    return [f.id for f in report.findings]


def test_a_proxy_that_passes_all_on_is_healthy() -> None:
    report = examined(_setup())
    assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]


@pytest.mark.parametrize("finding_id", part(MISTAKES, 2))
def test_the_first_fix_ends_it(finding_id: str) -> None:
    setup = _setup(MISTAKES[finding_id])
    before = examined(setup)
    finding = next((f for f in before.findings if f.id == finding_id), None)
    assert finding is not None, [(f.id, f.how_known) for f in before.findings]
    fixed = setup.fixed(finding)
    assert fixed is not None
    assert examined(fixed).verdict == "ok"


def test_an_authorization_that_is_dropped_is_passed_on_by_its_line() -> None:
    setup = _setup("proxy_set_header Authorization '';")
    finding = next(f for f in examined(setup).findings if f.id == "endpoint-is-cdn-or-public-host")
    line = next(fix for fix in finding.fixes if isinstance(fix, ServerFix))
    fixed = setup.fixed(replace(finding, fixes=(line,)))
    assert fixed is not None
    assert examined(fixed).verdict == "ok"


def test_nginxs_own_limit_is_found_by_what_is_announced() -> None:
    finding = next(f for f in examined(_setup("client_max_body_size 1m;")).findings if f.id == "proxy-body-limit-413")
    assert "16 MiB was announced" in finding.how_known


def test_a_query_that_is_dropped_is_one_cause() -> None:
    """What nginx does with ``proxy_pass http://HOST$uri``; a host that is changed as well is another fault."""
    report = examined(_setup("rewrite ^(.*)$ $1? break;"))
    failures = [f for f in report.findings if f.severity is Severity.FAILURE]
    assert [f.id for f in failures] == ["proxy-rewrites-host-before-s3"], [(f.id, f.how_known) for f in failures]
    assert "without a query" in failures[0].how_known
    fix = failures[0].fixes[0]
    assert isinstance(fix, ServerFix)
    assert "Remove the path behind the host in proxy_pass" in fix.note
    (other,) = (f for f in examined(_setup(MISTAKES[failures[0].id])).findings if f.id == failures[0].id)
    assert "query" not in other.how_known


def test_a_rule_on_the_query_is_one_cause() -> None:
    setup = _setup()
    assert setup.block is not None
    refusing = replace(setup, block=replace(setup.block, server=("if ($args) { return 403; }",)))
    report = examined(refusing)
    failures = [f for f in report.findings if f.severity is Severity.FAILURE]
    assert [f.id for f in failures] == ["proxy-refuses-uploads"], [(f.id, f.how_known) for f in failures]
    assert "with a query, while those without one passed" in failures[0].how_known


@pytest.mark.parametrize("key", ["$uri", "$scheme$proxy_host$request_uri"])
def test_what_a_cache_for_the_api_gives_to_strangers_is_no_cause_of_its_own(key: str) -> None:
    report = examined(_setup(f"{MISTAKES['proxy-caches-s3-api']} proxy_cache_key {key};"))
    loud = [f.id for f in report.findings if f.severity is not Severity.NOTICE]
    assert loud == ["proxy-caches-s3-api"], [(f.id, f.how_known) for f in report.findings]


def test_other_lines_end_nothing() -> None:
    setup = _setup(MISTAKES["proxy-body-limit-413"])
    finding = next(f for f in examined(setup).findings if f.id == "proxy-body-limit-413")
    after = setup.fixed(replace(finding, fixes=(ServerFix("nginx", "expires 1y;"),)))
    assert after is not None
    assert "proxy-body-limit-413" in _named(examined(after))
