"""Findings and the fixes they offer (``findings`` in the report's JSON schema)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import takewhile

from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import ObservationId
from s3probe.records import dataclass
from s3probe.settings.dotenv_value import WRAPPINGS, as_written
from s3probe.settings.model import Environment


class Severity(StrEnum):
    """FAILURE: Mastodon does not work, or something private is open. WARNING: it will hurt."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTICE = "notice"


class Certainty(StrEnum):
    """CERTAIN: an experiment decided it."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


def on_day(when: str) -> str:
    """``on 2026-11-28 at 21:03 UTC`` for a time in ISO 8601, UTC."""
    return f"on {when[:10]} at {when[11:16]} UTC"


class ProofState(StrEnum):
    """Whether a fix was tried on the real bucket."""

    TRIED = "tried"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a trial showed of a fix, or why it was not tried."""

    state: ProofState
    why: str = ""
    """Of an untried one: the reason, and what decides, without its last stop."""
    made: bool = False
    """Of an untried one: an examination was made with it all the same, and did not show that it helps."""
    passed: tuple[ObservationId, ...] = ()
    """Requests that failed before and pass with the fix; under a new line Mastodon may send another in their place."""
    fine: int = 0
    """Actions that pass with the fix."""
    not_fine: int = 0
    """Actions that fail with it all the same."""
    requests: int = 0
    """What the trial cost."""
    when: str = ""
    """Of one that is quoted from an earlier run: when it was made, UTC in ISO 8601."""

    @property
    def why_untried(self) -> str:
        """Of an untried one: whether anybody looked, and the reason, without its last stop."""
        return f"tried, and not proven: {self.why}" if self.made else f"not tried: {self.why}"


KEY_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""One without the other never passes."""
EARLIER = "earlier"
"""The line is removed, and another line of the file, above it, sets the variable then."""
TRIMMED = "trimmed"
"""The value without the blanks, quotes and other marks around it."""
EXCHANGED = "exchanged"
"""The value of the other one of :data:`KEY_PAIR`."""


@dataclass(frozen=True, slots=True)
class EnvFix:
    """A line of ``.env.production``; ``value=None`` removes it."""

    variable: str
    value: str | None
    line: int | None = None
    secret: bool = False
    """The value is a secret: ``value`` holds a placeholder and ``note`` says what to do."""
    note: str = ""
    """In whole sentences, as of every fix."""
    source: str = ""
    """Where the variable is set now; the report fills it in."""
    together: bool = False
    """Belongs to the fix before it: both lines are needed, it is no alternative."""
    proof: Proof | None = None
    conditional: bool = False
    """``note`` says what must be done or known first: a person makes this change, and no program."""
    as_written: str = ""
    """How the file's own text becomes the value: ``raw``, ``unquoted``, or one of the names above."""

    @property
    def fillable(self) -> bool:
        """Whether a program can write the line: a placeholder (``<your bucket>``) is for a person to fill in."""
        return bool(self.as_written) or not (self.secret or "<" in (self.value or ""))

    def value_beside(self, environment: Environment) -> str | None:
        """What the variable becomes by this line, where the file as it stands has to tell it; ``None``: it is gone."""
        variable = environment.variables.get(self.variable)
        if not self.as_written:
            return self.value
        if variable is None:
            return None
        if self.as_written == EARLIER:
            return variable.earlier.value if variable.earlier else variable.value
        if self.as_written == EXCHANGED:
            return environment.get(next(name for name in KEY_PAIR if name != self.variable))
        if self.as_written == TRIMMED:
            return variable.value.strip(WRAPPINGS)
        return variable.value if variable.raw is None else as_written(variable.raw, self.as_written)

    kind = "env"


@dataclass(frozen=True, slots=True)
class IamAllow:
    """Actions to allow the Mastodon key on these resources (ARNs)."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    note: str = ""
    proof: Proof | None = None
    command: str = ""
    """The provider's own, which gives the key these rights and all others that Mastodon needs."""
    adds: str = ""
    """The provider's own, which gives the key an IAM policy of these rights alone, beside what it has."""
    way: str = ""
    """How rights are given there, where they are no document of IAM."""
    warning: str = ""
    """What the command replaces."""

    kind = "iam-allow"


@dataclass(frozen=True, slots=True)
class BucketPolicy:
    """A statement to add to the bucket policy, which may be the first one in it."""

    statement: Mapping[str, object]
    note: str = ""
    proof: Proof | None = None
    together: bool = False
    """Belongs to the fix before it, which is done first."""
    command: str = ""
    """Sets a policy of this statement alone."""
    warning: str = ""
    """What the command replaces."""

    kind = "bucket-policy"


