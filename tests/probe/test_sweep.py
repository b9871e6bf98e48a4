"""The sweep: removes what killed probes left, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from s3probe.evidence.observations import Cleanup, NetworkFault
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.notes import NotesInMemory, Unsettled, bucket_address
from s3probe.probe.sweep import SweepError, sweep
from s3probe.probe.tools import Clock, Tools
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, Scenario, healthy
from s3probe.sandbox.statements import Statement
from tests.runs import settings_of, tools_for
from tests.sandbox.client import SandboxClient

RUN = "s3probe/abcdefghij"
OURS = (
    f"media_attachments/files/{RUN}/with-acl.png",
    f"media_attachments/files/{RUN}/finished.mp4",
    f"backups/dumps/{RUN}/archive.zip",
)
FOREIGN = (
    "media_attachments/files/1/original/cat.png",
    "media_attachments/files/s3probe/readme.txt",
    "media_attachments/files/s3probe/abc/x.png",  # no run id
    "media_attachments/files/s3probe/ABCDEFGHIJ/x.png",
    f"media_attachments/files/{RUN}/deeper/x.png",
    f"media_attachments/files/x{RUN}/x.png",
    f"somewhere/else/{RUN}/x.png",
    f"{RUN}/x.png",
)


def _listing_uploads(scenario: Scenario) -> Scenario:
    may = Statement("Allow", ("s3:ListBucketMultipartUploads",), (f"arn:aws:s3:::{BUCKET}",), sid="Uploads")
    return scenario.with_user(identity=(*scenario.user.identity, may))


@contextmanager
def bucket(scenario: Scenario, *keys: str) -> Iterator[tuple[Sandbox, SandboxClient, Tools]]:
    """A served bucket that holds ``keys``, and tools that are two hours later."""
    with Sandbox(scenario.world) as box:
        region, user = scenario.bucket.region, scenario.user
        one = SandboxClient(box, f"{BUCKET}.s3.{region}.amazonaws.com", region, user.access_key, user.secret)
        for key in keys:
            assert one.call("PUT", f"/{key}", body=b"x").status == 200
        tools, transport = tools_for(box)
        try:
            yield box, one, later(tools, 2)
        finally:
            transport.close()


def later(tools: Tools, hours: float) -> Tools:
    """The same tools, two hours on for whoever judges an age: signatures of the future would be refused."""
    asked: list[datetime] = []

    def now() -> datetime:
        # the sweep reads its own time before it signs anything
        asked.append(datetime.now(UTC))
        return asked[-1] + (timedelta(hours=hours) if len(asked) == 1 else timedelta())

    return replace(tools, clock=Clock(now=now))


def swept(scenario: Scenario, tools: Tools, **more: object) -> Cleanup:
    return sweep(settings_of(scenario), tools, **more)  # type: ignore[arg-type]  # keywords by name


def test_old_marked_keys_go_and_all_others_stay() -> None:
    with bucket(healthy(), *OURS, *FOREIGN) as (box, _one, tools):
        cleanup = swept(healthy(), tools)
        assert sorted(box.keys(BUCKET)) == sorted(FOREIGN)
        assert (cleanup.created, cleanup.removed, cleanup.left_behind) == (len(OURS), len(OURS), ())
        assert box.violations == ()
        deleted = {seen.path for seen in box.requests if seen.method == "DELETE"}
        assert not [path for path in deleted if any(path.endswith(f"/{key}") for key in FOREIGN)]


def test_young_keys_stay_for_a_probe_may_be_at_work() -> None:
    with bucket(healthy(), *OURS) as (box, _one, tools):
        assert swept(healthy(), replace(tools, clock=Clock())) == Cleanup()
        assert sorted(box.keys(BUCKET)) == sorted(OURS)


def test_what_is_too_young_is_told_and_what_is_not_ours_is_not() -> None:
    told: list[str] = []
    with bucket(_listing_uploads(healthy()), *OURS, *FOREIGN) as (_box, _one, tools):
        swept(_listing_uploads(healthy()), replace(tools, clock=Clock()), tell=told.append)
    (said,) = told
    assert f"{len(OURS)} of the objects found" in said
    with bucket(_listing_uploads(healthy()), *FOREIGN) as (_box, _one, tools):
        swept(_listing_uploads(healthy()), replace(tools, clock=Clock()), tell=told.append)
    assert told == [said]


def test_the_age_is_the_callers_choice() -> None:
    with bucket(healthy(), *OURS) as (box, _one, tools):
        assert swept(healthy(), tools, older_than_seconds=3 * 3600.0).created == 0
        assert sorted(box.keys(BUCKET)) == sorted(OURS)


def test_a_dry_run_names_and_removes_nothing() -> None:
    with bucket(healthy(), *OURS, *FOREIGN) as (box, _one, tools):
        cleanup = swept(healthy(), tools, dry_run=True)
        assert sorted(cleanup.left_behind) == sorted(OURS)
        assert sorted(box.keys(BUCKET)) == sorted((*OURS, *FOREIGN))
        assert {seen.method for seen in box.requests if seen.operation.startswith("Delete")} == set()


def test_uploads_that_were_begun_go_too() -> None:
    scenario = _listing_uploads(healthy())
    with bucket(scenario, *FOREIGN) as (box, one, tools):
        ours, foreign = OURS[1], FOREIGN[0]
        for key in (ours, foreign):
            assert one.call("POST", f"/{key}?uploads").status == 200
        swept(scenario, tools)
        assert [key for key, _upload in box.uploads(BUCKET)] == [foreign]


class Paging:
    """A bucket that lists two keys at a time, all of them from long ago."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = sorted(keys)

    def send(self, call: Call, _limits: Limits) -> Answer:
        parts = urlsplit(call.url)
        if call.operation == "DeleteObject":
            self.keys.remove(parts.path.removeprefix("/"))
            return Answer(204)
        if call.operation == "HeadObject":
            return Answer(404)
        query = dict(parse_qsl(parts.query))
        if "list-type" not in query:
            return Answer(200, body=b"<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        after, prefix = query.get("start-after", ""), query.get("prefix", "")
        found = [key for key in self.keys if key.startswith(prefix) and key > after]
        listed = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>"
            for key in found[:2]
        )
        truncated = str(len(found) > 2).lower()
        xml = f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{listed}</ListBucketResult>"
        return Answer(200, body=xml.encode())


