"""An edit of an env file gives the variable the value that was meant, and every other one the value that it had."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3probe.settings.dotenv import DotenvError, parse, places
from s3probe.settings.edit import Change, Edit, NotPossibleError, Read, View, applied, edits
from s3probe.settings.loaders import LOADERS, LoaderError, load_as
from tests.every import every
from tests.exhaustive import EXHAUSTIVE, examples
from tests.settings.env_texts import CHANGES, FILES

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "dotenv.json"
VECTORS = [case for case in json.loads(GOLDEN.read_text(encoding="utf-8")) if "file_base64" in case]


def dotenv(environment: Mapping[str, str] | None = None) -> Read:
    """As Mastodon reads it."""

    def read(text: str) -> tuple[View, ...] | None:
        try:
            return (parse(text.encode(), environment).values(),)
        except DotenvError:
            return None

    return read


def other(loader: str) -> Read:
    """As that program reads it, or refuses it."""

    def read(text: str) -> tuple[View, ...] | None:
        try:
            return ({one.name: one.value for one in load_as(loader, text)},)
        except LoaderError:
            return None

    return read


READ = dotenv()


def changed(text: str, *changes: Change, read: Read = READ) -> str:
    return applied(text, edits(text, changes, read))


def values(text: str, read: Read = READ) -> dict[str, str]:
    found = read(text)
    assert found is not None
    return dict(found[0])


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("S3_REGION=a\nX=1\n", Change("S3_REGION", "b", 1), "S3_REGION=b\nX=1\n"),
        ("S3_REGION=a # here\n", Change("S3_REGION", "b"), "S3_REGION=b # here\n"),
        ("S3_REGION='a'# here\n", Change("S3_REGION", "b"), "S3_REGION='b' # here\n"),
        ('S3_REGION="a"\n', Change("S3_REGION", "b"), 'S3_REGION="b"\n'),
        ('S3_REGION="a"\n', Change("S3_REGION", ""), 'S3_REGION=""\n'),
        ('S3_REGION="a"\n', Change("S3_REGION", "b$c"), "S3_REGION='b$c'\n"),
        ("S3_REGION='a'\n", Change("S3_REGION", "b'c"), 'S3_REGION="b\'c"\n'),
        ("S3_A=a\nX=1\nS3_A=b\n", Change("S3_A", "a", 3, above=1), "S3_A=a\nX=1\n"),
        ("S3_A=a\r\nS3_A=b", Change("S3_A", "a", 2, above=1), "S3_A=a\r\n"),
        ("S3_REGION= # later\n", Change("S3_REGION", "b"), "S3_REGION=b # later\n"),
        ("S3_REGION=a # here\n", Change("S3_REGION", ""), "S3_REGION= # here\n"),
        ("S3_BUCKET=ab#cd\n", Change("S3_BUCKET", "ab#cd"), "S3_BUCKET='ab#cd'\n"),
        ("S3_BUCKET=ab #cd\n", Change("S3_BUCKET", "ab #cd"), "S3_BUCKET='ab #cd'\n"),
        ("export S3_REGION=a\n", Change("S3_REGION", "b"), "export S3_REGION=b\n"),
        ("  S3_REGION = a\n", Change("S3_REGION", "b"), "  S3_REGION = b\n"),
        ("S3_REGION: a\n", Change("S3_REGION", "b"), "S3_REGION: b\n"),
        ("S3_REGION\nX=1\n", Change("S3_REGION", "b"), "S3_REGION=b\nX=1\n"),
        ("S3_REGION=\n'a'\nX=1\n", Change("S3_REGION", "b c"), "S3_REGION=\n'b c'\nX=1\n"),
        ("S3_REGION=\n'a'\nX=1\n", Change("S3_REGION", "b"), "S3_REGION=b\nX=1\n"),
        ("S3_REGION=a\nS3_REGION=c\n", Change("S3_REGION", "b"), "S3_REGION=a\nS3_REGION=b\n"),
        ("S3_REGION=a\nX=1\nS3_REGION=c\n", Change("S3_REGION", None), "X=1\n"),
        ("S3_A=1\n# S3_REGION=a\nX=1\n", Change("S3_REGION", "b"), "S3_A=1\nS3_REGION=b\n# S3_REGION=a\nX=1\n"),
        ("X=1\n", Change("S3_REGION", "b"), "X=1\nS3_REGION=b\n"),
        ("", Change("S3_REGION", "b"), "S3_REGION=b\n"),
        ("X=1", Change("S3_REGION", "b"), "S3_REGION=b\nX=1"),
        ("X=1\nS3_A=1", Change("S3_REGION", "b"), "X=1\nS3_REGION=b\nS3_A=1"),
        ("X=1\nS3_REGION=a", Change("S3_REGION", "b"), "X=1\nS3_REGION=b"),
        ('X="1\n2"', Change("S3_REGION", "b"), 'S3_REGION=b\nX="1\n2"'),
        ("S3_A=1\r\nX=1\r\n", Change("S3_REGION", "b"), "S3_A=1\r\nS3_REGION=b\r\nX=1\r\n"),
        ("S3_A=1 # c\r\n", Change("S3_A", "2"), "S3_A=2 # c\r\n"),
        ("S3_A=1\r\nX=1\r\n", Change("S3_A", None), "X=1\r\n"),
        ("\rS3_A=1\rX=1\r", Change("S3_A", "2"), "\rS3_A=2\rX=1\r"),
        ('S3_A="one\ntwo" # c\nX=1\n', Change("S3_A", "2"), "S3_A=2 # c\nX=1\n"),
        ('X="\nS3_A=1\n"\n', Change("S3_A", "2"), 'X="\nS3_A=1\n"\nS3_A=2\n'),
        ("S3_A=\n'x\nX=1'\n", Change("S3_A", None), ""),
        ("S3_A=1\nexport S3_A\nX=1\n", Change("S3_A", None), "X=1\n"),
        ("S3_A=1\nexport S3_A\n", Change("S3_A", "2"), "S3_A=2\nexport S3_A\n"),
        ("S3-BUCKET=x\nX=1\n", Change("S3_BUCKET", "x", 1), "S3_BUCKET=x\nX=1\n"),
        ("\ufeffS3-BUCKET=x\n", Change("S3_BUCKET", "x", 1), "\ufeffS3_BUCKET=x\n"),
        ("\ufeffS3_A=1\n", Change("S3_A", "2"), "\ufeffS3_A=2\n"),
        ("\ufeffX=1", Change("S3_A", "2"), "\ufeffS3_A=2\nX=1"),
        ("S3_A=1\n", Change("S3_A", "a#b"), "S3_A='a#b'\n"),
        ("S3_A=1\n'x'\n", Change("S3_A", ""), "S3_A=''\n'x'\n"),
        # written where it is known, and before what takes it in only where nothing does
        ("X=s3.$S3_A\nY=1\n", Change("S3_A", "2"), "X=s3.$S3_A\nY=1\nS3_A=2\n"),
        ("S3_B=1\nX=s3.$S3_A\n", Change("S3_A", "2"), "S3_B=1\nX=s3.$S3_A\nS3_A=2\n"),
    ],
)
def test_one_change(before: str, change: Change, after: str) -> None:
    assert changed(before, change) == after


@pytest.mark.parametrize(
    ("loader", "before", "value", "after"),
    [
        ("docker", "S3_A=1\n", "a#b c", "S3_A=a#b c\n"),
        ("docker", "S3_A=1 # c\n", "2", "S3_A=2\n"),
        ("kubernetes", "S3_A='1'\n", "2", "S3_A=2\n"),
        ("systemd", "S3_A=1\n", "a b", "S3_A='a b'\n"),
        ("compose", "S3_A=1 # c\n", "a#b", "S3_A='a#b' # c\n"),
    ],
)
def test_a_line_is_written_for_the_program_that_reads_it(loader: str, before: str, value: str, after: str) -> None:
    assert changed(before, Change("S3_A", value), read=other(loader)) == after


def test_a_variable_that_others_are_made_of_is_left_alone() -> None:
    text = "S3_REGION=a\nS3_HOSTNAME=s3.${S3_REGION}.example\n"
    with pytest.raises(NotPossibleError) as caught:
        edits(text, (Change("S3_REGION", "b"),), READ)
    assert (caught.value.name, caught.value.also) == ("S3_REGION", ("S3_HOSTNAME",))


def test_unless_that_is_what_is_wanted_of_the_others_too() -> None:
    text = "S3_REGION=a\nS3_HOSTNAME=s3.${S3_REGION}.example\n"
    both = (Change("S3_REGION", "b"), Change("S3_HOSTNAME", "s3.b.example"))
    assert changed(text, *both) == "S3_REGION=b\nS3_HOSTNAME=s3.${S3_REGION}.example\n"
    assert changed(text, *reversed(both)) == "S3_REGION=b\nS3_HOSTNAME=s3.b.example\n"


def test_what_another_source_sets_is_not_removed_here() -> None:
    def read(text: str) -> tuple[View, ...]:
        alone = parse(text).values()
        return alone, {"S3_A": "from .env", **alone}

    with pytest.raises(NotPossibleError):
        edits("S3_A=1\n", (Change("S3_A", None),), read)


def test_edits_that_were_made_before_stay() -> None:
    text = "S3_A=1\nS3_B=1\n"
    first = edits(text, (Change("S3_A", "2"),), READ)
    second = edits(text, (Change("S3_B", None), Change("S3_C", "3")), READ, first)
    assert applied(text, (*first, *second)) == "S3_A=2\nS3_C=3\n"


def wanted(case: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    names = [*case["result"]["parsed"], "S3_NEW"]
    news = (None, "", "eu-west-2", "a#b $c 'd'", 'x"y\\z') if EXHAUSTIVE else ("eu-west-2", "a#b $c 'd'", None)
    for place, name in enumerate(names):
        for turn, new in enumerate(news):
            if EXHAUSTIVE or turn == place % len(news):
                yield name, new


@every("case", [c for c in VECTORS if "error" not in c["result"]], ids=lambda case: case["id"])
def test_every_file_that_ruby_read(case: dict[str, Any]) -> None:
    text = base64.b64decode(case["file_base64"]).decode()
    read = dotenv(case["process_env"])
    before = values(text, read)
    for name, new in wanted(case):
        if name in case["process_env"]:
            continue
        expected = {**before, name: new} if new is not None else {k: v for k, v in before.items() if k != name}
        if taken_up(text, name):
            with suppress(NotPossibleError):
                assert values(changed(text, Change(name, new), read=read), read) == expected
        else:
            assert values(changed(text, Change(name, new), read=read), read) == expected


def taken_up(text: str, name: str) -> bool:
    """Whether the value of another variable may be made of this one."""
    return re.search(rf"\$\{{?{re.escape(name)}", text) is not None


@settings(max_examples=examples(500), deadline=None)
@given(FILES, CHANGES)
@example("S3_REGION=\n'x'\n", [Change("S3_REGION", "")])
def test_every_other_variable_keeps_its_value(text: str, changes: list[Change]) -> None:
    before = READ(text)
    try:
        made = edits(text, changes, READ)
    except NotPossibleError:
        assert before is None or not plain(text, changes)
        return
    assert before is not None
    news = {change.name: change.value for change in changes}
    expected = {name: value for name, value in {**before[0], **news}.items() if value is not None}
    assert values(applied(text, made)) == expected
    untouched(text, made, changes)


def plain(text: str, changes: list[Change]) -> bool:
    """A file and changes that may not be refused: no variable refers to another, and no quote is left open."""
    return not any(mark in part for part in (text, *(change.value or "" for change in changes)) for mark in "$\\'\"`")


def untouched(text: str, made: Sequence[Edit], changes: list[Change]) -> None:
    """Edits lie where the variable stands, or on the line that was meant to set it, or between two lines."""
    numbers = {change.name: change.line for change in changes}
    mark = len(text) - len(text.removeprefix("\ufeff"))
    found = list(places(text[mark:]))
    for edit in made:
        own = [place for place in found if place.name == edit.name]
        ends = [(place.start + mark, place.end + mark + len("\r\n")) for place in own]
        number = text.count("\n", 0, edit.start) + 1
        assert (
            edit.start == edit.end
            or any(start <= edit.start and edit.end <= end for start, end in ends)
            or (number == numbers[edit.name] and "\n" not in text[edit.start : edit.end])
        )
    after = applied(text, made)
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    if not any(quote in text for quote in "'\""):
        assert comments(after) == comments(text)
    if "\r\n" in text:
        assert "\n" not in after.replace("\r\n", "") or "\n" in text.replace("\r\n", "")


def comments(text: str) -> list[str]:
    return [line for line in text.removeprefix("\ufeff").splitlines() if line.startswith("#")]


@settings(max_examples=examples(150), deadline=None)
@given(FILES, CHANGES, st.sampled_from(sorted(LOADERS)))
def test_so_it_is_for_every_program_that_reads_the_file(text: str, changes: list[Change], loader: str) -> None:
    read = other(loader)
    try:
        after = changed(text, *changes, read=read)
    except NotPossibleError:
        return
    news = {change.name: change.value for change in changes}
    expected = {name: value for name, value in {**values(text, read), **news}.items() if value is not None}
    assert values(after, read) == expected
