"""Single and batch deletion as Mastodon does them, and the proof that it worked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, ObservationId
from s3probe.probe.classify import outcome_of
from s3probe.probe.exchange import Answer
from s3probe.probe.ledger import LedgerEntry
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.xml import delete_errors, error
from s3probe.settings.keys import MEDIA


class Deleting:
    """Single and batch deletion as Mastodon does them, and the proof that it worked."""

    def __init__(self, session: Session, stored_objects: StoredObjects) -> None:
        self._session = session
        self._media = stored_objects.get("media")
        self._archive = stored_objects.get("archive")

    @property
    def deleted(self) -> LedgerEntry | None:
        """What went alone."""
        return self._media.entry if self._media else None

    def steps(self) -> Iterator[Step]:
        """One object goes alone, all others together."""
        yield Step(ActionId.DELETE, self.single)
        # gateways to a file system trip over two deletions at the same moment in one folder, which only a probe makes
        yield Step(ActionId.BATCH_DELETE, self.batch, after=(ActionId.DELETE,))
        listed = self._session.book.get(ActionId.LIST)
        if listed is not None and listed.outcome is Outcome.DENIED:
            yield Step(Experiment.DELETE_VERSION, self.version)

    def version(self) -> None:
        """Deletes the version ``null`` of a key that never was, which takes a right of its own: s3:DeleteObjectVersion.

        Mastodon never names a version: a key that may was given everything on objects.
        """
        entry = self._never_written("never-written-4.png")
        call = self._session.conditions.wire.delete(entry.key, version_id="null")
        self._session.ask(Experiment.DELETE_VERSION, call, title="The key may name versions, which Mastodon never does")

    def _never_written(self, name: str) -> LedgerEntry:
        session = self._session
        entry = session.ledger.mint(session.conditions.wire, MEDIA, name)
        session.ledger.settle(entry, written=False)
        return entry

    def single(self) -> None:
        """DELETE (kt-paperclip ``flush_deletes``), then HEAD. The HEAD before it (``exists?``) was ``head``."""
        session = self._session
        stored = self._media
        entry = stored.entry if stored else self._never_written("never-written-2.png")
        wire = session.conditions.wire
        seen, _answer = session.ask(ActionId.DELETE, wire.delete(entry.key), proof=wire.head(entry.key))
        if seen.ok and stored:
            gone = self.gone(entry, Experiment.DELETE_GONE)
            facts = {**seen.facts, Fact.GONE: "yes" if gone else "no"}
            outcome = Outcome.OK if gone is not False else Outcome.WRONG
            session.book.add(replace(seen, outcome=outcome, facts=facts))

    def gone(self, entry: LedgerEntry, action_id: ObservationId) -> bool | None:
        """Whether a HEAD no longer finds the key; ``None`` when the answer does not tell."""
        session = self._session

        def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
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
        alone = self.deleted
        left = session.ledger.remaining()
        entries = [e for e in left if e.upload_id is None and e.written and e is not alone]
        # the private one goes last: a store that stops on its way is found out there
        entries.sort(key=lambda entry: self._archive is not None and entry is self._archive.entry)
        real = bool(entries)
        entries = entries or [self._never_written("never-written-3.png")]
        refused: dict[str, str] = {}

        def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
            body = error(answer.body)
            if outcome_of(answer, body) is not Outcome.OK:
                return None, {}
            errors = delete_errors(answer.body)
            refused.update({key: code or message for key, code, message in errors})
            if not refused:
                return None, {}
            codes = sorted(set(refused.values()))
            outcome = Outcome.DENIED if codes == ["AccessDenied"] else Outcome.WRONG
            return outcome, {Fact.PER_KEY_ERRORS: str(len(refused)), Fact.PER_KEY_CODE: ", ".join(codes)}

        call = session.conditions.wire.batch_delete([entry.key for entry in entries])
        seen, _answer = session.ask(ActionId.BATCH_DELETE, call, judge)
        if not seen.ok or not real:
            return
        gone = self.gone(entries[-1], Experiment.BATCH_GONE)
        if gone is False:
            session.book.add(replace(seen, outcome=Outcome.WRONG, facts={**seen.facts, Fact.GONE: "no"}))
        elif gone and not session.ledger.keeps_versions():
            # of what is not marked here the clean-up makes sure, one by one
            session.ledger.mark_removed(entries)
