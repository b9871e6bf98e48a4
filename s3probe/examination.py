"""One examination from settings to report: the four rooms, one after the other."""

from __future__ import annotations

from dataclasses import replace

from s3probe.diagnosis.engine import diagnose, starting_point
from s3probe.probe.actions import ACTIONS
from s3probe.probe.examine import examine
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.report.assemble import assemble
from s3probe.report.model import Report, Verdict
from s3probe.settings.model import Settings


def examination(settings: Settings, options: ProbeOptions, tools: Tools) -> Report:
    """Probes, judges and puts together. A quick run that is not healthy goes on to the whole examination."""
    report = _once(settings, options, tools)
    if options.profile == "quick" and report.verdict is not Verdict.OK:
        return _once(settings, replace(options, profile="full"), tools)
    return report


def _once(settings: Settings, options: ProbeOptions, tools: Tools) -> Report:
    start, assuming = starting_point(settings)
    evidence = examine(start, options, tools, assuming)
    findings_only = [i for i in options.only if i not in ACTIONS]
    findings = diagnose(settings, evidence, skip=options.skip, only=findings_only)
    return assemble(settings, evidence, findings)
