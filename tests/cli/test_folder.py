"""``s3probe explain --html``: a whole site or none, and nothing of anybody else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3probe.cli.errors import UnwrittenError, UsageError
from s3probe.cli.folder import LIST, write_folder
from s3probe.knowledge.findings import ids
from tests.cli.support import Cli

HEAD = "# What s3probe explain --html has written here, and may replace:"
FILES = {"index.html": "first", "findings/a-b.html": "ä", "404.html": "none"}


def content(place: Path) -> dict[str, str]:
    return {str(file.relative_to(place)): file.read_text("utf-8") for file in place.rglob("*") if file.is_file()}


def listed(files: dict[str, str]) -> dict[str, str]:
    return {**files, LIST: "\n".join([HEAD, *sorted(files), ""])}


def test_a_site_is_written_and_said_to_be(cli: Cli, tmp_path: Path) -> None:
    place = tmp_path / "www" / "site"
    status, out, err = cli.run("explain", "--html", str(place))
    assert (status, out) == (0, "")
    assert err.endswith(f"files were written. The first page is {place}/index.html.\n")
    assert {f"findings/{name}.html" for name in ids()} < set(content(place))
    assert sorted(each.name for each in place.parent.iterdir()) == ["site"]
    assert place.stat().st_mode & 0o055, "a web server reads it"
    before = content(place)
    assert cli.run("explain", "--html", str(place), "--base-url", "https://findings.example")[0] == 0
    after = content(place)
    assert set(after) - set(before) == {"404.html", "sitemap.xml"}
    assert '<link rel="canonical" href="https://findings.example/">' in after["index.html"]


def test_what_a_version_no_longer_has_goes_and_what_others_put_there_stays(tmp_path: Path) -> None:
    write_folder(tmp_path, {**FILES, "seen/old.html": "old"})
    (tmp_path / "CNAME").write_text("findings.example")
    (tmp_path / ".git").mkdir()
    write_folder(tmp_path, {**FILES, "index.html": "second"})
    assert content(tmp_path) == {**listed(FILES), "index.html": "second", "CNAME": "findings.example"}
    assert (tmp_path / ".git").is_dir()


@pytest.mark.parametrize("name", ["index.html", "notes.txt", LIST])
def test_a_folder_of_somebody_else_is_left_alone(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    status, out, err = cli.run("explain", "--html", str(tmp_path))
    assert (status, out) == (64, "")
    assert f"{tmp_path} holds what s3probe did not write there, such as {name}." in err
    assert "Name a new folder, or an empty one." in err
    assert content(tmp_path) == {name: "mine"}


def test_a_page_that_somebody_else_put_in_the_way_is_left_alone(tmp_path: Path) -> None:
    write_folder(tmp_path, FILES)
    (tmp_path / "new.html").write_text("mine")
    with pytest.raises(UsageError, match=r"such as new\.html"):
        write_folder(tmp_path, {**FILES, "new.html": "ours"})
    assert content(tmp_path) == {**listed(FILES), "new.html": "mine"}


def test_the_list_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    place, outside = tmp_path / "site", tmp_path / "outside.html"
    write_folder(place, FILES)
    outside.write_text("mine")
    hostile = f"../outside.html\n{outside}\n.git/config\nfindings/../../outside.html\n"
    (place / LIST).write_text(f"{(place / LIST).read_text()}{hostile}")
    write_folder(place, FILES)
    assert outside.read_text() == "mine"
    assert content(place) == listed(FILES)


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    place, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    write_folder(place, FILES)
    (place / "findings").rename(elsewhere)
    (place / "findings").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="such as findings"):
        write_folder(place, {**FILES, "findings/a-b.html": "new"})
    assert content(elsewhere) == {"a-b.html": "ä"}


@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_is_full_leaves_what_was_there(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "site"
    if there:
        write_folder(place, FILES)
    before = content(tmp_path)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UnwrittenError, match="site cannot be written: No space left on device") as told:
        write_folder(place, FILES)
    assert told.value.status == 70
    monkeypatch.undo()
    assert content(tmp_path) == before
    assert list(tmp_path.rglob(".s3probe-*")) == []


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--html", "-"), "- is no folder"),
        (("--html", __file__), "is no folder: name a new one, or an empty one"),
        (("--html", f"{__file__}/site"), "cannot be written: Not a directory"),
        (("--html", ""), "it is empty"),
        (("--html", "site", "AccessDenied"), "--html writes the pages of all findings"),
        (("--html", "site", "--list"), "--html writes the pages of all findings"),
        (("--html", "site", "--for", "s3.example.org"), "--html writes the pages of all findings"),
        (("--base-url", "https://findings.example/"), "--base-url needs --html FOLDER"),
        (("--html", "site", "--base-url", "findings.example"), "'findings.example' is no address of a site"),
        (("--html", "site", "--base-url", "https://findings.example/?a=b"), "is no address of a site"),
        (("--html", "site", "--base-url", 'https://findings.example/"><script>'), "is no address of a site"),
    ],
)
def test_what_cannot_be_meant_is_said(cli: Cli, in_folder: Path, argv: tuple[str, ...], told: str) -> None:
    status, out, err = cli.run("explain", *argv)
    assert (status, out) == (64, "")
    assert told in err
    assert list(in_folder.iterdir()) == []


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path
