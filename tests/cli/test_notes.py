"""The note of what runs have left: whose it is, where it stands, and what of it is believed."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from s3probe.cli.notes import MOST, FileNotes
from s3probe.cli.own_files import LARGEST
from s3probe.cli.private_folder import private_place
from s3probe.probe.notes import BucketAddress, Unsettled

PLACE = BucketAddress("https://s3.example.com", "files")
ONE = Unsettled("media_attachments/files/s3probe/abcdefghij/x.png", 1000.5, arriving=True)
UPLOAD = Unsettled("media_attachments/files/s3probe/abcdefghij/x.mp4", 1000.5, upload_id="u-1", made=True)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's notes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "s3probe"


@pytest.fixture
def told() -> list[str]:
    return []


def notes(told: list[str], state: Path | None = None) -> FileNotes:
    return FileNotes(state, told.append)


def keep(told: list[str], *left: Unsettled, state: Path | None = None, place: BucketAddress = PLACE) -> None:
    notes(told, state).change(place, settled=(), left=left)


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_what_one_run_notes_the_next_one_reads(told: list[str], cache: Path) -> None:
    keep(told, ONE, UPLOAD)
    assert notes(told).read(PLACE) == (ONE, UPLOAD)
    assert stat.S_IMODE(only_file(cache).stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_what_is_settled_goes_and_the_last_takes_the_file_with_it(told: list[str], cache: Path) -> None:
    keep(told, ONE, UPLOAD)
    notes(told).change(PLACE, settled=[ONE], left=())
    assert notes(told).read(PLACE) == (UPLOAD,)
    notes(told).change(PLACE, settled=[UPLOAD], left=())
    assert list(cache.iterdir()) == []


def test_where_nothing_is_left_no_file_is_made(told: list[str], tmp_path: Path) -> None:
    notes(told).change(PLACE, settled=[ONE], left=())
    assert list(tmp_path.iterdir()) == []


def test_a_state_has_the_note_beside_it_and_the_cache_is_read_as_well(told: list[str], tmp_path: Path) -> None:
    keep(told, ONE)
    state = tmp_path / "var" / "state"
    state.parent.mkdir()
    keep(told, UPLOAD, state=state)
    assert only_file(state.parent).name.startswith("state.left-")
    assert set(notes(told, state).read(PLACE)) == {ONE, UPLOAD}
    notes(told, state).change(PLACE, settled=[ONE, UPLOAD], left=())
    assert (notes(told, state).read(PLACE), notes(told).read(PLACE)) == ((), ())


@pytest.mark.parametrize(
    "place", [BucketAddress("https://s3.example.org", "files"), BucketAddress("https://s3.example.com", "file")]
)
def test_a_note_is_for_its_endpoint_and_bucket_alone(told: list[str], cache: Path, place: BucketAddress) -> None:
    keep(told, ONE)
    assert notes(told).read(place) == ()
    keep(told, UPLOAD, place=place)
    mine, other = sorted(cache.iterdir(), key=lambda path: "u-1" in path.read_text())
    other.write_text(mine.read_text())  # under the name of another place
    assert notes(told).read(place) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version": 2}',
        "[" * 100_000,
        "null",
        " " * LARGEST + "{}",
        '{"version": 1, "left": [{}]}',
    ],
)
def test_a_note_that_cannot_be_read_is_none_and_is_begun_anew(told: list[str], cache: Path, text: str) -> None:
    keep(told, ONE)
    only_file(cache).write_text(text)
    assert notes(told).read(PLACE) == ()
    keep(told, UPLOAD)
    assert notes(told).read(PLACE) == (UPLOAD,)


def test_what_is_no_entry_of_a_note_is_not_believed(told: list[str], cache: Path) -> None:
    keep(told, ONE)
    data = json.loads(only_file(cache).read_text())
    only_file(cache).write_text(json.dumps({**data, "left": [{**data["left"][0], "key": 7}]}))
    assert notes(told).read(PLACE) == ()


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_what_others_can_write_is_not_believed(told: list[str], cache: Path, mode: int) -> None:
    keep(told, ONE)
    only_file(cache).chmod(mode)
    assert notes(told).read(PLACE) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_not_believed(told: list[str], cache: Path) -> None:
    keep(told, ONE)
    os.chown(only_file(cache), 12345, 12345)
    assert notes(told).read(PLACE) == ()


def test_a_link_in_the_place_of_a_note_is_replaced_and_not_followed(told: list[str], cache: Path) -> None:
    keep(told, ONE)
    file, victim = only_file(cache), cache.parent / "victim"
    file.replace(victim)
    before = victim.read_text()
    file.symlink_to(victim)
    assert notes(told).read(PLACE) == ()
    keep(told, UPLOAD)
    assert (victim.read_text(), file.is_symlink()) == (before, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
def test_nothing_is_written_through_a_link_of_somebody_else(
    told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.chown(tmp_path / "link", 12345, 12345, follow_symlinks=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "link"))
    keep(told, ONE)
    keep(told, ONE, state=tmp_path / "link" / "state")
    assert list((tmp_path / "target").iterdir()) == []
    assert len(told) == 2


def test_a_fifo_in_the_place_of_a_note_holds_nobody_up(told: list[str], cache: Path) -> None:
    keep(told, ONE)
    file = only_file(cache)
    file.unlink()
    os.mkfifo(file)
    assert notes(told).read(PLACE) == ()
    keep(told, UPLOAD)
    assert notes(told).read(PLACE) == (UPLOAD,)


def test_where_nothing_can_be_noted_that_is_said_and_this_program_still_knows(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3probe.cli.notes.private_place", lambda: None)
    kept = notes(told)
    kept.change(PLACE, settled=(), left=[ONE])
    assert (kept.read(PLACE), notes(told).read(PLACE)) == ((ONE,), ())
    assert len(told) == 1


def test_a_state_whose_folder_is_not_there_leads_to_the_cache(told: list[str], tmp_path: Path, cache: Path) -> None:
    (tmp_path / "file").write_text("")
    keep(told, ONE, state=tmp_path / "file" / "state")
    assert (notes(told).read(PLACE), told) == ((ONE,), [])
    assert only_file(cache)


def test_a_folder_that_cannot_be_looked_at_is_no_bug(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stat_denied(self: Path, **_options: bool) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", stat_denied)
    assert notes(told).read(PLACE) == ()
    notes(told).change(PLACE, settled=[ONE], left=())
    keep(told, ONE, state=Path("/nowhere/state"))
    assert len(told) == 1


def test_a_long_note_keeps_the_newest(told: list[str]) -> None:
    many = [Unsettled(f"media_attachments/files/s3probe/abcdefghij/{n}.png", float(n)) for n in range(MOST + 5)]
    keep(told, *many)
    assert notes(told).read(PLACE) == tuple(many[5:])


def test_two_runs_that_end_at_once_lose_nothing(told: list[str]) -> None:
    many = [Unsettled(f"media_attachments/files/s3probe/abcdefghij/{n}.png", float(n)) for n in range(8)]
    threads = [threading.Thread(target=keep, args=(told, one)) for one in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {one.key for one in notes(told).read(PLACE)} == {one.key for one in many}


def test_who_holds_the_folder_for_ever_is_not_waited_for(told: list[str], cache: Path) -> None:
    keep(told, ONE)
    held = os.open(cache, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    begun = time.monotonic()
    keep(told, UPLOAD)
    os.close(held)
    assert time.monotonic() - begun < 5
    assert set(notes(told).read(PLACE)) == {ONE, UPLOAD}


def test_a_cache_that_is_somebody_elses_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under sudo, which may keep HOME."""
    if os.geteuid() == 0:
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        os.chown(theirs, 12345, 12345)
    else:
        theirs = Path("/root")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(theirs))
    found = private_place()
    assert found is None or not found.is_relative_to(theirs)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert private_place() == tmp_path / ".cache" / "s3probe"
