"""Reads that Mastodon's key should be refused: a key that may do them may do too much. Nothing is ever written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from s3probe.probe.evidence import Outcome
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.probe.xml import bucket_names, root_name


def too_much(session: Session) -> Iterator[Step]:
    """The list of all buckets, and the text of the bucket policy."""
    wire = session.world.wire
    buckets, policy = wire.read("ListBuckets", ""), wire.read("GetBucketPolicy", "policy")
    yield Step("buckets", lambda: session.ask("try-list-buckets", buckets, names, title="Buckets of this key"))
    yield Step("policy-text", lambda: session.ask("try-read-policy", policy, _policy, title="The bucket policy"))


def names(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    """The buckets of a ListBuckets answer, as a fact."""
    found = bucket_names(answer.body)
    listing = root_name(answer.body) == "ListAllMyBucketsResult"
    wrong = Outcome.WRONG if answer.status == 200 and not listing else None
    return wrong, {"names": " ".join(found[:50]), "count": str(len(found))} if listing else {}


def _policy(answer: Answer) -> tuple[Outcome | None, Mapping[str, str]]:
    # stores that do not know ?policy list the bucket instead: a policy is JSON with statements
    is_policy = answer.body.lstrip().startswith(b"{") and b'"Statement"' in answer.body
    if answer.status == 200 and not is_policy:
        return Outcome.WRONG, {}
    return None, {"denies": " ".join(denied_actions(answer.body)[:30])}


def denied_actions(policy: bytes) -> list[str]:
    """The actions that a bucket policy denies on objects without a condition, as written (``s3:Put*``)."""
    try:
        statements = json.loads(policy)["Statement"]
        found: set[str] = set()
        for statement in statements if isinstance(statements, list) else [statements]:
            on_objects = any("/" in resource or resource == "*" for resource in _listed(statement.get("Resource")))
            if statement.get("Effect") == "Deny" and "Principal" in statement and on_objects:
                found.update(_listed(statement.get("Action")) if not statement.get("Condition") else ())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # no policy as AWS writes them
    return sorted(found)


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
