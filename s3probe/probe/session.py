"""One run's shared state: the settings in force, the way to the server, the ledger, and the book of observations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ACTIONS, Facts, ObservationId, row_of
from s3probe.hindrance import HinderedError
from s3probe.probe.client import Client, NotAllowedError, StoppedError
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.schedule import Crew, Step, run_steps
from s3probe.probe.tools import Tools
from s3probe.probe.wire import Wire
from s3probe.settings.model import Credentials, Settings

Judge = Callable[[Answer], tuple[Outcome | None, Facts]]
"""Looks into an answer: the outcome it means (``None``: as status and code say) and facts worth keeping."""

LEFT_OUT = "left out by --only or --skip"
"""The reason of an action that the command line left out."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The settings, key pair and clock under which requests are made: the file's, or as if a fault had been fixed."""

    settings: Settings
    wire: Wire
    assuming: tuple[str, ...] = ()
    """The fixes taken for granted, as lines of the env file."""
    credentials: Credentials | None = None
    """A key pair other than the settings' own, or ``None``."""
    clock_offset: float = 0.0
    """Seconds added to this machine's time in signatures."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of ours that the server took."""

    entry: LedgerEntry
    body: bytes
    content_type: str

    @property
    def key(self) -> str:
        return self.entry.key


class Book:
    """Observations by id, in the order in which the ids came up; thread-safe. The last of an id replaces the others.

    The examination sorts them into the order of the table.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[ObservationId, Observation] = {}

    def add(self, observation: Observation) -> Observation:
        with self._lock:
            self._rows[observation.id] = observation
        return observation

    def get(self, action_id: ObservationId) -> Observation | None:
        with self._lock:
            return self._rows.get(action_id)

    def rows(self) -> tuple[Observation, ...]:
        with self._lock:
            return tuple(self._rows.values())


@dataclass(slots=True)
class Session:
    """What the steps of a run share. ``conditions`` is replaced only between waves, never while steps run."""

    tools: Tools
    client: Client
    ledger: Ledger
    conditions: Conditions
    book: Book
    run_id: str
    remaining: Callable[[], float]
    """Seconds until the deadline."""
    workers: int = 8
    wanted: Callable[[str], bool] = lambda _id: True
    """Whether ``--only`` and ``--skip`` leave this action in. What others need may be made all the same."""
    thorough: bool = False
    """Whether questions are asked as well that an examination of every few minutes leaves out."""
    crew: Crew = field(default_factory=Crew)
    """The steps that are at work."""
    hindrance: str = ""
    """What this process lacked, once that was so. From then on nothing is asked."""

    def parallel(self, steps: Iterable[Step]) -> bool:
        """Runs steps side by side; ``False`` when the time was up before all had ended."""
        return run_steps(steps, workers=self.workers, remaining=self.remaining, crew=self.crew)

    def ask(
        self,
        action_id: ObservationId,
        call: Call,
        judge: Judge | None = None,
        *,
        conditions: Conditions | None = None,
        title: str | None = None,
        limits: Limits | None = None,
        facts: Facts | None = None,
    ) -> tuple[Observation, Answer | None]:
        """Sends ``call`` and writes the observation down. No answer when the time was up before it was sent.

        ``facts`` are known before: they are kept whatever the answer, and when there is none.
        """
        conditions = conditions or self.conditions
        self.tools.progress(self._named(title or row_of(action_id).title))
        if self.hindrance:
            return self._skipped(action_id, self.hindrance, title=title), None
        try:
            answer = self.client.send(call, limits=limits)
        except HinderedError as hindered:
            self.hindrance = str(hindered)
            return self._skipped(action_id, self.hindrance, title=title), None
        except StoppedError:
            return self._skipped(action_id, "the time was up before this could be asked", title=title), None
        except NotAllowedError as refused:
            return self._skipped(action_id, f"not asked: {refused}", title=title), None
        if answer.hindrance:
            self.hindrance = answer.hindrance
            return self._skipped(action_id, self.hindrance, title=title), answer
        if answer.fault is NetworkFault.DEADLINE and answer.seconds < conditions.settings.read_timeout:
            # our own time was up, sooner than Mastodon's would have been: that says nothing of the storage
            return self._skipped(action_id, "the time was up before an answer came", title=title), answer
        outcome, found = judge(answer) if judge and answer.fault is None else (None, {})
        known: Facts = {**(facts or {}), **found}
        observation = self.client.observe(
            action_id, call, answer, outcome=outcome, facts=known, assuming=conditions.assuming, title=title
        )
        return self.book.add(self._titled(observation)), answer

    def _titled(self, observation: Observation) -> Observation:
        return replace(observation, title=self._named(observation.title))

    def _named(self, title: str) -> str:
        return title.replace("{acl}", self.conditions.settings.acl or "none")

    def skip(self, action_id: ObservationId, reason: str, *, title: str | None = None) -> Observation:
        """Writes down that an action was not made, and why."""
        left_out = action_id in ACTIONS and not self.wanted(action_id)
        return self._skipped(action_id, LEFT_OUT if left_out else reason, title=title)

    def _skipped(self, action_id: ObservationId, reason: str, *, title: str | None = None) -> Observation:
        row = row_of(action_id)
        return self.book.add(
            self._titled(
                Observation(
                    action_id,
                    title or row.title,
                    row.operation,
                    row.by,
                    Outcome.SKIPPED,
                    needs=row.needs,
                    reason=reason,
                    assuming=self.conditions.assuming,
                )
            )
        )

    def put(
        self,
        action_id: ObservationId,
        class_path: str,
        name: str,
        body: bytes,
        content_type: str,
        *,
        acl: str | None,
        conditions: Conditions | None = None,
        title: str | None = None,
    ) -> tuple[Observation, Stored | None]:
        """Uploads an object of ours: registered before it is sent, settled by the answer."""
        conditions = conditions or self.conditions
        entry = self.ledger.mint(conditions.wire, class_path, name)
        call = conditions.wire.put_object(entry.key, body, content_type, acl=acl)
        observation, answer = self.ask(action_id, call, conditions=conditions, title=title)
        self.ledger.answered(entry, answer, written=answer is not None and 200 <= (answer.status or 0) < 300)
        if not observation.ok:
            return observation, None
        return observation, Stored(entry, body, content_type)


def visitor_call(
    url: str,
    *,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    agent: str = "",
) -> Call:
    """A request as a browser on another machine would make it, or another ``agent``: unsigned, no cookies."""
    host = url.split("://", 1)[-1].split("/", 1)[0]
    standing = (("Host", host), ("User-Agent", agent or VISITOR_AGENT), ("Accept", "*/*"))
    length = (("Content-Length", str(len(body))),) if body or method == "PUT" else ()
    operation = "PutObject" if method == "PUT" else method
    return Call(operation, method, url, (*standing, *headers, *length), body)


VISITOR_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 s3probe"
"""A browser's, so that the visitor meets what visitors meet; it still says who asks."""
