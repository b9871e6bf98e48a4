"""The note of what runs have left, as a file beside the state or in the user's cache folder.

It is of this user alone, is replaced as a whole, and is neither read nor written through a link of somebody else.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from s3probe.cli.files import replace_file
from s3probe.cli.own_files import is_below_foreign_link, make_folder_of, read_own
from s3probe.cli.private_folder import private_place
from s3probe.probe.notes import BucketAddress, NotesInMemory, Unsettled, changed

VERSION = 1
MOST = 1000
"""Entries that are kept, the newest."""
_PATIENCE = 1.0
"""Seconds for which another run's change is waited for."""


class FileNotes:
    """Keeps :class:`Unsettled` entries from run to run. What no file can keep lasts as long as the program."""

    def __init__(self, state: Path | None, tell: Callable[[str], None]) -> None:
        """``state`` is the file of ``--state``; ``tell`` hears that nothing could be noted."""
        self._state = state
        self._tell = tell
        self._memory = NotesInMemory()

    def read(self, place: BucketAddress) -> tuple[Unsettled, ...]:
        """What is noted for a place, wherever it stands."""
        found = {one.id: one for path in self._paths(place) for one in _read(path, place)}
        return tuple((found | {one.id: one for one in self._memory.read(place)}).values())

    def change(self, place: BucketAddress, *, settled: Collection[Unsettled], left: Collection[Unsettled]) -> None:
        """Strikes out what is settled, and notes what is left where that can be done."""
        for path in self._paths(place):
            if _change(path, place, settled, left):
                left = ()
        self._memory.change(place, settled=settled, left=left)
        if left:
            self._tell(
                "What is left could not be noted for the next check: this user has no cache folder that can be written."
            )

    def _paths(self, place: BucketAddress) -> Iterator[Path]:
        """The places of the note, the first choice first."""
        name = sha256(f"{place.endpoint}\0{place.bucket}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
        if self._state is not None:
            yield self._state.absolute().with_name(f"{self._state.name}.left-{name}")
        folder = private_place()
        if folder is not None:
            yield folder / f"left-{name}"


def _read(path: Path, place: BucketAddress) -> tuple[Unsettled, ...]:
    """What a note says of ``place``; nothing where there is none, or one that cannot be believed."""
    try:
        if not (text := read_own(path)):
            return ()
        from s3probe.codec import from_plain  # slow to load, and most runs leave nothing

        data = json.loads(text)
        if (data["version"], data["endpoint"], data["bucket"]) != (VERSION, place.endpoint, place.bucket):
            return ()
        return tuple(from_plain(Unsettled, one) for one in data["left"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ()


def _change(path: Path, place: BucketAddress, settled: Collection[Unsettled], left: Collection[Unsettled]) -> bool:
    """Whether the note could be changed."""
    try:
        # a file that is not there yet is only made for what is left
        if is_below_foreign_link(path) or not (left or path.exists()):
            return False
        if left:
            make_folder_of(path)
        with _locked(path.parent):
            after = [*changed(_read(path, place), settled, left).values()][-MOST:]
            if after:
                replace_file(path, _text(place, after), 0o600)
            else:
                path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Inside, no other run changes the notes of ``folder``. Who holds it for too long is not waited for."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < end:
                    time.sleep(0.02)
                    continue
            break
        yield
    finally:
        os.close(handle)


def _text(place: BucketAddress, noted: Collection[Unsettled]) -> str:
    from s3probe.codec import to_plain

    head = {"version": VERSION, "endpoint": place.endpoint, "bucket": place.bucket}
    return json.dumps({**head, "left": [to_plain(one) for one in noted]}, indent=1) + "\n"
