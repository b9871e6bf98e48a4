"""Mastodon's side: everything it asks of the bucket with its key pair, as steps that wait only for what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from s3probe.probe.bodies import Part, part_of
from s3probe.probe.classify import outcome_of
from s3probe.probe.evidence import Observation, Outcome
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import same_bytes
from s3probe.probe.foundation import MEDIA, Foundation
from s3probe.probe.ledger import Entry
from s3probe.probe.payload import archive, picture
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.xml import delete_errors, error
from s3probe.probe.xml import upload_id as given_upload_id

ARCHIVES = "backups/dumps"
REMOTE = "cache/media_attachments/files"
NOTHING_WRITTEN = "no file could be uploaded to try it on"

Kept = dict[str, Stored]
"""What is in the bucket by now: ``media``, ``plain``, ``archive``, ``large``."""


def reading(session: Session, stored: Stored) -> Iterator[Step]:
    """HEAD, HEAD of part 1, GET and a ranged GET of an object that was just written."""
    wire, key = session.world.wire, stored.key
    yield Step("head", lambda: session.ask("head", wire.head(key)))
    yield Step("get", lambda: session.ask("get", wire.get(key), same_bytes(stored.body)))
    if session.world.settings.force_single_request:
        for action_id in ("head-part", "get-range"):
            session.skip(action_id, "S3_FORCE_SINGLE_REQUEST=true, so Mastodon reads every file with one GET")
        return
    yield Step("head-part", lambda: session.ask("head-part", wire.head(key, part_number=1)))

    def in_range(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
        if answer.status == 206 and answer.body == stored.body[:10]:
            return None, {}
        if answer.status is not None and 200 <= answer.status < 300:
            return Outcome.WRONG, {"range": "ignored" if answer.status == 200 else "different"}
        return None, {}

    yield Step("get-range", lambda: session.ask("get-range", wire.get(key, byte_range=(0, 9)), in_range))


def reading_nothing(session: Session) -> Iterator[Step]:
    """No object to read: a key of ours that is not there still shows whether reading is allowed (404 against 403)."""
    entry = session.ledger.mint(session.world.wire, MEDIA, "never-written.png")
    session.ledger.settle(entry, written=False)
    title = "A missing file is reported as missing"
    yield Step("get-missing", lambda: session.ask("try-get-missing", session.world.wire.get(entry.key), title=title))
    for action_id in ("head", "head-part", "get", "get-range"):
        session.skip(action_id, NOTHING_WRITTEN)


def archives(session: Session, kept: Kept) -> Iterator[Step]:
    """The archive that backup_service.rb uploads, and the link to it that backups_controller.rb signs."""

    def put() -> None:
        body = archive(f"{session.run_id}/archive")
        acl = session.world.settings.archive_acl
        _seen, stored = session.put("archive-put", ARCHIVES, "archive.zip", body, "application/zip", acl=acl)
        if stored:
            kept["archive"] = stored

    def presigned() -> None:
        stored = kept.get("archive") or kept.get("media")
        if stored is None:
            session.skip("presigned-get", NOTHING_WRITTEN)
            return
        call = session.world.wire.presigned_get(stored.key, 3600)
        session.ask("presigned-get", call, same_bytes(stored.body))

    yield Step("archive-put", put)
    yield Step("presigned-get", presigned, after=("archive-put",))


class LargeUpload:
    """A multipart upload that is finished, and one that is abandoned."""

    def __init__(self, session: Session, kept: Kept) -> None:
        self._session = session
        self._kept = kept
        self._entry: Entry | None = None
        self._upload: Entry | None = None
        self._part: Part | None = None
        self._body = b""

    def steps(self) -> Iterator[Step]:
        yield Step("multipart-create", self._create)
        yield Step("multipart-part", self._send_part, after=("multipart-create",))
        # a visitor may have to ask for the file before it is there
        yield Step("multipart-complete", self._complete, after=("multipart-part", "public-missing"))
        yield Step("multipart-abort", self._abort, after=("multipart-create",))

    @property
    def key(self) -> str | None:
        """The key of the upload that will be finished, once it is begun."""
        return self._entry.key if self._entry is not None and self._upload is not None else None

    def _begin(
        self, action_id: str, name: str, title: str | None = None, class_path: str = MEDIA
    ) -> tuple[Entry, Entry | None]:
        session = self._session
        entry = session.ledger.mint(session.world.wire, class_path, name)
        session.ledger.settle(entry, written=False)  # an upload begun is no object yet
        upload = session.ledger.upload(entry)
        call = session.world.wire.create_multipart(entry.key, "video/mp4", acl=session.world.settings.acl)
        seen, answer = session.ask(action_id, call, title=title)
        given = given_upload_id(answer.body) if answer is not None and seen.ok else ""
        if given:
            session.ledger.begun(upload, given)
        else:
            session.ledger.answered(upload, answer, written=False)
        if seen.ok and not given:
            session.book.add(replace(seen, outcome=Outcome.WRONG, facts={**seen.facts, "upload-id": "missing"}))
        return entry, upload if given else None

    def _create(self) -> None:
        # where copies from other servers lie, as most of a bucket's files do
        self._entry, self._upload = self._begin("multipart-create", "finished.mp4", class_path=REMOTE)

    def _send_part(self) -> None:
        session = self._session
        if self._upload is None or self._entry is None:
            session.skip("multipart-part", "no large upload could be begun")
            return
        body = picture(f"{session.run_id}/finished.mp4")
        call = session.world.wire.upload_part(self._entry.key, self._upload.upload_id or "", 1, body)
        seen, answer = session.ask("multipart-part", call)
        if answer is not None and seen.ok:
            self._part = part_of(1, answer)
            self._body = body

    def _complete(self) -> None:
        session = self._session
        if self._part is None or self._upload is None or self._entry is None:
            session.skip("multipart-complete", "no part could be uploaded")
            return
        wire = session.world.wire
        upload_id = self._upload.upload_id or ""
        call = wire.complete_multipart(self._entry.key, upload_id, (self._part,), len(self._body))
        self._entry.written = None  # from here on the object may exist

        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            # S3 may answer 200 and report an error in the body (CompleteMultipartUpload, AWS API reference)
            return (Outcome.REJECTED, {}) if answer.status == 200 and error(answer.body) else (None, {})

        seen, answer = session.ask("multipart-complete", call, judge)
        session.ledger.answered(self._entry, answer, written=seen.ok)
        if seen.ok:
            session.ledger.mark_removed([self._upload])
            self._kept["large"] = Stored(self._entry, self._body, "video/mp4", seen)

    def _abort(self) -> None:
        session = self._session
        if self._upload is None:
            # an upload id that never was: NoSuchUpload proves the right, AccessDenied its absence
            entry = session.ledger.mint(session.world.wire, MEDIA, "never-begun.mp4")
            session.ledger.settle(entry, written=False)
            call = session.world.wire.abort_multipart(entry.key, "s3probe-no-such-upload")
            session.ask("multipart-abort", call, _absent_is_fine)
            return
        entry, upload = self._begin("try-multipart-second", "abandoned.mp4", "A second large upload can be begun")
        if upload is None:
            session.skip("multipart-abort", "no second large upload could be begun")
            return
        call = session.world.wire.abort_multipart(entry.key, upload.upload_id or "")
        seen, _answer = session.ask("multipart-abort", call)
        if seen.ok:
            session.ledger.mark_removed([upload])


def _absent_is_fine(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    body = error(answer.body)
    missing = answer.status == 404 and (body is None or body.code in ("NoSuchUpload", "NoSuchKey", ""))
    return (Outcome.OK, {"tried-on": "nothing"}) if missing else (None, {})


Look = Callable[[str, Stored], Observation | None]
"""A visitor's look at a file, written down under an action id."""


