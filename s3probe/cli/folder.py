"""Writing a folder of many files so that a reader meets whole ones, and so that nothing of anybody else is lost."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from s3probe.cli.errors import UnwrittenError, UsageError
from s3probe.cli.files import led_to
from s3probe.patterns import regex

LIST = "pages.txt"
"""Names all that was written, so that the next time may replace and remove just that."""
_HEAD = "# What s3probe explain --html has written here, and may replace:"
_OURS = regex(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")


def write_folder(path: Path, files: Mapping[str, str]) -> None:
    """Makes the folder, or brings one up to date that an earlier call has written.

    All is written beside its place first, and moved there when it is whole. What begins with a dot is left alone.
    Raises :class:`UsageError` where other files are in the folder, and :class:`UnwrittenError`.
    """
    try:
        target = led_to(path)
        before = _written_before(path, target, files)
        _make(target.parent)
        place = tempfile.mkdtemp(prefix=".s3probe-", dir=target if target.exists() else target.parent)
        try:
            fresh = Path(place, "pages")  # its rights are those that the umask leaves
            for name, text in {LIST: "\n".join([_HEAD, *sorted(files), ""]), **files}.items():
                file = fresh / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="")
            _put(fresh, target, [LIST, *files], before - set(files))
        finally:
            shutil.rmtree(place, ignore_errors=True)
    except OSError as error:
        raise UnwrittenError(str(path), error, "Check the folder, its rights and the disk.") from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # a file of that name
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def _put(fresh: Path, target: Path, names: Collection[str], stale: Collection[str]) -> None:
    if not target.exists():
        fresh.rename(target)
        return
    for name in stale:
        (target / name).unlink(missing_ok=True)
    for name in names:
        (target / name).parent.mkdir(exist_ok=True)
        (fresh / name).replace(target / name)


def _written_before(path: Path, target: Path, files: Mapping[str, str]) -> frozenset[str]:
    """What an earlier call has put there. Raises :class:`UsageError` where anything would be lost."""
    if not target.exists():
        return frozenset()
    if not target.is_dir():
        raise UsageError(f"{path} is no folder", "Name a new folder, or an empty one.")
    there = sorted(each.name for each in target.iterdir() if not each.name.startswith("."))
    head, *listed = _lines(target / LIST)
    ours = frozenset(name for name in listed if head == _HEAD and _OURS.fullmatch(name))
    folders = {name.partition("/")[0] for name in (*files, *ours) if "/" in name}
    foreign = there if not ours else [name for name in files if name not in ours and os.path.lexists(target / name)]
    foreign += [name for name in sorted(folders) if (target / name).is_symlink()]
    if foreign:
        raise UsageError(
            f"{path} holds what s3probe did not write there, such as {foreign[0]}",
            "Name a new folder, or an empty one.",
        )
    return ours


def _lines(file: Path) -> list[str]:
    """Its lines, of which there is one at least; what cannot be read is no list of ours."""
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    return [""]
