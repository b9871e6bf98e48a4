"""Running Mastodons, as /proc shows them; a folder stands in for it."""

from __future__ import annotations

import os
from pathlib import Path

from s3probe.diagnosis.engine import lint
from s3probe.diagnosis.model import Finding
from s3probe.settings.mastodon import interpret
from s3probe.settings.process import running, with_running
from s3probe.settings.sources import load

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ENV = {
    "LOCAL_DOMAIN": "mastodon.example",
    "S3_ENABLED": "true",
    "S3_BUCKET": "files-example",
    "S3_REGION": "eu-west-2",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET,
}
WEB, SIDEKIQ = "puma 6.4.2 (tcp://127.0.0.1:3000) [live]", "sidekiq 7.2.4 live [0 of 5 busy]"
EDITED = 1_700_000_000.0


class Machine:
    """A Mastodon folder and a /proc."""

    def __init__(self, tmp_path: Path) -> None:
        self.proc, self.live = tmp_path / "proc", tmp_path / "live"
        self.file = self.live / ".env.production"
        (self.live / "bin").mkdir(parents=True)
        (self.live / "bin/tootctl").write_text("")
        self.proc.mkdir()
        self.file.write_text("".join(f"{name}={value}\n" for name, value in ENV.items()))
        os.utime(self.file, (EDITED, EDITED))

    def process(
        self, pid: int, title: str, env: dict[str, str], *, started: float = EDITED + 60, cwd: Path | None = None
    ) -> None:
        folder = self.proc / str(pid)
        folder.mkdir()
        (folder / "cmdline").write_bytes(title.encode().replace(b" ", b"\0"))
        (folder / "environ").write_bytes(b"".join(f"{name}={value}\0".encode() for name, value in env.items()))
        (folder / "cwd").symlink_to(cwd or self.live)
        os.utime(folder, (started, started))

    def findings(self) -> dict[str, Finding]:
        environment = with_running(load(self.file, environ=None), self.file, self.proc)
        return {f.id: f for f in lint(interpret(environment)) if f.id.startswith("env-")}


def test_nothing_runs(tmp_path: Path) -> None:
    assert Machine(tmp_path).findings() == {}
    assert running(tmp_path / "gone") == ()


def test_what_dotenv_adds_later_does_not_show_and_is_no_difference(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.process(10, WEB, {"PATH": "/bin"})
    machine.process(11, SIDEKIQ, {"PATH": "/bin"})
    assert machine.findings() == {}


def test_a_file_that_is_younger_than_the_process(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for pid, title in ((10, WEB), (11, SIDEKIQ)):
        machine.process(pid, title, ENV | {"S3_BUCKET": "old"}, started=EDITED - 60)
    found = machine.findings()
    assert found.keys() == {"env-not-restarted"}
    assert "S3_BUCKET" in found["env-not-restarted"].how_known
    assert found["env-not-restarted"].severity == "warning"


def test_an_edit_alone_is_a_notice(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.process(10, WEB, {"PATH": "/bin"}, started=EDITED - 60)
    found = machine.findings()["env-not-restarted"]
    assert (found.severity, found.certainty) == ("notice", "possible")


def test_a_process_that_is_younger_and_has_another_value(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for pid, title in ((10, WEB), (11, SIDEKIQ)):
        machine.process(pid, title, ENV | {"S3_REGION": "us-east-1"})
    found = machine.findings()
    assert found.keys() == {"env-process-overrides-file"}
    assert "S3_REGION" in found["env-process-overrides-file"].how_known


def test_web_and_sidekiq_apart(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.process(10, WEB, ENV)
    machine.process(11, SIDEKIQ, ENV | {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "another" + SECRET})
    found = machine.findings()
    assert "env-web-sidekiq-differ" in found
    assert not any(SECRET in str(finding) for finding in found.values())


def test_variables_that_are_no_storage_do_not_count(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.process(10, WEB, ENV | {"MAX_THREADS": "5"})
    machine.process(11, SIDEKIQ, ENV | {"MAX_THREADS": "25"})
    assert machine.findings() == {}


def test_the_neighbours_mastodon_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    other = tmp_path / "other"
    (other / "bin").mkdir(parents=True)
    (other / "bin/tootctl").write_text("")
    machine.process(10, WEB, {"S3_BUCKET": "theirs", "LOCAL_DOMAIN": "other.example"}, cwd=other)
    assert machine.findings() == {}


def test_a_container_is_known_by_its_domain(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.process(10, WEB, ENV | {"S3_BUCKET": "other"}, cwd=Path("/opt/mastodon"))
    assert "env-process-overrides-file" in machine.findings()


def test_what_may_not_be_read_or_is_something_else_is_passed_over(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.process(10, "nginx: worker", ENV | {"S3_BUCKET": "x"})
    machine.process(12, "vim puma.rb", ENV | {"S3_BUCKET": "x"})
    machine.process(13, WEB, ENV)
    (machine.proc / "13" / "environ").unlink()
    (machine.proc / "14").mkdir()
    assert machine.findings() == {}
