"""SECURITY.md promises what tests show, and the tests that it names are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from s3probe import ISSUES
from tests.every import every

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / ".github" / "SECURITY.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROWS = re.findall(r"^\| (.+) \| (.+) \|$", PAGE.partition("| --- | --- |\n")[2], re.MULTILINE)
THREATS = re.findall(r"^\*\*(.+?)\*\*(.*?)(?=^\*\*|^## )", PAGE.partition("\n## Threats")[2], re.MULTILINE | re.DOTALL)


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@every("path, name", NAMED)
def test_a_test_that_is_named_is_there(path: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in names_in(path)


def test_nothing_that_looks_like_a_test_is_named_in_another_way() -> None:
    assert len(re.findall(r"\btest_\w+\b(?!\.py)", PAGE)) == len(NAMED)


def test_each_promise_and_each_threat_has_its_tests() -> None:
    assert len(ROWS) > 10
    assert [promise for promise, shown in ROWS if "::test_" not in shown] == []
    assert len(THREATS) == 5
    assert [threat for threat, text in THREATS if "::test_" not in text] == []


def test_it_is_linked_where_the_keys_are_asked_for() -> None:
    (paragraph,) = [text for text in README.split("\n\n") if "](.github/SECURITY.md)" in text]
    assert "the keys" in paragraph
    assert "never" in paragraph


def test_it_says_how_to_report_in_private() -> None:
    assert f"{ISSUES.removesuffix('issues')}security/advisories/new" in PAGE
