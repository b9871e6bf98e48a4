"""What a run saw: frozen observations, written to JSON and read back to the same byte."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from s3probe.evidence.asked import HowAsked
from s3probe.evidence.vocabulary import Actor, Fact, FactName, HeaderName, ObservationId
from s3probe.records import dataclass, field

LEFT_OUT = "left out by --only or --skip"
"""The reason of a row that nobody wanted."""


class Outcome(StrEnum):
    """How an action ended (``outcome`` in the report's JSON schema)."""

    OK = "ok"
    DENIED = "denied"  # authorization
    REJECTED = "rejected"  # the service refuses the request itself
    WRONG = "wrong"  # answered, but not with what Mastodon needs
    UNREACHABLE = "unreachable"  # DNS, TCP, TLS, time-out
    THROTTLED = "throttled"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class NetworkFault(StrEnum):
    """Where the way to the server ended."""

    DNS = "dns"
    REFUSED = "refused"
    NO_ROUTE = "no-route"
    CONNECT_TIMEOUT = "connect-timeout"
    TLS_NAME = "tls-name"  # certificate for another name
    TLS_UNTRUSTED = "tls-untrusted"  # unknown CA or self-signed
    TLS_EXPIRED = "tls-expired"
    TLS_NOT_TLS = "tls-not-tls"  # https spoken to a plain http port
    TLS_OTHER = "tls-other"
    CLOSED = "closed"  # connection closed without an answer (also: http to a TLS port)
    READ_TIMEOUT = "read-timeout"
    DEADLINE = "deadline"  # s3probe's own total time ran out (a trickling body)
    PROXY = "proxy"
    PROTOCOL = "protocol"  # bytes that are not HTTP
    TOO_LARGE = "too-large"


LATE_ANSWER = "the time was up before an answer came"
TIME_WAS_UP = "the time was up before this could be asked"
"""Why something was not asked, or no answer was waited for: the run's own deadline."""

NEVER_SENT = frozenset(
    {
        NetworkFault.DNS,
        NetworkFault.REFUSED,
        NetworkFault.NO_ROUTE,
        NetworkFault.CONNECT_TIMEOUT,
        NetworkFault.TLS_NAME,
        NetworkFault.TLS_UNTRUSTED,
        NetworkFault.TLS_EXPIRED,
        NetworkFault.TLS_NOT_TLS,
        NetworkFault.TLS_OTHER,
    }
)
"""The way ended before a byte of the request was sent: it cannot have changed anything."""

WAITS = frozenset({NetworkFault.READ_TIMEOUT, NetworkFault.DEADLINE, NetworkFault.CONNECT_TIMEOUT})
"""Nothing came in the time that Mastodon waits."""

NO_CHANGES: Mapping[str, str | None] = MappingProxyType({})
"""Of a request that was made under the settings as they are."""

THOROUGH_ALONE = "a thorough run alone looks there"
"""Ends the reason of what is named by its folders."""
THOROUGH = "--thorough"
"""Named in the reason of what a small run leaves out, so that nobody takes it for a question that had no need."""

EXPECT_WAIT = 0.9
"""Seconds: a client waits about one second for "100 Continue" before it sends the body anyway (Net::HTTP: 1 s)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One request (or a skipped one) and everything judgement needs to know of its answer."""

    id: ObservationId
    title: str
    """A positive sentence: what holds when the outcome is ok."""
    operation: str
    """S3's own name (``PutObject``), or ``GET`` for a visitor's request."""
    actor: Actor
    outcome: Outcome
    needs: tuple[str, ...] = ()
    """IAM actions the request needs."""
    method: str = ""
    url: str = ""
    """Without a query that could hold a signature."""
    http_status: int | None = None
    error_code: str | None = None
    message: str | None = None
    """The server's own words (scrubbed, shortened), or the network error's."""
    network: NetworkFault | None = None
    reason: str | None = None
    """Why it was skipped."""
    seconds: float = 0.0
    headers: Mapping[HeaderName, str] = field(default_factory=lambda: MappingProxyType({}))
    """Answer headers by lower-case name; repeated ones joined with ``, ``."""
    facts: Mapping[FactName, str] = field(default_factory=lambda: MappingProxyType({}))
    """Details read from the answer, e.g. ``region``, ``root`` (XML root element), ``bucket``."""
    changes: Mapping[str, str | None] = field(default_factory=lambda: NO_CHANGES)
    """The lines that an experiment changed, by variable; ``None``: taken away. A secret's text is not here."""
    asked: HowAsked | None = None
    """When, where and how it was asked, of a row that failed."""

    @property
    def ok(self) -> bool:
        return self.outcome is Outcome.OK

    @property
    def ran(self) -> bool:
        return self.outcome is not Outcome.SKIPPED

    @property
    def failed(self) -> bool:
        return self.ran and not self.ok

    @property
    def for_a_thorough_run(self) -> bool:
        """Whether it was left out, and a thorough run asks it."""
        return any(words in (self.reason or "") for words in (THOROUGH, THOROUGH_ALONE))

    @property
    def inconclusive(self) -> bool:
        """Whether the server or the way to it failed: that tells nothing of rights, and nothing of what was asked."""
        return self.outcome in (Outcome.UNKNOWN, Outcome.UNREACHABLE, Outcome.THROTTLED)

    @property
    def led_to(self) -> str:
        """Where the last of the redirects led that were followed; ``""`` without one."""
        return self.facts.get(Fact.REDIRECTED, "").split(" ")[-1]


@dataclass(frozen=True, slots=True)
class LeftElsewhere:
    """Where something is that was written under other settings than the file's."""

    name: str
    """As in :class:`Cleanup`."""
    endpoint: str
    bucket: str
    region: str


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What the ledger made, and what became of it."""

    created: int = 0
    removed: int = 0
    left_behind: tuple[str, ...] = ()
    """``key`` or ``key?uploadId=…`` of what could not be removed."""
    may_arrive: tuple[str, ...] = ()
    """The same of uploads without an answer: they are not there, and a slow storage may still carry them out."""
    earlier: tuple[str, ...] = ()
    """The same of what earlier runs left, and this one looked for and could not remove either."""
    elsewhere: tuple[LeftElsewhere, ...] = ()
    """Of both, what is in another bucket or at another endpoint than the file names."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the run asked of the provider. Bytes are bodies only."""

    requests: int = 0
    by_operation: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    bytes_sent: int = 0
    bytes_received: int = 0


class VersionFrom(StrEnum):
    """How the release of Mastodon is known that a run did as."""

    NOTHING = ""
    INSTANCE = "instance"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Run:
    """Which run it was. ``started`` is UTC in ISO 8601."""

    id: str
    started: str
    seconds: float
    profile: str
    """``full``, ``quick`` or ``read-only``."""
    mastodon_version: str = ""
    """The instance's own answer or ``--mastodon-version``; ``""`` = current release assumed."""
    complete: bool = True
    """``False`` when the deadline or a signal cut it short."""
    version_from: VersionFrom = VersionFrom.NOTHING


class _ById:
    """Room for an index that is no field: it is neither compared nor written."""

    __slots__ = ("by_id",)
    by_id: Mapping[ObservationId, Observation]


@dataclass(frozen=True, slots=True)
class Evidence(_ById):
    """All of one run."""

    run: Run
    observations: tuple[Observation, ...] = ()
    cleanup: Cleanup = Cleanup()
    cost: Cost = Cost()

    def get(self, action: ObservationId) -> Observation | None:
        """The last observation of that id, or ``None`` when it was never considered."""
        try:
            index = self.by_id
        except AttributeError:
            # the rules ask a thousand times
            index = {observation.id: observation for observation in self.observations}
            object.__setattr__(self, "by_id", index)
        return index.get(action)
