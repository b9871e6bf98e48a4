"""Orders the rules from the ground up and lets each finding claim what it explains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Severity
from s3probe.diagnosis.rounds import assigned
from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import ActionId
from s3probe.settings.mastodon import remade
from s3probe.settings.model import Settings

Rule = Callable[[Case], Iterable[Finding]]
"""Yields the findings it recognises. It sees only what earlier findings left unexplained."""

_ORDER = {Severity.FAILURE: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
_LEFT_TO_THE_WIRE = frozenset(
    {"csp-omits-default-hostname", "hostname-default-dash-form-dead", "storage-class-glacier"}
)
"""Findings of the file that the examination decides better when the setting stays as it is."""
_SURENESS = {Certainty.POSSIBLE: 0, Certainty.LIKELY: 1, Certainty.CERTAIN: 2}


def run_rules(rules: Iterable[Rule], case: Case) -> tuple[list[Finding], Case]:
    """The findings in the rules' order, each id once, and the case with what they explain claimed."""
    findings: dict[str, Finding] = {}
    for rule in rules:
        for found in rule(case):
            findings[found.id] = _joined(findings.get(found.id), found)
            case = case.claim(*found.because, *found.explains)
    return list(findings.values()), case


def _joined(first: Finding | None, again: Finding) -> Finding:
    """One finding for the same cause seen twice: the surer words and fixes, and all that it explains."""
    if first is None:
        return again
    surer = again if _SURENESS[again.certainty] > _SURENESS[first.certainty] else first
    return replace(
        surer,
        severity=min(first.severity, again.severity, key=lambda severity: _ORDER[severity]),
        because=tuple(dict.fromkeys((*first.because, *again.because))),
        explains=tuple(dict.fromkeys((*first.explains, *again.explains))),
    )


def _ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Most important first; within a severity the rules' order, which goes from the ground up, stays."""
    unique: dict[str, Finding] = {}
    for found in findings:
        unique[found.id] = _joined(unique.get(found.id), found)
    return tuple(sorted(unique.values(), key=lambda found: _ORDER[found.severity]))


def lint(settings: Settings) -> tuple[Finding, ...]:
    """What the file alone shows. No network, no evidence."""
    from s3probe.diagnosis.rules import FILE_RULES

    return _ranked(run_rules(FILE_RULES, Case(settings))[0])


def starting_point(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings as if every failure that the file alone shows had been mended, and these mends.

    The examination starts from here, so that one run also finds what lies behind.
    """
    changes: dict[str, str | None] = {}
    for _round in range(3):  # one mend may bring the next fault of the file to light
        new = {fix.variable: fix.value for fix in _certain_mends(settings) if fix.variable not in changes}
        if not new:
            break
        changes |= new
        settings = remade(settings, **new)
    return settings, tuple(f"{name}={value or ''}" for name, value in changes.items())


def _certain_mends(settings: Settings) -> Iterator[EnvFix]:
    """The first fix of each failure that the file alone shows for certain; what is only likely, the wire decides."""
    for found in lint(settings):
        if found.severity is not Severity.FAILURE or found.certainty is not Certainty.CERTAIN:
            continue
        if found.id in _LEFT_TO_THE_WIRE:
            continue
        for fix in found.first_choice:
            # a placeholder (<your bucket>) is for a person to fill in
            if isinstance(fix, EnvFix) and not fix.secret and "<" not in (fix.value or ""):
                yield fix


def diagnose(
    settings: Settings, evidence: Evidence, *, skip: Collection[str] = (), only: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What the whole examination means. ``skip`` and ``only`` name finding ids."""
    from s3probe.diagnosis.rules import FILE_RULES
    from s3probe.diagnosis.rules.wire import FOUNDATION_RULES, WIRE_RULES

    by_file, case = run_rules(FILE_RULES, Case(settings, evidence))
    start, _assuming = starting_point(settings)
    below, case = run_rules(FOUNDATION_RULES, replace(case, settings=start))
    above, case = run_rules(WIRE_RULES, replace(case, settings=in_force(start, case)))
    found = _ranked((*by_file, *below, *above))
    return tuple(f for f in found if f.id not in skip and (not only or f.id in only))


def in_force(settings: Settings, case: Case) -> Settings:
    """The settings under which the rest was asked: with the mends of the foundation, as the evidence records them."""
    for assumption in case.obs(ActionId.LIST).assuming:
        settings = remade(settings, **{name: value or None for name, value in assigned(assumption).items()})
    return settings
