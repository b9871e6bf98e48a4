"""Which refusals a bucket policy explains: only a Deny on objects that always holds."""

from __future__ import annotations

import json

import pytest

from s3probe.evidence.vocabulary import Fact
from s3probe.probe.exchange import Answer
from s3probe.probe.privilege import LONGEST_POLICY, denied_actions, judge_policy

DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::media/*"}


def _policy(*statements: object) -> bytes:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}).encode()


def test_an_unconditional_deny_on_objects_is_told() -> None:
    more = DENY | {"Action": ["s3:Delete*", "s3:PutObject"], "Resource": ["arn:aws:s3:::media", "arn:aws:s3:::media/*"]}
    assert denied_actions(_policy(DENY, more)) == ["s3:Delete*", "s3:PutObject"]


@pytest.mark.parametrize("written", ["s3:ListBucket", "s3:List*", ["s3:PutObject", "s3:*"]])
def test_of_a_deny_on_the_bucket_the_listing_is_told(written: object) -> None:
    assert denied_actions(_policy(DENY | {"Action": written, "Resource": "arn:aws:s3:::media"})) == ["s3:ListBucket"]


@pytest.mark.parametrize(
    "other",
    [
        DENY | {"Effect": "Allow"},
        DENY | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        DENY | {"Resource": "arn:aws:s3:::media"},
        {name: value for name, value in DENY.items() if name != "Principal"} | {"NotPrincipal": {"AWS": "x"}},
    ],
)
def test_what_may_not_concern_the_request_is_left_out(other: object) -> None:
    assert denied_actions(_policy(other)) == []


@pytest.mark.parametrize(
    "text", [b"", b"<ListBucketResult/>", b"[]", b'{"Statement": 3}', b'{"Statement": ["x"]}', b"[" * 100_000]
)
def test_what_is_no_policy_denies_nothing(text: bytes) -> None:
    assert denied_actions(text) == []


def test_what_stands_in_the_policy_is_kept_for_the_fix() -> None:
    told = judge_policy(Answer(200, body=_policy(DENY)))[1]
    assert json.loads(told[Fact.STATEMENTS]) == [DENY]
    alone = json.dumps({"Statement": DENY}).encode()
    assert json.loads(judge_policy(Answer(200, body=alone))[1][Fact.STATEMENTS]) == [DENY]


@pytest.mark.parametrize(
    "answer", [Answer(403, body=b"<Error/>"), Answer(200, body=_policy(DENY | {"Sid": "x" * LONGEST_POLICY}))]
)
def test_of_a_refusal_and_of_what_is_longer_than_a_policy_nothing_is_kept(answer: Answer) -> None:
    assert Fact.STATEMENTS not in judge_policy(answer)[1]
