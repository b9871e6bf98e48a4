"""Files that earlier releases wrote are read by this one: evidence, state, and JSON reports by the published schema."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from s3probe.cli import main, state
from s3probe.report.formats import FORMATS
from s3probe.report.schema import schema
from s3probe.sandbox.sandbox import Sandbox
from tests.every import every
from tests.verdicts.corpus import WORLDS
from tests.verdicts.elsewhere import Elsewhere
from tests.verdicts.files import FOLDER, KEPT
from tests.verdicts.kept import ROOT
from tests.verdicts.test_verdicts import RELEASES

STATUS = {"ok": 0, "warning": 0, "failure": 2, "unknown": 3}


def files(kind: str) -> list[Path]:
    return sorted(FOLDER.glob(f"*/*.{kind}.json"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_every_release_has_left_its_files() -> None:
    assert sorted({path.parent.name for path in files("evidence")}) == sorted(RELEASES)
    for release in RELEASES:
        assert {path.name.split(".")[0] for path in (FOLDER / release).glob("*.evidence.json")} == set(KEPT)
        assert {path.name.split(".")[0] for path in (FOLDER / release).iterdir()} == {*KEPT, "several"}


@every("path", files("report"), ids=name)
def test_a_report_keeps_to_the_schema(path: Path) -> None:
    Draft202012Validator(schema()).validate(read(path))


@every("path", files("evidence"), ids=name)
def test_a_saved_run_is_shown_as_it_was_judged_then(path: Path, tmp_path: Path) -> None:
    then = read(path.with_name(path.name.replace(".evidence.", ".report.")))
    output = tmp_path / "shown"
    for kind in FORMATS:
        assert main(["replay", str(path), "--format", kind, "--output", str(output)]) == STATUS[then["verdict"]]
        assert output.stat().st_size
    assert main(["replay", str(path), "--format", "json", "--output", str(output)]) == STATUS[then["verdict"]]
    now = read(output)
    Draft202012Validator(schema()).validate(now)
    assert [(f["id"], f["severity"], f["title"]) for f in now["findings"]] == [
        (f["id"], f["severity"], f["title"]) for f in then["findings"]
    ]
    assert (now["verdict"], now["subject"], now["cleanup"]["left_behind"]) == (
        then["verdict"],
        then["subject"],
        then["cleanup"]["left_behind"],
    )


@every("path", files("evidence"), ids=name)
def test_a_saved_run_is_judged_by_the_rules_of_now(path: Path, tmp_path: Path) -> None:
    then = read(path.with_name(path.name.replace(".evidence.", ".report.")))
    output, again = tmp_path / "again.json", ("replay", "--again", str(path), "--format", "json")
    assert main([*again, "--output", str(output)]) == STATUS[then["verdict"]]
    failures = [f["id"] for f in read(output)["findings"] if f["severity"] == "failure"]
    assert failures == [f["id"] for f in then["findings"] if f["severity"] == "failure"]


@every("path", files("state"), ids=name)
def test_what_was_remembered_is_read_whole(path: Path) -> None:
    memory, why = state.load(path)
    assert why == ""
    kept = read(path)
    assert [(t.source, t.id, t.title, t.since) for t in memory.troubles] == [
        (t["source"], t["id"], t["title"], datetime.fromisoformat(t["since"])) for t in kept["troubles"]
    ]
    assert memory.told == (datetime.fromisoformat(kept["told"]) if kept["told"] else None)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Elsewhere]:
    """The command line of this tree, as that of any other is run."""
    elsewhere = Elsewhere(ROOT, tmp_path)
    yield elsewhere
    elsewhere.close()


def test_a_run_goes_on_from_what_an_earlier_release_remembered(here: Elsewhere) -> None:
    memory = here.folder / "state"
    broken, well = WORLDS[KEPT["acl-disabled"]](), WORLDS[KEPT["healthy"]]()
    for release in RELEASES:
        before = FOLDER / release / "acl-disabled.state.json"
        shutil.copyfile(before, memory)
        (here.folder / ".env.production").write_text(broken.env_text)
        with Sandbox(broken.world) as box:
            assert here.run("check", "--state", "state", box=box) == 2
        since = {one["id"]: datetime.fromisoformat(one["since"]) for one in read(before)["troubles"]}
        kept, why = state.load(memory)
        assert why == ""
        assert {one.id: one.since.astimezone(UTC) for one in kept.troubles} == since
        (here.folder / ".env.production").write_text(well.env_text)
        with Sandbox(well.world) as box:
            assert here.run("check", "--state", "state", box=box) == 0
        assert state.load(memory)[0].troubles == ()
