"""What strangers must not change: an upload and a deletion without a key are tried and must be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, ObservationId
from s3probe.probe import own_files
from s3probe.probe.classify import is_markup, is_s3
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.fetching import is_inconclusive, judge_at_proxy
from s3probe.probe.open_folders import delete_in_folders
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, visitor_call
from s3probe.probe.strangers import ONLY_THOROUGH
from s3probe.records import replace
from s3probe.settings.mastodon import object_url, public_url
from s3probe.settings.model import Settings

_ON_A_FILE = {
    ActionId.PUBLIC_DELETE: (
        Experiment.PUT_PUBLIC_DELETE,
        Experiment.PUBLIC_DELETE,
        Experiment.PUBLIC_DELETE_THERE,
    ),
    ActionId.PUBLIC_DELETE_ORIGIN: (
        Experiment.PUT_PUBLIC_DELETE_ORIGIN,
        Experiment.PUBLIC_DELETE_ORIGIN,
        Experiment.PUBLIC_DELETE_ORIGIN_THERE,
    ),
}
"""A file is uploaded, a stranger's deletion is tried on it, and it is looked for."""


def writing(session: Session) -> Iterator[Step]:
    """An anonymous upload and deletion of keys of ours, registered like any other, for they may succeed."""
    settings = session.conditions.settings
    yield Step(ActionId.PUBLIC_WRITE, lambda: write(session, ActionId.PUBLIC_WRITE, own_files.ANONYMOUS))
    if not proxy_stands_before(settings):
        yield Step(ActionId.PUBLIC_DELETE, lambda: _delete(session, ActionId.PUBLIC_DELETE, object_url))
        session.skip(ActionId.PUBLIC_DELETE_ORIGIN, "tried at the public host")
    elif settings.acl is None or session.thorough:
        # where policies decide and not ACLs, one may open deletion alone
        yield Step(
            ActionId.PUBLIC_DELETE, lambda: _delete(session, ActionId.PUBLIC_DELETE, public_url), (ActionId.PUBLIC_GET,)
        )
        yield Step(ActionId.PUBLIC_DELETE_ORIGIN, lambda: _delete(session, ActionId.PUBLIC_DELETE_ORIGIN, object_url))
    else:
        yield Step(ActionId.PUBLIC_DELETE, lambda: _delete_at_both(session), (ActionId.PUBLIC_GET,))
    if own_files.at_ones_own(settings, session.thorough):
        after = (ActionId.PUBLIC_DELETE, ActionId.PUBLIC_DELETE_ORIGIN)
        yield Step(Experiment.PUBLIC_DELETE_FOLDERS, lambda: delete_in_folders(session), after)


def _delete_at_both(session: Session) -> None:
    """Where the public host does not refuse, the storage is asked as well: that shows whose fault it is."""
    if _delete(session, ActionId.PUBLIC_DELETE, public_url).ok:
        session.skip(ActionId.PUBLIC_DELETE_ORIGIN, ONLY_THOROUGH)
    else:
        _delete(session, ActionId.PUBLIC_DELETE_ORIGIN, object_url)


def write(
    session: Session,
    action_id: ObservationId,
    file: own_files.OwnFile,
    title: str | None = None,
    *,
    instead_of: Observation | None = None,
) -> Observation:
    """A stranger's upload. One that is taken stands ``instead_of`` one that was refused."""
    entry, body = session.mint(file), file.body(session.run_id)
    url = object_url(session.conditions.settings, entry.key)
    call = visitor_call(url, method="PUT", headers=(("Content-Type", file.kind),), body=body)
    judge = partial(_changed, what=Fact.WRITE)
    told = session.noting(entry, lambda answer: judge(answer)[0] is Outcome.WRONG)
    seen, _answer = session.ask(action_id, call, judge, title=title, told=told)
    if seen.outcome is Outcome.WRONG:
        # something on the way may say 200 to anything
        title = "A stranger's upload is not there"
        remaining, _answer = session.ask(
            Experiment.PUBLIC_WRITE, session.conditions.wire.head(entry.key), _is_not_there, title=title
        )
        if remaining.http_status == 404:
            return _says_yes_to_anything(session, seen)
        if instead_of is not None:
            session.book.add(replace(seen, id=instead_of.id, title=instead_of.title))
    return seen


def _delete(session: Session, action_id: ActionId, address: Callable[[Settings, str], str]) -> Observation:
    """A key that was never written: a store that lets anyone delete says so all the same (204)."""
    entry = session.mint(own_files.DELETED_BY_A_STRANGER[action_id])
    session.ledger.settle(entry, written=False)
    seen, answer = session.ask(action_id, _deletion(session, address, entry.key), partial(_changed, what=Fact.DELETE))
    if seen.outcome is Outcome.WRONG:  # with versioning on, a delete marker of ours is there now
        session.ledger.answered(entry, answer, written=True)
        if _still_there(session, action_id, address):
            return _says_yes_to_anything(session, seen)
    return judge_at_proxy(session, seen)


def _deletion(session: Session, address: Callable[[Settings, str], str], key: str) -> Call:
    return replace(visitor_call(address(session.conditions.settings, key), method="DELETE"), operation="DeleteObject")


def _still_there(session: Session, action_id: ActionId, address: Callable[[Settings, str], str]) -> bool:
    """A proxy may say 204 to anything: is a file that is there gone after a stranger's deletion?"""
    upload, again, looked = _ON_A_FILE[action_id]
    title = "A file can be uploaded that strangers may try to delete"
    _seen, stored = session.put(upload, own_files.THERE[action_id], title=title)
    if stored is None:
        return False
    title = "A stranger cannot delete a file that is there"
    session.ask(again, _deletion(session, address, stored.key), partial(_changed, what=Fact.DELETE), title=title)
    title = "The file is still there"
    remaining, _answer = session.ask(looked, session.conditions.wire.head(stored.key), title=title)
    return remaining.ok


def _is_not_there(answer: Answer) -> tuple[Outcome | None, Facts]:
    return {200: Outcome.WRONG, 404: Outcome.OK}.get(answer.status or 0), {}


def _says_yes_to_anything(session: Session, seen: Observation) -> Observation:
    facts = {name: value for name, value in seen.facts.items() if name not in (Fact.WRITE, Fact.DELETE)}
    return session.book.add(replace(seen, outcome=Outcome.OK, facts=facts))


def _changed(answer: Answer, what: Fact) -> tuple[Outcome | None, Facts]:
    status = answer.status or 0
    if is_inconclusive(status):
        return None, {}
    # 200 with something else than S3's answer is no store that has obeyed: a proxy may say so to everything
    done = status == 204 or (200 <= status < 300 and not is_markup(answer) and (what is Fact.WRITE or is_s3(answer)))
    return (Outcome.WRONG, {what: "open"}) if done else (Outcome.OK, {})
