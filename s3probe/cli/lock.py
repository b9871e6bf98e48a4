"""One run at a time: a lock that the kernel lets go of when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from s3probe.cli.errors import UsageError
from s3probe.cli.private_folder import private_folder


class BusyError(UsageError):
    """Another run holds the lock."""


def default_lock(subjects: tuple[str, ...]) -> Path | None:
    """Where runs over the same env files meet when no state file names a place; ``None``: this user has no such place.

    Never where others can put a file first: whoever holds the lock stops the checks.
    """
    folder = private_folder()
    name = sha256("\0".join(subjects).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return folder / f"{name}.lock" if folder is not None else None


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Inside, no other run holds ``path``. Raises :class:`BusyError` at once, :class:`UsageError` for a bad file."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise UsageError(
            f"The lock {path} cannot be made: {error.strerror}", "Check the folder and its rights."
        ) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise UsageError(f"The lock {path} is not a file of this user", "Remove it, or name another --state FILE.")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                "Another s3probe is still at work on the same files; this one did nothing",
                "A run takes less than a minute for each file: start it less often, or with a shorter --deadline.",
            ) from None
        yield
    finally:
        os.close(handle)
