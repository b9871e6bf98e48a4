"""Everything a run may leave in the bucket is written here before the request is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, unquote, urlsplit

from s3probe.evidence.observations import NEVER_SENT
from s3probe.evidence.vocabulary import Header
from s3probe.probe.classify import THROTTLE_CODES
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.forms import POST_OBJECT, field
from s3probe.probe.wire import Wire
from s3probe.probe.xml import error
from s3probe.records import dataclass

_MAKING = frozenset(
    {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", POST_OBJECT}
)
"""What may make something that has to be removed."""
_OF_UPLOADS = frozenset({"CreateMultipartUpload", "UploadPart"})
NULL_VERSION = "null"
"""The id of what is stored, and of the delete markers that are left, while versioning is suspended (AWS)."""
_SEE_OTHER = 303
"""Done, and the result is shown elsewhere (RFC 9110, 15.4.4): what S3 answers to a form that names such a place."""
_IN_BETWEEN = frozenset({408, 502, 504, *range(520, 600)})
"""What somebody says who passes requests on and got no answer himself: behind him it may go on. 52x is a CDN's."""


@dataclass(slots=True, eq=False)
class LedgerEntry:
    """One object or multipart upload that may exist. Mutable: the run learns what became of it."""

    key: str
    wire: Wire
    """The way it was written, and so the way it is removed: the same host, region and key pair."""
    upload_id: str | None = None
    """``""`` when an upload may have been begun and nobody told its id; ``None`` for an object."""
    written: bool | None = None
    """``True``: the server said so; ``False``: it refused; ``None``: sent, no answer yet."""
    removed: bool = False
    versions: tuple[str, ...] = ()
    """Version ids that uploads and deletions returned: with versioning on, each must be deleted by name."""
    versioned: bool = False
    """The bucket keeps versions, and this key's may be unknown."""
    under_way: int = 0
    """Requests that may make it and have no answer yet."""
    unanswered: int = 0
    """Those that will not get one any more (a time-out, a connection cut): a slow storage may carry them out later."""
    doubtful: bool = False
    """One of them was answered in a way that does not rule it out."""
    earlier: bool = False
    """Left by an earlier run, which has named it."""
    counted: bool = False
    """The canary before this examination has counted it among what it made."""

    @property
    def may_exist(self) -> bool:
        return (self.written is not False or bool(self.versions)) and not self.removed

    @property
    def may_arrive(self) -> bool:
        """Whether it may come into being, or again, whatever was seen of it so far."""
        return self.under_way + self.unanswered > 0

    @property
    def name(self) -> str:
        if self.upload_id is None:
            return self.key
        return f"{self.key}?uploadId={self.upload_id}" if self.upload_id else f"{self.key}?uploads"


def made_nothing(answer: Answer) -> bool:
    """Whether a request that may make something has certainly made nothing: never sent, a clear 4xx, 100, or 501.

    A redirect says that it was not done here, and none is followed; 303 alone says that it was.
    """
    if answer.status is None:
        return not answer.sent or answer.fault in NEVER_SENT
    refused = 300 <= answer.status < 500 and answer.status not in {_SEE_OTHER, *_IN_BETWEEN}
    return refused or answer.status in (100, 501)


