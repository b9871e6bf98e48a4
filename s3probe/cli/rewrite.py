"""Changes an env file safely: whatever fails, it holds the old text or the new one, and the old one is kept.

The new text is written beside the file and renamed over it, with the same mode, owner and attributes. Where that is
not possible (a file that is mounted into a container by itself, a folder that may not be written, another owner's
file, a file with several names), it is written in place, once the backup is on the disk.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from s3probe.cli.errors import UnwrittenError, UsageError
from s3probe.cli.files import led_to

_NOT_BESIDE = {
    errno.EACCES,
    errno.EPERM,
    errno.EBUSY,
    errno.EXDEV,
    errno.EROFS,
    errno.ENOTSUP,
}
"""The folder, the owner or a mount is in the way of a renaming; the file itself may be writable all the same."""


def rewrite(file: Path, before: bytes, after: bytes) -> Path:
    """Replaces ``before`` by ``after`` and returns the backup's path. Raises :class:`UsageError`.

    A link stays a link: the file that it leads to is changed. Nothing is changed when that no longer holds ``before``.
    """
    try:
        target = led_to(file)
        status = _unchanged(file, target, before)
        backup = _keep(target, before, status)
    except OSError as error:
        raise UnwrittenError(f"{file}, or its backup,", error, _as_owner(file)) from None
    try:
        _write(file, target, before, after, status)
    except UsageError:  # it was not written to
        backup.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise UnwrittenError(str(file), error, _undone(target, before, backup)) from None
    except Exception as error:  # a bug: its report names the backup
        error.add_note(_undone(target, before, backup))
        raise
    return backup


def _undone(target: Path, before: bytes, backup: Path) -> str:
    """What is to be said after a failure. A backup that nobody needs is taken away."""
    with suppress(OSError):
        if target.read_bytes() == before:
            backup.unlink()
            return "It is as it was. Check its rights and the disk."
    back = shlex.join(["cp", str(backup), str(target)])
    return f"What it held is in {backup}. Compare the two, and to have it back: {back}"


def content_of(file: Path) -> bytes:
    """What is to be changed. Raises :class:`UsageError` for anything but an ordinary file, and OSError."""
    return _read(file, file)[0]


def _read(file: Path, target: Path, flags: int = 0) -> tuple[bytes, os.stat_result]:
    handle = os.open(target, os.O_RDONLY | os.O_NONBLOCK | flags)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{file} is not an ordinary file, and fix changes one", "Name the env file itself.")
        return stream.read(), status


def _unchanged(file: Path, target: Path, before: bytes) -> os.stat_result:
    content, status = _read(file, target, os.O_NOFOLLOW)
    if content != before:
        raise UsageError(f"{file} was changed by someone else meanwhile", "Run s3probe fix again.")
    return status


def _keep(target: Path, content: bytes, status: os.stat_result) -> Path:
    """Writes the backup: beside the file, or where the folder does not take it, in the user's own state folder."""
    try:
        return _backup(target.parent, target.name, content, status)
    except OSError as error:
        if error.errno not in _NOT_BESIDE:
            raise
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "s3probe"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _backup(home, target.name, content, None)


def _backup(folder: Path, name: str, content: bytes, status: os.stat_result | None) -> Path:
    """``status``: whose mode and owner it gets; without, only this user may read it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(100):
        backup = folder / f"{name}.{stamp}{f'-{number}' if number else ''}.bak"
        try:
            # nobody else may read it for a moment: it holds the secrets
            handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        try:
            _fill_new(handle, content, status)
            _sync_folder(folder)
        except BaseException:
            with suppress(OSError):
                backup.unlink()
            raise
        return backup
    raise UsageError(f"There are too many backups of {name}", "Move some of them away.")


def _fill_new(handle: int, content: bytes, status: os.stat_result | None) -> None:
    """Gives a file of ours its owner, its mode and its text, on the disk."""
    with os.fdopen(handle, "wb") as stream:
        if status is not None:
            new = os.fstat(handle)  # a folder may hand its group down
            if (status.st_uid, status.st_gid) != (new.st_uid, new.st_gid):
                os.fchown(handle, status.st_uid, status.st_gid)
            os.fchmod(handle, stat.S_IMODE(status.st_mode))
        stream.write(content)
        stream.flush()
        os.fsync(handle)


def _write(file: Path, target: Path, before: bytes, after: bytes, status: os.stat_result) -> None:
    if status.st_nlink == 1:
        try:
            _rename_over(file, target, before, after, status)
            return
        except OSError as error:
            if error.errno not in _NOT_BESIDE:
                raise
    _write_in_place(file, target, before, after)


def _rename_over(file: Path, target: Path, before: bytes, after: bytes, status: os.stat_result) -> None:
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    new = Path(name)
    try:
        _fill_new(handle, after, status)
        _same_attributes(target, new)
        _unchanged(file, target, before)
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    _sync_folder(target.parent)


def _same_attributes(target: Path, copy: Path) -> None:
    """Access control lists and labels. A folder may have given the new file some of its own."""
    if not hasattr(os, "listxattr"):
        return  # not Linux
    try:
        own, new = ({key: os.getxattr(path, key) for key in os.listxattr(path)} for path in (target, copy))
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for key in new.keys() - own.keys():
        os.removexattr(copy, key)
    for key, value in own.items():
        if new.get(key) != value:
            os.setxattr(copy, key, value)


def _write_in_place(file: Path, target: Path, before: bytes, after: bytes) -> None:
    handle = os.open(target, os.O_RDWR | os.O_NOFOLLOW)
    try:
        here, there = os.fstat(handle), _unchanged(file, target, before)
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            raise UsageError(f"{file} was changed by someone else meanwhile", "Run s3probe fix again.")
        try:
            _fill(handle, after)
        except BaseException:
            _fill(handle, before)
            raise
    finally:
        with suppress(OSError):  # whatever was written is on the disk
            os.close(handle)


def _fill(handle: int, content: bytes) -> None:
    """The text from the first byte on; what was longer is cut off only when the text is there."""
    written = 0
    while written < len(content):
        written += os.pwrite(handle, content[written:], written)
    os.ftruncate(handle, len(content))
    os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    """So that the name is on the disk as well; not every folder can be read, nor every file system do this."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _as_owner(file: Path) -> str:
    return f"Nothing was changed. Run this as the user that owns it and may write to {file.parent}; look at the disk."
