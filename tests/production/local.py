"""A sandbox as a process outside of this one meets it: plain http on a loopback port, no name to be looked up."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from pathlib import Path

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, KEY_ID, SECRET, Scenario, custom
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import Endpoint
from tests.exhaustive import EXHAUSTIVE
from tests.production.processes import Process
from tests.production.processes import environment as environment
from tests.production.processes import start as start

REGION = "nl-ams"
HASTY = "s3probe" if EXHAUSTIVE else "tests.production.hasty"
"""What to start where a storage never lets itself be cleaned: all that differs is how long it is tried."""


def scenario(*, denied: tuple[str, ...] = (), versioning: bool = False) -> Scenario:
    """A healthy storage at ``127.0.0.1``, or one whose key may not do ``denied``."""
    local = custom().with_world(endpoints=(Endpoint("127.0.0.1", REGION),), instance=None)
    if versioning:
        local = local.with_bucket(versioning=True)
    if denied:
        refusal = Statement("Deny", denied, (f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"), sid="Denied")
        local = local.with_user(identity=(*local.user.identity, refusal))
    return local


def env_text(port: int, **more: str) -> str:
    """The env file of a Mastodon whose media lie behind ``port``."""
    values = {
        "S3_ENABLED": "true",
        "S3_BUCKET": BUCKET,
        "S3_REGION": REGION,
        "S3_ENDPOINT": f"http://127.0.0.1:{port}",
        "S3_HOSTNAME": f"127.0.0.1:{port}",
        "S3_PROTOCOL": "http",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        **more,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def env_file(folder: Path, port: int, name: str = "masto.env", **more: str) -> Path:
    """That file on the disk."""
    path = folder / name
    path.write_text(env_text(port, **more))
    path.chmod(0o600)
    return path


def finish(process: Process, *, within: float = 60) -> tuple[int, str, str]:
    """Status, standard output and standard error. Kills what does not end in time, and fails."""
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.wait(), (out or b"").decode(), (err or b"").decode()


def run(*argv: str | Path, afresh: bool = False) -> tuple[int, str, str]:
    """The whole of one run."""
    return finish(start(*argv, afresh=afresh))


def run_measured(*argv: str | Path, module: str = "s3probe") -> tuple[tuple[int, str, str], int]:
    """The whole of one run, and the most memory the process was seen to hold, in kB.

    Read from ``/proc`` while it runs: the kernel's own figure for ended children counts this process in as well. What
    the process has in common with the server that forked it counts: a new process would have loaded the same.
    """
    process = start(*argv, module=module)
    peak = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.05):
            with contextlib.suppress(OSError, StopIteration):
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
                peak = max(peak, int(next(line for line in status if line.startswith("VmHWM")).split()[1]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        ended_with = finish(process)
    finally:
        ended.set()
        watcher.join()
    return ended_with, peak


def ours_in(box: Sandbox) -> list[str]:
    """What carries the probe's mark in the bucket."""
    keys = [key for key in box.keys(BUCKET) if "/s3probe/" in key]
    return keys + [f"{key}?uploadId={upload}" for key, upload in box.uploads(BUCKET)]


def allow(*actions: str) -> Statement:
    """Rights beyond those that Mastodon needs."""
    return Statement("Allow", actions, (f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"), sid="More")


def versions_in(box: Sandbox) -> list[tuple[str, str]]:
    """Key and version id of every version that still has bytes."""
    from s3probe.probe.xml import list_versions

    body = box._run.state.store.call("GET", BUCKET, query=(("versions", ""), ("max-keys", "1000"))).body
    return [(version.key, version.version_id) for version in list_versions(body) if not version.delete_marker]


def contents(box: Sandbox, keys: list[str]) -> dict[str, bytes]:
    """The bytes and headers of objects, asked of the store itself."""
    found = {}
    for key in keys:
        reply = box._run.state.store.call("GET", BUCKET, key)
        found[key] = reply.body + repr(sorted(reply.headers)).encode()
    return found
