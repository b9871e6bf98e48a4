"""Files that s3probe keeps for itself from run to run: of this user alone, and never through somebody else's link."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes that are read of such a file."""


def read_own(path: Path) -> bytes | None:
    """What the file holds, as far as :data:`LARGEST` and one byte more.

    ``None`` where there is none, or where others could have written it. Raises OSError where reading fails.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return None
        return stream.read(LARGEST + 1)


def is_below_foreign_link(path: Path) -> bool:
    """Whether a folder on the way to it is a link that neither this user nor root has made. Raises OSError."""
    return any(map(_is_foreign_link, path.parents))


def make_folder_of(path: Path) -> None:
    """Makes the folder of the file, for this user alone, where it is missing. Raises OSError."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _is_foreign_link(path: Path) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        status = path.lstat()
        return stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid())
    return False
