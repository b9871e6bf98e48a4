"""A real proxy between Mastodon and the storage's API: what it does to signed requests, and the lines that end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from s3probe.diagnosis.model import Manual, ServerFix
from s3probe.report.model import Report
from s3probe.sandbox.faults.permissions import without as without_right
from s3probe.sandbox.scenario import CUSTOM_HOST, Scenario, custom
from s3probe.sandbox.world import Endpoint, Instance
from tests.exhaustive import part
from tests.proxies.mistakes import Change, also, plus, with_text, without
from tests.proxies.programs import PROGRAMS
from tests.proxies.site import SiteLines
from tests.proxies.test_mistakes import marked, told
from tests.proxies.world import ProxySetup, examined

FRONT = "storage.example.net"
_TRUST = "ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt"
PASSING: Mapping[str, SiteLines] = {
    "caddy": SiteLines(
        "caddy",
        (
            ("site", ()),
            ("upstream", (f"reverse_proxy https://{CUSTOM_HOST}",)),
            ("proxy", ("header_up Host {hostport}",)),
        ),
    ),
    "haproxy": SiteLines(
        "haproxy",
        (
            ("frontend", ()),
            ("cache", ()),
            ("backend", (f"server storage {CUSTOM_HOST}:443 {_TRUST} sni str({CUSTOM_HOST})",)),
        ),
    ),
    "apache": SiteLines(
        "apache",
        (
            (
                "vhost",
                (
                    "SSLProxyEngine On",
                    "AllowEncodedSlashes NoDecode",
                    "ProxyPreserveHost On",
                    f'ProxyPass "/" "https://{CUSTOM_HOST}/" nocanon',
                ),
            ),
        ),
    ),
    "varnish": SiteLines(
        "varnish",
        (
            ("top", (f'backend default {{ .host = "{CUSTOM_HOST}"; .port = "80"; }}',)),
            ("vcl_recv", ("return (pipe);",)),
        ),
    ),
}
"""Lines that pass everything on as it came."""


def first(*lines: str) -> Change:
    """These lines before those that are there."""
    return lambda config: config.plus("vcl_recv", *lines, first=True)


_HASH = "JDJhJDE0JEhkOFNETlRkbHZpR0ZaNkVwRzZ1bi5hOEN2bFBVQkZPZmVSNG1p"
MISTAKES: Mapping[tuple[str, str], Mapping[str, Change]] = {
    ("another Host", "proxy-rewrites-host-before-s3"): {
        "caddy": plus("proxy", f"header_up Host {CUSTOM_HOST}"),
        "haproxy": plus("backend", f"http-request set-header Host {CUSTOM_HOST}"),
        "apache": plus("vhost", "ProxyPreserveHost Off"),
    },
    ("another path", "proxy-rewrites-host-before-s3"): {
        "caddy": plus("site", "rewrite * /extra{uri}"),
        "haproxy": plus("backend", "http-request set-path /extra%[path]"),
        "apache": with_text(f"{CUSTOM_HOST}/", f"{CUSTOM_HOST}/extra/"),
    },
    ("Authorization dropped", "endpoint-is-cdn-or-public-host"): {
        "caddy": plus("proxy", "header_up -Authorization"),
        "haproxy": plus("backend", "http-request del-header Authorization"),
        "apache": plus("vhost", "RequestHeader unset Authorization"),
    },
    ("a body limit", "proxy-body-limit-413"): {
        "haproxy": plus(
            "backend", "http-request deny deny_status 413 if { req.hdr(content-length),add(0) gt 1000000 }"
        ),
    },
    ("reading alone", "proxy-refuses-uploads"): {
        "haproxy": plus("backend", "http-request deny if !METH_GET"),
        "apache": plus("vhost", '<Location "/">\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Location>'),
        "varnish": first('if (req.method != "GET" && req.method != "HEAD") { return (synth(405)); }'),
    },
    ("no deletion", "proxy-refuses-uploads"): {
        "caddy": plus("site", "@w method DELETE POST", "respond @w 403"),
        "haproxy": plus("frontend", "http-request deny if { method DELETE }"),
        "varnish": first('if (req.method == "DELETE") { return (synth(405)); }'),
    },
    ("an address", "proxy-refuses-uploads"): {
        "haproxy": plus("frontend", "http-request deny if { src 127.0.0.0/8 }"),
        "apache": lambda config: config.changed(
            "vhost", (*config.lines("vhost"), '<Location "/">', "Require ip 10.0.0.0/8", "</Location>")
        ),
    },
    ("a password", "proxy-refuses-uploads"): {
        "caddy": plus("site", f"basicauth {{\nadmin {_HASH}\n}}"),
        "haproxy": plus("backend", "http-request auth"),
    },
    ("a cache", "proxy-caches-s3-api"): {
        "varnish": also(
            without("return (pipe);"),
            first('if (req.method != "GET" && req.method != "HEAD") { return (pass); }', "return (hash);"),
        ),
    },
}
MADE = [
    (program.name, name, finding_id)
    for (name, finding_id), changes in MISTAKES.items()
    for program in PROGRAMS.values()
    if program.language in changes
]


def _before() -> Scenario:
    """The storage answers to the proxy's name, and the file names that one."""
    scenario = custom()
    front = Endpoint(FRONT, scenario.bucket.region, wildcard=False)
    instance = replace(Instance(), media_hosts=(FRONT,))
    scenario = scenario.with_world(endpoints=(*scenario.world.endpoints, front), instance=instance)
    return scenario.with_env("S3_ENDPOINT", f"https://{FRONT}").with_env("S3_HOSTNAME", FRONT)


