"""What the probe works with, injected so that tests need neither sleep nor chance."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from s3probe.evidence.observations import Cleanup
from s3probe.evidence.vocabulary import Facts
from s3probe.probe.exchange import Limits, Transport
from s3probe.probe.machine import AddressFamiliesOf
from s3probe.probe.notes import Notes, NotesInMemory
from s3probe.settings.model import Credentials, Settings

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
    workers: int = 16
    thorough: bool = False
    """Ask as well what a run of every few minutes leaves out: it may then take more than 40 requests."""
    trials: bool = True
    """Try the lines that may end a failure, in examinations of their own."""
    canary: str = ""
    """Id of the quick run that failed and is followed by this one, which removes what that left."""
    followed: bool = True
    """Of a quick run: whether a whole examination follows where it fails, and removes what is left."""

    def latest_end(self, begun: float) -> float:
        """When the clean-up has to have ended, in a run whose examination began at ``begun``."""
        whole = self.deadline + self.cleanup_deadline * (1 - LAST_WORDS)
        return (begun if self.begun is None else self.begun) + whole


def _silent(_line: str) -> None:
    """Shows no progress."""


def _unheard(_cleanup: Cleanup) -> None:
    """Ignores the result of the clean-up: the evidence holds it."""


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


@dataclass(frozen=True, slots=True)
class Tools:
    """The way out of the process: network, clock, chance."""

    transport: Transport
    clock: Clock = field(default_factory=Clock)
    run_id: Callable[[], str] = new_run_id
    invocation_id: Callable[[], str] = lambda: str(uuid4())
    progress: Callable[[str], None] = _silent
    families_of: AddressFamiliesOf = _nothing_known
    """What ``probe.machine`` finds out of this machine and a host."""
    lies_inside: Callable[[str], bool] = _outside
    """Whether a host name leads to private addresses alone."""
    vendor: Callable[[], str] = str
    """Who made this machine, as its firmware says: ``Amazon EC2`` where an instance role can be expected."""
    close: Callable[[], None] = _nothing_to_close
    """Gives back what the transport keeps for the next request. To be called when all is asked."""
    signing: Callable[[Credentials], None] = _unseen
    """Told once who signs, before anything is signed: the SDK's chain may lead to a pair that no settings hold."""
    cleaned: Callable[[Cleanup], None] = _unheard
    """Told once at the end: of an interrupted run there is no evidence, but what stays must be named."""
    notes: Notes = field(default_factory=NotesInMemory)
    """What earlier runs have left, and where to write down what this one leaves."""


def limits_for(settings: Settings, *, total: float) -> Limits:
    """Mastodon's own time-outs (``S3_OPEN_TIMEOUT``, ``S3_READ_TIMEOUT``), and a total of ours."""
    return Limits(connect=float(settings.open_timeout), read=float(settings.read_timeout), total=total)


def default_tools(settings: Settings, *, progress: Callable[[str], None] = _silent) -> Tools:
    """The real network and the real clock, with Mastodon's trust store and proxy."""
    from s3probe.probe.machine import families_of, lies_inside, vendor
    from s3probe.probe.transport import HttpTransport

    transport = HttpTransport(ca_file=settings.ca_file, proxy=settings.proxy)
    return Tools(
        transport,
        progress=progress,
        families_of=families_of,
        lies_inside=lies_inside,
        vendor=vendor,
        close=transport.close,
    )
