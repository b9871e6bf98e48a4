"""Where a delete leaves old versions: what becomes of them, by the bucket's own rules. A refusal here is no fault."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

from s3probe.evidence.kept_versions import marker_of
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import CARRY_EXPIRY, ActionId, Actor, Experiment, Fact, Facts, Header
from s3probe.knowledge.store import store_seen
from s3probe.probe.exchange import Answer
from s3probe.probe.ledger import NULL_VERSION, LedgerEntry
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.probe.xml import fields, lifecycle_rules, root_name
from s3probe.settings.keys import MEDIA, probe_key


def what_becomes_of_them(session: Session, deleted: LedgerEntry | None, *, canary: bool = False) -> Iterator[Step]:
    """Asked where a delete left a marker, or a fresh file says that it expires: by nobody else's bucket.

    Where no file says so (SeaweedFS) it is asked for all the same, but not by the ``canary``.
    """
    rows = [session.book.get(name) for name in (ActionId.DELETE, Experiment.DELETE_GONE, ActionId.PUT_WITHOUT_ACL)]
    told, gone, stored = (row or Observation(ActionId.DELETE, "", "", Actor.MASTODON, Outcome.SKIPPED) for row in rows)
    marked = marker_of(told, gone, stored)
    wire = session.conditions.wire
    fresh = [row for name in CARRY_EXPIRY if (row := session.book.get(name)) is not None]
    silent = not canary and store_seen(session.conditions.settings, session.book.rows()).silent_expiry
    if marked or silent or any(Header.X_AMZ_EXPIRATION in row.headers for row in fresh):
        rules = wire.read("GetBucketLifecycleConfiguration", "lifecycle")
        judge = partial(_rules, folder=probe_key(session.conditions.settings, MEDIA, "", ""))
        title = "The bucket's lifecycle rules"
        yield Step(Experiment.READ_LIFECYCLE, lambda: session.ask(Experiment.READ_LIFECYCLE, rules, judge, title=title))
    if not marked or marked == NULL_VERSION:
        return
    lock = wire.read("GetObjectLockConfiguration", "object-lock")
    yield Step(
        Experiment.READ_OBJECT_LOCK,
        lambda: session.ask(Experiment.READ_OBJECT_LOCK, lock, _lock, title="The bucket's Object Lock"),
    )
    marker = told.headers.get(Header.X_AMZ_VERSION_ID)
    uploaded = next((version for version in deleted.versions if version != marker), "") if deleted is not None else ""
    if deleted is not None and uploaded:
        yield Step(Experiment.OLD_VERSION, lambda: _look_at(session, deleted, uploaded))
        after = (Experiment.OLD_VERSION,)
        yield Step(Experiment.DELETE_OWN_VERSION, lambda: _remove(session, deleted, uploaded), after)


def _look_at(session: Session, entry: LedgerEntry, version: str) -> None:
    """Some stores (MinIO) tell the end of an old version to whoever may read the file; few keys may read the rules."""
    call = entry.wire.read("HeadObject", f"versionId={quote(version)}", entry.key, method="HEAD")
    session.ask(Experiment.OLD_VERSION, call, title="The deleted file's bytes have an end")


def _remove(session: Session, entry: LedgerEntry, version: str) -> None:
    """Removes the deleted file's bytes, which the clean-up would do as well: a lock says so, whoever may read it."""
    call = entry.wire.delete(entry.key, version_id=version)

    def told(answer: Answer | None) -> None:
        if answer is not None and answer.status in (200, 204):
            session.ledger.version_is_gone(entry, version)

    session.ask(Experiment.DELETE_OWN_VERSION, call, title="The deleted file's bytes can be removed", told=told)


def _rules(answer: Answer, folder: str) -> tuple[Outcome | None, Facts]:
    """Which rules remove what: ids, percent-encoded, of those for current files; whether one is for old versions.

    ``folder``: where media are, which a rule meets that is narrowed to nothing else.
    """
    if answer.status != 200:
        return None, {}
    if root_name(answer.body) != "LifecycleConfiguration":
        return Outcome.WRONG, {}
    rules = [rule for rule in lifecycle_rules(answer.body) if rule.enabled]
    current = " ".join(quote(rule.id, safe="") for rule in rules if rule.current)
    old = any(rule.old_versions and not rule.narrowed for rule in rules)
    media = [rule.id for rule in rules if rule.current and (not rule.narrowed or _meets(rule.prefix, folder))]
    return None, {
        Fact.COUNT: str(len(rules)),
        Fact.EXPIRING: current,
        Fact.EXPIRING_MEDIA: " ".join(quote(rule, safe="") for rule in media),
        Fact.OLD_VERSIONS: "expire" if old else "stay",
    }


def _meets(prefix: str, folder: str) -> bool:
    return bool(prefix) and folder.startswith(prefix)


def _lock(answer: Answer) -> tuple[Outcome | None, Facts]:
    if answer.status != 200:
        return None, {}
    if root_name(answer.body) != "ObjectLockConfiguration":
        return Outcome.WRONG, {}
    return None, {Fact.RETENTION: fields(answer.body).get("Mode", "")}
