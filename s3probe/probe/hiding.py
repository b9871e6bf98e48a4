"""What a suspension does to files, and its end: the ACL set to private and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, Header, ObservationId
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.storage import NOTHING_WRITTEN, Kept

Look = Callable[[ObservationId, Stored], Observation | None]
"""A visitor's look at a file, written down under an action id."""


def hiding(session: Session, kept: Kept, look_at_hidden: Look, look_at_restored: Look) -> Iterator[Step]:
    """What update_media_attachments_permissions_service.rb does for a suspension, and back."""
    acl = session.world.settings.acl
    stored = kept.get("plain") or kept.get("media")
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
    wire, key = session.world.wire, stored.key

    def see() -> None:
        hidden = session.book.get(ActionId.PUT_ACL_PRIVATE)
        if hidden is None or not hidden.ok:
            session.skip(ActionId.SUSPENDED_PUBLIC_GET, "the ACL could not be changed")
        else:
            look_at_hidden(ActionId.SUSPENDED_PUBLIC_GET, stored)

    def intact(answer: Answer) -> tuple[Outcome | None, Facts]:
        length = answer.headers.get(Header.CONTENT_LENGTH, "")
        if answer.status == 200 and length != str(len(stored.body)):
            return Outcome.WRONG, {Fact.LENGTH: length or "none"}
        return None, {}

    yield Step(ActionId.PUT_ACL_PRIVATE, lambda: session.ask(ActionId.PUT_ACL_PRIVATE, wire.put_acl(key, "private")))
    yield Step(ActionId.SUSPENDED_PUBLIC_GET, see, after=(ActionId.PUT_ACL_PRIVATE,))
    yield Step(
        ActionId.PUT_ACL_RESTORE,
        lambda: session.ask(ActionId.PUT_ACL_RESTORE, wire.put_acl(key, acl)),
        (ActionId.SUSPENDED_PUBLIC_GET,),
    )
    yield Step(
        ActionId.RESTORED_PUBLIC_GET,
        lambda: _come_back(session, stored, look_at_restored),
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


def _come_back(session: Session, stored: Stored, look: Look) -> None:
    seen, restored = session.book.get(ActionId.PUBLIC_GET), session.book.get(ActionId.PUT_ACL_RESTORE)
    if seen is None or not seen.ok:
        session.skip(ActionId.RESTORED_PUBLIC_GET, "the picture could not be fetched before either")
    elif restored is None or not restored.ok:
        session.skip(ActionId.RESTORED_PUBLIC_GET, "the ACL could not be set back")
    else:
        look(ActionId.RESTORED_PUBLIC_GET, stored)
