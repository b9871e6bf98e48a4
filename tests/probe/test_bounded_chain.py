"""Whoever gives the key pair, a run neither waits for it without end nor shows it."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from s3probe.cli import main
from s3probe.probe.credentials import ChainFileError, ChainRaisesError, ChainTimeoutError, chain
from s3probe.settings.mastodon import remade
from tests.probe.test_credentials import settings_of
from tests.production.hostile import Act, Turn, answering, lone

KEY_ID = "ASIAQ3EGRIUJ2KZ7WXYZ"
SECRET_KEY = "k7Yq0ZtPpW3vN1xRmB5uCdEfGhJkLaSdQwErTyUi"
TOKEN = "".join(f"IQoJb3JpZ2luX2Vj{number:04d}" for number in range(40))


@pytest.fixture(autouse=True)
def _no_keys_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def profile(folder: Path, *lines: str) -> None:
    (folder / "config").write_text("\n".join(("[profile media]", *lines, "")))


def script(folder: Path, *lines: str) -> Path:
    path = folder / "process"
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o700)
    return path


def child_of_the_script(folder: Path) -> bool:
    """Whether the program that the script started is still there."""
    pid = int((folder / "pid").read_text())
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_process_that_hangs_is_given_up_and_ended(tmp_path: Path) -> None:
    profile(tmp_path, f"credential_process = {script(tmp_path, f'sleep 60 & echo $! > {tmp_path}/pid', 'wait')}")
    begun = time.monotonic()
    with pytest.raises(ChainTimeoutError, match="gave no key pair within 3 s"):
        chain(settings_of(tmp_path, "AWS_PROFILE=media\n"), 3)
    assert time.monotonic() - begun < 20
    time.sleep(0.1)
    assert not child_of_the_script(tmp_path)


def test_a_process_that_is_not_there_gives_nothing(tmp_path: Path) -> None:
    profile(tmp_path, f"credential_process = {tmp_path}/nowhere")
    assert chain(settings_of(tmp_path, "AWS_PROFILE=media\n")) is None


def test_a_container_that_answers_byte_by_byte_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(turn: Turn) -> None:
        turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while turn.pause(0.1):
            turn.say(b"{")

    with lone(act) as gate:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{gate.port}/")
        begun = time.monotonic()
        with pytest.raises(ChainTimeoutError):
            chain(settings_of(tmp_path, ""), 0.8)
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
@pytest.mark.parametrize(
    "named", ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "web_identity_token_file"]
)
def test_a_token_that_never_ends_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, kind: str
) -> None:
    token, env = tmp_path / "token", ""
    os.mkfifo(token) if kind == "pipe" else token.symlink_to(kind)
    if named.isupper():
        monkeypatch.setenv(named, str(token))
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/media")
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/")
    else:
        profile(tmp_path, "role_arn = arn:aws:iam::123456789012:role/media", f"{named} = {token}")
        env = "AWS_PROFILE=media\n"
    with pytest.raises(ChainFileError, match=f"^{named} names {token}, which is not an ordinary file$"):
        chain(settings_of(tmp_path, env), 3)


@pytest.mark.parametrize("missing", [True, False])
def test_a_role_whose_token_is_not_there_raises_as_mastodons_sdk_does(tmp_path: Path, missing: bool) -> None:
    token = tmp_path / "token"
    if not missing:
        token.write_text("token of the pod")
    settings = settings_of(tmp_path, f"AWS_ROLE_ARN=arn:aws:iam::1:role/x\nAWS_WEB_IDENTITY_TOKEN_FILE={token}\n")
    if not missing:
        assert chain(settings, 3) is None
        return
    with pytest.raises(ChainRaisesError, match=r"Aws::Errors::MissingWebIdentityTokenFile$"):
        chain(settings, 3)
    pair = remade(settings, AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="x")
    assert chain(pair, 3) == pair.credentials
    assert chain(remade(settings, AWS_ROLE_ARN=None), 3) is None


def test_a_token_that_is_a_link_to_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Kubernetes mounts it."""
    (tmp_path / "..data").write_text("token of the pod")
    (tmp_path / "token").symlink_to(tmp_path / "..data")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    pair = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET_KEY, "Token": TOKEN}
    told = json.dumps({**pair, "Expiration": "2099-01-01T00:00:00Z"}).encode()
    with lone(answering("200 OK", told)) as gate:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{gate.port}/")
        found = chain(settings_of(tmp_path, ""))
    assert found is not None
    assert gate.turns[0].header("authorization") == "token of the pod"


