"""Archives that strangers can open: how bad that is, by whether names can be learnt, and by who could close it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import Finding, Manual, ServerFix, Severity
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId
from s3probe.report.model import Verdict
from s3probe.sandbox.cdns import CLOUDFLARE
from s3probe.sandbox.scenario import Scenario, backblaze_b2, cloudflare_r2, healthy_policy
from s3probe.sandbox.statements import Statement
from tests.diagnosis.wire_cases import HEALTHY, POLICY
from tests.runs import Ran, run_once

ID = "archive-dumps-world-readable"


def opened(scenario: Scenario, *actions: str, bucket: bool = False) -> Scenario:
    """Everyone may do this on all that is in the bucket, or on the bucket itself."""
    arn = f"arn:aws:s3:::{scenario.bucket.name}"
    statement = Statement("Allow", actions, (arn if bucket else f"{arn}/*",), ("*",), sid="Everything")
    return scenario.with_bucket(policy=(*scenario.bucket.policy, statement))


def told(ran: Ran) -> Finding:
    (found,) = (one for one in ran.report.findings if one.id == ID)
    return found


def test_an_open_archive_whose_name_nobody_can_learn_is_a_warning() -> None:
    ran = run_once(opened(healthy_policy(), "s3:GetObject"))
    assert (told(ran).severity, ran.report.verdict) == (Severity.WARNING, Verdict.WARNING)


def test_with_an_open_listing_it_is_a_failure() -> None:
    ran = run_once(opened(opened(healthy_policy(), "s3:GetObject"), "s3:ListBucket", bucket=True))
    found = told(ran)
    assert (found.severity, ran.report.verdict) == (Severity.FAILURE, Verdict.FAILURE)
    assert "shows what archives are called" in found.how_known


def test_a_listing_of_the_media_alone_shows_no_archive() -> None:
    opened = HEALTHY[POLICY].row(ActionId.ARCHIVE_PUBLIC_GET, 200, outcome=Outcome.WRONG, open="yes")
    for query, severity in (("?list-type=2&prefix=media_attachments", "warning"), ("?list-type=2", "failure")):
        url = f"https://files-example.s3.eu-west-2.amazonaws.com/{query}"
        seen = opened.row(ActionId.PUBLIC_LIST, 200, outcome=Outcome.WRONG, listing="open", url=url)
        (found,) = (one for one in seen.findings if one.id == ID)
        assert found.severity.value == severity


def r2_custom_domain() -> Scenario:
    """As Cloudflare has it: the domain shows the whole bucket."""
    scenario = opened(cloudflare_r2(), "s3:GetObject")
    aliases = tuple(replace(alias, cdn=CLOUDFLARE) for alias in scenario.world.aliases)
    return scenario.with_world(aliases=aliases)


def straight(scenario: Scenario) -> Scenario:
    """Visitors ask the provider's own host."""
    assert scenario.world.instance is not None
    instance = replace(scenario.world.instance, media_hosts=(scenario.raw_env("S3_HOSTNAME") or "",))
    return scenario.with_env("S3_ALIAS_HOST", None).with_world(instance=instance)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (r2_custom_domain(), "At Cloudflare R2: Security > WAF > Custom rules: block URI paths that start with /back"),
        (backblaze_b2(), "location ^~ /backups/ { return 404; }"),
        (straight(backblaze_b2()), "A public bucket opens everything: block /backups/ in the proxy or CDN"),
    ],
    ids=["R2", "B2 behind nginx", "B2 itself"],
)
def test_where_a_bucket_is_open_as_a_whole_it_is_a_notice_with_what_closes_it(scenario: Scenario, words: str) -> None:
    ran = run_once(scenario)
    found = told(ran)
    assert (found.severity, ran.report.verdict) == (Severity.NOTICE, Verdict.OK), ran.report.findings
    first = found.fixes[0]
    assert isinstance(first, Manual | ServerFix)
    assert words in (first.text if isinstance(first, Manual) else first.value)
