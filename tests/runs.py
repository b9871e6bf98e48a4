"""Runs the whole examination, as the command line does it, against a sandbox in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO

import pytest

from s3probe.diagnosis.model import Finding, Severity
from s3probe.examination import Selection, check
from s3probe.planning.make import plan_of
from s3probe.probe.exchange import Transport
from s3probe.probe.repeat import PIECE
from s3probe.probe.tools import Clock, ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report, Verdict
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.state import LoggedRequest
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load
from tests.exhaustive import part
from tests.in_process import InProcess
from tests.planning.witness import Witness, unnamed, unplanned

TRIED = part(ALL, 6)
"""The faults that a usual run of the tests examines: the same ones everywhere, so that each is examined once."""
OPTIONS = ProbeOptions(deadline=20, cleanup_deadline=3, trials=False)
"""Without trials, which ``tests/test_trials.py`` is about."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run and the sandbox as it left it."""

    report: Report
    left: tuple[str, ...]
    """Keys and unfinished uploads that are there now, named as ``left_behind`` names them."""
    violations: tuple[LoggedRequest, ...]
    requests: tuple[LoggedRequest, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of the failures and warnings, in order."""
        return tuple(f.id for f in self.report.findings if f.severity is not Severity.NOTICE)


def settings_of(scenario: Scenario) -> Settings:
    """What Mastodon would read from the scenario's file."""
    return interpret(load("-", stdin=BytesIO(scenario.env_text.encode())))


def wire_to(box: Sandbox) -> HttpTransport:
    """The command line's own transport, whose names lead to the sandbox. To be closed."""
    return HttpTransport(ca_file=box.ca_file, proxy=None, resolver=box.resolve)


def _briefly(seconds: float) -> None:
    """Sleeps, but not where nothing but the pause before a repeat is waited for."""
    time.sleep(0.01 if seconds <= PIECE else seconds)


def tools_for(
    box: Sandbox, wrap: Callable[[Transport], Transport] | None = None, *, by_wire: bool = False
) -> tuple[Tools, HttpTransport]:
    """Tools whose way out ends in the sandbox, without sockets where that is the same; the transport to close."""
    wire = wire_to(box)
    transport = wire if by_wire else InProcess(box, wire)
    return Tools(wrap(transport) if wrap else transport, Clock(sleep=_briefly)), wire


def left_in(box: Sandbox) -> tuple[str, ...]:
    """All objects and unfinished uploads of all buckets, without what was there before."""
    names: list[str] = []
    for bucket in box.world.buckets:
        before = {old.key for old in bucket.stored}
        names += [key for key in box.keys(bucket.name) if key not in before]
        names += [f"{key}?uploadId={upload}" for key, upload in box.uploads(bucket.name)]
    return tuple(names)


def run(
    scenario: Scenario,
    options: ProbeOptions = OPTIONS,
    wrap: Callable[[Transport], Transport] | None = None,
    *,
    by_wire: bool = False,
    trials: bool = False,
) -> Ran:
    """The examination of a scenario in a sandbox of its own; ``wrap`` stands in the way of every request.

    With ``trials`` the lines that may end a failure are tried as well. Whatever happens must stand in the plan.
    """
    options = replace(options, trials=trials)
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box, wrap, by_wire=by_wire)
        settings, witness = settings_of(scenario), Witness(tools.transport)
        try:
            examined = check(settings, options, replace(tools, transport=witness), Selection((), ()))
        finally:
            transport.close()
        report, plan = examined.report, plan_of(settings, options)
        told = unnamed(plan, witness.seen)
        told += unplanned(plan, (report.evidence, *(trial.evidence for trial in examined.trials)))
        if told:
            raise AssertionError("\n".join(["the plan does not name", *told]))
        return Ran(report, left_in(box), box.violations, box.requests)


_MADE: list[tuple[Scenario, Ran]] = []


def run_once(scenario: Scenario) -> Ran:
    """The run of a scenario as it is, made once for all tests that look at it and change nothing else."""
    for made, ran in _MADE:
        if made == scenario:
            return ran
    ran = run(scenario)
    _MADE.append((scenario, ran))
    return ran


@cache
def run_fault(fault: Fault) -> Ran:
    """The run of a fault as it is, made once for all tests that look at it."""
    return run_once(fault.scenario())


def to_fix(report: Report) -> tuple[Finding, ...]:
    """The findings whose fixes come first: the failures, or without one the warnings."""
    failures = tuple(f for f in report.findings if f.severity is Severity.FAILURE)
    return failures or tuple(f for f in report.findings if f.severity is Severity.WARNING)


def with_first_fix(scenario: Scenario, finding: Finding) -> Scenario | None:
    """The scenario after the finding's first fix, with what belongs to it; ``None``: no program can apply it."""
    fixed: Scenario | None = scenario
    for fix in finding.first_choice:
        fixed = apply(fixed, fix) if fixed is not None else None
    return None if not finding.fixes else fixed


def fault_name(fault: Fault) -> str:
    """``id`` or ``id (variant)``."""
    return f"{fault.id} ({fault.variant})" if fault.variant else fault.id


def together(name: str) -> pytest.MarkDecorator:
    """Makes neighbours of the tests that look at the run of the fault of that name, so that it is made once."""
    return pytest.mark.neighbours(name)


def each_fault(faults: Iterable[Fault]) -> pytest.MarkDecorator:
    """One test per fault, called ``fault`` and named after it; those of one fault stay together."""
    rows = [pytest.param(fault, id=fault_name(fault), marks=together(fault_name(fault))) for fault in faults]
    return pytest.mark.parametrize("fault", rows)


def healthy(report: Report) -> bool:
    """Nothing to fix and nothing left open."""
    return report.verdict is Verdict.OK
