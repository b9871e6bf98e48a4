"""The ready-made units of the README do what they say, as far as a program can tell."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from s3probe.cli.parser import parse

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
_, _, SECTION = README.partition("\n## In production\n")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


def accepted(command: str) -> None:
    """The arguments behind the tool's name are taken by its parser."""
    words = shlex.split(command)
    start = next(n for n, word in enumerate(words) if word.rpartition("/")[2] == "s3probe")
    parse(words[start + 1 :])


def test_there_is_one_of_each() -> None:
    assert len(blocks("crontab")) == 1
    assert len(blocks("ini")) == 2
    assert len(blocks("yaml")) == 2


def test_the_crontab_line_is_one() -> None:
    (text,) = blocks("crontab")
    lines = [line for line in text.splitlines() if line and not line.startswith("#") and not re.match(r"\w+=", line)]
    for line in lines:
        *times, user, command = line.split(None, 6)
        assert len(times) == 5
        assert all(re.fullmatch(r"[\d*/,-]+", field) for field in times)
        assert re.fullmatch(r"[a-z_][a-z0-9_-]*", user)
        assert "%" not in command  # cron makes line feeds of them
        accepted(command)
    assert lines


def test_the_units_are_verified(tmp_path: Path) -> None:
    units = {}
    for text in blocks("ini"):
        name = re.search(r"/etc/systemd/system/(\S+)", text)
        assert name is not None
        units[name[1]] = text
        (tmp_path / name[1]).write_text(text)
    assert units.keys() == {"s3probe.service", "s3probe.timer"}
    start = re.search(r"^ExecStart=(.*)$", units["s3probe.service"], re.MULTILINE)
    assert start is not None
    accepted(start[1])
    tool = shutil.which("systemd-analyze")
    if tool is not None:
        files = [tmp_path / name for name in units]
        told = subprocess.run([tool, "verify", *files], check=False, capture_output=True, text=True)
        complaints = [line for line in told.stderr.splitlines() if str(tmp_path) in line or "s3probe" in line]
        assert complaints == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_manifests_are_yaml_and_read_mastodons_own_settings(number: int) -> None:
    yaml = pytest.importorskip("yaml")
    document = yaml.safe_load(blocks("yaml")[number])
    if "services" in document:
        service = document["services"]["s3probe"]
        assert service["env_file"] == ".env.production"
        command = shlex.join(service["command"])
    else:
        job = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert document["kind"] == "CronJob"
        assert document["spec"]["concurrencyPolicy"] == "Forbid"
        (container,) = job["containers"]
        assert [next(iter(source)) for source in container["envFrom"]] == ["configMapRef", "secretRef"]
        command = shlex.join(container["command"])
    assert "--environ" in command
    accepted(command)


def test_every_command_line_is_accepted() -> None:
    lines = [line for text in blocks("shell") for line in text.splitlines() if line]
    assert len(lines) >= 5
    for line in lines:
        accepted(line)
    for inline in re.findall(r"`(s3probe [^`<]+)`", SECTION):
        accepted(inline)
