"""The sandbox's Garage answers as the real one did, request by request, and its pages are the real ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.evidence.vocabulary import ActionId
from s3probe.sandbox.messages import Request
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.providers import GARAGE
from s3probe.sandbox.recommended import garage
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS, BUCKET
from s3probe.sandbox.world import AliasFault
from tests.exhaustive import part
from tests.runs import run
from tests.sandbox.as_recorded import Change, differences, env

KEY = "media_attachments/files/s3probe/abcdefghij/x.png"


def _proxy(fault: AliasFault) -> Change:
    return lambda s: s.with_world(aliases=tuple(replace(alias, fault=fault) for alias in s.world.aliases))


SAME: dict[str, Change] = {
    "garage-healthy": lambda s: s,
    "garage-website-denied": lambda s: s.with_bucket(policy=()),
    "garage-permission-default": env("S3_PERMISSION", None),
    "garage-host-not-passed-on": _proxy(AliasFault.LOSES_HOST),
    "garage-media-host-at-the-api": _proxy(AliasFault.ASKS_API),
}
"""Recordings, and what is done to the sandbox's healthy Garage to be in the same state."""
OTHER_PROXY = {ActionId.ARCHIVE_PUBLIC_GET, ActionId.PUBLIC_DELETE, ActionId.DELETED_PUBLIC_GET}
"""Where the recorded nginx was set up otherwise."""


@pytest.mark.parametrize("name", part(SAME, 2))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    assert differences(name, SAME[name](garage()), but=OTHER_PROXY, at_least=21) == {}


def _asked(box: Sandbox, host: str, path: str, method: str = "GET") -> tuple[int, bytes]:
    reply = box.answer(Request(method, "https", host, path, "", {"host": host}, b""))
    return reply.status, reply.body


def test_its_pages_are_those_of_the_web_port() -> None:
    bare = b"<title>404 Not Found</title>\n<h1>404 Not Found</h1>"
    with Sandbox(garage().world) as box:
        status, page = _asked(box, ALIAS, f"/{KEY}")
    assert (status, len(page), page.startswith(bare), b"<li>Code: NoSuchKey</li>" in page) == (404, 120, True, True)
    with Sandbox(garage().with_bucket(policy=()).world) as box:
        assert _asked(box, ALIAS, f"/{KEY}") == (404, bare)
    with Sandbox(garage().with_bucket(aliases=()).world) as box:
        assert _asked(box, ALIAS, f"/{KEY}") == (404, bare)


def test_its_api_serves_no_visitor() -> None:
    with Sandbox(garage().world) as box:
        for path in ("/", f"/{BUCKET}", f"/{BUCKET}/{KEY}", "/no-such-bucket"):
            status, body = _asked(box, "garage.example.net", path)
            assert status == 403
            assert b"<Message>Forbidden: Garage does not support anonymous access yet</Message>" in body
            assert b"<Region>garage</Region>" in body


FULL = "Internal error: Could not reach quorum of 1. 0 of 1 request succeeded: IO error: No space left on device"


@pytest.mark.parametrize("folder", ["media_attachments/*", "accounts/*"])
def test_what_a_full_disk_takes_all_the_same_is_removed_and_named_nowhere(folder: str) -> None:
    """Small files are kept with their names. Where nothing else was deleted, only their version ids are known."""
    full = Refusal(ErrorText(503, "ServiceUnavailable", FULL), ("PutObject", "UploadPart"), keys=folder)
    scenario = garage().with_personality(refusals=(*GARAGE.refusals, full))
    ran = run(scenario)
    assert ran.named == ("quota-or-cap-exceeded",)
    assert ran.report.findings[0].title == "The disk of the storage is full, so nothing more can be stored"
    assert ran.report.evidence.cleanup.left_behind == ()
    assert ran.left == ()


def test_a_quota_that_some_folders_still_fit_into_is_no_missing_right() -> None:
    reached = ErrorText(403, "AccessDenied", "Forbidden: Object quota is reached, maximum objects for this bucket: 2")
    later = Refusal(reached, ("PutObject",), keys="accounts/*")
    ran = run(garage().with_personality(refusals=(*GARAGE.refusals, later)))
    assert ran.named == ("quota-or-cap-exceeded",)
    denied = Refusal(ErrorText(403, "AccessDenied", "Forbidden: no."), ("PutObject",), keys="accounts/*")
    assert run(garage().with_personality(refusals=(*GARAGE.refusals, denied))).named == ("key-limited-to-some-folders",)
