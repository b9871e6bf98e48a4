"""Files that are none, and a switch that hangs: each is told in a sentence, and takes no time without end."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3probe.cli import main
from s3probe.cli.console import Console
from s3probe.cli.errors import UnwrittenError, UsageError
from s3probe.cli.files import write_atomically
from s3probe.cli.parser import parse
from s3probe.cli.ping import Ping
from s3probe.secret import Secret
from s3probe.settings.reading import SlowReadError, read_bytes
from tests.cli.support import Cli
from tests.production.hostile import Turn, lone
from tests.report.samples import evidence

ENV = b"S3_ENABLED=true\nS3_BUCKET=files\nS3_REGION=eu-west-2\nAWS_ACCESS_KEY_ID=AKIAEXAMPLE000000000\n"


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A pipe that somebody holds open, and says nothing."""
    monkeypatch.setattr("s3probe.settings.reading.SECONDS", 0.5)
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


def test_a_pipe_is_waited_for_by_every_command_alike(held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(held)]) == 64
    assert "its content did not end within 0.5 s" in said(capsys)


def test_a_file_that_is_too_large_to_be_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    file.touch()
    os.truncate(file, 33 * 1024 * 1024)
    assert main(["replay", str(file)]) == 64
    assert "larger than 32 MiB" in said(capsys)


EMPTY = [
    *[(command, "") for command in ("check", "lint", "policy", "fix", "sweep", "replay")],
    *[("check", option, "") for option in ("--state", "--save-evidence", "--ping-url-file", "--output")],
    *[("lint", option, value) for option in ("--only", "--skip") for value in ("", " , ")],
    ("sweep", "--state", ""),
    ("check", "--mastodon-version", ""),
    ("check", "--mastodon-version", "current"),
]


@pytest.mark.parametrize("arguments", EMPTY, ids=" ".join)
def test_an_empty_value_is_no_value(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script's variable that is not set leaves one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env.production").write_bytes(ENV)
    assert main([*arguments]) == 64
    assert "empty: name" in (told := said(capsys)) or "such as 4.5.9" in told


def test_ids_may_stand_in_one_list() -> None:
    assert parse(["lint", "--only", "list, get,", "--only=put-with-acl"]).only == ["list", "get", "put-with-acl"]
    assert parse(["check", "--mastodon-version", "v4.6.0-beta.1+glitch"]).mastodon_version == "v4.6.0-beta.1+glitch"


@pytest.mark.parametrize("option", ["--output", "--state", "--save-evidence"])
def test_a_folder_is_no_result(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "env"
    file.write_bytes(ENV)
    assert main(["check", option, str(tmp_path), str(file)]) == 64
    assert "is a folder: name a file in it" in said(capsys)


@pytest.mark.parametrize("option", ["--output", "--state", "--save-evidence"])
def test_no_result_takes_the_place_of_the_env_file(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, link = tmp_path / "env", tmp_path / "link"
    file.write_bytes(ENV)
    link.symlink_to(file)
    assert main(["check", option, str(link), str(file)]) == 64
    assert "would be written over" in said(capsys)
    assert file.read_bytes() == ENV


def test_two_results_take_two_files() -> None:
    with pytest.raises(UsageError, match="named twice"):
        parse(["check", "--output", "r.json", "--save-evidence", "./r.json"])
    assert parse(["check", "--output", "/dev/null", "--save-evidence", "/dev/null"])


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
    for command in ("check", "sweep"):
        assert main([command, "--state", str(held), str(file)]) == 64
        assert "is not an ordinary file" in said(capsys)


@pytest.mark.parametrize("state", [".", "/", "folder", "pipe"])
def test_what_can_hold_no_state_is_refused_before_anything_is_made(
    held: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    file, folder = tmp_path / "masto.env", tmp_path / "folder"
    file.write_bytes(ENV)
    folder.mkdir()
    before = {path.name for path in tmp_path.iterdir()}
    named = {"folder": str(folder), "pipe": str(held)}.get(state, state)
    assert main(["check", "--state", named, str(file)]) == 64
    assert ("is not an ordinary file" if state == "pipe" else "is a folder") in said(capsys)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_ping_file_that_is_a_pipe(held: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "masto.env"
    file.write_bytes(ENV)
    assert main(["check", "--ping-url-file", str(held), str(file)]) == 64
    assert "its content did not end within 0.5 s" in said(capsys)


def test_fix_changes_no_pipe(held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", str(held)]) == 64
    assert "is not an ordinary file" in said(capsys)


def test_fix_changes_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", str(tmp_path)]) == 64
    assert f"{tmp_path} is a folder" in said(capsys)


def test_a_pipe_that_drips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.settings.reading.SECONDS", 0.5)
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
        read_bytes(path, 1000)
    assert time.monotonic() - begun < 3
    ended.set()
    thread.join()
    os.close(handle)


def test_an_ordinary_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 200_000)
    assert read_bytes(path, 1_000_000) == b"x" * 200_000
    assert read_bytes(path, 100_000) == b"x" * 100_000


@pytest.mark.parametrize("option", ["--output", "--save-evidence"])
def test_a_pipe_that_nobody_reads_is_not_waited_for(cli: Cli, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    monkeypatch.setattr("s3probe.cli.files.NO_READER_SECONDS", 0.1)
    cli.file()
    cli.probe(evidence())
    os.mkfifo(cli.folder / "pipe")
    status, out, err = cli.run("check", option, "pipe")
    assert status == 64
    assert "pipe is a pipe that nobody reads" in err
    assert ("Media storage works" in out) == (option == "--save-evidence")


@pytest.mark.parametrize("late", [0.0, 0.3])
def test_a_pipe_that_somebody_reads_gets_it_all(tmp_path: Path, late: float) -> None:
    """More than a pipe holds, to a reader that takes its time."""
    path, text, heard = tmp_path / "pipe", "\u00fc" * 150_000, list[str]()
    os.mkfifo(path)

    def read() -> None:
        time.sleep(late)
        with path.open(encoding="utf-8") as stream:
            time.sleep(late)
            heard.append(stream.read())

    thread = threading.Thread(target=read)
    thread.start()
    write_atomically(path, text)
    thread.join()
    assert heard == [text]
    assert path.is_fifo()


def test_a_reader_that_takes_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.cli.files.READER_SECONDS", 0.1)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    handle = os.open(path, os.O_RDWR)
    with pytest.raises(UnwrittenError, match=r"its reader took nothing for 0\.1 s") as raised:
        write_atomically(path, "x" * 1_000_000)
    assert raised.value.status == 70
    os.close(handle)


def test_no_text_goes_into_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(UsageError, match="is a socket"):
            write_atomically(tmp_path / "socket", "text")


def test_devices_are_written_to_as_they_are() -> None:
    write_atomically(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(UnwrittenError, match="No space left"):
        write_atomically(Path("/dev/full"), "text")


def test_standard_output_can_be_named_as_a_file() -> None:
    code = "from pathlib import Path; from s3probe.cli.files import write_atomically as w"
    code += "; w(Path('/dev/stdout'), 'x' * 200_000)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert (ended.returncode, len(ended.stdout)) == (0, 200_000)


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
