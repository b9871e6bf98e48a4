"""At every provider, broken in the same ways: the cause is named whatever it is called there, and its fix works."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import EnvFix, Finding, IamAllow, Severity
from s3probe.knowledge.providers import provider
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.sandbox.faults.model import Change, env
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.personality import RegionCheck
from s3probe.sandbox.recommended import RECOMMENDED, SETUPS
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.setups import ProviderSetup
from tests.exhaustive import in_turn, part
from tests.runs import healthy, run, run_once, to_fix, with_first_fix

OPENED = [setup.provider for setup in SETUPS if setup.opened_by_policy] + ["cloudflare-r2", "backblaze-b2", "gcs"]
KNOWN = {setup.provider: setup.known for setup in SETUPS}
"""What stays there whatever the admin does."""
BREAKS: dict[str, Change] = {
    "wrong-secret-key": env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYLASTYEARKEY"),
    "iam-missing-getobject": without("s3:GetObject"),
    "nosuchbucket-typo": env("S3_BUCKET", "files-exmaple"),
}
CLOSED = {"public-policy-missing", "permission-private-no-public-policy", "web-port-bucket-not-allowed"}


@pytest.mark.parametrize(("name", "finding_id"), part(in_turn(RECOMMENDED, BREAKS), 2))
def test_the_cause_is_named_whatever_the_provider_calls_it(name: str, finding_id: str) -> None:
    whole = RECOMMENDED[name]()
    broken = BREAKS[finding_id](whole)
    if broken == whole and whole.world.personality.tenant:
        return  # a key may do everything in its own project
    report = run(broken).report
    named = [f.id for f in report.findings if f.severity is not Severity.NOTICE]
    # a store that is not reached is not asked to delete many files either
    assert named in ([finding_id], [*KNOWN.get(name, ()), finding_id], [finding_id, *KNOWN.get(name, ())])


@pytest.mark.parametrize("name", part(OPENED, 4))
def test_closed_media_are_opened_in_the_providers_own_way(name: str) -> None:
    scenario = RECOMMENDED[name]().with_bucket(policy=(), acl="private")
    report = run_once(scenario).report
    named = [f for f in to_fix(report) if f.id not in KNOWN.get(name, ())]
    assert {f.id for f in named} <= CLOSED
    assert named
    fixed = with_first_fix(scenario, named[0])
    assert fixed is not None
    left = run_once(fixed).report
    assert healthy(left) or tuple(f.id for f in to_fix(left)) == KNOWN.get(name)


def _named(name: str, scenario: Scenario) -> list[Finding]:
    """What is wrong beside what always is."""
    return [f for f in to_fix(run_once(scenario).report) if f.id not in KNOWN.get(name, ())]


def _ends(name: str, scenario: Scenario, finding: Finding) -> bool:
    """Whether the first fix ends it, and nothing is left but what always is."""
    fixed = with_first_fix(scenario, finding)
    return fixed is not None and _named(name, fixed) == []


@pytest.mark.parametrize("setup", part(SETUPS, 4), ids=lambda setup: setup.provider)
def test_the_right_region_is_found_before_a_key_is_blamed(setup: ProviderSetup) -> None:
    scenario = setup.scenario().with_env("S3_REGION", "us-west-7")
    named = _named(setup.provider, scenario)
    if setup.personality.region_check is RegionCheck.NONE:
        assert named == []
        return
    assert [f.id for f in named] == ["region-wrong-custom-endpoint"]
    assert f"expects {setup.region} in" in named[0].title
    assert _ends(setup.provider, scenario, named[0])


BY_ACL = [setup for setup in SETUPS if not setup.opened_by_policy]


@pytest.mark.parametrize("setup", part(BY_ACL, 6), ids=lambda setup: setup.provider)
def test_where_the_acl_opens_each_file_it_is_the_first_advice(setup: ProviderSetup) -> None:
    scenario = setup.scenario().with_env("S3_PERMISSION", "")
    (found,) = _named(setup.provider, scenario)
    assert found.id == "permission-private-no-public-policy"
    assert isinstance(found.fixes[0], EnvFix)
    assert found.fixes[0].value == "public-read"
    assert _ends(setup.provider, scenario, found)


ELSEWHERE = [setup for setup in SETUPS if has_own_hosts(dict(setup.env).get("S3_ALIAS_HOST", setup.alias) or "x")]
"""Where the provider itself serves visitors at another host than the S3 API's."""
NEEDS = {"provider-needs-public-host", "contabo-tenant-prefix", "ceph-tenant-prefix", "storj-alias-required"}


@pytest.mark.parametrize("setup", part(ELSEWHERE, 3), ids=lambda setup: setup.provider)
def test_the_providers_host_for_visitors_is_named(setup: ProviderSetup) -> None:
    scenario = setup.scenario().with_env("S3_ALIAS_HOST", None)
    named = _named(setup.provider, scenario)
    if setup.provider == "digitalocean-spaces":  # a CDN before what the API shows as well
        assert named == []
        return
    assert [f.id in NEEDS for f in named] == [True]
    fix = named[0].fixes[0]
    assert isinstance(fix, EnvFix)
    assert fix.secret or _ends(setup.provider, scenario, named[0])


IN_THE_HOST = [setup for setup in SETUPS if dict(setup.env).get("S3_OVERRIDE_PATH_STYLE")]


@pytest.mark.parametrize("setup", IN_THE_HOST, ids=lambda setup: setup.provider)
def test_the_bucket_stands_where_the_provider_wants_it(setup: ProviderSetup) -> None:
    scenario = setup.scenario().with_env("S3_OVERRIDE_PATH_STYLE", None)
    named = _named(setup.provider, scenario)
    assert [f.id for f in named] in ([], ["path-style-switch-inverted"])
    assert bool(named) == bool(setup.personality.path_style)
    assert all(_ends(setup.provider, scenario, found) for found in named)


def _no_rights(scenario: Scenario) -> Scenario:
    """The key is right, and reaches nothing in this bucket."""
    everyone = tuple(one for one in scenario.bucket.policy if one.principals == ("*",))
    return scenario.with_user(identity=()).with_bucket(policy=everyone)


@pytest.mark.parametrize("name", part([n for n in RECOMMENDED if provider(n).accounts], 4))
def test_a_key_that_may_nothing_gets_its_rights_in_the_providers_words(name: str) -> None:
    """No answer tells it from another customer's bucket: rights come first, as the provider gives them."""
    named = _named(name, _no_rights(RECOMMENDED[name]()))
    assert named
    assert named[0].id in ("key-without-rights", "iam-missing-putobject")
    assert isinstance(named[0].fixes[0], IamAllow)
    assert named[0].id != "key-without-rights" or _ends(name, _no_rights(RECOMMENDED[name]()), named[0])
    assert "bucket-owned-by-other-account" not in [f.id for f in named]
