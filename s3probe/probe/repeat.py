"""Repeats a request unchanged after the storage failed on it (5xx): only a failure that lasts is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ObservationId
from s3probe.probe.session import Session

_SAYS_NOTHING = (Outcome.UNKNOWN, Outcome.UNREACHABLE, Outcome.THROTTLED, Outcome.SKIPPED)


def passes_again(session: Session, action_id: ObservationId, repeat: Callable[[], object]) -> bool:
    """Whether ``action_id``, which the storage failed on, is answered properly now.

    ``repeat`` asks it again under the same id. It has to come after a trial that passed: a failure that is over by
    then proves nothing for what the trial changed.
    """
    before = session.book.get(action_id)
    if before is None or before.outcome is not Outcome.UNKNOWN:
        return False
    repeat()
    now = session.book.get(action_id)
    if now is None or now.outcome in _SAYS_NOTHING:
        session.book.add(before)
        return False
    session.book.add(replace(before, id=action_id.at_first(), title=f"{before.title}, at the first attempt"))
    return True
