"""Finds and removes what killed probes left: only keys that carry s3probe's mark, and only old or noted ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote

from s3probe.evidence.observations import Cleanup
from s3probe.probe.classify import is_whole, may_pass
from s3probe.probe.cleanup import clean_up
from s3probe.probe.client import Client, NotSentError
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.credentials import ChainError, chain
from s3probe.probe.exchange import Limits
from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.mark import is_marked, marked_folders
from s3probe.probe.notes import Unsettled, bucket_address
from s3probe.probe.request_form import WireForm
from s3probe.probe.schedule import Crew
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.tools import Tools
from s3probe.probe.wire import Wire
from s3probe.probe.xml import error, is_truncated, list_objects, list_uploads
from s3probe.redact import scrubber_of_a_run
from s3probe.settings.model import Settings

DEADLINE = 120.0
"""Seconds for a whole sweep."""
SEARCHING = 60.0
"""Seconds of them for the search: what was found by then is removed, and the next sweep finds the rest."""
MOST = 10_000
"""Objects and uploads that one sweep takes on: a listing may have no end."""
UNDER_WAY = 5.0
"""Seconds for which an interrupted sweep waits for what it has begun."""
_Due = Callable[[str, str | None, str], bool]
"""Whether a key (and an upload's id) is to be removed, by the time at which it was made."""


class SweepError(Exception):
    """The bucket could not be searched. ``advice`` says what to do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def sweep(
    settings: Settings,
    tools: Tools,
    *,
    older_than_seconds: float = 3600.0,
    dry_run: bool = False,
    tell: Callable[[str], None] = lambda _text: None,
) -> Cleanup:
    """Removes objects and multipart uploads of earlier probes that are older than ``older_than_seconds``, or noted.

    Touches nothing without the mark ``…/s3probe/<run id>/…`` below the folders that probes write to. With
    ``dry_run`` nothing is removed and ``left_behind`` names all that would be. ``tell`` hears what could not be
    searched. Raises :class:`SweepError`.
    """
    try:
        pair = chain(settings)
    except ChainError as trouble:
        raise SweepError(f"There is no key pair to search the bucket with: {trouble}.", trouble.advice) from None
    if pair is None:
        raise SweepError("There is no key pair to search the bucket with.", "Set AWS_ACCESS_KEY_ID and its secret.")
    tools.signing(pair)
    begun = tools.clock.monotonic()

    def remaining() -> float:
        return DEADLINE - (tools.clock.monotonic() - begun)

    limits = Limits(connect=5, read=30, total=60, body=8 * 1024 * 1024)
    scrubber = scrubber_of_a_run(settings, pair)

    def searching() -> float:
        return remaining() - (DEADLINE - SEARCHING)

    client = Client(tools.transport, limits, remaining, signing_rule(settings, pair), scrubber=scrubber)
    wire = ConditionsMaker(tools, pair, WireForm.CURRENT).of(settings).wire
    oldest = tools.clock.now().timestamp() - older_than_seconds
    found = Ledger(lambda class_path, name: f"{class_path}/{name}")
    noted = {one.id: one for one in tools.notes.read(bucket_address(settings)) if is_marked(settings, one.key)}

    young: set[tuple[str, str | None]] = set()

    def due(key: str, upload_id: str | None, since: str) -> bool:
        """Whether no probe can be at work on it any more."""
        if not is_marked(settings, key):
            return False
        known = (key, upload_id) in noted or (upload_id is not None and (key, "") in noted)
        if known or _is_older(since, oldest):
            return True
        young.add((key, upload_id))
        return False

    hidden = False
    search = _Search(client.with_time(searching, limits), wire, due)
    for prefix in marked_folders(settings):
        uploads = search.uploads(prefix)
        hidden = hidden or uploads is None
        for entry in itertools.chain(search.objects(prefix), uploads or ()):
            if search.takes_on():
                found.adopt(entry)
    taken = {(entry.key, entry.upload_id): entry for entry in found.remaining()}
    for one in noted.values():
        # a listing of objects shows no versions
        if one.id not in taken and (one.versions or one.versioned or (hidden and one.upload_id)):
            taken[one.id] = LedgerEntry(one.key, wire, one.upload_id, True, versions=one.versions)
            found.adopt(taken[one.id])
    if search.unfinished:
        tell(
            f"The listing had no end within {SEARCHING:.0f} s or {MOST} entries, or an answer was none, so there may be"
            " more. Run s3probe sweep again."
        )
    if young:
        tell(
            f"Younger than {older_than_seconds / 60:.0f} minutes, and left alone because a probe may be at work:"
            f" {len(young)} of the objects found. Run s3probe sweep again later, or with --older-than 0 when none runs."
        )
    if hidden:
        tell(
            "Unfinished uploads could not be searched: this key lacks s3:ListBucketMultipartUploads. With a key that"
            " has it, run s3probe sweep again; or let a lifecycle rule abort incomplete uploads after a day."
        )
    if dry_run:
        names = tuple(entry.name for entry in found.remaining())
        return Cleanup(len(names), 0, names)
    crew = Crew()
    try:
        return clean_up(found, client, remaining, crew=crew)
    finally:
        crew.wait(min(remaining(), UNDER_WAY))
        now = tools.clock.now().timestamp()

        def is_settled(one: Unsettled) -> bool:
            entry = taken.get(one.id)
            unseen = search.unfinished or (hidden and one.upload_id is not None)
            gone = entry.removed if entry is not None else not unseen
            return one.is_settled(now, gone=gone, arrived=entry is not None)

        if noted:
            tools.notes.change(bucket_address(settings), settled=[*filter(is_settled, noted.values())], left=())


class _Search:
    """Lists what is due, until time or number is used up."""

    def __init__(self, client: Client, wire: Wire, due: _Due) -> None:
        self.unfinished = False
        """Something was not looked at."""
        self._client = client
        self._wire = wire
        self._due = due
        self._taken = 0
        self._answered = False

    def takes_on(self) -> bool:
        """Whether one more is taken on."""
        self._taken += 1
        self.unfinished = self.unfinished or self._taken > MOST
        return self._taken <= MOST

    def objects(self, prefix: str) -> Iterator[LedgerEntry]:
        """Objects below ``prefix``. Raises :class:`SweepError` when the bucket cannot be listed."""
        after: str | None = None
        while self._taken < MOST:
            try:
                answer = _listing(self._client, self._wire, prefix, after)
            except NotSentError:
                if not self._answered:
                    raise _not_listed(self._wire, f"no answer came within {SEARCHING:.0f} s") from None
                break
            except SweepError:
                if not self._answered:
                    raise
                break
            self._answered = True
            listed = list_objects(answer)
            for each in listed:
                if self._due(each.key, None, each.modified):
                    yield LedgerEntry(each.key, self._wire, written=True)
            if not listed or not is_truncated(answer):
                return
            # a listing goes on in the order of its keys, else it never ends
            if after is not None and listed[-1].key <= after:
                break
            after = listed[-1].key
        self.unfinished = True

    def uploads(self, prefix: str) -> Iterator[LedgerEntry] | None:
        """Unfinished uploads below ``prefix``; ``None``: they may not be listed."""
        try:
            first = self._page(prefix, "")
        except NotSentError:
            self.unfinished = True
            return iter(())
        if first is None:
            self.unfinished = True
            return iter(())
        return self._pages(prefix, first) if first else None

    def _pages(self, prefix: str, page: bytes) -> Iterator[LedgerEntry]:
        before = ""
        while self._taken < MOST:
            listed = list_uploads(page)
            for upload in listed:
                if self._due(upload.key, upload.upload_id, upload.initiated):
                    yield LedgerEntry(upload.key, self._wire, upload_id=upload.upload_id, written=True)
            if not listed or not is_truncated(page):
                return
            last = listed[-1]
            marker = f"&key-marker={quote(last.key, safe='')}&upload-id-marker={quote(last.upload_id, safe='')}"
            try:
                following = self._page(prefix, marker) if marker != before else None
            except NotSentError:
                break
            if not following:
                break
            before, page = marker, following
        self.unfinished = True

    def _page(self, prefix: str, marker: str) -> bytes | None:
        """What lists them; nothing where that is refused, ``None`` where the answer is another."""
        query = f"uploads&prefix={quote(prefix, safe='')}{marker}"
        answer = self._client.send(self._wire.read("ListMultipartUploads", query))
        if answer.status is not None and (400 <= answer.status < 500 or answer.status == 501) and not may_pass(answer):
            return b""
        return answer.body if is_whole(answer, "ListMultipartUploadsResult") else None


def _listing(client: Client, wire: Wire, prefix: str, after: str | None) -> bytes:
    answer = client.send(wire.list_objects(prefix=prefix, start_after=after))
    if is_whole(answer, "ListBucketResult"):
        return answer.body
    body = error(answer.body)
    status = f"HTTP {answer.status}, but no listing" if answer.status == 200 else f"HTTP {answer.status}"
    said = answer.detail or (f"{body.code}: {body.message.rstrip('.')}" if body else status)
    raise _not_listed(wire, said)


def _not_listed(wire: Wire, said: str) -> SweepError:
    return SweepError(
        f"The bucket {wire.settings.bucket_name} could not be listed ({said}).",
        "A sweep needs s3:ListBucket on the bucket; s3probe check says what is wrong with it.",
    )


def _is_older(text: str, oldest: float) -> bool:
    """Whether an ISO 8601 time is before ``oldest``; what cannot be read is taken for young and left alone."""
    try:
        return datetime.fromisoformat(text).timestamp() < oldest
    except ValueError:
        return False
