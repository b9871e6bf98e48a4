"""The records say the truth: what a rule reads and yields, and that inside a tier the order means nothing."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from s3probe.codec import load_saved
from s3probe.diagnosis import engine
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.rule import Layer, LooksThrough, Rule, Tier
from s3probe.diagnosis.rules import wire
from s3probe.evidence import vocabulary
from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import ActionId
from s3probe.knowledge.findings import entry, ids
from s3probe.settings.model import Settings
from tests.diagnosis.rule_runs import ALL_RULES, quarrels, report_in_reverse, seeds, undeclared
from tests.diagnosis.wire_table import SHOWN
from tests.every import every

RECORDED = sorted((Path(__file__).parents[2] / "fixtures" / "recorded").glob("[!e]*.json"))


def _saved(path: Path) -> tuple[Settings, Evidence]:
    saved = load_saved(path.read_text(encoding="utf-8"))
    return saved.settings, saved.evidence


@every("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_server_is_judged_alike_in_any_order(path: Path) -> None:
    settings, evidence = _saved(path)
    assert quarrels(settings, evidence, seeds(path.stem)) == []
    assert undeclared(settings, evidence) == []
    assert report_in_reverse(settings, evidence) == engine.diagnose(settings, evidence)


@every("finding_id", SHOWN)
def test_a_run_written_by_hand_is_judged_alike_in_any_order(finding_id: str) -> None:
    seen = SHOWN[finding_id]
    assert quarrels(seen.settings, seen.evidence, seeds(finding_id)) == []
    assert undeclared(seen.settings, seen.evidence) == []
    assert report_in_reverse(seen.settings, seen.evidence) == engine.diagnose(seen.settings, seen.evidence)


@every(
    "finding_id, rule_name, tier, other",
    [
        ("policy-bucket-arn-without-slash-star", "rights.put_object", Tier.GROUPS, "rights.objects_on_bucket_arn"),
        ("batch-delete-needs-bucket-arn", "deletion.batch", Tier.GROUPS, "rights.list_bucket"),
        ("explicit-deny-policy", "rights.put_object", Tier.CAUSES, "refusals.explicit_denies"),
        ("aws-chunked-stored-in-object", "files.damaged", Tier.CAUSES, "files.stored_framing"),
        ("bucket-owned-by-other-account", "rights.list_bucket", Tier.CAUSES, "refusals.bucket_of_another"),
        ("iam-missing-listbucket", "unexplained.unexplained", Tier.GROUPS, "rights.list_bucket"),
    ],
)
def test_two_rules_of_one_tier_that_take_from_each_other_are_named(
    finding_id: str, rule_name: str, tier: Tier, other: str
) -> None:
    """The search itself: a rule that belongs after another, put beside it."""
    seen = SHOWN[finding_id]
    early = tuple(_in_tier(rule, tier) if rule.name == rule_name else rule for rule in wire.WIRE_RULES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "WIRE_RULES", early)
        found = quarrels(seen.settings, seen.evidence)
    assert {frozenset(pair) for pair in found} == {frozenset({rule_name, other})}


def _in_tier(rule: Rule, tier: Tier) -> Rule:
    return Rule(rule.function, rule.layer, rule.yields, tier, rule.reads)


def _bare(rule: Rule) -> Rule:
    return Rule(rule.function, rule.layer, yields=(), tier=rule.tier)


def test_what_a_rule_reads_without_saying_so_is_named() -> None:
    seen = SHOWN["iam-missing-listbucket"]
    bare = tuple(
        Rule(r.function, r.layer, (), r.tier) if r.name == "rights.list_bucket" else r for r in wire.WIRE_RULES
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "WIRE_RULES", bare)
        found = undeclared(seen.settings, seen.evidence)
    assert ("rights.list_bucket", "reads", ActionId.LIST) in found
    assert ("rights.list_bucket", "yields", "iam-missing-listbucket") in found


def _written(rule: Rule) -> tuple[set[str], list[re.Pattern[str]]]:
    """What the rule's module and those it is made of name, and patterns for strings with a value inside."""
    modules = {rule.function.__module__}
    for module in [*modules]:
        names = vars(sys.modules[module]).values()
        modules |= {m for v in names if (m := getattr(v, "__module__", None) or getattr(v, "__name__", ""))}
    named: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for module in (m for m in modules if m.startswith("s3probe.diagnosis") and m in sys.modules):
        inside, more = _written_in(module)
        named |= inside
        patterns += more
    return named, patterns


@cache
def _written_in(module: str) -> tuple[set[str], list[re.Pattern[str]]]:
    """The same of one module."""
    named: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    records = {id(node) for a in tree.body if isinstance(a, ast.Assign) and _is_table(a) for node in ast.walk(a)}
    for node in ast.walk(tree):
        if id(node) in records:
            continue  # the record itself proves nothing
        match node:
            case ast.Constant(value=str(text)):
                named.add(text)
            case ast.JoinedStr(values=values) if any(isinstance(value, ast.Constant) for value in values):
                parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z-]+" for v in values]
                patterns.append(re.compile("".join(parts)))
            case ast.Attribute(value=ast.Name(id="ActionId" | "Experiment" | "ExperimentWith" as kind), attr=name):
                named.add(str(getattr(vocabulary, kind)[name]))
            case ast.Name(id=name) if isinstance(table := getattr(vocabulary, name, None), tuple | dict):
                named |= set(_flat(table))
    return named, patterns


def _flat(table: object) -> Iterator[str]:
    if isinstance(table, str):
        yield str(table)
    elif isinstance(table, dict):
        yield from _flat(tuple(table.values()))
    elif isinstance(table, tuple):
        for item in table:
            yield from _flat(item)


def _is_table(assignment: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "RULES" for target in assignment.targets)


@every("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_record_names_nothing_that_its_rule_never_uses(rule: Rule) -> None:
    named, patterns = _written(rule)
    for name in (*rule.yields, *(str(read) for read in rule.reads if not isinstance(read, LooksThrough))):
        assert name in named or any(pattern.fullmatch(name) for pattern in patterns), name
    assert set(rule.yields) <= set(ids())
    assert len(set(rule.reads)) == len(rule.reads)


def test_names_are_unique_and_most_rules_need_no_order() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert len(set(names)) == len(names)
    later = [rule.name for rule in wire.WIRE_RULES if rule.tier is not Tier.CAUSES]
    assert len(later) < len(wire.WIRE_RULES) / 4
    assert [rule.name for rule in ALL_RULES if rule.tier is Tier.REST] == ["unexplained.unexplained"]
    assert {rule.layer for rule in ALL_RULES} == set(Layer)


def test_every_finding_that_a_rule_may_tell_is_in_a_record() -> None:
    declared = {i for rule in ALL_RULES for i in rule.yields}
    assert {i for i in ids() if entry(i).state != "out-of-reach"} == declared


def test_rules_see_the_evidence_through_the_case_alone() -> None:
    """Else the recorder would not notice."""
    for module in {rule.function.__module__ for rule in ALL_RULES} | {"s3probe.diagnosis.rules.env_names"}:
        assert "case.evidence.observations" not in inspect.getsource(sys.modules[module]), module
        assert ".evidence.get(" not in inspect.getsource(sys.modules[module]), module


def test_without_evidence_every_rule_of_the_file_runs() -> None:
    seen = SHOWN["missing-public-host"]
    assert engine.run_rules(engine.FILE_RULES, Case(seen.settings)).errors == ()
