"""A whole run against the sandbox: what it costs, what it always asks, and that it leaves nothing whatever ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from s3probe.evidence.observations import Cleanup
from s3probe.evidence.vocabulary import ACTIONS, ActionId
from s3probe.probe.examine import examine
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.progress import Asking
from s3probe.probe.tools import Clock, ProbeOptions, Tools
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import SCENARIOS, Scenario, healthy
from s3probe.sandbox.statements import Statement
from tests.exhaustive import part
from tests.runs import OPTIONS, left_in, run_once, settings_of, tools_for
from tests.sandbox.client import SandboxClient

PROMISED = {
    ActionId.REACH_ENDPOINT,
    ActionId.CLOCK,
    ActionId.PUT_WITH_ACL,
    ActionId.PUT_WITHOUT_ACL,
    ActionId.HEAD,
    ActionId.GET,
    ActionId.GET_RANGE,
    ActionId.LIST,
    ActionId.MULTIPART_CREATE,
    ActionId.MULTIPART_PART,
    ActionId.MULTIPART_ABORT,
    ActionId.MULTIPART_COMPLETE,
    ActionId.PUT_ACL_PRIVATE,
    ActionId.PUT_ACL_RESTORE,
    ActionId.PRESIGNED_GET,
    ActionId.DELETE,
    ActionId.BATCH_DELETE,
    ActionId.PUBLIC_GET,
    ActionId.PUBLIC_CORS,
    ActionId.PUBLIC_LIST,
    ActionId.PUBLIC_WRITE,
    ActionId.ARCHIVE_PUT,
    ActionId.ARCHIVE_PUBLIC_GET,
}
"""The ids that always exist in a full examination."""

MOST_REQUESTS, MOST_AT_ONES_OWN = 48, 48
"""Of a healthy run, as the README has it: a store that one runs oneself is asked more."""
FOREIGN = {
    "media_attachments/files/1/original/cat.png": b"someone's cat",
    "accounts/avatars/2/original/me.png": b"someone's face",
    "backups/dumps/3/original/archive.zip": b"someone's archive",
    "media_attachments/files/s3probe/readme.txt": b"a key that only looks like ours",
}


class Interrupting:
    """Raises in place of the n-th request, or after it was answered: a signal can come at either moment."""

    def __init__(self, inner: Transport, at: int, *, after: bool) -> None:
        self._inner, self._at, self._after = inner, at, after
        self._lock, self._count = threading.Lock(), 0

    def send(self, call: Call, limits: Limits) -> Answer:
        with self._lock:
            self._count += 1
            now = self._count == self._at
        if now and not self._after:
            raise KeyboardInterrupt
        answer = self._inner.send(call, limits)
        if now:
            raise KeyboardInterrupt
        return answer


class Counting:
    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.calls: list[Call] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        self.calls.append(call)
        return self._inner.send(call, limits)


@pytest.mark.parametrize("name", part(SCENARIOS, 3))
def test_a_healthy_run_is_cheap_and_says_what_it_cost(name: str) -> None:
    ran = run_once(SCENARIOS[name]())
    cost = ran.report.evidence.cost
    assert cost.requests <= (MOST_AT_ONES_OWN if name == "custom" else MOST_REQUESTS)
    assert cost.requests == sum(cost.by_operation.values())
    # what the sandbox saw of S3 is what was counted; the instance and an alias are asked besides
    assert len([seen for seen in ran.requests if seen.key_id]) <= cost.requests


@pytest.mark.parametrize(
    "scenario",
    [healthy(), *(FAULTS[name].scenario() for name in ("wrong-secret-key", "iam-missing-putobject",
                                                       "nothing-listens-at-endpoint",
                                                       "missing-variable", "acl-not-implemented-r2"))],
    ids=["healthy", "wrong key", "no upload", "unreachable", "no bucket", "no ACLs"],
)  # fmt: skip
def test_the_promised_actions_are_always_there(scenario: Scenario) -> None:
    rows = run_once(scenario).report.evidence.observations
    assert {row.id for row in rows} >= PROMISED
    assert all(row.reason for row in rows if not row.ran)
    assert {*PROMISED} <= {*ACTIONS}


def test_a_read_only_run_writes_nothing() -> None:
    with Sandbox(healthy().world) as box:
        counting: list[Counting] = []

        def wrap(inner: Transport) -> Transport:
            counting.append(Counting(inner))
            return counting[0]

        tools, transport = tools_for(box, wrap)
        evidence = examine(settings_of(healthy()), replace(OPTIONS, profile="read-only"), tools)
        transport.close()
    assert {call.method for call in counting[0].calls} <= {"GET", "HEAD", "OPTIONS"}
    assert {row.id for row in evidence.observations} >= PROMISED


Interrupt = Callable[[Sandbox], tuple[Tools, Callable[[], None]]]


def _left_unnamed(scenario: Scenario, interrupt: Interrupt) -> set[str]:
    """What an interrupted run left in the bucket and did not name at its end."""
    ends: list[Cleanup] = []
    with Sandbox(scenario.world) as box:
        tools, close = interrupt(box)
        try:
            told = replace(tools, cleaned=ends.append)
            with pytest.raises(KeyboardInterrupt):
                examine(settings_of(scenario), ProbeOptions(deadline=20, cleanup_deadline=5), told)
        finally:
            close()
        assert box.violations == ()
        assert len(ends) == 1
        named = ends[0].left_behind
        # only an upload whose id was lost on the way may stay: this key must not list uploads, so nobody can find it
        assert all(name.endswith("?uploads") for name in named)
        return {left for left in left_in(box) if f"{left.partition('?')[0]}?uploads" not in named}


@pytest.mark.parametrize("after", [False, True], ids=["before it is sent", "after its answer"])
@pytest.mark.parametrize("at", part(range(2, 34, 2), 6))
def test_an_interruption_at_any_request_leaves_nothing(at: int, after: bool) -> None:
    def interrupt(box: Sandbox) -> tuple[Tools, Callable[[], None]]:
        tools, transport = tools_for(box, lambda inner: Interrupting(inner, at, after=after))
        return tools, transport.close

    assert _left_unnamed(healthy(), interrupt) == set()


@pytest.mark.parametrize("at", part(range(1, 30, 4), 2))
def test_an_interruption_at_any_step_leaves_nothing(at: int) -> None:
    asked: list[Asking] = []

    def progress(asking: Asking) -> AbstractContextManager[object]:
        asked.append(asking)
        if len(asked) == at:
            raise KeyboardInterrupt
        return nullcontext()

    def interrupt(box: Sandbox) -> tuple[Tools, Callable[[], None]]:
        tools, transport = tools_for(box)
        return replace(tools, progress=progress), transport.close

    assert _left_unnamed(healthy(), interrupt) == set()


@pytest.mark.parametrize("deadline", part([0.0, 0.05, 0.15, 0.3], 2))
def test_a_short_deadline_is_reported_and_leaves_nothing(deadline: float) -> None:
    scenario = healthy().with_world(latency=0.02)
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        evidence = examine(settings_of(scenario), ProbeOptions(deadline=deadline, workers=2), tools)
        transport.close()
        assert left_in(box) == ()
    assert evidence.run.complete is False
    assert {row.id for row in evidence.observations} >= PROMISED
    assert evidence.cleanup.left_behind == ()


def test_a_clock_that_jumps_to_the_deadline_ends_the_run() -> None:
    with Sandbox(healthy().world) as box:
        tools, transport = tools_for(box)
        ticks = iter(range(10_000))
        jumping = Clock(monotonic=lambda: float(next(ticks)))
        evidence = examine(settings_of(healthy()), ProbeOptions(deadline=30), replace(tools, clock=jumping))
        transport.close()
    assert evidence.run.complete is False


def test_what_cannot_be_deleted_is_named_exactly() -> None:
    ran = run_once(FAULTS["iam-missing-deleteobject"].scenario())
    assert ran.left
    assert sorted(ran.report.evidence.cleanup.left_behind) == sorted(ran.left)
    cleanup = ran.report.evidence.cleanup
    assert cleanup.created == cleanup.removed + len(cleanup.left_behind)


def _fill(box: Sandbox, scenario: Scenario) -> SandboxClient:
    bucket, user = scenario.bucket, scenario.user
    one = SandboxClient(
        box, f"{bucket.name}.s3.{bucket.region}.amazonaws.com", bucket.region, user.access_key, user.secret
    )
    for key, body in FOREIGN.items():
        assert one.call("PUT", f"/{key}", {"x-amz-acl": "private"}, body).status == 200
    return one


@pytest.mark.parametrize("name", ["healthy", "iam-missing-deleteobject", "anonymous-write-allowed (bucket ACL)"])
def test_what_others_keep_in_the_bucket_is_never_touched(name: str) -> None:
    from s3probe.sandbox.faults import ALL
    from tests.runs import fault_name

    scenario = healthy() if name == "healthy" else next(f for f in ALL if fault_name(f) == name).scenario()
    with Sandbox(scenario.world) as box:
        one = _fill(box, scenario)
        before = len(box.requests)
        tools, transport = tools_for(box)
        examine(settings_of(scenario), OPTIONS, tools)
        transport.close()
        asked = box.requests[before:]
        foreign = [seen for seen in asked if any(seen.path.endswith(f"/{key}") for key in FOREIGN)]
        assert foreign == []
        assert {*FOREIGN} <= {*box.keys(scenario.bucket.name)}
        for key, body in FOREIGN.items():
            assert one.call("GET", f"/{key}").body == body
        assert box.violations == ()


def test_every_key_of_a_run_carries_its_mark_and_id() -> None:
    with Sandbox(healthy().world) as box:
        tools, transport = tools_for(box)
        evidence = examine(settings_of(healthy()), OPTIONS, replace(tools, run_id=lambda: "abcdefghij"))
        transport.close()
        written = {
            seen.path for seen in box.requests if seen.method in ("PUT", "POST", "DELETE") and seen.query != "delete"
        }
    assert written
    assert all("/s3probe/abcdefghij/" in path for path in written)
    assert evidence.run.id == "abcdefghij"


def test_two_runs_at_once_do_not_meet() -> None:
    with Sandbox(healthy().world) as box:
        tools, transport = tools_for(box)
        results: list[bool] = []

        def one() -> None:
            seen = examine(settings_of(healthy()), OPTIONS, tools)
            results.append(all(row.ok for row in seen.observations if row.ran and not row.id.startswith("try-")))

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        transport.close()
        assert results == [True, True]
        assert left_in(box) == ()


def test_objects_that_only_the_probe_may_see_are_not_opened_for_all() -> None:
    # the archive and the hidden picture are private; nobody else's ACL is ever set
    scenario = healthy()
    statement = Statement("Allow", ("s3:GetObjectAcl",), (f"arn:aws:s3:::{scenario.bucket.name}/*",), sid="Look")
    scenario = scenario.with_user(identity=(*scenario.user.identity, statement))
    with Sandbox(scenario.world) as box:
        _fill(box, scenario)
        tools, transport = tools_for(box)
        examine(settings_of(scenario), OPTIONS, tools)
        transport.close()
        acls = [seen.path for seen in box.requests if seen.operation == "PutObjectAcl"]
    assert acls
    assert all("/s3probe/" in path for path in acls)
