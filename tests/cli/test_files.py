"""Where results go: not through other users' links, not silently lost, and locks where nobody else can hold them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from s3probe.cli.errors import UnwrittenError, UsageError
from s3probe.cli.files import led_to, write_atomically
from s3probe.cli.lock import default_lock, hold
from s3probe.cli.private_folder import private_folder
from tests.cli.support import Cli
from tests.report.samples import ACL_DISABLED, BROKEN, DELETE_DENIED, evidence

SOMEBODY = 54321
"""Nobody's number."""


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder like /tmp, where a link of ``SOMEBODY`` can lie."""
    if os.getuid() != 0:
        pytest.skip("only root can give a link to somebody else")
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def link(path: Path, target: Path, owner: int = SOMEBODY) -> Path:
    path.symlink_to(target)
    os.lchown(path, owner, owner)
    return path


@pytest.mark.parametrize("option", ["--output", "--save-evidence", "--state"])
def test_nothing_is_written_through_a_strangers_link(cli: Cli, open_folder: Path, option: str) -> None:
    precious = cli.folder / "authorized_keys"
    precious.write_text("precious")
    planted = link(open_folder / "report", precious)
    cli.file()
    cli.probe(evidence())
    status, out, err = cli.run("check", option, str(planted))
    assert status == 64
    assert precious.read_text() == "precious"
    assert "another user" in err
    # with a state, no news is no output
    assert ("Media storage works" in out) == (option == "--save-evidence")


def test_a_link_above_the_file_counts_too(open_folder: Path, tmp_path: Path) -> None:
    link(open_folder / "reports", tmp_path)
    with pytest.raises(UsageError, match="another user"):
        write_atomically(open_folder / "reports/../reports/new.txt", "text")
    assert not (tmp_path / "new.txt").exists()


def test_a_link_to_such_a_link_counts_too(open_folder: Path, tmp_path: Path) -> None:
    link(open_folder / "planted", tmp_path / "victim")
    own = tmp_path / "own"
    own.symlink_to(open_folder / "planted")
    with pytest.raises(UsageError, match="another user"):
        write_atomically(own, "text")
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("owner", [0, SOMEBODY])
def test_links_that_no_stranger_planted_are_followed(open_folder: Path, tmp_path: Path, owner: int) -> None:
    """One's own, the folder's owner's, and any in a folder that is not open to all."""
    if owner:
        os.chown(open_folder, owner, owner)
    write_atomically(link(open_folder / "ours", tmp_path / "first", owner), "text")
    open_folder.chmod(0o755)
    write_atomically(link(open_folder / "theirs", tmp_path / "second"), "text")
    assert [(tmp_path / name).read_text() for name in ("first", "second")] == ["text", "text"]
    assert (open_folder / "ours").is_symlink()


def test_a_strangers_pipe_is_not_filled(open_folder: Path) -> None:
    pipe = open_folder / "report"
    os.mkfifo(pipe)
    os.chown(pipe, SOMEBODY, SOMEBODY)
    with pytest.raises(UsageError, match="another user"):
        write_atomically(pipe, "text")


def test_a_path_is_followed_as_the_kernel_does(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "c").symlink_to("a/b")
    assert led_to(tmp_path / "c/../new") == tmp_path.resolve() / "a/new"
    (tmp_path / "x").symlink_to("y")
    (tmp_path / "y").symlink_to("x")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        led_to(tmp_path / "x")
    assert led_to(tmp_path / "gone/../new/file") == tmp_path.resolve() / "new/file"


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("option", ["--save-evidence", "--state"])
def test_a_full_disk_does_not_swallow_the_report(cli: Cli, option: str) -> None:
    cli.file()
    cli.probe(evidence(), (DELETE_DENIED,))
    status, out, err = cli.run("check", option, "saved")
    assert (status, DELETE_DENIED.id in out) == (70, True)
    assert "saved cannot be written: No space left on device" in err
    assert not (cli.folder / "saved").exists()
    assert cli.run("check", option, "saved", "--format", "nagios")[0] == 3
    # a failure comes first
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    status, out, _err = cli.run("check", option, "saved")
    assert (status, ACL_DISABLED.id in out) == (2, True)


@pytest.mark.usefixtures("full_disk")
def test_a_report_that_a_full_disk_swallows_is_no_error_of_the_caller(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    assert cli.run("check", "--output", "report.txt")[0] == 70
    with pytest.raises(UnwrittenError):
        write_atomically(cli.folder / "report.txt", "text")


def test_a_place_that_cannot_be_written_at_all_is(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    status, out, err = cli.run("check", "--save-evidence", "none/run.json")
    assert (status, out.startswith("✔ Media storage works")) == (64, True)
    assert "none/run.json cannot be written" in err


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_the_lock_lies_where_only_this_user_can_put_anything(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = default_lock(("a.env",))
    assert lock is not None
    assert lock.parent == home / ".cache/s3probe"
    assert stat.S_IMODE(lock.parent.stat().st_mode) == 0o700
    # a shell of this user knows a runtime folder, and cron does not: both must meet
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    assert default_lock(("a.env",)) == lock
    assert default_lock(("b.env",)) != lock
    with hold(lock):
        pass


def test_a_home_that_is_anothers_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo may keep HOME: whoever owns it could put something in the way."""
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    assert private_folder() is None
    assert list(home.iterdir()) == []


def test_a_folder_that_others_may_write_to_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".cache/s3probe").mkdir(parents=True)
    (home / ".cache/s3probe").chmod(0o777)
    runtime = home / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr("pwd.getpwuid", _nameless)
    assert private_folder() == runtime / "s3probe"


def test_a_link_in_its_place_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".cache").mkdir()
    (home / "elsewhere").mkdir(mode=0o700)
    (home / ".cache/s3probe").symlink_to(home / "elsewhere")
    monkeypatch.setattr("pwd.getpwuid", _nameless)
    found = private_folder()
    assert found is None or not found.is_relative_to(home)


def test_without_such_a_folder_the_check_is_made(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.cli.lock.private_folder", lambda: None)
    cli.file()
    cli.probe(evidence())
    assert cli.run("check", "--quick")[0] == 0


def _nameless(_number: int) -> None:
    raise KeyError
