"""Single and batch deletion as Mastodon does them, and the proof that it worked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, ObservationId
from s3probe.hindrance import HinderedError
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.probe import own_files
from s3probe.probe.classify import outcome_of
from s3probe.probe.client import NotSentError
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.exchange import Answer
from s3probe.probe.headers import batch_with_md5
from s3probe.probe.ledger import LedgerEntry
from s3probe.probe.schedule import Step
from s3probe.probe.session import ABSENT, Session, Stored
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.xml import delete_errors, error
from s3probe.records import replace

_SOON = 0.05
"""Seconds after a DELETE: a storage nearby has answered, one far away is about to do what it says."""
_GONE = "The deleted file is gone"


class Deleting:
    """Single and batch deletion as Mastodon does them, and the proof that it worked."""

    def __init__(
        self, session: Session, stored_objects: StoredObjects, conditions_maker: ConditionsMaker | None = None
    ) -> None:
        self._session = session
        self._conditions_maker = conditions_maker
        self._stored_objects = stored_objects
        self._second: LedgerEntry | None = None
        self._one_at_a_time = threading.Lock()
        self._answered = threading.Event()

    @property
    def deleted(self) -> LedgerEntry | None:
        """What went alone."""
        media = self._stored_objects.get("media")
        return media.entry if media else None

    def steps(self) -> Iterator[Step]:
        """One object goes alone, all others together."""
        yield Step(ActionId.DELETE, self.alone)
        yield Step(Experiment.DELETE_GONE, self.look, after=(ActionId.DELETE,))
        yield Step(ActionId.BATCH_DELETE, self.batch, after=(ActionId.DELETE,) if self._in_one_folder() else ())
        listed = self._session.book.get(ActionId.LIST)
        if listed is not None and listed.outcome is Outcome.DENIED:
            yield Step(Experiment.DELETE_VERSION, self.version)

    def keep(self, stored: Stored) -> None:
        """Leaves a file that is still in use to :meth:`second`."""
        self._second = stored.entry

    @property
    def keeps_one(self) -> bool:
        """Whether any file is left to :meth:`second`."""
        return self._second is not None

    def second(self) -> None:
        """Deletes the file that was still in use, by a request like the one that is looked after."""
        if (entry := self._second) is not None:
            call, proof = entry.wire.delete(entry.key), entry.wire.head(entry.key)
            with self._one_at_a_time:
                self._session.ask(Experiment.DELETE_SECOND, call, proof=proof, title="The second file can be deleted")

    def trust(self) -> None:
        """Takes the second file for gone where it got the answer of the first, which is. Else the clean-up looks."""
        first, again = (self._session.book.get(name) for name in (ActionId.DELETE, Experiment.DELETE_SECOND))
        proved = first is not None and first.ok and first.facts.get(Fact.GONE) == "yes"
        proved = proved and again is not None and again.ok and not self._session.ledger.keeps_versions()
        if self._second is not None and proved:
            self._session.ledger.mark_removed([self._second])

    def _in_one_folder(self) -> bool:
        """Gateways to a file system trip over two deletions in one folder at a time, which only a probe makes."""
        if has_own_hosts(self._session.conditions.settings.api_base) or self.deleted is None:
            return False
        folder = self.deleted.key.rpartition("/")[0]
        return any(entry.key.rpartition("/")[0] == folder for entry in self._together())

    def _together(self) -> list[LedgerEntry]:
        """What goes in one batch: all that is left."""
        left = self._session.ledger.remaining()
        apart = (self.deleted, self._second)
        return [entry for entry in left if entry.upload_id is None and entry.written and entry not in apart]

    def version(self) -> None:
        """Deletes the version ``null`` of a key that never was, which takes a right of its own: s3:DeleteObjectVersion.

        Mastodon never names a version: a key that may was given everything on objects.
        """
        entry = self._never_written(own_files.NO_VERSION)
        call = self._session.conditions.wire.delete(entry.key, version_id="null")
        self._session.ask(Experiment.DELETE_VERSION, call, title="The key may name versions, which Mastodon never does")

    def _never_written(self, file: own_files.OwnFile) -> LedgerEntry:
        session = self._session
        entry = session.mint(file)
        session.ledger.settle(entry, written=False)
        return entry

    def at_once(self) -> Iterator[Step]:
        """DELETE (kt-paperclip ``flush_deletes``), and HEAD. The HEAD before it (``exists?``) was ``head``.

        From far away the HEAD follows before the answer is there: a file that is gone by then is gone.
        """
        yield Step(ActionId.DELETE, self.alone)
        yield Step(Experiment.DELETE_GONE, self._look_soon)

    def alone(self) -> None:
        """Deletes one file by a request of its own."""
        entry = self.deleted or self._never_written(own_files.NOTHING_TO_DELETE)
        wire = self._session.conditions.wire
        try:
            with self._one_at_a_time:
                self._session.ask(ActionId.DELETE, wire.delete(entry.key), proof=wire.head(entry.key))
        finally:
            self._answered.set()

    def _look_soon(self) -> None:
        entry = self.deleted
        early = self._glimpse(entry) if entry is not None and not self._answered.wait(_SOON) else None
        self._answered.wait(max(self._session.remaining(), 0.0))
        self.look(early)

    def _glimpse(self, entry: LedgerEntry) -> Answer | None:
        """The answer to a HEAD that finds the file gone; whatever else it says, it may only have come too soon."""
        with suppress(NotSentError, HinderedError):
            answer = self._session.client.send(entry.wire.head(entry.key), name=Experiment.DELETE_GONE)
            return answer if answer.status in ABSENT else None
        return None

    def look(self, early: Answer | None = None) -> None:
        """Whether that file is gone, where there was one. ``early``: so said a HEAD before the DELETE was answered."""
        session, entry = self._session, self.deleted
        seen = session.book.get(ActionId.DELETE)
        if seen is not None and seen.ok and entry is not None:
            gone = self.gone(entry, Experiment.DELETE_GONE, early)
            facts = {**seen.facts, Fact.GONE: "yes" if gone else "no"}
            outcome = Outcome.OK if gone is not False else Outcome.WRONG
            session.book.add(replace(seen, outcome=outcome, facts=facts))

    def gone(self, entry: LedgerEntry, action_id: ObservationId, early: Answer | None = None) -> bool | None:
        """Whether a HEAD no longer finds the key; ``None`` when the answer does not tell. ``early``: it does not."""
        session = self._session

        def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
            return Outcome.OK if answer.status in ABSENT else Outcome.WRONG if answer.status == 200 else None, {}

        call = entry.wire.head(entry.key)
        if early is not None:
            seen = session.client.observe(action_id, call, early, outcome=Outcome.OK, title=_GONE)
            session.book.add(seen)
        else:
            seen, _answer = session.ask(action_id, call, judge, title=_GONE)
        if seen.outcome is Outcome.WRONG:
            # no cache knows this form of the question, for nobody has asked it before
            past, title = entry.wire.head(entry.key, part_number=2), "The deleted file is gone where no cache answers"
            session.ask(Experiment.HEAD_PAST_CACHES, past, judge, title=title)
        # with versioning on, it is only hidden: the clean-up removes its bytes
        if seen.ok and not session.ledger.keeps_versions():
            session.ledger.mark_removed([entry])
        return seen.ok if seen.http_status in (200, *ABSENT) else None

    def batch(self) -> None:
        """One quiet DeleteObjects for all that is left, its per-key errors read (Mastodon never looks at them)."""
        session = self._session
        entries = self._together()
        # the private one goes last: a store that stops on its way is found out there
        archive = self._stored_objects.get("archive")
        entries.sort(key=lambda entry: archive is not None and entry is archive.entry)
        real = bool(entries)
        entries = entries or [self._never_written(own_files.NOTHING_TO_BATCH)]
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
        if seen.outcome is Outcome.REJECTED and self._conditions_maker is not None:
            # of what is gone by it the clean-up makes sure
            batch_with_md5(session, self._conditions_maker, [entry.key for entry in entries])
        if not seen.ok or not real:
            return
        gone = self.gone(entries[-1], Experiment.BATCH_GONE)
        if gone is False:
            session.book.add(replace(seen, outcome=Outcome.WRONG, facts={**seen.facts, Fact.GONE: "no"}))
        elif gone and not session.ledger.keeps_versions():
            # of what is not marked here the clean-up makes sure, one by one
            session.ledger.mark_removed(entries)
