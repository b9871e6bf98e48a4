"""Runs against real servers, judged again by today's rules: what was recorded must still lead to the same findings."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from s3probe.codec import Saved, load_saved
from s3probe.diagnosis.again import diagnose_again
from tests.every import every

RECORDED = Path(__file__).parents[1] / "fixtures" / "recorded"
EXPECTED: dict[str, list[str]] = json.loads((RECORDED / "expected.json").read_text())
"""By file: the ids of the findings, in their order."""
LARGEST = 60_000
"""Bytes. The files are in the repository for good."""


@cache
def _text(name: str) -> str:
    return (RECORDED / f"{name}.json").read_text()


@cache
def _saved(name: str) -> Saved:
    return load_saved(_text(name))


def _files() -> list[str]:
    return sorted(path.stem for path in RECORDED.glob("*.json") if path.name != "expected.json")


def test_every_recorded_run_has_its_expectation() -> None:
    assert _files() == sorted(EXPECTED)
    index = (RECORDED / "README.md").read_text()
    assert [name for name in EXPECTED if f"| {name} |" not in index] == []


@every("name", EXPECTED)
def test_a_recorded_run_leads_to_the_same_findings(name: str) -> None:
    saved = _saved(name)
    found = diagnose_again(saved.settings, saved.evidence, saved.trials)
    assert [one.id for one in found] == EXPECTED[name]


@every("name", _files())
def test_a_recorded_run_is_small_and_tells_nothing_of_its_machine(name: str) -> None:
    text = _text(name)
    assert len(text) < LARGEST
    assert not re.search(r"/(tmp|root|home|work|usr)/", text)
    assert not re.search(r"SK[a-z]+0123456789|\"S3RVER\"|X-Amz-Signature=[0-9a-f]", text)
    assert _saved(name).settings.environment.sources == (".env.production",)


MAY_NOT_DELETE = {"ceph-no-delete"}
"""The key may write and not delete: what stays is named."""


@every("name", EXPECTED)
def test_nothing_stays_behind_but_what_may_not_be_deleted(name: str) -> None:
    cleanup = _saved(name).evidence.cleanup
    assert bool(cleanup.left_behind) == (name in MAY_NOT_DELETE)
