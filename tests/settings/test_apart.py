"""Where Mastodon's own processes live: a folder stands in for /proc, and a real network for a container's."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from s3probe.settings.apart import Apart, apart, command
from s3probe.settings.model import Variable
from s3probe.settings.process import SIDEKIQ
from tests.missing import reason

ID = "0123456789ab" + "c" * 52
DOCKER = f"0::/system.slice/docker-{ID}.scope\n"
PODMAN = f"0::/machine.slice/libpod-{ID}.scope/container\n"
KUBERNETES = f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope\n"
HOST = "0::/system.slice/mastodon-sidekiq.service\n"
TITLE = "sidekiq 7.3.9 live [0 of 5 busy]"
FILE = {"LOCAL_DOMAIN": Variable("LOCAL_DOMAIN", "example.social", ".env.production", 1)}
NET = {"LOCAL_DOMAIN": "example.social"}


def a_process(
    proc: Path,
    pid: str,
    *,
    title: str = TITLE,
    environ: Mapping[str, str] | None = NET,
    cgroup: str = HOST,
    net: str = "net:[1]",
) -> None:
    """One folder of /proc. Without ``environ`` nobody else may look into it."""
    folder = proc / pid
    (folder / "ns").mkdir(parents=True)
    (folder / "cmdline").write_text(title)
    (folder / "cgroup").write_text(cgroup)
    (folder / "ns/net").symlink_to(net)
    if environ is not None:
        (folder / "environ").write_text("".join(f"{name}={value}\0" for name, value in environ.items()))


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    a_process(tmp_path, "self", title="python", environ={})
    return tmp_path


@pytest.mark.parametrize("cgroup", [DOCKER, PODMAN, KUBERNETES])
def test_a_container_is_named(proc: Path, cgroup: str) -> None:
    a_process(proc, "20", cgroup=cgroup, net="net:[2]")
    assert apart(FILE, proc) == Apart(20, SIDEKIQ, "0123456789ab", network=True)


def test_a_network_of_its_own_is_enough(proc: Path) -> None:
    a_process(proc, "20", net="net:[2]")
    assert apart(FILE, proc) == Apart(20, SIDEKIQ, network=True)


def test_an_environment_that_may_not_be_seen_is_somebody_elses(proc: Path) -> None:
    a_process(proc, "20", environ=None)
    found = apart(FILE, proc)
    assert found is not None
    assert found.user
    assert command(found, "a b/.env") == f"sudo -u {shlex.quote(found.user)} s3probe check 'a b/.env'"


def test_right_here_is_silent(proc: Path) -> None:
    a_process(proc, "20")
    assert apart(FILE, proc) is None


def test_one_process_right_here_is_enough(proc: Path) -> None:
    a_process(proc, "20")
    a_process(proc, "21", net="net:[2]")
    assert apart(FILE, proc) is None


def test_the_same_container_is_here(proc: Path) -> None:
    (proc / "self/cgroup").write_text(DOCKER)
    a_process(proc, "20", cgroup=DOCKER)
    assert apart(FILE, proc) is None


def test_another_mastodon_is_no_business_of_this_file(proc: Path) -> None:
    a_process(proc, "20", environ={"LOCAL_DOMAIN": "other.example"}, net="net:[2]")
    assert apart(FILE, proc) is None


@pytest.mark.parametrize("title", ["sidekiq 7.3.9 gitlab [0 of 5 busy]", "nginx: worker process live", ""])
def test_other_programs_are_passed_over(proc: Path, title: str) -> None:
    a_process(proc, "20", title=title, environ=None)
    assert apart(FILE, proc) is None


def test_no_proc_at_all(tmp_path: Path) -> None:
    assert apart(FILE, tmp_path / "none") is None


ANSWERING = """
import http.server, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
class SeenFromThere(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"seen from there")
server = http.server.HTTPServer(("127.0.0.1", 0), SeenFromThere)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A process called sidekiq in a network of its own, and the port of that network on which it answers."""
    if os.geteuid() != 0 or not shutil.which("nsenter") or not shutil.which("ip"):
        pytest.skip(reason("nsenter", "util-linux iproute2") if os.geteuid() == 0 else "only root may make a network")
    if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine gives no network away")
    program = tmp_path / "sidekiq"
    program.write_text(ANSWERING)
    argv = ["unshare", "--net", sys.executable, str(program)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, **NET}) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


def test_the_command_really_runs_there(elsewhere: tuple[int, int], tmp_path: Path) -> None:
    pid, port = elsewhere
    found = apart(FILE)
    assert found == Apart(pid, SIDEKIQ, network=True)
    shim = tmp_path / "s3probe"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{LOOKING}" {port} "$@"\n')
    shim.chmod(0o755)
    argv = command(found, "a file").removeprefix("sudo ")
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = subprocess.run(["sh", "-c", argv], check=False, capture_output=True, text=True, env={**os.environ, **path})
    assert run.stdout == "seen from there check,a file\n", run.stderr


LOOKING = """
import sys, urllib.request
seen = urllib.request.urlopen('http://127.0.0.1:' + sys.argv[1]).read().decode()
print(seen, ','.join(sys.argv[2:]))
"""
