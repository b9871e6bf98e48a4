"""A finding has all its parts: text, rule, a set-up where it is there and one where it is not, a row that is asked for.

What was forgotten is named, and where it belongs (.github/CONTRIBUTING.md, "How a finding is added").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from s3probe.diagnosis.rules import FILE_RULES, wire
from s3probe.evidence.vocabulary import PROMISES, ActionId
from s3probe.knowledge.findings import entry, ids
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.acls import moved
from s3probe.sandbox.scenario import SCENARIOS, healthy
from tests.diagnosis.test_hints import HINTED
from tests.diagnosis.wire_table import SHOWN
from tests.every import every
from tests.runs import OPTIONS, run, run_once
from tests.test_coverage import named
from tests.test_look_alikes import BY_NAME, PAIRS

TESTS = Path(__file__).parent
WIRE = sorted({i for rule in (*wire.FOUNDATION_RULES, *wire.WIRE_RULES) for i in rule.yields})
FILE = {i for rule in FILE_RULES for i in rule.yields}
INJECTED = {fault.id for fault in ALL}
TOLD_APART = {fault.id for fault in ALL if fault.look_alike} | {BY_NAME[name].id for pair in PAIRS for name in pair}
ELSEWHERE = {
    "archive-link-never-expires": "visitor/test_archive_links.py",
    "cdn-hotlink-or-bot-protection": "visitor/test_turned_away.py",
    "checksum-multipart-ignores-when-required": "diagnosis/test_hints.py",
    "cloudfront-oac-policy-missing": "visitor/test_proxies_and_cdns.py",
    "csp-one-directive-lacks-media-host": "visitor/test_strangers.py",
    "helm-cannot-express-empty-permission": "diagnosis/test_hints.py",
    "ipv6-broken-first": "diagnosis/test_more_rules.py",
    "ipv6-only-host": "diagnosis/test_more_rules.py",
    "media-host-address-silent": "visitor/test_turned_away.py",
    "media-host-asks-for-password": "visitor/test_turned_away.py",
    "media-host-leads-elsewhere": "visitor/test_turned_away.py",
    "media-host-limits-visitors": "visitor/test_turned_away.py",
    "media-host-redirects-in-a-circle": "visitor/test_turned_away.py",
    "media-host-refuses-visitors": "visitor/test_turned_away.py",
    "media-host-unreachable": "visitor/test_turned_away.py",
    "origin-bypasses-proxy": "visitor/test_proxies_and_cdns.py",
    "presigned-link-without-tls": "visitor/test_archive_links.py",
    "proxy-answers-with-own-error": "visitor/test_turned_away.py",
    "proxy-cors-lost-on-errors-or-nested-location": "visitor/test_folders.py",
    "proxy-signs-with-refused-key": "visitor/test_turned_away.py",
    "r2-dev-url-throttled": "visitor/test_proxies_and_cdns.py",
    "r2-object-scoped-token": "diagnosis/test_more_rules.py",
    "viewers-ipv4-only-alias": "visitor/test_proxies_and_cdns.py",
}
"""Shown by tests of their own, and where they are not named too: no sandbox has such a CDN, provider or network."""
NO_BOX = {ActionId.PUBLIC_QUERY: "a notice about the proxy", ActionId.PUBLIC_MISSING: "it only prepares another look"}
"""Actions that promise nothing by themselves, each with its reason."""
BY_HAND = set(SHOWN) | {finding_id for finding_id, *_runs in HINTED}
"""Shown, and not shown in the nearest run, by hand-written evidence (tests/diagnosis)."""


def has_its_text(finding_id: str) -> None:
    if finding_id in WIRE:
        assert finding_id in ids(), f"{finding_id} has no text: add it to s3probe/knowledge/findings/"
        assert entry(finding_id).state in ("decided", "hinted", "linted")


def has_its_rule(finding_id: str) -> None:
    if finding_id in ids() and entry(finding_id).state in ("decided", "hinted"):
        assert finding_id in {*WIRE, *FILE}, (
            f"no rule yields {finding_id}: name it in `yields` of a rule in diagnosis/rules/"
        )


def has_the_state_that_its_rule_gives_it(finding_id: str) -> None:
    if finding_id in ids():
        in_reach = entry(finding_id).state in ("decided", "linted", "hinted")
        assert in_reach == (finding_id in named()), f"{finding_id} is in reach if, and only if, a rule names it"


def is_shown_where_it_is_there(finding_id: str) -> None:
    if finding_id in WIRE:
        assert finding_id in INJECTED | BY_HAND | set(ELSEWHERE), (
            f"nothing shows {finding_id}: add a Fault to s3probe/sandbox/faults/"
        )


def is_told_from_its_look_alike(finding_id: str) -> None:
    if finding_id in INJECTED and finding_id in WIRE:
        assert finding_id in TOLD_APART | BY_HAND | set(ELSEWHERE), f"give the Fault {finding_id} its look_alike"


def has_the_test_of_its_own(finding_id: str) -> None:
    if finding_id in ELSEWHERE:
        assert f'"{finding_id}"' in (TESTS / ELSEWHERE[finding_id]).read_text(encoding="utf-8")


@every("finding_id", sorted({*ids(), *WIRE, *ELSEWHERE}))
@every(
    "holds",
    [
        has_its_text,
        has_its_rule,
        has_the_state_that_its_rule_gives_it,
        is_shown_where_it_is_there,
        is_told_from_its_look_alike,
        has_the_test_of_its_own,
    ],
    ids=lambda holds: holds.__name__,
)
def test_a_finding(finding_id: str, holds: Callable[[str], None]) -> None:
    holds(finding_id)


@every("action", [action for action in ActionId if action not in NO_BOX])
def test_a_rule_reads_what_an_action_shows(action: ActionId) -> None:
    read = {read for rule in (*FILE_RULES, *wire.FOUNDATION_RULES, *wire.WIRE_RULES) for read in rule.reads}
    assert action in read, f"no rule reads {action}: add one to diagnosis/rules/, with a record at the end of its file"


@every("action", [action for action in ActionId if action not in NO_BOX])
def test_an_action_is_part_of_a_promise(action: ActionId) -> None:
    promised = {a for promise in PROMISES for a in (*promise.actions, *promise.also)}
    assert action in promised, f"{action} is in no box of the checklist: name it in PROMISES (evidence/vocabulary.py)"


def test_every_action_is_asked_for_in_some_healthy_run() -> None:
    thorough = run(moved("public-read")(healthy()), replace(OPTIONS, thorough=True))
    runs = (thorough, *(run_once(make()) for make in SCENARIOS.values()))
    asked = {o.id for ran in runs for o in ran.report.evidence.observations if o.ran}
    assert [str(action) for action in ActionId if action not in asked] == [], "nothing in probe/ asks for these"
