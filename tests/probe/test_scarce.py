"""No threads, no descriptors, no memory: the examination runs narrower, blames nobody, and leaves nothing."""

from __future__ import annotations

import errno
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import run_rules
from s3probe.diagnosis.rule import Rule
from s3probe.diagnosis.rules import FILE_RULES
from s3probe.evidence.observations import Cleanup, NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Fact
from s3probe.examination import check
from s3probe.hindrance import HinderedError
from s3probe.probe import credentials, descriptors, dial, machine, transport
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.schedule import Step, run_steps
from s3probe.probe.session import visitor_call
from s3probe.probe.tools import ProbeOptions
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Verdict
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy
from tests.exhaustive import in_turn, part
from tests.runs import OPTIONS, run, settings_of, tools_for

LACKING = "this process may open no more files"
CALLS = 43
"""As many as a healthy examination makes, at least."""


class Lacking:
    """A transport that lacks something at the ``number``-th call, or from then on for ``as_long`` calls.

    Where ``sent``, the storage hears the call all the same, and its answer is lost.
    """

    def __init__(self, inner: Transport, number: int, as_long: int, *, sent: bool) -> None:
        self._inner, self._sent = inner, sent
        self._hit = range(number, number + as_long)
        self._lock = threading.Lock()
        self._number = 0

    def send(self, call: Call, limits: Limits) -> Answer:
        with self._lock:
            self._number += 1
            hit = self._number in self._hit
        if hit and not self._sent:
            return Answer(hindrance=LACKING, sent=False)
        answer = self._inner.send(call, limits)
        return Answer(hindrance=LACKING) if hit else answer


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("number", part(range(1, CALLS), 12))
def test_what_the_process_lacks_is_no_finding(number: int, sent: bool) -> None:
    ran = run(healthy(), wrap=lambda inner: Lacking(inner, number, 4, sent=sent))
    assert ran.report.findings == ()
    assert ran.report.verdict is Verdict.UNKNOWN or number == 1  # the first may ask Mastodon's own page alone
    cleanup = ran.report.evidence.cleanup
    # an upload whose id nobody heard is named by its key: this key may not list uploads
    assert {name.partition("?")[0] for name in ran.left} <= {name.partition("?")[0] for name in cleanup.left_behind}
    if not sent:
        assert (ran.left, cleanup.left_behind) == ((), ())


def test_rows_say_what_was_lacking() -> None:
    ran = run(healthy(), wrap=lambda inner: Lacking(inner, 6, 4, sent=False))
    skipped = [o for o in ran.report.evidence.observations if o.outcome is Outcome.SKIPPED and o.reason == LACKING]
    assert ActionId.BATCH_DELETE in {o.id for o in skipped}
    assert all(o.network is None for o in skipped)
    assert not ran.report.evidence.run.complete


def test_a_storage_that_is_away_is_still_a_failure() -> None:
    """The nearest look-alike: nothing is lacking here."""

    class Away:
        def send(self, _call: Call, _limits: Limits) -> Answer:
            return Answer(fault=NetworkFault.REFUSED, detail="connection refused by 192.0.2.1:443")

    ran = run(healthy(), wrap=lambda _inner: Away())
    assert ran.report.verdict is Verdict.FAILURE


