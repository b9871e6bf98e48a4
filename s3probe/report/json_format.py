"""The JSON report, exactly as promised: what is not said to be there where there is one is always there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from s3probe import __version__
from s3probe.codec import to_plain
from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    EnvFix,
    Finding,
    Fix,
    IamAllow,
    Manual,
    Proof,
    ProofState,
    ServerFix,
    TrialRun,
)
from s3probe.evidence.observations import Evidence, Observation
from s3probe.report.commands import command
from s3probe.report.detail import detail
from s3probe.report.formats import RenderOptions, Standpoint
from s3probe.report.model import Report

SCHEMA_VERSION = 1


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """One object; with several env files an object that lists theirs."""
    one = len(reports) + len(options.unexamined) == 1 and reports
    whole = [as_data(report, options.place) for report in reports]
    data = whole[0] if one else {"schema_version": SCHEMA_VERSION, "reports": whole}
    return json.dumps(data, indent=2, ensure_ascii=options.ascii) + "\n"


def as_data(report: Report, place: Standpoint | None = None) -> dict[str, Any]:
    """One report as JSON knows it. ``place``: where it was made, if that may be told."""
    run = report.evidence.run
    return {
        "schema_version": SCHEMA_VERSION,
        "s3probe_version": __version__,
        "run": {
            "id": run.id,
            "started": run.started,
            "seconds": round(run.seconds, 3),
            "profile": run.profile,
            **_where_there_is_one("mastodon_version", run.mastodon_version),
            **_where_there_is_one("mastodon_version_from", run.version_from.value),
            **_where_there_is_one("place", _place(place)),
        },
        "subject": to_plain(report.subject),
        "verdict": report.verdict.value,
        "findings": [_finding(finding) for finding in report.findings],
        "rule_errors": [{"rule": e.rule, "error": e.error, "place": e.place} for e in report.rule_errors],
        "actions": [_asked(observation) for observation in report.evidence.observations],
        **_totals(report.evidence),
        **_where_there_is_one("trials", [_trial(trial) for trial in report.trials]),
        **_where_there_is_one("consequences", [to_plain(one) for one in report.consequences]),
        **_where_there_is_one("left_out", [to_plain(one) for one in report.left_out]),
    }


def _where_there_is_one(name: str, value: object) -> dict[str, object]:
    return {name: value} if value else {}


def _place(place: Standpoint | None) -> dict[str, object]:
    if place is None:
        return {}
    elsewhere = {"mastodon_elsewhere": f"{place.apart}: {place.command}"} if place.apart else {}
    return {"host": place.host, "user": place.user, "container": place.container, **elsewhere}


def _totals(evidence: Evidence) -> dict[str, Any]:
    cleanup = to_plain(evidence.cleanup)
    if not evidence.cleanup.elsewhere:
        del cleanup["elsewhere"]
    return {"cleanup": cleanup, "cost": to_plain(evidence.cost)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "certainty": finding.certainty.value,
        "title": finding.title,
        "setting": finding.setting,
        "permission": finding.permission,
        "consequence": finding.consequence,
        "because": list(finding.because),
        "fixes": [_alternative(group) for group in finding.alternatives],
        "links": list(finding.links),
        "how_known": finding.how_known,
        **_where_there_is_one("remark", finding.remark),
    }


def _trial(trial: TrialRun) -> dict[str, Any]:
    return {
        "changes": [_change(line) for line in trial.changes],
        "result": trial.result,
        "actions": [_action(row) for row in trial.evidence.observations],
        "requests": trial.evidence.cost.requests,
        **_where_there_is_one("repeated", trial.repeated and [_action(row) for row in trial.repeated.observations]),
    }


def _alternative(group: Sequence[Fix]) -> dict[str, Any]:
    """One fix, with all the lines that belong together, and what has to be done before it."""
    first = group[0]
    lines = [{**_change(fix), **_noted(fix)} for fix in group if isinstance(fix, EnvFix)]
    outside = [fix for fix in group if not isinstance(fix, EnvFix)]
    fix = outside[-1] if outside else first
    proof = None if isinstance(first, Manual) else first.proof
    return {
        "kind": fix.kind,
        **_fix(fix),
        **_noted(fix),
        **_where_there_is_one("before", [{"kind": one.kind, **_fix(one), **_noted(one)} for one in outside[:-1]]),
        **(_where_there_is_one("changes", lines) if len(group) > 1 else {}),
        **_where_there_is_one("proof", proof and _proof(proof)),
    }


def _change(line: EnvFix) -> dict[str, Any]:
    return {"variable": line.variable, "value": line.value, "line": line.line}


def _proof(proof: Proof) -> dict[str, Any]:
    if proof.state is ProofState.UNTRIED:
        return {"state": proof.state.value, "why": proof.why_untried if proof.made else proof.why}
    counted = {"fine": proof.fine, "not_fine": proof.not_fine, "requests": proof.requests}
    when = _where_there_is_one("tried_at", proof.when)
    return {"state": proof.state.value, "passed": list(proof.passed), **counted, **when}


def _fix(fix: Fix) -> Mapping[str, Any]:
    match fix:
        case EnvFix():
            return _change(fix)
        case IamAllow():
            more = _all_there_is(way=fix.way, command=fix.command or fix.adds)
            return {"actions": list(fix.actions), "resources": list(fix.resources), **more, **_warned(fix)}
        case BucketPolicy():
            more = _where_there_is_one("command", fix.command)
            return {"statement": to_plain(fix.statement), **more, **_warned(fix)}
        case BucketSetting():
            return {"setting": fix.setting, "value": fix.value, "command": fix.command, **_warned(fix)}
        case ServerFix():
            return {"setting": fix.setting, "value": fix.value, **_where_there_is_one("place", fix.place)}
        case _:
            return {"text": fix.text}


def _noted(fix: Fix) -> dict[str, Any]:
    """What the screen says beside the fix."""
    return {} if isinstance(fix, Manual) else _where_there_is_one("note", fix.note)


def _warned(fix: IamAllow | BucketPolicy | BucketSetting) -> dict[str, Any]:
    return _where_there_is_one("warning", fix.warning)


def _all_there_is(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _asked(row: Observation) -> dict[str, Any]:
    """The action, and where it failed how it can be asked again and what support asks for."""
    if row.asked is None or not row.failed:
        return _action(row)
    first, curl = command(row), command(row, aws=False)
    request = {
        "time": row.asked.at,
        "method": row.method,
        "url": row.url,
        **_all_there_is(
            address=row.asked.address, ids=dict(row.asked.ids), command=first, curl="" if curl == first else curl
        ),
    }
    return {**_action(row), "request": request}


def _action(observation: Observation) -> dict[str, Any]:
    return {
        "id": observation.id,
        "title": observation.title,
        "operation": observation.operation,
        "as": observation.actor.value,
        "needs": list(observation.needs),
        "outcome": observation.outcome.value,
        "http_status": observation.http_status,
        "error_code": observation.error_code,
        "message": observation.message,
        "seconds": round(observation.seconds, 3),
        "reason": observation.reason,
        **_where_there_is_one("detail", detail(observation)),
    }
