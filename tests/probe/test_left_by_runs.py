"""Whole runs whose uploads are interrupted or get no answer: nothing stays, also when they are made again and again."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from s3probe.evidence.observations import Cleanup, Evidence, NetworkFault, Run
from s3probe.examination import check
from s3probe.probe.examine import examine
from s3probe.probe.exchange import MUTATING, Answer, Call, Limits, Transport
from s3probe.probe.notes import ARRIVES_WITHIN, KEPT_FOR, Unsettled
from s3probe.probe.tools import Clock, ProbeOptions, Tools
from s3probe.report.formats import RenderOptions, format_named, needs_attention
from s3probe.report.model import Verdict
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, Scenario, healthy
from s3probe.sandbox.statements import Statement
from tests.exhaustive import in_turn, part
from tests.runs import left_in, settings_of, tools_for

QUICK = ProbeOptions(profile="quick", deadline=20, cleanup_deadline=2)
FULL = replace(QUICK, profile="full")


def versioning(scenario: Scenario) -> Scenario:
    """The same with versions kept, and a key that may remove them."""
    more = Statement(
        "Allow",
        ("s3:DeleteObjectVersion", "s3:ListBucketVersions"),
        (f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"),
        sid="Versions",
    )
    return scenario.with_bucket(versioning=True).with_user(identity=(*scenario.user.identity, more))


SCENARIOS = {"plain": healthy(), "versions": versioning(healthy())}


@contextmanager
def served(scenario: Scenario, transport: type[Wrapped]) -> Iterator[tuple[Sandbox, Tools, Wrapped]]:
    """A sandbox, tools that reach it through ``transport``, and that transport."""
    made: list[Wrapped] = []

    def wrap(inner: Transport) -> Transport:
        made.append(transport(inner))
        return made[0]

    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box, wrap)
        try:
            yield box, tools, made[0]
        finally:
            wire.close()
        assert box.violations == ()


def everything_in(box: Sandbox) -> list[str]:
    """Objects, uploads, versions and delete markers."""
    body = box._run.state.store.call("GET", BUCKET, query=(("versions", ""), ("max-keys", "1000"))).body
    return [*left_in(box), *(["versions"] if b"<VersionId>" in body and b"s3probe/" in body else [])]


class Wrapped:
    """Stands in the way of every request."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.lock = threading.Lock()
        self.seen: list[Call] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        with self.lock:
            self.seen.append(call)
        return self.inner.send(call, limits)


class Noting(Wrapped):
    """Notes what the main thread writes, and lets the storage fail now and then."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.by_main: list[str] = []
        self.failing: dict[str, int] = {}

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation in MUTATING and threading.current_thread() is threading.main_thread():
            self.by_main.append(f"{call.operation} {call.url}")
        name = call.url.partition("?")[0].rpartition("/")[2]
        if self.failing.get(name, 0) > 0 and call.operation in MUTATING:
            self.failing[name] -= 1
            return Answer(500)
        return super().send(call, limits)


@pytest.mark.parametrize("options", [QUICK, FULL], ids=["quick", "full"])
@pytest.mark.parametrize(
    ("name", "failing"),
    [
        ("healthy", {}),
        ("healthy", {"canary.png": 9}),
        ("healthy", {"with-acl.png": 1}),  # the foundation repeats one of two uploads
        ("healthy", {"with-acl.png": 2}),  # and the ACL ladder once more
        ("healthy", {"with-acl.png": 1, "without-acl.png": 1}),
        ("acl-disabled-bucket-owner-enforced", {}),
        ("region-wrong-custom-endpoint", {}),
    ],
)
def test_no_upload_is_made_by_the_main_thread(options: ProbeOptions, name: str, failing: dict[str, int]) -> None:
    """A signal reaches that thread alone, and would tear it off its upload."""
    scenario = healthy() if name == "healthy" else FAULTS[name].scenario()
    with served(scenario, Noting) as (_box, tools, way):
        assert isinstance(way, Noting)
        way.failing = dict(failing)
        check(settings_of(scenario), options, tools)
        assert [call for call in way.seen if call.operation == "PutObject"]
        assert way.by_main == []


class Signalling(Wrapped):
    """The signal comes while the n-th upload is on its way; the storage gets it afterwards."""

    at = 1

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation in ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject"):
            with self.lock:
                self.at -= 1
                now = self.at == 0
            if now:
                _thread.interrupt_main()
                time.sleep(0.2)
        return super().send(call, limits)


@pytest.mark.parametrize(
    ("kept", "profile", "at"),
    [(k, p, a) for p, a in [("quick", 1), *(("full", at) for at in part(range(1, 9), 6))] for k in part(SCENARIOS, 2)],
)
def test_an_upload_that_a_signal_interrupts_is_waited_for(kept: str, profile: str, at: int) -> None:
    ends: list[Cleanup] = []
    scenario = SCENARIOS[kept]
    with served(scenario, Signalling) as (box, tools, way):
        assert isinstance(way, Signalling)
        way.at = at
        with pytest.raises(KeyboardInterrupt):
            examine(settings_of(scenario), replace(QUICK, profile=profile), replace(tools, cleaned=ends.append))
        assert everything_in(box) == []
    assert [(end.left_behind, end.may_arrive) for end in ends] == [((), ())]


class Late(Wrapped):
    """Uploads of files get no answer and reach the storage when the test says so."""

    only = ""
    """The name of the one that is late; blank: all."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.held: list[tuple[Call, Limits]] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation == "PutObject" and self.only in call.url:
            with self.lock:
                self.held.append((call, limits))
            return Answer(fault=NetworkFault.READ_TIMEOUT, seconds=5.0)
        return super().send(call, limits)

    def deliver(self) -> int:
        held, self.held = self.held, []
        for call, limits in held:
            self.inner.send(call, limits)
        return len(held)