@contextmanager
def threads_from(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[list[str]]:
    """The probe can start so many threads at a time, and no more; the sandbox is not bound."""
    ours = threading.current_thread()
    begin = threading.Thread.start
    refused: list[str] = []

    def start(thread: threading.Thread) -> None:
        alive = [t for t in threading.enumerate() if t.name.startswith("s3probe-") and t is not ours]
        if thread.name.startswith("s3probe-") and len(alive) >= number:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        begin(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        yield refused


@pytest.mark.parametrize(("number", "profile"), in_turn([0, 1, 3], ["full", "quick"]))
def test_with_few_threads_the_same_is_found(monkeypatch: pytest.MonkeyPatch, number: int, profile: str) -> None:
    with threads_from(monkeypatch, number) as refused:
        ran = run(healthy(), ProbeOptions(deadline=20, profile=profile))
    assert refused or profile == "quick"
    assert (ran.report.verdict, ran.report.findings, ran.left) == (Verdict.OK, (), ())
    assert ran.report.evidence.cleanup.left_behind == ()


def test_names_are_looked_up_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    with threads_from(monkeypatch, 0) as refused:
        ran = run(healthy(), by_wire=True)
    assert "s3probe-lookup" in refused
    assert (ran.report.verdict, ran.left) == (Verdict.OK, ())


@pytest.mark.parametrize("number", part([3, 8, 15, 24, 33], 2))
def test_an_interrupted_run_without_threads_leaves_nothing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    class StoppedAt:
        def __init__(self, inner: Transport) -> None:
            self._inner, self._left = inner, number

        def send(self, call: Call, limits: Limits) -> Answer:
            answer = self._inner.send(call, limits)
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
            return answer

    with Sandbox(healthy().world) as box, threads_from(monkeypatch, 0):
        tools, wire = tools_for(box, StoppedAt)
        with pytest.raises(KeyboardInterrupt):
            check(settings_of(healthy()), OPTIONS, tools)
        wire.close()
        assert [name for bucket in box.world.buckets for name in box.keys(bucket.name)] == []


def test_memory_that_runs_out_within_a_step_leaves_nothing_unnamed() -> None:
    """Whatever raises it, and wherever: what is left is told before the error goes on."""

    class Exhausted:
        def __init__(self, inner: Transport) -> None:
            self._inner, self._number = inner, 0

        def send(self, call: Call, limits: Limits) -> Answer:
            self._number += 1
            if self._number > 12:
                raise MemoryError
            return self._inner.send(call, limits)

    told: list[Cleanup] = []
    with Sandbox(healthy().world) as box:
        tools, wire = tools_for(box, Exhausted)
        with pytest.raises(MemoryError):
            check(
                settings_of(healthy()),
                ProbeOptions(deadline=20, cleanup_deadline=1),
                replace(tools, cleaned=told.append),
            )
        wire.close()
        left = {name for bucket in box.world.buckets for name in box.keys(bucket.name)}
    assert left
    assert left <= set(told[-1].left_behind)


def test_steps_run_here_when_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, bool]] = []

    def note(name: str) -> Callable[[], None]:
        return lambda: ran.append((name, threading.current_thread() is threading.main_thread()))

    with threads_from(monkeypatch, 0):
        steps = [Step("b", note("b"), after=("a",)), Step("a", note("a"))]
        assert run_steps(steps, workers=4, remaining=lambda: 60.0)
    assert ran == [("a", True), ("b", True)]


def test_steps_without_threads_end_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    left = iter([1.0, -2.0, -2.0, -2.0])
    with threads_from(monkeypatch, 0):
        steps = [Step("a", lambda: ran.append(1)), Step("b", lambda: ran.append(2))]
        assert run_steps(steps, workers=4, remaining=lambda: next(left)) is False
    assert ran == [1]


def test_another_error_of_starting_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("threads can only be started once")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="once"):
        run_steps([Step("a", lambda: None)], workers=1, remaining=lambda: 60.0)


def test_no_more_threads_than_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        names.append(thread.name)
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    assert run_steps([Step("a", lambda: None), Step("b", lambda: None)], workers=16, remaining=lambda: 60.0)
    assert len(names) == 2


CALL = Call("GET", "GET", "http://files.example.com/", (("Host", "files.example.com"),))
QUICK = Limits(connect=0.3, read=1, total=1)


def sent(monkeypatch: pytest.MonkeyPatch, error: Exception, call: Call = CALL) -> tuple[Answer, int]:
    """What becomes of a call whose connection meets ``error``, and how often it was tried."""
    tries = []

    def fail(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise error

    monkeypatch.setattr(dial, "_lookup", fail)
    way = HttpTransport(proxy=None)
    try:
        return way.send(call, QUICK), len(tries)
    finally:
        way.close()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
        OSError(errno.ENFILE, os.strerror(errno.ENFILE)),
        MemoryError(),
        RuntimeError("can't start new thread"),
    ],
)
def test_a_call_that_could_not_be_made_is_tried_again_and_blames_nobody(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answer, tries = sent(monkeypatch, error)
    assert (answer.fault, answer.status, answer.sent) == (None, None, False)
    assert answer.hindrance
    assert tries > 1


def test_an_error_of_ours_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        sent(monkeypatch, RuntimeError("a bug"))


NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_name_that_is_not_found_proves_nothing_without_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "descriptors_left", lambda: 3)
    answer, _tries = sent(monkeypatch, NO_NAME)
    assert (answer.fault, answer.sent) == (None, False)
    assert answer.hindrance


