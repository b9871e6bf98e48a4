"""What tests ask of the rules' records: what a rule really looks at, and whether the order inside a tier matters."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from s3probe.diagnosis import engine
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Diagnosis, Finding
from s3probe.diagnosis.rule import EVERY, OPEN, Read, Rule
from s3probe.diagnosis.rules import wire
from s3probe.evidence.observations import Evidence, Observation
from s3probe.evidence.vocabulary import ExperimentWith, ObservationId
from s3probe.settings.model import Settings

TABLES = ((engine, "FILE_RULES"), (wire, "FOUNDATION_RULES"), (wire, "WIRE_RULES"))
"""Where the rules stand that an examination runs."""
ALL_RULES = (*engine.FILE_RULES, *wire.FOUNDATION_RULES, *wire.WIRE_RULES)


@dataclass(frozen=True, slots=True)
class RecordingCase(Case):
    """A case that notes what is asked of it, in the words of ``Rule.reads``."""

    asked: set[Read] = field(default_factory=set)

    def get(self, exact_id: ObservationId) -> Observation:
        self.asked.add(exact_id)
        return Case.get(self, exact_id)

    def all_open(self) -> tuple[Observation, ...]:
        self.asked.add(OPEN)
        return Case.all_open(self)

    def moments(self) -> tuple[Observation, ...]:
        self.asked.add(OPEN)
        return Case.moments(self)

    def every(self, *questions: ObservationId | ExperimentWith) -> tuple[Observation, ...]:
        self.asked.update(questions)
        # what the case looks through for these is not what the rule looks at
        return Case(self.settings, self.evidence, self.claimed).every(*questions)

    def all(self) -> tuple[Observation, ...]:
        self.asked.add(EVERY)
        return Case.all(self)


def seeds(subject: str) -> range:
    """One order by default, another for each subject; many in the exhaustive run (``S3PROBE_EXHAUSTIVE``)."""
    first = crc32(subject.encode())
    return range(first, first + (10 if os.environ.get("S3PROBE_EXHAUSTIVE") else 1))


def declared(asked: Read, reads: tuple[Read, ...]) -> bool:
    """Whether a record names ``asked``, by itself, with every value, or with everything."""
    if asked in reads or EVERY in reads:
        return True
    named = (read for read in reads if isinstance(read, ExperimentWith))
    return isinstance(asked, ObservationId) and any(read.made(asked) for read in named)


def stages(settings: Settings, evidence: Evidence) -> list[tuple[tuple[Rule, ...], Case]]:
    """Each set of rules of an examination with the case that it begins from."""
    file = engine.run_rules(engine.FILE_RULES, Case(settings, evidence))
    way = engine.run_rules(wire.FOUNDATION_RULES, file.case)
    return [
        (engine.FILE_RULES, Case(settings, evidence)),
        (wire.FOUNDATION_RULES, file.case),
        (wire.WIRE_RULES, way.case),
    ]


def undeclared(settings: Settings, evidence: Evidence) -> list[tuple[str, str, object]]:
    """``(rule, reads or yields, id)`` for all that a rule does and its record does not say."""
    found: list[tuple[str, str, object]] = []
    for rules, case in stages(settings, evidence):
        claimed = case.claimed
        for rule in sorted(rules, key=lambda rule: rule.tier):
            recorder = RecordingCase(case.settings, case.evidence, claimed)
            told = engine.run_rules([rule], recorder)
            claimed = told.case.claimed
            assert told.errors == ()
            found += [(rule.name, "reads", asked) for asked in recorder.asked if not declared(asked, rule.reads)]
            found += [(rule.name, "yields", f.id) for _rule, f in told.findings if f.id not in rule.yields]
    return found


def _by_rule(rules: Sequence[Rule], case: Case) -> dict[str, tuple[Finding, ...]]:
    told: dict[str, tuple[Finding, ...]] = {}
    for rule, finding in engine.run_rules(rules, case).findings:
        told[rule.name] = (*told.get(rule.name, ()), finding)
    return told


def _shuffled(rules: Sequence[Rule], seed: int) -> list[Rule]:
    mixed = list(rules)
    random.Random(seed).shuffle(mixed)
    # the engine's own sort is stable: the mixed order lasts inside each tier
    return sorted(mixed, key=lambda rule: rule.tier)


def quarrels(settings: Settings, evidence: Evidence, seeds: Sequence[int]) -> list[tuple[str, str]]:
    """Pairs of rules of one tier that tell something else when they run the other way round."""
    found = []
    for rules, case in stages(settings, evidence):
        usual = sorted(rules, key=lambda rule: rule.tier)
        want = _by_rule(usual, case)
        for seed in seeds:
            mixed = _shuffled(rules, seed)
            if _by_rule(mixed, case) != want:
                told = {*want, *_by_rule(mixed, case)}
                found.append(
                    _culprits([r for r in usual if r.name in told], [r for r in mixed if r.name in told], case)
                )
    return found


def _culprits(usual: list[Rule], mixed: list[Rule], case: Case) -> tuple[str, str]:
    """The first two neighbours whose swap, on the way from one order to the other, changes what is told."""
    place = {rule.name: number for number, rule in enumerate(mixed)}
    order, want = list(usual), _by_rule(usual, case)
    swapped = True
    while swapped:
        swapped = False
        for i in range(len(order) - 1):
            if place[order[i].name] > place[order[i + 1].name]:
                order[i], order[i + 1] = order[i + 1], order[i]
                if _by_rule(order, case) != want:
                    return order[i + 1].name, order[i].name
                swapped = True
    raise AssertionError("the orders differ, and no swap does")


def report_in_any_order(settings: Settings, evidence: Evidence, seed: int) -> Diagnosis:
    """The diagnosis with the tables themselves in another order."""
    kept = [(module, name, getattr(module, name)) for module, name in TABLES]
    try:
        for module, name, rules in kept:
            setattr(module, name, tuple(_shuffled(rules, seed)))
        return engine.diagnose(settings, evidence)
    finally:
        for module, name, rules in kept:
            setattr(module, name, rules)
