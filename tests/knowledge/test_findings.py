"""Every finding has words for the admin, in every field, and says honestly how far it can be told."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from s3probe.diagnosis.model import Severity
from s3probe.evidence.vocabulary import Section
from s3probe.knowledge.findings import SEEN, FindingText, entry, ids
from s3probe.knowledge.recognition import recognitions
from s3probe.report.explain import STATES
from tests.every import every

KINDS = ("without_acls", "acls_alone", "own_rights", "without_policies", "elsewhere")
ROOT = Path(__file__).parents[2]
FIELD_FAILURES = (ROOT / "fixtures" / "catalogue-ids.txt").read_text(encoding="utf-8").split()
FILES = sorted((ROOT / "s3probe" / "knowledge" / "findings").glob("*.toml"))
PLACEHOLDERS = {"bucket", "region", "endpoint", "hostname", "alias_host", "media_host", "acl", "variable"}
OF_ONE_RULE = {
    "allowed",
    "breaks",
    "directive",
    "exception",
    "family",
    "folders",
    "line",
    "named",
    "origin",
    "program",
    "right_region",
    "scheme",
    "shown",
    "store",
    "target",
}
"""What the rule of a finding fills in by itself."""
RULES = ROOT / "s3probe" / "diagnosis" / "rules"
ALL = [entry(finding_id) for finding_id in ids()]


def test_every_failure_from_the_field_is_described() -> None:
    assert len(set(FIELD_FAILURES)) == 214
    assert [finding_id for finding_id in FIELD_FAILURES if finding_id not in ids()] == []


def test_what_no_rule_explains_is_described_too() -> None:
    assert entry("unexplained").severity == "failure"


def each_field_says_something(e: FindingText) -> None:
    assert e.state in STATES
    assert e.severity in set(Severity)
    assert e.section in set(Section)
    for text in (e.title, e.consequence, e.meaning, *e.told_apart, *e.fix.values(), *e.links):
        assert text.strip() == text
        assert len(text) > 5
    assert e.told_apart
    assert e.links
    assert "general" in e.fix


def its_title_is_one_line_without_a_full_stop(e: FindingText) -> None:
    assert "\n" not in e.title + e.consequence
    assert len(e.title) <= 110
    assert not e.title.endswith(".")
    assert not e.consequence.endswith(".")


@every("e", ALL, ids=lambda e: e.id)
@every(
    "holds",
    [each_field_says_something, its_title_is_one_line_without_a_full_stop],
    ids=lambda holds: holds.__name__,
)
def test_of_a_text(e: FindingText, holds: Callable[[FindingText], None]) -> None:
    holds(e)


def _fields(e: FindingText) -> set[str]:
    return {
        name
        for text in (*e.every_title, *e.every_consequence)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }


def test_only_values_that_are_known_are_filled_in() -> None:
    assert {name for e in ALL for name in _fields(e)} <= PLACEHOLDERS | OF_ONE_RULE
    assert {name for e in ALL for name in _fields(e)} >= OF_ONE_RULE


def test_a_rule_fills_in_every_value_that_its_text_asks_for() -> None:
    """A value that is forgotten would be an error of the rule, in front of a user."""
    given: dict[str, set[str]] = {}
    for path in RULES.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            names = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
            values = {
                keyword.arg for node in ast.walk(function) if isinstance(node, ast.Call) for keyword in node.keywords
            }
            for finding_id in names & {e.id for e in ALL if _fields(e) & OF_ONE_RULE}:
                given.setdefault(str(finding_id), set()).update(str(value) for value in values)
    wanted = {e.id: _fields(e) & OF_ONE_RULE for e in ALL if _fields(e) & OF_ONE_RULE}
    assert {i: needed - given.get(i, set()) for i, needed in wanted.items() if needed - given.get(i, set())} == {}


def test_what_is_not_decided_says_why() -> None:
    for e in ALL:
        undecided = e.state in ("hinted", "out-of-reach")
        assert bool(e.why_state) == undecided, e.id


def test_a_title_says_may_when_the_cause_is_a_possibility_and_only_then() -> None:
    hedged = re.compile(r"\b(may|might)\b")
    for e in ALL:
        assert bool(hedged.search(e.title)) == (e.state == "hinted") or e.state == "out-of-reach", e.id


def test_most_failures_can_be_told() -> None:
    states = Counter(e.state for e in ALL if e.id in FIELD_FAILURES)
    assert states["decided"] + states["linted"] >= 150
    assert sum(states.values()) == 214


def test_advice_names_only_known_providers() -> None:
    known = set(recognitions()) | {"general", *KINDS}
    assert {(e.id, name) for e in ALL for name in e.fix if name not in known} == set()


def test_settings_and_permissions_have_the_names_that_mastodon_and_iam_use() -> None:
    for e in ALL:
        assert e.setting is None or re.fullmatch(r"(S3|AWS|CDN)_[A-Z_]+", e.setting), e.id
        assert e.permission is None or re.fullmatch(r"(s3|kms):[A-Z][A-Za-z]+", e.permission), e.id


def test_links_lead_to_https_pages_without_blanks() -> None:
    for e in ALL:
        assert all(re.fullmatch(r"https://[a-z0-9.-]+/\S*", link) for link in e.links), e.id


def test_a_finding_stands_where_somebody_looks_for_what_they_see() -> None:
    for e in ALL:
        assert e.seen, f"{e.id}: name what is seen of it (`seen`, knowledge/findings.py says which there are)"
        assert set(e.seen) <= set(SEEN), e.id
    assert {name for e in ALL for name in e.seen} == set(SEEN)


def test_a_look_alike_that_is_named_exists() -> None:
    known = set(ids())
    for e in ALL:
        for sentence in e.told_apart:
            name = re.match(r"([a-z0-9]+(?:-[a-z0-9]+){2,})(?=[ :,])", sentence)
            assert name is None or name[1] in known, (e.id, name)


@every("file", FILES, ids=lambda file: file.stem)
def test_the_file_as_a_whole_says_the_same_as_its_sections(file: Path) -> None:
    whole = tomllib.loads(file.read_text(encoding="utf-8"))
    assert list(whole) == [e.id for e in ALL if e.category == file.stem]
    for finding_id, data in whole.items():
        e = entry(finding_id)
        assert (e.title, e.meaning, e.fix, list(e.told_apart)) == (
            data["title"],
            data["meaning"],
            data["fix"],
            data["told_apart"],
        )


def test_no_id_stands_in_two_files() -> None:
    heads = [
        name for file in FILES for name in re.findall(r"^\[([a-z0-9-]+)\]$", file.read_text(encoding="utf-8"), re.M)
    ]
    assert sorted(heads) == sorted(ids())


_SHOP = re.compile(r"\b(?:[Tt]he|[Tt]his|[Aa]|[Nn]o|[Aa]nother|[Ss]uch a|[Ss]ome|[Mm]any) stores?\b")


@every("e", ALL, ids=lambda e: e.id)
def test_what_holds_the_files_is_called_storage_and_no_store(e: FindingText) -> None:
    """One word for one thing: the rows and the headline say storage, and to store is what is done with it."""
    texts = (*e.every_title, e.in_general, *e.every_consequence, e.meaning, e.why_state, *e.told_apart, *e.fix.values())
    assert [text for text in texts if _SHOP.search(text)] == []


@every("e", ALL, ids=lambda e: e.id)
def test_one_of_several_titles_or_consequences_is_named_by_a_rule(e: FindingText) -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.py"))
    assert [name for name in (*e.titles, *e.consequences) if f'"{name}"' not in rules] == []
    general = [
        text for texts in ((e.titles, e.title), (e.consequences, e.consequence)) for text in texts[1:] if texts[0]
    ]
    assert [text for text in general if "{" in text] == [], "this is for whoever has no case before them"
    assert not (e.titles and e.in_general)
