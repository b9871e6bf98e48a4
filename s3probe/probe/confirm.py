"""Makes sure of a failure after a trial that passed: only one that has lasted proves anything for what was changed."""

from __future__ import annotations

from collections.abc import Callable

from s3probe.evidence.observations import NetworkFault
from s3probe.evidence.vocabulary import ObservationId
from s3probe.probe.session import Session
from s3probe.records import replace


def passes_again(session: Session, action_id: ObservationId, repeat: Callable[[], object]) -> bool:
    """Whether ``action_id``, which failed as by a moment, is answered properly now.

    ``repeat`` asks it again under the same id. A connection that cannot be made is not waited for once more: that a
    trial was answered elsewhere says enough.
    """
    before = session.book.get(action_id)
    if before is None or not before.inconclusive or before.network not in (None, NetworkFault.CLOSED):
        return False
    repeat()
    now = session.book.get(action_id)
    if now is None or now.inconclusive or not now.ran:
        session.book.add(before)
        return False
    session.book.add(replace(before, id=action_id.at_first(), title=f"{before.title}, at the first attempt"))
    return True
