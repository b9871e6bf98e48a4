"""``S3_KEY_PREFIX`` and those who may not know of it: the same file, written or asked for without the prefix."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.probe.own_files import WITHOUT_PREFIX
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.visitor import Visitor
from s3probe.settings.mastodon import public_url


def without_prefix(session: Session, visitor: Visitor, stored_objects: StoredObjects) -> Iterator[Step]:
    """Tries keys without the prefix: a key, a policy or a proxy may allow only these."""
    if not session.conditions.settings.key_prefix.strip("/"):
        return
    upload, seen = session.book.get(ActionId.PUT_WITHOUT_ACL), session.book.get(ActionId.PUBLIC_GET)
    media = stored_objects.get("media")
    refused = upload is not None and upload.outcome is Outcome.DENIED
    closed = media is not None and seen is not None and _closed(seen)
    if closed and media is not None:
        yield Step(Experiment.PUBLIC_ADDRESS_WITHOUT_PREFIX, lambda: _asked_without(session, visitor, media))
    if refused or closed:
        yield Step(Experiment.PUT_WITHOUT_PREFIX, lambda: _written_without(session, visitor, look=closed))


def _closed(seen: Observation) -> bool:
    return seen.failed and seen.http_status in (401, 403, 404)


def _asked_without(session: Session, visitor: Visitor, media: Stored) -> None:
    """A proxy that adds the prefix by itself shows the file at the address without it."""
    settings = session.conditions.settings
    bare = media.key.removeprefix(settings.key_prefix.strip("/")).lstrip("/")
    title = "A visitor can see the picture when the address leaves the prefix out"
    visitor.fetch_on_a_page(Experiment.PUBLIC_ADDRESS_WITHOUT_PREFIX, public_url(settings, bare), media, title)


def _written_without(session: Session, visitor: Visitor, *, look: bool) -> None:
    """A file of ours at the top of the bucket, where a policy that forgot the prefix allows it."""
    entry, body = session.mint(WITHOUT_PREFIX), WITHOUT_PREFIX.body(session.run_id)
    acl = WITHOUT_PREFIX.acl_under(session.conditions.settings)
    title = "A file can be uploaded without the prefix"
    call = session.conditions.wire.put_object(entry.key, body, WITHOUT_PREFIX.kind, acl=acl)
    seen, _answer = session.ask(Experiment.PUT_WITHOUT_PREFIX, call, title=title, told=session.noting(entry))
    if seen.ok and look:
        stored = Stored(entry, body, WITHOUT_PREFIX.kind)
        title = "A visitor can see a picture that was uploaded without the prefix"
        visitor.fetch_on_a_page(
            Experiment.PUBLIC_WITHOUT_PREFIX, public_url(session.conditions.settings, entry.key), stored, title
        )
