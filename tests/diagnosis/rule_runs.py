"""What tests ask of the rules' records: what a rule really looks at, and whether the order inside a tier matters."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
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
from tests.exhaustive import EXHAUSTIVE

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

    def failed_at_first(self) -> tuple[Observation, ...]:
        self.asked.add(OPEN)
        return Case.failed_at_first(self)

    def every(self, *questions: ObservationId | ExperimentWith) -> tuple[Observation, ...]:
        self.asked.update(questions)
        # what the case looks through for these is not what the rule looks at
        return Case(self.settings, self.evidence, self.claimed).every(*questions)

    def all(self) -> tuple[Observation, ...]:
        self.asked.add(EVERY)
        return Case.all(self)


def seeds(subject: str) -> range:
    """Orders besides the reverse, others for each subject: ten in the exhaustive run (``S3PROBE_EXHAUSTIVE``)."""
    first = crc32(subject.encode())
    return range(first, first + (10 if EXHAUSTIVE else 0))


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


def orders(rules: Sequence[Rule], seeds: Sequence[int]) -> Iterator[list[Rule]]:
    """The rules tier by tier in other orders: the reverse, in which any two of a tier are swapped, and one a seed."""
    yield _by_tier(reversed(rules))
    for seed in seeds:
        mixed = list(rules)
        random.Random(seed).shuffle(mixed)
        yield _by_tier(mixed)


def _by_tier(rules: Iterable[Rule]) -> list[Rule]:
    # as the engine's own, the sort is stable: the order lasts inside each tier
    return sorted(rules, key=lambda rule: rule.tier)


def quarrels(settings: Settings, evidence: Evidence, seeds: Sequence[int] = ()) -> list[tuple[str, str]]:
    """Pairs of rules of one tier that tell something else when they run the other way round."""
    found = []
    for rules, case in stages(settings, evidence):
        usual = _by_tier(rules)
        want = _by_rule(usual, case)
        for mixed in orders(rules, seeds):
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


def report_in_reverse(settings: Settings, evidence: Evidence) -> Diagnosis:
    """The diagnosis with the tables themselves reversed inside each tier."""
    kept = [(module, name, getattr(module, name)) for module, name in TABLES]
    try:
        for module, name, rules in kept:
            setattr(module, name, tuple(_by_tier(reversed(rules))))
        return engine.diagnose(settings, evidence)
    finally:
        for module, name, rules in kept:
            setattr(module, name, rules)
