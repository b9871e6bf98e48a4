"""Behind CDNs as they show themselves: silent when healthy; a mistake is named in the words of that console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from s3probe.diagnosis.model import Manual, Severity
from s3probe.knowledge.front import Stands, front_of
from s3probe.knowledge.proxies import middlemen
from s3probe.knowledge.store import store_of
from s3probe.sandbox.cdns import CDNS, Cdn
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import Scenario, custom, healthy_policy
from s3probe.sandbox.world import Alias, AliasFault
from tests.exhaustive import in_turn
from tests.runs import run_once, settings_of

STARTS = (healthy_policy, healthy_alias)
MISTAKES = {
    AliasFault.KEEPS_HOST: "proxy-drops-bucket-name",
    AliasFault.BAD_GATEWAY: "proxy-resolver-fails",
    AliasFault.HIDES_CORS: "cors-missing",
    AliasFault.DOUBLES_CORS: "cors-duplicated-header",
    AliasFault.FORGETS_VARY: "cors-cached-without-vary",
    AliasFault.IGNORES_RANGE: "range-requests-broken-for-viewers",
    AliasFault.ERRORS_AS_200: "proxy-serves-error-as-image",
    AliasFault.HOTLINK: "cdn-hotlink-or-bot-protection",
    AliasFault.BOTS: "cdn-hotlink-or-bot-protection",
    AliasFault.LISTS_ROOT: "proxy-lists-bucket-at-root",
    AliasFault.LOSES_TYPE: "proxy-changes-content-type",
    AliasFault.NO_STORE: "cache-control-missing",
    AliasFault.SOME_FOLDERS: "proxy-drops-folders",
}


def named(one: object) -> str:
    return str(getattr(one, "id", getattr(one, "__name__", one)))


def behind(cdn: Cdn, start: Callable[[], Scenario], fault: AliasFault = AliasFault.NONE) -> Scenario:
    scenario = start()
    aliases = tuple(replace(alias, cdn=cdn, fault=fault) for alias in scenario.world.aliases)
    return scenario.with_world(aliases=aliases)


@pytest.mark.parametrize(("cdn", "start"), in_turn(CDNS, STARTS), ids=named)
def test_a_healthy_cdn_is_silent_and_called_by_its_name(cdn: Cdn, start: Callable[[], Scenario]) -> None:
    scenario = behind(cdn, start)
    report = run_once(scenario).report
    assert report.findings == (), [(f.id, f.how_known) for f in report.findings]
    assert report.evidence.cost.requests <= 48
    settings = settings_of(scenario)
    front = front_of(settings, store_of(settings, report.evidence), report.evidence)
    assert (front.stands, front.cdn) == (Stands.CDN, middlemen()[cdn.id].name)


@pytest.mark.parametrize(("fault", "cdn"), in_turn(MISTAKES, CDNS), ids=named)
def test_a_mistake_is_named_in_the_words_of_its_console(fault: AliasFault, cdn: Cdn) -> None:
    report = run_once(behind(cdn, healthy_policy, fault)).report
    told = [f for f in report.findings if f.severity is not Severity.NOTICE]
    assert [f.id for f in told] == [MISTAKES[fault]], [(f.id, f.how_known) for f in report.findings]
    words = next(fix for fix in told[0].fixes if isinstance(fix, Manual))
    assert words.text.startswith(f"At {middlemen()[cdn.id].name}: ")


def test_a_cdn_before_a_store_of_ones_own_is_told_apart_from_it() -> None:
    scenario = custom()
    alias = Alias("files.example.com", scenario.bucket.name, "s3.nl-ams.example.net", cdn=CDNS[0])
    scenario = scenario.with_world(aliases=(alias,)).with_env("S3_ALIAS_HOST", alias.host)
    assert run_once(scenario).report.findings == ()
