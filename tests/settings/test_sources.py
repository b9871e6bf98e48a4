"""Which source wins, and what is said when a source cannot be read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from s3probe.settings.model import PROCESS_ENVIRONMENT, Earlier, NoteKind
from s3probe.settings.sources import SettingsError, load

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "dotenv.json"
SEVERAL: list[dict[str, Any]] = [c for c in json.loads(GOLDEN.read_text(encoding="utf-8")) if "files" in c]


@pytest.fixture
def mastodon(tmp_path: Path) -> Path:
    """A folder that is Mastodon's."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tootctl").touch()
    return tmp_path


@pytest.mark.parametrize("case", SEVERAL, ids=lambda c: c["id"])
def test_several_files_as_recorded(case: dict[str, Any], tmp_path: Path) -> None:
    for name, text in case["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    named = tmp_path / next(iter(case["files"]), ".env.production")
    if not case["files"]:
        named.touch()  # s3probe wants the named file to exist
    if "error" in case["result"]:
        with pytest.raises(SettingsError, match=case["result"]["error"]["class"]):
            load(named, environ=case["process_env"], siblings=True)
        return
    environment = load(named, environ=case["process_env"], siblings=True)
    values = {n: v.value for n, v in environment.variables.items() if n not in case["process_env"]}
    assert values == case["result"]["env_after"]


def test_the_other_files_count_in_mastodons_own_folder_only(
    mastodon: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("copy")
    for folder in (mastodon, elsewhere):
        (folder / ".env.production").write_text("A=1\n")
        (folder / ".env.local").write_text("A=local\n")
    assert load(mastodon / ".env.production").get("A") == "local"
    assert load(mastodon / ".env.production", siblings=False).get("A") == "1"
    assert load(elsewhere / ".env.production").get("A") == "1"


def test_a_file_of_another_name_is_read_alone(mastodon: Path) -> None:
    (mastodon / "copy.env").write_text("A=1\n")
    (mastodon / ".env").write_text("A=2\nB=2\n")
    environment = load(mastodon / "copy.env")
    assert (environment.get("A"), environment.get("B")) == ("1", None)


def test_the_process_environment_joins_only_when_given_and_then_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BUCKET", "from-shell")
    file = tmp_path / ".env.production"
    file.write_text("S3_BUCKET=from-file\nS3_REGION=x\n")
    assert load(file).get("S3_BUCKET") == "from-file"
    assert load(file, environ={"S3_BUCKET": "from-file"}).notes == ()
    joined = load(file, environ={"S3_BUCKET": ""})
    assert joined.get("S3_BUCKET") == ""
    assert joined.variables["S3_BUCKET"].source == PROCESS_ENVIRONMENT
    assert joined.line_of("S3_REGION") == 2
    assert [(n.kind, n.line, n.name) for n in joined.notes] == [(NoteKind.SHADOWED, 1, "S3_BUCKET")]


def test_standard_input_and_the_process_environment_alone() -> None:
    assert load("-", stdin=io.BytesIO(b"A=1\n")).get("A") == "1"
    assert load(None, environ={"A": "2"}).sources == (PROCESS_ENVIRONMENT,)


def test_says_where_a_variable_came_from(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("# c\nA='a#b' # c\n")
    variable = load(file).variables["A"]
    assert (variable.value, variable.source, variable.line, variable.raw) == ("a#b", str(file), 2, "'a#b' # c")


@pytest.mark.parametrize(
    ("text", "loader", "earlier"),
    [
        ("A=1\nA=2\n", None, ("1", 1)),
        ("A=1\nA=2\n", "docker", ("1", 1)),
        ("A=1\nB=1\nA=2\nA=2\n", None, ("1", 1)),
        ("A=1\nA=3\nA=2\n", None, ("3", 2)),
        ("A=2\nA=2\n", None, None),
        ("A=2\n", None, None),
    ],
)
def test_of_two_lines_the_last_counts_and_the_other_is_known(
    tmp_path: Path, text: str, loader: str | None, earlier: tuple[str, int] | None
) -> None:
    file = tmp_path / "x.env"
    file.write_text(text)
    variable = load(file, loader=loader).variables["A"]
    assert variable.value == "2"
    assert variable.earlier == (Earlier(*earlier) if earlier else None)


def test_what_another_source_wins_over_has_no_earlier_line(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\nA=2\n")
    assert load(file, environ={"A": "3"}).variables["A"].earlier is None


@pytest.mark.parametrize(
    ("data", "message", "advice"),
    [
        (b"A=1\0\n", "line 1 holds a zero byte", "env file"),
        ("A=1\n".encode("utf-16"), "UTF-16", "iconv"),
        (b"A=1\n# caf\xe9\n", "line 2: this is not UTF-8", "UTF-8"),
        (b"A=1\nexport B\n", "line 2: Mastodon does not start", "export NAME=value"),
        (b"A=" + b"x" * (1024 * 1024), "larger than 1 MiB", ".env.production"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, data: bytes, message: str, advice: str) -> None:
    file = tmp_path / ".env.production"
    file.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert message in caught.value.message
    assert advice in caught.value.advice


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load(tmp_path / ".env.production")
    with pytest.raises(SettingsError, match="is a folder"):
        load(tmp_path)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env.production"
    file.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(SettingsError, match="may not be read") as caught:
        load(file)
    assert "sudo -u mastodon" in caught.value.advice


def test_a_refusal_quotes_no_comment(tmp_path: Path) -> None:
    file = tmp_path / ".env.production"
    file.write_text("export S3_REGION\n#DB_PASS=tr0ub4dor\n")
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert caught.value.message == (
        f"{file}, line 1: Mastodon does not start with this file: Dotenv::FormatError: The line has an unset variable"
    )
