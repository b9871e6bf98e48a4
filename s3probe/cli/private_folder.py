"""A folder where nobody but this user can put anything."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def private_folder() -> Path | None:
    """``s3probe`` in the user's cache folder, else in the runtime folder; ``None`` where neither can be had."""
    return next(filter(None, map(_made, _places())), None)


def private_place() -> Path | None:
    """The same, without making it: where it is, or would be."""
    return next(filter(_is_private, _places()), None)


def _places() -> Iterator[Path]:
    """XDG Base Directory Specification; the home that the user has by the system's own list where ``HOME`` is another's
    (sudo may leave it as it was).

    The cache folder comes first: cron knows no ``XDG_RUNTIME_DIR``, and runs of cron and of a shell have to meet.
    """
    if cache := _named("XDG_CACHE_HOME"):
        yield cache / "s3probe"
    if home := _named("HOME"):
        yield home / ".cache" / "s3probe"
    with suppress(KeyError):  # a container may run under a number that has no name
        yield Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".cache" / "s3probe"
    if runtime := _named("XDG_RUNTIME_DIR"):
        yield runtime / "s3probe"
    yield Path(f"/run/user/{os.geteuid()}/s3probe")


def _named(variable: str) -> Path | None:
    text = os.environ.get(variable, "")
    return Path(text) if text.startswith("/") else None


def _made(folder: Path) -> Path | None:
    try:
        if _is_private(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder if _is_private(folder) else None
    except OSError:
        pass
    return None


def _is_private(folder: Path) -> bool:
    """Whether nobody else can write there; where it is not yet, whether this user would make it."""
    try:
        nearest = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
        status = folder.lstat() if nearest == folder else nearest.stat()
    except OSError:
        return False
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and os.access(nearest, os.W_OK | os.X_OK)
    return ours and (nearest != folder or not status.st_mode & 0o022)
