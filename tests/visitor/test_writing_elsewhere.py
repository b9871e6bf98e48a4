"""A stranger who may write to one folder alone: found in every folder, within 48 requests, and nothing stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.own_files import WRITTEN_TO
from s3probe.probe.strangers_elsewhere import LARGEST_RUN
from s3probe.sandbox.faults.privacy import opens_folder
from s3probe.sandbox.recommended import RECOMMENDED, garage, minio
from s3probe.sandbox.scenario import Scenario, custom, healthy
from s3probe.sandbox.statements import Statement
from tests.exhaustive import part
from tests.runs import OPTIONS, Ran, run

NAMES = [class_path.partition("/")[0] for class_path in WRITTEN_TO]
NO_UPLOAD = b"<Error><Code>NoSuchUpload</Code><Message>There is none.</Message></Error>"


def _unsigned_puts(ran: Ran, *, of_parts: bool) -> list[str]:
    """Top folders of what was sent without a key, besides what a run always sends to media_attachments/."""
    sent = (one for one in ran.requests if one.method == "PUT" and not one.key_id)
    paths = [one.path for one in sent if ("uploadId" in one.query) is of_parts]
    return [path.split("/")[2] for path in paths if "/media_attachments/files/" not in path or "/cache/" in path]


class _Parts:
    """Answers what is asked of parts of that upload otherwise, or passes it on as something else."""

    def __init__(self, inner: Transport, otherwise: Callable[[Call], Answer | Call]) -> None:
        self._inner, self._otherwise = inner, otherwise

    def send(self, call: Call, limits: Limits) -> Answer:
        if "s3probe-has-begun-none" not in call.url:
            return self._inner.send(call, limits)
        said = self._otherwise(call)
        return said if isinstance(said, Answer) else self._inner.send(said, limits)


@pytest.mark.parametrize("folder", part(NAMES, 3))
def test_it_is_found_in_every_folder_and_removed(folder: str) -> None:
    ran = run(opens_folder(folder)(minio()))
    (found,) = (one for one in ran.report.findings if one.id == "anonymous-write-allowed")
    assert ran.named == ("anonymous-write-allowed",)
    assert f"/{folder}/" in found.how_known
    assert _unsigned_puts(ran, of_parts=False) == [folder]
    assert (ran.left, ran.violations) == ((), ())
    assert ran.report.evidence.cleanup.left_behind == ()


def test_a_healthy_run_asks_for_each_folder_and_uploads_nothing() -> None:
    ran = run(minio())
    assert sorted(_unsigned_puts(ran, of_parts=True)) == sorted(NAMES)
    assert _unsigned_puts(ran, of_parts=False) == []
    assert ran.named == ()
    assert ran.report.evidence.cost.requests <= LARGEST_RUN


@pytest.mark.parametrize("make", [custom, RECOMMENDED["ceph-radosgw"]])
def test_what_a_small_run_has_no_room_for_is_left_to_a_thorough_one(make: Callable[[], Scenario]) -> None:
    small, thorough = run(make()), run(make(), replace(OPTIONS, thorough=True))
    assert small.report.evidence.cost.requests == LARGEST_RUN
    asked = _unsigned_puts(small, of_parts=True)
    assert sorted(asked) == sorted(NAMES[: len(asked)])
    assert len(NAMES) > len(asked) > 1
    assert sorted(_unsigned_puts(thorough, of_parts=True)) == sorted(NAMES)


@pytest.mark.parametrize("make", [healthy, garage])
def test_nothing_is_asked_where_a_provider_runs_the_store_or_no_stranger_is_answered(
    make: Callable[[], Scenario],
) -> None:
    assert _unsigned_puts(run(make()), of_parts=True) == []


def test_a_store_that_looks_for_the_upload_first_lets_nobody_write() -> None:
    said = Answer(404, {"content-type": "application/xml", "x-amz-request-id": "1"}, NO_UPLOAD)
    ran = run(minio(), wrap=lambda inner: _Parts(inner, lambda _call: said))
    assert ran.named == ()
    assert _unsigned_puts(ran, of_parts=False) == NAMES
    assert ran.left == ()


def test_what_a_store_wrote_that_overlooks_the_query_is_removed() -> None:
    def plain(call: Call) -> Call:
        return replace(call, url=call.url.partition("?")[0])

    ran = run(opens_folder("accounts")(minio()), wrap=lambda inner: _Parts(inner, plain))
    assert ran.named == ("anonymous-write-allowed",)
    assert "accounts" in _unsigned_puts(ran, of_parts=False)
    assert ran.left == ()
    assert ran.report.evidence.cleanup.left_behind == ()


def test_the_row_of_the_refused_upload_gives_way_to_the_one_that_was_taken() -> None:
    seen = run(opens_folder("site_uploads")(minio())).report.evidence.get(ActionId.PUBLIC_WRITE)
    assert seen is not None
    assert urlsplit(seen.url or "").path.startswith("/files-example/site_uploads/")
    assert seen.failed


@pytest.mark.parametrize(("action", "folders"), [("s3:DeleteObject", "cache"), ("s3:GetObjectTagging", "")])
def test_a_deletion_open_in_one_folder_is_found_by_one_batch(action: str, folders: str) -> None:
    def opened(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}/cache/*"
        statement = Statement("Allow", (action,), (arn,), ("*",), sid="Open")
        return scenario.with_bucket(policy=(*scenario.bucket.policy, statement))

    ran = run(opened(minio()))
    batch = ran.report.evidence.get(Experiment.PUBLIC_DELETE_FOLDERS)
    assert batch is not None
    assert batch.facts.get(Fact.FOLDERS, "") == folders
    assert ran.named == (("anonymous-write-allowed",) if folders else ())
    assert all("in cache/" in found.how_known for found in ran.report.findings if found.id == "anonymous-write-allowed")
    assert (ran.left, ran.violations) == ((), ())
