"""Behind a real nginx set up by Mastodon's guide: silent when it is right, and each mistake named and mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.report.model import Report
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import Scenario, healthy_policy
from s3probe.sandbox.statements import Statement
from tests.nginx.server import NGINX
from tests.nginx.world import ENDPOINT, Setup, by_the_guide, examined

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx is installed (Debian: apt-get install nginx-light)")

Change = Callable[[Setup], Setup]
ASKS = "proxy_pass https://files-example.s3.eu-west-2.amazonaws.com"


def lines(*texts: str, drop: tuple[str, ...] = ()) -> Change:
    """Lines put into the block, after others were taken out."""

    def change(setup: Setup) -> Setup:
        block = setup.block
        for start in drop:
            block = block.without(start)
        for text in texts:
            block = block.with_lines(text)
        return replace(setup, block=block)

    return change


def certificate(kind: str) -> Change:
    return lambda setup: replace(setup, certificate=kind)


def _lists_for_the_proxy(setup: Setup) -> Setup:
    """The bucket lists to whoever knows a secret Referer, and the proxy sends it."""
    arn = f"arn:aws:s3:::{setup.scenario.bucket.name}"
    known = (("StringEquals", "aws:Referer", ("the-proxy",)),)
    allow = Statement("Allow", ("s3:ListBucket",), (arn,), ("*",), sid="ProxyLists", conditions=known)
    scenario = setup.scenario.with_bucket(policy=(*setup.scenario.bucket.policy, allow))
    return lines("proxy_set_header Referer the-proxy;", drop=("location = /",))(replace(setup, scenario=scenario))


FAULTS: dict[str, tuple[str, Change]] = {
    "bucket dropped": (
        "proxy-drops-bucket-name",
        lines(f"proxy_set_header Host {ENDPOINT};", f"proxy_pass https://{ENDPOINT}$uri;"),
    ),
    "Host not rewritten": ("proxy-drops-bucket-name", lines("proxy_set_header Host $host;")),
    "storage not reached": ("proxy-resolver-fails", lines("proxy_pass https://nowhere.example$uri;")),
    "errors served as pictures": (
        "proxy-serves-error-as-image",
        lines("proxy_intercept_errors on;", "error_page 400 403 404 =200 @nothing;",
              "location @nothing { return 200 'nothing'; }"),
    ),
    "errors cached": ("proxy-caches-errors", lines("proxy_cache_valid any 10m;")),
    "query passed": ("proxy-passes-query-string", lines(f"{ASKS}$request_uri;")),
    "methods not limited": ("proxy-method-not-limited", lines(drop=("limit_except",))),
    "Authorization passed": (
        "proxy-forwards-authorization-cookies",
        lines(drop=("proxy_set_header Authorization",)),
    ),
    "CORS lost": ("cors-missing", lines(drop=("add_header 'Access-Control-Allow-Origin'",))),
    "CORS doubled": (
        "cors-duplicated-header",
        lines("proxy_cache off;", drop=("proxy_hide_header 'Access-Control-Allow-Origin'",)),
    ),
    "CORS cached without Vary": (
        "cors-cached-without-vary",
        lines("proxy_ignore_headers Set-Cookie Vary;",
              drop=("proxy_hide_header 'Access-Control-Allow-Origin'", "add_header 'Access-Control-Allow-Origin'")),
    ),
    "redirect": (
        "alias-redirects-to-other-host",
        lines(f"return 302 https://files-example.{ENDPOINT}$uri;"),
    ),
    "hotlink protection": (
        "cdn-hotlink-or-bot-protection",
        lines("valid_referers mastodon.example;", "if ($invalid_referer) { return 403; }"),
    ),
    "bot protection": (
        "cdn-hotlink-or-bot-protection",
        lines("if ($http_user_agent !~ Mozilla) { return 403; }"),
    ),
    "some folders": ("proxy-drops-folders", lines("location /accounts/ { return 404; }")),
    "certificate for another name": ("alias-host-no-tls-or-wrong-cert", certificate("wrong-name")),
    "expired certificate": ("alias-host-no-tls-or-wrong-cert", certificate("expired")),
    "unknown authority": ("alias-host-no-tls-or-wrong-cert", certificate("unknown")),
    "no certificate": ("alias-host-no-tls-or-wrong-cert", certificate("none")),
    "listing at the root": ("proxy-lists-bucket-at-root", _lists_for_the_proxy),
    "ranges lost": (
        "range-requests-broken-for-viewers",
        lines("proxy_cache off;", "proxy_set_header Range '';"),
    ),
    "type overwritten": (
        "proxy-changes-content-type",
        lines("proxy_hide_header Content-Type;", "add_header Content-Type text/plain;"),
    ),
    "nothing may be kept": ("cache-control-missing", lines("expires -1;", drop=("add_header Cache-Control",))),
}  # fmt: skip
PERSON_NEEDED = {
    "type overwritten": "two lines of one's own must go",
    "some folders": "a location of one's own must go",
}
KEPT = "cdn-keeps-deleted-media"
"""The guide's own cache shows deleted files for two days: a notice, in every run."""


