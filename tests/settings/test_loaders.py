"""One file, five readers. What each program made of some hundred files is in ``fixtures/golden/loaders.json``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from s3probe.diagnosis.engine import lint
from s3probe.diagnosis.model import Severity
from s3probe.settings.loaders import LOADERS, LoaderError, load_as
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import NoteKind
from s3probe.settings.sources import SettingsError, load
from tests.every import every

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "golden" / "loaders.json").read_text(encoding="utf-8")
)
SAME = ["compose", "docker", "systemd", "kubernetes"]
REFUSED = "refused"


def read(loader: str, text: str, environ: dict[str, str]) -> dict[str, str] | str:
    """What the loader hands over, or that it refuses."""
    try:
        return {one.name: one.value for one in load_as(loader, text, environ)}
    except LoaderError:
        return REFUSED


def value(loader: str, text: str, name: str = "A") -> str | None:
    found = read(loader, text, {"HOME": "/root"})
    return found if isinstance(found, str) else found.get(name)


@every("loader, file", [(loader, file) for file in GOLDEN["files"] for loader in SAME])
def test_every_file_reads_as_the_program_read_it(loader: str, file: dict[str, Any]) -> None:
    said = file[loader]
    assert read(loader, file["text"], GOLDEN["environ"]) == (REFUSED if REFUSED in said else said)


def test_a_newer_systemd_differs_behind_a_comment_that_ends_in_a_backslash_only() -> None:
    other = [file["text"] for file in GOLDEN["files"] if "systemd_262" in file]
    assert other
    assert all("\\\n" in text and "# c" in text for text in other)


@every(
    "line, compose, docker, systemd, kubernetes",
    [
        ("A=x", "x", "x", "x", "x"),
        ("A=", "", "", "", ""),
        ('A="x y"', "x y", '"x y"', "x y", '"x y"'),
        ("A='x y'", "x y", "'x y'", "x y", "'x y'"),
        ("A=x # note", "x", "x # note", "x # note", "x # note"),
        ("A=x#y", "x#y", "x#y", "x#y", "x#y"),
        ('A="x" # note', "x", '"x" # note', "x# note", '"x" # note'),
        ("A=x   ", "x", "x   ", "x", "x   "),
        ("A=$HOME", "/root", "$HOME", "$HOME", "$HOME"),
        ("A='$HOME'", "$HOME", "'$HOME'", "$HOME", "'$HOME'"),
        ("A=${NONE:-d}", "d", "${NONE:-d}", "${NONE:-d}", "${NONE:-d}"),
        (r"A=a\b", r"a\b", r"a\b", "ab", r"a\b"),
        (r'A="a\"b"', 'a"b', r'"a\"b"', 'a"b', r'"a\"b"'),
        ("export A=x", "x", REFUSED, None, REFUSED),
        ("A: x", "x", REFUSED, None, REFUSED),
        ("A = x", "x", REFUSED, "x", REFUSED),
        ("# A=x", None, None, None, None),
        ("; A=x", REFUSED, REFUSED, None, REFUSED),
        ("A=x\r", "x", "x", "x", "x"),
        ("\ufeffA=x", "x", "x", None, "x"),
        ("A", None, None, None, ""),
        ("HOME\nA=$HOME", "/root", "$HOME", "$HOME", "$HOME"),
        ("A=1\nA=2", "2", "2", "2", REFUSED),
        ("A=x\\\nB=y", "x\\", "x\\", "xB=y", "x\\"),
        ("A='x\ny'\nB=1", "x\ny", "'x", "x\ny", REFUSED),
    ],
)
def test_each_reads_its_own_way(
    line: str, compose: str | None, docker: str | None, systemd: str | None, kubernetes: str | None
) -> None:
    assert [value(loader, f"{line}\n") for loader in SAME] == [compose, docker, systemd, kubernetes]


@every("loader", LOADERS)
@every("text", ["", "\n\n", "=", "==", "'", '"', "A='", 'A="', "A=\\", "#", "#\\", "\0", "A\r\rB=\r", "é=ü"])
def test_no_text_is_too_odd(loader: str, text: str) -> None:
    try:
        lines = [one.line for one in load_as(loader, text * 50)]
    except LoaderError as error:
        lines = [error.line]
    assert all(1 <= line <= (text * 50).count("\n") + 1 for line in lines)


@every(
    "text, read",
    [
        ('= "\nA=x"\n', {"A": 'x"'}),
        ("= '\nA='x'\n", {"A": "x"}),
        ("==x\nA=y\n", {"A": "y"}),
        (" =x\nA=y\n", {"A": "y"}),
        ("=\nA=y\n", {"A": "y"}),
    ],
)
def test_a_line_of_systemd_that_begins_with_an_equals_sign(text: str, read: dict[str, str]) -> None:
    # recorded from systemd 252: the sign is the first of the key
    assert {one.name: one.value for one in load_as("systemd", text)} == read


DROPPED = "env-invalid-key-line-skipped"


@every("loader", ["docker", "compose"])
def test_a_name_alone_is_said_where_nothing_gives_it_a_value(loader: str) -> None:
    assert findings(f"{PLAIN}S3_PERMISSION\n", loader)[DROPPED] is Severity.NOTICE
    assert DROPPED not in findings(f"{PLAIN}S3_PERMISSION=\n", loader)
    assert DROPPED not in findings(f"{PLAIN}SMTP_LOGIN\n", loader)
    given = load("-", stdin=io.BytesIO(b"S3_PERMISSION\n"), loader=loader, environ={"S3_PERMISSION": "private"})
    assert not [note for note in given.notes if note.kind is NoteKind.LOADER_DROPS]


def test_compose_drops_no_line_within_quotes() -> None:
    assert DROPPED not in findings(f"{PLAIN}A='x\nS3_PERMISSION\n'\n", "compose")


def test_lines_are_counted() -> None:
    for loader in LOADERS:
        assert [(one.name, one.line) for one in load_as(loader, "# c\n\nA=1\n\nB=2\n")] == [("A", 3), ("B", 5)]


PLAIN = (
    "S3_ENABLED=true\nS3_BUCKET=files-example\nS3_REGION=eu-west-2\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12\n"
)
ENV = (
    'S3_ENABLED=true\nS3_BUCKET="files-example"\nS3_REGION=eu-west-2 # London\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n'
)


def findings(text: str, loader: str | None = None) -> dict[str, Severity]:
    settings = interpret(load("-", stdin=io.BytesIO(text.encode()), loader=loader))
    return {f.id: f.severity for f in lint(settings)}


def test_the_loader_decides_what_mastodon_gets() -> None:
    settings = interpret(load("-", stdin=io.BytesIO(ENV.encode()), loader="docker"))
    assert (settings.bucket, settings.region) == ('"files-example"', "eu-west-2 # London")
    assert settings.environment.line_of("S3_BUCKET") == 2


def test_what_docker_keeps_is_a_failure_with_docker_and_a_note_without() -> None:
    assert findings(ENV, "docker")["env-quotes-kept-literally"] is Severity.FAILURE
    assert findings(ENV, "docker")["env-inline-comment-kept"] is Severity.FAILURE
    assert findings(ENV)["env-quotes-another-loader-keeps"] is Severity.NOTICE
    assert findings(ENV)["env-comment-another-loader-keeps"] is Severity.NOTICE
    assert not {"env-quotes-another-loader-keeps", "env-comment-another-loader-keeps"} & findings(ENV, "docker").keys()
    for loader in ("dotenv", "compose"):
        assert not {"env-quotes-kept-literally", "env-inline-comment-kept"} & findings(ENV, loader).keys()


def test_systemd_strips_quotes_and_keeps_comments() -> None:
    found = findings(ENV, "systemd")
    assert "env-quotes-kept-literally" not in found
    assert found["env-inline-comment-kept"] is Severity.FAILURE


def test_a_variable_that_is_not_mastodons_storage_is_no_finding() -> None:
    assert not {"env-quotes-kept-literally"} & findings('S3_ENABLED=true\nS3_BUCKET=b\nSMTP_SERVER="x"\n').keys()


def test_plain_files_have_no_notes() -> None:
    environment = load("-", stdin=io.BytesIO(b"S3_BUCKET=b\nS3_PERMISSION=\n"))
    assert not {n.kind for n in environment.notes} & {NoteKind.LOADER_KEEPS_QUOTES, NoteKind.LOADER_KEEPS_COMMENT}


def test_the_process_environment_still_wins() -> None:
    environment = load("-", stdin=io.BytesIO(b"A=file\n"), environ={"A": "process"}, loader="systemd")
    assert environment.get("A") == "process"
    assert [n.kind for n in environment.notes] == [NoteKind.SHADOWED]


REFUSALS = [
    ("docker", "export X=1\n"),
    ("docker", "A B=1\n"),
    ("kubernetes", "A=1\nA=2\n"),
    ("kubernetes", "A: x\n"),
    ("compose", "A='x\n"),
    ("compose", "A=${B:?no}\n"),
]


@every("loader, line", REFUSALS)
def test_what_refuses_the_whole_file_is_the_only_failure(loader: str, line: str) -> None:
    assert findings(ENV + line, loader) == {"env-file-refused-by-loader": Severity.FAILURE}


@every(
    "loader, line", [("docker", "X=1\n"), ("kubernetes", "A=1\nB=2\n"), ("compose", "A='x'\n"), ("systemd", "A='\n")]
)
def test_a_file_that_is_taken_is_not_called_refused(loader: str, line: str) -> None:
    assert "env-file-refused-by-loader" not in findings(ENV + line, loader)


def test_what_is_refused_is_said_without_the_text_of_the_line() -> None:
    for loader in LOADERS:
        for text in ("AWS_SECRET_ACCESS_KEY='hush\n", "AWS SECRET hush=hush\n", "hush hush\n", "A=${hush\n", "=hush\n"):
            notes = load("-", stdin=io.BytesIO(text.encode()), loader=loader).notes
            assert "hush" not in repr(notes)


def test_what_systemd_drops_is_said() -> None:
    exported = findings("export S3_ENABLED=true\nexport S3_BUCKET=b\nS3_REGION: eu\n", "systemd")
    assert exported["env-invalid-key-line-skipped"] is Severity.FAILURE
    region = findings(ENV.replace("S3_REGION=", "export S3_REGION="), "systemd")
    assert region["env-invalid-key-line-skipped"] is Severity.WARNING
    twice = findings(f"{ENV}export S3_REGION=x\n", "systemd")
    assert twice["env-invalid-key-line-skipped"] is Severity.NOTICE
    assert "env-invalid-key-line-skipped" not in findings(f"{ENV}export SMTP_PORT=1\n", "systemd")
    assert "env-invalid-key-line-skipped" not in findings(f"{ENV}; export S3_REGION=1\n", "systemd")


def test_a_secret_with_a_hash_is_whole_for_compose_and_cut_by_dotenv() -> None:
    text = f"{ENV}AWS_SECRET_ACCESS_KEY=abcd#efgh\n"
    assert "env-hash-truncates-value" in findings(text)
    assert "env-hash-truncates-value" not in findings(text, "compose")


def test_what_compose_replaces_by_nothing_is_said() -> None:
    for line in ("AWS_SECRET_ACCESS_KEY=ab$cd\n", 'AWS_SECRET_ACCESS_KEY="ab${cd}"\n', "S3_BUCKET=$NONE-x\n"):
        assert "env-dollar-expands" in findings(f"{ENV}{line}", "compose")
    for line in (
        "AWS_SECRET_ACCESS_KEY=ab$$cd\n",
        "AWS_SECRET_ACCESS_KEY='ab$cd'\n",
        "cd=1\nS3_BUCKET=x$cd\n",
        "A=$B\n",
    ):
        assert "env-dollar-expands" not in findings(f"{ENV}{line}", "compose")
    assert "env-dollar-expands" not in findings(f"{ENV}S3_BUCKET=${{NONE:-x}}\n", "compose")
    assert "env-dollar-expands" not in findings(f"{ENV}AWS_SECRET_ACCESS_KEY=ab$cd\n", "docker")


def test_bytes_that_are_no_text_are_a_settings_error() -> None:
    with pytest.raises(SettingsError):
        load("-", stdin=io.BytesIO(b"A=\xff\n"), loader="docker")
