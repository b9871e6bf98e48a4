"""Steps of a run side by side, as far as they are asked for, and whether there was time for all of them."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.evidence.observations import LEFT_OUT
from s3probe.evidence.vocabulary import ACTIONS
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session


class Rounds:
    """One round after another. ``complete``: so far each step came to its end before the deadline."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.complete = True

    def ask(self, steps: Iterable[Step]) -> None:
        """Those that are asked for."""
        self.ask_all(self.wanted(steps))

    def ask_all(self, steps: Iterable[Step]) -> None:
        """Each of them, also what others need."""
        done = self._session.parallel(steps)
        self.complete = self.complete and done
        self.end()

    def end(self) -> None:
        """Notes whether time is left at the end of a round."""
        self.complete = self.complete and self._session.remaining() > 0

    def wanted(self, steps: Iterable[Step]) -> list[Step]:
        """The same; an action that is left out is written down as such."""
        chosen = []
        for step in list(steps):
            if self._session.wanted(step.name):
                chosen.append(step)
            elif (action := ACTIONS.get(step.name)) is not None:
                self._session.skip(action, LEFT_OUT)
        return chosen
