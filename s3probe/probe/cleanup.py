"""Removes whatever a run may have left, proves it, and names what stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from s3probe.evidence.observations import Cleanup, LeftElsewhere
from s3probe.evidence.vocabulary import Header
from s3probe.hindrance import hindrance
from s3probe.probe.bodies import part_of
from s3probe.probe.classify import is_whole, may_pass
from s3probe.probe.client import Client, NotSentError
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.ledger import NULL_VERSION, Ledger, LedgerEntry
from s3probe.probe.notes import BucketAddress, bucket_address
from s3probe.probe.payload import picture
from s3probe.probe.schedule import Crew, Step, run_steps
from s3probe.probe.xml import list_uploads, list_versions
from s3probe.settings.model import Settings

FIRST_PAUSE = 0.25
"""Seconds before what failed on the way is tried again; doubled each time."""
LONGEST_PAUSE = 2.0
LAST_LOOK = 1.5
"""Seconds before the end of the time for the last look at what got no answer: enough to remove it then."""
_GRACE = 0.2
"""Seconds beyond its time for which a request is waited for that ends with it."""
ATTEMPTS = 4
"""At removing what may never have arrived."""
_GONE = (200, 204, 404)
_NO_SUCH_LISTING = (405, 501)
"""The store knows no versions of files."""
_NOT_ABANDONED = (401, 403, 405, 501)
"""No right to abandon an upload, or a store that cannot (s3rver)."""

FirstAnswer = tuple[Call, Answer]
"""A request that failed and passed when the clean-up asked it again, with its first answer."""


def clean_up(
    ledger: Ledger,
    client: Client,
    remaining: Callable[[], float],
    *,
    workers: int = 8,
    sleep: Callable[[float], None] = time.sleep,
    crew: Crew | None = None,
    once: bool = False,
    failed_at_first: list[FirstAnswer] | None = None,
    home: BucketAddress | None = None,
) -> Cleanup:
    """Deletes every entry that may exist, on its own time. Never raises for an answer or a lack of one.

    What a server refuses is asked twice (a replica may not know it yet); what fails on the way, or is throttled,
    for as long as there is time when it is known to exist, and a few times when nobody ever said so. What got no
    answer is looked for until it has arrived, the last time when the time is nearly up. ``once``: nothing is asked
    again or waited for, because another clean-up follows. ``failed_at_first`` gets what passed when it was asked again.
    ``home`` is the bucket that the file names.
    """
    failed: dict[tuple[str, str], FirstAnswer] = {}

    def heard(call: Call, answer: Answer) -> None:
        asked = (call.method, call.url)
        if may_pass(answer):
            failed.setdefault(asked, (call, answer))
        elif (first := failed.pop(asked, None)) is not None and failed_at_first is not None:
            failed_at_first.append(first)

    pause, attempt, refused = FIRST_PAUSE, 0, set[LedgerEntry]()
    due = _due(ledger, attempt)
    while due and remaining() > 0:
        last = once or remaining() <= LAST_LOOK
        removals = [_Removal(entry, ledger, client, heard) for entry in due]
        steps = [Step(f"{number} {removal.entry.name}", removal.make) for number, removal in enumerate(removals)]
        run_steps(steps, workers=workers, remaining=remaining, grace=_GRACE, crew=crew)
        attempt += 1
        if attempt > 1:
            refused |= {r.entry for r in removals if r.entry.may_exist and not r.troubled}
        due = [entry for entry in _due(ledger, attempt) if entry not in refused]
        troubled = [r for r in removals if r.troubled and r.entry.may_exist and r.entry in due]
        known = any(removal.entry.written for removal in troubled)
        awaited = not last and any(entry.may_arrive for entry in due)
        if once or not (awaited or known or attempt == 1 or (troubled and attempt < ATTEMPTS)):
            break
        if troubled or awaited:
            longest = LONGEST_PAUSE if troubled else remaining() - LAST_LOOK
            sleep(max(min(pause, longest, remaining()), 0.0))
            pause *= 2
    return became_of(ledger, home)


def became_of(ledger: Ledger, home: BucketAddress | None = None) -> Cleanup:
    """What the ledger knows by now. ``home`` is the bucket that the file names."""
    names = {name: entry for entry in ledger.remaining() if not entry.earlier for name in _names(entry)}
    late = {entry.name: entry for entry in ledger.awaited() if not entry.earlier}
    earlier = dict.fromkeys(name for entry in ledger.earlier() if entry.may_exist for name in _names(entry))
    places = (_place(name, entry.wire.settings, home) for name, entry in (names | late).items() if home is not None)
    elsewhere = tuple(filter(None, places))
    return Cleanup(ledger.created(), ledger.removed(), tuple(names), tuple(late), tuple(earlier), elsewhere)


def _place(name: str, settings: Settings, home: BucketAddress) -> LeftElsewhere | None:
    place = bucket_address(settings)
    return None if place == home else LeftElsewhere(name, place.endpoint, place.bucket, settings.region)


def _due(ledger: Ledger, attempt: int) -> list[LedgerEntry]:
    """What may be there or arrive. What earlier runs left is looked for once."""
    return [entry for entry in (*ledger.remaining(), *ledger.awaited()) if not (entry.earlier and attempt)]


def _names(entry: LedgerEntry) -> tuple[str, ...]:
    if entry.versions:
        return tuple(f"{entry.key}?versionId={version}" for version in entry.versions)
    return (f"{entry.key}?versions",) if entry.versioned else (entry.name,)


class _Removal:
    """One attempt at one entry."""

    def __init__(
        self, entry: LedgerEntry, ledger: Ledger, client: Client, heard: Callable[[Call, Answer], None]
    ) -> None:
        self.entry = entry
        self.troubled = False
        """Something failed that may pass: trying again makes sense."""
        self._ledger = ledger
        self._client = client
        self._heard = heard

    def make(self) -> None:
        entry = self.entry
        try:
            if entry.upload_id == "":
                self._unknown_upload()
            elif entry.upload_id is not None:
                self._upload(entry.upload_id)
            elif entry.may_arrive and not self._is_there():
                self._removed()
            elif entry.versions or entry.versioned or (entry.written and self._ledger.keeps_versions()):
                # Ceph 16 tells the version of an upload and not that of a copy
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
        self._heard(call, answer)
        if answer.status is None or answer.fault is not None or answer.status == 429 or answer.status >= 500:
            self.troubled = True
        return answer

    def _gone(self, call: Call) -> bool:
        # 404: it is not there any more, which is what was wanted
        return self._ask(call).status in _GONE

    def _removed(self) -> None:
        self._ledger.mark_removed([self.entry])

    def _is_there(self) -> bool:
        """Whether an upload without an answer has arrived; also when a HEAD does not tell.

        Nothing is deleted that is not there: with versioning on, that would leave a marker.
        """
        entry = self.entry
        seen = self._ask(entry.wire.head(entry.key))
        if seen.status == 200:
            self._ledger.arrived(entry)
        return seen.status not in (404, 410) or Header.X_AMZ_DELETE_MARKER in seen.headers

    def _object(self) -> None:
        """Deletes and looks. A version id in the answer: versioning is or was on, and something is still there."""
        entry = self.entry
        deleted = self._ask(entry.wire.delete(entry.key))
        if deleted.status not in _GONE:
            return
        if entry.versions or deleted.headers.get(Header.X_AMZ_VERSION_ID, NULL_VERSION) not in ("", NULL_VERSION):
            self._versions()
            return
        gone = self._ask(entry.wire.head(entry.key)).status in (403, 404, 410)
        if entry.versions:  # the look told of a marker
            self._versions()
        elif gone:
            self._removed()

    def _versions(self) -> None:
        """With versioning on, only a delete by version id removes the bytes (AWS, DeleteObject); markers go too."""
        entry = self.entry
        if set(entry.versions) == {NULL_VERSION} or (not entry.versions and self._ledger.suspends_versions()):
            self._null_version()
            return
        entry.versioned = True
        listed = self._ask(entry.wire.read("ListObjectVersions", f"versions&prefix={quote(entry.key, safe='')}"))
        # a store that does not know the question lists its objects
        known = is_whole(listed, "ListVersionsResult", "ListBucketResult")
        found = [version for version in list_versions(listed.body) if known and version.key == entry.key]
        # the marker goes last: without it, a version that may not be deleted would be visible again
        found.sort(key=lambda version: version.delete_marker)
        ids = dict.fromkeys([*(version.version_id for version in found), *entry.versions])
        left = [version for version in ids if not self._gone(entry.wire.delete(entry.key, version_id=version))]
        # who may not list versions cannot find the marker that a plain deletion has left; a store that has no such
        # listing leaves none (Garage)
        if not left and (known or (listed.status in _NO_SUCH_LISTING and self._is_gone())):
            self._removed()
        entry.versions = tuple(left)

    def _is_gone(self) -> bool:
        return self._ask(self.entry.wire.head(self.entry.key)).status in (404, 410)

    def _null_version(self) -> None:
        """While versioning is suspended, a plain delete leaves a marker; one of the version ``null`` leaves nothing."""
        entry = self.entry
        by_name = entry.wire.delete(entry.key, version_id=NULL_VERSION)
        if self._gone(by_name):
            # SeaweedFS says so of a marker and keeps it: that goes only when something is stored in its place
            if not self._marker_stays() or (self._stored_again() and self._gone(by_name)):
                self._removed()
            return
        # who may not name versions can hide the bytes at least; an earlier run has
        if not entry.earlier:
            self._ask(entry.wire.delete(entry.key))
        entry.versions = (NULL_VERSION,)

    def _marker_stays(self) -> bool:
        """Whether the marker is still there, as far as this key may look."""
        entry = self.entry
        listed = self._ask(entry.wire.read("ListObjectVersions", f"versions&prefix={quote(entry.key, safe='')}"))
        known = is_whole(listed, "ListVersionsResult")
        return known and any(version.key == entry.key for version in list_versions(listed.body))

    def _stored_again(self) -> bool:
        entry = self.entry
        again = entry.wire.put_object(entry.key, picture("in place of a marker"), "image/png", acl=None)
        return self._ask(again).status == 200

    def _unknown_upload(self) -> None:
        """An upload was asked for and no answer came: the listing tells whether it exists."""
        entry = self.entry
        answer = self._ask(entry.wire.read("ListMultipartUploads", f"uploads&prefix={quote(entry.key, safe='')}"))
        if not is_whole(answer, "ListMultipartUploadsResult", "ListBucketResult"):
            return
        ids = [upload.upload_id for upload in list_uploads(answer.body) if upload.key == entry.key]
        if ids:
            self._ledger.arrived(entry)
        left = [found for found in ids if not self._gone(entry.wire.abort_multipart(entry.key, found))]
        if not left:
            self._removed()

    def _upload(self, upload_id: str) -> None:
        """Abandons an upload; one that may not be abandoned can still be finished, and the object then deleted."""
        entry = self.entry
        abandoned = self._ask(entry.wire.abort_multipart(entry.key, upload_id))
        if abandoned.status == 404:
            # a part that was under way can outlive the first call (AWS, AbortMultipartUpload): until S3 knows nothing
            self._ledger.never_arrives(entry)
        if abandoned.status in _GONE or (abandoned.status in _NOT_ABANDONED and self._finished(upload_id)):
            self._removed()

    def _finished(self, upload_id: str) -> bool:
        entry, body = self.entry, picture("finished by the clean-up")
        answer = self._ask(entry.wire.upload_part(entry.key, upload_id, 1, body))
        if answer.status != 200:
            return False
        whole = entry.wire.complete_multipart(entry.key, upload_id, (part_of(1, answer),), len(body))
        return self._ask(whole).status == 200 and self._gone(entry.wire.delete(entry.key))
