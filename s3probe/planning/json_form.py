"""The plan as JSON: one object, or with several env files one that lists theirs. Fields may be added later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from s3probe import __version__
from s3probe.planning.model import HostRule, Plan

SCHEMA_VERSION = 1
PINGS = 2
"""Calls of the ping URL: one at the start, one at the end."""


def render(plans: Sequence[Plan], unread: Sequence[tuple[str, str]] = (), *, ascii_only: bool = False) -> str:
    """``unread``: the env files of which there is no plan, and why."""
    if len(plans) == 1 and not unread:
        data = as_data(plans[0])
    else:
        missed = [{"source": source, "message": message} for source, message in unread]
        listed = [as_data(plan) for plan in plans]
        data = {"schema_version": SCHEMA_VERSION, "plans": listed, **({"unread": missed} if missed else {})}
    return json.dumps(data, indent=2, ensure_ascii=ascii_only) + "\n"


def as_data(plan: Plan) -> dict[str, Any]:
    """One plan as JSON knows it."""
    most, trials = plan.limits, plan.trials
    return {
        "schema_version": SCHEMA_VERSION,
        "s3probe_version": __version__,
        "plan": {
            "profile": plan.profile,
            "thorough": plan.thorough,
            "only": [*plan.only],
            "skip": [*plan.skip],
            "asks_nothing_because": plan.nothing or None,
        },
        "subject": {
            "source": plan.source,
            "bucket": plan.bucket,
            "endpoint": plan.endpoint,
            "provider": plan.provider,
            "access_key_id": plan.access_key_id,
        },
        "proxy": plan.proxy or None,
        "hosts": [
            {
                "origin": host.origin,
                "signed": host.signed.value,
                "signed_because": host.signed_why or None,
                "visitor": host.visitor.value,
                "visitor_because": host.visitor_why or None,
            }
            for host in plan.hosts
        ],
        "other_hosts": [_rule(rule) for rule in plan.rules],
        "remarks": [*plan.remarks],
        "ping": {"origin": plan.ping, "requests": PINGS} if plan.ping else None,
        "dns_lookups": [*plan.lookups],
        "key_pair_from": [{"why": each.why, "address": each.address or None} for each in plan.sources],
        "run_id": {"stands_as": plan.run_id, "pattern": plan.run_id_pattern},
        "files": [
            {
                "key": file.key,
                "fate": file.fate.name.lower(),
                "acl": file.acl,
                "acl_afterwards": [*file.then],
                "content_type": file.kind,
                "when": file.when or None,
            }
            for file in plan.files
        ],
        "actions": [
            {
                "id": action.id,
                "title": action.title,
                "operation": action.operation,
                "as": action.actor.value,
                "needs": [*action.needs],
                "origins": [*action.origins],
                "when": action.when or None,
            }
            for action in plan.actions
        ],
        "beside": [
            {
                "when": occasion.when,
                "needs_a_failure": occasion.failure,
                "questions": [
                    {
                        "ids": [*question.ids],
                        "operation": question.operation,
                        "as": question.actor.value,
                        "origins": [*question.origins],
                    }
                    for question in occasion.questions
                ],
            }
            for occasion in plan.occasions
        ],
        "trials": {
            "none_because": trials.why_not or None,
            "examinations": trials.examinations,
            "requests": trials.requests,
            "acls": [acl or None for acl in trials.acls],
        },
        "at_most": {
            "requests": most.requests,
            "requests_when_nothing_fails": most.when_nothing_fails,
            "requests_by_part": {
                "examination": most.asked,
                "mastodon_server": most.beside,
                "trials": most.trials,
                "removing": most.removing,
            },
            "bytes_sent": most.bytes_sent,
            "bytes_received": most.bytes_received,
            "seconds": most.seconds,
            "seconds_for_removing": most.clean_up_seconds,
        },
        "removal": [*plan.removal],
    }


def _rule(rule: HostRule) -> dict[str, Any]:
    return {"signed": rule.signed, "why": rule.why, "patterns": [*rule.patterns], "without_tls": [*rule.plain]}
