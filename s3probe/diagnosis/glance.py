"""What no line of the file can set, and an examination can: used once, to look behind a fault. Never a fix. Pure."""

from __future__ import annotations

from s3probe.diagnosis.model import Finding, Severity
from s3probe.diagnosis.trial import Situation
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, ObservationId
from s3probe.records import dataclass, replace
from s3probe.settings.mastodon import with_token
from s3probe.settings.model import Settings

_OLD_RELEASE = "4.5.8"
"""The last one that sends no CRC32 (``probe.request_form``)."""
_NO_PICTURE = frozenset({ActionId.PUBLIC_GET})
_NEXT_RELEASE = frozenset({Experiment.PUT_NEXT_RELEASE, Experiment.BATCH_NEXT_RELEASE})


@dataclass(frozen=True, slots=True)
class Glance:
    """Other conditions, under which more is seen."""

    finding: Finding
    """The fault that it looks behind."""
    said: str
    """What is otherwise there, in a whole sentence."""
    settings: Settings
    clock: float = 0.0
    """Seconds to be added to this machine's time."""
    release: str = ""
    """Mastodon's release whose form of requests is taken; ``""`` for its own."""
    owed: frozenset[ObservationId] = frozenset()
    """What fails under these conditions by themselves: a finding that rests on it says nothing of the file."""

    def shows(self, finding: Finding) -> bool:
        """Whether a finding that was met under these conditions is one of the set-up as it is."""
        return not self.owed & {*finding.because, *finding.explains}


def glance_behind(state: Situation) -> Glance | None:
    """How to look behind the failure that stopped the examination; ``None`` where nothing did, or nothing helps."""
    evidence = state.evidence
    if any(row.id == ActionId.GET and row.ran for row in evidence.observations):
        return None
    kept = next((row for row in evidence.observations if row.facts.get(Fact.KEPT)), None)
    if kept is not None:
        behind = _found_by(state, kept.id)
        return _otherwise(state, behind, kept.id) if behind else None
    refused, passed = evidence.get(ActionId.PUT_WITH_ACL), evidence.get(ActionId.PUT_WITHOUT_ACL)
    behind = _found_by(state, ActionId.PUT_WITH_ACL)
    if behind is None or refused is None or not refused.failed or passed is None or not passed.ok:
        return None
    without = replace(state.settings, acl=None, archive_acl=None)
    return Glance(behind, "No ACL was sent for it.", without, owed=_NO_PICTURE)


def _found_by(state: Situation, name: ObservationId) -> Finding | None:
    """The failure that rests on this request."""
    failures = (one for one in state.diagnosis if one.severity is Severity.FAILURE)
    return next((one for one in failures if name in one.because), None)


def _otherwise(state: Situation, behind: Finding, kept: ObservationId) -> Glance | None:
    """The conditions of the experiment that got further, as far as no line of the file makes them."""
    settings = state.settings
    if kept == Experiment.CLOCK:
        clock = state.evidence.get(ActionId.CLOCK)
        skew = clock.facts.get(Fact.SKEW, "") if clock else ""
        return Glance(behind, "The clock was set right for it.", settings, clock=float(skew)) if skew else None
    if kept == Experiment.SESSION_TOKEN:
        return Glance(behind, "The session token was sent for it.", with_token(settings))
    if kept == Experiment.PUT_NO_CACHE_CONTROL:
        return Glance(behind, "No Cache-Control header was sent for it.", replace(settings, cache_control=""))
    if kept == Experiment.PUT_LEGACY:
        said = "The requests were made for it as Mastodon before 4.4.16 / 4.5.9 makes them."
        return Glance(behind, said, settings, release=_OLD_RELEASE, owed=_NEXT_RELEASE)
    return None
