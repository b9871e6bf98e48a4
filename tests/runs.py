"""Runs the whole examination, as the command line does it, against a sandbox in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from s3probe.diagnosis.model import Finding, Severity
from s3probe.examination import Selection, check
from s3probe.probe.exchange import Transport
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report, Verdict
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.state import Seen
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load

OPTIONS = ProbeOptions(deadline=20)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run and the sandbox as it left it."""

    report: Report
    left: tuple[str, ...]
    """Keys and unfinished uploads that are there now, named as ``left_behind`` names them."""
    violations: tuple[Seen, ...]
    requests: tuple[Seen, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of the failures and warnings, in order."""
        return tuple(f.id for f in self.report.findings if f.severity is not Severity.NOTICE)


def settings_of(scenario: Scenario) -> Settings:
    """What Mastodon would read from the scenario's file."""
    return interpret(load("-", stdin=BytesIO(scenario.env_text.encode())))


def tools_for(box: Sandbox, wrap: Callable[[Transport], Transport] | None = None) -> tuple[Tools, HttpTransport]:
    """Tools whose way out ends in the sandbox, and the transport to close afterwards."""
    transport = HttpTransport(ca_file=box.ca_file, proxy=None, resolver=box.resolve)
    return Tools(wrap(transport) if wrap else transport), transport


def left_in(box: Sandbox) -> tuple[str, ...]:
    """All objects and unfinished uploads of all buckets."""
    names: list[str] = []
    for bucket in box.world.buckets:
        names += box.keys(bucket.name)
        names += [f"{key}?uploadId={upload}" for key, upload in box.uploads(bucket.name)]
    return tuple(names)


def run(
    scenario: Scenario, options: ProbeOptions = OPTIONS, wrap: Callable[[Transport], Transport] | None = None
) -> Ran:
    """The examination of a scenario in a sandbox of its own; ``wrap`` stands in the way of every request."""
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box, wrap)
        try:
            report = check(settings_of(scenario), options, tools, Selection((), ())).report
        finally:
            transport.close()
        return Ran(report, left_in(box), box.violations, box.requests)


@cache
def run_fault(fault: Fault) -> Ran:
    """The run of a fault as it is, made once for all tests that look at it."""
    return run(fault.scenario())


def to_mend(report: Report) -> tuple[Finding, ...]:
    """The findings whose fixes come first: the failures, or without one the warnings."""
    failures = tuple(f for f in report.findings if f.severity is Severity.FAILURE)
    return failures or tuple(f for f in report.findings if f.severity is Severity.WARNING)


def mend(scenario: Scenario, finding: Finding) -> Scenario | None:
    """The scenario after the finding's first fix, with what belongs to it; ``None``: no program can apply it."""
    mended: Scenario | None = scenario
    for fix in finding.first_choice:
        mended = apply(mended, fix) if mended is not None else None
    return None if not finding.fixes else mended


def fault_name(fault: Fault) -> str:
    """``id`` or ``id (variant)``."""
    return f"{fault.id} ({fault.variant})" if fault.variant else fault.id


def healthy(report: Report) -> bool:
    """Nothing to mend and nothing left open."""
    return report.verdict is Verdict.OK
