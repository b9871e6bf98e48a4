"""One env file from its settings to its report: what the command line runs, and what a program in Python imports.

This examines the storage that an env file names, as ``s3probe check`` does::

    from pathlib import Path

    from s3probe.examination import check
    from s3probe.probe.tools import ProbeOptions, default_tools
    from s3probe.settings.mastodon import interpret
    from s3probe.settings.sources import load

    settings = interpret(load(Path(".env.production")))
    examined = check(settings, ProbeOptions(deadline=20), default_tools(settings))
    print(examined.report.verdict.value)
    for finding in examined.report.findings:
        print(finding.severity.value, finding.id)

It uploads a few small files and removes them again. Nothing is printed, no signal is handled, and no file is written.
``examined.report`` holds no secret; ``examined.settings`` does. ``lint(settings)`` judges the file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from s3probe.diagnosis.model import Diagnosis, EnvFix, Finding, RuleError, Severity, TrialRun
from s3probe.evidence.observations import Cleanup, Cost, Evidence, Observation, Outcome, Run
from s3probe.evidence.vocabulary import OF_OLD_VERSIONS, ActionId
from s3probe.knowledge.findings import ids
from s3probe.records import dataclass, replace
from s3probe.report.assemble import assemble
from s3probe.report.model import Report
from s3probe.settings.model import Settings

if TYPE_CHECKING:
    from s3probe.diagnosis.conclusions import Conclusions
    from s3probe.diagnosis.trial import Situation
    from s3probe.probe.tools import ProbeOptions, Tools
    from s3probe.trying.proofs import Proofs

__all__ = ["EVERYTHING", "Examined", "Selection", "check", "lint"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are wanted. It may also name actions, which only ``ProbeOptions`` heeds."""

    only: Collection[str] = ()
    """Without the id of a finding in it, every finding is wanted."""
    skip: Collection[str] = ()

    @property
    def only_findings(self) -> frozenset[str]:
        return frozenset(self.only) & frozenset(ids() if self.only else ())  # their texts are slow to read

    @property
    def skip_findings(self) -> frozenset[str]:
        return frozenset(self.skip) & frozenset(ids() if self.skip else ())


EVERYTHING = Selection()
"""Every finding."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One examination with all that later steps need."""

    settings: Settings
    """What was examined, with the secrets."""
    evidence: Evidence
    """What was asked and answered; nothing of it after :func:`lint`."""
    diagnosis: Diagnosis
    """What it means. The texts still hold this server's own values."""

    trials: tuple[TrialRun, ...] = ()
    """The examinations that were made to try fixes."""
    answer: tuple[EnvFix, ...] = ()
    """The lines with which most passed, whole: what lies between the file and the last settings that got better."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The causes, the most urgent first."""
        return self.diagnosis.findings

    @property
    def report(self) -> Report:
        """What may be shown: the verdict and the findings, with secrets and control characters taken out."""
        return assemble(self.settings, self.evidence, self.diagnosis, self.trials)


def lint(settings: Settings, selection: Selection = EVERYTHING) -> Examined:
    """What the file alone shows. Asks nothing of any server."""
    from s3probe.diagnosis import engine

    linted = engine.lint(settings, skip=selection.skip_findings, only=selection.only_findings)
    return Examined(settings, Evidence(Run("", _now(), 0.0, "lint")), linted)


def _forget(_seen: Examined) -> None:
    """Keeps nothing."""


