"""Reads that Mastodon's key should be refused: a key that may do them may do too much. Nothing is ever written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from heapq import nlargest

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import Experiment, Fact, Facts
from s3probe.patterns import regex
from s3probe.probe.client import BUCKET_NAME
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Judge, Session
from s3probe.probe.xml import bucket_names, root_name, tenant_of

_MOMENT = regex(r":\d\d\.(?!0+\D)\d{3}")
"""A time that is known to the millisecond."""
LISTING = "s3:ListBucket"
MOST_NAMES = 50
"""Names of buckets that are kept, of as many as there may be."""
LONGEST_POLICY = 20 * 1024
"""Characters (AWS, "Bucket policy size limit")."""


def more_than_needed(session: Session) -> Iterator[Step]:
    """The list of all buckets, and the text of the bucket policy."""
    wire = session.conditions.wire
    buckets = wire.read("ListBuckets", "")
    yield Step(
        Experiment.LIST_BUCKETS,
        lambda: session.ask(Experiment.LIST_BUCKETS, buckets, names(session), title="Buckets of this key"),
    )
    yield bucket_policy(session)


def bucket_policy(session: Session) -> Step:
    policy = session.conditions.wire.read("GetBucketPolicy", "policy")
    return Step(
        Experiment.READ_POLICY,
        lambda: session.ask(Experiment.READ_POLICY, policy, judge_policy, title="The bucket policy"),
    )


def names(session: Session) -> Judge:
    """The buckets of a ListBuckets answer, as facts; a bucket may stand there under several names (Garage)."""
    bucket = session.conditions.settings.bucket_name

    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        if root_name(answer.body) != "ListAllMyBucketsResult":
            return (Outcome.WRONG if answer.status == 200 else None), {}
        shown = {name: _bucket(name, made) for name, made in bucket_names(answer.body).items()}
        found = {name: itself for name, itself in shown.items() if BUCKET_NAME.fullmatch(name)}
        aliases = [name for name, itself in found.items() if itself == found.get(bucket) and name != bucket]
        owned = tenant_of(answer.body)
        from difflib import SequenceMatcher  # hardly any run comes here

        # those most like the file's own, which stands first where it is among them
        near = nlargest(MOST_NAMES, found, key=lambda name: SequenceMatcher(None, name, bucket).quick_ratio())
        return None, {
            **({Fact.TENANT: owned} if owned else {}),
            Fact.NAMES: " ".join(near if len(found) > MOST_NAMES else found),
            Fact.ALIASES: " ".join(aliases[:MOST_NAMES]),
            Fact.COUNT: str(len(set(shown.values()))),
        }

    return judge


def _bucket(name: str, made: str) -> str:
    """Two buckets are not made in one and the same millisecond: names of the same moment mean one bucket."""
    return made if _MOMENT.search(made) else name


def judge_policy(answer: Answer) -> tuple[Outcome | None, Facts]:
    """What a bucket policy denies, and all that stands in it."""
    # stores that do not know ?policy list the bucket instead: a policy is JSON with statements
    is_policy = answer.body.lstrip().startswith(b"{") and b'"Statement"' in answer.body
    if answer.status == 200 and not is_policy:
        return Outcome.WRONG, {}
    if answer.status != 200:
        return None, {}
    always, sometimes = denied_actions(answer.body), denied_actions(answer.body, on_condition=True)
    denies: Facts = {Fact.DENIES: " ".join(always[:30]), Fact.DENIES_IF: " ".join(sometimes[:30])}
    return None, {**denies, **_statements(answer.body)}


def _statements(policy: bytes) -> Facts:
    """The policy's statements, so that a fix can keep them; nothing of a policy that is longer than AWS's longest."""
    try:
        found = json.loads(policy)["Statement"]
        text = json.dumps(found if isinstance(found, list) else [found], separators=(",", ":"))
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return {Fact.STATEMENTS: text} if len(text) <= LONGEST_POLICY else {}


def denied_actions(policy: bytes, on_condition: bool = False) -> list[str]:
    """The actions that a bucket policy denies, as written (``s3:Put*``): always, or on a condition.

    Of a statement on the bucket alone only what Mastodon asks of the bucket itself: to list it.
    """
    try:
        statements = json.loads(policy)["Statement"]
        found: set[str] = set()
        for statement in statements if isinstance(statements, list) else [statements]:
            resources, actions = _listed(statement.get("Resource")), _listed(statement.get("Action"))
            on_objects = any("/" in resource or resource == "*" for resource in resources)
            asked_for = bool(statement.get("Condition")) is on_condition
            if statement.get("Effect") == "Deny" and "Principal" in statement and resources and asked_for:
                found.update(actions if on_objects else [LISTING] if _includes(actions, LISTING) else [])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # no policy as AWS writes them
    return sorted(found)


def _includes(patterns: list[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
