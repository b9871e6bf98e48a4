"""Takes over what earlier runs of this machine have left, and notes what this one leaves."""

from __future__ import annotations

from collections.abc import Mapping

from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.mark import is_marked
from s3probe.probe.notes import BucketAddress, Notes, Unsettled, bucket_address
from s3probe.probe.wire import Wire

LOOKED_FOR = 25
"""What one run looks for at most of what earlier ones left: the storage is not to be troubled by it."""


class Bookkeeper:
    """Takes over what the notes say, and notes what a run leaves."""

    def __init__(self, notes: Notes, ledger: Ledger) -> None:
        self._notes = notes
        self._ledger = ledger
        self._taken: dict[LedgerEntry, Unsettled] = {}

    def take_over(self, wires: Mapping[BucketAddress, Wire], canary: str, *, all_others: bool) -> None:
        """Puts what was left at these places into the ledger. Only keys with the mark of a run are believed.

        ``canary`` is the id of the run that this one completes: what that left is this one's own.
        """
        for place, wire in wires.items():
            known = set(self._taken.values())  # an interruption may bring us here again
            noted = [one for one in self._notes.read(place) if is_marked(wire.settings, one.key) and one not in known]
            own = [one for one in noted if canary and f"/s3probe/{canary}/" in one.key]
            # what could not be removed before, for want of a right, holds nobody else up
            others = sorted((one for one in noted if all_others and one not in own), key=lambda one: not one.arriving)
            others = others[:LOOKED_FOR]
            for one in (*own, *others):
                entry = LedgerEntry(
                    one.key,
                    wire,
                    one.upload_id,
                    True if one.made else None,
                    versions=one.versions,
                    versioned=one.versioned,
                    unanswered=int(one.arriving),
                    earlier=one not in own,
                    counted=one in own and one.made,
                )
                self._taken[entry] = one
                self._ledger.adopt(entry)

    def note(self, now: float) -> None:
        """Writes down what is left at ``now`` (Unix time), and strikes out what is settled."""
        settled: dict[BucketAddress, list[Unsettled]] = {}
        left: dict[BucketAddress, list[Unsettled]] = {}
        for entry, one in self._taken.items():
            gone, arrived = entry.removed, not entry.may_arrive
            if one.is_settled(now, gone=gone, arrived=arrived):
                settled.setdefault(bucket_address(entry.wire.settings), []).append(one)
        for entry in (*self._ledger.remaining(), *self._ledger.awaited()):
            if entry not in self._taken:
                left.setdefault(bucket_address(entry.wire.settings), []).append(_noted(entry, now))
        for place in settled.keys() | left.keys():
            self._notes.change(place, settled=settled.get(place, ()), left=left.get(place, ()))


def _noted(entry: LedgerEntry, now: float) -> Unsettled:
    return Unsettled(
        entry.key,
        round(now, 3),
        entry.upload_id,
        entry.versions,
        entry.versioned,
        made=entry.written is True,
        arriving=entry.may_arrive,
    )
