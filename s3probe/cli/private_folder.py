"""A folder where nobody but this user can put anything."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def private_folder() -> Path | None:
    """``s3probe`` in the user's cache folder, else in the runtime folder; ``None`` where neither can be had.

    The cache folder comes first: cron knows no ``XDG_RUNTIME_DIR``, and runs of cron and of a shell have to meet.
    """
    return next(filter(None, map(_made, _places())), None)


def _places() -> Iterator[Path]:
    """XDG Base Directory Specification; the home that the user has by the system's own list where ``HOME`` is another's
    (sudo may leave it as it was).
    """
    if cache := _named("XDG_CACHE_HOME"):
        yield cache
    if home := _named("HOME"):
        yield home / ".cache"
    with suppress(KeyError):  # a container may run under a number that has no name
        yield Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".cache"
    if runtime := _named("XDG_RUNTIME_DIR"):
        yield runtime
    yield Path(f"/run/user/{os.geteuid()}")


def _named(variable: str) -> Path | None:
    text = os.environ.get(variable, "")
    return Path(text) if text.startswith("/") else None


def _made(place: Path) -> Path | None:
    folder = place / "s3probe"
    try:
        if not folder.is_dir():
            above = next(each for each in folder.parents if each.exists())
            if above.stat().st_uid != os.geteuid():
                return None
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
    return folder if ours and os.access(folder, os.W_OK | os.X_OK) else None
