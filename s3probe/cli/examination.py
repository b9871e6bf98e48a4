"""One env file from its settings to its report."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from s3probe.cli.sources import Selection
from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Cleanup, Cost, Evidence, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId
from s3probe.report.assemble import assemble
from s3probe.report.model import Report
from s3probe.settings.model import Settings

if TYPE_CHECKING:
    from s3probe.probe.tools import ProbeOptions, Tools


@dataclass(frozen=True, slots=True)
class Examined:
    """One examination with all that later steps need."""

    settings: Settings
    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def report(self) -> Report:
        return assemble(self.settings, self.evidence, self.findings)


def lint(settings: Settings, selection: Selection) -> Examined:
    """What the file alone shows."""
    from s3probe.diagnosis import engine

    found = (f for f in engine.lint(settings) if f.id not in selection.skip_findings)
    only = selection.only_findings
    run = Run("", _now(), 0.0, "lint")
    return Examined(settings, Evidence(run), tuple(f for f in found if not only or f.id in only))


def options_for(args: Namespace, selection: Selection) -> ProbeOptions:
    """What the arguments ask of the probe."""
    from s3probe.probe.tools import ProbeOptions

    quick, read_only = getattr(args, "quick", False), getattr(args, "read_only", False)
    return ProbeOptions(
        profile="quick" if quick else "read-only" if read_only else "full",
        deadline=args.deadline,
        only=selection.only,
        skip=selection.skip,
        mastodon_version=getattr(args, "mastodon_version", None),
        # a checklist for launch day is made once, and every box should be decided
        thorough=getattr(args, "thorough", False) or getattr(args, "format", None) == "markdown",
    )


def check(
    settings: Settings,
    options: ProbeOptions,
    tools: Tools,
    selection: Selection,
    stopped: Callable[[], bool] | None = None,
) -> Examined:
    """The whole examination. ``stopped`` tells when it has to end early."""
    from s3probe.diagnosis.engine import diagnose, starting_point
    from s3probe.probe.examine import examine

    if stopped is not None:
        tools = replace(tools, clock=replace(tools.clock, stopped=stopped))
    mended, assuming = starting_point(settings)
    why_not = why_nothing_can_be_asked(mended)
    if why_not:
        evidence = nothing_asked(options, why_not)
        findings = diagnose(settings, evidence, skip=selection.skip_findings, only=selection.only_findings)
        return Examined(settings, evidence, findings)
    evidence = examine(mended, options, tools, assuming)
    if evidence.run.profile == "quick" and not went_well(evidence):
        left = max(options.deadline - evidence.run.seconds, 1.0)
        version = options.mastodon_version or evidence.run.mastodon_version or None
        full = replace(options, profile="full", deadline=left, mastodon_version=version)
        evidence = together(evidence, examine(mended, full, tools, assuming))
    findings = diagnose(settings, evidence, skip=selection.skip_findings, only=selection.only_findings)
    return Examined(settings, evidence, findings)


def why_nothing_can_be_asked(settings: Settings) -> str:
    """What Mastodon raises before its first request, so that there is nothing to repeat; mostly the blank string."""
    from s3probe.settings.addressing import RubyError
    from s3probe.settings.urls import object_url

    if settings.storage != "s3":
        place = "on the local disk" if settings.storage == "filesystem" else f"in {settings.storage.capitalize()}"
        return f"S3_ENABLED is not true, so Mastodon keeps media {place}"
    try:
        object_url(settings, "media_attachments/files/s3probe")
    except RubyError as error:
        return f"Mastodon raises {error.exception} before it sends anything: {error.message}"
    return ""


def nothing_asked(options: ProbeOptions, why: str) -> Evidence:
    """The evidence of a run in which no request could be made."""
    from s3probe.evidence.vocabulary import ActionId

    skipped = (
        Observation(a, a.row.title.format(acl="…"), a.row.operation, a.row.by, Outcome.SKIPPED, a.row.needs, reason=why)
        for a in ActionId
    )
    return Evidence(Run("", _now(), 0.0, options.profile, options.mastodon_version or ""), tuple(skipped))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def went_well(quick: Evidence) -> bool:
    """Whether the canary came back: uploaded, seen by a visitor, deleted and gone. Not to have asked is not well."""
    seen = {o.id for o in quick.observations if o.ok}
    uploaded = bool(seen & {ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL})
    return uploaded and {ActionId.PUBLIC_GET, ActionId.DELETE} <= seen and not any(o.failed for o in quick.observations)


def together(quick: Evidence, full: Evidence) -> Evidence:
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
        quick.cleanup.left_behind + full.cleanup.left_behind,
    )
    run = replace(full.run, started=quick.run.started, seconds=round(quick.run.seconds + full.run.seconds, 3))
    rows = (*full.observations, *_met_by_the_canary_alone(quick, full))
    return replace(full, run=run, observations=rows, cost=cost, cleanup=cleanup)


def _met_by_the_canary_alone(quick: Evidence, full: Evidence) -> Iterator[Observation]:
    for row in quick.observations:
        again = full.get(row.id)
        if row.failed and not (again is not None and again.failed):
            title = f"{row.title}, when the canary asked"
            yield replace(row, id=row.id.as_met_by_canary(), title=title)
