"""What the server itself says a key may, where it tells each key so (MinIO's AccountInfo).

The S3 API of such a server says ``AccessDenied`` to all that is refused: to a right that nobody has given, to one that
some policy denies, and to an upload that its disk does not take. The policies of the key's user and of his groups tell
them apart (measured: MinIO 7aac2a2c5). An access key's own policy is not among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact, Facts
from s3probe.knowledge.policies import BUCKET_REASONS, OBJECT_REASONS, bucket_arn
from s3probe.knowledge.store import store_seen
from s3probe.probe.exchange import Answer
from s3probe.probe.own_files import FOLDERS
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.settings.mastodon import probe_key
from s3probe.settings.model import Settings

Statement = Mapping[str, object]


def what_the_key_may(session: Session) -> Iterator[Step]:
    """Asked where anything was refused that Mastodon does."""
    rows = session.book.rows()
    signed = (row for row in rows if row.actor is Actor.MASTODON or row.id == ActionId.PRESIGNED_GET)
    refused = any(row.outcome is Outcome.DENIED and row.needs for row in signed)
    path = store_seen(session.conditions.settings, rows).account_info
    if refused and path:
        call, title = session.conditions.wire.account(path), "What the server says this key may"
        judge = partial(_judge, session=session)
        yield Step(Experiment.ACCOUNT, lambda: session.ask(Experiment.ACCOUNT, call, judge, title=title))


def _judge(answer: Answer, session: Session) -> tuple[Outcome | None, Facts]:
    if answer.status != 200:
        return None, {}
    try:
        told = json.loads(answer.body)
        statements = told["Policy"]["Statement"] or []
        own = told["AccountName"] == session.conditions.wire.credentials.access_key_id
        return None, {**rights(statements, session.conditions.settings), Fact.OF_USER: "" if own else "yes"}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Outcome.WRONG, {}


def rights(statements: Sequence[Statement], settings: Settings) -> Facts:
    """Which of Mastodon's rights these policies allow in all its folders, and deny in any, always or on a condition."""
    bucket = bucket_arn(settings.bucket_name)
    files = tuple(f"{bucket}/{probe_key(settings, class_path, 'run', 'a.png')}" for class_path in FOLDERS)
    places = {**dict.fromkeys(OBJECT_REASONS, files), **dict.fromkeys(BUCKET_REASONS, (bucket,))}
    found: dict[Fact, list[str]] = {Fact.ALLOWS: [], Fact.DENIES: [], Fact.DENIES_IF: []}
    for action, resources in places.items():
        denying = [one for one in statements if any(_speaks(one, "Deny", action, place) for place in resources)]
        allowed = all(any(_speaks(one, "Allow", action, place) for one in statements) for place in resources)
        conditions = [bool(one.get("Condition")) for one in denying]
        if denying:
            found[Fact.DENIES_IF if all(conditions) else Fact.DENIES].append(action)
        elif allowed:
            found[Fact.ALLOWS].append(action)
    return {**{name: " ".join(actions) for name, actions in found.items()}, Fact.COUNT: str(len(statements))}


def _speaks(statement: Statement, effect: str, action: str, resource: str) -> bool:
    """Whether it has that effect there. An Allow on a condition is none to count on."""
    if statement.get("Effect") != effect or (effect == "Allow" and statement.get("Condition")):
        return False
    # MinIO reads bucket/* as the bucket, too
    return _names(statement, "Action", action.lower()) and any(
        _names(statement, "Resource", place) for place in (resource, f"{resource}/")
    )


def _names(statement: Statement, element: str, text: str) -> bool:
    named, others = (_texts(statement.get(name), element) for name in (element, f"Not{element}"))
    return not _matches(text, others) if others else _matches(text, named)


def _texts(value: object, element: str) -> list[str]:
    texts = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    return [text.lower() for text in texts] if element == "Action" else texts


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
