"""IAM's matching rules."""

from __future__ import annotations

import pytest

from s3probe.sandbox.statements import Question, Statement, applies, glob_match
from tests.every import every

QUESTION = Question("s3:PutObject", "arn:aws:s3:::b/k", "arn:aws:iam::1:user/u", "1", {"aws:sourceip": "192.0.2.7"})


def statement(**data: object) -> Statement:
    return Statement.from_json({"Effect": "Allow", "Action": "s3:*", "Resource": "*", **data})


@every(
    "data, expected",
    [
        ({"Action": "s3:putobject"}, True),
        ({"Action": ["s3:Put*Acl", "s3:Get*"]}, False),
        ({"Resource": "arn:aws:s3:::b"}, False),
        ({"Resource": "arn:aws:s3:::b/*"}, True),
        ({"Resource": "arn:aws:s3:::B/*"}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "1"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::1:user/other"]}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, True),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}}, False),
        ({"Condition": {"StringEquals": {"s3:x-amz-acl": "private"}}}, False),
        ({"Condition": {"StringNotEquals": {"s3:x-amz-acl": "private"}}}, True),
        ({"Condition": {"StringEqualsIfExists": {"s3:x-amz-acl": "private"}}}, True),
        ({"Condition": {"Null": {"s3:x-amz-acl": True}}}, True),
        ({"Condition": {"Null": {"aws:SourceIp": "true"}}}, False),
    ],
)
def test_matching(data: dict[str, object], expected: bool) -> None:
    assert applies(statement(**data), QUESTION) is expected


def test_not_elements() -> None:
    data = {
        "Effect": "Deny",
        "NotAction": "s3:Get*",
        "NotResource": "arn:aws:s3:::b/other",
        "NotPrincipal": {"AWS": "2"},
    }
    assert applies(Statement.from_json(data), QUESTION)
    assert not applies(Statement.from_json({**data, "NotPrincipal": {"AWS": "1"}}), QUESTION)


def test_a_named_principal_never_matches_an_anonymous_caller() -> None:
    assert not applies(statement(Principal={"AWS": ""}), Question("s3:GetObject", "arn:aws:s3:::b/k"))


def test_only_star_and_question_mark_are_wildcards() -> None:
    assert glob_match("a[b]?*", "a[b]c")
    assert not glob_match("a[b]?*", "abc")


def test_json_there_and_back() -> None:
    data = {
        "Sid": "S", "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"],
        "Condition": {"StringLike": {"aws:Referer": ["https://x/*"]}},
    }  # fmt: skip
    assert Statement.from_json(data).to_json() == data


def test_an_operator_it_cannot_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="DateLessThan"):
        statement(Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01"}})


@pytest.mark.parametrize(
    ("data", "public"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "1"}}, False),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, False),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:Referer": "x"}}}, True),
        ({"Principal": "*", "Effect": "Deny"}, False),
    ],
)
def test_what_counts_as_public(data: dict[str, object], public: bool) -> None:
    assert statement(**data).is_public is public