def test_every_page_of_a_long_listing_is_searched() -> None:
    many = tuple(f"media_attachments/files/{RUN}/{number}.png" for number in range(7))
    paging = Paging((*many, *FOREIGN))
    cleanup = swept(healthy(), Tools(paging))
    assert cleanup.removed == len(many)
    assert paging.keys == sorted(FOREIGN)


def test_the_folder_below_a_prefix_is_searched() -> None:
    scenario = healthy().with_env("S3_KEY_PREFIX", "mastodon")
    inside = tuple(f"mastodon/{key}" for key in OURS)
    with bucket(scenario, *inside, *FOREIGN) as (box, _one, tools):
        swept(scenario, tools)
        assert sorted(box.keys(BUCKET)) == sorted(FOREIGN)


def test_a_bucket_that_cannot_be_listed_is_said_so() -> None:
    scenario = without("s3:ListBucket")(healthy())
    with bucket(scenario, *OURS) as (box, _one, tools):
        with pytest.raises(SweepError) as caught:
            swept(scenario, tools)
        assert "s3:ListBucket" in caught.value.advice
        assert len(box.keys(BUCKET)) == len(OURS)


def test_what_may_not_be_deleted_is_named() -> None:
    scenario = without("s3:DeleteObject")(healthy())
    with bucket(scenario, *OURS) as (box, _one, tools):
        cleanup = swept(scenario, tools)
        assert sorted(cleanup.left_behind) == sorted(OURS) == sorted(box.keys(BUCKET))


def test_an_empty_bucket_is_swept_clean() -> None:
    with bucket(healthy()) as (_box, _one, tools):
        assert swept(healthy(), tools) == Cleanup()


def noting(tools: Tools, *left: Unsettled, bucket: str = BUCKET) -> Tools:
    """Tools of this very moment, whose notes say what earlier runs left."""
    notes = NotesInMemory()
    place = replace(bucket_address(settings_of(healthy())), bucket=bucket)
    notes.change(place, settled=(), left=left)
    return replace(tools, clock=Clock(), notes=notes)


