"""Everything a run may leave in the bucket is written here before the request is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from s3probe.evidence.observations import NEVER_SENT
from s3probe.evidence.vocabulary import Header
from s3probe.probe.classify import THROTTLE_CODES
from s3probe.probe.exchange import Answer
from s3probe.probe.wire import Wire
from s3probe.probe.xml import error


@dataclass(slots=True)
class LedgerEntry:
    """One object or multipart upload that may exist. Mutable: the run learns what became of it."""

    key: str
    wire: Wire
    """The way it was written, and so the way it is removed: the same host, region and key pair."""
    upload_id: str | None = None
    """``""`` when an upload may have been begun and nobody told its id; ``None`` for an object."""
    written: bool | None = None
    """``True``: the server said so; ``False``: it refused; ``None``: sent, no answer yet."""
    doubtful: bool = False
    """An attempt at it got no clear answer: what a later one is refused, the earlier may have made."""
    removed: bool = False
    versions: tuple[str, ...] = ()
    """Version ids that PUTs returned: with versioning on, each must be deleted by name."""
    versioned: bool = False
    """The bucket keeps versions, and this key's may be unknown."""

    @property
    def may_exist(self) -> bool:
        return self.written is not False and not self.removed

    @property
    def name(self) -> str:
        if self.upload_id is None:
            return self.key
        return f"{self.key}?uploadId={self.upload_id}" if self.upload_id else f"{self.key}?uploads"


def _throttled(upload: LedgerEntry, answer: Answer) -> bool:
    """Whether S3 itself said "not now" to beginning an upload: then there is none. An object is deleted anyway."""
    said = error(answer.body) if upload.upload_id is not None else None
    return said is not None and said.code in THROTTLE_CODES


class Ledger:
    """Mints every key of a run and knows what still has to be removed. Thread-safe."""

    def __init__(self, make_key: Callable[[str, str], str]) -> None:
        """``make_key(class_path, name)`` gives the key for this run (``…/s3probe/<run id>/name``)."""
        self._make_key = make_key
        self._lock = threading.Lock()
        self._entries: list[LedgerEntry] = []

    def mint(self, wire: Wire, class_path: str, name: str, *, key: str | None = None) -> LedgerEntry:
        """A new key of ours, registered as "may exist" from this moment on. ``key``: the whole of it, ready made."""
        entry = LedgerEntry(key if key is not None else self._make_key(class_path, name), wire)
        with self._lock:
            self._entries.append(entry)
        return entry

    def adopt(self, entry: LedgerEntry) -> None:
        """Takes over what another run has left."""
        with self._lock:
            self._entries.append(entry)

    def upload(self, entry: LedgerEntry) -> LedgerEntry:
        """Registers a multipart upload of ``entry``'s key, before it is asked for: its id is not known yet."""
        upload = LedgerEntry(entry.key, entry.wire, upload_id="")
        with self._lock:
            self._entries.append(upload)
        return upload

    def begun(self, upload: LedgerEntry, upload_id: str) -> None:
        """Notes the id that the server gave an upload."""
        with self._lock:
            upload.upload_id, upload.written, upload.removed = upload_id, True, False

    def answered(self, entry: LedgerEntry, answer: Answer | None, *, written: bool) -> None:
        """Notes what an answer to a write tells; without a clear answer the entry stays "may exist".

        A 5xx does not say whether the object is there. A request that was never sent made nothing.
        """
        if answer is None or answer.fault in NEVER_SENT:
            self.settle(entry, written=False)
        elif answer.status is not None and (
            written or answer.status < 500 or answer.status == 501 or _throttled(entry, answer)
        ):
            self.settle(entry, written=written, version=answer.headers.get(Header.X_AMZ_VERSION_ID))
        else:
            entry.doubtful = True

    def settle(self, entry: LedgerEntry, *, written: bool, version: str | None = None) -> None:
        """Notes the server's answer to a write. An object once written stays written."""
        with self._lock:
            # an upload that arrives after its removal is there again
            entry.removed = entry.removed and not written
            entry.written = written or (None if entry.doubtful and not entry.written else bool(entry.written))
            if version and version != "null":
                entry.versions = (*entry.versions, version)

    def reroute(self, old: Wire, new: Wire) -> None:
        """What was sent by ``old``, where nobody ever answered, is looked for and removed by ``new``."""
        with self._lock:
            for entry in self._entries:
                if entry.wire is old and entry.written is None:
                    entry.wire = new

    def keeps_versions(self) -> bool:
        """Whether an upload came back with a version id: then a plain delete leaves the bytes where they are."""
        with self._lock:
            return any(entry.versions for entry in self._entries)

    def mark_removed(self, entries: Iterable[LedgerEntry]) -> None:
        """Notes that the server confirmed these are gone."""
        with self._lock:
            for entry in entries:
                entry.removed = True

    def remaining(self) -> tuple[LedgerEntry, ...]:
        """What may still exist, uploads first (a completed one would otherwise come back as an object)."""
        with self._lock:
            left = [entry for entry in self._entries if entry.may_exist]
        return tuple(sorted(left, key=lambda entry: entry.upload_id is None))

    def created(self) -> int:
        """How many objects and uploads the server made for us, as far as it said."""
        with self._lock:
            return sum(1 for entry in self._entries if entry.written)

    def removed(self) -> int:
        """How many of those are gone again."""
        with self._lock:
            return sum(1 for entry in self._entries if entry.written and entry.removed)
