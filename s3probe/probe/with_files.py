"""All that is asked once a file can be stored: side by side, with its deletion as early as nothing needs it."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.vocabulary import (
    ARCHIVE_VISIT,
    CLOSED_FOLDERS,
    EARLY_DELETION,
    FOLDERS_LEFT,
    QUESTIONS,
    STRANGERS_ELSEWHERE,
    ActionId,
    Experiment,
)
from s3probe.probe import absent_files, experiments
from s3probe.probe.account import what_the_key_may
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.deleting import Deleting
from s3probe.probe.folders import all_other_folders, other_folders
from s3probe.probe.followups import follow_ups
from s3probe.probe.foundation import Foundation, FoundationSearch
from s3probe.probe.old_media import old_media
from s3probe.probe.privilege import more_than_needed
from s3probe.probe.reading import read_back, read_missing
from s3probe.probe.releases import next_release
from s3probe.probe.rounds import Rounds
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.probe.stored_objects import first_objects
from s3probe.probe.suspension import HIDDEN_AND_SHOWN, suspend_and_restore
from s3probe.probe.uploads import LargeUpload, archives
from s3probe.probe.versions import what_becomes_of_them
from s3probe.probe.visitor import Visitor
from s3probe.records import replace


class WithFiles:
    """The longest part of a run. ``found``: how files can be stored, as ``search`` has found out."""

    def __init__(
        self,
        session: Session,
        rounds: Rounds,
        conditions_maker: ConditionsMaker,
        search: FoundationSearch,
        found: Foundation,
    ) -> None:
        self._session = session
        self._rounds = rounds
        self._conditions_maker = conditions_maker
        self._search = search
        self._found = found
        self._stored = first_objects(found)
        self._visitor = Visitor(session)
        self._deleting = Deleting(session, self._stored, conditions_maker)

    def ask(self) -> None:
        """From the first look at a file to the last deletion that is an action of Mastodon's."""
        session = self._session
        second = self._rounds.wanted(self._suspension())
        looks = self._rounds.wanted([*self._side_by_side(), *old_media(session, self._found)])
        # the longest chains first: not all can begin at once
        early = self._early_deletion(second, looks) if second else []
        self._rounds.ask_all([*second, *looks, *early])
        self._deleting.trust()
        session.client.expect_nothing()
        if session.book.get(ActionId.PUT_ACL_PRIVATE) is None:
            # without a second file, what visitors have looked at is hidden from them
            visits = self._visitor.fetch_hidden, self._visitor.fetch_restored
            self._rounds.ask(suspend_and_restore(session, self._stored, *visits))
        self._rounds.ask_all(follow_ups(session, self._conditions_maker, self._stored, self._visitor))
        if session.book.get(ActionId.DELETE) is None:
            self._delete()

    def _side_by_side(self) -> list[Step]:
        session = self._session
        media = self._stored.get("media")
        large = LargeUpload(session, self._stored)
        steps = [*large.steps(), *self._visitor.first_visit(self._stored)]
        steps += read_back(session, media) if media else read_missing(session)
        steps += archives(session, self._stored)
        steps += other_folders(session, self._stored)
        steps += all_other_folders(session)
        steps += next_release(self._conditions_maker, session)
        steps += self._visitor.other_files(self._stored, large)
        steps += self._visitor.privacy()
        steps += self._visitor.writing()
        steps += more_than_needed(session)
        steps += experiments.large_bodies(session)
        before = (ActionId.ARCHIVE_PUT, ActionId.PUBLIC_GET)
        steps.append(Step(ARCHIVE_VISIT, lambda: session.parallel(self._visitor.archive(self._stored)), before))
        return steps

    def _suspension(self) -> list[Step]:
        """On a second file, where that could wait until now."""
        if "media" not in self._stored or self._session.book.get(ActionId.PUT_WITHOUT_ACL) is not None:
            return []
        visits = self._visitor.fetch_hidden, self._visitor.fetch_restored
        upload = Step(ActionId.PUT_WITHOUT_ACL, self._second_file)
        return [upload, *suspend_and_restore(self._session, self._stored, *visits, kind="plain")]

    def _second_file(self) -> None:
        """One without an ACL, beside the one that visitors look at."""
        if (stored := self._search.plain()) is not None:
            self._stored["plain"] = stored

    def _early_deletion(self, second: list[Step], looks: list[Step]) -> list[Step]:
        """Deletes what nobody looks at any more while the second file is still hidden and shown again.

        Only where nothing that was seen raises a question, and both deletions are asked for. It takes a request more,
        which a thorough run has no room for.
        """
        session = self._session
        names = {step.name for step in second}
        wanted = all(map(session.wanted, (*HIDDEN_AND_SHOWN, ActionId.DELETE, ActionId.BATCH_DELETE)))
        if session.thorough or not wanted:
            return []
        session.client.expect(HIDDEN_AND_SHOWN)

        def look() -> None:
            # what the second file meets meanwhile raises no question about the others, but who answers
            raised = {step.name for step in follow_ups(session, self._conditions_maker, self._stored, self._visitor)}
            raised -= {Experiment.WHO_ANSWERS, Experiment.WHO_ANSWERS_API}
            plain = self._stored.get("plain")
            others = (row for row in session.book.rows() if row.id not in names)
            failed = any(row.failed and not row.id.is_experiment for row in others)
            if plain is not None and not raised and not failed:
                self._deleting.keep(plain)
                session.client.expect([Experiment.DELETE_SECOND])

        def delete() -> None:
            if self._deleting.keeps_one:
                self._delete()

        begun = (ActionId.PUT_WITHOUT_ACL, ActionId.PUT_ACL_PRIVATE)
        return [
            Step(QUESTIONS, look, (*(step.name for step in looks), *begun)),
            Step(EARLY_DELETION, delete, (QUESTIONS,)),
            Step(Experiment.DELETE_SECOND, self._deleting.second, (QUESTIONS, *names)),
        ]

    def _delete(self) -> None:
        session = self._session
        steps = self._rounds.wanted([*self._deleting.steps(), *self._visitor.after_deletion(self._stored)])
        # rules that no file tells of are asked for once all is deleted
        asked_then = [step.name for step in what_becomes_of_them(session, None)]
        session.client.expect([*(step.name for step in steps), *asked_then, Experiment.BATCH_GONE])
        self._rounds.ask([*steps, *self._while_there_is_room()])
        self._visitor.whether_it_was_deleted()
        self._rounds.ask(what_becomes_of_them(self._session, self._deleting.deleted))
        self._rounds.ask(what_the_key_may(self._session))

    def _while_there_is_room(self) -> Iterator[Step]:
        """What is cut short where the run would grow too large.

        Who may write anywhere harms most; one folder of those that are left out is looked at before, where that takes a
        single request.
        """
        missing = self._session.book.get(ActionId.PUBLIC_MISSING)
        first = [*self._visitor.closed_folders(absent_files.FOLDERS[:1])] if missing is not None and missing.ran else []
        yield from first
        yield from (replace(step, after=(CLOSED_FOLDERS,)) for step in self._visitor.writing_elsewhere())
        for step in self._visitor.closed_folders(absent_files.FOLDERS):
            yield replace(step, name=FOLDERS_LEFT, after=(CLOSED_FOLDERS, STRANGERS_ELSEWHERE))
