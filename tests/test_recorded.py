"""Runs against real servers, judged again by today's rules: what was recorded must still lead to the same findings."""

from __future__ import annotations

from functools import cache

import pytest

from s3probe.codec import Saved, load_saved
from s3probe.diagnosis.again import diagnose_again
from s3probe.report.assemble import assemble
from s3probe.report.model import Report
from tests.every import every
from tests.recorded import RECORDED, REPORTED, expected, names, objections

EXPECTED = expected()


@cache
def _text(name: str) -> str:
    return (RECORDED / f"{name}.json").read_text()


@cache
def _saved(name: str) -> Saved:
    return load_saved(_text(name))


def test_every_recorded_run_has_its_expectation() -> None:
    assert names() == sorted(EXPECTED)
    index = (RECORDED / "README.md").read_text()
    assert [name for name in EXPECTED if f"| {name} |" not in index] == []


@cache
def judged(name: str) -> Report:
    """The report of a recorded run by the rules of now, made once for all tests that look at it."""
    saved = _saved(name)
    return assemble(saved.settings, saved.evidence, diagnose_again(saved.settings, saved.evidence, saved.trials))


@pytest.mark.neighbours("recorded")
@every("name", EXPECTED)
def test_a_recorded_run_leads_to_the_same_findings(name: str) -> None:
    assert [one.id for one in judged(name).findings] == EXPECTED[name]


@every("name", names())
def test_a_recorded_run_is_small_and_tells_nothing_of_its_machine(name: str) -> None:
    assert list(objections(name, _text(name))) == []


MAY_NOT_DELETE = {"ceph-no-delete", "seaweedfs-iam-policy-no-delete"}
"""The key may write and not delete: what stays is named."""


@every("name", [name for name in EXPECTED if not name.startswith(REPORTED)])
def test_nothing_stays_behind_but_what_may_not_be_deleted(name: str) -> None:
    cleanup = _saved(name).evidence.cleanup
    assert bool(cleanup.left_behind) == (name in MAY_NOT_DELETE)
