"""The ready-made lines, units and manifests of the README do what they say on a fresh machine, as far as a program here
can tell: their commands are run as cron, systemd and a container run them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from s3probe.cli.parser import parse
from s3probe.sandbox.sandbox import Sandbox
from tests.missing import reason
from tests.production import local

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_, _, SECTION = README.partition("\n## In production\n")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
TOOL = "/usr/local/bin/s3probe"
STATES = "/var/lib/s3probe"
ENV_FILE = "/home/mastodon/live/.env.production"


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


def accepted(command: str) -> None:
    """The arguments behind the tool's name are taken by its parser."""
    words = shlex.split(command)
    start = next(n for n, word in enumerate(words) if word.rpartition("/")[2] == "s3probe")
    parse(words[start + 1 :])


class FreshMachine:
    """Another root folder: what the README names by its place is put there. Only what is installed is as it was."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        tool = self.place(TOOL)
        tool.parent.mkdir(parents=True)
        # a script as an installation makes it, which needs nothing of whoever starts it
        tool.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m s3probe "$@"\n')
        tool.chmod(0o755)
        self.env_file = self.place(ENV_FILE)
        self.env_file.parent.mkdir(parents=True)
        self.environ = dict(line.split("=", 1) for line in local.env_text(port).splitlines())
        self.place("/var/lib").mkdir(parents=True)
        self.set()

    def set(self, **variables: str) -> None:
        """Mastodon's own settings, with these changed."""
        lines = (f"{name}={value}\n" for name, value in (self.environ | variables).items())
        self.env_file.write_text("".join(lines))

    def place(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def moved(self, command: str) -> str:
        for path in (TOOL, STATES, ENV_FILE):
            command = command.replace(path, str(self.place(path)))
        return command

    def run(self, command: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """By ``/bin/sh``, in an empty environment but for ``environ``."""
        alone = {"AWS_EC2_METADATA_DISABLED": "true", **environ}
        return subprocess.run(
            ["/bin/sh", "-c", self.moved(command)],
            check=False,
            cwd=self.folder,
            env=alone,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def set_up(self) -> None:
        """What is to be done once, but for the installation."""
        (commands,) = (text for text in blocks("shell") if STATES in text)
        who = "".join(f" -{letter} {number}" for letter, number in (("o", os.geteuid()), ("g", os.getegid())))
        for line in commands.splitlines():
            if "pipx" not in line:
                own = line.removeprefix("sudo ").replace(" -o mastodon -g mastodon", who)
                assert self.run(own, {"PATH": "/usr/bin:/bin"}).returncode == 0


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[FreshMachine]:
    with Sandbox(local.scenario().world) as box:
        yield FreshMachine(tmp_path, box.http_port)


def test_there_is_one_of_each() -> None:
    assert len(blocks("crontab")) == 1
    assert len(blocks("ini")) == 3
    assert len(blocks("yaml")) == 2


def crontab() -> tuple[dict[str, str], list[str]]:
    """The environment that it sets, and its lines."""
    (text,) = blocks("crontab")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    settings = [line for line in lines if re.match(r"\w+ *=", line)]
    return dict(line.split("=", 1) for line in settings), [line for line in lines if line not in settings]


def test_the_crontab_has_a_canary_and_one_whole_examination_a_day() -> None:
    _, lines = crontab()
    fields = [line.split(None, 6) for line in lines]
    assert [(times[0], times[1]) for times in fields] == [("*/5", "*"), ("17", "5")]
    assert [("--quick" in command, "--thorough" in command) for *_, command in fields] == [(True, False), (False, True)]
    for *times, user, command in fields:
        assert all(re.fullmatch(r"[\d*/,-]+", field) for field in times)
        assert re.fullmatch(r"[a-z_][a-z0-9_-]*", user)
        assert "%" not in command  # cron makes line feeds of them
        accepted(command)


@pytest.mark.parametrize("number", [0, 1])
def test_a_line_of_the_crontab_mails_changes_alone(machine: FreshMachine, number: int) -> None:
    settings, lines = crontab()
    command = lines[number].split(None, 6)[6]
    # crontab(5): that is all that a command gets, beside what the crontab sets
    environ = {"HOME": str(machine.folder), "LOGNAME": "mastodon", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}

    def mail() -> tuple[int, str]:
        done = machine.run(command, environ | settings)
        return done.returncode, done.stdout + done.stderr

    machine.set_up()
    assert mail() == (0, "")
    machine.set(S3_BUCKET="files-exmple")
    status, told = mail()
    assert status == 2
    assert told.startswith("Newly failing: ")
    assert mail() == (2, "")
    machine.set()
    status, told = mail()
    assert status == 0
    assert told.startswith("Recovered after ")


def units() -> dict[str, str]:
    found = {}
    for text in blocks("ini"):
        name = re.search(r"/etc/systemd/system/(\S+)", text)
        assert name is not None
        found[name[1]] = text
    return found


def test_the_units_are_verified(machine: FreshMachine, tmp_path: Path) -> None:
    assert units().keys() == {"s3probe@.service", "s3probe@quick.timer", "s3probe@thorough.timer"}
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip(reason("systemd-analyze", "systemd"))
    for name, text in units().items():
        (tmp_path / name).write_text(machine.moved(text))
    files = [tmp_path / name for name in units()]
    told = subprocess.run([tool, "verify", *files], check=False, capture_output=True, text=True)
    assert [line for line in told.stderr.splitlines() if "s3probe" in line] == []


@pytest.mark.parametrize("instance", ["quick", "thorough"])
def test_what_a_unit_starts_runs(machine: FreshMachine, instance: str) -> None:
    """With a home that cannot be written, as the unit has it, and the folder that systemd makes."""
    service = units()["s3probe@.service"]
    assert f"s3probe@{instance}.timer" in units()
    start = re.search(r"^ExecStart=(.*)$", service, re.MULTILINE)
    assert start is not None
    command = start[1].replace("%i", instance)
    accepted(command)
    folder = re.search(r"^StateDirectory=(.*)$", service, re.MULTILINE)
    assert folder is not None
    machine.place(f"/var/lib/{folder[1]}").mkdir()
    # what systemd sets (systemd.exec(5)) of what we might read
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/proc/none", "USER": "mastodon", "LOGNAME": "mastodon"}
    done = machine.run(command, environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_timers_that_are_enabled_are_there() -> None:
    (enabled,) = re.findall(r"`systemctl enable --now ([^`]+)`", SECTION)
    assert set(enabled.split()) == units().keys() - {"s3probe@.service"}


def containers() -> list[dict[str, Any]]:
    compose, job = (yaml.safe_load(text) for text in blocks("yaml"))
    (pod,) = (part["template"]["spec"] for part in [job["spec"]["jobTemplate"]["spec"]])
    return [compose["services"]["s3probe"], *pod["containers"]]


def test_the_manifests_read_mastodons_own_settings() -> None:
    service, container = containers()
    assert service["env_file"] == ".env.production"
    # as the chart's templates make them of a release called social
    names = [(kind, source["name"]) for each in container["envFrom"] for kind, source in each.items()]
    assert names == [("configMapRef", "social-mastodon-env"), ("secretRef", "social-mastodon")]
    job = yaml.safe_load(blocks("yaml")[1])
    assert (job["kind"], job["spec"]["concurrencyPolicy"]) == ("CronJob", "Forbid")


@pytest.mark.parametrize("number", [0, 1])
def test_what_a_container_starts_runs(machine: FreshMachine, number: int) -> None:
    """In the environment that ``env_file`` and ``envFrom`` make, and with no home that could be written."""
    command = shlex.join(containers()[number]["command"])
    accepted(command)
    path = f"{machine.place(TOOL).parent}:/usr/bin:/bin"
    done = machine.run(command, machine.environ | {"PATH": path, "HOME": "/proc/none"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.partition(":")[0] == ("" if "--quiet" in command else "✔ Media storage works")
    machine.environ["S3_BUCKET"] = "files-exmple"
    assert machine.run(command, machine.environ | {"PATH": path, "HOME": "/proc/none"}).returncode == 2


def test_every_command_line_is_accepted() -> None:
    lines = [line for text in blocks("shell") for line in text.splitlines() if line.startswith("s3probe ")]
    assert len(lines) >= 5
    for line in lines:
        accepted(line)
    for inline in re.findall(r"`(s3probe [^`<]+)`", SECTION):
        accepted(inline)
