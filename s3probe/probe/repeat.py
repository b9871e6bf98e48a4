"""Asks again, unchanged, what a moment may have failed: a single failed request is not yet evidence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from s3probe.evidence.observations import NEVER_SENT, NetworkFault
from s3probe.evidence.vocabulary import Header
from s3probe.probe.classify import may_pass
from s3probe.probe.client import NotSentError
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.tools import Clock
from s3probe.records import dataclass

REPEATS = 2
"""Times that one request is asked again."""
PAUSE = 0.5
"""Seconds before that, where the answer names none."""
LONGEST_PAUSE = 3.0
"""Seconds: a longer ``Retry-After`` is not waited for to its end."""
OF_A_RUN = 24
"""Repeats of one run: a store that fails much of what it is asked gets no more."""
SHARE = 1 / 3
"""Of a run's time, what its repeats may take: a dead server must not make a run last much longer."""
PATIENCE = 4
"""Times ``S3_READ_TIMEOUT``: how long a silent server is waited for, once, to tell silence from slowness."""
AT_ONCE = 1.0
"""Seconds: what is no question about the storage is asked again only when it failed at once."""
PIECE = 0.25
"""Seconds of sleep between two looks at whether the run has to end."""

Send = Callable[[float | None], Answer]
"""Makes one exchange; the seconds to wait for an answer, where they are not Mastodon's. Raises ``NotSentError``."""
Alike = tuple[str, str]
"""A host, and how it fails."""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that came back for one request, in order."""

    answers: tuple[Answer, ...]
    late: float | None = None
    """Seconds after which the answer came that Mastodon had given up waiting for; ``None``: none came late."""

    @property
    def first(self) -> Answer:
        return self.answers[0]

    @property
    def judged(self) -> Answer:
        """The answer that counts: the last; of a silent server the first silence, unless it then answered in time."""
        last = self.answers[-1]
        silent = self.first.fault is NetworkFault.READ_TIMEOUT and (self.late is not None or may_pass(last))
        return self.first if silent else last

    @property
    def may_be_done_already(self) -> bool:
        """Whether the last answer finds nothing there, where an earlier attempt may have been carried out."""
        carried_out = (answer.fault not in NEVER_SENT for answer in self.answers[:-1])
        return self.answers[-1].status == 404 and any(carried_out)

    @property
    def passed_later(self) -> bool:
        """Whether it failed for a moment: the same request was then answered properly."""
        return may_pass(self.first) and not may_pass(self.judged)


class Repeats:
    """The repeats of one run. Thread-safe.

    Where all that a host is asked fails alike, one request is asked again for all: the others wait, and what comes of
    it holds for them too. As soon as that host answers any request properly, each is asked again for itself.
    """

    def __init__(self, clock: Clock, remaining: Callable[[], float], seconds: float) -> None:
        """``remaining``: seconds until the deadline. ``seconds``: what all repeats may take together."""
        self._clock = clock
        self._remaining = remaining
        self._seconds = seconds
        self._left = OF_A_RUN
        self._at_work, self._since = 0, 0.0
        self._changed = threading.Condition()
        self._for_all: set[Alike] = set()
        """What one request is being asked again for just now."""
        self._in_vain: set[Alike] = set()
        """What it was asked again for and failed, without a proper answer of that host since."""
        self._proper: dict[str, int] = {}
        """Proper answers by host."""
        self._waited_for: set[Alike] = set()
        """Hosts and operations for which a late answer was waited for."""
        self._slow: set[str] = set()
        """Hosts whose answer came late: that is known then."""

    def hear(self, call: Call, send: Send, read: float = 0.0) -> Heard:
        """Asks, and asks again what a moment may have failed. ``read``: seconds that Mastodon waits for an
        answer of the storage; of others that fail slowly nothing is asked again.

        Raises :class:`NotSentError` when the first request could not be sent.
        """
        first = self._noted(call, send(None))
        if not may_pass(first) or (not read and first.seconds > AT_ONCE):
            return Heard((first,))
        failed = self._clock.monotonic()
        alike = (_host(call), _kind(first))
        leads = self._turn(alike)
        if leads is None:
            return Heard((first,))
        heard = Heard((first,))
        before = self._proper.get(alike[0], 0)
        try:
            with suppress(NotSentError):
                patience = min(PATIENCE * read, self._room() - 2 * PAUSE)
                if first.fault is NetworkFault.READ_TIMEOUT and patience > read:
                    heard = self._patiently(call, send, first, read, patience)
                else:
                    heard = self._again(call, send, first, failed)
            return heard
        finally:
            if leads:
                with self._changed:
                    self._for_all.discard(alike)
                    in_vain = len(heard.answers) > 1 and not heard.passed_later
                    if in_vain and self._proper.get(alike[0], 0) == before:
                        self._in_vain.add(alike)
                    self._changed.notify_all()

    def _again(self, call: Call, send: Send, first: Answer, failed: float) -> Heard:
        answers = [first]
        while len(answers) <= REPEATS and may_pass(answers[-1]):
            last = answers[-1]
            # who has waited for another to be asked again has had the pause
            pause = max(failed + self._pause(last) - self._clock.monotonic(), 0.0)
            if not self._begin(pause + last.seconds):
                break
            try:
                self._sleep(pause)
                answers.append(self._noted(call, send(None)))
            except NotSentError:
                break
            finally:
                self._end()
            failed = self._clock.monotonic()
        return Heard(tuple(answers))

    def _patiently(self, call: Call, send: Send, first: Answer, read: float, patience: float) -> Heard:
        """Asks a silent server once more and waits longer than Mastodon does."""
        host = _host(call)
        with self._changed:
            if host in self._slow or (host, call.operation) in self._waited_for:
                return Heard((first,))
            self._waited_for.add((host, call.operation))
        if not self._begin(PAUSE + patience):
            return Heard((first,))
        try:
            self._sleep(PAUSE)
            answer = self._noted(call, send(patience))
        finally:
            self._end()
        late = not may_pass(answer) and answer.seconds > read
        if late:
            self._slow.add(host)
        return Heard((first, answer), answer.seconds if late else None)

    def _turn(self, alike: Alike) -> bool | None:
        """Whether this request is the one that is asked again for all; ``None``: it need not be asked again."""
        with self._changed:
            if alike not in self._for_all and alike not in self._in_vain:
                self._for_all.add(alike)
                return True
            before = self._proper.get(alike[0], 0)
            while alike in self._for_all and self._proper.get(alike[0], 0) == before and self._remaining() > 0:
                self._changed.wait(PIECE)
            return None if alike in self._in_vain else False

    def _noted(self, call: Call, answer: Answer) -> Answer:
        if not may_pass(answer) and answer.fault is None and not answer.hindrance:
            host = _host(call)
            with self._changed:
                self._proper[host] = self._proper.get(host, 0) + 1
                self._in_vain = {alike for alike in self._in_vain if alike[0] != host}
                self._changed.notify_all()
        return answer

    def _room(self) -> float:
        """Seconds that are left for repeats."""
        with self._changed:
            spent = self._clock.monotonic() - self._since if self._at_work else 0.0
            return min(self._seconds - spent, self._remaining())

    def _begin(self, seconds: float) -> bool:
        """Whether there is room for a repeat that may take so long; the time of side-by-side ones counts once."""
        if seconds >= self._room():
            return False
        with self._changed:
            if not self._left:
                return False
            self._left -= 1
            if not self._at_work:
                self._since = self._clock.monotonic()
            self._at_work += 1
            return True

    def _end(self) -> None:
        with self._changed:
            self._at_work -= 1
            if not self._at_work:
                self._seconds -= self._clock.monotonic() - self._since

    def _sleep(self, seconds: float) -> None:
        while seconds > 0 and self._remaining() > 0:
            self._clock.sleep(min(seconds, PIECE))
            seconds -= PIECE

    def _pause(self, answer: Answer) -> float:
        """Seconds to wait: what ``Retry-After`` says (a number, or a date), within bounds."""
        text = answer.headers.get(Header.RETRY_AFTER, "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 9:
            return min(max(float(text), PAUSE), LONGEST_PAUSE)
        with suppress(TypeError, ValueError, OverflowError):
            return min(max((parsedate_to_datetime(text) - self._clock.now()).total_seconds(), PAUSE), LONGEST_PAUSE)
        return PAUSE


class AskedAgain:
    """A transport that asks again what a moment may have failed; for what is no question about the storage."""

    def __init__(self, inner: Transport, repeats: Repeats) -> None:
        self._inner = inner
        self._repeats = repeats

    def send(self, call: Call, limits: Limits) -> Answer:
        """The answer that counts."""
        return self._repeats.hear(call, lambda _patience: self._inner.send(call, limits)).judged


def _host(call: Call) -> str:
    return urlsplit(call.url).netloc


def _kind(answer: Answer) -> str:
    """A HEAD has no code: the status tells what is alike."""
    return answer.fault.value if answer.fault is not None else str(answer.status)
