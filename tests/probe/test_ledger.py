"""The ledger: what may exist is known before the request that may make it."""

from __future__ import annotations

import pytest

from s3probe.evidence.observations import NEVER_SENT, NetworkFault
from s3probe.probe.exchange import Answer
from s3probe.probe.ledger import Ledger, LedgerEntry
from tests.probe.build import wire

WIRE = wire()


def ledger() -> tuple[Ledger, LedgerEntry]:
    made = Ledger(lambda class_path, name: f"{class_path}/s3probe/abcdefghij/{name}")
    return made, made.mint(WIRE, "media_attachments/files", "x.png")


def names(made: Ledger) -> list[str]:
    return [entry.name for entry in made.remaining()]


def test_a_key_may_exist_from_the_moment_it_is_minted() -> None:
    made, entry = ledger()
    assert entry.key == "media_attachments/files/s3probe/abcdefghij/x.png"
    assert names(made) == [entry.key]
    assert (made.created(), made.removed()) == (0, 0)


def test_what_the_server_took_must_be_removed() -> None:
    made, entry = ledger()
    made.answered(entry, Answer(200), written=True)
    assert (names(made), made.created()) == ([entry.key], 1)
    made.mark_removed([entry])
    assert (names(made), made.removed()) == ([], 1)


@pytest.mark.parametrize("status", [400, 403, 404, 412, 429, 501])
def test_what_the_server_refused_is_not_there(status: int) -> None:
    made, entry = ledger()
    made.answered(entry, Answer(status), written=False)
    assert names(made) == []


@pytest.mark.parametrize("answer", [Answer(500), Answer(502), Answer(504), Answer(fault=NetworkFault.READ_TIMEOUT)])
def test_what_nobody_knows_may_be_there(answer: Answer) -> None:
    made, entry = ledger()
    made.answered(entry, answer, written=False)
    assert names(made) == [entry.key]
    assert made.created() == 0


@pytest.mark.parametrize("answer", [None, *(Answer(fault=fault) for fault in sorted(NEVER_SENT))])
def test_what_was_never_sent_is_not_there(answer: Answer | None) -> None:
    made, entry = ledger()
    made.answered(entry, answer, written=False)
    assert names(made) == []


def test_what_was_once_written_stays_written() -> None:
    made, entry = ledger()
    made.answered(entry, Answer(200), written=True)
    made.answered(entry, Answer(403), written=False)
    assert names(made) == [entry.key]


def test_an_upload_that_arrives_after_its_removal_is_there_again() -> None:
    made, entry = ledger()
    made.mark_removed([entry])
    made.answered(entry, Answer(200), written=True)
    assert names(made) == [entry.key]


@pytest.mark.parametrize(
    ("said", "status", "kept"),
    [
        ({}, 204, ()),
        ({"x-amz-delete-marker": "true", "x-amz-version-id": "m1"}, 204, ("v1", "m1")),
        ({"x-amz-version-id": "m1"}, 204, ("v1",)),
        ({}, 403, ("v1",)),
    ],
)
def test_a_number_of_an_upload_is_no_version_where_a_deletion_leaves_no_marker(
    said: dict[str, str], status: int, kept: tuple[str, ...]
) -> None:
    """Garage numbers every upload, and keeps one."""
    made, entry = ledger()
    made.answered(entry, Answer(200, headers={"x-amz-version-id": "v1"}), written=True)
    made.heard(WIRE.delete(entry.key), Answer(status, headers=said))
    assert entry.versions == kept
    assert made.keeps_versions() == bool(kept)


def test_versions_are_kept_and_null_is_none() -> None:
    made, entry = ledger()
    for version in ("v1", "null", "v2"):
        made.answered(entry, Answer(200, {"x-amz-version-id": version}), written=True)
    assert entry.versions == ("v1", "v2")


def test_an_upload_is_known_before_its_id() -> None:
    made, entry = ledger()
    made.settle(entry, written=False)
    upload = made.upload(entry)
    assert names(made) == [f"{entry.key}?uploads"]
    made.begun(upload, "u-1")
    assert names(made) == [f"{entry.key}?uploadId=u-1"]
    assert made.created() == 1


def test_uploads_are_removed_first() -> None:
    made, entry = ledger()
    made.answered(entry, Answer(200), written=True)
    made.begun(made.upload(entry), "u-1")
    assert names(made) == [f"{entry.key}?uploadId=u-1", entry.key]


def test_another_runs_leftovers_can_be_taken_over() -> None:
    made, entry = ledger()
    made.settle(entry, written=False)
    made.adopt(LedgerEntry("media_attachments/files/s3probe/zzzzzzzzzz/y.png", WIRE, written=True))
    assert names(made) == ["media_attachments/files/s3probe/zzzzzzzzzz/y.png"]


def test_a_key_that_is_minted_again_is_that_of_the_later_upload() -> None:
    """AWS names another region: the same file goes there, and what was refused in the first one stays refused."""
    made, first = ledger()
    call = WIRE.put_object(first.key, b"x", "image/png", acl=None)
    made.answered(first, Answer(400), written=False)
    again = made.mint(WIRE, "media_attachments/files", "x.png")
    made.sending(call)
    made.heard(call, Answer(200))
    made.answered(again, Answer(200), written=True)
    made.mark_removed([again])
    assert (first.written, names(made)) == (False, [])


def test_what_is_shown_elsewhere_was_done() -> None:
    """S3 answers 303 to a form that names where to go on; other redirects say that it was not done here."""
    made, entry = ledger()
    made.answered(entry, Answer(303), written=False)
    assert names(made) == [entry.key]
    made, entry = ledger()
    made.answered(entry, Answer(307), written=False)
    assert names(made) == []
