"""A real nginx between Mastodon and the storage itself: what it does to signed requests, and the lines that end it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import ServerFix
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


def test_other_lines_end_nothing() -> None:
    setup = _setup(MISTAKES["proxy-body-limit-413"])
    finding = next(f for f in examined(setup).findings if f.id == "proxy-body-limit-413")
    after = setup.fixed(replace(finding, fixes=(ServerFix("nginx", "expires 1y;"),)))
    assert after is not None
    assert "proxy-body-limit-413" in _named(examined(after))
