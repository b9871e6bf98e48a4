"""Every provider, set up as its own documentation recommends, gives no failure and no needless warning."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.knowledge.providers import detect, provider
from s3probe.sandbox.recommended import RECOMMENDED, SETUPS
from tests.exhaustive import part
from tests.runs import run_once, settings_of

KNOWN = {setup.provider: setup.known for setup in SETUPS}
"""What stays there whatever the admin does."""


@pytest.mark.parametrize("name", part(RECOMMENDED, 2))
def test_a_recommended_set_up_gives_no_failure_and_no_warning(name: str) -> None:
    ran = run_once(RECOMMENDED[name]())
    named = [f for f in ran.report.findings if f.severity is not Severity.NOTICE and f.id not in KNOWN.get(name, ())]
    assert [(f.id, f.how_known) for f in named] == []
    assert (ran.report.verdict == "ok") == (not KNOWN.get(name))
    assert ran.left == ()
    assert ran.report.evidence.cost.requests <= 48 + len(KNOWN.get(name, ()))


@pytest.mark.parametrize("name", RECOMMENDED)
def test_the_provider_is_known_by_its_host(name: str) -> None:
    settings = settings_of(RECOMMENDED[name]())
    assert detect(settings.api_base).id == name


@pytest.mark.parametrize("name", [n for n in RECOMMENDED if provider(n).settings.get("S3_PERMISSION") == "empty"])
def test_what_the_knowledge_says_of_s3_permission_is_what_is_set_up(name: str) -> None:
    assert RECOMMENDED[name]().raw_env("S3_PERMISSION") == ""
