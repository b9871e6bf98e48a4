"""Changes an env file in place: the old one is kept beside it, with the same mode and owner."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from s3probe.cli.errors import UsageError
from s3probe.cli.files import led_to, write_atomically


def rewrite(file: Path, before: bytes, after: bytes) -> Path:
    """Replaces ``before`` by ``after`` and returns the backup's path. Raises :class:`UsageError`.

    Nothing is changed when the file no longer holds ``before``, or when mode or owner cannot be kept.
    """
    try:
        target = led_to(file)
        if target.read_bytes() != before:
            raise UsageError(f"{file} was changed by someone else meanwhile", "Run s3probe fix again.")
        status = target.stat()
        backup = _keep(target, before, status)
    except OSError as error:
        raise UsageError(f"{file} cannot be kept beside itself: {error.strerror}", _as_owner(file)) from None
    write_atomically(
        target,
        after.decode("utf-8", "surrogateescape"),
        mode=stat.S_IMODE(status.st_mode),
        owner=(status.st_uid, status.st_gid),
    )
    return file.with_name(backup.name)


def _keep(target: Path, content: bytes, status: os.stat_result) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(100):
        backup = target.with_name(f"{target.name}.{stamp}{f'-{number}' if number else ''}.bak")
        try:
            # nobody else may read it for a moment: it holds the secrets
            handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as stream:
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(stream.fileno(), status.st_uid, status.st_gid)
            os.fchmod(stream.fileno(), stat.S_IMODE(status.st_mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        return backup
    raise UsageError(f"There are too many backups of {target.name}", "Move some of them away.")


def _as_owner(target: Path) -> str:
    return f"Run this as the user that owns it, and that may write to {target.parent}."
