"""Archives and large files: the link that Mastodon signs, and multipart uploads finished and abandoned."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Facts, ObservationId
from s3probe.probe import own_files
from s3probe.probe.bodies import Part, part_of
from s3probe.probe.classify import is_whole, may_pass
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import same_bytes
from s3probe.probe.ledger import LedgerEntry, made_nothing
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored, taken
from s3probe.probe.stored_objects import NOTHING_WRITTEN, StoredObjects
from s3probe.probe.xml import error
from s3probe.probe.xml import upload_id as given_upload_id
from s3probe.records import replace


def archives(session: Session, stored_objects: StoredObjects) -> Iterator[Step]:
    """The archive that backup_service.rb uploads, and the link to it that backups_controller.rb signs."""

    def put() -> None:
        _seen, stored = session.put(ActionId.ARCHIVE_PUT, own_files.OWN_ARCHIVE)
        if stored:
            stored_objects["archive"] = stored

    def presigned() -> None:
        stored = stored_objects.get("archive") or stored_objects.get("media")
        if stored is None:
            session.skip(ActionId.PRESIGNED_GET, NOTHING_WRITTEN)
            return
        call = session.conditions.wire.presigned_get(stored.key, 3600)
        session.ask(ActionId.PRESIGNED_GET, call, same_bytes(stored.body))

    yield Step(ActionId.ARCHIVE_PUT, put)
    yield Step(ActionId.PRESIGNED_GET, presigned, after=(ActionId.ARCHIVE_PUT,))


class LargeUpload:
    """A multipart upload that is finished, and one that is abandoned."""

    def __init__(self, session: Session, stored_objects: StoredObjects) -> None:
        self._session = session
        self._stored_objects = stored_objects
        self._entry: LedgerEntry | None = None
        self._upload: LedgerEntry | None = None
        self._part: Part | None = None
        self._body = b""

    def steps(self) -> Iterator[Step]:
        yield Step(ActionId.MULTIPART_CREATE, self._create)
        yield Step(ActionId.MULTIPART_PART, self._send_part, after=(ActionId.MULTIPART_CREATE,))
        # a visitor may have to ask for the file before it is there
        yield Step(
            ActionId.MULTIPART_COMPLETE, self._complete, after=(ActionId.MULTIPART_PART, ActionId.PUBLIC_MISSING)
        )
        yield Step(ActionId.MULTIPART_ABORT, self._abort, after=(ActionId.MULTIPART_CREATE,))

    @property
    def key(self) -> str | None:
        """The key of the upload that will be finished, once it is begun."""
        return self._entry.key if self._entry is not None and self._upload is not None else None

    def _begin(
        self, action_id: ObservationId, file: own_files.OwnFile, title: str | None = None
    ) -> tuple[LedgerEntry, LedgerEntry | None]:
        session = self._session
        entry = session.mint(file)
        session.ledger.settle(entry, written=False)  # an upload begun is no object yet
        upload = session.ledger.upload(entry)
        acl = file.acl_under(session.conditions.settings)
        call = session.conditions.wire.create_multipart(entry.key, file.kind, acl=acl)

        in_doubt = False

        def told(answer: Answer | None) -> None:
            nonlocal upload, in_doubt
            given = given_upload_id(answer.body) if answer is not None and taken(answer) else ""
            if given and in_doubt:
                # an attempt before may have begun one too, whose id nobody told
                upload = session.ledger.upload(entry)
            if given:
                session.ledger.begun(upload, given)
            else:
                session.ledger.answered(upload, answer, written=False)
                in_doubt = in_doubt or (answer is not None and not made_nothing(answer))

        seen, _answer = session.ask(action_id, call, title=title, told=told)
        given = upload.upload_id if seen.ok else ""
        if seen.ok and not given:
            session.book.add(replace(seen, outcome=Outcome.WRONG, message="the answer held no upload id"))
        return entry, upload if given else None

    def _create(self) -> None:
        # where copies from other servers lie, as most of a bucket's files do
        self._entry, self._upload = self._begin(ActionId.MULTIPART_CREATE, own_files.FINISHED)

    def _send_part(self) -> None:
        session = self._session
        if self._upload is None or self._entry is None:
            session.skip(ActionId.MULTIPART_PART, "no large upload could be begun")
            return
        body = own_files.FINISHED.body(session.run_id)
        call = session.conditions.wire.upload_part(self._entry.key, self._upload.upload_id or "", 1, body)
        seen, answer = session.ask(ActionId.MULTIPART_PART, call)
        if answer is not None and seen.ok:
            self._part = part_of(1, answer)
            self._body = body

    def _complete(self) -> None:
        session = self._session
        if self._part is None or self._upload is None or self._entry is None:
            session.skip(ActionId.MULTIPART_COMPLETE, "no part could be uploaded")
            return
        wire = session.conditions.wire
        upload_id = self._upload.upload_id or ""
        call = wire.complete_multipart(self._entry.key, upload_id, (self._part,), len(self._body))

        told, proof = session.noting(self._entry, finished), wire.head(self._entry.key)
        seen, answer = session.ask(ActionId.MULTIPART_COMPLETE, call, judge_finished, told=told, proof=proof)
        if seen.ok:
            session.ledger.settle(self._entry, written=True)
            # whoever says something else may not be the storage: the clean-up looks whether the upload is still there
            if answer is not None and is_whole(answer, "CompleteMultipartUploadResult"):
                session.ledger.mark_removed([self._upload])
            self._stored_objects["large"] = Stored(self._entry, self._body, own_files.FINISHED.kind)

    def _abort(self) -> None:
        session = self._session
        begun = session.book.get(ActionId.MULTIPART_CREATE)
        # a folder of its own may be what was refused: the second upload goes where media go
        refused = begun is not None and begun.outcome is Outcome.DENIED
        if self._upload is None and not refused:
            self._abort_nothing()
            return
        title = "A second large upload can be begun"
        entry, upload = self._begin(Experiment.MULTIPART_SECOND, own_files.ABANDONED, title)
        if upload is None and refused:
            self._abort_nothing()
            return
        if upload is None:
            session.skip(ActionId.MULTIPART_ABORT, "no second large upload could be begun")
            return
        wire = session.conditions.wire
        call = wire.abort_multipart(entry.key, upload.upload_id or "")
        seen, _answer = session.ask(ActionId.MULTIPART_ABORT, call, proof=wire.head(entry.key))
        if seen.ok:
            session.ledger.mark_removed([upload])

    def _abort_nothing(self) -> None:
        """An upload id that never was: NoSuchUpload proves the right, AccessDenied its absence."""
        session = self._session
        entry = session.mint(own_files.NEVER_BEGUN)
        session.ledger.settle(entry, written=False)
        call = session.conditions.wire.abort_multipart(entry.key, "s3probe-no-such-upload")
        session.ask(ActionId.MULTIPART_ABORT, call, _absent_is_fine)


def finished(answer: Answer) -> bool:
    """Whether it is done: S3 may answer 200 and report an error in the body (AWS, CompleteMultipartUpload)."""
    return answer.status == 200 and error(answer.body) is None


def judge_finished(answer: Answer) -> tuple[Outcome | None, Facts]:
    """Judges an operation that may answer 200 and report an error in the body."""
    if answer.status != 200 or finished(answer):
        return None, {}
    return (Outcome.UNKNOWN if may_pass(answer) else Outcome.REJECTED), {}


def _absent_is_fine(answer: Answer) -> tuple[Outcome | None, Facts]:
    body = error(answer.body)
    missing = answer.status == 404 and (body is None or body.code in ("NoSuchUpload", "NoSuchKey", ""))
    return (Outcome.OK if missing else None), {}
