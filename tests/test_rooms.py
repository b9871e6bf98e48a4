"""The rooms keep their doors: who may import whom, no circle, and judgement brings no network with it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import s3probe

pytestmark = pytest.mark.neighbours("the sources")

ROOT = Path(s3probe.__file__).parent
NETWORK = ("s3probe.probe.client", "s3probe.probe.session", "s3probe.probe.transport", "requests", "urllib3", "boto3")

SHARED = frozenset({"s3probe", "secret", "scrub", "redact"})
"""The version, and how secrets are kept out of what is shown."""
EVERYWHERE = frozenset({"patterns", "records"})
"""It knows nothing of s3probe."""

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "patterns": frozenset(),
    "records": frozenset(),
    "secret": frozenset(),
    "hindrance": frozenset(),
    "disguise": frozenset({"encodings"}),
    "encodings": frozenset(),
    "escaped": frozenset(),
    "heeded": frozenset(),
    "scrub": frozenset({"secret", "disguise", "escaped"}),
    "streams": frozenset({"scrub"}),
    "settings": frozenset({"secret"}),
    "redact": frozenset({"disguise", "secret", "scrub", "settings"}),
    "evidence": frozenset({"settings"}),
    # the version: the metadata of an installation lie in a folder that is named by it
    "knowledge": frozenset({"s3probe", "settings", "evidence"}),
    "probe": SHARED | {"settings", "evidence", "knowledge", "hindrance"},
    "diagnosis": frozenset({"settings", "evidence", "knowledge", "hindrance", "redact"}),
    "codec": SHARED | {"settings", "evidence", "diagnosis.model"},
    "report": SHARED | {"settings", "knowledge", "evidence", "diagnosis.model", "codec"},
    # it applies the fixes that a diagnosis names
    "sandbox": frozenset({"knowledge", "diagnosis.model"}),
    "trying": SHARED | {"settings", "evidence", "probe", "diagnosis"},
    "planning": SHARED | {"settings", "evidence", "knowledge", "probe", "diagnosis", "trying", "report.plain"},
    "examination": frozenset({"settings", "evidence", "knowledge", "probe", "diagnosis", "trying", "report"}),
    "cli": SHARED
    | {
        "streams",
        "heeded",
        "hindrance",
        "settings",
        "evidence",
        "knowledge",
        "probe",
        "diagnosis",
        "trying",
        "planning",
        "codec",
        "report",
        "sandbox",
        "examination",
    },
    "__main__": frozenset({"cli", "heeded", "hindrance"}),
    "s3probe": frozenset(),
}
"""Each room, or module that stands beside the rooms, and what it may import besides itself: rooms or single modules."""


@cache
def sources() -> Mapping[str, ast.Module]:
    """Every module of s3probe, named without the package in front; the package itself is ``s3probe``."""
    trees = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name or "s3probe"] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def imported(tree: ast.AST) -> Iterator[str]:
    """All that a module imports, wherever in it that stands: in a function and for types alone as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "names are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(names: Iterable[str], modules: Iterable[str]) -> set[str]:
    """The modules of s3probe among imported names. A package is one only when something of its own is taken."""
    known, found = set(modules), set[str]()
    for full in names:
        package, _, name = full.partition(".")
        while package == "s3probe" and name not in known:
            name = name.rpartition(".")[0] or "s3probe"
        if package == "s3probe":
            found.add(name)
    return found


@cache
def edges() -> Mapping[str, frozenset[str]]:
    """Module to the modules that it imports."""
    return {name: frozenset(own(imported(tree), sources())) for name, tree in sources().items()}


@cache
def outside(module: str) -> frozenset[str]:
    """The packages that it imports, its own among them."""
    return frozenset(each.partition(".")[0] for each in imported(sources()[module]))


def reached(start: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    """All that ``start`` leads to; itself only when it stands in a circle."""
    found, queue = set[str](), list(graph.get(start, ()))
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(graph.get(name, ()))
    return found


def circles(graph: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The groups of modules that each lead to one another."""
    far = {name: reached(name, graph) for name in graph}
    groups = {frozenset(other for other in far[name] if name in far[other]) for name in graph if name in far[name]}
    return sorted((set(group) for group in groups), key=sorted)


def trespasses(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The imports that :data:`MAY_IMPORT` does not allow."""
    return [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in sorted(others)
        if (room := module.partition(".")[0]) != other.partition(".")[0]
        and not (MAY_IMPORT[room] | EVERYWHERE) & {other, other.partition(".")[0]}
    ]


def test_no_modules_import_one_another() -> None:
    assert circles(edges()) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]}) == [{"b", "c"}]


def test_a_module_imports_only_what_its_room_may() -> None:
    assert {module.partition(".")[0] for module in edges()} == set(MAY_IMPORT)
    assert trespasses(edges()) == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("settings.model", "from s3probe.evidence.observations import Evidence"),
        ("probe.client", "def f(): from s3probe import diagnosis"),
        ("diagnosis.case", "if TYPE_CHECKING: from s3probe.probe.session import Session"),
        ("diagnosis.case", "import s3probe.probe.client"),
        ("report.text", "from s3probe.cli.console import Console"),
        ("sandbox.server", "from s3probe.diagnosis.engine import diagnose"),
        ("examination", "from s3probe.cli import sources"),
    ],
)
def test_an_import_that_is_not_allowed_is_found(module: str, code: str) -> None:
    assert len(trespasses({module: own(imported(ast.parse(code)), sources())})) == 1


def test_evidence_and_judgement_lead_to_no_socket() -> None:
    for name in (module for module in edges() if module.startswith(("evidence", "diagnosis"))):
        for module in {name} | reached(name, edges()):
            assert not outside(module) & {"socket", "ssl", "http", "urllib3", "requests", "botocore", "boto3"}, module


@pytest.mark.parametrize(
    "module", ["s3probe.diagnosis.engine", "s3probe.diagnosis.rules.wire", "s3probe.report.formats", "s3probe.settings"]
)
def test_judging_and_reporting_bring_no_network_with_them(module: str) -> None:
    code = f"import sys, {module}; print(*(name for name in {NETWORK!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
