"""What a suspension does to files, and its end: the ACL set to private and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, Header, ObservationId
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.stored_objects import NOTHING_WRITTEN, StoredObjects

VisitorFetch = Callable[[ObservationId, Stored], Observation | None]
"""Fetches a file as a visitor, and writes that down under an action id."""


def suspend_and_restore(
    session: Session, stored_objects: StoredObjects, fetch_hidden: VisitorFetch, fetch_restored: VisitorFetch
) -> Iterator[Step]:
    """What update_media_attachments_permissions_service.rb does for a suspension, and back."""
    acl = session.conditions.settings.acl
    stored = stored_objects.get("plain") or stored_objects.get("media")
    if acl is None or stored is None:
        why = "S3_PERMISSION is empty, so Mastodon changes no ACL" if acl is None else NOTHING_WRITTEN
        for action_id in (
            ActionId.PUT_ACL_PRIVATE,
            ActionId.PUT_ACL_RESTORE,
            ActionId.SUSPENDED_PUBLIC_GET,
            ActionId.RESTORED_PUBLIC_GET,
        ):
            session.skip(action_id, why)
        return
    wire, key = session.conditions.wire, stored.key

    def visit_hidden() -> None:
        hidden = session.book.get(ActionId.PUT_ACL_PRIVATE)
        if hidden is None or not hidden.ok:
            session.skip(ActionId.SUSPENDED_PUBLIC_GET, "the ACL could not be changed")
        else:
            fetch_hidden(ActionId.SUSPENDED_PUBLIC_GET, stored)

    def intact(answer: Answer) -> tuple[Outcome | None, Facts]:
        length = answer.headers.get(Header.CONTENT_LENGTH, "")
        if answer.status == 200 and length != str(len(stored.body)):
            return Outcome.WRONG, {Fact.LENGTH: length or "none"}
        return None, {}

    yield Step(ActionId.PUT_ACL_PRIVATE, lambda: session.ask(ActionId.PUT_ACL_PRIVATE, wire.put_acl(key, "private")))
    yield Step(ActionId.SUSPENDED_PUBLIC_GET, visit_hidden, after=(ActionId.PUT_ACL_PRIVATE,))
    yield Step(
        ActionId.PUT_ACL_RESTORE,
        lambda: session.ask(ActionId.PUT_ACL_RESTORE, wire.put_acl(key, acl)),
        (ActionId.SUSPENDED_PUBLIC_GET,),
    )
    yield Step(
        ActionId.RESTORED_PUBLIC_GET,
        lambda: _fetch_restored(session, stored, fetch_restored),
        (ActionId.PUT_ACL_RESTORE, ActionId.PUBLIC_GET),
    )
    title = "A file is intact after its ACL was changed"

    def read_back() -> None:
        hidden, shown = session.book.get(ActionId.SUSPENDED_PUBLIC_GET), session.book.get(ActionId.RESTORED_PUBLIC_GET)
        if shown is not None and shown.ok and hidden is not None and hidden.ok:
            # a visitor has just got the very bytes, and no cache can have had them before
            session.book.add(replace(shown, id=Experiment.ACL_READ_BACK, title=title))
        else:
            session.ask(Experiment.ACL_READ_BACK, wire.head(key), intact, title=title)

    yield Step(Experiment.ACL_READ_BACK, read_back, (ActionId.RESTORED_PUBLIC_GET,))


def _fetch_restored(session: Session, stored: Stored, fetch: VisitorFetch) -> None:
    seen, restored = session.book.get(ActionId.PUBLIC_GET), session.book.get(ActionId.PUT_ACL_RESTORE)
    if seen is None or not seen.ok:
        session.skip(ActionId.RESTORED_PUBLIC_GET, "the picture could not be fetched before either")
    elif restored is None or not restored.ok:
        session.skip(ActionId.RESTORED_PUBLIC_GET, "the ACL could not be set back")
    else:
        fetch(ActionId.RESTORED_PUBLIC_GET, stored)
