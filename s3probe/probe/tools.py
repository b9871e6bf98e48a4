"""What the probe works with, injected so that tests need neither sleep nor chance."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from s3probe.evidence.observations import Cleanup, VersionFrom
from s3probe.evidence.vocabulary import ACTIONS, BESIDE, Facts
from s3probe.probe.ahead import opened_ahead
from s3probe.probe.allowance import (
    MOST_ASKED,
    MOST_ASKED_THOROUGHLY,
    MOST_OF_A_CANARY,
    MOST_REMOVING,
    Allowance,
    Hearing,
)
from s3probe.probe.exchange import Limits, Transport
from s3probe.probe.machine import AddressFamiliesOf
from s3probe.probe.notes import Notes, NotesInMemory
from s3probe.probe.progress import Progress, silent
from s3probe.records import dataclass, field
from s3probe.settings.model import Credentials, Settings

if TYPE_CHECKING:
    from s3probe.probe.bounds import Recorder

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
RUN_ID_LENGTH = 10
SHORTEST_EXAMINATION = 2.0
"""Seconds that have to be left after a canary that failed: in less nothing can be learnt, and ``--deadline`` holds."""

LAST_WORDS = 0.3
"""Of the clean-up's time, as a share: what a run that used up its deadline keeps for its report and for a busy machine.
Both times together are all that it may take.
"""


def new_run_id() -> str:
    """Ten characters without look-alikes: enough that no two probes ever meet on a key."""
    return "".join(secrets.choice(ALPHABET) for _ in range(RUN_ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall time for signatures, monotonic time for durations (seconds)."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    stopped: Callable[[], bool] = lambda: False
    """Whether a run has to end now (a signal reached another thread). Its clean-up still has its time."""


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What the command line asked of a run."""

    profile: str = "full"
    """``full``, ``quick`` or ``read-only``."""
    deadline: float = 30.0
    """Seconds for the examination; clean-up has its own."""
    cleanup_deadline: float = 10.0
    begun: float | None = None
    """When the whole run began, by ``Clock.monotonic``: the time of both together counts from then on. ``None``: from
    the examination's own beginning."""
    only: Collection[str] = ()
    skip: Collection[str] = ()
    mastodon_version: str | None = None
    """``None``: ask the instance."""
    version_from: VersionFrom = VersionFrom.OPTION
    """How ``mastodon_version`` is known, where it is."""
    workers: int = 16
    thorough: bool = False
    """Ask as well what a run of every few minutes leaves out: it may then take more than 40 requests."""
    trials: bool = True
    """Try the lines that may end a failure, in examinations of their own."""
    canary: str = ""
    """Id of the quick run that failed and is followed by this one, which removes what that left."""
    requests: int | None = None
    """How many it may ask, removing excepted; ``None``: as many as one of its kind may."""
    followed: bool = True
    """Of a quick run: whether a whole examination follows where it fails, and removes what is left."""

    @property
    def most_asked(self) -> int:
        """How many requests an examination may make, removing excepted."""
        if self.requests is not None:
            return self.requests
        if self.profile == "quick":
            return MOST_OF_A_CANARY
        return MOST_ASKED_THOROUGHLY if self.thorough else MOST_ASKED

    def wants(self, name: str) -> bool:
        """Whether ``only`` and ``skip`` leave an action in, or a step that is part of one."""
        only = {action_id for action_id in self.only if action_id in ACTIONS}
        if name in ACTIONS:
            return name not in self.skip and (not only or name in only)
        return not only or any(part in only for part in BESIDE.get(name, ()))

    def latest_end(self, begun: float) -> float:
        """When the clean-up has to have ended, in a run whose examination began at ``begun``."""
        whole = self.deadline + self.cleanup_deadline * (1 - LAST_WORDS)
        return (begun if self.begun is None else self.begun) + whole


def _unheard(_cleanup: Cleanup) -> None:
    """Ignores the result of the clean-up: the evidence holds it."""


def _untold(_seconds: float) -> None:
    """Says nothing."""


