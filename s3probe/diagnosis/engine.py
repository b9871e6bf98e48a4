"""Orders the rules from the ground up and lets each finding claim what it explains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Severity
from s3probe.probe.evidence import Evidence
from s3probe.settings.model import Settings

Rule = Callable[[Case], Iterable[Finding]]
"""Yields the findings it recognises. It sees only what earlier findings left unexplained."""

_ORDER = {Severity.FAILURE: 0, Severity.WARNING: 1, Severity.NOTICE: 2}


def run_rules(rules: Iterable[Rule], case: Case) -> tuple[Finding, ...]:
    """All findings, most important first, each id once; within a severity the rules' order stays."""
    findings: dict[str, Finding] = {}
    for rule in rules:
        for found in rule(case):
            findings.setdefault(found.id, found)
            case = case.claim(*found.because, *found.explains)
    return tuple(sorted(findings.values(), key=lambda f: _ORDER[f.severity]))


def lint(settings: Settings) -> tuple[Finding, ...]:
    """What the file alone shows. No network, no evidence."""
    from s3probe.diagnosis.rules import FILE_RULES

    return run_rules(FILE_RULES, Case(settings))


def diagnose(
    settings: Settings, evidence: Evidence, *, skip: Collection[str] = (), only: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What the whole examination means. ``skip`` and ``only`` name finding ids."""
    from s3probe.diagnosis.rules import ALL_RULES

    found = run_rules(ALL_RULES, Case(settings, evidence))
    return tuple(f for f in found if f.id not in skip and (not only or f.id in only))
