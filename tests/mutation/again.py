"""What was seen of every fault of the sandbox, judged again by the rules: all of them say the same of it.

Faults are examined once, while this is loaded; what decides are the rules. No file of the usual run: ``tests.mutation``
names it to pytest, and ``tests/test_faults.py`` and ``tests/verdicts`` say in an exhaustive run what is right.
"""

from __future__ import annotations

import pytest

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Evidence
from s3probe.sandbox.faults import ALL
from s3probe.settings.model import Settings
from tests.runs import run, settings_of

AT_ONCE = 10


def _told(settings: Settings, evidence: Evidence) -> list[tuple[object, ...]]:
    return [_said(one) for one in diagnose(settings, evidence)]


def _said(one: Finding) -> tuple[object, ...]:
    return one.id, one.severity


SEEN = [
    (settings_of(scenario), report.evidence, [_said(one) for one in report.findings])
    for scenario in (fault.scenario() for fault in ALL)
    for report in [run(scenario).report]
]


@pytest.mark.parametrize("first", range(0, len(SEEN), AT_ONCE))
def test_the_same_is_said_of_it(first: int) -> None:
    for settings, evidence, said in SEEN[first : first + AT_ONCE]:
        assert _told(settings, evidence) == said
