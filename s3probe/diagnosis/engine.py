"""Runs the rules tier by tier and lets each finding claim what it explains."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Diagnosis, Finding, LeftOut, RuleError, Severity
from s3probe.diagnosis.rule import LooksThrough, Rule, Tier
from s3probe.diagnosis.rules import FILE_RULES
from s3probe.evidence.observations import Evidence
from s3probe.evidence.refusing import is_garbled
from s3probe.hindrance import hindrance
from s3probe.knowledge.front import front_of
from s3probe.knowledge.store import store_of
from s3probe.records import dataclass, replace
from s3probe.settings.model import Settings

__all__ = ["FILE_RULES", "Judged", "diagnose", "lint", "ranked", "run_rules"]

_SURE_ALL_THE_SAME = ("unexplained", "media-host-is-the-instance")
"""The first names no cause: that something failed is certain. The other is decided by the file itself."""
_ORDER = {Severity.FAILURE: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
_SURENESS = {Certainty.POSSIBLE: 0, Certainty.LIKELY: 1, Certainty.CERTAIN: 2}


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of some rules: the findings, the errors, and the case with all that is explained claimed."""

    case: Case
    findings: tuple[tuple[Rule, Finding], ...] = ()
    errors: tuple[RuleError, ...] = ()


def run_rules(rules: Iterable[Rule], case: Case) -> Judged:
    """Runs the rules, those of an earlier tier first. A rule that raises loses what it had yet to say, and no more.

    What it might have explained is not called unexplained: that would make a failure of an error of ours.
    """
    findings: list[tuple[Rule, Finding]] = []
    errors: list[RuleError] = []
    unheard: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: rule.tier):
        seen = case if rule.tier is not Tier.REST else _without(unheard, case)
        try:
            for told in rule.function(seen):
                found = _as_sure_as_shown(told, case)
                if found.certainty is not Certainty.POSSIBLE:  # a possibility explains nothing
                    case = case.claim(*found.because, *found.explains)
                findings.append((rule, found))
        except (Exception, SystemExit, GeneratorExit) as error:  # no rule ends the program
            if hindrance(error):
                raise  # no rule's fault: it was to read a file, or there is no memory
            errors.append(rule.failed(error))
            unheard.append(rule)
    return Judged(case, tuple(findings), tuple(errors))


def _as_sure_as_shown(found: Finding, case: Case) -> Finding:
    """The finding, likely where it rests on one answer alone, and that one does not say why a request failed.

    What was asked beside it may have passed because it was asked at another moment.
    """
    seen = case.evidence
    if seen is None or found.certainty is not Certainty.CERTAIN or found.id in _SURE_ALL_THE_SAME:
        return found
    rows = map(seen.get, dict.fromkeys((*found.because, *found.explains)))
    failed = [row for row in rows if row is not None and row.failed]
    return replace(found, certainty=Certainty.LIKELY) if len(failed) == 1 and is_garbled(failed[0]) else found


def _without(failed: Iterable[Rule], case: Case) -> Case:
    """The case as if the failed rules had explained all that they look at."""
    reads = {read for rule in failed for read in rule.reads}
    everything = any(isinstance(read, LooksThrough) for read in reads)
    return case.claim(*(o.id for o in case.all_open() if everything or o.id in reads))


def ranked(findings: Iterable[tuple[Rule, Finding]]) -> tuple[Finding, ...]:
    """Each id once, most important first; within a severity by the layer and the name of the rule that told it."""
    unique: dict[str, Finding] = {}
    # a rule's own findings keep the order in which it told them
    for _rule, found in sorted(findings, key=lambda one: (one[0].layer, one[0].name)):
        unique[found.id] = _joined(unique.get(found.id), found)
    return tuple(sorted(unique.values(), key=lambda found: _ORDER[found.severity]))


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


def lint(settings: Settings, *, skip: Collection[str] = (), only: Collection[str] = ()) -> Diagnosis:
    """What the file alone shows: no network, no evidence. ``skip`` and ``only`` name finding ids."""
    judged = run_rules(FILE_RULES, Case(settings))
    return _told(judged.findings, judged.errors, skip, only)


def diagnose(
    settings: Settings, evidence: Evidence, *, skip: Collection[str] = (), only: Collection[str] = ()
) -> Diagnosis:
    """What the whole examination means. ``skip`` and ``only`` name finding ids."""
    from s3probe.diagnosis.rules import wire  # half of the time that the linter takes, and it needs none of them

    store = store_of(settings, evidence)
    front = front_of(settings, store, evidence)
    file = run_rules(FILE_RULES, Case(settings, evidence, store=store, front=front))
    way = run_rules(wire.FOUNDATION_RULES, file.case)
    rest = run_rules(wire.WIRE_RULES, way.case)
    found = (*file.findings, *way.findings, *rest.findings)
    told = _told(found, (*file.errors, *way.errors, *rest.errors), skip, only)
    return replace(told, findings=_met_first(told.findings, evidence))


def _met_first(findings: tuple[Finding, ...], evidence: Evidence) -> tuple[Finding, ...]:
    """Of the failures, those by which a request has failed come before those that nothing has shown yet."""
    failed = {row.id for row in evidence.observations if row.failed}

    def unmet(one: Finding) -> bool:
        return one.severity is Severity.FAILURE and failed.isdisjoint((*one.because, *one.explains))

    return tuple(sorted(findings, key=lambda one: (_ORDER[one.severity], unmet(one))))


def _told(
    found: Iterable[tuple[Rule, Finding]], errors: Iterable[RuleError], skip: Collection[str], only: Collection[str]
) -> Diagnosis:
    """What is wanted of that, in the order of a report."""
    everything = ranked(found)
    wanted = tuple(f for f in everything if f.id not in skip and (not only or f.id in only))
    others = tuple(LeftOut(f.id, f.severity, f.title) for f in everything if f not in wanted)
    return Diagnosis(wanted, _each_once(errors), left_out=others)


def _each_once(errors: Iterable[RuleError]) -> tuple[RuleError, ...]:
    """The file's rules run several times: the first error of each is told."""
    first: dict[str, RuleError] = {}
    for error in errors:
        first.setdefault(error.rule, error)
    return tuple(first.values())
