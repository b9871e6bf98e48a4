"""What the next Mastodon release will send, tried while this one still sends the older form.

Releases before 4.4.16 and 4.5.9 protect uploads and batch deletions with Content-MD5, later ones with a CRC32.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import Experiment, Facts
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.exchange import Answer
from s3probe.probe.own_files import NEXT_RELEASE
from s3probe.probe.request_form import WireForm
from s3probe.probe.schedule import Step
from s3probe.probe.session import Conditions, Session
from s3probe.probe.xml import delete_errors


def next_release(conditions_maker: ConditionsMaker, session: Session) -> Iterator[Step]:
    """One upload and one batch deletion in the newer form; nothing when this Mastodon sends that form already."""
    if session.conditions.wire.form is not WireForm.LEGACY:
        return
    conditions = conditions_maker.of(session.conditions.settings, form=WireForm.CURRENT)
    yield Step(Experiment.PUT_NEXT_RELEASE, lambda: _try(session, conditions))


def _try(session: Session, conditions: Conditions) -> None:
    title = "A file can be uploaded as Mastodon 4.4.16 / 4.5.9 and newer do"
    _seen, stored = session.put(Experiment.PUT_NEXT_RELEASE, NEXT_RELEASE, conditions=conditions, title=title)
    if stored is not None:
        call = conditions.wire.batch_delete([stored.key])
        title = "Files can be deleted at once as Mastodon 4.4.16 / 4.5.9 and newer do"
        session.ask(Experiment.BATCH_NEXT_RELEASE, call, _deleted, conditions=conditions, title=title)


def _deleted(answer: Answer) -> tuple[Outcome | None, Facts]:
    return (Outcome.WRONG, {}) if answer.status == 200 and delete_errors(answer.body) else (None, {})
