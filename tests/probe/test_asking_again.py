"""How often, how soon and for whom something is asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from s3probe.evidence.observations import NetworkFault
from s3probe.probe.classify import may_pass
from s3probe.probe.client import StoppedError
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.repeat import LONGEST_PAUSE, OF_A_RUN, PAUSE, REPEATS, Heard, Repeats
from s3probe.probe.tools import Clock

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BUSY, FINE, GONE = Answer(503), Answer(200), Answer(404)
CUT = Answer(fault=NetworkFault.CLOSED)


def call(operation: str = "PutObject", host: str = "s3.example.net") -> Call:
    return Call(operation, "PUT", f"https://{host}/media/key")


@dataclass
class Time:
    """A clock that only sleeping and slow answers move."""

    deadline: float = 30.0
    seconds: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.pauses.append(seconds)

    def repeats(self, allowance: float = 10.0) -> Repeats:
        clock = Clock(now=lambda: NOW, monotonic=lambda: self.seconds, sleep=self.sleep)
        return Repeats(clock, lambda: self.deadline - self.seconds, allowance)

    def answering(self, answers: Iterable[Answer]) -> Callable[[float | None], Answer]:
        """Gives the answers one after the other, the last for good, each after its own seconds."""
        left = list(answers)

        def send(_patience: float | None) -> Answer:
            if self.seconds >= self.deadline:
                raise StoppedError
            answer = left.pop(0) if len(left) > 1 else left[0]
            self.seconds += answer.seconds
            return answer

        return send


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        ([FINE], 1),
        ([GONE], 1),
        ([Answer(501)], 1),
        ([Answer(507)], 1),
        ([BUSY, FINE], 2),
        ([CUT, GONE], 2),
        ([BUSY], 3),
    ],
)
def test_only_what_a_moment_explains_is_asked_again_and_twice_at_most(answers: list[Answer], sent: int) -> None:
    time = Time()
    heard = time.repeats().hear(call(), time.answering(answers), 5)
    assert len(heard.answers) == sent <= 1 + REPEATS
    assert heard.judged == answers[-1]
    assert sum(time.pauses) == pytest.approx(PAUSE * (sent - 1))


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("1", 1.0),
        ("0", PAUSE),
        ("86400", LONGEST_PAUSE),
        ("9" * 400, PAUSE),
        ("Sat, 28 Nov 2026 12:00:02 GMT", 2.0),
        ("Sat, 28 Nov 2020 12:00:02 GMT", PAUSE),
        ("Fri, 31 Dec 9999 23:59:59 -2359", LONGEST_PAUSE),
        ("-3", PAUSE),
        ("soon", PAUSE),
        ("²", PAUSE),
    ],
)
def test_retry_after_is_heeded_within_bounds(said: str, pause: float) -> None:
    time = Time()
    busy = Answer(503, {"retry-after": said})
    time.repeats().hear(call(), time.answering([busy, FINE]), 5)
    assert sum(time.pauses) == pytest.approx(pause)


def test_nothing_is_waited_for_beyond_the_deadline() -> None:
    time = Time(deadline=0.4)
    heard = time.repeats().hear(call(), time.answering([BUSY, FINE]), 5)
    assert (heard.answers, time.pauses) == ((BUSY,), [])


def test_a_dead_server_takes_no_more_than_the_allowance() -> None:
    time = Time(deadline=60)
    dead = Answer(fault=NetworkFault.CONNECT_TIMEOUT, seconds=5.0)
    repeats, send = time.repeats(allowance=10.0), time.answering([dead])
    for number in range(8):
        repeats.hear(call(host=f"s{number}.example.net"), send, 5)
    # each once, and one of them a second time
    assert time.seconds == pytest.approx(8 * 5 + 5 + PAUSE)


def test_a_run_has_only_so_many_repeats() -> None:
    time = Time(deadline=1000)
    repeats = time.repeats(allowance=1000)
    heard = []
    for _ in range(OF_A_RUN):
        heard.append(repeats.hear(call(), time.answering([BUSY]), 5))
        repeats.hear(call("GetObject"), time.answering([FINE]), 5)
    assert sum(len(one.answers) - 1 for one in heard) == OF_A_RUN


def test_what_failed_for_all_is_asked_again_after_the_next_proper_answer_of_that_host() -> None:
    time = Time(deadline=100)
    repeats = time.repeats(allowance=100)

    def ask(*answers: Answer, host: str = "s3.example.net") -> int:
        return len(repeats.hear(call(host=host), time.answering(answers), 5).answers)

    assert ask(BUSY) == 3
    assert ask(BUSY) == 1  # asked again for all, in vain
    assert ask(CUT) == 3  # another failure
    assert ask(BUSY, host="elsewhere.example.net") == 3
    assert ask(FINE, host="elsewhere.example.net") == 1
    assert ask(BUSY) == 1
    assert ask(FINE) == 1
    assert ask(BUSY, FINE) == 2


@pytest.mark.parametrize(("comes_back", "sent"), [(False, 3 + 7), (True, 2 + 2 * 7)])
def test_a_wave_that_fails_alike_waits_for_one(comes_back: bool, sent: int) -> None:
    """Eight requests side by side; the repeats of the first pass or fail, and the rest follow it."""
    lock, failed, times = threading.Lock(), threading.Event(), [0]
    begun = threading.Barrier(8)

    def until_all_failed(_seconds: float) -> None:
        failed.wait(5)

    repeats = Repeats(Clock(sleep=until_all_failed), lambda: 20.0, 20.0)
    heard: list[Heard] = []

    def one() -> None:
        attempts = [0]

        def send(_patience: float | None) -> Answer:
            attempts[0] += 1
            with lock:
                times[0] += 1
            if attempts[0] == 1:
                begun.wait(5)
                if begun.n_waiting == 0:
                    failed.set()
                return BUSY
            return FINE if comes_back else BUSY

        seen = repeats.hear(call(), send, 5)
        with lock:
            heard.append(seen)

    threads = [threading.Thread(target=one, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(heard) == 8
    assert times[0] == sent
    assert all(one.passed_later is comes_back for one in heard)


def test_silence_is_waited_for_once_and_longer() -> None:
    time = Time(deadline=100)
    repeats, waited = time.repeats(allowance=60), []
    silent = Answer(fault=NetworkFault.READ_TIMEOUT, seconds=5.0)

    def late(patience: float | None) -> Answer:
        waited.append(patience)
        return silent if patience is None else Answer(200, seconds=7.5)

    heard = repeats.hear(call(), late, 5)
    assert waited == [None, 20]
    assert (heard.late, heard.judged, heard.passed_later) == (7.5, silent, False)
    # that host is known to be slow now
    repeats.hear(call("GetObject"), late, 5)
    assert waited == [None, 20, None]
    # one that then comes in time was a moment, one that never comes is no slow one
    other = "elsewhere.example.net"
    assert repeats.hear(call("GetObject", other), time.answering([silent, FINE]), 5).passed_later
    never = repeats.hear(call("HeadObject", other), time.answering([silent]), 5)
    assert (never.late, never.passed_later, never.judged) == (None, False, silent)


@pytest.mark.parametrize(
    ("answer", "moment"),
    [
        (Answer(200, body=b"<Error><Code>InternalError</Code></Error>"), True),
        (Answer(200, body=b"<Error><Code>EntityTooSmall</Code></Error>"), False),
        (Answer(400, body=b"<Error><Code>RequestTimeout</Code></Error>"), True),
        (Answer(400, body=b"<Error><Code>InvalidArgument</Code></Error>"), False),
        (Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>"), False),
        (Answer(408), True),
        (Answer(429), True),
        (Answer(501), False),
        (Answer(200, fault=NetworkFault.CLOSED), True),
        (Answer(fault=NetworkFault.TLS_UNTRUSTED), False),
        (Answer(fault=NetworkFault.DNS), False),
        (Answer(fault=NetworkFault.PROTOCOL), False),
    ],
)
def test_what_a_moment_may_explain(answer: Answer, moment: bool) -> None:
    assert may_pass(answer) is moment
