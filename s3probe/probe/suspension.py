"""What a suspension does to files, and its end: the ACL set to private and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, Header, ObservationId
from s3probe.probe.exchange import Answer
from s3probe.probe.own_files import PICTURE, PLAIN_AGAIN
from s3probe.probe.schedule import Step
from s3probe.probe.session import Judge, Session, Stored
from s3probe.probe.stored_objects import NOTHING_WRITTEN, StoredKind, StoredObjects
from s3probe.records import replace

HIDDEN_AND_SHOWN = (
    ActionId.PUT_ACL_PRIVATE,
    ActionId.SUSPENDED_PUBLIC_GET,
    ActionId.PUT_ACL_RESTORE,
    ActionId.RESTORED_PUBLIC_GET,
)
"""What is done to the file, in this order."""
VisitorFetch = Callable[[ObservationId, Stored], Observation | None]
"""Fetches a file as a visitor, and writes that down under an action id."""


def suspend_and_restore(
    session: Session,
    stored_objects: StoredObjects,
    fetch_hidden: VisitorFetch,
    fetch_restored: VisitorFetch,
    kind: StoredKind = "media",
) -> Iterator[Step]:
    """What update_media_attachments_permissions_service.rb does for a suspension, and back.

    To ``plain``, which is uploaded at the same time, or not at all where that fails; or to ``media``, which must be
    there, and which visitors must have seen.
    """
    acl = session.conditions.settings.acl
    if acl is None or (kind == "media" and "media" not in stored_objects):
        why = "S3_PERMISSION is empty, so Mastodon changes no ACL" if acl is None else NOTHING_WRITTEN
        for action_id in HIDDEN_AND_SHOWN:
            session.skip(action_id, why)
        return
    wire = session.conditions.wire

    def to_it(work: Callable[[Stored], object]) -> Callable[[], None]:
        def done() -> None:
            if (stored := stored_objects.get(kind)) is not None:
                work(stored)

        return done

    def visit_hidden(stored: Stored) -> None:
        hidden = session.book.get(ActionId.PUT_ACL_PRIVATE)
        if hidden is None or not hidden.ok:
            session.skip(ActionId.SUSPENDED_PUBLIC_GET, "the ACL could not be changed")
        else:
            fetch_hidden(ActionId.SUSPENDED_PUBLIC_GET, stored)

    def hide(stored: Stored) -> None:
        session.ask(ActionId.PUT_ACL_PRIVATE, wire.put_acl(stored.key, "private"))

    def restore(stored: Stored) -> None:
        session.ask(ActionId.PUT_ACL_RESTORE, wire.put_acl(stored.key, acl))

    def show(stored: Stored) -> None:
        _fetch_restored(session, stored, fetch_restored)

    title = "A file is intact after its ACL was changed"

    def read_back(stored: Stored) -> None:
        hidden, shown = session.book.get(ActionId.SUSPENDED_PUBLIC_GET), session.book.get(ActionId.RESTORED_PUBLIC_GET)
        if shown is not None and shown.ok and hidden is not None and hidden.ok:
            # a visitor has just got the very bytes, and no cache can have had them before
            session.book.add(replace(shown, id=Experiment.ACL_READ_BACK, title=title))
        else:
            session.ask(Experiment.ACL_READ_BACK, wire.head(stored.key), intact(stored), title=title)

    first = (ActionId.PUT_WITHOUT_ACL,) if kind == "plain" else ()
    yield Step(ActionId.PUT_ACL_PRIVATE, to_it(hide), first)
    yield Step(ActionId.SUSPENDED_PUBLIC_GET, to_it(visit_hidden), (ActionId.PUT_ACL_PRIVATE,))
    yield Step(ActionId.PUT_ACL_RESTORE, to_it(restore), (ActionId.SUSPENDED_PUBLIC_GET,))
    yield Step(ActionId.RESTORED_PUBLIC_GET, to_it(show), (ActionId.PUT_ACL_RESTORE, ActionId.PUBLIC_GET))
    yield Step(Experiment.ACL_READ_BACK, to_it(read_back), (ActionId.RESTORED_PUBLIC_GET,))
    again = (Experiment.ACL_READ_BACK,)
    yield Step(Experiment.PUT_PLAIN_AGAIN, to_it(lambda _stored: _shown_without_acl(session, fetch_restored)), again)


def intact(stored: Stored) -> Judge:
    """Judges a HEAD of a picture of ours: its length and its type are what they were."""

    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        length = answer.headers.get(Header.CONTENT_LENGTH, "")
        kind = answer.headers.get(Header.CONTENT_TYPE, "").partition(";")[0]
        if answer.status == 200 and length != str(len(stored.body)):
            return Outcome.WRONG, {Fact.LENGTH: length or "none"}
        if answer.status == 200 and kind != PICTURE:
            return Outcome.WRONG, {Fact.CONTENT_TYPE: kind or "none"}
        return None, {}

    return judge


def _shown_without_acl(session: Session, fetch: VisitorFetch) -> None:
    """Where a change of the ACL spoils files, Mastodon must send none: whether visitors see files without one."""
    seen, first = session.book.get(Experiment.ACL_READ_BACK), session.book.get(ActionId.PUBLIC_GET)
    spoilt = seen is not None and bool({Fact.LENGTH, Fact.CONTENT_TYPE} & set(seen.facts))
    if not spoilt or first is None or not first.ok:
        return
    title = "Another file can be uploaded without an ACL"
    _, stored = session.put(Experiment.PUT_PLAIN_AGAIN, PLAIN_AGAIN, title=title)
    if stored is not None:
        fetch(Experiment.PUBLIC_WITHOUT_ACL, stored)


def _fetch_restored(session: Session, stored: Stored, fetch: VisitorFetch) -> None:
    seen, restored = session.book.get(ActionId.PUBLIC_GET), session.book.get(ActionId.PUT_ACL_RESTORE)
    if seen is None or not seen.ok:
        session.skip(ActionId.RESTORED_PUBLIC_GET, "the picture could not be fetched before either")
    elif restored is None or not restored.ok:
        session.skip(ActionId.RESTORED_PUBLIC_GET, "the ACL could not be set back")
    else:
        fetch(ActionId.RESTORED_PUBLIC_GET, stored)
