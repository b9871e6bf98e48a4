"""The last conclusions of one env file, as a file beside the state or in the user's cache folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from s3probe.cli.files import replace_file
from s3probe.cli.own_files import is_below_foreign_link, make_folder_of, read_own
from s3probe.cli.private_folder import private_place
from s3probe.settings.model import Settings
from s3probe.trying.proofs import Remembered

VERSION = 1


class FileProofs:
    """Keeps what trials have shown of one env file. Where no file can be kept, the lines are tried each time."""

    def __init__(self, state: Path | None, settings: Settings) -> None:
        """``state`` is the file of ``--state``."""
        self._state = state
        read = "\0".join(str(Path(source).absolute()) for source in settings.environment.sources)
        place = f"{read}\0{settings.api_base}\0{settings.bucket_name}"
        self._name = sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def last(self) -> Remembered | None:
        """What is kept, and can be believed."""
        return next(filter(None, map(_read, self._paths())), None)

    def keep(self, remembered: Remembered) -> None:
        """Writes it in the place of what was kept before."""
        from s3probe.codec import to_plain

        text = json.dumps({"version": VERSION, **to_plain(remembered)}, indent=1) + "\n"
        for path in self._paths():
            with suppress(OSError):
                if not is_below_foreign_link(path):
                    make_folder_of(path)
                    replace_file(path, text, 0o600)
                    return

    def forget(self) -> None:
        """Keeps nothing any more."""
        for path in self._paths():
            with suppress(OSError):
                if not is_below_foreign_link(path):
                    path.unlink(missing_ok=True)

    def _paths(self) -> Iterator[Path]:
        """The places, the first choice first."""
        if self._state is not None:
            yield self._state.absolute().with_name(f"{self._state.name}.tried-{self._name}")
        folder = private_place()
        if folder is not None:
            yield folder / f"tried-{self._name}"


def _read(path: Path) -> Remembered | None:
    try:
        if not (text := read_own(path)):
            return None
        from s3probe.codec import from_plain  # slow to load, and healthy runs keep nothing

        data = json.loads(text)
        return from_plain(Remembered, data) if data["version"] == VERSION else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
