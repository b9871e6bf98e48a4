"""Before a real Caddy, HAProxy, Apache, Varnish: silent when right, each mistake named, and ended by its lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from s3probe.diagnosis.model import Finding, ServerFix, Severity
from s3probe.report.model import Report
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import Scenario, healthy_policy
from tests.exhaustive import in_turn, part
from tests.proxies.mistakes import MISTAKES, path_style
from tests.proxies.place import NO_ROOT, ROOT
from tests.proxies.programs import PROGRAMS
from tests.proxies.world import ProxySetup, as_documented, examined
from tests.runs import together

MOST = 48
"""Requests that a healthy run may take."""
MADE = [
    (name, program.name)
    for name, mistake in MISTAKES.items()
    for program in PROGRAMS.values()
    if program.language in mistake.changes
]


def marked(name: str, *rest: object) -> pytest.param:  # type: ignore[valid-type]  # a function of pytest's
    """One test with the program of that name, skipped where that is missing."""
    program = PROGRAMS[name]
    marks = [
        pytest.mark.skipif(program.path is None, reason=program.missing),
        pytest.mark.skipif(not ROOT, reason=NO_ROOT),
        together(" ".join([name, *(str(one) for one in rest if isinstance(one, str))])),
    ]
    return pytest.param(name, *rest, marks=marks)


@cache
def with_mistake(program: str, name: str) -> tuple[ProxySetup, Report]:
    """The set-up with one mistake and its report, made once for all tests that look at it."""
    mistake = MISTAKES[name]
    setup = as_documented(program, mistake.start())
    changed = mistake.changes[PROGRAMS[program].language](setup.configuration)
    setup = replace(setup, configuration=changed)
    return setup, examined(setup)


def told(report: Report) -> list[Finding]:
    return [found for found in report.findings if found.severity is not Severity.NOTICE]


@pytest.mark.parametrize(
    ("program", "start"),
    [marked(name, start) for name, start in in_turn(PROGRAMS, (healthy_policy, healthy_alias, path_style))],
)
def test_as_documented_it_is_silent(program: str, start: Callable[[], Scenario]) -> None:
    report = examined(as_documented(program, start()))
    assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]
    assert report.evidence.cost.requests <= MOST
    for found in report.findings:
        lines = [fix for fix in found.fixes if isinstance(fix, ServerFix)]
        assert [fix.setting for fix in lines] == [PROGRAMS[program].language] * len(lines)


@pytest.mark.parametrize(("program", "name"), [marked(program, name) for name, program in part(MADE, 6)])
def test_a_mistake_is_named_first_and_alone(program: str, name: str) -> None:
    report = with_mistake(program, name)[1]
    assert [f.id for f in told(report)] == [MISTAKES[name].finding_id], [(f.id, f.how_known) for f in report.findings]


@pytest.mark.parametrize(("program", "name"), [marked(program, name) for name, program in part(MADE, 6)])
def test_the_lines_are_that_programs_and_end_it(program: str, name: str) -> None:
    setup, before = with_mistake(program, name)
    (finding,) = told(before)
    lines = [fix for fix in finding.fixes if isinstance(fix, ServerFix)]
    assert [fix.setting for fix in lines] == [PROGRAMS[program].language]
    fixed = setup.with_fix(lines[0])
    assert fixed is not None
    report = examined(fixed)
    assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]
    assert finding.id not in [f.id for f in report.findings]


@pytest.mark.parametrize(
    ("program", "start"), [marked(name, start) for name in PROGRAMS for start in (healthy_policy, path_style)]
)
def test_notices_are_ended_by_their_lines_as_well(program: str, start: Callable[[], Scenario]) -> None:
    setup = as_documented(program, start())
    for _round in range(6):
        report = examined(setup)
        assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]
        noticed = [f for f in report.findings if any(isinstance(fix, ServerFix) for fix in f.fixes)]
        if not noticed:
            return
        fixed = setup.with_fix(next(fix for fix in noticed[0].fixes if isinstance(fix, ServerFix)))
        assert fixed is not None
        setup = fixed
    assert noticed == []


@pytest.mark.parametrize(
    ("program", "other"), [marked("caddy", "haproxy"), marked("haproxy", "caddy"), marked("apache", "varnish")]
)
def test_lines_of_another_program_are_no_fix(program: str, other: str) -> None:
    setup = as_documented(program, healthy_policy())
    assert setup.with_fix(ServerFix(PROGRAMS[other].language, "header_up Host x", "in the site block")) is None
