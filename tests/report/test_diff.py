"""The diff is one that the real patch applies, and shows no line that may not be shown."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3probe.report.diff import hunks_of, lines_of, unified
from s3probe.settings.edit import Edit, applied
from tests.exhaustive import examples
from tests.missing import reason

PATCH = shutil.which("patch")
real_patch = pytest.mark.skipif(PATCH is None, reason=reason("patch", "patch"))


def everything(_index: int) -> bool:
    return True


def diff(text: str, *edits: Edit) -> str:
    return unified(text, hunks_of(text, edits), ".env", everything)


def test_a_change_with_its_context() -> None:
    text = "A=1\nB=2\nC=3\nD=4\nE=5\nF=6\n"
    assert diff(text, Edit(18, 19, "0", "E")) == (
        "--- .env\n+++ .env\n@@ -2,5 +2,5 @@\n B=2\n C=3\n D=4\n-E=5\n+E=0\n F=6\n"
    )


def test_a_last_line_without_an_end() -> None:
    assert diff("A=1\nB=2", Edit(6, 7, "3\n", "B")) == (
        "--- .env\n+++ .env\n@@ -1,2 +1,2 @@\n A=1\n-B=2\n\\ No newline at end of file\n+B=3\n"
    )


def test_nothing_changes() -> None:
    assert diff("A=1\n") == ""


def test_context_ends_where_a_line_may_not_be_shown() -> None:
    text = "A=1\nB=2\nSECRET=x\nD=4\nE=5\nF=6\nG=7\n"
    shown = unified(text, hunks_of(text, [Edit(23, 24, "0", "E")]), ".env", lambda index: index != 2)
    assert shown == "--- .env\n+++ .env\n@@ -4,3 +4,3 @@\n D=4\n-E=5\n+E=0\n F=6\n"


def test_edits_of_one_line_are_one_hunk() -> None:
    assert diff("A=1\rB=2\n", Edit(2, 3, "3", "A"), Edit(6, 7, "4", "B")) == (
        "--- .env\n+++ .env\n@@ -1 +1 @@\n-A=1\rB=2\n+A=3\rB=4\n"
    )


LINES = st.lists(st.sampled_from(["A=1", "A=2", "B=1", "", "# c", "C=é", "D=a b"]), max_size=12)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit], frozenset[int]]:
    """A text, edits of whole or half lines in it, and the lines that may not be shown as context."""
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    text = ending.join(draw(LINES)) + draw(st.sampled_from(["", ending]))
    lines = lines_of(text)
    edits, place = [], 0
    for number, line in enumerate(lines):
        body = line.rstrip("\r\n")
        match draw(st.sampled_from(["", "", "", "change", "remove", "insert"])):
            case "change":
                edits.append(Edit(place + len(body) // 2, place + len(body), f"new{number}", "X"))
            case "remove":
                edits.append(Edit(place, place + len(line), "", "X"))
            case "insert":
                edits.append(Edit(place, place, f"NEW={number}{ending}", "X"))
        place += len(line)
    return text, edits, frozenset(draw(st.sets(st.integers(0, 12), max_size=4)))


@real_patch
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edited(), st.sampled_from([".env.production", "my env", "conf/.env"]))
def test_the_real_patch_applies_it(tmp_path: Path, case: tuple[str, list[Edit], frozenset[int]], name: str) -> None:
    text, edits, hidden = case
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, newline="")
    shown = unified(text, hunks_of(text, edits), name, lambda index: index not in hidden)
    if shown:
        subprocess.run(
            [str(PATCH), "-p0", "--no-backup-if-mismatch", "--fuzz=0"],
            input=shown.encode(), cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
    assert file.read_bytes() == applied(text, edits).encode() if file.exists() else applied(text, edits) == ""
    context = [line[1:] for line in re.findall(r"^ .*\n", shown, re.MULTILINE)]
    assert not hidden or len(context) <= 6 * len(edits)
