"""The one result that every format renders (the report's JSON schema)."""

from __future__ import annotations

from enum import StrEnum

from s3probe.diagnosis.model import Consequence, Finding, LeftOut, RuleError, Severity, TrialRun
from s3probe.evidence.observations import LEFT_OUT, Evidence, Outcome
from s3probe.evidence.vocabulary import Actor
from s3probe.records import dataclass


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    UNKNOWN = "unknown"


KEY_NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
PROXY_NAME = "http_proxy"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose storage was examined, without a secret. ``access_key_id`` is shortened (``AKIA…7Q2B``)."""

    source: str
    bucket: str
    region: str
    endpoint: str
    provider: str
    addressing: str
    """``virtual-host`` or ``path``."""
    acl: str
    key_prefix: str
    public_base: str
    access_key_id: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that any format says."""

    subject: Subject
    evidence: Evidence
    findings: tuple[Finding, ...]
    rule_errors: tuple[RuleError, ...] = ()
    """Rules that failed: what they would have said is not known."""
    consequences: tuple[Consequence, ...] = ()
    """What went away with the fix of one of the findings."""
    trials: tuple[TrialRun, ...] = ()
    """Examinations that were made to try fixes."""
    left_out: tuple[LeftOut, ...] = ()
    """What was found, and nobody wanted to hear of: verdict and exit status leave it out as well."""
    plain_keys: bool = True
    """Whether :data:`KEY_NAMES` and :data:`PROXY_NAME` stand in the file as they are meant, for a shell to read out."""

    @property
    def partial(self) -> bool:
        """Whether only some actions were asked for, so that nothing can be said of the others."""
        return any(row.reason == LEFT_OUT for row in self.evidence.observations)

    @property
    def verdict(self) -> Verdict:
        """Unknown is never green: what could not be judged, and a run that could ask nothing, is UNKNOWN."""
        severities = {finding.severity for finding in self.findings}
        if Severity.FAILURE in severities:
            return Verdict.FAILURE
        if self.rule_errors:
            return Verdict.UNKNOWN
        undecided = {Outcome.UNKNOWN, Outcome.UNREACHABLE, Outcome.THROTTLED}
        explained = {i for f in self.findings for i in (*f.because, *f.explains)}
        asked = [o for o in self.evidence.observations if not o.id.is_experiment]
        if not self.evidence.run.complete or (asked and not any(o.ran for o in asked)):
            return Verdict.UNKNOWN
        signed = [o for o in asked if o.actor is Actor.MASTODON and o.reason != LEFT_OUT]
        if signed and not any(o.ran for o in signed):
            return Verdict.UNKNOWN  # what visitors are refused says nothing of Mastodon
        if any(o.outcome in undecided and o.id not in explained for o in asked):
            return Verdict.UNKNOWN
        return Verdict.WARNING if Severity.WARNING in severities else Verdict.OK
