"""Files of the other folders: avatars, custom emoji, copies from other servers. Each is fetched by its published URL.

Where a policy or a proxy names folders, media may be open and avatars closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import LEFT_OUT, Observation
from s3probe.evidence.vocabulary import OTHER_FOLDERS, ActionId, Experiment, ObservationId, OtherFolder
from s3probe.probe.browser import NOT_FETCHED, origin_of
from s3probe.probe.fetching import fetch
from s3probe.probe.payload import picture
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.uploads import finished, judge_finished
from s3probe.settings.keys import AVATARS, EMOJI
from s3probe.settings.mastodon import object_url, public_url


def other_folders(session: Session, stored_objects: StoredObjects) -> Iterator[Step]:
    """An avatar is uploaded, an emoji is copied from the media file, and a visitor looks at both."""
    yield Step(ActionId.AVATAR_PUT, lambda: _put(session, stored_objects, ActionId.AVATAR_PUT, AVATARS, "avatar"))
    yield Step(Experiment.COPY, lambda: _copy(session, stored_objects))
    yield Step(
        ActionId.PUBLIC_GET_AVATAR,
        lambda: _see_avatar(session, stored_objects),
        (ActionId.AVATAR_PUT, ActionId.PUBLIC_GET),
    )
    yield Step(
        ActionId.PUBLIC_GET_EMOJI, lambda: _see_emoji(session, stored_objects), (Experiment.COPY, ActionId.PUBLIC_GET)
    )


def see(session: Session, stored_objects: StoredObjects, kind: OtherFolder, stored: Stored) -> Observation:
    """A visitor's look at a file, asked for as a page of Mastodon does; if it is missing, the storage is asked too."""
    settings = session.conditions.settings
    published, direct = public_url(settings, stored.key), object_url(settings, stored.key)
    origin = (("Origin", origin_of(settings)),)
    seen = fetch(session, OTHER_FOLDERS[kind][0], published, stored, headers=origin)
    if not seen.ok and seen.network is None and published != direct:
        at_storage = fetch(session, OTHER_FOLDERS[kind][1], direct, stored, "The file is there at the storage itself")
        media = stored_objects.get("media")
        if not at_storage.ok and media is not None:
            # a storage that is open to the proxy alone refuses every folder
            title = "The media file is there at the storage itself"
            fetch(session, Experiment.MEDIA_ORIGIN, object_url(settings, media.key), media, title)
    return seen


def _see_avatar(session: Session, stored_objects: StoredObjects) -> None:
    if _media_is_shown(session, ActionId.PUBLIC_GET_AVATAR):
        tried = session.book.get(ActionId.AVATAR_PUT)
        if tried is None or not tried.ran:  # left out by --only
            _put(session, stored_objects, Experiment.PUT_AVATAR, AVATARS, "avatar", "An avatar can be uploaded")
        _see_or_skip(session, stored_objects, "avatar")


def _see_emoji(session: Session, stored_objects: StoredObjects) -> None:
    if not _media_is_shown(session, ActionId.PUBLIC_GET_EMOJI):
        return
    copied = stored_objects.pop("emoji", None)
    if copied is None or not see(session, stored_objects, "emoji", copied).ok:
        # not every store copies, or copies well: what Mastodon uploads decides
        _put(session, stored_objects, Experiment.PUT_EMOJI, EMOJI, "emoji", "A custom emoji can be uploaded")
        _see_or_skip(session, stored_objects, "emoji")


def _media_is_shown(session: Session, action_id: ObservationId) -> bool:
    first = session.book.get(ActionId.PUBLIC_GET)
    if first is not None and not first.ok and first.reason != LEFT_OUT:
        session.skip(action_id, NOT_FETCHED)
        return False
    return True


def _see_or_skip(session: Session, stored_objects: StoredObjects, kind: OtherFolder) -> None:
    stored = stored_objects.get(kind)
    if stored is None:
        session.skip(OTHER_FOLDERS[kind][0], "it could not be uploaded")
    else:
        see(session, stored_objects, kind, stored)


def _put(
    session: Session,
    stored_objects: StoredObjects,
    action_id: ObservationId,
    class_path: str,
    kind: OtherFolder,
    title: str | None = None,
) -> None:
    name = f"{kind}.png"
    body = picture(f"{session.run_id}/{name}")
    acl = session.conditions.settings.acl
    _seen, stored = session.put(action_id, class_path, name, body, "image/png", acl=acl, title=title)
    if stored is not None:
        stored_objects[kind] = stored


def _copy(session: Session, stored_objects: StoredObjects) -> None:
    """What ``tootctl upgrade storage-schema`` does: a copy inside the bucket (lib/mastodon/cli/upgrade.rb)."""
    title = "tootctl upgrade storage-schema can copy a file inside the bucket"
    source = stored_objects.get("media")
    if source is None:
        session.skip(Experiment.COPY, "there was no file to copy", title=title)
        return
    entry = session.ledger.mint(session.conditions.wire, EMOJI, "copied.png")
    call = session.conditions.wire.copy_object(source.key, entry.key, acl=session.conditions.settings.acl)
    told = session.noting(entry, finished)
    seen, _answer = session.ask(Experiment.COPY, call, judge_finished, title=title, told=told)
    if seen.ok:
        stored_objects["emoji"] = Stored(entry, source.body, source.content_type)
