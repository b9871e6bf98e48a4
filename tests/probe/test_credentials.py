"""The SDK's own chain is asked only when Mastodon would ask it."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3probe.probe.credentials import chain
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load


def settings_of(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "some.env"
    file.write_text(f"S3_ENABLED=true\nS3_BUCKET=files\n{text}", encoding="utf-8")
    return interpret(load(file))


@pytest.fixture(autouse=True)
def _no_keys_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_a_pair_in_the_file_is_used_and_nothing_else_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHISMACHINE000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of this machine")
    found = chain(settings_of(tmp_path, "AWS_ACCESS_KEY_ID=AKIAOFTHEFILE0000000\nAWS_SECRET_ACCESS_KEY=s3cr3t\n"))
    assert found is not None
    assert (found.access_key_id, found.source, found.session_token) == ("AKIAOFTHEFILE0000000", "env", None)


def test_without_a_pair_the_shared_credentials_are_asked(tmp_path: Path) -> None:
    lines = ["[media]", "aws_access_key_id = AKIASHARED0000000000", "aws_secret_access_key = shared", ""]
    (tmp_path / "credentials").write_text("\n".join(lines), encoding="utf-8")
    found = chain(settings_of(tmp_path, "AWS_PROFILE=media\n"))
    assert found is not None
    assert found.access_key_id == "AKIASHARED0000000000"
    assert found.source.startswith("chain:")


def test_the_file_names_no_program_and_no_other_files_of_keys(tmp_path: Path) -> None:
    """What stands in AWS_CONFIG_FILE is run as a program (credential_process): no env file of a fleet names it."""
    witness, config = tmp_path / "witness", tmp_path / "theirs"
    config.write_text(
        f"[default]\ncredential_process = touch {witness}\n[profile x]\ncredential_process = touch {witness}\n"
    )
    lines = f"AWS_CONFIG_FILE={config}\nAWS_SHARED_CREDENTIALS_FILE={config}\n"
    for text in (lines, f"{lines}AWS_PROFILE=x\n"):
        assert chain(settings_of(tmp_path, text)) is None
    assert not witness.exists()


@pytest.mark.parametrize("text", ["", "AWS_PROFILE=nobody-knows-it\n"])
def test_an_empty_chain_gives_nothing(tmp_path: Path, text: str) -> None:
    assert chain(settings_of(tmp_path, text)) is None
