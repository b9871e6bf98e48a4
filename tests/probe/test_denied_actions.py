"""Which refusals a bucket policy explains: only a Deny on objects that always holds."""

from __future__ import annotations

import json

import pytest

from s3probe.probe.privilege import denied_actions

DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::media/*"}


def _policy(*statements: object) -> bytes:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}).encode()


def test_an_unconditional_deny_on_objects_is_told() -> None:
    more = DENY | {"Action": ["s3:Delete*", "s3:PutObject"], "Resource": ["arn:aws:s3:::media", "arn:aws:s3:::media/*"]}
    assert denied_actions(_policy(DENY, more)) == ["s3:Delete*", "s3:PutObject"]


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
