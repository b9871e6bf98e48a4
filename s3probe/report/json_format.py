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
from s3probe.report.detail import detail
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report

SCHEMA_VERSION = 1


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """One object; with several env files an object that lists theirs."""
    one = len(reports) + len(options.unexamined) == 1 and reports
    data = as_data(reports[0]) if one else {"schema_version": SCHEMA_VERSION, "reports": [*map(as_data, reports)]}
    return json.dumps(data, indent=2, ensure_ascii=options.ascii) + "\n"


def as_data(report: Report) -> dict[str, Any]:
    """One report as JSON knows it."""
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
        },
        "subject": to_plain(report.subject),
        "verdict": report.verdict.value,
        "findings": [_finding(finding) for finding in report.findings],
        "rule_errors": [{"rule": e.rule, "error": e.error, "place": e.place} for e in report.rule_errors],
        "actions": [_action(observation) for observation in report.evidence.observations],
        **_totals(report.evidence),
        **_where_there_is_one("trials", [_trial(trial) for trial in report.trials]),
        **_where_there_is_one("consequences", [to_plain(one) for one in report.consequences]),
        **_where_there_is_one("left_out", [to_plain(one) for one in report.left_out]),
    }


def _where_there_is_one(name: str, value: object) -> dict[str, object]:
    return {name: value} if value else {}


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
    lines = [_change(fix) for fix in group if isinstance(fix, EnvFix)]
    outside = [fix for fix in group if not isinstance(fix, EnvFix)]
    fix = outside[-1] if outside else first
    proof = None if isinstance(first, Manual) else first.proof
    return {
        "kind": fix.kind,
        **_fix(fix),
        **_where_there_is_one("before", [{"kind": one.kind, **_fix(one)} for one in outside[:-1]]),
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
            command = _where_there_is_one("command", fix.command)
            return {"actions": list(fix.actions), "resources": list(fix.resources), **command}
        case BucketPolicy():
            return {"statement": to_plain(fix.statement)}
        case BucketSetting():
            return {"setting": fix.setting, "value": fix.value, "command": fix.command}
        case ServerFix():
            return {"setting": fix.setting, "value": fix.value}
        case _:
            return {"text": fix.text}


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