def hiding(session: Session, kept: Kept, look_at_hidden: Look, look_at_restored: Look) -> Iterator[Step]:
    """What update_media_attachments_permissions_service.rb does for a suspension, and back."""
    acl = session.world.settings.acl
    stored = kept.get("plain") or kept.get("media")
    if acl is None or stored is None:
        why = "S3_PERMISSION is empty, so Mastodon changes no ACL" if acl is None else NOTHING_WRITTEN
        for action_id in ("put-acl-private", "put-acl-restore", "suspended-public-get", "restored-public-get"):
            session.skip(action_id, why)
        return
    wire, key = session.world.wire, stored.key

    def see() -> None:
        hidden = session.book.get("put-acl-private")
        if hidden is None or not hidden.ok:
            session.skip("suspended-public-get", "the ACL could not be changed")
        else:
            look_at_hidden("suspended-public-get", stored)

    def intact(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
        length = answer.headers.get("content-length", "")
        if answer.status == 200 and length != str(len(stored.body)):
            return Outcome.WRONG, {"length": length or "none"}
        return None, {}

    yield Step("put-acl-private", lambda: session.ask("put-acl-private", wire.put_acl(key, "private")))
    yield Step("suspended-public-get", see, after=("put-acl-private",))
    yield Step(
        "put-acl-restore", lambda: session.ask("put-acl-restore", wire.put_acl(key, acl)), ("suspended-public-get",)
    )
    yield Step("restored-public-get", lambda: _come_back(session, stored, look_at_restored), ("put-acl-restore",))
    title = "A file is intact after its ACL was changed"

    def read_back() -> None:
        hidden, shown = session.book.get("suspended-public-get"), session.book.get("restored-public-get")
        if shown is not None and shown.ok and hidden is not None and hidden.ok:
            # a visitor has just got the very bytes, and no cache can have had them before
            session.book.add(replace(shown, id="acl-read-back", title=title))
        else:
            session.ask("acl-read-back", wire.head(key), intact, title=title)

    yield Step("acl-read-back", read_back, ("restored-public-get",))


def _come_back(session: Session, stored: Stored, look: Look) -> None:
    seen, restored = session.book.get("public-get"), session.book.get("put-acl-restore")
    if seen is None or not seen.ok:
        session.skip("restored-public-get", "the picture could not be fetched before either")
    elif restored is None or not restored.ok:
        session.skip("restored-public-get", "the ACL could not be set back")
    else:
        look("restored-public-get", stored)


class Deleting:
    """Single and batch deletion as Mastodon does them, and the proof that it worked."""

    def __init__(self, session: Session, kept: Kept) -> None:
        self._session = session
        self._media = kept.get("media")

    def steps(self) -> Iterator[Step]:
        """One object goes alone, all others together."""
        yield Step("delete", self.single)
        yield Step("batch-delete", self.batch)
        listed = self._session.book.get("list")
        if listed is not None and listed.outcome is Outcome.DENIED:
            yield Step("delete-version", self.version)

    def version(self) -> None:
        """Deletes the version ``null`` of a key that never was, which takes a right of its own: s3:DeleteObjectVersion.

        Mastodon never names a version: a key that may was given everything on objects.
        """
        entry = self._never_written("never-written-4.png")
        call = self._session.world.wire.delete(entry.key, version_id="null")
        self._session.ask("try-delete-version", call, title="The key may name versions, which Mastodon never does")

    def _never_written(self, name: str) -> Entry:
        session = self._session
        entry = session.ledger.mint(session.world.wire, MEDIA, name)
        session.ledger.settle(entry, written=False)
        return entry

    def single(self) -> None:
        """DELETE (kt-paperclip ``flush_deletes``), then HEAD. The HEAD before it (``exists?``) was ``head``."""
        session = self._session
        stored = self._media
        entry = stored.entry if stored else self._never_written("never-written-2.png")
        wire = session.world.wire
        seen, _answer = session.ask("delete", wire.delete(entry.key))
        if seen.ok and stored:
            gone = self.gone(entry, "try-delete-gone")
            facts = {**seen.facts, "gone": "yes" if gone else "no"}
            outcome = Outcome.OK if gone is not False else Outcome.WRONG
            session.book.add(replace(seen, outcome=outcome, facts=facts))

    def gone(self, entry: Entry, action_id: str) -> bool | None:
        """Whether a HEAD no longer finds the key; ``None`` when the answer does not tell."""
        session = self._session

        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            # without s3:ListBucket a missing key is answered 403; reading worked before, so it means the same
            return {200: Outcome.WRONG, 403: Outcome.OK, 404: Outcome.OK, 410: Outcome.OK}.get(answer.status or 0), {}

        call = entry.wire.head(entry.key)
        seen, _answer = session.ask(action_id, call, judge, title="The deleted file is gone")
        # with versioning on, it is only hidden: the clean-up removes its bytes
        if seen.ok and not session.ledger.keeps_versions():
            session.ledger.mark_removed([entry])
        return seen.ok if seen.http_status in (200, 403, 404, 410) else None

    def batch(self) -> None:
        """One quiet DeleteObjects for all that is left, its per-key errors read (Mastodon never looks at them)."""
        session = self._session
        alone = self._media.entry if self._media else None
        left = session.ledger.remaining()
        entries = [e for e in left if e.upload_id is None and e.written and e is not alone]
        real = bool(entries)
        entries = entries or [self._never_written("never-written-3.png")]
        refused: dict[str, str] = {}

        def judge(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
            body = error(answer.body)
            if outcome_of(answer, body) is not Outcome.OK:
                return None, {}
            errors = delete_errors(answer.body)
            refused.update({key: code or message for key, code, message in errors})
            if not refused:
                return None, {}
            codes = sorted(set(refused.values()))
            outcome = Outcome.DENIED if codes == ["AccessDenied"] else Outcome.WRONG
            return outcome, {
                "per-key-errors": str(len(refused)),
                "per-key-code": ", ".join(codes),
                "per-key-message": errors[0][2],
            }

        call = session.world.wire.batch_delete([entry.key for entry in entries])
        seen, _answer = session.ask("batch-delete", call, judge)
        if not seen.ok or not real:
            return
        kept: list[str] = []

        def check(number: int, entry: Entry) -> None:
            if self.gone(entry, f"try-batch-gone-{number}") is False:
                kept.append(entry.key)

        session.parallel(
            Step(entry.key, lambda n=number, e=entry: check(n, e))  # type: ignore[misc]  # lambda defaults
            for number, entry in enumerate(entries)
        )
        if kept:
            session.book.add(replace(seen, outcome=Outcome.WRONG, facts={**seen.facts, "gone": "no"}))


def first_objects(found: Foundation) -> Kept:
    """The uploads of the foundation by the part they play: ``media`` is Mastodon's own form."""
    kept: Kept = {}
    if found.with_acl:
        kept["media"] = found.with_acl
        if found.without_acl:
            kept["plain"] = found.without_acl
    elif found.without_acl:
        kept["media"] = found.without_acl
    return kept
