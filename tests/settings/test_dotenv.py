"""The parser against what dotenv 3.2.0 really did (fixtures/golden/dotenv.json)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3probe.settings.dotenv import DotenvError, literal, parse
from s3probe.settings.model import NoteKind
from tests.every import every
from tests.exhaustive import examples

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "dotenv.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
# The recorded values are what the commands printed. s3probe runs none, so their value stays unknown.
COMMANDS = {
    "cmd-with-var",
    "cmd-nested",
    "cmd-output-has-dollar",
    "cmd-nonzero",
    "cmd-multiline-output",
    "secret-unquoted-dollar-paren",
}


@every("case", [c for c in CASES if "file_base64" in c], ids=lambda c: c["id"])
def test_reads_a_file_as_ruby_does(case: dict[str, Any]) -> None:
    data = base64.b64decode(case["file_base64"])
    expected = case["result"]
    if "error" in expected:
        with pytest.raises(DotenvError) as caught:
            parse(data, case["process_env"])
        assert (caught.value.exception, caught.value.message) == (
            expected["error"]["class"],
            expected["error"]["message"],
        )
        return
    parsed = parse(data, case["process_env"])
    commands = {a.name for a in parsed.assignments if a.command}
    assert bool(commands) == (case["id"] in COMMANDS)
    values = {name: value for name, value in parsed.values().items() if name not in commands}
    assert values == {name: value for name, value in expected["parsed"].items() if name not in commands}
    assert parsed.values().keys() == expected["parsed"].keys()


def test_two_letters_of_other_alphabets_belong_to_a_name() -> None:
    # recorded from dotenv 3.2: its pattern ignores case, and folds them to S and K
    parsed = parse("HOST=x\nA=$HOST\u017f-y\nB=${HOST\u212a}z\nC=$HOST\u00e9\n").values()
    assert parsed == {"HOST": "x", "A": "-y", "B": "z", "C": "x\u00e9"}


def test_never_runs_a_command(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    parsed = parse(f'A=$(touch {witness})\nB="x$(touch {witness})"\nC=`touch {witness}`\n')
    assert not witness.exists()
    assert [a.command for a in parsed.assignments] == [True, True, False]
    assert [n.name for n in parsed.notes if n.kind is NoteKind.COMMAND] == ["A", "B"]


def test_a_command_is_not_needed_when_the_process_environment_knows_the_value() -> None:
    parsed = parse("A=$(cat /run/secret)\n", {"A": "known"})
    assert (parsed.values()["A"], parsed.assignments[0].command) == ("known", False)


def test_what_a_command_gives_is_followed_through_other_names_and_files() -> None:
    first = parse("P=$(echo files)\nQ=$P-media\n")
    assert [(a.name, a.command) for a in first.assignments] == [("P", True), ("Q", True)]
    second = parse("A=$Q\nB='$Q'\nC=\\$Q\nQ=1\n", first.values(), computed=["P", "Q"])
    assert [(a.name, a.command) for a in second.assignments][:3] == [("A", True), ("B", False), ("C", False)]


def test_a_name_that_is_defined_is_no_loss() -> None:
    for text in ("B=1\nA=$B\n", "A=$C\n", 'A="x${C}y"\n', "A='$D'\n"):
        assert parse(text, {"C": "known"}).notes == ()
    assert [note.name for note in parse("A=$B\nB=1\n", {"C": "known"}).notes] == ["A"]


@every(
    "text, kind",
    [
        ("S3-BUCKET=x\n", NoteKind.SKIPPED_LINE),
        ("A=1\nA=2\n", NoteKind.DUPLICATE),
        ("A=1\r\n", NoteKind.CRLF),
        ("A=“x”\n", NoteKind.SMART_CHARACTER),
        ("A=1\u00a0\n", NoteKind.SMART_CHARACTER),
        ('A="x" y\n', NoteKind.QUOTED),
        ("A=ab#cd\n", NoteKind.TRUNCATED_BY_HASH),
        ("A=#abcd\n", NoteKind.TRUNCATED_BY_HASH),
        ("A=ab$cd\n", NoteKind.EXPANDED_DOLLAR),
        ('A="ab${cd}"\n', NoteKind.EXPANDED_DOLLAR),
        ("A=ab\\cd\n", NoteKind.DROPPED_BACKSLASH),
    ],
)
def test_notes_what_dotenv_did_silently(text: str, kind: NoteKind) -> None:
    assert [note.kind for note in parse(text).notes] == [kind]


@every(
    "text",
    [
        "A=1\nA=1\n",
        "# a comment with $x and \\ and S3-BUCKET=x\n\n   \nA=1\n",
        "A=1 # a comment\n",
        "A= # nothing yet\n",
        "A='ab#cd$ef\\gh'\n",
        'A="ab#cd"\n',
        'A="it\'s" # told\n',
        "A=a\\$b\n",
        'A="-----BEGIN\nabc=\n-----END"\n',
        "A=cost$\n",
    ],
)
def test_is_silent_about_a_plain_line(text: str) -> None:
    assert parse(text).notes == ()


def test_a_bom_is_noted_and_does_no_harm() -> None:
    parsed = parse(b"\xef\xbb\xbfA=1\n")
    assert parsed.values() == {"A": "1"}
    assert [n.kind for n in parsed.notes] == [NoteKind.BOM]


@every(
    "data, exception",
    [
        (b"\xff\xfeA\0=\0", "Encoding::CompatibilityError"),
        (b"\xfe\xff\0A\0=", "Encoding::CompatibilityError"),
        (b"\xff\xfeA\0=", "ArgumentError"),
        (b"A=1\0002\n", "ArgumentError"),
    ],
)
def test_bytes_that_stop_mastodon(data: bytes, exception: str) -> None:
    assert raised(data) == exception


def test_says_where_a_line_stands_and_what_it_said() -> None:
    parsed = parse('\n# x\nA="1\n2"\n\nB=ab#cd \nC="q" # c\nexport D=1\n')
    assert [(a.name, a.line, a.raw) for a in parsed.assignments] == [
        ("A", 3, '"1\n2"'),
        ("B", 6, "ab#cd"),
        ("C", 7, '"q" # c'),
        ("D", 8, "1"),
    ]


def test_an_error_names_its_line() -> None:
    with pytest.raises(DotenvError) as caught:
        parse("A=1\n\n  export B\nC=1\n")
    assert caught.value.message == 'Line "\\n  export B" has an unset variable'
    assert caught.value.line == 3


def test_a_broken_secret_is_not_shown_as_a_name() -> None:
    notes = parse("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE=KEY\nabc def: x\nset S3_BUCKET=x\n").notes
    assert [(n.line, n.name) for n in notes] == [(1, ""), (2, ""), (3, "set S3_BUCKET")]


def test_the_literal_text_loses_only_its_quotes() -> None:
    assert [literal(raw) for raw in ("'a#b'", '"a$b"', "a\\b#c")] == ["a#b", "a$b", "a\\b#c"]


def raised(text: str | bytes) -> str | None:
    """The Ruby class dotenv would raise."""
    try:
        parse(text)
    except DotenvError as error:
        return error.exception
    return None


@given(st.text(alphabet=st.characters(exclude_characters="'\r\0", exclude_categories=["Cs"])))
def test_single_quotes_keep_everything(value: str) -> None:
    if not value.endswith("\\"):
        assert parse(f"A='{value}'\nB=2").values() == {"A": value, "B": "2"}


PIECES = st.sampled_from(
    ["A", "B=", "export ", " ", "\n", "'", '"', "#", "$", "(", ")", "\\", ":", "{", "}", "x", "\t", "é"]
)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=examples(300))
def test_raises_nothing_but_its_own_error(text: str) -> None:
    assert raised(text) in (None, "Dotenv::FormatError")


@given(st.binary(max_size=60))
def test_bytes_raise_nothing_but_its_own_error(data: bytes) -> None:
    refusals = (None, "Dotenv::FormatError", "ArgumentError", "Encoding::CompatibilityError")
    assert raised(data) in refusals


@pytest.mark.parametrize(
    "piece", ["\n", "A=' \n", 'A="\\" ', "$(", "A=x \n", "A \n\n", "A=\n' ", "export A=$(x\\\n", ")"]
)
def test_does_not_slow_down(piece: str) -> None:
    raised(piece * 20_000)
