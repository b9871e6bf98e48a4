"""A real Varnish keeps a deleted file until Mastodon's request reaches it, which the printed lines let it heed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from s3probe.diagnosis.model import ServerFix
from s3probe.report.model import Report
from s3probe.sandbox.faults.proxies import BUSTER
from s3probe.sandbox.scenario import Scenario, healthy_policy
from tests.proxies.test_mistakes import marked, told
from tests.proxies.world import ProxySetup, as_documented, examined

METHOD, HEADER, SECRET = BUSTER


def _asking(*, guarded: bool) -> Scenario:
    scenario = healthy_policy().with_env("CACHE_BUSTER_ENABLED", "true").with_env("CACHE_BUSTER_HTTP_METHOD", METHOD)
    if guarded:
        scenario = scenario.with_env("CACHE_BUSTER_SECRET_HEADER", HEADER).with_env("CACHE_BUSTER_SECRET", SECRET)
    return scenario


@cache
def _before(guarded: bool) -> tuple[ProxySetup, Report]:
    setup = as_documented("varnish", _asking(guarded=guarded))
    return setup, examined(setup)


def _with_lines(guarded: bool, secret: str) -> Report:
    setup, before = _before(guarded)
    (finding,) = told(before)
    assert finding.id == "cache-buster-without-effect"
    fix = finding.fixes[0]
    assert isinstance(fix, ServerFix)
    assert ("<CACHE_BUSTER_SECRET>" in fix.value) == guarded
    fixed = setup.with_fix(replace(fix, value=fix.value.replace("<CACHE_BUSTER_SECRET>", secret)))
    assert fixed is not None
    return examined(fixed)


@pytest.mark.parametrize(("program", "guarded"), [marked("varnish", False), marked("varnish", True)])
def test_the_lines_let_it_forget(program: str, guarded: bool) -> None:
    assert program == "varnish"
    after = _with_lines(guarded, SECRET)
    assert told(after) == []
    assert "cache-buster-leaves-files" in [f.id for f in after.findings]


@pytest.mark.parametrize("program", [marked("varnish")])
def test_with_another_secret_it_goes_on_showing(program: str) -> None:
    assert program == "varnish"
    assert [f.id for f in told(_with_lines(True, "another"))] == ["cache-buster-without-effect"]
