"""Reads evidence that an earlier release has saved: it went on as if what it had found were fixed.

Each of its rows names the fixes that were taken for granted, in words. Here they become what they are today: the rows
of the file as it stands, and one trial for each set of fixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.patterns import regex

RESULT = "seen by an earlier release of s3probe as if this were so"
_ASSIGNMENT = regex(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)
_NEXT_ASSIGNMENT = regex(r"; (?=[A-Z][A-Z0-9_]*=)")
_ROUND = regex(r"@\d\Z")
_NO_ACL = "S3_PERMISSION="
_WITHOUT_ACL = (ActionId.PUT_WITHOUT_ACL, ActionId.LIST, ActionId.REACH_ENDPOINT, ActionId.CLOCK)

Plain = Mapping[str, Any]
Stack = tuple[str, ...]
"""The fixes taken for granted, one after the other."""


def holds(evidence: Any) -> bool:
    """Whether this is evidence in that form."""
    return isinstance(evidence, dict) and any(_stack(row) for row in _rows(evidence))


def split(evidence: Plain) -> tuple[Plain, list[Plain]]:
    """The evidence of the file as it stands, and the trials; both as JSON has them."""
    rows = _rows(evidence)
    stacks = sorted({_stack(row) for row in rows if not _is_experiment(row)}, key=len)
    told: dict[Stack, list[Plain]] = {(): []}
    for row in rows:
        under = _under(row, stacks)
        own = _stack(row)[len(under) :]
        changes = assigned(own[0]) if own else {}
        now = {name: value for name, value in row.items() if name != "assuming"}
        told.setdefault(under, []).append({**now, "id": without_round(str(row.get("id", ""))), "changes": changes})
    for under in [each for each in told if each and each[-1] == _NO_ACL]:
        before = told.setdefault(under[:-1], [])
        there = {row["id"] for row in told[under]}
        # these are the same with and without an ACL, and were asked once
        told[under] += [row for row in before if row["id"] in _WITHOUT_ACL and row["id"] not in there]
        # a picture that was looked at without an ACL: today an experiment of the examination before
        before += _shown_without_acl(told[under])
    first = {**evidence, "observations": told[()]}
    return first, [_trial(evidence, under, told[under]) for under in stacks if under]


def without_round(observation_id: str) -> str:
    """``list`` for ``list@2``."""
    return _ROUND.sub("", observation_id)


def assigned(assumption: str) -> dict[str, str | None]:
    """``S3_REGION=x; S3_ENDPOINT=`` by name; nothing of an assumption in words. A value may hold a semicolon."""
    parts = (_ASSIGNMENT.fullmatch(part) for part in _NEXT_ASSIGNMENT.split(assumption))
    pairs = {match[1]: match[2] for match in parts if match}
    # a blank one was taken away, but for the ACL, whose blank says that none is sent
    return {name: value or ("" if name == "S3_PERMISSION" else None) for name, value in pairs.items()}


def _rows(evidence: Plain) -> list[Plain]:
    return [row for row in evidence.get("observations") or () if isinstance(row, dict)]


def _stack(row: Plain) -> Stack:
    return tuple(str(each) for each in row.get("assuming") or ())


def _is_experiment(row: Plain) -> bool:
    return str(row.get("id", "")).startswith("try-")


def _under(row: Plain, stacks: list[Stack]) -> Stack:
    """Under which fixes it was asked; the last one may be the very thing that an experiment changed."""
    stack = _stack(row)
    kept = (row.get("facts") or {}).get(Fact.KEPT.value) == "yes"
    return stack[:-1] if stack and _is_experiment(row) and (kept or stack not in stacks) else stack


def _shown_without_acl(rows: list[Plain]) -> Iterator[Plain]:
    for row in rows:
        if row["id"] == ActionId.PUBLIC_GET.value:
            yield {**row, "id": Experiment.PUBLIC_WITHOUT_ACL.value}


def _trial(evidence: Plain, under: Stack, rows: list[Plain]) -> Plain:
    lines = {name: value for each in under for name, value in assigned(each).items()}
    changes = [{"kind": "env", "variable": name, "value": value} for name, value in lines.items()]
    # what all of it took and removed is told by the first
    return {"changes": changes, "evidence": {"run": evidence.get("run"), "observations": rows}, "result": RESULT}
