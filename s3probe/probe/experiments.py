"""Questions about Mastodon's own side that only a failure or a delay raises; each changes one thing."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import EXPECT_WAIT, NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Facts
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.confirm import passes_again
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.fetching import judge_listing, same_bytes
from s3probe.probe.headers import WITHOUT_MODE
from s3probe.probe.old_keys import listed_from
from s3probe.probe.own_files import ANNOUNCED, UNANNOUNCED, at_ones_own
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, visitor_call
from s3probe.probe.stored_objects import StoredObjects
from s3probe.records import replace
from s3probe.settings.mastodon import object_url

_UPLOADS = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL)


def listing(session: Session) -> Iterator[Step]:
    """Repeats a listing that was refused with ``start-after``: from the top, and unchanged."""
    seen = session.book.get(ActionId.LIST)
    if seen is None or not seen.failed or seen.network or seen.outcome in (Outcome.DENIED, Outcome.THROTTLED):
        return
    call = session.conditions.wire.list_objects()
    title = "The bucket can be listed from the top"
    again = session.conditions.wire.list_objects(start_after=listed_from(session.conditions.settings))

    def attempt() -> None:
        session.ask(Experiment.LIST_FROM_THE_TOP, call, judge_listing, title=title)
        passes_again(session, seen.id, lambda: session.ask(seen.id, again, judge_listing))

    yield Step(Experiment.LIST_FROM_THE_TOP, attempt)


def reading_archives(session: Session, stored_objects: StoredObjects) -> Iterator[Step]:
    """Where a link is refused though media can be read: reads an archive with the key, as no public policy opens it."""
    seen, stored = session.book.get(ActionId.PRESIGNED_GET), stored_objects.get("archive")
    if stored is None or seen is None or seen.outcome is not Outcome.DENIED:
        return
    call = session.conditions.wire.get(stored.key)
    title = "Mastodon can read an archive back"
    yield Step(
        Experiment.GET_ARCHIVE, lambda: session.ask(Experiment.GET_ARCHIVE, call, same_bytes(stored.body), title=title)
    )


def checksum_mode(session: Session, conditions_maker: ConditionsMaker, stored_objects: StoredObjects) -> Iterator[Step]:
    """Repeats a rejected download without asking for a checksum."""
    seen, head, stored = session.book.get(ActionId.GET), session.book.get(ActionId.HEAD), stored_objects.get("media")
    if seen is None or head is None or stored is None or not head.ok or seen.outcome is not Outcome.REJECTED:
        return
    conditions = conditions_maker.changed(session.conditions, **WITHOUT_MODE)
    call, title = conditions.wire.get(stored.key), "A file can be read without asking for its checksum"
    yield Step(
        Experiment.GET_WITHOUT_MODE,
        lambda: session.ask(
            Experiment.GET_WITHOUT_MODE, call, same_bytes(stored.body), conditions=conditions, title=title
        ),
    )


LARGE = 16 * 1024 * 1024
"""Bytes: as much as a video, or a picture of today."""


def large_bodies(session: Session) -> Iterator[Step]:
    """What a proxy before the storage says to a large upload: it looks at the announcement alone (nginx: 413).

    Unsigned, and without the body, so that nothing can come of it.
    """
    settings = session.conditions.settings
    if not at_ones_own(settings, thorough=False) or not session.wanted(ActionId.PUT_WITHOUT_ACL):
        return

    def announce() -> None:
        entry = session.mint(ANNOUNCED)
        announced = (("Expect", "100-continue"), ("Content-Type", "image/png"), ("Content-Length", str(LARGE)))
        call = visitor_call(object_url(settings, entry.key), method="PUT", headers=announced, body=b"")
        call = replace(call, headers=call.headers[:-1], announced=True)
        title = "A large upload would be let through to the storage"
        session.ask(Experiment.ANNOUNCED, call, _judge_announcement, title=title, told=session.noting(entry))

    yield Step(Experiment.ANNOUNCED, announce)


def _judge_announcement(answer: Answer) -> tuple[Outcome | None, Facts]:
    return (Outcome.WRONG if answer.status == 413 else Outcome.OK if answer.status else None), {}


def announcing(session: Session) -> Iterator[Step]:
    """Repeats an upload without ``Expect`` where uploads got a 417, waited about a second or got no answer."""
    uploads = [row for name in _UPLOADS if (row := session.book.get(name)) is not None and row.ran]
    if not any(_stalled(row, session.book.get(ActionId.LIST)) for row in uploads):
        return

    def attempt() -> None:
        entry, body = session.mint(UNANNOUNCED), UNANNOUNCED.body(session.run_id)
        call = unannounced(session.conditions.wire.put_object(entry.key, body, UNANNOUNCED.kind, acl=None))
        title = "A file can be uploaded without Expect: 100-continue"
        session.ask(Experiment.PUT_UNANNOUNCED, call, title=title, told=session.noting(entry))

    yield Step(Experiment.PUT_UNANNOUNCED, attempt)


def _stalled(upload: Observation, listed: Observation | None) -> bool:
    if upload.http_status == 417:
        return True
    if listed is None or listed.http_status is None:
        return False
    late = upload.http_status is not None and upload.seconds > listed.seconds + EXPECT_WAIT
    return late or upload.network is NetworkFault.READ_TIMEOUT


def unannounced(call: Call) -> Call:
    """The same request without ``Expect``, which no signature covers."""
    return replace(call, headers=tuple((name, value) for name, value in call.headers if name.lower() != "expect"))