def _passing(program: str) -> ProxySetup:
    return ProxySetup(_before(), program, PASSING[PROGRAMS[program].language], host=FRONT)


@cache
def _with_mistake(program: str, name: str, finding_id: str) -> tuple[ProxySetup, Report]:
    setup = _passing(program)
    change = MISTAKES[name, finding_id][PROGRAMS[program].language]
    setup = replace(setup, configuration=change(setup.configuration))
    return setup, examined(setup)


@pytest.mark.parametrize("program", [marked(name) for name in PROGRAMS])
def test_a_proxy_that_passes_all_on_is_healthy(program: str) -> None:
    report = examined(_passing(program))
    assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]


@pytest.mark.parametrize(("program", "name", "finding_id"), [marked(*one) for one in part(MADE, 3)])
def test_a_mistake_is_named_alone(program: str, name: str, finding_id: str) -> None:
    report = _with_mistake(program, name, finding_id)[1]
    assert [f.id for f in told(report)] == [finding_id], [(f.id, f.how_known) for f in report.findings]


@pytest.mark.parametrize(("program", "name", "finding_id"), [marked(*one) for one in part(MADE, 3)])
def test_its_lines_end_it(program: str, name: str, finding_id: str) -> None:
    setup, before = _with_mistake(program, name, finding_id)
    (finding,) = told(before)
    lines = [fix for fix in finding.fixes if isinstance(fix, ServerFix)]
    assert [fix.setting for fix in lines] == [PROGRAMS[program].language], finding.fixes
    fixed = setup.with_fix(lines[0])
    assert fixed is not None
    report = examined(fixed)
    assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]


UNREACHED: Mapping[str, tuple[Change, str]] = {
    "caddy": (with_text(f"https://{CUSTOM_HOST}", f"https://{CUSTOM_HOST}:1"), "At Caddy: "),
    "haproxy": (with_text(":443 ssl", ":1 ssl"), "At HAProxy: "),
    "apache": (without("SSLProxyEngine"), "At Apache: "),
}


@pytest.mark.parametrize("program", [marked(name) for name in UNREACHED])
def test_a_way_on_that_leads_nowhere_is_looked_at_in_that_program(program: str) -> None:
    change, begins = UNREACHED[program]
    setup = _passing(program)
    (finding,) = told(examined(replace(setup, configuration=change(setup.configuration))))
    assert finding.id == "provider-outage"
    assert isinstance(finding.fixes[0], Manual)
    assert finding.fixes[0].text.startswith(begins)


@pytest.mark.parametrize("program", [marked("caddy")])
def test_a_right_that_the_storage_denies_behind_it_is_no_rule_of_the_program(program: str) -> None:
    setup = _passing(program)
    report = examined(replace(setup, scenario=without_right("s3:DeleteObject")(setup.scenario)))
    assert [f.id for f in told(report)] == ["iam-missing-deleteobject"]


@pytest.mark.parametrize("program", [marked("varnish")])
def test_the_size_of_a_part_that_varnish_cannot_pass_on_is_ended_by_its_lines(program: str) -> None:
    setup = _passing(program)
    setup = replace(setup, configuration=without("return (pipe);")(setup.configuration))
    finding = told(examined(setup))[0]
    assert finding.id == "request-keeps-failing"
    fix = finding.fixes[0]
    assert isinstance(fix, ServerFix)
    fixed = setup.with_fix(fix)
    assert fixed is not None
    assert examined(fixed).verdict == "ok"


@pytest.mark.parametrize("program", [marked("varnish")])
def test_a_cache_that_loses_cors_before_the_api_is_no_missing_rule_alone(program: str) -> None:
    """Varnish's built-in lines pass on what is signed, and keep what visitors get."""
    setup = _passing(program)
    setup = replace(setup, configuration=without("return (pipe);")(setup.configuration))
    finding = next(f for f in told(examined(setup)) if f.id == "cors-missing")
    first_fix = finding.fixes[0]
    assert isinstance(first_fix, ServerFix)
    assert first_fix.setting == program
    fixed = setup.with_fix(first_fix)
    assert fixed is not None
    assert "cors-missing" not in [f.id for f in told(examined(fixed))]
    scenario = setup.scenario.with_bucket(cors=())
    missing = next(f for f in told(examined(replace(setup, scenario=scenario))) if f.id == "cors-missing")
    assert not any(isinstance(fix, ServerFix) for fix in missing.fixes)
