"""Judges a saved run again, with the trials that it holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import Diagnosis, Finding, Severity, TrialRun
from s3probe.diagnosis.trial import Situation, own_doing
from s3probe.evidence.observations import Evidence
from s3probe.records import replace
from s3probe.settings.mastodon import remade
from s3probe.settings.model import Settings

_ORDER = list(Severity)


def diagnose_again(settings: Settings, evidence: Evidence, trials: Iterable[TrialRun]) -> Diagnosis:
    """The causes in the file as it stands, and what only came to light under the settings of these trials."""
    diagnosis = diagnose(settings, evidence)
    found: dict[str, Finding] = {one.id: one for one in diagnosis}
    for trial in trials:
        lines = {line.variable: line.value for line in trial.changes if line.fillable and not line.as_written}
        other = remade(settings, **lines)
        state = Situation(other, trial.evidence, diagnose(other, trial.evidence))
        for one in state.diagnosis:
            if not own_doing(one, state, trial.changes):
                found.setdefault(one.id, replace(one, remark="It was seen only in a trial."))
    ordered = sorted(found.values(), key=lambda one: _ORDER.index(one.severity))
    return replace(diagnosis, findings=tuple(ordered))
