"""The faults that are put in: each is one change of one function; those kept as not to be found are still made."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

from tests.every import every
from tests.mutation.__main__ import REASONS
from tests.mutation.mutants import mutants
from tests.mutation.targets import ROOT, TARGETS, Decided

SOURCE = """
LIMIT = 3
class Sample:
    def holds(self, seen, code="x"):
        if seen.failed and not seen.claimed:
            return any(one == 200 for one in seen.all) and len(seen.all) < LIMIT
        return False
def told(case):
    for one in case:
        if one:
            continue
        yield one, Certainty.CERTAIN
    yield "said"
"""
KEPT: dict[str, dict[str, str]] = tomllib.loads(REASONS.read_text(encoding="utf-8"))


def test_each_is_one_change_of_one_function() -> None:
    names = [one.name for one in mutants(SOURCE, "x.py")]
    assert len(names) == len(set(names))
    assert "Sample.holds: one == 200 -> one != 200" in names
    assert "Sample.holds: len(seen.all) < LIMIT -> len(seen.all) <= LIMIT" in names
    assert "Sample.holds: not seen.claimed -> seen.claimed" in names
    assert "told: Certainty.CERTAIN -> Certainty.LIKELY" in names
    assert "Sample.holds: seen.failed and (not seen.claimed) -> seen.failed or not seen.claimed" in names
    assert "told: continue -> pass" in names
    assert "told: yield 'said' -> if False: yield 'said'" in names
    assert not [name for name in names if name.startswith(("told: 'said'", "Sample.holds: 'x'"))], "words stay"


def test_the_function_does_something_else_then_and_the_module_stays() -> None:
    source = "def f(a, b):\n    return a and b > 1\n"
    space: dict[str, object] = {}
    exec(compile(source, "f.py", "exec"), space)  # noqa: S102  the source stands above
    f = space["f"]
    results = {}
    for one in mutants(source, "f.py"):
        f.__code__ = one.code  # type: ignore[attr-defined]
        results[one.name] = f(True, 1)  # type: ignore[operator]
    assert results == {
        "f: a and b > 1 -> a": True,
        "f: a and b > 1 -> b > 1": False,
        "f: a and b > 1 -> a or b > 1": True,
        "f: b > 1 -> b >= 1": True,
        "f: 1 -> 2": False,
    }


def test_a_silent_finding_leaves_a_generator() -> None:
    (one,) = [one for one in mutants("def f():\n    yield 'x'\n", "f.py") if "if False" in one.name]
    space: dict[str, object] = {}
    exec(compile("def f():\n    yield 'x'\n", "f.py", "exec"), space)  # noqa: S102  the source stands above
    space["f"].__code__ = one.code  # type: ignore[attr-defined]
    assert list(space["f"]()) == []  # type: ignore[operator]


@every("module", KEPT)
def test_what_is_kept_with_a_reason_is_still_a_mutant_of_a_target(module: str) -> None:
    assert any(module in target.modules for target in TARGETS.values())
    file = Path(str(importlib.import_module(module).__file__))
    assert set(KEPT[module]) <= {one.name for one in mutants(file.read_text(encoding="utf-8"), str(file))}
    assert all(KEPT[module].values())


@every("target", TARGETS.values())
def test_a_target_names_what_is_there(target: Decided) -> None:
    for module in target.modules:
        importlib.import_module(module)
    assert all((ROOT / test).exists() for test in target.tests)
