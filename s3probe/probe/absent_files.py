"""Whether visitors may read in folders where this run stores nothing, by asking for a file that is not there.

A policy may leave a folder out. MinIO, SeaweedFS and Versity tell a visitor that there is no such file (404 NoSuchKey)
where he may read, and refuse him where he may not, so that nothing has to be stored for it. Others refuse both: then
the same question about a folder that is open was refused as well, and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import CLOSED_FOLDERS, ActionId, Experiment, ExperimentWith, ObservationId
from s3probe.knowledge.providers import ObjectAcl
from s3probe.knowledge.store import store_seen
from s3probe.probe.fetching import judge_refusal
from s3probe.probe.own_files import NOBODYS
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, visitor_call
from s3probe.probe.strangers_elsewhere import room
from s3probe.records import replace
from s3probe.settings.keys import CARDS, MEDIA, SITE, probe_key
from s3probe.settings.mastodon import public_url

FOLDERS = (SITE, CARDS)
"""Folders of Mastodon's that hold what everybody looks at, and of which this run has no file."""


def closed_folders(session: Session, folders: tuple[str, ...] = FOLDERS) -> Iterator[Step]:
    """Only where a policy opens folders: an ACL opens each file by itself. A thorough run has a file in each."""
    if session.conditions.settings.acl in (None, "private") and not session.thorough:
        yield Step(CLOSED_FOLDERS, lambda: _look(session, folders))


def _look(session: Session, folders: tuple[str, ...]) -> None:
    shown = session.book.get(ActionId.PUBLIC_GET)
    if shown is None or not shown.ok or not _may_tell(session):
        return
    for class_path in folders:
        folder = class_path.partition("/")[0]
        name = ExperimentWith.PUBLIC_READ_IN.of(folder)
        if not room(session):
            return
        if session.book.get(name) is not None:
            continue
        seen = _ask(session, name, class_path, f"A visitor may read in {folder}/")
        # a proxy's page says nothing of a policy
        if seen.http_status == 403 and seen.error_code == "AccessDenied" and _tells(_reference(session)):
            session.book.add(replace(seen, outcome=Outcome.WRONG))


def _may_tell(session: Session) -> bool:
    """Whether this store tells a visitor that there is no such file, as far as anybody has asked yet."""
    asked = session.book.get(ActionId.PUBLIC_MISSING)
    if asked is not None and asked.ran:
        return _tells(asked)
    store = store_seen(session.conditions.settings, session.book.rows())
    return store.object_acl is ObjectAcl.IGNORED and not store.signed_only


def _reference(session: Session) -> Observation:
    """The same question about a folder that is open; asked once, and only where another one is closed."""
    for name in (ActionId.PUBLIC_MISSING, Experiment.PUBLIC_ABSENT):
        asked = session.book.get(name)
        if asked is not None and asked.ran:
            return asked
    return _ask(session, Experiment.PUBLIC_ABSENT, MEDIA, "A visitor is told that there is no such file")


def _tells(seen: Observation) -> bool:
    return seen.http_status == 404 and seen.error_code == "NoSuchKey"


def _ask(session: Session, name: ObservationId, class_path: str, title: str) -> Observation:
    settings = session.conditions.settings
    url = public_url(settings, probe_key(settings, class_path, session.run_id, NOBODYS[class_path].name))
    return session.ask(name, visitor_call(url), judge_refusal, title=title)[0]
