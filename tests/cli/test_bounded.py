"""Files that are none, and a switch that hangs: each is told in a sentence, and takes no time without end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3probe.cli import main
from s3probe.cli.console import Console
from s3probe.cli.ping import Ping
from s3probe.secret import Secret
from s3probe.settings.reading import SlowReadError, read_bytes
from tests.production.hostile import Turn, lone

ENV = b"S3_ENABLED=true\nS3_BUCKET=files\nS3_REGION=eu-west-2\nAWS_ACCESS_KEY_ID=AKIAEXAMPLE000000000\n"


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A pipe that somebody holds open, and says nothing."""
    monkeypatch.setattr("s3probe.settings.reading.read_bytes.__defaults__", (0.5,))
    path = tmp_path / "pipe"
    os.mkfifo(path)
    handle = os.open(path, os.O_RDWR)
    yield path
    os.close(handle)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_an_env_file_that_never_ends(held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(held)]) == 64
    assert "its content did not end within 0.5 s" in said(capsys)


def test_an_env_file_that_comes_by_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """A shell's ``<(sops -d …)``: whole, and then its end."""
    read, write = os.pipe()

    def write_late() -> None:
        time.sleep(0.2)
        with os.fdopen(write, "wb") as stream:
            stream.write(ENV)

    threading.Thread(target=write_late).start()
    with contextlib.closing(os.fdopen(read, "rb")):
        assert main(["lint", f"/dev/fd/{read}"]) == 2
    assert "AWS_SECRET_ACCESS_KEY" in capsys.readouterr().out


def test_a_device_has_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "/dev/zero"]) == 64
    assert "larger than 1 MiB" in said(capsys)


def test_a_state_that_is_a_pipe(held: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "masto.env"
    file.write_bytes(ENV)
    assert main(["check", "--state", str(held), str(file)]) == 64
    assert "is not an ordinary file" in said(capsys)


def test_a_ping_file_that_is_a_pipe(held: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "masto.env"
    file.write_bytes(ENV)
    assert main(["check", "--ping-url-file", str(held), str(file)]) == 64
    assert "its content did not end within 0.5 s" in said(capsys)


def test_fix_changes_no_pipe(held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", str(held)]) == 64
    assert "is not an ordinary file" in said(capsys)


def test_a_pipe_that_drips(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    handle = os.open(path, os.O_RDWR)
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.05):
            os.write(handle, b"A")

    thread = threading.Thread(target=drip)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(SlowReadError):
        read_bytes(path, 1000, 0.5)
    assert time.monotonic() - begun < 3
    ended.set()
    thread.join()
    os.close(handle)


def test_an_ordinary_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 200_000)
    assert read_bytes(path, 1_000_000) == b"x" * 200_000
    assert read_bytes(path, 100_000) == b"x" * 100_000


def _drip(turn: Turn) -> None:
    turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while turn.pause(0.1):
        turn.say(b"a")


def test_a_switch_that_drips_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    with lone(_drip) as gate:
        ping = Ping(Secret(f"http://127.0.0.1:{gate.port}/ping"), Console(sys.stdout, sys.stderr))
        begun = time.monotonic()
        ping.start()
        assert time.monotonic() - begun < 1
        ping.end(0, "fine", 1.0)
        assert time.monotonic() - begun < 4
        assert [turn.target for turn in gate.turns] == ["/ping/start", "/ping"]
    assert "The ping URL gave no whole answer within 1 s" in said(capsys)


CLOSED = """
import os, signal, sys
from s3probe.cli import signals
def work():
    with signals.interruptible():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000): pass
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000): pass
"""


@pytest.mark.parametrize(("start", "told"), [("os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)", b""), ("0", b"Still")])
def test_the_second_interruption_writes_into_no_file(tmp_path: Path, start: str, told: bytes) -> None:
    """Descriptor 2 was closed at the start, and the next file has its number."""
    other = tmp_path / "other"
    code = f"{CLOSED}\nhandle = {start}\ntry:\n    work()\nexcept KeyboardInterrupt:\n    os._exit(0)\n"
    closing = "2>&-" if told == b"" else ""
    command = ["sh", "-c", f'exec "$0" -c "$1" "$2" {closing}', sys.executable, code, str(other)]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 0
    assert ended.stderr[: len(told)] == told
    assert not other.exists() or other.read_bytes() == b""


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    code = "import os, sys; from s3probe.cli import _fill_standard_streams as f; f(); print(os.open('/dev/null', 0))"
    command = ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, code]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert int(ended.stdout) > 2
