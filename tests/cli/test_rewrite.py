"""Whatever fails while the env file is changed, it holds the old text or the new one, and its mode and owner."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from s3probe.cli import rewrite as module
from s3probe.cli.errors import UsageError
from s3probe.cli.rewrite import rewrite
from s3probe.cli.signals import Interrupted, interruptible, postponed
from tests.exhaustive import part
from tests.missing import reason

BEFORE, AFTER = b"S3_REGION=a\nAWS_SECRET_ACCESS_KEY=secret\n", b"S3_REGION=eu-west-2\nAWS_SECRET_ACCESS_KEY=secret\n"
NOT_BESIDE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV, errno.EROFS)
CALLS = ("open", "fstat", "fchown", "fchmod", "fsync", "pwrite", "ftruncate", "close", "listxattr", "getxattr")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "live" / ".env.production"
    path.parent.mkdir()
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    return path


def backups(file: Path) -> list[Path]:
    return [*file.parent.glob("*.bak"), *(file.parents[1] / "state").rglob("*.bak")]


def kept(file: Path) -> None:
    """Nothing but the file and its backups is there, and each has the text, the mode and the owner it should have."""
    status = file.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o640, os.getuid(), os.getgid())
    assert {path.name for path in file.parent.iterdir()} <= {file.name, *(path.name for path in backups(file))}
    for backup in backups(file):
        assert backup.read_bytes() == BEFORE
        assert stat.S_IMODE(backup.stat().st_mode) & 0o037 == 0


class Failing:
    """Stands for ``os`` in the module: the ``number``-th of the calls ends as the test says."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        self.number, self.act = number, act
        self.seen: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._counted(name, real) if name in CALLS else real

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            self.seen.append(name)
            if len(self.seen) - 1 == self.number:
                if name == "close":  # it is closed all the same
                    real(*args, **more)
                self.act()
            return real(*args, **more)

        return call


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> Iterator[Failing]:
    stand_in = Failing(number, act)
    with monkeypatch.context() as patched:
        patched.setattr(module, "os", stand_in)
        yield stand_in


def raising(number: int) -> Callable[[], None]:
    def act() -> None:
        raise OSError(number, os.strerror(number))

    return act


def mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be renamed over the file, as if Docker had mounted it."""
    monkeypatch.setattr(Path, "replace", lambda *_: raising(errno.EBUSY)())


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("number", part([errno.ENOSPC, errno.EIO, *NOT_BESIDE], 3))
def test_an_error_at_any_step(file: Path, monkeypatch: pytest.MonkeyPatch, number: int, in_place: bool) -> None:
    if in_place:
        mounted(monkeypatch)
    for step in range(99):
        file.write_bytes(BEFORE)
        for old in backups(file):
            old.unlink()
        with failing(monkeypatch, step, raising(number)) as calls:
            try:
                backup = rewrite(file, BEFORE, AFTER)
            except UsageError as error:
                told = error.message
            else:
                told = ""
        kept(file)
        assert (file.read_bytes(), backups(file)) == ((BEFORE, []) if told else (AFTER, [backup])), calls.seen
        if len(calls.seen) <= step:
            assert step > 10
            return
    pytest.fail("it never comes to an end")


@pytest.mark.parametrize("in_place", [False, True])
def test_a_signal_at_any_step(file: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool) -> None:
    if in_place:
        mounted(monkeypatch)
    said: list[Path] = []

    def change() -> None:
        with postponed():
            said.append(rewrite(file, BEFORE, AFTER))

    for step in range(99):
        file.write_bytes(BEFORE)
        for old in backups(file):  # those of one second have to look for a free name, which takes steps of its own
            old.unlink()
        with failing(monkeypatch, step, lambda: os.kill(os.getpid(), signal.SIGTERM)) as calls:
            statuses = interruptions(change)
        kept(file)
        assert file.read_bytes() == AFTER
        assert said.pop().read_bytes() == BEFORE
        reached = len(calls.seen) > step
        assert statuses == ([143] if reached else [])
        if not reached:
            assert step > 10
            return
    pytest.fail("it never comes to an end")


def interruptions(act: Callable[[], None]) -> list[int]:
    """Runs it as a command is run; the statuses of the signals that ended it."""
    with interruptible():
        try:
            act()
        except Interrupted as interrupted:
            return [interrupted.status]
    return []


def test_a_signal_afterwards_does_not_wait() -> None:
    reached: list[bool] = []

    def act() -> None:
        with postponed():
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        reached.append(True)

    assert interruptions(act) == [143]
    assert not reached


def test_what_cannot_be_put_back_is_said_with_the_backup(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(monkeypatch)
    real = os.pwrite
    written: list[int] = []

    def half(handle: int, data: bytes, offset: int) -> int:
        if written:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        written.append(real(handle, data[:15], offset))
        return written[0]

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(UsageError) as caught:
        rewrite(file, BEFORE, AFTER)
    (backup,) = backups(file)
    assert str(backup) in caught.value.advice
    assert backup.read_bytes() == BEFORE


def test_a_bug_names_the_backup_as_well(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(monkeypatch)

    def broken(handle: int, data: bytes, offset: int) -> int:
        if data == AFTER:
            real(handle, data[:15], offset)
        raise MemoryError

    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", broken)
    with pytest.raises(MemoryError) as caught:
        rewrite(file, BEFORE, AFTER)
    (backup,) = backups(file)
    assert str(backup) in caught.value.__notes__[0]


def test_somebody_else_changes_it_at_the_last_moment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other() -> None:
        file.write_bytes(b"NEW=1\n")

    for step in range(99):
        file.write_bytes(BEFORE)
        for old in backups(file):
            old.unlink()
        with failing(monkeypatch, step, other) as calls:
            try:
                rewrite(file, BEFORE, AFTER)
            except UsageError as error:
                told = error.message
            else:
                told = ""
        assert (
            (file.read_bytes(), backups(file)) == (b"NEW=1\n", []) if told else file.read_bytes() in (AFTER, b"NEW=1\n")
        )
        assert not told or "changed by someone else" in told
        if len(calls.seen) <= step:
            return


def test_a_file_with_two_names_keeps_both(file: Path) -> None:
    other = file.with_name("other")
    other.hardlink_to(file)
    rewrite(file, BEFORE, AFTER)
    assert other.read_bytes() == AFTER
    assert other.samefile(file)


def test_attributes_stay(file: Path) -> None:
    try:
        os.setxattr(file, "user.note", b"mine")
    except (AttributeError, OSError):
        pytest.skip("this file system knows no attributes")
    rewrite(file, BEFORE, AFTER)
    assert os.getxattr(file, "user.note") == b"mine"


@root
def test_the_group_stays_in_a_folder_that_hands_its_own_down(file: Path) -> None:
    os.chown(file.parent, 0, 54321)
    file.parent.chmod(0o2775)
    rewrite(file, BEFORE, AFTER)
    kept(file)


def test_a_folder_that_takes_no_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup goes to the user's own folder, and the file is written in place."""
    real = os.open

    def guarded(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT and Path(path).parent == file.parent:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", guarded)
    inode = file.stat().st_ino
    backup = rewrite(file, BEFORE, AFTER)
    assert backup.parent == file.parents[1] / "state" / "s3probe"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert (file.read_bytes(), file.stat().st_ino) == (AFTER, inode)
    kept(file)


def test_a_backup_never_replaces_another(file: Path) -> None:
    names = set()
    for _ in range(3):
        names.add(rewrite(file, BEFORE, AFTER))
        file.write_bytes(BEFORE)
    assert len(names) == 3
    kept(file)


CONTAINER = """
mount --bind {file} {mount} && mount -t tmpfs -o size=16k tmpfs {small} || exit 77
cp {file} {small}/.env && {python} - <<'END'
from pathlib import Path
from s3probe.cli.errors import UsageError
from s3probe.cli.rewrite import rewrite

before, after = {before!r}, {after!r}
mount, small = Path({mount!r}), Path({small!r}) / ".env"
print(rewrite(mount, before, after))
try:
    rewrite(small, before, after * 300)
except UsageError as error:
    print(error.message)
assert small.read_bytes() == before
assert [file.name for file in small.parent.iterdir()] == [".env"]
END
"""


def test_a_file_that_is_mounted_and_a_disk_that_is_full(file: Path, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip(reason("unshare", "util-linux"))
    mount, small = tmp_path / "app" / ".env.production", tmp_path / "small"
    mount.parent.mkdir()
    mount.touch()
    small.mkdir()
    script = CONTAINER.format(
        file=file, mount=str(mount), small=str(small), python=sys.executable, before=BEFORE, after=AFTER
    )
    ran = subprocess.run([unshare, "-Urm", "sh", "-c", script], capture_output=True, text=True, check=False)
    if ran.returncode == 77 or "unshare failed" in ran.stderr:
        pytest.skip(reason("unshare -Urm", "util-linux; the kernel must let users mount"))
    assert ran.returncode == 0, ran.stderr
    backup, full = ran.stdout.splitlines()
    assert Path(backup).parent == mount.parent
    assert Path(backup).read_bytes() == BEFORE
    assert "No space left on device" in full
    assert file.read_bytes() == AFTER
    assert mount.read_bytes() == b""
