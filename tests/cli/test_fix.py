"""``s3probe fix``: the smallest change of the file, made safely."""

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pytest

from s3probe.diagnosis.model import EnvFix, Finding
from s3probe.evidence.observations import Evidence
from tests.cli.support import ENV_TEXT, Cli
from tests.report.samples import ACL_DISABLED, BROKEN, DELETE_DENIED, SECRET, evidence

DIFF = """\
--- .env.production
+++ .env.production
@@ -3,7 +3,7 @@
 S3_BUCKET=files-example
 S3_REGION=eu-west-2
 S3_HOSTNAME=s3.eu-west-2.amazonaws.com
-S3_PERMISSION=public-read
+S3_PERMISSION=
 S3_ALIAS_HOST=files.example.com
"""


def fixing(*fixes: EnvFix) -> Finding:
    return replace(ACL_DISABLED, fixes=fixes)


def test_fix_shows_the_change_and_touches_nothing(cli: Cli) -> None:
    path = cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED, DELETE_DENIED))
    status, out, err = cli.run("fix")
    assert status == 2
    assert out.startswith(DIFF)
    assert path.read_text() == ENV_TEXT
    assert "s3probe fix --write" in err
    assert "Not in this file: The key may not delete files" in err
    assert SECRET not in out + err


def test_write_changes_the_file_and_keeps_the_old_one(cli: Cli) -> None:
    path = cli.file()
    path.chmod(0o640)
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    status, out, err = cli.run("fix", "--write")
    assert status == 2
    assert out.startswith(DIFF)
    assert path.read_text() == ENV_TEXT.replace("S3_PERMISSION=public-read", "S3_PERMISSION=")
    (backup,) = cli.folder.glob(".env.production.*.bak")
    assert backup.read_text() == ENV_TEXT
    assert backup.name in err
    for file in (path, backup):
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert (file.stat().st_uid, file.stat().st_gid) == (os.getuid(), os.getgid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_write_keeps_the_owner(cli: Cli) -> None:
    path = cli.file()
    os.chown(path, 12345, 12346)
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    cli.run("fix", "--write")
    for file in cli.folder.glob(".env.production*"):
        assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


def test_write_refuses_when_the_file_changed_meanwhile(cli: Cli) -> None:
    path = cli.file()

    def probe(*_: object) -> Evidence:
        path.write_text(ENV_TEXT + "NEW=1\n")
        return evidence(BROKEN)

    cli.probe(probe, (ACL_DISABLED,))
    status, _, err = cli.run("fix", "--write")
    assert status == 64
    assert "was changed by someone else meanwhile" in err
    assert path.read_text() == ENV_TEXT + "NEW=1\n"
    assert list(cli.folder.glob("*.bak")) == []


def test_write_keeps_bytes_that_are_not_ours(cli: Cli) -> None:
    path = cli.file()
    odd = ENV_TEXT.replace("\n", "\r\n") + "\r\n# caf\u00e9\x0c x"
    path.write_bytes(odd.encode())
    cli.probe(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", "private")),))
    cli.run("fix", "--write")
    assert path.read_bytes() == odd.replace("public-read", "private").encode()


def test_a_secret_is_never_written(cli: Cli) -> None:
    path = cli.file()
    placeholder = EnvFix(
        "AWS_SECRET_ACCESS_KEY", "'<the text that stands there now>'", 9, secret=True, note="Quote it."
    )
    cli.probe(evidence(BROKEN), (fixing(placeholder),))
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (2, "")
    assert "By hand: Quote it." in err
    assert path.read_text() == ENV_TEXT


def test_nothing_to_change(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (0, "")
    assert "Nothing in .env.production needs to change" in err
    assert list(cli.folder.glob("*.bak")) == []
