"""The JSON report's schema (JSON Schema 2020-12), for ``s3probe schema``: every field of today, open to later ones."""

from __future__ import annotations

from typing import Any

from s3probe.diagnosis.model import Certainty, ProofState, Severity
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import Actor
from s3probe.report.model import Verdict

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "number", "minimum": 0}
_TEXT_OR_NONE: Schema = {"type": ["string", "null"]}


def schema() -> Schema:
    """One report, or with several env files the list of theirs."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of s3probe",
        "description": "What `s3probe check --format json` and `replay --format json` print. Fields are added later.",
        "oneOf": [{"$ref": "#/$defs/report"}, {"$ref": "#/$defs/reports"}],
        "$defs": {
            "reports": _record({"schema_version": {"const": 1}, "reports": _list({"$ref": "#/$defs/report"})}),
            "report": _report(),
            "finding": _finding(),
            "fix": _fix(),
            "change": _record(
                {"variable": _TEXT, "value": _TEXT_OR_NONE, "line": {"type": ["integer", "null"]}}, {"note": _TEXT}
            ),
            "proof": _proof(),
            "action": _action(),
        },
    }


def _record(needed: Schema, may: Schema | None = None, said: str = "") -> Schema:
    whole: Schema = {"type": "object", "properties": {**needed, **(may or {})}, "required": [*needed]}
    return {"description": said, **whole} if said else whole


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _report() -> Schema:
    told = _record({"id": _TEXT, "severity": _one_of(Severity), "title": _TEXT})
    run = {"id": _TEXT, "started": _TEXT, "seconds": _SECONDS, "profile": _TEXT}
    place = _record(
        {"host": _TEXT, "user": _TEXT, "container": {"type": "boolean"}},
        {"mastodon_elsewhere": _TEXT},
        "Where the run was made; keep it out of public threads.",
    )
    subject = ("source", "bucket", "region", "endpoint", "provider", "addressing", "acl", "key_prefix", "public_base")
    names = _list(_TEXT)
    cleanup = {"created": _COUNT, "removed": _COUNT, "left_behind": names}
    elsewhere = _record({"name": _TEXT, "endpoint": _TEXT, "bucket": _TEXT})
    by_operation = {"type": "object", "additionalProperties": _COUNT}
    cost = {"requests": _COUNT, "by_operation": by_operation, "bytes_sent": _COUNT, "bytes_received": _COUNT}
    trial = {
        "changes": _list({"$ref": "#/$defs/change"}),
        "result": _TEXT,
        "actions": _list({"$ref": "#/$defs/action"}),
        "requests": _COUNT,
    }
    return _record(
        {
            "schema_version": {"const": 1},
            "s3probe_version": _TEXT,
            "run": _record(run, {"mastodon_version": _TEXT, "mastodon_version_from": _TEXT, "place": place}),
            "subject": _record(dict.fromkeys((*subject, "access_key_id"), _TEXT)),
            "verdict": _one_of(Verdict),
            "findings": _list({"$ref": "#/$defs/finding"}),
            "actions": _list({"$ref": "#/$defs/action"}),
            "cleanup": _record(cleanup, {"may_arrive": names, "earlier": names, "elsewhere": _list(elsewhere)}),
            "cost": _record(cost),
        },
        # not in every report of this schema's version: what 0.1.0 wrote keeps to it as well
        {
            "rule_errors": _list(_record({"rule": _TEXT, "error": _TEXT, "place": _TEXT})),
            "trials": _list(_record(trial, {"repeated": _list({"$ref": "#/$defs/action"})})),
            "consequences": _list(_record({"id": _TEXT, "severity": _one_of(Severity), "title": _TEXT, "of": _TEXT})),
            "left_out": {"description": "What is there and was left out (--skip, --only).", **_list(told)},
        },
    )


def _one_of(words: type[Severity] | type[Certainty] | type[Verdict] | type[Outcome] | type[Actor]) -> Schema:
    return {"enum": [word.value for word in words]}


def _finding() -> Schema:
    return _record(
        {
            "id": _TEXT,
            "severity": _one_of(Severity),
            "certainty": _one_of(Certainty),
            "title": _TEXT,
            "setting": _TEXT_OR_NONE,
            "permission": _TEXT_OR_NONE,
            "consequence": _TEXT,
            "because": _list(_TEXT),
            "fixes": {"description": "Best first.", **_list({"$ref": "#/$defs/fix"})},
            "links": _list(_TEXT),
        },
        {"how_known": _TEXT, "remark": _TEXT},
    )


def _fix() -> Schema:
    fields: Schema = {
        "variable": _TEXT,
        "value": _TEXT_OR_NONE,
        "line": {"type": ["integer", "null"]},
        "actions": _list(_TEXT),
        "resources": _list(_TEXT),
        "way": {"description": "How this provider gives those rights, in words.", **_TEXT},
        "statement": {"type": "object"},
        "setting": _TEXT,
        "place": {"description": "Where lines of a web server or of another file stand.", **_TEXT},
        "command": _TEXT,
        "text": _TEXT,
        "warning": {"description": "What is lost by it.", **_TEXT},
        "note": {"description": "What the screen says beside it.", **_TEXT},
    }
    kind: Schema = {"kind": {"enum": ["env", "iam-allow", "bucket-policy", "bucket-setting", "server", "manual"]}}
    return _record(
        kind,
        {
            **fields,
            "before": {"description": "What has to be done before it.", **_list(_record(kind, fields))},
            "changes": {"description": "Lines that belong together.", **_list({"$ref": "#/$defs/change"})},
            "proof": {"$ref": "#/$defs/proof"},
        },
    )


def _proof() -> Schema:
    tried = {"state": {"const": ProofState.TRIED.value}, "passed": _list(_TEXT), "fine": _COUNT, "not_fine": _COUNT}
    return {
        "oneOf": [
            _record({**tried, "requests": _COUNT}, {"tried_at": _TEXT}),
            _record({"state": {"const": ProofState.UNTRIED.value}, "why": _TEXT}),
        ]
    }


def _action() -> Schema:
    ids = {"type": "object", "additionalProperties": _TEXT}
    request = _record(
        {"time": _TEXT, "method": _TEXT, "url": _TEXT},
        {
            "address": {"description": "IP address and port that it was sent to.", **_TEXT},
            "ids": {"description": "Headers of the answer by which the provider finds it.", **ids},
            "command": {"description": "What makes it in a shell; the keys are in its environment.", **_TEXT},
            "curl": {"description": "The same without aws, where that command takes it.", **_TEXT},
        },
        "How it was asked, of an action that failed.",
    )
    return _record(
        {
            "id": _TEXT,
            "title": _TEXT,
            "operation": _TEXT,
            "as": _one_of(Actor),
            "needs": _list(_TEXT),
            "outcome": _one_of(Outcome),
            "http_status": {"type": ["integer", "null"]},
            "error_code": _TEXT_OR_NONE,
            "message": _TEXT_OR_NONE,
            "seconds": _SECONDS,
            "reason": _TEXT_OR_NONE,
        },
        {
            "detail": {"description": "What was wrong with an answer whose status does not tell it.", **_TEXT},
            "request": request,
        },
    )