def test_a_name_that_is_not_found_is_a_fault_with_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, tries = sent(monkeypatch, NO_NAME)
    assert (answer.fault, answer.hindrance, tries) == (NetworkFault.DNS, "", 1)


def test_authorities_that_were_not_read_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(healthy().world) as box:
        way = HttpTransport(ca_file=box.ca_file, resolver=box.resolve)
        call = visitor_call(f"{settings_of(healthy()).api_base}/")
        with monkeypatch.context() as patched:
            patched.setattr(transport, "short_of_descriptors", lambda: LACKING)
            assert way.send(call, QUICK).hindrance == LACKING
        answer = way.send(call, Limits())
        way.close()
    assert answer.status is not None
    assert answer.hindrance == ""


def test_connections_that_wait_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(healthy().world) as box:
        way = HttpTransport(ca_file=box.ca_file, resolver=box.resolve)
        call = visitor_call(f"{settings_of(healthy()).api_base}/")
        assert way.send(call, Limits()).status is not None
        manager = way._pools._manager
        assert manager is not None
        assert len(manager.pools) == 1
        sent_other, _tries = sent(monkeypatch, OSError(errno.EMFILE, "x"))
        assert sent_other.hindrance
        way._pools.give_back()
        assert len(manager.pools) == 0
        monkeypatch.undo()
        assert way.send(call, Limits()).status is not None
        way.close()


def test_ways_out_are_not_judged_without_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert machine.families_of("127.0.0.1", port)[Fact.CONNECTS] == "ipv4"
        monkeypatch.setattr(socket, "socket", none_left)
        assert machine.families_of("127.0.0.1", port) == {}


def test_a_key_pair_that_was_not_found_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(healthy())
    without = replace(settings, credentials=None)
    monkeypatch.setattr(credentials, "_asked", lambda _settings: None)
    assert credentials.chain(without) is None
    monkeypatch.setattr(credentials, "short_of_descriptors", lambda: LACKING)
    with pytest.raises(HinderedError):
        credentials.chain(without)


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EMFILE, "x")])
def test_a_rule_is_not_to_blame(error: Exception) -> None:
    def broken(_case: Case) -> Iterator[Any]:
        yield from ()
        raise error

    rule = FILE_RULES[0]
    failing = Rule(broken, rule.layer, yields=rule.yields, reads=rule.reads)
    with pytest.raises(type(error)):
        run_rules([failing], Case(settings_of(healthy())))


def limits(monkeypatch: pytest.MonkeyPatch, **left: int) -> None:
    """As if the limits left so many bytes. Nothing is limited in fact: that could end this process."""
    taken = dict(zip(("RLIMIT_AS", "RLIMIT_DATA"), _taken(), strict=True))
    wanted = {getattr(resource, name): taken[name] + number for name, number in left.items()}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (wanted.get(kind, resource.RLIM_INFINITY),) * 2)


def _taken() -> tuple[int, int]:
    pages = Path("/proc/self/statm").read_text().split()
    return int(pages[0]) * resource.getpagesize(), int(pages[5]) * resource.getpagesize()


@pytest.mark.parametrize(
    ("kind", "megabytes", "here"), [("RLIMIT_AS", 100, 1), ("RLIMIT_DATA", 100, 1), ("RLIMIT_AS", 999, 0)]
)
def test_a_thread_does_not_take_the_last_memory(
    monkeypatch: pytest.MonkeyPatch, kind: str, megabytes: int, here: int
) -> None:
    ran: list[bool] = []
    limits(monkeypatch, **{kind: megabytes << 20})
    step = Step("a", lambda: ran.append(threading.current_thread() is threading.main_thread()))
    assert run_steps([step], workers=1, remaining=lambda: 60.0)
    assert ran == [bool(here)]


def test_nothing_is_begun_that_memory_would_not_let_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(healthy().world) as box:
        tools, wire = tools_for(box)
        with monkeypatch.context() as patched:
            limits(patched, RLIMIT_AS=10 << 20)
            with pytest.raises(HinderedError, match="memory"):
                check(settings_of(healthy()), OPTIONS, tools)
        assert box.requests == ()
        wire.close()
