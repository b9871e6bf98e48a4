"""What an earlier release saved: its rows become those of the file, and of trials of what it took for granted."""

from __future__ import annotations

from typing import Any

import pytest

from s3probe.evidence.as_if import assigned, holds, split

REGION = "S3_REGION=eu-west-2"


def row(name: str, *assuming: str, outcome: str = "ok", kept: bool = False) -> dict[str, Any]:
    facts = {"kept": "yes"} if kept else {}
    return {"id": name, "outcome": outcome, "assuming": list(assuming), "facts": facts}


def told(*rows: dict[str, Any]) -> tuple[list[tuple[str, dict[str, str | None]]], list[tuple[list[Any], list[str]]]]:
    """The rows of the file with what each changed, and of each trial its lines and its rows."""
    evidence = {"run": {"id": "abc"}, "observations": list(rows), "cost": {"requests": 46}}
    assert holds(evidence)
    first, trials = split(evidence)
    assert first["cost"] == {"requests": 46}
    assert not any("assuming" in one for one in first["observations"])
    return (
        [(one["id"], one["changes"]) for one in first["observations"]],
        [
            (
                [(line["variable"], line["value"]) for line in trial["changes"]],
                [r["id"] for r in trial["evidence"]["observations"]],
            )
            for trial in trials
        ],
    )


def test_what_was_asked_as_if_a_line_were_fixed_is_the_trial_of_that_line() -> None:
    file, trials = told(
        row("list", outcome="rejected"),
        row("try-region:eu-west-2", REGION, kept=True),
        row("list@1", REGION),
        row("get", REGION),
        row("try-copy", REGION),
    )
    assert file == [("list", {}), ("try-region:eu-west-2", {"S3_REGION": "eu-west-2"})]
    assert trials == [([("S3_REGION", "eu-west-2")], ["list", "get", "try-copy"])]


def test_each_round_is_a_trial_of_all_that_was_fixed_until_then() -> None:
    style = "S3_OVERRIDE_PATH_STYLE=true"
    file, trials = told(
        row("list"),
        row("try-region:eu-west-2", REGION, kept=True),
        row("list@1", REGION),
        row("try-virtual-host@1", REGION, style, kept=True),
        row("list@2", REGION, style),
    )
    assert [name for name, _changes in file] == ["list", "try-region:eu-west-2"]
    assert trials == [
        ([("S3_REGION", "eu-west-2")], ["list", "try-virtual-host"]),
        ([("S3_REGION", "eu-west-2"), ("S3_OVERRIDE_PATH_STYLE", "true")], ["list"]),
    ]


def test_an_experiment_that_was_not_kept_stays_with_the_file() -> None:
    file, trials = told(row("list"), row("try-region:auto", "S3_REGION=auto", outcome="rejected"))
    assert file == [("list", {}), ("try-region:auto", {"S3_REGION": "auto"})]
    assert trials == []


def test_what_was_no_line_is_a_trial_without_one() -> None:
    clock = "the clock set right"
    file, trials = told(row("list"), row("try-clock", clock, kept=True), row("list@1", clock))
    assert file == [("list", {}), ("try-clock", {})]
    assert trials == [([], ["list"])]


def test_without_an_acl_the_plain_upload_counts_for_both() -> None:
    file, trials = told(row("put-with-acl"), row("put-without-acl"), row("public-get", "S3_PERMISSION="))
    assert [name for name, _changes in file] == ["put-with-acl", "put-without-acl", "try-public-without-acl"]
    assert trials == [([("S3_PERMISSION", "")], ["public-get", "put-without-acl"])]


def test_what_this_release_saves_is_left_alone() -> None:
    assert not holds({"observations": [{"id": "list", "changes": {}}]})
    assert not holds({"observations": None})
    assert not holds(None)


@pytest.mark.parametrize(
    ("assumption", "pairs"),
    [
        ("S3_REGION=eu-west-2; S3_ENDPOINT=", {"S3_REGION": "eu-west-2", "S3_ENDPOINT": None}),
        ("S3_STORAGE_CLASS=a; b=c; S3_REGION=x", {"S3_STORAGE_CLASS": "a; b=c", "S3_REGION": "x"}),
        ("AWS_SECRET_ACCESS_KEY exactly as written in the file", {}),
        ("the clock set right", {}),
    ],
)
def test_what_was_assumed_is_read_back(assumption: str, pairs: dict[str, str | None]) -> None:
    assert assigned(assumption) == pairs
