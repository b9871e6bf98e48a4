"""Looks, as a visitor looks, at a handful of files that were here before: after a move they may be closed.

HEAD at the published URL. What is refused is compared with a new file in the same folder, asked for in the same way.
No name of a user's file is written down: an observation shows the folder alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.refusing import HIDDEN
from s3probe.evidence.vocabulary import ActionId, ExperimentWith, Facts, ObservationId
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.fetching import judge_listing
from s3probe.probe.folders import media_is_shown, put_in, see_in
from s3probe.probe.foundation import Foundation
from s3probe.probe.old_keys import OLD_CLASSES, OldKeys, chosen, folder_of
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, visitor_call
from s3probe.probe.xml import list_keys
from s3probe.records import replace
from s3probe.settings.keys import CARDS, REMOTE_CARDS
from s3probe.settings.mastodon import object_url, public_url

NONE_THERE = "no file from before was found in site_uploads/, preview_cards/ or custom_emojis/"
NOT_LISTED = "the bucket could not be listed, so no file was found that was there before"
SOME_ARE_SHOWN = "some files that were here before are shown, and others are not"
NEW_ARE_CLOSED = "new files of the same folders are not shown either"
TELLS_NOTHING = "no answer told whether they are shown"


def old_media(session: Session, found: Foundation) -> Iterator[Step]:
    """One step: folder by folder, until a file is shown."""
    yield Step(ActionId.PUBLIC_OLD, lambda: _look(session, found.listed), (ActionId.PUBLIC_GET,))


def _look(session: Session, listed: OldKeys | None) -> None:
    if not media_is_shown(session, ActionId.PUBLIC_OLD):
        return
    if listed is None:
        session.skip(ActionId.PUBLIC_OLD, NOT_LISTED)
        return
    seen: list[Observation] = []
    for class_path in OLD_CLASSES:
        if class_path == CARDS and any(ExperimentWith.OLD_IN.value_in(row.id) == REMOTE_CARDS for row in seen):
            continue
        seen += _see_both(session, class_path, listed.of(class_path) or _keys(session, listed, class_path))
        if any(row.ok for row in seen):
            break  # then they are not all closed, and the rest would tell no more
    _sum_up(session, seen)


def _see_both(session: Session, class_path: str, keys: tuple[str, ...]) -> list[Observation]:
    """The last answer, where one file alone may have been hidden for a reason of its own; none without a file."""
    row = None
    for key in keys:
        row = _see(session, class_path, key)
        if row.http_status not in HIDDEN:
            break
    return [row] if row is not None else []


def _keys(session: Session, listed: OldKeys, class_path: str) -> tuple[str, ...]:
    """Asks for that folder alone, where the listing was too long to reach it."""
    if not listed.truncated:
        return ()
    folder = folder_of(session.conditions.settings, class_path)
    call = session.conditions.wire.list_objects(prefix=folder, most=9)
    title = f"The key can list {folder}"
    seen, answer = session.ask(ExperimentWith.LIST_IN.of(class_path), call, judge_listing, title=title)
    return chosen(list_keys(answer.body), folder) if seen.ok and answer is not None else ()


def _see(session: Session, class_path: str, key: str) -> Observation:
    settings = session.conditions.settings
    shown = public_url(settings, folder_of(settings, class_path))
    title = f"A visitor can see a file that was in {folder_of(settings, class_path)} before"
    return _head(session, ExperimentWith.OLD_IN.of(class_path), public_url(settings, key), shown, title, key)


def _head(session: Session, action_id: ObservationId, url: str, shown: str, title: str, key: str = "") -> Observation:
    seen, _answer = session.ask(action_id, _head_call(url, shown), _judge, title=title)
    settings = session.conditions.settings
    if key and seen.http_status in HIDDEN and ExperimentWith.OLD_IN.made(action_id):
        direct = object_url(settings, key)
        if direct != url and urlsplit(direct).hostname:
            class_path = ExperimentWith.OLD_IN.value_in(action_id)
            place = object_url(settings, folder_of(settings, class_path))
            title = f"{title}, at the storage itself"
            session.ask(ExperimentWith.OLD_IN_ORIGIN.of(class_path), _head_call(direct, place), _judge, title=title)
    return seen


def _head_call(url: str, shown: str) -> Call:
    return replace(visitor_call(url, method="HEAD"), noted_as=shown)


def _judge(answer: Answer) -> tuple[Outcome | None, Facts]:
    # a redirect leads to where the fresh file's leads: PUBLIC_GET tells of it
    return (Outcome.OK if 300 <= (answer.status or 0) < 400 else None), {}


def _sum_up(session: Session, seen: Sequence[Observation]) -> None:
    hidden = [row for row in seen if row.http_status in HIDDEN]
    if not seen:
        session.skip(ActionId.PUBLIC_OLD, NONE_THERE)
    elif not hidden:
        told = [row for row in seen if row.ok]
        if told:
            _conclude(session, told[0])
        else:
            session.skip(ActionId.PUBLIC_OLD, TELLS_NOTHING)
    elif any(row.ok for row in seen):
        session.skip(ActionId.PUBLIC_OLD, SOME_ARE_SHOWN)
    elif not any(_is_new_one_shown(session, ExperimentWith.OLD_IN.value_in(row.id)) for row in hidden):
        session.skip(ActionId.PUBLIC_OLD, NEW_ARE_CLOSED)
    else:
        _conclude(session, hidden[0])


def _conclude(session: Session, row: Observation) -> None:
    action = ActionId.PUBLIC_OLD
    session.book.add(replace(row, id=action, title=action.row.title, operation="HEAD"))


def _is_new_one_shown(session: Session, class_path: str) -> bool:
    """A new file in the same folder, asked for in the same way; where it is refused, a GET tells why."""
    settings, stored = session.conditions.settings, put_in(session, class_path)
    if stored is None:
        return False
    url, title = public_url(settings, stored.key), f"A visitor can see a new file in {class_path}/"
    seen = _head(session, ExperimentWith.NEW_IN.of(class_path), url, url, title)
    if not seen.ok:
        see_in(session, class_path, stored)
    return seen.ok
