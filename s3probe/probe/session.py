"""One run's shared state: the settings in force, the way to the server, the ledger, and the book of observations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from s3probe.evidence.observations import (
    LATE_ANSWER,
    LEFT_OUT,
    NO_CHANGES,
    TIME_WAS_UP,
    NetworkFault,
    Observation,
    Outcome,
)
from s3probe.evidence.vocabulary import ACTIONS, Fact, Facts, ObservationId, row_of
from s3probe.hindrance import HinderedError
from s3probe.probe.client import Client, NotAllowedError, NotSentError, SpentError
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.own_files import OwnFile
from s3probe.probe.progress import Asking
from s3probe.probe.repeat import Heard, Repeats
from s3probe.probe.schedule import Crew, Step, run_steps
from s3probe.probe.tools import Tools
from s3probe.probe.wire import Wire
from s3probe.records import dataclass, field, replace
from s3probe.settings.keys import probe_key
from s3probe.settings.model import Credentials, Settings

ABSENT = (403, 404, 410)
"""What a HEAD is answered for a key that is not there. Without s3:ListBucket that is 403; reading worked before."""
Judge = Callable[[Answer], tuple[Outcome | None, Facts]]
"""Looks into an answer: the outcome it means (``None``: as status and code say) and facts worth keeping."""


def taken(answer: Answer) -> bool:
    """Whether the status says that a write was carried out."""
    return 200 <= (answer.status or 0) < 300


@dataclass(frozen=True, slots=True)
class Conditions:
    """The settings, key pair and clock under which requests are made: an experiment's differ in one thing."""

    settings: Settings
    wire: Wire
    changes: Mapping[str, str | None] = field(default_factory=lambda: NO_CHANGES)
    """The lines of the env file that an experiment changes. A secret's text is not here."""
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
    repeats: Repeats
    """Asks again what a moment may have failed."""
    workers: int = 8
    wanted: Callable[[str], bool] = lambda _id: True
    """Whether ``--only`` and ``--skip`` leave this action in. What others need may be made all the same."""
    actions: int = len(ACTIONS)
    """How many of the table's actions this run has."""
    thorough: bool = False
    """Whether questions are asked as well that an examination of every few minutes leaves out."""
    mastodon_version: str = ""
    """The instance's release, once it is known."""
    crew: Crew = field(default_factory=Crew)
    """The steps that are at work."""
    hindrance: str = ""
    """What this process lacked, or what was used up, once that was so. From then on nothing is asked."""

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
        facts: Facts | None = None,
        told: Callable[[Answer | None], object] | None = None,
        proof: Call | None = None,
    ) -> tuple[Observation, Answer | None]:
        """Sends ``call`` and writes the observation down. No answer when the time was up before it was sent.

        What a moment may have failed is asked again. When it passes then, the first answer is written down as well,
        under an id of its own.

        ``facts`` are known before: they are kept whatever the answer, and when there is none. ``told`` is called with
        every answer, as each of them may have changed something, and with ``None`` when nothing was sent. ``proof`` is
        a HEAD of what ``call`` is to make or to remove: it decides where a repeated call does not find what an earlier
        one has already finished.
        """
        conditions = conditions or self.conditions
        asked = self._named(title or row_of(action_id).title)

        def send(patience: float | None) -> Answer:
            with self.tools.progress(self._asking(asked, call, patience or conditions.settings.read_timeout)):
                answer = self.client.send(call, patience=patience, name=action_id)
            if told is not None:
                told(answer)
            return answer

        why_not = self.hindrance
        try:
            heard = None if why_not else self.repeats.hear(call, send, conditions.settings.read_timeout)
        except HinderedError as hindered:
            heard, why_not, self.hindrance = None, str(hindered), str(hindered)
        except SpentError as spent:
            heard, why_not, self.hindrance = None, str(spent), str(spent)
        except NotSentError as refused:
            heard, why_not = None, f"not asked: {refused}" if isinstance(refused, NotAllowedError) else TIME_WAS_UP
        if heard is None:
            if told is not None:
                told(None)
            return self._skipped(action_id, why_not, title=title), None
        answer = heard.judged
        if answer.hindrance:
            self.hindrance = answer.hindrance
            return self._skipped(action_id, self.hindrance, title=title), answer
        if answer.fault is NetworkFault.DEADLINE and answer.seconds < conditions.settings.read_timeout:
            # our own time was up, sooner than Mastodon's would have been: that says nothing of the storage
            return self._skipped(action_id, LATE_ANSWER, title=title), answer
        outcome, found = judge(answer) if judge and answer.fault is None else (None, {})
        if proof is not None and heard.may_be_done_already:
            done = self._is_done(call, proof)
            outcome, answer = (Outcome.OK, answer) if done else (None, heard.first)
        known: Facts = {**(facts or {}), **found}
        if len(heard.answers) > 1 and not heard.passed_later:
            late = f"{heard.late:.1f}" if heard.late is not None else ""
            known = {**known, Fact.ATTEMPTS: str(len(heard.answers)), Fact.LATE: late}
        observation = self.client.observe(
            action_id, call, answer, outcome=outcome, facts=known, changes=conditions.changes, title=title
        )
        if answer is not heard.first:
            self.note_first(action_id, call, heard, title)
        return self.book.add(self._titled(observation)), answer

    def _asking(self, title: str, call: Call, patience: float) -> Asking:
        decided = sum(row.id in ACTIONS for row in self.book.rows())
        host = urlsplit(call.url).hostname or ""
        return Asking(title, host, patience, min(decided + 1, self.actions), self.actions)

    def note_first(self, action_id: ObservationId, call: Call, heard: Heard, title: str | None = None) -> None:
        """Writes down that a request failed for a moment, if it did."""
        if heard.passed_later:
            self._note_first(action_id, call, heard.first, title)

    def note_failed_at_first(self, action_id: ObservationId, heard: Iterable[tuple[Call, Answer]]) -> None:
        """The same of requests that the clean-up has repeated. One of them is enough."""
        for call, answer in heard:
            if self.book.get(action_id.at_first()) is None:
                self._note_first(action_id, call, answer, None)

    def _note_first(self, action_id: ObservationId, call: Call, first: Answer, title: str | None) -> None:
        title = f"{title or row_of(action_id).title}, at the first attempt"
        seen = self.client.observe(action_id, call, first, title=title)
        # S3 may tell of an error in a 200
        outcome = Outcome.UNKNOWN if seen.ok else seen.outcome
        self.book.add(self._titled(replace(seen, id=action_id.at_first(), outcome=outcome)))

    def _is_done(self, call: Call, proof: Call) -> bool:
        """Whether the HEAD shows that an earlier attempt has done what ``call`` asks for."""
        try:
            status = self.client.send(proof).status
        except NotSentError:
            return False
        return status == 200 if call.operation == "CompleteMultipartUpload" else status in ABSENT

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
                )
            )
        )

    def put(
        self,
        action_id: ObservationId,
        file: OwnFile,
        *,
        conditions: Conditions | None = None,
        title: str | None = None,
    ) -> tuple[Observation, Stored | None]:
        """Uploads an object of ours: registered before it is sent, settled by the answer.

        Always a step of the crew: a signal would tear the main thread off its upload, which then arrives after the
        clean-up.
        """

        conditions = conditions or self.conditions

        def upload() -> tuple[Observation, Stored | None]:
            entry, body = self.mint(file, conditions), file.body(self.run_id)
            acl = file.acl_under(conditions.settings)
            call = conditions.wire.put_object(entry.key, body, file.kind, acl=acl)
            seen, _answer = self.ask(action_id, call, conditions=conditions, title=title, told=self.noting(entry))
            return seen, Stored(entry, body, file.kind) if seen.ok else None

        if self.crew.works_here:
            return upload()
        done: list[tuple[Observation, Stored | None]] = []
        self.parallel([Step(action_id, lambda: done.append(upload()))])
        return done[0] if done else (self._skipped(action_id, LATE_ANSWER, title=title), None)

    def mint(self, file: OwnFile, conditions: Conditions | None = None) -> LedgerEntry:
        """A key for a file of the table: there is none for any other."""
        wire = (conditions or self.conditions).wire
        bare = None if file.prefixed else replace(wire.settings, key_prefix="")
        key = probe_key(bare, file.class_path, self.run_id, file.name) if bare is not None else None
        return self.ledger.mint(wire, file.class_path, file.name, key=key)

    def noting(self, entry: LedgerEntry, wrote: Callable[[Answer], bool] = taken) -> Callable[[Answer | None], None]:
        """For ``told``: notes in the ledger what became of ``entry``. ``wrote``: whether an answer says it is there."""

        def told(answer: Answer | None) -> None:
            self.ledger.answered(entry, answer, written=answer is not None and wrote(answer))

        return told


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
    standing = {"Host": host, "User-Agent": agent or VISITOR_AGENT, "Accept": "*/*", **dict(headers)}
    length = (("Content-Length", str(len(body))),) if body or method == "PUT" else ()
    operation = "PutObject" if method == "PUT" else method
    return Call(operation, method, url, (*standing.items(), *length), body)


VISITOR_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 s3probe"
"""A browser's, so that the visitor meets what visitors meet; it still says who asks."""