def check(
    settings: Settings,
    options: ProbeOptions,
    tools: Tools,
    selection: Selection = EVERYTHING,
    stopped: Callable[[], bool] | None = None,
    keep: Callable[[Examined], None] = _forget,
    way: int = 1,
    proofs: Proofs | None = None,
) -> Examined:
    """The whole examination, and the trials of the lines that may end its failures.

    ``options`` says what is asked, ``selection`` which findings are told. ``stopped`` is asked again and again and
    tells when the examination has to end early; what was uploaded is removed all the same. Trouble on the way to the
    storage is a finding; no exception is raised for it. ``keep`` is told what was seen when the trials begin: an
    interruption ends :func:`check`, and does not cost that. ``way`` is the number of the fix of the first failure that
    is wanted: it is tried even where one before it passed. ``proofs`` keeps what trials have shown: while it holds,
    nothing is tried again.
    """
    from s3probe.diagnosis.conclusions import Conclusions
    from s3probe.diagnosis.engine import diagnose
    from s3probe.diagnosis.trial import Situation, why_it_raises
    from s3probe.probe.examine import examine
    from s3probe.probe.tools import SHORTEST_EXAMINATION

    if stopped is not None:
        tools = replace(tools, clock=replace(tools.clock, stopped=stopped))
    why_not = why_it_raises(settings)
    evidence = _nothing_asked(options, why_not) if why_not else examine(settings, options, tools)
    left = options.deadline - evidence.run.seconds
    unclear = evidence.run.profile == "quick" and not why_not and not _went_well(evidence)
    if unclear and left >= SHORTEST_EXAMINATION:
        version = options.mastodon_version or evidence.run.mastodon_version or None
        full = replace(
            options,
            profile="full",
            deadline=left,
            begun=None if options.begun is None else options.begun + options.deadline - left,
            mastodon_version=version,
            version_from=evidence.run.version_from or options.version_from,
            canary=evidence.run.id,
        )
        evidence = _together(evidence, examine(settings, full, tools))
    diagnosis = diagnose(settings, evidence, skip=selection.skip_findings, only=selection.only_findings)
    file = Situation(settings, evidence, diagnosis)
    why_untried = _why_no_trials(options, selection, evidence)
    before = Examined(settings, evidence, Conclusions(file, ended=why_untried or "interrupted").diagnosis())
    failed = any(found.severity is Severity.FAILURE for found in diagnosis)
    if proofs is not None and not failed and not why_untried:
        proofs.forget()  # what fails next fails anew
    if why_untried or not failed:
        return before
    if proofs is None:
        keep(before)
        return _tried(before, file, options, tools, selection, way)[0]
    from secrets import token_hex

    from s3probe.trying.proofs import quoted, remembered

    if (told := quoted(proofs.last(), settings, tools.clock.now(), before.diagnosis)) is not None:
        return replace(before, diagnosis=told)
    keep(before)
    proofs.forget()
    tried, conclusive = _tried(before, file, options, tools, selection, way)
    new = remembered(settings, before.diagnosis, tried.diagnosis, tools.clock.now(), token_hex(16))
    if conclusive and new is not None:
        proofs.keep(new)
    return tried


def _why_no_trials(options: ProbeOptions, selection: Selection, evidence: Evidence) -> str:
    """Which wish of the command line leaves no room for trials; ``""`` for none."""
    if not options.trials:
        return "--no-trials"
    if options.profile == "read-only":
        return "--read-only"
    if options.only or selection.only:
        return "--only"
    return "" if evidence.run.complete else "the check was cut short before anything could be tried"


def _tried(
    before: Examined, file: Situation, options: ProbeOptions, tools: Tools, selection: Selection, way: int
) -> tuple[Examined, bool]:
    """The same with what the trials show, and whether that is worth keeping.

    An error in one costs what was to be tried after it, and no more.
    """
    from s3probe.diagnosis.candidates import candidate
    from s3probe.diagnosis.conclusions import Conclusions
    from s3probe.diagnosis.glance import glance_behind
    from s3probe.trying.bench import Bench
    from s3probe.trying.loop import Trials

    if candidate(file, ()) is None and glance_behind(file) is None:
        return before, False
    bench = Bench(file.settings, file.evidence, options, tools, selection.skip_findings)
    trials = Trials(file, bench.budget, bench.under, bench.once_more, bench.behind)
    conclusions = Conclusions(file)
    errors: list[RuleError] = []
    try:
        trials.run()
        trials.run_way(way)
        conclusions = trials.conclusions()
        diagnosis = conclusions.diagnosis()
    except Exception as error:
        errors.append(RuleError("trial", f"{type(error).__name__}: {error}"[:300]))
        ended = f"the trial ended with an error of s3probe's ({type(error).__name__})"
        diagnosis = replace(conclusions, ended=ended).diagnosis()
    diagnosis = replace(diagnosis, rule_errors=(*diagnosis.rule_errors, *errors))
    tried = Examined(file.settings, bench.total(), diagnosis, conclusions.trials(), conclusions.answer())
    return tried, not errors and _would_be_the_same(conclusions)


