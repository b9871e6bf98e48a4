"""One file, five readers. Each expectation is what the program's own source does (see ``settings.loaders``)."""

from __future__ import annotations

import io

import pytest

from s3probe.diagnosis.engine import lint
from s3probe.diagnosis.model import Severity
from s3probe.settings.loaders import LOADERS, load_as
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import NoteKind
from s3probe.settings.sources import SettingsError, load
from tests.every import every

SAME = ["compose", "docker", "systemd", "kubernetes"]


def value(loader: str, text: str, name: str = "A") -> str | None:
    found = {one.name: one.value for one in load_as(loader, text, {"HOME": "/root"})}
    return found.get(name)


@every(
    "line, compose, docker, systemd, kubernetes",
    [
        ("A=x", "x", "x", "x", "x"),
        ("A=", "", "", "", ""),
        ('A="x y"', "x y", '"x y"', "x y", '"x y"'),
        ("A='x y'", "x y", "'x y'", "x y", "'x y'"),
        ("A=x # note", "x", "x # note", "x # note", "x # note"),
        ("A=x#y", "x", "x#y", "x#y", "x#y"),
        ('A="x" # note', "x", '"x" # note', "x# note", '"x" # note'),
        ("A=x   ", "x", "x   ", "x", "x   "),
        ("A=$HOME", "/root", "$HOME", "$HOME", "$HOME"),
        ("A='$HOME'", "$HOME", "'$HOME'", "$HOME", "'$HOME'"),
        ("A=${NONE:-d}", "d", "${NONE:-d}", "${NONE:-d}", "${NONE:-d}"),
        (r"A=a\b", r"a\b", r"a\b", "ab", r"a\b"),
        (r'A="a\"b"', 'a"b', r'"a\"b"', 'a"b', r'"a\"b"'),
        ("export A=x", "x", None, None, None),
        ("A: x", "x", None, None, None),
        ("A = x", "x", None, "x", None),
        ("# A=x", None, None, None, None),
        ("; A=x", None, None, None, None),
        ("A=x\r", "x", "x", "x", "x"),
        ("\ufeffA=x", "x", "x", None, "x"),
        ("A", None, None, None, None),
        ("A=1\nA=2", "2", "2", "2", "2"),
        ("A=x\\\nB=y", "x\\", "x\\", "xB=y", "x\\"),
        ("A='x\ny'\nB=1", "x\ny", "'x", "x\ny", "'x"),
    ],
)
def test_each_reads_its_own_way(
    line: str, compose: str | None, docker: str | None, systemd: str | None, kubernetes: str | None
) -> None:
    assert [value(loader, f"{line}\n") for loader in SAME] == [compose, docker, systemd, kubernetes]


@every("loader", LOADERS)
@every("text", ["", "\n\n", "=", "==", "'", '"', "A='", 'A="', "A=\\", "#", "#\\", "\0", "A\r\rB=\r", "é=ü"])
def test_no_text_is_too_odd(loader: str, text: str) -> None:
    for one in load_as(loader, text * 50):
        assert one.line >= 1


def test_lines_are_counted() -> None:
    for loader in LOADERS:
        assert [(one.name, one.line) for one in load_as(loader, "# c\n\nA=1\n\nB=2\n")] == [("A", 3), ("B", 5)]


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


def test_bytes_that_are_no_text_are_a_settings_error() -> None:
    with pytest.raises(SettingsError):
        load("-", stdin=io.BytesIO(b"A=\xff\n"), loader="docker")
