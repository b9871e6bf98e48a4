"""Ids, facts and headers have names, and nothing is asked for that no run writes down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from enum import Enum

import pytest

from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact, Header, ObservationId, kept_headers
from s3probe.knowledge.findings import ids as finding_ids
from s3probe.knowledge.proxies import PAGE, middlemen
from s3probe.knowledge.recognition import recognitions
from tests.every import every
from tests.test_rooms import sources

pytestmark = pytest.mark.neighbours("the sources")

SPEAKERS = ("evidence", "probe", "diagnosis", "report")
"""The rooms whose words these are."""
OBSERVATIONS = {str(member) for kind in (ActionId, Experiment) for member in kind}
OTHER_IDS = set(finding_ids()) | set(recognitions()) | set(middlemen())
"""Findings, providers and proxies have ids of their own."""


def bare_names(tree: ast.AST) -> Iterator[str]:
    """Strings that stand where a name of the vocabulary belongs; mypy finds the rest."""
    nodes = list(ast.walk(tree))
    mappings = {
        name.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is(node.value, "headers", "facts")
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    """Local names of an observation's headers or facts."""
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)) if text in OBSERVATIONS and "-" in text:
                yield text
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                if any(_is(side, "id") for side in sides):
                    yield from (text for side in sides for text in _texts(side) if text not in OTHER_IDS)
                if any(_is(side, "headers", "facts") or _is_named(side, mappings) for side in others):
                    yield from _texts(left)
            case ast.Call(func=ast.Attribute(value=asked, attr=("startswith" | "endswith"))) if _is(asked, "id"):
                yield from (text for argument in node.args for text in _texts(argument))
            case ast.Call(func=ast.Attribute(value=asked, attr="get")) if _is(asked, "headers", "facts"):
                yield from _texts(node.args[0])


def _is(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in names


def _is_named(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _texts(node: ast.AST) -> Iterator[str]:
    yield from (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def test_no_bare_string_stands_for_a_name() -> None:
    spoken = {module: tree for module, tree in sources().items() if module.partition(".")[0] in SPEAKERS}
    del spoken["evidence.vocabulary"]
    found = {module: list(bare_names(tree)) for module, tree in spoken.items()}
    assert {module: names for module, names in found.items() if names} == {}


@every(
    "line",
    [
        'case.get("try-put-acl-privte" if x else "try-put-acl-private")',
        'o.id == "lst"',
        'o.id in ("get", "hed")',
        'o.id.startswith("put-wth")',
        'seen.facts.get("regoin", "")',
        'seen.headers.get("x-cahce")',
        '"x-cahce" in seen.headers',
        'known = seen[0].facts\nlisted = "regoin" in known',
    ],
)
def test_a_bare_string_is_found(line: str) -> None:
    assert list(bare_names(ast.parse(line)))


@every("line", ['found.id == "clock-skew"', 'store(case).id == "aws-s3"', "o.id is ActionId.LIST"])
def test_ids_of_findings_and_providers_are_no_observations(line: str) -> None:
    assert not list(bare_names(ast.parse(line)))


WORDS: list[type[Enum]] = [ActionId, Experiment, ExperimentWith, Fact, Header]


@every("member", [member for kind in WORDS for member in kind], ids=repr)
def test_a_name_is_what_it_stands_for(member: Enum) -> None:
    """``SECRET_TRIMMED`` is ``try-secret-trimmed``: the names are used together, so nothing else would tell."""
    assert letters(member.name) == letters(str(member.value).removeprefix("try-"))


@every("name, value", [("LIST", "lsit"), ("REGION", "try-regoin:"), ("X_CACHE", "x-ccahe"), ("PAYER", "Payre")])
def test_a_misspelt_value_is_found(name: str, value: str) -> None:
    assert letters(name) != letters(value.removeprefix("try-"))


def letters(name: str) -> str:
    """Without what tells a Python name from a header or a word of S3's."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _named(kind: str, *places: str) -> set[str]:
    """The members of ``kind`` that these rooms, or modules of them, name."""
    return {
        node.attr
        for module, tree in sources().items()
        if any(f"{module}.".startswith(f"{place}.") for place in places)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == kind
    }


def _reads(tree: ast.AST) -> Iterator[ast.expr]:
    """What a mapping is asked for: ``facts.get(…)``, ``facts[…]``, ``… in facts``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="get"), args=[asked, *_]):
                yield asked
            case ast.Subscript(slice=asked, ctx=ast.Load()):
                yield asked
            case ast.Compare(left=asked, ops=[ast.In() | ast.NotIn(), *_]):
                yield asked
            case ast.Assign(targets=[ast.Name()], value=ast.Tuple(elts=listed)):  # asked for one after the other
                yield from listed


def _facts(nodes: Iterable[ast.AST]) -> dict[int, str]:
    """The facts among these nodes, by the node."""
    return {
        id(node): node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Fact"
    }


def _read_and_written(trees: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The facts that are asked for, and those that stand anywhere else."""
    read, written = set[str](), set[str]()
    for tree in trees:
        asked = _facts(_reads(tree))
        read.update(asked.values())
        written.update(name for node, name in _facts(ast.walk(tree)).items() if node not in asked)
    return read, written


def test_every_fact_is_written_by_the_probe_and_read() -> None:
    # facts_among() takes what S3 calls by these names
    of_s3 = {fact.name for fact in Fact if not fact.islower()}
    read, _ = _read_and_written(sources().values())
    _, written = _read_and_written(tree for module, tree in sources().items() if module.startswith("probe."))
    everything = {fact.name for fact in Fact}
    assert everything - read == set(), "nothing reads these facts"
    assert everything - written == of_s3, "probe/ writes no such facts"


def test_a_fact_that_is_only_read_or_only_written_is_told() -> None:
    tree = ast.parse(
        "if seen.facts.get(Fact.KEY) and Fact.BODY in seen.facts: known = {Fact.SKEW: seen.facts[Fact.KEY]}"
    )
    assert _read_and_written([tree]) == ({"KEY", "BODY"}, {"SKEW"})


def test_every_header_is_read() -> None:
    read = _named("Header", "diagnosis", "report", "probe", "evidence", "knowledge")
    signs = {sign.partition(": ")[0] for one in middlemen().values() for sign in one.signs} - {PAGE}
    assert signs <= {str(header) for header in Header}, "the sign of a proxy is none that is kept"
    read |= {Header(name).name for name in signs}
    unread = {header.name for header in Header} - read
    assert unread == set(), f"nothing in probe/ or diagnosis/ reads these headers: {unread}"


def test_a_value_is_part_of_an_id() -> None:
    tried = ExperimentWith.REGION.of("eu-west-2")
    assert (tried, ExperimentWith.REGION.value_in(tried)) == ("try-region:eu-west-2", "eu-west-2")
    assert ExperimentWith.REGION.made(tried)
    assert not ExperimentWith.PARTITION.made(tried)
    assert not ObservationId("list").is_experiment


def test_headers_of_no_use_are_dropped() -> None:
    assert kept_headers(["x-minio-deployment-id", "connection", "date"]) == (Header.DATE, "x-minio-deployment-id")
