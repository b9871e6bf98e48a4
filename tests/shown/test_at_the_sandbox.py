"""Every failed action of every fault: the command that is shown for it meets the same status and code."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.cli.commands.demo import demo_settings
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools, default_tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.commands import command, loading
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import SECRET
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.exhaustive import EXHAUSTIVE, dear, part
from tests.production import local
from tests.shown.running import NO_AWS, NO_CURL, differs, environment, failed, has_aws, lead_to, ran

SHOWN = (
    "acl-disabled-bucket-owner-enforced",
    "wrong-secret-key",
    "region-wrong-custom-endpoint",
    "nosuchbucket-typo",
    "iam-missing-getobject",
    "delete-objects-per-key-errors-ignored",
    "multipart-denied",
    "bucket-listable-policy",
    "anonymous-write-allowed",
    "cors-missing",
    "archive-dumps-world-readable",
    "suspended-media-stays-public",
    "cdn-keeps-deleted-media",
    "signature-v2-rejected",
)
"""Refused uploads, keys, buckets, reads, regions, deletions,
parts; open listings, strangers' uploads, CORS, private files, caches, the old signature."""
CHOSEN = frozenset(dear(FAULTS, 8))
NOT_BY_OTHERS = {"public-old"}
"""Its file is a user's, and is not named."""


@pytest.fixture(autouse=True)
def curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip(NO_CURL)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name in SHOWN or (EXHAUSTIVE and name in CHOSEN)])
def test_a_shown_command_meets_what_s3probe_met(tmp_path: Path, fault: str) -> None:
    scenario = FAULTS[fault].scenario()
    settings = demo_settings(scenario)
    with Sandbox(scenario.world) as sandbox:
        with closing(HttpTransport(ca_file=sandbox.ca_file, resolver=sandbox.resolve)) as transport:
            report = check(settings, ProbeOptions(trials=False, deadline=20), Tools(transport)).report
        rows = tuple(row for row in failed(report) if row.asked is not None)
        lead_to(sandbox, rows, tmp_path)
        without = {str(row.id) for row in rows if not command(row, aws=False)}
        assert without <= NOT_BY_OTHERS
        env, shown = environment(settings, tmp_path), [row for row in rows if row.id not in without]
        # links are made by aws alone
        said = [differs(row, env, aws=False) for row in shown if has_aws() or "aws" not in command(row, aws=False)]
        assert [each for each in said if each] == []


def test_what_passes_can_be_made_again_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads in parts, copies, files that have to be there first: everything that may fail one day. Nothing stays."""

    def keep(value: object, **changes: object) -> object:
        return value if changes == {"asked": None} else replace(value, **changes)  # type: ignore[type-var]  # a row

    monkeypatch.setattr("s3probe.probe.examine.replace", keep)
    with Sandbox(local.scenario().world) as sandbox:
        settings = interpret(load(local.env_file(tmp_path, sandbox.http_port)))
        with closing(default_tools(settings)) as tools:
            report = check(settings, ProbeOptions(trials=False, thorough=True), tools).report
        rows = [row for row in report.evidence.observations if row.asked is not None]
        lines = {row.id: command(row, aws=False) for row in rows}
        assert all(lines.values())
        by_curl = [row for row in rows if "aws s3" not in lines[row.id]]
        assert len(by_curl) > 30
        hard = ("multipart-part", "multipart-complete", "multipart-abort", "restored-public-get", "public-get-emoji")
        taken = [row for row in by_curl if row.id in hard] + part(by_curl, 4)
        env = environment(settings, tmp_path)
        assert [said for row in taken if (said := differs(row, env, aws=False))] == []
        assert local.ours_in(sandbox) == []


@pytest.mark.parametrize(
    "denied",
    part(["s3:PutObjectAcl", "s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:AbortMultipartUpload"], 2),
)
def test_aws_meets_it_too(tmp_path: Path, denied: str) -> None:
    if not has_aws():
        pytest.skip(NO_AWS)
    with Sandbox(local.scenario(denied=(denied,)).world) as sandbox:
        settings = interpret(load(local.env_file(tmp_path, sandbox.http_port)))
        with closing(default_tools(settings)) as tools:
            report = check(settings, ProbeOptions(trials=False), tools).report
        before = local.ours_in(sandbox)
        rows = failed(report)
        assert any("aws s3api" in command(row) for row in rows)
        env = environment(settings, tmp_path)
        assert [said for row in rows if (said := differs(row, env, aws=True))] == []
        # what a command has made it has taken away again, where it may
        assert denied in ("s3:AbortMultipartUpload",) or local.ours_in(sandbox) == before


def test_the_keys_come_out_of_the_file_and_stand_in_no_line(tmp_path: Path) -> None:
    """As Mastodon reads them: the last one counts, quotes and ``export`` do not."""
    with Sandbox(local.scenario(denied=("s3:PutObject",)).world) as sandbox:
        file = local.env_file(tmp_path, sandbox.http_port, name=".env.production")
        text = (
            file.read_text()
            .replace("AWS_SECRET", "AWS_SECRET_ACCESS_KEY=old\nexport AWS_SECRET")
            .replace(SECRET, f"'{SECRET}'")
        )
        file.write_text(text)
        settings = interpret(load(file))
        with closing(default_tools(settings)) as tools:
            report = check(settings, ProbeOptions(trials=False), tools).report
        lines = loading(report.subject.source, token=False)
        row = next(row for row in failed(report) if row.id == "put-without-acl")
        whole = f"{lines}\n{command(row, aws=False)}"
        assert SECRET not in whole
        bare = {name: value for name, value in environment(settings, tmp_path).items() if not name.startswith("AWS_")}
        assert "<Code>AccessDenied</Code>" in ran(whole, bare)
