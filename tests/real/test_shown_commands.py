"""What is shown for a failed request meets the same at the real programs: their signatures, not the sandbox's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from s3probe.evidence.vocabulary import Experiment
from s3probe.report.commands import command
from tests.exhaustive import EXHAUSTIVE
from tests.real.examine import Setup
from tests.real.servers import BUCKET, Garage, Minio, RealServer, Versity
from tests.shown.running import NO_CURL, differs, environment, failed, has_aws


@pytest.fixture(autouse=True)
def curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip(NO_CURL)


def met(setup: Setup[RealServer], folder: Path) -> set[str]:
    """The actions that failed: each command has met the same status and code, by curl and, in CI, by aws."""
    (folder / "home").mkdir(exist_ok=True)
    rows = [row for row in failed(setup.examined(folder)) if row.asked is not None and command(row)]
    env = environment(setup.settings, folder / "home")
    programs = (False, True) if EXHAUSTIVE and has_aws() else (False,)
    said = [differs(row, env, aws=aws) for row in rows for aws in programs]
    assert [each for each in said if each] == []
    return {str(row.id) for row in rows}


def test_garage(garage: Garage, tmp_path: Path) -> None:
    wrong = met(Setup(garage, {"AWS_SECRET_ACCESS_KEY": "0" * 64}), tmp_path)
    assert {"put-without-acl", "list"} <= wrong
    assert "list" in met(Setup(garage, {"S3_BUCKET": "no-such-bucket"}), tmp_path)
    assert "list" in met(Setup(garage, {"S3_REGION": "eu-west-2"}), tmp_path)
    garage.cli("bucket", "deny", BUCKET, "--write", "--key", garage.key().id)
    try:
        assert {"put-without-acl", "delete"} & met(Setup(garage), tmp_path)
    finally:
        garage.heal()


def test_minio(minio: Minio, tmp_path: Path) -> None:
    assert {"put-without-acl", "list"} <= met(Setup(minio, {"AWS_SECRET_ACCESS_KEY": "wrong-secret-key"}), tmp_path)
    minio.mc("admin", "user", "add", "real", "reader", "readers-secret")
    minio.mc("admin", "policy", "attach", "real", "readonly", "--user", "reader")
    reader: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "readers-secret"}
    assert {"put-without-acl", "delete", "batch-delete"} & met(Setup(minio, reader), tmp_path)
    writes = tmp_path / "writes.json"
    statement = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": ["arn:aws:s3:::*"]}
    writes.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    minio.mc("admin", "policy", "create", "real", "writes", str(writes))
    minio.mc("admin", "user", "add", "real", "writer", "writers-secret")
    minio.mc("admin", "policy", "attach", "real", "writes", "--user", "writer")
    writer: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": "writer", "AWS_SECRET_ACCESS_KEY": "writers-secret"}
    setup: Setup[RealServer] = Setup(minio, writer)
    assert "get" in met(setup, tmp_path)
    # of an empty body curl signs the Content-Type that it is told to leave out
    copy = setup.examined(tmp_path).evidence.get(Experiment.COPY)
    assert copy is not None
    assert copy.failed
    assert differs(copy, environment(setup.settings, tmp_path / "home"), aws=False) == ""
    # nothing is open to visitors
    assert "public-get" in met(Setup(minio), tmp_path)


def test_versity(versity: Versity, tmp_path: Path) -> None:
    user = versity.key("mastodon")
    lines: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": user.id, "AWS_SECRET_ACCESS_KEY": user.secret}
    # a bucket that is another account's
    assert {"put-without-acl", "list"} & met(Setup(versity, lines), tmp_path)
    versity.new_bucket("shown")
    assert "public-get" in met(Setup(versity, {**lines, "S3_BUCKET": "shown"}), tmp_path)