def test_a_check_names_such_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    file = tmp_path / "masto.env"
    file.write_text("S3_ENABLED=true\nS3_BUCKET=files\nS3_ALIAS_HOST=files.example\n")
    assert main(["check", "--deadline", "2", "--mastodon-version", "4.5.9", str(file)]) == 2
    shown = "".join(capsys.readouterr().out.split())
    assert f"AWS_WEB_IDENTITY_TOKEN_FILEnames{tmp_path}/token,whichisnotanordinaryfile" in shown
    assert "Nameanordinaryfilethere" in shown


def test_a_check_says_so_within_its_deadline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile(tmp_path, f"credential_process = {script(tmp_path, 'exec sleep 60')}")
    file = tmp_path / "masto.env"
    file.write_text("S3_ENABLED=true\nS3_BUCKET=files\nAWS_PROFILE=media\nS3_ALIAS_HOST=files.example\n")
    file.chmod(0o600)
    begun = time.monotonic()
    status = main(["check", "--deadline", "2", "--mastodon-version", "4.5.9", str(file)])
    assert time.monotonic() - begun < 20  # and not the minute of the process
    shown = capsys.readouterr()
    assert status == 2
    assert "gave no key pair within 1 s" in " ".join(shown.out.split())


def test_a_sweep_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.probe.credentials.chain.__defaults__", (0.8,))
    profile(tmp_path, f"credential_process = {script(tmp_path, 'exec sleep 60')}")
    file = tmp_path / "masto.env"
    file.write_text("S3_ENABLED=true\nS3_BUCKET=files\nAWS_PROFILE=media\n")
    assert main(["sweep", str(file)]) == 64
    assert "gave no key pair within 0.8 s" in capsys.readouterr().err


class _Agent(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(
            {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET_KEY, "Token": TOKEN, "Expiration": "2099-01-01T00:00:00Z"}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _given_by(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch, agent: int) -> None:
    keys = (f"aws_access_key_id = {KEY_ID}", f"aws_secret_access_key = {SECRET_KEY}", f"aws_session_token = {TOKEN}")
    if source == "shared files":
        (folder / "credentials").write_text("\n".join(("[media]", *keys, "")))
    elif source == "process":
        told = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET_KEY, "SessionToken": TOKEN})
        profile(folder, f"credential_process = {script(folder, 'cat <<END', told, 'END')}")
    else:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{agent}/")


def _echo() -> Act:
    """Whatever signs is told back, wherever an answer has room for it."""

    def act(turn: Turn) -> None:
        signature = turn.header("authorization").rpartition("Signature=")[2]
        filler = "x" * 440
        body = (
            f"<Error><Code>{TOKEN}</Code><Message>{filler} {SECRET_KEY} {TOKEN} {signature}</Message>"
            f"<Region>{SECRET_KEY}</Region><Key>{signature}</Key><Bucket>{KEY_ID}</Bucket></Error>"
        )
        names = (f"x-{SECRET_KEY.lower()[:20]}-request-id: {TOKEN}", f"Server: {signature}", f"ETag: {SECRET_KEY}")
        answering("400 Bad Request", body.encode(), "Content-Type: application/xml", *names)(turn)

    return act


@pytest.mark.parametrize("source", ["shared files", "process", "container"])
def test_no_pair_of_the_chain_is_shown(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = ThreadingHTTPServer(("127.0.0.1", 0), _Agent)
    threading.Thread(target=agent.serve_forever, daemon=True).start()
    _given_by(source, tmp_path, monkeypatch, agent.server_port)
    evidence = tmp_path / "evidence.json"
    named = "" if source == "container" else "AWS_PROFILE=media\n"
    try:
        with lone(_echo()) as gate:
            file = tmp_path / "masto.env"
            where = f"S3_ENDPOINT=http://127.0.0.1:{gate.port}\nS3_HOSTNAME=127.0.0.1:{gate.port}\nS3_PROTOCOL=http\n"
            file.write_text(f"S3_ENABLED=true\nS3_BUCKET=files\nS3_REGION=x\n{where}{named}")
            main(
                ["check", "--mastodon-version", "4.5.9", "--deadline", "3", "--save-evidence", str(evidence), str(file)]
            )
            signatures = {turn.header("authorization").rpartition("Signature=")[2] for turn in gate.turns} - {""}
    finally:
        agent.shutdown()
        agent.server_close()
    shown = capsys.readouterr()
    assert signatures
    assert all(len(signature) == 64 for signature in signatures)
    for text in (shown.out, shown.err, evidence.read_text()):
        assert KEY_ID not in text
        assert SECRET_KEY[:12] not in text
        assert not any(TOKEN[at : at + 16] in text for at in range(0, 400, 8))
        assert not any(signature[:40] in text for signature in signatures)
