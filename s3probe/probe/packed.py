"""What the SDK reads as files, where its package is in an archive (``s3probe.pyz``) and no folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory

from s3probe.hindrance import HinderedError


@contextmanager
def sdk_data() -> Iterator[str]:
    """The folder with botocore's descriptions of the services, for as long as this lasts; ``""``: it finds its own.

    Without them its chain ends where a service has to be asked (a role, a single sign-on), and says nothing of it.
    Raises :class:`HinderedError` where they cannot be unpacked.
    """
    packed = resources.files("botocore") / "data"
    if isinstance(packed, Path):
        yield ""
        return
    try:
        unpacked = TemporaryDirectory(prefix="s3probe-")
        _copy(packed, Path(unpacked.name))
    except OSError as error:
        raise HinderedError(f"no room for what the SDK reads in a temporary folder ({error.strerror})") from error
    with unpacked:
        yield unpacked.name


def _copy(packed: Traversable, folder: Path) -> None:
    for each in packed.iterdir():
        place = folder / each.name
        if each.is_dir():
            place.mkdir()
            _copy(each, place)
        else:
            place.write_bytes(each.read_bytes())