@cache
def with_mistake(name: str) -> tuple[Setup, Report]:
    """The set-up with one mistake and its report, made once for all tests that look at it."""
    setup = FAULTS[name][1](by_the_guide(healthy_policy()))
    return setup, examined(setup)


def named(setup: Setup) -> list[str]:
    report = examined(setup)
    return [f.id for f in report.findings if f.id != KEPT]


@pytest.mark.parametrize("start", [healthy_policy, healthy_alias], ids=["by policy", "by ACL"])
def test_the_guide_itself_is_healthy(start: Callable[[], Scenario]) -> None:
    report = examined(by_the_guide(start()))
    assert report.verdict == "ok"
    assert [(f.id, f.severity) for f in report.findings] == [(KEPT, Severity.NOTICE)]
    assert report.evidence.cost.requests <= 40


def test_no_cache_no_notice() -> None:
    setup = lines("proxy_cache off;", drop=("add_header X-Cache-Status",))(by_the_guide(healthy_policy()))
    assert examined(setup).findings == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_is_named_first_and_alone(name: str) -> None:
    finding_id = FAULTS[name][0]
    report = with_mistake(name)[1]
    findings = [f for f in report.findings if f.id != KEPT]
    assert findings[0].id == finding_id, [(f.id, f.how_known) for f in report.findings]
    assert [f.id for f in findings[1:] if f.severity is not Severity.NOTICE] == []


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in PERSON_NEEDED])
def test_the_first_fix_mends_it(name: str) -> None:
    finding_id = FAULTS[name][0]
    setup, before = with_mistake(name)
    finding = next(f for f in before.findings if f.id == finding_id)
    mended = setup.mended(finding)
    assert mended is not None, finding.fixes
    report = examined(mended)
    assert report.verdict == "ok"
    assert finding_id not in [f.id for f in report.findings]


def test_a_mistake_of_the_proxy_beside_one_of_the_key() -> None:
    finding_id, change = FAULTS["bucket dropped"]
    scenario = without("s3:DeleteObject")(healthy_policy())
    assert set(named(change(by_the_guide(scenario)))) >= {finding_id, "iam-missing-deleteobject"}


def test_cached_errors_hide_an_unsuspended_picture() -> None:
    _finding_id, change = FAULTS["errors cached"]
    assert "proxy-caches-errors" in named(change(by_the_guide(healthy_alias())))


def test_a_closed_bucket_is_not_the_proxys_fault() -> None:
    scenario = healthy_policy().with_bucket(policy=())
    assert named(by_the_guide(scenario))[0] == "public-policy-missing"


def test_a_cache_that_says_nothing_of_itself_is_found_all_the_same() -> None:
    setup = lines(drop=("add_header X-Cache-Status",))(by_the_guide(healthy_alias()))
    assert [f.id for f in examined(setup).findings] == [KEPT]
