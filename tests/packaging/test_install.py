"""The README's ways to install s3probe, and what the demo says where its packages are missing, to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import s3probe
from tests.exhaustive import EXHAUSTIVE
from tests.packaging.conftest import ROOT, once

pytestmark = [
    pytest.mark.neighbours("the installations"),
    pytest.mark.skipif(not EXHAUSTIVE, reason="takes packages from the network"),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Shell:
    """A user's shell, whose pipx, uv and pip find the wheel of this tree as if it had been published."""

    def __init__(self, folder: Path, tools: Path, wheel: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        # how packages are reached from here is this machine's own affair
        reached = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        own = {
            "PATH": f"{self.bin}:{tools}:/usr/bin:/bin",
            "HOME": str(folder),
            "PIP_FIND_LINKS": f"{wheel.parent} {os.environ.get('PIP_FIND_LINKS', '')}",
            "UV_FIND_LINKS": str(wheel.parent),
            "PIPX_DEFAULT_PYTHON": sys.executable,
            "UV_PYTHON": sys.executable,
            # else these lead to the whole machine
            "PIPX_GLOBAL_HOME": str(folder / "pipx"),
            "PIPX_GLOBAL_BIN_DIR": str(self.bin),
            "PIPX_GLOBAL_MAN_DIR": str(folder / "man"),
            "PIPX_BIN_DIR": str(self.bin),
            "UV_TOOL_BIN_DIR": str(self.bin),
        }
        self.environ = reached | own

    def run(self, command: str, status: int = 0) -> str:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            check=False,
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pipx and uv."""

    def install(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "pipx>=1.5", "uv"], check=True)

    return once(tmp_path_factory, "tools", install) / "bin"


@pytest.fixture
def shell(tmp_path: Path, tools: Path, wheel: Path) -> Shell:
    return Shell(tmp_path, tools, wheel)


def install(begins: str) -> str:
    """The README's own command."""
    (found,) = set(re.findall(rf"(?:`|^sudo )({begins} s3probe)\b", README, re.MULTILINE))
    return str(found)


def runs_the_demo_as_advised(shell: Shell, command: str) -> None:
    advised = shell.run(f"{command} demo", status=64).partition("Install it with: ")[2]
    assert advised
    shell.run(advised)
    assert shell.run(f"{command} demo").startswith("✔ Media storage works")


@pytest.mark.parametrize("begins", ["pipx install", "uv tool install"])
def test_the_line_of_the_readme_installs_it_and_the_demo_says_what_it_lacks(shell: Shell, begins: str) -> None:
    shell.run(install(begins))
    assert shell.run("s3probe --version") == f"s3probe {s3probe.__version__}\n"
    runs_the_demo_as_advised(shell, "s3probe")


def test_cron_finds_what_is_installed_for_all(shell: Shell) -> None:
    shell.run(install("pipx install --global"))
    assert shell.run(f"env -i {shell.bin}/s3probe --version") == f"s3probe {s3probe.__version__}\n"
    share = shell.folder / "pipx" / "venvs" / "s3probe" / "share"
    assert (share / "bash-completion" / "completions" / "s3probe").is_file()
    assert (share / "man" / "man1" / "s3probe.1").is_file()
    assert (shell.folder / "man" / "man1" / "s3probe.1").exists()  # pipx links it to where man looks


def test_a_checkout_that_nobody_installed_says_what_its_demo_lacks(shell: Shell) -> None:
    """In an environment with what s3probe itself needs."""
    checkout, python = shell.folder / "checkout", f"{shell.folder}/venv/bin/python"
    shutil.copytree(ROOT / "s3probe", checkout / "s3probe", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", checkout)
    shell.run(
        f"{sys.executable} -m venv venv && {python} -m pip install s3probe && {python} -m pip uninstall -y s3probe"
    )
    runs_the_demo_as_advised(shell, f"PYTHONPATH={checkout} {python} -m s3probe")
