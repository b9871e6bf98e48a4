"""Reads that Mastodon's key should be refused: a key that may do them may do too much. Nothing is ever written."""

from __future__ import annotations

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
    return (Outcome.WRONG, {}) if answer.status == 200 and not is_policy else (None, {})