def noted(key: str, **more: object) -> Unsettled:
    return Unsettled(key, datetime.now(UTC).timestamp(), **more)  # type: ignore[arg-type]  # keywords by name


@pytest.mark.parametrize("arriving", [True, False])
def test_what_is_noted_needs_no_age(arriving: bool) -> None:
    with bucket(healthy(), *OURS) as (box, _one, tools):
        knowing = noting(tools, noted(OURS[0], arriving=arriving, made=not arriving))
        assert swept(healthy(), knowing) == Cleanup(1, 1)
        assert sorted(box.keys(BUCKET)) == sorted(OURS[1:])
        assert knowing.notes.read(bucket_address(settings_of(healthy()))) == ()


def test_a_note_does_not_lead_to_what_is_not_ours_or_in_another_bucket() -> None:
    with bucket(healthy(), *OURS, *FOREIGN) as (box, _one, tools):
        assert swept(healthy(), noting(tools, *(noted(key, made=True) for key in FOREIGN))) == Cleanup()
        assert swept(healthy(), noting(tools, noted(OURS[0]), bucket="other")) == Cleanup()
        assert sorted(box.keys(BUCKET)) == sorted((*OURS, *FOREIGN))


def test_what_is_noted_and_may_still_arrive_stays_noted() -> None:
    with bucket(healthy()) as (_box, _one, tools):
        knowing = noting(tools, noted(OURS[0], arriving=True), noted(OURS[1], made=True))
        assert swept(healthy(), knowing) == Cleanup()
        assert [one.key for one in knowing.notes.read(bucket_address(settings_of(healthy())))] == [OURS[0]]


@pytest.mark.parametrize("told", [True, False], ids=["by its id", "by its key"])
def test_an_upload_that_is_noted_needs_no_age(told: bool) -> None:
    scenario = _listing_uploads(healthy())
    with bucket(scenario) as (box, one, tools):
        assert one.call("POST", f"/{OURS[1]}?uploads").status == 200
        ((_key, upload_id),) = box.uploads(BUCKET)
        swept(scenario, noting(tools, noted(OURS[1], upload_id=upload_id if told else "")))
        assert box.uploads(BUCKET) == ()


def test_an_upload_that_is_noted_is_abandoned_though_it_cannot_be_listed() -> None:
    with bucket(healthy()) as (box, one, tools):
        assert one.call("POST", f"/{OURS[1]}?uploads").status == 200
        ((_key, upload_id),) = box.uploads(BUCKET)
        assert swept(healthy(), noting(tools, noted(OURS[1], upload_id=upload_id, made=True))).removed == 1
        assert box.uploads(BUCKET) == ()


def test_a_dry_run_strikes_nothing_out() -> None:
    with bucket(healthy(), *OURS) as (box, _one, tools):
        knowing = noting(tools, noted(OURS[0], made=True))
        assert swept(healthy(), knowing, dry_run=True).left_behind == (OURS[0],)
        assert len(box.keys(BUCKET)) == len(OURS)
        assert len(knowing.notes.read(bucket_address(settings_of(healthy())))) == 1


class Endless:
    """A listing that always goes on: with the next keys, or, when it is ``stuck``, with the same ones."""

    def __init__(self, stuck: bool = False) -> None:
        self.calls: list[Call] = []
        self.seconds = 0.0
        self._stuck = stuck

    def send(self, call: Call, _limits: Limits) -> Answer:
        self.calls.append(call)
        self.seconds += 1
        if call.operation in ("ListObjectsV2", "ListMultipartUploads"):
            return Answer(200, body=self._page(call.operation == "ListMultipartUploads"))
        return Answer(404 if call.method == "HEAD" else 204)

    def _page(self, uploads: bool) -> bytes:
        number = 0 if self._stuck else len(self.calls)
        keys = [f"media_attachments/files/{RUN}/{number:06}-{n:02}.png" for n in range(20)]
        when = "2020-01-01T00:00:00Z"
        inner = (
            f"<Upload><Key>{key}</Key><UploadId>u</UploadId><Initiated>{when}</Initiated></Upload>"
            if uploads
            else f"<Contents><Key>{key}</Key><LastModified>{when}</LastModified></Contents>"
            for key in keys
        )
        root = "ListMultipartUploadsResult" if uploads else "ListBucketResult"
        return f"<{root}><IsTruncated>true</IsTruncated>{''.join(inner)}</{root}>".encode()


