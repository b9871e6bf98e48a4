"""The address of the findings' pages stands in the metadata of what is installed, and nowhere else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import s3probe
from s3probe.diagnosis.engine import lint
from s3probe.knowledge import site
from s3probe.report.explain import explain
from tests.diagnosis.env_cases import AWS, settings_of

PACKAGE = Path(s3probe.__file__).parent
URLS = "Project-URL: Source, https://example.org/s3probe\nProject-URL: Findings, https://findings.example/s3probe\n"
READ = "from s3probe.knowledge.site import address; print(repr(address()))"


def installed(folder: Path, urls: str) -> Path:
    """As a wheel is installed: the package, and its metadata beside it."""
    for name in ("__init__.py", "knowledge/__init__.py", "knowledge/site.py"):
        (folder / "s3probe" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / name, folder / "s3probe" / name)
    metadata = folder / f"s3probe-{s3probe.__version__}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    # what follows the head is the README, which may speak of anything
    metadata.write_text(
        f"Metadata-Version: 2.4\nName: s3probe\n{urls}\nProject-URL: Findings, https://wrong.example/\n"
    )
    return folder


def read(place: str) -> str:
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {place!r}); {READ}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize(
    ("urls", "address"),
    [
        (URLS, "https://findings.example/s3probe/"),
        (URLS.replace("s3probe\n", "s3probe/\n"), "https://findings.example/s3probe/"),
        ("Project-URL: Source, https://example.org/s3probe\n", ""),
        ("Project-URL: Findings, javascript:alert(1)\n", ""),
    ],
    ids=["named", "with a slash", "not named", "no address"],
)
def test_an_installation_names_it_in_a_folder_and_in_an_archive(tmp_path: Path, urls: str, address: str) -> None:
    folder = installed(tmp_path / "tree", urls)
    archive = tmp_path / "s3probe.pyz"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.rglob("*"):
            packed.write(file, Path("cpython-311") / file.relative_to(folder))
    assert read(str(folder)) == repr(address)
    assert read(f"{archive}/cpython-311") == repr(address)


def test_a_tree_that_nobody_has_installed_names_none(tmp_path: Path) -> None:
    folder = installed(tmp_path, URLS)
    shutil.rmtree(next(folder.glob("*.dist-info")))
    assert read(str(folder)) == "''"


@pytest.mark.parametrize("named", [True, False])
def test_a_finding_and_what_explain_says_of_it_lead_to_its_page(named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "addresses", lambda: {"Findings": "https://findings.example/s3probe"} if named else {})
    found = lint(settings_of(f"{AWS}S3_ENDPOINT=\n")).findings
    assert found
    for one in found:
        page = f"https://findings.example/s3probe/findings/{one.id}.html"
        assert (one.links[0] == page) == named
        assert len(one.links) > named, "the other pages stay"
        assert (page in explain(one.id)) == named