def _would_be_the_same(conclusions: Conclusions) -> bool:
    """Whether the next run's trials would show the same, as far as one can tell."""
    from s3probe.trying.budget import ALL_MADE

    doubted = any(one.why for one in conclusions.attempts if one.after is not None)
    return conclusions.ended in ("", ALL_MADE) or (bool(conclusions.path) and not doubted)


def _nothing_asked(options: ProbeOptions, why: str) -> Evidence:
    """The evidence of a run in which no request could be made."""
    from s3probe.evidence.vocabulary import ActionId

    skipped = (
        Observation(a, a.row.title.format(acl="…"), a.row.operation, a.row.by, Outcome.SKIPPED, a.row.needs, reason=why)
        for a in ActionId
    )
    return Evidence(Run("", _now(), 0.0, options.profile, options.mastodon_version or ""), tuple(skipped))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _went_well(quick: Evidence) -> bool:
    """Whether the canary came back: uploaded, seen by a visitor, deleted and gone. Not to have asked is not well.

    What failed for a moment and passed when it was asked again is told, and is no reason to ask everything. Nor is
    what a key may not know of old versions, which is refused to most: each bucket with versioning would be examined
    as a whole every five minutes.
    """
    seen = {o.id for o in quick.observations if o.ok}
    uploaded = bool(seen & {ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL})
    failed = any(o.failed and not o.id.is_at_first and o.id not in OF_OLD_VERSIONS for o in quick.observations)
    return uploaded and {ActionId.PUBLIC_GET, ActionId.DELETE} <= seen and not failed


def _together(quick: Evidence, full: Evidence) -> Evidence:
    """The whole examination that followed on a failed canary: what both made and spent counts.

    What the canary met and the examination did not stays, under an id of its own: a storage that fails now and then
    must not pass for a healthy one.
    """
    by_operation = dict(quick.cost.by_operation)
    for operation, number in full.cost.by_operation.items():
        by_operation[operation] = by_operation.get(operation, 0) + number
    cost = Cost(
        quick.cost.requests + full.cost.requests,
        MappingProxyType(by_operation),
        quick.cost.bytes_sent + full.cost.bytes_sent,
        quick.cost.bytes_received + full.cost.bytes_received,
    )
    cleanup = Cleanup(
        quick.cleanup.created + full.cleanup.created,
        quick.cleanup.removed + full.cleanup.removed,
        # the examination has taken over what the canary left
        full.cleanup.left_behind,
        full.cleanup.may_arrive,
        full.cleanup.earlier,
        full.cleanup.elsewhere,
    )
    run = replace(full.run, started=quick.run.started, seconds=round(quick.run.seconds + full.run.seconds, 3))
    rows = (*full.observations, *_met_by_the_canary_alone(quick, full))
    return replace(full, run=run, observations=rows, cost=cost, cleanup=cleanup)


def _met_by_the_canary_alone(quick: Evidence, full: Evidence) -> Iterator[Observation]:
    for row in quick.observations:
        again = full.get(row.id)
        if row.id.is_at_first and again is None:
            yield row
        elif row.failed and not (again is not None and again.failed):
            title = f"{row.title}, when the canary asked"
            yield replace(row, id=row.id.as_met_by_canary(), title=title)