def test_a_listing_without_end_is_searched_for_a_while_only() -> None:
    endless = Endless()
    told: list[str] = []
    clock = Clock(monotonic=lambda: endless.seconds, sleep=lambda _seconds: None)
    cleanup = swept(healthy(), Tools(endless, clock), dry_run=True, tell=told.append)
    assert endless.seconds <= 62
    assert 0 < len(cleanup.left_behind) <= 61 * 20
    assert "there may be more" in told[0]


def test_so_many_objects_are_taken_on_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.probe.sweep.MOST", 50)
    endless = Endless()
    told: list[str] = []
    clock = Clock(monotonic=lambda: 0.0, sleep=lambda _seconds: None)
    cleanup = swept(healthy(), Tools(endless, clock), tell=told.append)
    assert (cleanup.created, cleanup.removed) == (50, 50)
    assert "there may be more" in told[0]


def test_a_listing_that_repeats_itself_is_left() -> None:
    endless = Endless(stuck=True)
    told: list[str] = []
    clock = Clock(monotonic=lambda: 0.0, sleep=lambda _seconds: None)
    swept(healthy(), Tools(endless, clock), dry_run=True, tell=told.append)
    assert len(endless.calls) < 60
    assert "there may be more" in told[0]


class Dripping:
    """A server that takes a minute over each listing, and never comes to its end."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def send(self, _call: Call, _limits: Limits) -> Answer:
        self.seconds += 60.0
        return Answer(fault=NetworkFault.DEADLINE, detail="the answer had no end")


def test_a_bucket_that_nobody_could_look_into_is_not_called_clean() -> None:
    dripping = Dripping()
    clock = Clock(monotonic=lambda: dripping.seconds, sleep=lambda _seconds: None)
    with bucket(healthy()) as (_box, _client, tools), pytest.raises(SweepError, match="could not be listed"):
        sweep(settings_of(healthy()), replace(tools, transport=dripping, clock=clock))


class Chatty:
    """Answers 200 and something else to some of what is asked."""

    def __init__(self, inner: Transport, operation: str, answer: Answer) -> None:
        self._inner, self._operation, self._answer = inner, operation, answer

    def send(self, call: Call, limits: Limits) -> Answer:
        return self._answer if call.operation == self._operation else self._inner.send(call, limits)


NO_LISTINGS = [
    Answer(200, body=b"<html>Welcome!</html>"),
    Answer(200),
    Answer(200, body=b"<ListBucketResult><Contents>", fault=NetworkFault.CLOSED, truncated=True),
    Answer(200, body=b"<a>" * 100_000),
]


@pytest.mark.parametrize("answer", NO_LISTINGS)
def test_a_bucket_is_not_called_clean_for_what_is_no_listing(answer: Answer) -> None:
    with bucket(healthy(), OURS[0]) as (box, _client, tools):
        asked = replace(tools, transport=Chatty(tools.transport, "ListObjectsV2", answer))
        with pytest.raises(SweepError, match="could not be listed"):
            sweep(settings_of(healthy()), asked)
        assert box.keys(BUCKET) == (OURS[0],)


@pytest.mark.parametrize("answer", [*NO_LISTINGS, Answer(500)])
def test_uploads_that_were_not_listed_may_be_there(answer: Answer) -> None:
    told: list[str] = []
    with bucket(healthy(), OURS[0]) as (box, _client, tools):
        asked = replace(tools, transport=Chatty(tools.transport, "ListMultipartUploads", answer))
        assert sweep(settings_of(healthy()), asked, tell=told.append).removed == 1
        assert box.keys(BUCKET) == ()
    assert [text for text in told if "there may be more" in text], "nobody lacks a right here"
    assert not [text for text in told if "lacks" in text]
