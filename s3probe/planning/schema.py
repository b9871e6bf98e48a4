"""The JSON Schema of a plan, which ``s3probe schema`` prints beside that of a report."""

from __future__ import annotations

from typing import Any

from s3probe.evidence.vocabulary import Actor
from s3probe.planning.model import WhenAsked
from s3probe.probe.own_files import Fate

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_ACTOR: Schema = {"enum": [actor.value for actor in Actor]}
_TURN: Schema = {"enum": [turn.value for turn in WhenAsked]}


def with_plans(report: Schema) -> Schema:
    """The schema of reports, which then knows plans as well."""
    plans = _object(
        schema_version={"const": 1}, plans=_list({"$ref": "#/$defs/plan"}), may={"unread": _list(_unread())}
    )
    return {
        **report,
        "title": "Report or plan of s3probe",
        "description": f"{report['description']} With `check --plan` a plan.",
        "oneOf": [*report["oneOf"], {"$ref": "#/$defs/plan"}, {"$ref": "#/$defs/plans"}],
        "$defs": {**report["$defs"], "plan": _plan(), "plans": plans},
    }


def _object(*, may: Schema | None = None, said: str = "", **fields: Schema) -> Schema:
    """Every field is needed, but those of ``may``; ``as_`` stands for ``as``, which is a word of Python's."""
    needed = {name.removesuffix("_"): field for name, field in fields.items()}
    whole: Schema = {"type": "object", "properties": {**needed, **(may or {})}, "required": [*needed]}
    return {"description": said, **whole} if said else whole


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _unread() -> Schema:
    return _object(source=_TEXT, message=_TEXT)


def _plan() -> Schema:
    return _object(
        schema_version={"const": 1},
        s3probe_version=_TEXT,
        plan=_object(
            profile={"enum": ["full", "quick", "read-only"]},
            thorough=_FLAG,
            only=_TEXTS,
            skip=_TEXTS,
            asks_nothing_because=_TEXT_OR_NONE,
        ),
        subject=_object(source=_TEXT, bucket=_TEXT, endpoint=_TEXT, provider=_TEXT, access_key_id=_TEXT),
        proxy={"description": "The HTTP proxy over which all of it goes.", **_TEXT_OR_NONE},
        hosts=_list(
            _object(
                said="A place that is asked: scheme, host and port; whether with the key, and whether without.",
                origin=_TEXT,
                signed=_TURN,
                signed_because=_TEXT_OR_NONE,
                visitor=_TURN,
                visitor_because=_TEXT_OR_NONE,
            )
        ),
        other_hosts=_list(
            _object(
                said="A rule by which others are chosen; without patterns it leads wherever its text says.",
                signed=_FLAG,
                why=_TEXT,
                patterns=_TEXTS,
                without_tls=_TEXTS,
            )
        ),
        remarks=_TEXTS,
        ping={"oneOf": [{"type": "null"}, _object(origin=_TEXT, requests=_COUNT)]},
        dns_lookups=_TEXTS,
        key_pair_from=_list(_object(why=_TEXT, address=_TEXT_OR_NONE)),
        run_id=_object(stands_as=_TEXT, pattern=_TEXT),
        files=_list(
            _object(
                key=_TEXT,
                fate={"enum": [fate.name.lower() for fate in Fate]},
                acl=_TEXT_OR_NONE,
                acl_afterwards=_TEXTS,
                content_type=_TEXT,
                when={"description": "The rule; null: in any case.", **_TEXT_OR_NONE},
            )
        ),
        actions=_list(
            _object(
                id=_TEXT,
                title=_TEXT,
                operation=_TEXT,
                as_=_ACTOR,
                needs=_TEXTS,
                origins=_TEXTS,
                when=_TEXT_OR_NONE,
            )
        ),
        beside=_list(_object(when=_TEXT, needs_a_failure=_FLAG, questions=_list(_question()))),
        trials=_object(none_because=_TEXT_OR_NONE, examinations=_COUNT, requests=_COUNT, acls=_list(_TEXT_OR_NONE)),
        at_most=_object(
            requests=_COUNT,
            requests_when_nothing_fails=_COUNT,
            requests_by_part=_object(examination=_COUNT, mastodon_server=_COUNT, trials=_COUNT, removing=_COUNT),
            bytes_sent=_COUNT,
            bytes_received=_COUNT,
            seconds={"type": "number"},
            seconds_for_removing={"type": "number"},
        ),
        removal=_TEXTS,
    )


def _question() -> Schema:
    ids = {"description": "One that ends with a colon has a value behind it.", **_TEXTS}
    return _object(ids=ids, operation=_TEXT, as_=_ACTOR, origins=_TEXTS)