@pytest.mark.parametrize(("kept", "profile"), in_turn(SCENARIOS, ["quick", "full"]))
def test_uploads_that_arrive_after_every_run_do_not_pile_up(kept: str, profile: str) -> None:
    scenario, options = SCENARIOS[kept], replace(QUICK, profile=profile)
    with served(scenario, Late) as (box, tools, way):
        assert isinstance(way, Late)
        for _run in range(2):
            cleanup = check(settings_of(scenario), options, tools).report.evidence.cleanup
            # those of the run before are gone, those of this one are named
            assert (everything_in(box), cleanup.left_behind) == ([], ())
            assert len(cleanup.may_arrive) == len({call.url for call, _limits in way.held})
            assert way.deliver() >= 2
            assert all(name in cleanup.may_arrive for name in left_in(box))
            assert left_in(box)
        way.only = "nothing"
        assert check(settings_of(scenario), options, tools).report.evidence.cleanup.may_arrive == ()
        assert everything_in(box) == []


def test_a_run_that_only_reads_removes_nothing_of_others() -> None:
    with served(healthy(), Late) as (box, tools, way):
        assert isinstance(way, Late)
        check(settings_of(healthy()), QUICK, tools)
        way.deliver()
        before = left_in(box)
        check(settings_of(healthy()), replace(QUICK, profile="read-only"), tools)
        assert before == left_in(box) != ()


def test_a_late_upload_costs_no_more_than_the_clean_up_may_take() -> None:
    with served(healthy(), Late) as (_box, tools, _way):
        begun = time.monotonic()
        check(settings_of(healthy()), replace(QUICK, deadline=2, cleanup_deadline=3), tools)
        assert time.monotonic() - begun < 2 + 3 + 1


def test_a_failed_canary_waits_for_nothing_before_the_examination() -> None:
    """That removes what the canary left, and waits for it once."""
    with served(healthy(), Late) as (_box, tools, way):
        slept: list[int] = []

        def sleep(seconds: float) -> None:
            if threading.current_thread() is threading.main_thread():  # others pause before they ask again
                slept.append(len(way.seen))
            time.sleep(seconds)

        check(settings_of(healthy()), QUICK, replace(tools, clock=Clock(sleep=sleep)))
        made = [call.operation for call in way.seen]
        looked, begun = made.index("HeadObject"), made.index("ListObjectsV2")
        assert looked < begun
        # before that, the canary's upload was asked for again
        assert not [at for at in slept if looked < at <= begun]
        assert max(slept) > begun


