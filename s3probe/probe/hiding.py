"""What a suspension does to files, and its end: the ACL set to private and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from s3probe.probe.evidence import Observation, Outcome
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.storage import NOTHING_WRITTEN, Kept

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
