"""How much can be told: the findings that a rule names, and the states as the list of findings shows them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import s3probe.diagnosis
from s3probe.knowledge.findings import entry, ids
from s3probe.report.explain import STATES, explain_list

RULES = Path(next(iter(s3probe.diagnosis.__path__)))


def _strings() -> set[str]:
    """Every string of the rules, and for ``f"a-{b}-c"`` the pattern of what it can become."""
    found: set[str] = set()
    for file in RULES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z-]+" for v in node.values]
                found.add("".join(parts))
    return found


def _whole_ids(strings: set[str]) -> set[str]:
    known = set(ids())
    plain = {text.replace("\\-", "-") for text in strings} & known
    # two fixed words at least, so that a pattern such as [a-z-]+ names nobody
    patterns = [re.compile(text) for text in strings if "[a-z-]+" in text and text.count("\\-") >= 2]
    return plain | {name for name in known for pattern in patterns if pattern.fullmatch(name)}


@cache
def named() -> set[str]:
    """The findings whose id stands in a rule."""
    return _whole_ids(_strings())


def test_the_states_are_four_and_every_finding_has_one() -> None:
    assert {entry(i).state for i in ids()} <= set(STATES)


def test_most_failures_are_decided_or_linted() -> None:
    states = Counter(entry(i).state for i in ids())
    assert states["decided"] + states["linted"] >= 150


def test_explain_lists_every_finding_with_its_state() -> None:
    shown = explain_list()
    assert all(f"{i} ({entry(i).state})" in shown for i in ids())