def may_go_on(answer: Answer) -> bool:
    """Whether the request may still be carried out after this answer, or the lack of one.

    Whoever says that he failed is done with it: what it made is there now or never.
    """
    heard = answer.fault is None and not answer.hindrance and answer.status not in _IN_BETWEEN
    return not heard and not made_nothing(answer)


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
        self._versions: set[str] = set()
        """All version ids that uploads and deletions of this run returned."""
        self._numbered_only = False
        """The ids of uploads mean nothing: a deletion removed such a file for good (Garage)."""

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

    def sending(self, call: Call) -> None:
        """Notes that ``call`` goes out: from now on, what it makes may exist."""
        with self._lock:
            entry = self._made_by(call)
            if entry is not None:
                entry.under_way += 1
                entry.written = entry.written or None

    def heard(self, call: Call, answer: Answer) -> None:
        """Notes that no more will be heard of ``call`` than this."""
        with self._lock:
            entry = self._made_by(call)
            if entry is not None:
                entry.under_way -= 1
                entry.unanswered += may_go_on(answer)
                entry.doubtful = entry.doubtful or not made_nothing(answer)
            # MinIO tells of the marker that it leaves while versioning is suspended only to who looks
            if call.operation in ("DeleteObject", "HeadObject"):
                self._left_marker(call, answer)

    def _left_marker(self, call: Call, answer: Answer) -> None:
        """A deletion without a version id may leave a marker, which is removed like a version. Lock held."""
        marker = answer.headers.get(Header.X_AMZ_VERSION_ID)
        url = urlsplit(call.url)
        if "versionId" in parse_qs(url.query):
            return
        path = unquote(url.path)
        found = [entry for entry in self._entries if entry.upload_id is None and path.endswith(f"/{entry.key}")]
        entry = max(found, key=lambda entry: len(entry.key), default=None)
        if entry is not None and marker and answer.headers.get(Header.X_AMZ_DELETE_MARKER) == "true":
            self._has_version(entry, marker)
        elif entry is not None and entry.versions and not marker and call.operation == "DeleteObject":
            self._forget_numbers(answer)

    def _forget_numbers(self, answer: Answer) -> None:
        """A plain deletion of a file with a version id left no marker: there are no versions. Lock held."""
        if Header.X_AMZ_DELETE_MARKER in answer.headers or not 200 <= (answer.status or 0) < 300:
            return
        self._numbered_only = True
        self._versions.clear()
        for entry in self._entries:
            entry.versions = ()

    def _has_version(self, entry: LedgerEntry, version: str) -> None:
        """Lock held."""
        entry.versions = tuple(dict.fromkeys((*entry.versions, version)))
        self._versions.add(version)

    def _made_by(self, call: Call) -> LedgerEntry | None:
        """What ``call`` may make, or add to. Called with the lock held."""
        if call.operation not in _MAKING:
            return None
        url = urlsplit(call.url)
        path = f"/{field(call.body, 'key')}" if call.operation == POST_OBJECT else unquote(url.path)
        upload_id = parse_qs(url.query).get("uploadId", [""])[0]
        found = [
            entry
            for entry in reversed(self._entries)  # a key that was minted again, for another region, is the later one's
            if path.endswith(f"/{entry.key}")
            and (entry.upload_id is not None) == (call.operation in _OF_UPLOADS)
            and (call.operation != "UploadPart" or entry.upload_id == upload_id)
        ]
        return max(found, key=lambda entry: len(entry.key), default=None)

    def answered(self, entry: LedgerEntry, answer: Answer | None, *, written: bool) -> None:
        """Notes what an answer to a write tells; without a clear one the entry stays "may exist".

        ``None``: it was not sent at all. A 5xx does not say whether the object is there, nor does a 2xx that is not
        what S3 says.
        """
        if answer is None or (not written and (made_nothing(answer) or _throttled(entry, answer))):
            self.settle(entry, written=False)
        elif written:
            self.settle(entry, written=True, version=answer.headers.get(Header.X_AMZ_VERSION_ID))

    def settle(self, entry: LedgerEntry, *, written: bool, version: str | None = None) -> None:
        """Notes the server's answer to a write. An object once written stays written."""
        with self._lock:
            # an upload that arrives after its removal is there again
            entry.removed = entry.removed and not written
            # a refusal says nothing of an attempt before it
            entry.written = written or entry.written or (None if entry.may_arrive or entry.doubtful else False)
            if version and version != NULL_VERSION and not self._numbered_only:
                self._has_version(entry, version)

    def version_is_gone(self, entry: LedgerEntry, version: str) -> None:
        """Notes that one version of it was removed by its id."""
        with self._lock:
            entry.versions = tuple(one for one in entry.versions if one != version)

    def arrived(self, entry: LedgerEntry) -> None:
        """Notes that an upload without an answer is there. Of several, the others may follow."""
        with self._lock:
            if entry.written is None and entry.under_way + entry.unanswered == 1:
                entry.unanswered = 0
            entry.written, entry.removed = True, False

    def never_arrives(self, upload: LedgerEntry) -> None:
        """Notes that the server knows no such upload: nothing can be added to it any more."""
        with self._lock:
            upload.unanswered = 0

    def reroute(self, old: Wire, new: Wire) -> None:
        """What was sent by ``old``, where nobody ever answered, is looked for and removed by ``new``."""
        with self._lock:
            for entry in self._entries:
                if entry.wire is old and entry.written is None:
                    entry.wire = new

    def keeps_versions(self) -> bool:
        """Whether an upload or a deletion came back with a version id: then a plain delete leaves something behind."""
        with self._lock:
            return bool(self._versions)

    def suspends_versions(self) -> bool:
        """Whether all that came back are ids of suspended versioning: then ``null`` is the id of each key's marker."""
        with self._lock:
            return self._versions == {NULL_VERSION}

    def mark_removed(self, entries: Iterable[LedgerEntry]) -> None:
        """Notes that the server confirmed these are gone."""
        with self._lock:
            for entry in entries:
                entry.removed = True

    def remaining(self) -> tuple[LedgerEntry, ...]:
        """What may still exist, uploads first (a completed one would otherwise come back as an object)."""
        return tuple(sorted(self._those(lambda entry: entry.may_exist), key=lambda entry: entry.upload_id is None))

    def awaited(self) -> tuple[LedgerEntry, ...]:
        """What is not there now and may still arrive."""
        return self._those(lambda entry: entry.removed and entry.may_arrive)

    def earlier(self) -> tuple[LedgerEntry, ...]:
        """What earlier runs have left."""
        return self._those(lambda entry: entry.earlier)

    def _those(self, wanted: Callable[[LedgerEntry], bool]) -> tuple[LedgerEntry, ...]:
        with self._lock:
            return tuple(filter(wanted, self._entries))

    def created(self) -> int:
        """How many objects and uploads the server made for us, as far as it said."""
        return len(self._those(lambda entry: bool(entry.written) and not entry.earlier and not entry.counted))

    def removed(self) -> int:
        """How many of those are gone again, what the canary has counted among them."""
        return len(self._those(lambda entry: bool(entry.written) and not entry.earlier and entry.removed))
