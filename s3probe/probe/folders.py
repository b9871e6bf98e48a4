"""Files of the other folders: avatars, custom emoji, copies from other servers. Each is fetched by its published URL.

Where a policy or a proxy names folders, media may be open and avatars closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3probe.evidence.observations import LEFT_OUT, THOROUGH_ALONE, Observation
from s3probe.evidence.refusing import SHUT
from s3probe.evidence.vocabulary import (
    OTHER_FOLDERS,
    ActionId,
    Experiment,
    ExperimentWith,
    ObservationId,
    OtherFolder,
)
from s3probe.probe import own_files
from s3probe.probe.browser import NOT_FETCHED, origin_of
from s3probe.probe.fetching import fetch
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.uploads import finished, judge_finished
from s3probe.records import replace
from s3probe.settings.keys import OTHERS, folder_name
from s3probe.settings.mastodon import object_url, public_url

NOT_LOOKED_AT = f"{', '.join(f'{folder_name(each)}/' for each in OTHERS)}: {THOROUGH_ALONE}"


def other_folders(session: Session, stored_objects: StoredObjects) -> Iterator[Step]:
    """An avatar is uploaded, an emoji is copied from the media file, and a visitor looks at both."""
    avatar = own_files.AVATAR
    yield Step(ActionId.AVATAR_PUT, lambda: _put(session, stored_objects, ActionId.AVATAR_PUT, avatar, "avatar"))
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
    seen, at_storage = _look(session, OTHER_FOLDERS[kind], stored, (None, "The file is there at the storage itself"))
    media = stored_objects.get("media")
    if at_storage is not None and not at_storage.ok and media is not None:
        # a storage that is open to the proxy alone refuses every folder
        title = "The media file is there at the storage itself"
        url = object_url(session.conditions.settings, media.key)
        fetch(session, Experiment.MEDIA_ORIGIN, url, media, title)
    return seen


def _look(
    session: Session, names: tuple[ObservationId, ObservationId], stored: Stored, titles: tuple[str | None, str]
) -> tuple[Observation, Observation | None]:
    """At the published URL, and at the storage itself where that is another one and the file is missing."""
    settings = session.conditions.settings
    published, direct = public_url(settings, stored.key), object_url(settings, stored.key)
    origin = (("Origin", origin_of(settings)),)
    seen = fetch(session, names[0], published, stored, titles[0], headers=origin)
    if seen.ok or seen.network is not None or published == direct:
        return seen, None
    return seen, fetch(session, names[1], direct, stored, titles[1])


def _see_avatar(session: Session, stored_objects: StoredObjects) -> None:
    if media_is_shown(session, ActionId.PUBLIC_GET_AVATAR):
        tried = session.book.get(ActionId.AVATAR_PUT)
        if tried is None or not tried.ran:  # left out by --only
            title = "An avatar can be uploaded"
            _put(session, stored_objects, Experiment.PUT_AVATAR, own_files.AVATAR, "avatar", title)
        _see_or_skip(session, stored_objects, "avatar")


def _see_emoji(session: Session, stored_objects: StoredObjects) -> None:
    if not media_is_shown(session, ActionId.PUBLIC_GET_EMOJI):
        return
    copied = stored_objects.pop("emoji", None)
    if copied is None or not see(session, stored_objects, "emoji", copied).ok:
        # not every store copies, or copies well: what Mastodon uploads decides
        title = "A custom emoji can be uploaded"
        _put(session, stored_objects, Experiment.PUT_EMOJI, own_files.EMOJI_FILE, "emoji", title)
        _see_or_skip(session, stored_objects, "emoji")


def media_is_shown(session: Session, action_id: ObservationId) -> bool:
    """Whether other files are worth a look; ``action_id`` is skipped where visitors do not see the picture either."""
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
    file: own_files.OwnFile,
    kind: OtherFolder,
    title: str | None = None,
) -> None:
    _seen, stored = session.put(action_id, file, title=title)
    if stored is not None:
        stored_objects[kind] = stored


def _copy(session: Session, stored_objects: StoredObjects) -> None:
    """What ``tootctl upgrade storage-schema`` does: a copy inside the bucket (lib/mastodon/cli/upgrade.rb)."""
    title = "tootctl upgrade storage-schema can copy a file inside the bucket"
    source = stored_objects.get("media")
    if source is None:
        session.skip(Experiment.COPY, "there was no file to copy", title=title)
        return
    entry, acl = session.mint(own_files.COPIED), own_files.COPIED.acl_under(session.conditions.settings)
    call = session.conditions.wire.copy_object(source.key, entry.key, acl=acl)
    told = session.noting(entry, finished)
    seen, _answer = session.ask(Experiment.COPY, call, judge_finished, title=title, told=told)
    if seen.ok:
        stored_objects["emoji"] = Stored(entry, source.body, source.content_type)


def all_other_folders(session: Session) -> Iterator[Step]:
    """A file in every further folder that Mastodon writes, and a visitor's look at it: for a thorough run."""
    if session.thorough:
        after = (ActionId.PUBLIC_GET,)
        yield Step(ActionId.PUBLIC_FOLDERS, lambda: _try_all(session), after)
    else:
        session.skip(ActionId.PUBLIC_FOLDERS, NOT_LOOKED_AT)


def _try_all(session: Session) -> None:
    session.parallel(Step(name, partial(_try, session, name)) for name in OTHERS)
    puts, looks = _rows(session, ExperimentWith.PUT_IN), _rows(session, ExperimentWith.SEEN_IN)
    shut = [row for row in (*puts, *looks) if row.failed and row.http_status in SHUT]
    avatar = session.book.get(ActionId.AVATAR_PUT)
    if not looks and not shut:
        session.skip(ActionId.PUBLIC_FOLDERS, NOT_FETCHED)
    elif shut and avatar is not None and avatar.failed:
        session.skip(ActionId.PUBLIC_FOLDERS, "what refuses an avatar refuses files there as well")
    elif not shut and any(row.failed for row in (*puts, *looks)):
        session.skip(ActionId.PUBLIC_FOLDERS, "no answer told whether they take files and show them")
    else:
        title = ActionId.PUBLIC_FOLDERS.row.title
        session.book.add(replace(next(iter((*shut, *looks))), id=ActionId.PUBLIC_FOLDERS, title=title))


def _rows(session: Session, kind: ExperimentWith) -> list[Observation]:
    rows = (session.book.get(kind.of(name)) for name in OTHERS)
    return [row for row in rows if row is not None and row.ran]


def _try(session: Session, class_path: str) -> None:
    stored = put_in(session, class_path)
    if stored is not None and media_is_shown(session, ActionId.PUBLIC_FOLDERS):
        see_in(session, class_path, stored)


def put_in(session: Session, class_path: str) -> Stored | None:
    """Uploads a picture to this folder as Mastodon does."""
    title = f"A file can be stored in {class_path}/"
    return session.put(ExperimentWith.PUT_IN.of(class_path), own_files.IN_FOLDER[class_path], title=title)[1]


def see_in(session: Session, class_path: str, stored: Stored) -> Observation:
    """A visitor's look at that picture; where it is not shown, the storage itself is asked for it."""
    names = ExperimentWith.SEEN_IN.of(class_path), ExperimentWith.SEEN_IN_ORIGIN.of(class_path)
    title = f"A visitor can see files in {class_path}/"
    return _look(session, names, stored, (title, f"{title}, at the storage itself"))[0]
