"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from s3probe.cli.errors import UsageError


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Writes beside ``path`` and renames. ``mode`` ``None`` keeps an existing file's, else what the umask leaves.

    A pipe or a device is written to as it is. Raises :class:`UsageError`.
    """
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise UsageError(f"{path} is a folder", f"Name a file in it, e.g. {path / 'report'}.")
            with target.open("w", encoding="utf-8") as stream:
                stream.write(text)
            return
        _replace(target, text, _mode(target) if mode is None else mode)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "Check the folder, its rights and the disk."
        ) from None


def _mode(target: Path) -> int:
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _replace(target: Path, text: str, mode: int) -> None:
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
