"""Concludes anew from trials that were recorded: by the rules of now, and without asking anything."""

from __future__ import annotations

from collections.abc import Sequence

from s3probe.diagnosis.changes import applied, changed
from s3probe.diagnosis.conclusions import Conclusions
from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import TrialRun
from s3probe.diagnosis.trial import Situation, raises, unasked
from s3probe.evidence.observations import Evidence, Run
from s3probe.evidence.vocabulary import ObservationId
from s3probe.settings.model import Settings
from s3probe.trying.loop import Trials

NOT_RECORDED = "the evidence file holds no trial of it"


def concluded(settings: Settings, evidence: Evidence, trials: Sequence[TrialRun]) -> Conclusions:
    """What the recorded examinations show. A line that the rules of now offer and nobody has tried stays untried."""
    file = Situation(settings, evidence, diagnose(settings, evidence))
    recorded = _Recorded(file, trials)
    made = Trials(file, recorded, recorded.examine, recorded.once_more)
    made.run()
    return made.conclusions()


class _Recorded:
    """The recorded examinations, in the place of new ones."""

    used_up = False
    no_time = NOT_RECORDED

    def __init__(self, file: Situation, trials: Sequence[TrialRun]) -> None:
        self._file = file
        self._trials = [(applied(file.settings, trial.changes), trial) for trial in trials]
        self._repeated: Evidence | None = None

    def why_not(self) -> str:
        """Nothing stands in the way of looking."""
        return ""

    def examine(self, settings: Settings, _read_only: bool) -> Situation | None:
        """What was seen under these settings; ``None`` when nobody looked."""
        if raises(settings):
            nothing = unasked(self._file.evidence)
            return Situation(settings, nothing, diagnose(settings, nothing))
        for under, trial in self._trials:
            if not changed(under, settings):
                self._repeated = trial.repeated
                return Situation(settings, trial.evidence, diagnose(settings, trial.evidence))
        return None

    def once_more(self, _state: Situation, _names: tuple[ObservationId, ...], _read_only: bool) -> Evidence:
        """What was asked once more after the trial that was looked up last."""
        return self._repeated or Evidence(Run("", "", 0.0, "", complete=False))
