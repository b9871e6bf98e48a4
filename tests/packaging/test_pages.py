"""Completion and the man page are made from the parser, and come with the wheel."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from s3probe.cli.pages import COMMANDS
from s3probe.cli.parser import options
from tests.missing import reason
from tests.packaging import shells
from tests.packaging.conftest import ROOT

pytestmark = pytest.mark.neighbours("the wheel")

TYPED = {
    "expl": "explain",
    "check --qui": None,  # --quick, --quiet
    "check --read": "check --read-only",
    "check --format j": None,  # json, junit
    "check --format mark": "check --format markdown",
    "check --only put-with-a": "check --only put-with-acl",
    "check --skip cors-mis": "check --skip cors-missing",
    "explain acl-disabled": "explain acl-disabled-bucket-owner-enforced",
    "demo --fault bpa-blocks-public-a": "demo --fault bpa-blocks-public-acl",
    "policy buck": "policy bucket",
    "policy own": "policy own.env",
    "lint own": "lint own.env",
    "check --state mem": "check --state memory",
    "sweep --older": "sweep --older-than",
}
"""What is typed, and what the tabulator makes of it; ``None``: nothing, as there is a choice."""


@pytest.mark.parametrize("shell", shells.NAMES)
def test_a_real_shell_completes(shell: str, prefix: Path, tmp_path: Path) -> None:
    for name in ("own.env", "memory"):
        (tmp_path / name).touch()
    certain = {line: whole for line, whole in TYPED.items() if whole is not None}
    assert dict(zip(certain, shells.completed(shell, prefix / "share", tmp_path, *certain), strict=True)) == certain


def test_the_man_page_is_rendered_without_a_warning(prefix: Path) -> None:
    program = shutil.which("groff")
    if program is None:
        pytest.skip(reason("groff", "groff-base"))
    page = prefix / "share" / "man" / "man1" / "s3probe.1"
    done = subprocess.run(
        [program, "-man", "-ww", "-Tutf8", "-P-cbou", page], check=False, capture_output=True, text=True
    )
    assert done.stderr == ""
    text = done.stdout
    for command in COMMANDS:
        assert f"s3probe {command}" in text
        assert [option for option in options()[command] if option not in text] == ["--help"]
    for section in ("NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT"):
        assert f"\n{section}\n" in text
    assert "S3PROBE_FAIL_ON" in text


def test_the_tests_build_with_what_the_build_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["build-system"]["requires"]) <= set(project["project"]["optional-dependencies"]["test"])
