"""What is kept of each release's verdicts is what its code says, and CHANGELOG.md tells what changed."""

from __future__ import annotations

import re

import pytest

from s3probe import __version__
from tests.every import every
from tests.exhaustive import part
from tests.verdicts import corpus, kept
from tests.verdicts.corpus import CASES, RECORDINGS, WORLDS, Said

HOW = "run `python -m tests.verdicts --write`, and look at what it changed"
UNRELEASED = kept.read(kept.UNRELEASED)
CHANGELOG = kept.CHANGELOG.read_text(encoding="utf-8")
RELEASES = sorted(
    (path.stem for path in kept.FOLDER.glob("*.tsv") if path.stem != kept.UNRELEASED),
    key=lambda version: tuple(map(int, version.split("."))),
)


def test_every_case_is_kept_and_no_other() -> None:
    assert sorted(UNRELEASED) == sorted(CASES), HOW


@pytest.mark.neighbours("recorded")
@every("case", RECORDINGS)
def test_a_recorded_server_is_judged_as_it_is_kept(case: str) -> None:
    assert corpus.of(case) == UNRELEASED[case], HOW


@pytest.mark.parametrize("case", part(WORLDS, 24))
def test_a_world_is_judged_as_it_is_kept(case: str) -> None:
    assert corpus.of(case) == UNRELEASED[case], HOW


def test_every_release_has_its_verdicts() -> None:
    assert re.findall(r"^## \[([0-9.]+)\]", CHANGELOG, re.MULTILINE) == RELEASES[::-1]
    assert kept.last_release() == RELEASES[-1] == __version__


@every("before, after", zip(RELEASES, [*RELEASES[1:], kept.UNRELEASED], strict=True))
def test_what_changed_stands_in_the_changelog(before: str, after: str) -> None:
    told = kept.in_changelog(CHANGELOG).get(before, "")
    assert told == kept.difference(kept.read(before), kept.read(after)), HOW


def test_a_difference_names_each_change_once_and_what_asks_to_act() -> None:
    before = {
        "fault a": Said(2, ("one:failure", "beside:warning")),
        "fault b": Said(2, ("one:failure",)),
        "fault c": Said(2, ("one:failure", "two:failure")),
        "fault d": Said(0, ()),
        "fault e": Said(0, ("quiet:notice",)),
        "gone": Said(0, ()),
    }
    after = {
        "fault a": Said(2, ("other:failure", "beside:warning")),
        "fault b": Said(2, ("other:failure",)),
        "fault c": Said(2, ("two:failure", "one:failure")),
        "fault d": Said(2, ("one:failure",)),
        "fault e": Said(0, ()),
        "new": Said(2, ("one:failure",)),
    }
    assert kept.difference(before, after).splitlines()[2:] == [
        "| `one` (failure) | `other` (failure) | fault a, fault b |",
        "| `one` (failure) first | `two` (failure) first | fault c |",
        "| nothing, exit 0 | `one` (failure), exit 2 | fault d |",
    ]
    assert kept.difference(before, before) == ""


def test_a_difference_goes_to_its_own_place_in_the_changelog() -> None:
    text = "a\n<!-- python -m tests.verdicts: since 1.0.0 -->\nold\n<!-- end -->\nz\n"
    assert kept.put_into(text, "1.0.0", "new\n") == text.replace("old", "new")
    with pytest.raises(ValueError, match="no place"):
        kept.put_into(text, "1.1.0", "new\n")
