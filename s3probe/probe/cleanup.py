"""Removes whatever a run may have left, proves it, and names what stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from s3probe.evidence.observations import Cleanup
from s3probe.evidence.vocabulary import Header
from s3probe.hindrance import hindrance
from s3probe.probe.bodies import part_of
from s3probe.probe.client import Client, NotSentError
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.payload import picture
from s3probe.probe.schedule import Step, run_steps
from s3probe.probe.xml import list_uploads, list_versions

FIRST_PAUSE = 0.25
"""Seconds before what failed on the way is tried again; doubled each time."""
LONGEST_PAUSE = 2.0
ATTEMPTS = 4
"""At removing what may never have arrived."""
_GONE = (200, 204, 404)
_NOT_ABANDONED = (401, 403, 405, 501)
"""No right to abandon an upload, or a store that cannot (s3rver)."""


def clean_up(
    ledger: Ledger,
    client: Client,
    remaining: Callable[[], float],
    *,
    workers: int = 8,
    sleep: Callable[[float], None] = time.sleep,
) -> Cleanup:
    """Deletes every entry that may exist, on its own time. Never raises for an answer or a lack of one.

    What a server refuses is asked twice (a replica may not know it yet); what fails on the way, or is throttled,
    for as long as there is time when it is known to exist, and a few times when nobody ever said so.
    """
    pause, attempt = FIRST_PAUSE, 0
    while (left := ledger.remaining()) and remaining() > 0:
        removals = [_Removal(entry, ledger, client) for entry in left]
        steps = [Step(f"{number} {removal.entry.name}", removal.make) for number, removal in enumerate(removals)]
        run_steps(steps, workers=workers, remaining=remaining)
        attempt += 1
        troubled = [removal for removal in removals if removal.troubled and removal.entry.may_exist]
        known = any(removal.entry.written for removal in troubled)
        if not ledger.remaining() or (attempt > 1 and not troubled) or (attempt >= ATTEMPTS and not known):
            break
        if troubled:
            sleep(max(min(pause, remaining()), 0.0))
            pause = min(2 * pause, LONGEST_PAUSE)
    return so_far(ledger)


def so_far(ledger: Ledger) -> Cleanup:
    """What has been removed by now, and what has not."""
    names = dict.fromkeys(name for entry in ledger.remaining() for name in _names(entry))
    return Cleanup(ledger.created(), ledger.removed(), tuple(names))


def _names(entry: LedgerEntry) -> tuple[str, ...]:
    if entry.versions:
        return tuple(f"{entry.key}?versionId={version}" for version in entry.versions)
    return (f"{entry.key}?versions",) if entry.versioned else (entry.name,)


class _Removal:
    """One attempt at one entry."""

    def __init__(self, entry: LedgerEntry, ledger: Ledger, client: Client) -> None:
        self.entry = entry
        self.troubled = False
        """Something failed that may pass: trying again makes sense."""
        self._ledger = ledger
        self._client = client

    def make(self) -> None:
        entry = self.entry
        try:
            if entry.upload_id == "":
                self._unknown_upload()
            elif entry.upload_id is not None:
                self._upload(entry.upload_id)
            elif entry.versions or (entry.written and self._ledger.keeps_versions()):
                # Ceph 16 tells the version of an upload and not that of a copy
                entry.versioned = True
                self._versions()
            else:
                self._object()
        except NotSentError:
            return
        except Exception as error:
            if not hindrance(error):
                raise
            self.troubled = True

    def _ask(self, call: Call) -> Answer:
        answer = self._client.send(call)
        if answer.status is None or answer.fault is not None or answer.status == 429 or answer.status >= 500:
            self.troubled = True
        return answer

    def _gone(self, call: Call) -> bool:
        # 404: it is not there any more, which is what was wanted
        return self._ask(call).status in _GONE

    def _removed(self) -> None:
        self._ledger.mark_removed([self.entry])

    def _object(self) -> None:
        """Deletes and looks. A version id in the answer: versioning is on, and the bytes are still there."""
        entry = self.entry
        deleted = self._ask(entry.wire.delete(entry.key))
        if deleted.status not in _GONE:
            return
        if deleted.headers.get(Header.X_AMZ_VERSION_ID, "null") not in ("", "null"):
            entry.versioned = True
            self._versions()
        elif self._ask(entry.wire.head(entry.key)).status in (403, 404, 410):
            self._removed()

    def _versions(self) -> None:
        """With versioning on, only a delete by version id removes the bytes (AWS, DeleteObject); markers go too."""
        entry = self.entry
        listed = self._ask(entry.wire.read("ListObjectVersions", f"versions&prefix={quote(entry.key, safe='')}"))
        known = listed.status == 200
        found = [version for version in list_versions(listed.body) if known and version.key == entry.key]
        # the marker goes last: without it, a version that may not be deleted would be visible again
        found.sort(key=lambda version: version.delete_marker)
        ids = dict.fromkeys([*entry.versions, *(version.version_id for version in found)])
        left = [version for version in ids if not self._gone(entry.wire.delete(entry.key, version_id=version))]
        # who may not list versions cannot find the marker that a plain deletion has left
        if not left and known:
            self._removed()
        entry.versions = tuple(left)

    def _unknown_upload(self) -> None:
        """An upload was asked for and no answer came: the listing tells whether it exists."""
        entry = self.entry
        answer = self._ask(entry.wire.read("ListMultipartUploads", f"uploads&prefix={quote(entry.key, safe='')}"))
        if answer.status != 200:
            return
        ids = [upload.upload_id for upload in list_uploads(answer.body) if upload.key == entry.key]
        left = [found for found in ids if not self._gone(entry.wire.abort_multipart(entry.key, found))]
        if not left:
            self._removed()

    def _upload(self, upload_id: str) -> None:
        """Abandons an upload; one that may not be abandoned can still be finished, and the object then deleted."""
        entry = self.entry
        abandoned = self._ask(entry.wire.abort_multipart(entry.key, upload_id))
        if abandoned.status in _GONE or (abandoned.status in _NOT_ABANDONED and self._finished(upload_id)):
            self._removed()

    def _finished(self, upload_id: str) -> bool:
        entry, body = self.entry, picture("finished by the clean-up")
        answer = self._ask(entry.wire.upload_part(entry.key, upload_id, 1, body))
        if answer.status != 200:
            return False
        whole = entry.wire.complete_multipart(entry.key, upload_id, (part_of(1, answer),), len(body))
        return self._ask(whole).status == 200 and self._gone(entry.wire.delete(entry.key))
