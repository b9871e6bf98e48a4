"""What runs have left or may have left, written down for the next run of this machine that may write."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from s3probe.records import dataclass
from s3probe.settings.model import Settings

ARRIVES_WITHIN = 3600.0
"""Seconds after which an upload without an answer does not arrive any more."""
KEPT_FOR = 7 * 86400.0
"""Seconds after which no run looks for it any more; ``s3probe sweep`` finds it by its mark. An upload whose id nobody
told is kept until a run that may list uploads has looked."""


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket at an endpoint: what was left in one is never looked for in another."""

    endpoint: str
    bucket: str


def bucket_address(settings: Settings) -> BucketAddress:
    """Where requests under these settings go."""
    return BucketAddress(settings.api_base, settings.bucket_name)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An object or upload that is there, or may arrive."""

    key: str
    since: float
    """When it was noted, Unix time."""
    upload_id: str | None = None
    """As in :class:`LedgerEntry`."""
    versions: tuple[str, ...] = ()
    versioned: bool = False
    made: bool = False
    """The server said that it made it."""
    arriving: bool = False
    """It was not there, and may arrive."""

    @property
    def id(self) -> tuple[str, str | None]:
        """What tells it from all others of its place."""
        return self.key, self.upload_id

    def is_settled(self, now: float, *, gone: bool, arrived: bool = False) -> bool:
        """Whether nobody has to look for it again, when the server says that it is ``gone``, or has not ``arrived``."""
        age = now - self.since
        unknown = self.upload_id == ""
        return (age > KEPT_FOR and not unknown) or (gone and (arrived or not self.arriving or age > ARRIVES_WITHIN))


class Notes(Protocol):
    """Where it is written down. Never raises: what cannot be noted has been named all the same."""

    def read(self, place: BucketAddress) -> tuple[Unsettled, ...]: ...

    def change(self, place: BucketAddress, *, settled: Collection[Unsettled], left: Collection[Unsettled]) -> None: ...


class NotesInMemory:
    """Notes that last as long as the program."""

    def __init__(self) -> None:
        self._noted: dict[BucketAddress, dict[tuple[str, str | None], Unsettled]] = {}

    def read(self, place: BucketAddress) -> tuple[Unsettled, ...]:
        return tuple(self._noted.get(place, {}).values())

    def change(self, place: BucketAddress, *, settled: Collection[Unsettled], left: Collection[Unsettled]) -> None:
        self._noted[place] = changed(self._noted.get(place, {}).values(), settled, left)


def changed(
    before: Collection[Unsettled], settled: Collection[Unsettled], left: Collection[Unsettled]
) -> dict[tuple[str, str | None], Unsettled]:
    """What is noted afterwards, by its id and the oldest first."""
    done = {one.id for one in settled}
    return {one.id: one for one in (*before, *left) if one.id not in done}
