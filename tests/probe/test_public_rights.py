"""What the storage says about who may read, as facts."""

from __future__ import annotations

import pytest

from s3probe.evidence.vocabulary import Fact
from s3probe.probe.exchange import Answer
from s3probe.probe.public_rights import judge_acl


@pytest.mark.parametrize(
    ("owner", "tenant"),
    [
        ("contoso$user", "contoso"),
        ("con_toso$u$ser", "con_toso"),
        ("user", None),
        ("$user", None),
        ("a b$user", None),
        ("a\nHost: x$user", None),
        ("/evil.example$user", None),
        ("a?b#c$user", None),
    ],
)
def test_a_tenant_is_believed_only_by_its_grammar(owner: str, tenant: str | None) -> None:
    """It becomes a part of the address that a visitor is sent to."""
    body = f"<AccessControlPolicy><Owner><ID>{owner}</ID></Owner></AccessControlPolicy>".encode()
    outcome, facts = judge_acl(Answer(200, body=body))
    assert (outcome, facts.get(Fact.TENANT)) == (None, tenant)
