"""Which names of a key's buckets are used: those that a bucket can have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from s3probe.evidence.vocabulary import Fact
from s3probe.probe.exchange import Answer
from s3probe.probe.privilege import names
from s3probe.probe.session import Session

SESSION = cast("Session", SimpleNamespace(conditions=SimpleNamespace(settings=SimpleNamespace(bucket_name="files"))))


@pytest.mark.parametrize(
    "odd", ["file\ns", "file s", "evil.example/x", "x@evil.example", "..", "file?policy", "fi&#233;s"]
)
def test_a_name_that_no_bucket_has_is_not_used(odd: str) -> None:
    listed = f"<Bucket><Name>{odd}</Name></Bucket><Bucket><Name>Old.files_2-x</Name></Bucket>"
    body = f"<ListAllMyBucketsResult><Buckets>{listed}</Buckets></ListAllMyBucketsResult>".encode()
    _outcome, facts = names(SESSION)(Answer(200, body=body))
    assert facts[Fact.NAMES] == "Old.files_2-x"
    assert facts[Fact.COUNT] == "2"
