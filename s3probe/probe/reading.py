"""Reading back what was uploaded, in every way in which Mastodon reads: HEAD, HEAD of part 1, GET, ranges."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts, Header
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import same_bytes
from s3probe.probe.own_files import NEVER_WRITTEN
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.stored_objects import NOTHING_WRITTEN


def read_back(session: Session, stored: Stored) -> Iterator[Step]:
    """HEAD, HEAD of part 1, GET and a ranged GET of an object that was just written."""
    wire, key = session.conditions.wire, stored.key
    yield Step(ActionId.HEAD, lambda: session.ask(ActionId.HEAD, wire.head(key)))
    yield Step(ActionId.GET, lambda: session.ask(ActionId.GET, wire.get(key), same_bytes(stored.body)))
    if session.conditions.settings.force_single_request:
        for action_id in (ActionId.HEAD_PART, ActionId.GET_RANGE):
            session.skip(action_id, "S3_FORCE_SINGLE_REQUEST=true, so Mastodon reads every file with one GET")
        return
    yield Step(ActionId.HEAD_PART, lambda: session.ask(ActionId.HEAD_PART, wire.head(key, part_number=1)))

    def in_range(answer: Answer) -> tuple[Outcome | None, Facts]:
        # rclone answers the right part, and says so, with 200; Amazon's SDK takes it
        partial = answer.status == 206 or Header.CONTENT_RANGE in answer.headers
        if partial and answer.body == stored.body[:10]:
            return None, {}
        if answer.status is not None and 200 <= answer.status < 300:
            return Outcome.WRONG, {Fact.RANGE: "ignored" if answer.status == 200 else "different"}
        return None, {}

    yield Step(ActionId.GET_RANGE, lambda: session.ask(ActionId.GET_RANGE, wire.get(key, byte_range=(0, 9)), in_range))


def read_missing(session: Session) -> Iterator[Step]:
    """No object to read: a key of ours that is not there still shows whether reading is allowed (404 against 403).

    It is one among the archives: what a policy opens to everyone, it opens to the key too.
    """
    entry = session.mint(NEVER_WRITTEN)
    session.ledger.settle(entry, written=False)
    title = "A missing file is reported as missing"
    yield Step(
        Experiment.GET_MISSING,
        lambda: session.ask(Experiment.GET_MISSING, session.conditions.wire.get(entry.key), title=title),
    )
    for action_id in (ActionId.HEAD, ActionId.HEAD_PART, ActionId.GET, ActionId.GET_RANGE):
        session.skip(action_id, NOTHING_WRITTEN)