@dataclass(frozen=True, slots=True)
class BucketSetting:
    """A setting of the bucket. s3probe never writes it: ``command`` or the console does.

    Settings: ``object-ownership``, ``public-access-block``, ``account-public-access-block`` (all buckets of the
    account), ``cors``, ``acl``, ``acl-of-files`` (each file's own), ``encryption``, ``versioning``, ``lifecycle``,
    ``lifecycle-rule-off`` (the rule's id), ``request-payment``, ``policy`` (the whole policy), ``public-read``,
    ``quota``.
    """

    setting: str
    value: str
    command: str = ""
    note: str = ""
    proof: Proof | None = None
    together: bool = False
    """Belongs to the fix before it, which is done first."""
    warning: str = ""
    """What the command replaces."""

    kind = "bucket-setting"


@dataclass(frozen=True, slots=True)
class ServerFix:
    """Something on this machine or its proxy: ``clock``, ``dns``, ``nginx``, ``ca`` …"""

    setting: str
    value: str
    note: str = ""
    proof: Proof | None = None
    place: str = ""
    """Where lines stand: the name of a file or of a block in it."""

    kind = "server"


@dataclass(frozen=True, slots=True)
class Manual:
    """Advice only: no program can apply it."""

    text: str

    kind = "manual"


Fix = EnvFix | IamAllow | BucketPolicy | BucketSetting | ServerFix | Manual


@dataclass(frozen=True, slots=True)
class Finding:
    """One root cause, with the observations that show it and the fixes, best first."""

    id: str
    severity: Severity
    certainty: Certainty
    title: str
    consequence: str
    how_known: str
    """The deciding experiment in a sentence, with the server's own words where they help."""
    setting: str | None = None
    permission: str | None = None
    because: tuple[ObservationId, ...] = ()
    """Ids of the observations that decide it."""
    explains: tuple[ObservationId, ...] = ()
    """Ids of further failed observations that follow from it."""
    fixes: tuple[Fix, ...] = ()
    links: tuple[str, ...] = ()
    remark: str = ""
    """What else belongs to it, or what the trials showed of it, in whole sentences; mostly blank."""
    speaks_for: tuple[str, ...] = ()
    """Ids of findings with the same cause, of which the remark tells all: they are none of their own beside it."""

    @property
    def alternatives(self) -> tuple[tuple[Fix, ...], ...]:
        """The fixes, best first, each with those that belong to it."""
        return alternatives(self.fixes)

    @property
    def first_choice(self) -> tuple[Fix, ...]:
        """The best fix, with those that belong to it."""
        return self.alternatives[0] if self.fixes else ()


def alternatives(fixes: tuple[Fix, ...]) -> tuple[tuple[Fix, ...], ...]:
    """Fixes that are no alternatives to each other, side by side."""
    groups: list[tuple[Fix, ...]] = []
    rest = fixes
    while rest:
        belonging = tuple(takewhile(_belongs, rest[1:]))
        groups.append((rest[0], *belonging))
        rest = rest[1 + len(belonging) :]
    return tuple(groups)


def _belongs(fix: Fix) -> bool:
    return isinstance(fix, EnvFix | BucketPolicy | BucketSetting) and fix.together


@dataclass(frozen=True, slots=True)
class Consequence:
    """A finding that went away with another one's fix, and therefore is no cause."""

    id: str
    severity: Severity
    title: str
    of: str
    """The id of the cause."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A finding that is there, and was not to be told (``--skip``, ``--only``)."""

    id: str
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class TrialRun:
    """An examination under the settings of the file with some lines changed."""

    changes: tuple[EnvFix, ...]
    """All the lines that were not those of the file. Of a secret that gets quotes the text is not here."""
    evidence: Evidence
    result: str
    """What came of it, in a sentence without its last stop."""
    repeated: Evidence | None = None
    """What had failed before, asked once more without the lines after it had passed with them."""
    failures: tuple[str, ...] = ()
    """Ids of the failures under these settings."""


@dataclass(frozen=True, slots=True)
class RuleError:
    """A rule that ended with an exception, which is a bug of s3probe. What the other rules found stands."""

    rule: str
    """Module and function: ``acl.refused_acl``."""
    error: str
    """The exception's type and text. The text may hold what a server or the file says."""
    place: str = ""
    """Where it was raised: ``acl.py:88``."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the rules found. Iterating goes over the findings, most important first."""

    findings: tuple[Finding, ...] = ()
    rule_errors: tuple[RuleError, ...] = ()
    """Rules whose opinion is missing: without a failure nothing can be called healthy."""
    consequences: tuple[Consequence, ...] = ()
    """What went away with the fix of one of the findings."""
    left_out: tuple[LeftOut, ...] = ()
    """What was found, and nobody wanted to hear of."""

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)
