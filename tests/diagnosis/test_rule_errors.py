"""An exception in a rule costs that rule: the others are still heard, and the failed one is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import wraps
from typing import cast

import pytest

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import diagnose, lint
from s3probe.diagnosis.model import Finding
from s3probe.diagnosis.rule import Rule
from s3probe.diagnosis.rules import wire
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId
from tests.diagnosis.rule_runs import ALL_RULES, TABLES
from tests.diagnosis.wire_table import SHOWN, A
from tests.every import every

BROKEN = SHOWN["iam-missing-getobject"].row(
    ActionId.PUBLIC_CORS, outcome=Outcome.WRONG, origin="https://m.example", allowed="none"
)
"""Two findings of two rules in one run."""
WHOLE = {"iam-missing-getobject", "cors-missing"}


def _raises(error: BaseException) -> Iterator[Finding]:
    raise error


def breaking(rule: Rule, error: BaseException) -> Rule:
    """The same record, with a function that raises."""

    @wraps(rule.function)
    def broken(_case: Case) -> Iterator[Finding]:
        yield from _raises(error)

    return replace(rule, function=broken)


def put_in(patch: pytest.MonkeyPatch, name: str, error: BaseException) -> None:
    """The rule of that name raises from now on."""
    for module, table in TABLES:
        rules = tuple(breaking(rule, error) if rule.name == name else rule for rule in getattr(module, table))
        patch.setattr(module, table, rules)


def test_the_run_without_an_error() -> None:
    assert {f.id for f in BROKEN.findings} == WHOLE


@every("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_the_others_are_heard_and_the_failed_one_is_named(rule: Rule) -> None:
    with pytest.MonkeyPatch.context() as patch:
        put_in(patch, rule.name, KeyError("a-fact"))
        found = diagnose(BROKEN.settings, BROKEN.evidence)
    assert [(e.rule, e.error) for e in found.rule_errors] == [(rule.name, "KeyError: 'a-fact'")]
    assert found.rule_errors[0].place.startswith("test_rule_errors.py:")
    # what the failed rule alone would have explained is no failure for that
    assert {f.id for f in found} == WHOLE - set(rule.yields)


def test_what_a_rule_told_before_it_failed_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    (rule,) = (rule for rule in wire.WIRE_RULES if rule.name == "rights.get_object")

    @wraps(rule.function)
    def half(case: Case) -> Iterator[Finding]:
        yield from rule.function(case)
        raise ValueError("late")

    monkeypatch.setattr(
        wire, "WIRE_RULES", tuple(replace(r, function=half) if r is rule else r for r in wire.WIRE_RULES)
    )
    found = diagnose(BROKEN.settings, BROKEN.evidence)
    assert {f.id for f in found} == {"iam-missing-getobject", "cors-missing"}
    assert [e.error for e in found.rule_errors] == ["ValueError: late"]


def test_a_rule_of_the_file_that_fails_does_not_stop_the_linter(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = A.line("S3_ENDPOINT=s3.example.net").settings
    put_in(monkeypatch, "env_values.permission", RuntimeError("no"))
    linted = lint(settings)
    assert "endpoint-without-scheme" in {f.id for f in linted}
    assert [e.rule for e in linted.rule_errors] == ["env_values.permission"]


def test_a_signal_is_no_error_of_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, "rights.get_object", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        diagnose(BROKEN.settings, BROKEN.evidence)


class UnreadableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    "error", [UnreadableError(), SystemExit(0), GeneratorExit(), RecursionError(), Exception("x" * 9999)]
)
def test_no_exception_costs_the_report(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, "web_client.cors", error)
    found = diagnose(BROKEN.settings, BROKEN.evidence)
    assert {f.id for f in found} == {"iam-missing-getobject"}
    (told,) = found.rule_errors
    assert told.error.startswith(type(error).__name__)
    assert len(told.error) < 300


def test_a_rule_that_yields_nothing_of_use_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    (rule,) = (rule for rule in wire.WIRE_RULES if rule.name == "web_client.cors")

    @wraps(rule.function)
    def nothing(_case: Case) -> list[Finding]:
        return cast("list[Finding]", [None])

    none = replace(rule, function=nothing)
    monkeypatch.setattr(wire, "WIRE_RULES", tuple(none if r is rule else r for r in wire.WIRE_RULES))
    found = diagnose(BROKEN.settings, BROKEN.evidence)
    assert {f.id for f in found} == {"iam-missing-getobject"}
    assert [told.rule for told in found.rule_errors] == ["web_client.cors"]
