"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

from s3probe.cli.errors import UnwrittenError, UsageError

_CHECK = "Check the folder, its rights and the disk."
_LINKS = 40
"""As many links in one path as Linux follows (path_resolution(7))."""

NO_READER_SECONDS = 2.0
"""For which the reader of a pipe is waited for."""
READER_SECONDS = 30.0
"""For which one that is there may take nothing."""


def led_to(path: Path) -> Path:
    """Where ``path`` leads, link by link. Raises :class:`UsageError` for one that another user has put into a sticky
    folder, and :class:`OSError`.

    Whoever may write to ``/tmp`` could else choose the file that is overwritten. The rule is that of Linux
    (``fs.protected_symlinks``, proc(5)), which does not ask for what is resolved before it is opened.
    """
    here, parts, links = Path("/"), list(path.absolute().parts[1:]), 0
    while parts:
        name = parts.pop(0)
        step = here.parent if name == ".." else here / name
        if not step.is_symlink():
            here = step
            continue
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if _of_a_stranger(step):
            raise UsageError(
                f"{path} is not written: {step} is a link that another user made in a folder open to all",
                "Name a file in a folder of your own.",
            )
        target = step.readlink()
        here = Path("/") if target.is_absolute() else here
        parts = [*target.parts[target.is_absolute() :], *parts]
    return here


def _of_a_stranger(path: Path) -> bool:
    """Whether another user put this link or pipe into a sticky folder that everybody may write to."""
    folder, owner = path.parent.stat(), path.lstat().st_uid
    open_to_all = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    return bool(open_to_all) and owner not in (os.geteuid(), folder.st_uid)


def refuse_unwritable(path: Path) -> None:
    """Raises what :func:`write_atomically` would, before there is anything to write. Leaves nothing."""
    try:
        target = led_to(path)
        if path.is_dir():
            raise _a_folder(path)
        if target.is_file() or not path.exists():
            import tempfile

            with tempfile.TemporaryFile(prefix=f".{target.name}.", dir=target.parent):
                pass
    except OSError as error:
        raise UnwrittenError(str(path), error, _CHECK) from None


def _a_folder(path: Path) -> UsageError:
    return UsageError(f"{path} is a folder", f"Name a file in it, e.g. {path / 'report'}.")


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Writes beside ``path`` and renames. ``mode`` ``None`` keeps an existing file's, else what the umask leaves.

    A pipe or a device is written to as it is; its reader is not waited for without end. Raises :class:`UsageError`, of
    which :class:`UnwrittenError` is one.
    """
    try:
        target = led_to(path)
        # asked of the path itself: /dev/stdout leads to a pipe that has no name
        if path.exists() and not path.is_file():
            if path.is_dir():
                raise _a_folder(path)
            if target.exists() and _of_a_stranger(target):
                raise UsageError(f"{path} is another user's", "Name a file in a folder of your own.")
            _hand_over(path, text.encode("utf-8"))
            return
        replace_file(target, text, _mode(target) if mode is None else mode)
    except OSError as error:
        raise UnwrittenError(str(path), error, _CHECK) from None


def write_new(path: Path, text: str) -> None:
    """Writes a file of this user alone (0600) that was not there before, all at once.

    Raises FileExistsError, where nothing is changed, and :class:`UsageError`.
    """
    try:
        target = led_to(path.parent) / path.name
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            replace_file(target, text, 0o600)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise
    except OSError as error:
        raise UnwrittenError(str(path), error, "Check the folder, its rights and the disk.") from None


def _hand_over(path: Path, content: bytes) -> None:
    """Writes to what is no file. Raises :class:`UsageError` and OSError."""
    handle = _opened(path)
    try:
        left = memoryview(content)
        while left:
            if not select.select([], [handle], [], READER_SECONDS)[1]:
                raise TimeoutError(errno.ETIMEDOUT, f"its reader took nothing for {READER_SECONDS:g} s")
            try:
                left = left[os.write(handle, left) :]
            except BlockingIOError:
                continue
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """A pipe that nobody reads says ENXIO as long as it is not waited for, and so does a socket (open(2))."""
    ends = time.monotonic() + NO_READER_SECONDS
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        if not path.is_fifo():
            raise UsageError(f"{path} is a socket or a device that takes no text", "Name a file.")
        if time.monotonic() > ends:
            raise UsageError(f"{path} is a pipe that nobody reads", "Start its reader first, or name a file.")
        time.sleep(0.05)


def _mode(target: Path) -> int:
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def replace_file(target: Path, text: str, mode: int) -> None:
    """Writes the whole file anew; a link of that name is replaced and not followed. Raises OSError."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
