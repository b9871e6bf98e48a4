"""What a run would do, as frozen data that every form of a plan shows."""

from __future__ import annotations

from enum import StrEnum

from s3probe.evidence.vocabulary import Actor
from s3probe.probe.own_files import Fate
from s3probe.records import dataclass


class WhenAsked(StrEnum):
    """Whether requests of a kind go somewhere."""

    ALWAYS = "always"
    AFTER_A_FAILURE = "after-a-failure"  # or after something else that is odd, by the rules that the plan names
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class PlannedHost:
    """One place that is asked: scheme, host and port."""

    origin: str
    """``https://s3.example.net``; with a port only where it is not the scheme's own."""
    signed: WhenAsked
    signed_why: str
    visitor: WhenAsked
    """Whether requests go there that anybody could make, without the key."""
    visitor_why: str


@dataclass(frozen=True, slots=True)
class HostRule:
    """By what rule further hosts are chosen, which nobody can name before an answer."""

    signed: bool
    """Whether signed requests may go there; without it only a visitor's."""
    why: str
    shown: tuple[str, ...] = ()
    """The hosts, for people: ``s3.<region>.amazonaws.com``."""
    patterns: tuple[str, ...] = ()
    """Regular expressions for the whole host, in lower case. Without one it is any host that the rule leads to."""
    plain: tuple[str, ...] = ()
    """The same of those among them that may be asked without TLS as well."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One key, and what is done with it."""

    key: str
    fate: Fate
    acl: str | None
    """The canned ACL that goes with it; ``None``: none is sent."""
    then: tuple[str, ...]
    """Canned ACLs that it is given afterwards."""
    kind: str
    when: str
    """The rule under which it is made; ``""``: in any case."""


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One row of the report that the run asks for."""

    id: str
    title: str
    operation: str
    actor: Actor
    needs: tuple[str, ...]
    origins: tuple[str, ...]
    when: str = ""
    """As of a file."""


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """Questions of one kind."""

    ids: tuple[str, ...]
    operation: str
    actor: Actor
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedOccasion:
    """What is asked beside the actions, and by which rule."""

    when: str
    failure: bool
    """Whether something has to fail, or to be odd, for it."""
    questions: tuple[PlannedQuestion, ...]


@dataclass(frozen=True, slots=True)
class PlannedTrials:
    """Examinations under other lines of the file."""

    why_not: str
    """Why there are none; ``""``: there may be some."""
    examinations: int = 0
    requests: int = 0
    acls: tuple[str, ...] = ()
    """The ACLs that a line of S3_PERMISSION may be tried with; ``""``: none."""


@dataclass(frozen=True, slots=True)
class PlannedLimits:
    """The most that a run may do, whatever it meets. Bytes are those of HTTP, before TLS."""

    when_nothing_fails: int
    """Requests."""
    asked: int
    """Requests of the examination, of both where a quick run is followed by a whole one."""
    beside: int
    """Requests to the Mastodon server itself, which no bill of the storage shows."""
    trials: int
    removing: int
    seconds: float
    clean_up_seconds: float
    bytes_sent: int
    bytes_received: int

    @property
    def requests(self) -> int:
        """All of them together."""
        return self.asked + self.beside + self.trials + self.removing


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """One place where Amazon's SDK looks for a key pair, and whom it asks there."""

    why: str
    address: str = ""
    """A URL, or the beginning of a host; ``""``: nobody is asked over the network."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it, for one env file. Nothing in it is a secret."""

    source: str
    profile: str
    thorough: bool
    only: tuple[str, ...]
    skip: tuple[str, ...]
    bucket: str
    endpoint: str
    provider: str
    access_key_id: str
    nothing: str
    """Why nothing is asked under the file as it stands; ``""`` where something is."""
    run_id: str
    """What stands for the run's id in keys."""
    run_id_pattern: str
    proxy: str
    """The HTTP proxy, host and port, over which all of it goes; ``""``: none."""
    hosts: tuple[PlannedHost, ...]
    rules: tuple[HostRule, ...]
    remarks: tuple[str, ...]
    """Sentences on what visitors' requests carry that may be taken for something else."""
    ping: str
    """Scheme and host of the ping URL, which is called at the start and at the end; ``""``: none is."""
    lookups: tuple[str, ...]
    """Names that are looked up in DNS beside those of the hosts."""
    sources: tuple[PlannedSource, ...]
    """Where a key pair is looked for, in the SDK's order; none where the file holds one."""
    files: tuple[PlannedFile, ...]
    actions: tuple[PlannedAction, ...]
    occasions: tuple[PlannedOccasion, ...]
    trials: PlannedTrials
    limits: PlannedLimits
    removal: tuple[str, ...]
    """Sentences."""