@pytest.mark.parametrize(("seconds", "left"), [(2.0, 8.0), (8.0, 2.0), (8.5, None), (13.0, None)])
def test_both_stay_within_one_deadline(monkeypatch: pytest.MonkeyPatch, seconds: float, left: float | None) -> None:
    asked: list[ProbeOptions] = []

    def examined(_settings: object, options: ProbeOptions, *_more: object) -> Evidence:
        asked.append(options)
        return Evidence(Run("abcdefghij", "2026-11-23T18:00:00Z", seconds, options.profile))

    monkeypatch.setattr("s3probe.probe.examine.examine", examined)
    with served(healthy(), Wrapped) as (_box, tools, _way):
        check(settings_of(healthy()), ProbeOptions(profile="quick", deadline=10, cleanup_deadline=10), tools)
    following = [(options.profile, options.canary, options.deadline) for options in asked[1:]]
    assert following == ([] if left is None else [("full", "abcdefghij", left)])


def test_a_healthy_canary_makes_no_request_more_for_the_sake_of_earlier_ones() -> None:
    with served(healthy(), Wrapped) as (_box, tools, way):
        check(settings_of(healthy()), QUICK, replace(tools))
        assert [call.operation for call in way.seen if call.bucket] == ["PutObject", "DeleteObject", "HeadObject"]


class Unlisted(Wrapped):
    """The answer to a large upload that was begun is lost, and the key may not list uploads, as Mastodon's may not."""

    losing = True
    listing = False

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation == "ListMultipartUploads" and not self.listing:
            return Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>")
        answer = super().send(call, limits)
        if call.operation == "CreateMultipartUpload" and self.losing:
            return Answer(fault=NetworkFault.CLOSED, seconds=0.1)
        return answer


def test_an_upload_that_nobody_may_look_for_is_named_until_somebody_has_looked() -> None:
    """By every later run, without a change of its verdict; and removed by the first that may list uploads."""
    more = Statement("Allow", ("s3:ListBucketMultipartUploads",), (f"arn:aws:s3:::{BUCKET}",), sid="Uploads")
    scenario = healthy()
    scenario = scenario.with_user(identity=(*scenario.user.identity, more))
    settings = settings_of(scenario)
    ahead = [0.0]
    with served(scenario, Unlisted) as (box, tools, way):
        assert isinstance(way, Unlisted)
        ours = replace(tools, clock=Clock(now=lambda: datetime.now(UTC) + timedelta(seconds=ahead[0])))

        def cleaned(options: ProbeOptions) -> Cleanup:
            return check(settings, options, ours).report.evidence.cleanup

        named = cleaned(FULL).left_behind
        assert {name.removesuffix("?uploads") for name in named} >= {key for key, _id in box.uploads(BUCKET)}
        assert left_in(box)
        way.losing = False
        for options in (QUICK, QUICK, FULL):
            report = check(settings, options, ours).report
            assert report.verdict is Verdict.OK
            assert (report.evidence.cleanup.left_behind, report.evidence.cleanup.earlier) == ((), named)
            assert not needs_attention(report)
            shown = format_named("text").render([report], RenderOptions(width=500))
            assert all(f"list-multipart-uploads --bucket {BUCKET} --prefix {name[:-8]}\n" in shown for name in named)
        way.listing = True
        assert cleaned(QUICK).earlier == ()
        assert left_in(box) == ()
        # what is not there any more is asked for an hour long, and named no more
        ahead[0] = ARRIVES_WITHIN + 1
        cleaned(QUICK)
        asked = len(way.seen)
        cleaned(QUICK)
        assert not [call for call in way.seen[asked:] if call.operation == "ListMultipartUploads"]


@pytest.mark.parametrize(("upload_id", "kept"), [("", True), ("u-1", False), (None, False)])
def test_only_an_upload_without_an_id_is_kept_for_longer_than_a_week(upload_id: str | None, kept: bool) -> None:
    one = Unsettled("media_attachments/files/s3probe/abcdefghij/x.mp4", 1000.0, upload_id)
    assert one.is_settled(1000.0 + KEPT_FOR + 1, gone=False) is not kept
    assert one.is_settled(1000.0 + KEPT_FOR + 1, gone=True)
