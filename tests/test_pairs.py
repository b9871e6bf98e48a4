"""Two faults at once: both are named, or the second as soon as the first fix is made.

By default a part of the pairs of a representative list, and of those in which one fault hides the other; an exhaustive
run takes the whole list. ``S3PROBE_EXHAUSTIVE=every-pair`` takes every pair of faults of one base scenario.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest

from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.scenario import Scenario, healthy
from tests.conftest import Tally
from tests.diagnosis.rule_runs import quarrels, seeds
from tests.exhaustive import EVERY_PAIR, part
from tests.runs import Ran, fault_name, run, settings_of, to_fix, with_first_fix
from tests.runs import healthy as healthy_again

REPRESENTATIVE = (
    "env-hash-truncates-value",
    "wrong-secret-key",
    "region-wrong-aws-regional-endpoint",
    "clock-skew",
    "bpa-blocks-public-acl",
    "iam-missing-putobject",
    "iam-missing-getobject",
    "iam-missing-deleteobject",
    "iam-missing-listbucket",
    "storage-class-glacier",
    "hostname-contains-bucket",
    "bucket-listable-acl",
    "cors-missing",
)
"""One of each layer, all on the base scenario."""

WELL = ("both at once", "one after the other", "one, and advice", "fixed otherwise")
"""``fixed otherwise``: the first fix took another way, on which the second fault is none."""

HARD = (
    ("storage-class-invalid", "forwarded-x-amz-meta-limits"),
    ("checksum-header-unsupported", "storage-class-invalid"),
    ("checksum-header-unsupported", "quota-or-cap-exceeded"),
    ("storage-class-invalid", "expect-100-continue-stalls"),
    ("quota-or-cap-exceeded", "download-cap-exceeded"),
    ("endpoint-missing-non-aws", "path-style-switch-inverted"),
    ("signature-v2-rejected", "region-wrong-aws-global-endpoint"),
    ("bucket-owned-by-other-account", "bucket-listable-acl"),
    ("acl-header-silently-ignored", "protocol-https-but-endpoint-plain"),
    ("proxy-caches-errors", "deny-anonymous-statement"),
    ("proxy-changes-content-type", "key-prefix-forgotten-in-alias-or-policy"),
    ("cdn-hotlink-or-bot-protection", "key-prefix-forgotten-in-alias-or-policy"),
)
"""Pairs in which one fault hides the signs of the other."""

Pair = tuple[Fault, Fault]


def _coexist(one: Fault, other: Fault) -> bool:
    """Whether both changes are in force when both are made, in either order."""
    base = one.base()
    both = other.change(one.change(base))
    return both == one.change(other.change(base)) and both not in (one.change(base), other.change(base))


def _pairs(faults: tuple[Fault, ...]) -> Iterator[Pair]:
    for one, other in combinations(faults, 2):
        if one.base is other.base and one.id != other.id and _coexist(one, other):
            yield one, other


_USUAL = tuple(_pairs(tuple(FAULTS[name] for name in REPRESENTATIVE)))
_HARD = tuple((FAULTS[one], FAULTS[other]) for one, other in HARD)


def listed() -> tuple[Pair, ...]:
    """All pairs of the two lists."""
    return (*_USUAL, *_HARD)


def chosen() -> tuple[Pair, ...]:
    """The pairs of this run."""
    if EVERY_PAIR:
        return tuple(_pairs(tuple(FAULTS.values())))
    return (*part(_USUAL, 12), *part(_HARD, 2))


def _fixed(scenario: Scenario, ran: Ran) -> Scenario | None:
    for finding in to_fix(ran.report):
        after = with_first_fix(scenario, finding)
        if after is not None:
            return after
    return None


def judge(pair: Pair) -> str:
    """One of :data:`WELL`, or what was named instead."""
    one, other = pair
    wanted = {one.id, other.id}
    scenario = other.change(one.change(one.base()))
    ran = run(scenario)
    assert quarrels(settings_of(scenario), ran.report.evidence, seeds(pair_name(pair))) == []
    named = [_ids(ran)]
    if wanted <= set(named[0]):
        return "both at once"
    if not named[0] or named[0][0] not in wanted:
        return f"named {', '.join(named[0]) or 'nothing'}"
    for _round in range(3):
        fixed = _fixed(scenario, ran)
        if fixed is None:
            # a person acts on the first, and what is left is the other fault alone, which test_faults judges
            return "one, and advice" if not _fixable(ran) else f"stuck: {' -> '.join(map(', '.join, named))}"
        scenario, ran = fixed, run(fixed)
        named.append(_ids(ran))
        if wanted <= {i for ids in named for i in ids}:
            return "one after the other"
        if healthy_again(ran.report):
            return "fixed otherwise"
    return f"named {' -> '.join(map(', '.join, named))}"


def _ids(ran: Ran) -> tuple[str, ...]:
    return tuple(finding.id for finding in ran.report.findings)


def _fixable(ran: Ran) -> bool:
    """Whether a program could act here: otherwise a person does, and then the next run shows the rest.

    What is to be done on the machine and the sandbox has not done is a person's work too: lines for nginx above all,
    which ``tests/nginx`` tries.
    """
    return any(f.fixes and f.fixes[0].kind not in ("manual", "server") for f in to_fix(ran.report))


def pair_name(pair: Pair) -> str:
    """``id + id``."""
    return " + ".join(fault_name(fault) for fault in pair)


@pytest.mark.parametrize("pair", chosen(), ids=pair_name)
def test_two_faults_are_both_named(pair: Pair, tally: Tally) -> None:
    found = judge(pair)
    tally("pairs of faults", found if found in WELL else "missed")
    assert found in WELL


def test_every_pair_of_the_list_can_coexist() -> None:
    assert {FAULTS[name].base for name in REPRESENTATIVE} == {healthy}
    possible = len(REPRESENTATIVE) * (len(REPRESENTATIVE) - 1) // 2
    assert len(_USUAL) >= possible - 10
