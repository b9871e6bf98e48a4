"""What CONTRIBUTING.md says holds: the map, the five files of the example, and that a hook runs what CI runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from tests.test_rooms import MAY_IMPORT

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLE = "resource-policy-forbids-embedding"
STEPS = re.findall(r"^\d\. \*\*`(.+?)`\*\*", TEXT, re.MULTILINE)
MARKS = ("PUBLIC_EMBED", "PUBLIC_EMBED", EXAMPLE, f"[{EXAMPLE}]", EXAMPLE)
"""What each of the example's files holds of it."""


def test_the_map_is_that_of_the_imports() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", TEXT, re.MULTILINE))
    rows.pop("cli")  # everything
    assert {room: set(re.findall(r"`([\w.]+)`", named)) for room, named in rows.items()} == {
        room: set(MAY_IMPORT[room]) - {"s3probe"} for room in rows
    }
    assert {room for room in MAY_IMPORT if (ROOT / "s3probe" / room).is_dir()} <= {*rows, "cli", "s3probe"}


def test_the_example_takes_five_files() -> None:
    assert len(STEPS) == 5


@pytest.mark.parametrize(("path", "mark"), list(zip(STEPS, MARKS, strict=True)))
def test_a_file_of_the_example_holds_its_part(path: str, mark: str) -> None:
    found = mark in (ROOT / path).read_text(encoding="utf-8")
    assert found, f"{path} lacks its part of the example: {mark}"


def test_hooks_and_ci_run_the_same() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    entries = {hook["entry"].removeprefix(".venv/bin/") for hook in hooks}
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    linted = {line.partition("/bin/")[2].strip() for line in re.findall(r'^"\$work/lint/bin/[a-z].*', ci, re.MULTILINE)}
    linted = {line.replace('"', "", 1) for line in linted if not line.startswith("pip")}
    tested = re.findall(r"\.venv/bin/(pytest.*)$", readme, re.MULTILINE)[:1]
    assert entries == linted | set(tested)
    assert "bash .ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
