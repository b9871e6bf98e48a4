"""The upload that Mastodon makes comes first; the one without an ACL waits for it alone, and keeps nothing waiting."""

from __future__ import annotations

import pytest

from s3probe.evidence.vocabulary import ActionId
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.sandbox.scenario import healthy, healthy_policy
from tests.runs import OPTIONS, Ran, run

REFUSED = Answer(
    403,
    {"content-type": "application/xml", "x-amz-request-id": "1"},
    b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
)


class _Refusing:
    """Refuses every upload of a file whose name ends so."""

    def __init__(self, inner: Transport, name: str) -> None:
        self._inner, self._name = inner, name

    def send(self, call: Call, limits: Limits) -> Answer:
        refused = call.operation == "PutObject" and call.url.partition("?")[0].endswith(self._name)
        return REFUSED if refused else self._inner.send(call, limits)


def uploads(ran: Ran) -> list[str]:
    """The names of what was uploaded to media, in order."""
    sent = (one.path.rpartition("/")[2] for one in ran.requests if one.method == "PUT" and not one.query)
    return [name for name in sent if name in ("with-acl.png", "without-acl.png")]


def test_the_upload_with_the_acl_comes_first_and_the_other_is_hidden() -> None:
    ran = run(healthy())
    assert uploads(ran) == ["with-acl.png", "without-acl.png"]
    hidden = ran.report.evidence.get(ActionId.PUT_ACL_PRIVATE)
    assert hidden is not None
    assert hidden.ok
    assert "/without-acl.png" in (hidden.url or "")


def test_where_no_acl_is_sent_there_is_one_upload() -> None:
    assert uploads(run(healthy_policy())) == ["without-acl.png"]


@pytest.mark.parametrize("name", ["without-acl.png", "with-acl.png"])
def test_where_one_of_them_is_refused_the_other_tells_the_rest(name: str) -> None:
    ran = run(healthy(), OPTIONS, lambda inner: _Refusing(inner, name))
    rows = ran.report.evidence
    refused, taken = rows.get(ActionId.PUT_WITHOUT_ACL), rows.get(ActionId.PUT_WITH_ACL)
    assert refused is not None
    assert taken is not None
    assert (refused.ok, taken.ok) == (name == "with-acl.png", name == "without-acl.png")
    hidden, seen = rows.get(ActionId.PUT_ACL_PRIVATE), rows.get(ActionId.PUBLIC_GET)
    if name == "without-acl.png":  # what visitors have looked at is hidden after that
        assert hidden is not None
        assert seen is not None
        assert (hidden.ok, seen.ok) == (True, True)
        assert "/with-acl.png" in (hidden.url or "")
    assert ran.left == ()