def _cold(_url: str, _number: int, _limits: Limits) -> None:
    """Opens nothing beforehand."""


def _nothing_to_close() -> None:
    """Closes nothing."""


def _unseen(_pair: Credentials) -> None:
    """Does without knowing who signs."""


def _nothing_known(_host: str, _port: int) -> Facts:
    """Finds out nothing about this machine."""
    return {}


def _outside(_host: str) -> bool:
    """Knows no name of a private network."""
    return False


def _nobody_knows(_host: str, _other: str) -> bool | None:
    """Looks no name up."""
    return None


@dataclass(frozen=True, slots=True)
class Tools:
    """The way out of the process: network, clock, chance."""

    transport: Transport
    clock: Clock = field(default_factory=Clock)
    run_id: Callable[[], str] = new_run_id
    invocation_id: Callable[[], str] = lambda: str(uuid4())
    progress: Progress = silent
    families_of: AddressFamiliesOf = _nothing_known
    """What ``probe.machine`` finds out of this machine and a host."""
    lies_inside: Callable[[str], bool] = _outside
    """Whether a host name leads to private addresses alone."""
    same_addresses: Callable[[str, str], bool | None] = _nobody_knows
    """Whether two names lead to one address; ``None`` where that cannot be told."""
    vendor: Callable[[], str] = str
    """Who made this machine, as its firmware says: ``Amazon EC2`` where an instance role can be expected."""
    warm: Callable[[str, int, Limits], None] = _cold
    """Opens connections to the host of a URL that will be needed soon."""
    close: Callable[[], None] = _nothing_to_close
    """Gives back what the transport keeps for the next request. To be called when all is asked."""
    signing: Callable[[Credentials], None] = _unseen
    """Told once who signs, before anything is signed: the SDK's chain may lead to a pair that no settings hold."""
    cleaned: Callable[[Cleanup], None] = _unheard
    """Told once at the end: of an interrupted run there is no evidence, but what stays must be named."""
    removing: Callable[[float], None] = _untold
    """Told by an interrupted run that has uploaded something: the seconds that removing it may take."""
    hearing: Hearing = field(default_factory=Hearing)
    """How many bytes all examinations may hear together."""
    removals: Allowance = field(default_factory=lambda: Allowance(MOST_REMOVING))
    """What the clean-ups of all examinations may ask together."""
    notes: Notes = field(default_factory=NotesInMemory)
    """What earlier runs have left, and where to write down what this one leaves."""


def limits_for(settings: Settings, *, total: float) -> Limits:
    """Mastodon's own time-outs (``S3_OPEN_TIMEOUT``, ``S3_READ_TIMEOUT``), and a total of ours."""
    return Limits(
        connect=_seconds(settings.open_timeout, total), read=_seconds(settings.read_timeout, total), total=total
    )


def _seconds(number: int, total: float) -> float:
    """Zero is no limit to Mastodon where it sends anything at all; the longest is longer than a clock can tell."""
    return min(number, total) if number > 0 else total


def default_tools(
    settings: Settings,
    *,
    progress: Progress = silent,
    connections: int = 0,
    instance: bool = False,
    recorder: Recorder | None = None,
) -> Tools:
    """The real network and the real clock, with Mastodon's trust store and proxy.

    ``connections``: how many the first requests to the storage need at once; they are opened while all else loads.
    ``instance``: the instance is asked for its release as well. ``recorder`` is told of every exchange.
    """
    ahead = opened_ahead(settings, connections, instance=instance)
    from s3probe.probe.machine import families_of, lies_inside, same_addresses, vendor
    from s3probe.probe.transport import HttpTransport

    transport = HttpTransport(ca_file=settings.ca_file, proxy=settings.proxy, ahead=ahead, recorder=recorder)
    return Tools(
        transport,
        progress=progress,
        families_of=families_of,
        lies_inside=lies_inside,
        same_addresses=same_addresses,
        vendor=vendor,
        warm=transport.warm,
        close=transport.close,
    )
