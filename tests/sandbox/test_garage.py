"""The sandbox's Garage answers as the real one did, request by request, and its pages are the real ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.codec import load
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Fact
from s3probe.sandbox.messages import Request
from s3probe.sandbox.recommended import garage
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS, BUCKET, Scenario
from s3probe.sandbox.world import AliasFault
from tests.exhaustive import part
from tests.runs import run

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"
Change = Callable[[Scenario], Scenario]
KEY = "media_attachments/files/s3probe/abcdefghij/x.png"


def _proxy(fault: AliasFault) -> Change:
    return lambda s: s.with_world(aliases=tuple(replace(alias, fault=fault) for alias in s.world.aliases))


SAME: dict[str, Change] = {
    "garage-healthy": lambda s: s,
    "garage-website-denied": lambda s: s.with_bucket(policy=()),
    "garage-permission-default": lambda s: s.with_env("S3_PERMISSION", None),
    "garage-host-not-passed-on": _proxy(AliasFault.LOSES_HOST),
    "garage-media-host-at-the-api": _proxy(AliasFault.ASKS_API),
}
"""Recordings, and what is done to the sandbox's healthy Garage to be in the same state."""
OTHER_PROXY = {ActionId.ARCHIVE_PUBLIC_GET, ActionId.PUBLIC_DELETE, ActionId.PUBLIC_CSP, ActionId.DELETED_PUBLIC_GET}
"""Where the recorded nginx was set up otherwise, or there was no instance."""


def _told(seen: Observation) -> tuple[object, ...]:
    said = re.sub(r"[\w.-]*(?:mastodon-data|files-example|GK)[\w.*…-]*", "NAME", seen.message or "")
    return seen.http_status, seen.error_code, said, seen.facts.get(Fact.WEB_PAGE, "")


@pytest.mark.parametrize("name", part(SAME, 2))
def test_each_request_is_answered_as_the_real_one_answered_it(name: str) -> None:
    _settings, recorded = load((RECORDED / f"{name}.json").read_text())
    here = {row.id: row for row in run(SAME[name](garage())).report.evidence.observations}
    pairs = [(row, here[row.id]) for row in recorded.observations if row.id in here and row.id not in OTHER_PROXY]
    pairs = [(real, ours) for real, ours in pairs if real.http_status is not None and ours.http_status is not None]
    assert len(pairs) > 20
    assert {real.id: (_told(real), _told(ours)) for real, ours in pairs if _told(real) != _told(ours)} == {}


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
