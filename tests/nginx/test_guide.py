"""Behind a real nginx set up by Mastodon's guide: silent when it is right, each mistake named, and ended by its fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from subprocess import CalledProcessError

import pytest

from s3probe.diagnosis.model import ServerFix, Severity
from s3probe.report.model import Report
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import Scenario, healthy_policy
from tests.exhaustive import part
from tests.nginx.mistakes import MISTAKES, lines, location
from tests.nginx.server import MISSING, NGINX
from tests.nginx.world import ENDPOINT, NginxSetup, by_the_guide, examined
from tests.runs import fault_name, run_fault, together
from tests.test_closed_loop import AT_NGINX

pytestmark = pytest.mark.skipif(NGINX is None, reason=MISSING)

CHOSEN = part(MISTAKES, 4)

KEPT = "cdn-keeps-deleted-media"
"""The guide's own cache shows deleted files for two days: a notice, in every run."""


@cache
def with_mistake(name: str) -> tuple[NginxSetup, Report]:
    """The set-up with one mistake and its report, made once for all tests that look at it."""
    setup = MISTAKES[name].change(by_the_guide(MISTAKES[name].start()))
    return setup, examined(setup)


def named(setup: NginxSetup) -> list[str]:
    report = examined(setup)
    return [f.id for f in report.findings if f.id != KEPT]


@pytest.mark.parametrize("start", [healthy_policy, healthy_alias], ids=["by policy", "by ACL"])
def test_the_guide_itself_is_healthy(start: Callable[[], Scenario]) -> None:
    report = examined(by_the_guide(start()))
    assert report.verdict == "ok"
    assert [(f.id, f.severity) for f in report.findings] == [(KEPT, Severity.NOTICE)]
    assert report.evidence.cost.requests <= 41


def test_lines_for_a_notice_leave_a_healthy_site_healthy() -> None:
    """A ``rewrite`` that puts the bucket before the path goes where the lines ask for the bucket's own host."""
    host = f"proxy_set_header Host {ENDPOINT};"
    by_path = ("rewrite ^/(.*)$ /files-example/$1 break;", host, f"proxy_pass https://{ENDPOINT};")
    setup = location(*by_path)(by_the_guide(healthy_policy()))
    report = examined(setup)
    assert report.verdict == "ok"
    finding = next(f for f in report.findings if f.id == "proxy-passes-query-string")
    fixed = setup.fixed(finding)
    assert fixed is not None
    after = examined(fixed)
    assert after.verdict == "ok"
    assert finding.id not in [f.id for f in after.findings]


def test_no_cache_no_notice() -> None:
    setup = lines("proxy_cache off;", drop=("add_header X-Cache-Status",))(by_the_guide(healthy_policy()))
    assert examined(setup).findings == ()


@pytest.mark.parametrize("name", [pytest.param(name, marks=together(name)) for name in CHOSEN])
def test_a_mistake_is_named_first_and_alone(name: str) -> None:
    finding_id = MISTAKES[name].finding_id
    report = with_mistake(name)[1]
    findings = [f for f in report.findings if f.id != KEPT]
    assert findings[0].id == finding_id, [(f.id, f.how_known) for f in report.findings]
    assert [f.id for f in findings[1:] if f.severity is not Severity.NOTICE] == []


@pytest.mark.parametrize("name", [pytest.param(name, marks=together(name)) for name in CHOSEN])
def test_the_first_fix_ends_it(name: str) -> None:
    setup, before = with_mistake(name)
    finding = next(f for f in before.findings if f.id == MISTAKES[name].finding_id)
    fixed = setup.fixed(finding)
    assert fixed is not None, finding.fixes
    report = examined(fixed)
    assert report.verdict == "ok"
    assert finding.id not in [f.id for f in report.findings]


@pytest.mark.parametrize(
    "fault_id", [pytest.param(fault, marks=together(name)) for fault, name in AT_NGINX.items() if name in CHOSEN]
)
def test_what_the_sandbox_names_has_the_very_fix_that_is_tried_here(fault_id: str) -> None:
    fault = next(f for f in ALL if fault_name(f) == fault_id)
    name = AT_NGINX[fault_id]
    told = next(f for f in run_fault(fault).report.findings if f.id == fault.id)
    real = next(f for f in with_mistake(name)[1].findings if f.id == MISTAKES[name].finding_id)
    assert told.first_choice == real.first_choice


def test_other_lines_are_not_taken_for_a_fix() -> None:
    setup, before = with_mistake("bucket dropped")
    other = replace(next(iter(before.findings)), fixes=(ServerFix("nginx", "expires 1y;"),))
    after = setup.fixed(other)
    assert after is not None
    assert "proxy-drops-bucket-name" in named(after)


def test_what_is_no_configuration_stops_nginx() -> None:
    setup, before = with_mistake("bucket dropped")
    other = replace(next(iter(before.findings)), fixes=(ServerFix("nginx", "rm -rf /;"),))
    after = setup.fixed(other)
    assert after is not None
    with pytest.raises(CalledProcessError):
        examined(after)


def test_a_mistake_of_the_proxy_beside_one_of_the_key() -> None:
    dropped = MISTAKES["bucket dropped"]
    scenario = without("s3:DeleteObject")(healthy_policy())
    assert set(named(dropped.change(by_the_guide(scenario)))) >= {dropped.finding_id, "iam-missing-deleteobject"}


def test_cached_errors_hide_an_unsuspended_picture() -> None:
    cached = MISTAKES["errors cached"]
    assert cached.finding_id in named(cached.change(by_the_guide(healthy_alias())))


def test_a_closed_bucket_is_not_the_proxys_fault() -> None:
    scenario = healthy_policy().with_bucket(policy=())
    assert named(by_the_guide(scenario))[0] == "public-policy-missing"


def test_a_cache_that_says_nothing_of_itself_is_found_all_the_same() -> None:
    setup = lines(drop=("add_header X-Cache-Status",))(by_the_guide(healthy_alias()))
    assert [f.id for f in examined(setup).findings] == [KEPT]
