"""Runs a shown command as a reader would: pasted into a shell that has the keys in its environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from s3probe.evidence.asked import PlainRequest
from s3probe.evidence.observations import Observation
from s3probe.report.commands import command
from s3probe.report.model import Report
from s3probe.sandbox.sandbox import Sandbox
from s3probe.settings.model import Settings
from tests.missing import reason

NO_CURL = reason("curl", "curl")
NO_AWS = reason("aws", "awscli")
_STATUS = re.compile(r"^HTTP/[\d.]+ (\d{3})", re.MULTILINE)


@cache
def has_aws() -> bool:
    """Whether the AWS command line is here, and works."""
    if shutil.which("aws") is None:
        return False
    told = subprocess.run(["aws", "--version"], capture_output=True, text=True, check=False)
    return told.stdout.startswith("aws-cli/")


def environment(settings: Settings, folder: Path, **more: str) -> dict[str, str]:
    """With the keys, and with nobody's own settings of curl and aws."""
    pair = settings.credentials
    keys = (
        {"AWS_ACCESS_KEY_ID": pair.access_key_id, "AWS_SECRET_ACCESS_KEY": pair.secret_access_key.reveal()}
        if pair
        else {}
    )
    if pair is not None and pair.session_token is not None:
        keys["AWS_SESSION_TOKEN"] = pair.session_token.reveal()
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "CURL_HOME": str(folder), **keys, **more}


def lead_to(sandbox: Sandbox, rows: tuple[Observation, ...], folder: Path) -> None:
    """Has curl find the sandbox under the names of its world, and trust it."""
    urls = {row.url for row in rows} | {one.url for row in rows for one in _requests(row)}
    lines = {line for url in urls if urlsplit(url).hostname for line in _led(sandbox, url)}
    (folder / ".curlrc").write_text("\n".join([*sorted(lines), f'cacert = "{sandbox.ca_file}"', ""]))


def _requests(row: Observation) -> Iterator[PlainRequest]:
    if row.asked is not None and row.asked.request is not None:
        yield from (row.asked.request, *row.asked.before, *row.asked.after)


def _led(sandbox: Sandbox, url: str) -> Iterator[str]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        host, there = sandbox.resolve(parts.hostname or "", port)
    except OSError:
        host, there = "nowhere.invalid", 1
    yield f'connect-to = "{parts.hostname}:{port}:{host}:{there}"'


def ran(line: str, env: Mapping[str, str]) -> str:
    """What it said, on both streams."""
    done = subprocess.run(["sh", "-c", line], env=dict(env), capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def differs(row: Observation, env: Mapping[str, str], *, aws: bool) -> str:
    """How what the row's command says differs from what s3probe was told; ``""`` where it does not."""
    line = command(row, aws=aws)
    said = ran(line, env)
    statuses = _STATUS.findall(said)
    if row.http_status is None:  # of a clock that is wrong, an answer with its date is all there is
        same = "curl: (" in said if row.network is not None else bool(statuses)
    else:
        by_curl = str(row.http_status) in statuses and (row.error_code or "") in said
        same = by_curl or f"({row.error_code or row.http_status}) when calling" in said
    return "" if same else f"{row.id}: {row.http_status} {row.error_code}\n{line}\n{said[:2000]}"


def failed(report: Report) -> tuple[Observation, ...]:
    """The actions that failed."""
    return tuple(row for row in report.evidence.observations if row.failed and not row.id.is_experiment)
