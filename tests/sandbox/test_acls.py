"""ACLs, Object Ownership, Block Public Access: moto stores these settings and ignores them."""

from __future__ import annotations

import pytest

from s3probe.sandbox.scenario import healthy, healthy_policy
from s3probe.sandbox.world import ALL_BLOCKED, Ownership, PublicAccessBlock
from tests.sandbox.client import PATH, SandboxClient
from tests.sandbox.conftest import Serve


def acl(value: str) -> dict[str, str]:
    return {"x-amz-acl": value}


@pytest.mark.parametrize(("value", "status"), [("public-read", 200), ("private", 403), ("authenticated-read", 403)])
def test_the_object_acl_decides_for_visitors(serve: Serve, value: str, status: int) -> None:
    client = SandboxClient(serve(healthy()))
    assert client.call("PUT", headers=acl(value), body=b"x").status == 200
    assert client.visit("GET").status == status


def test_putobjectacl_takes_effect_and_shows(serve: Serve) -> None:
    from s3probe.sandbox.scenario import OBJECT_ACTIONS
    from s3probe.sandbox.statements import Statement

    allow = Statement("Allow", (*OBJECT_ACTIONS, "s3:GetObjectAcl"), ("*",))
    client = SandboxClient(serve(healthy().with_user(identity=(allow,))))
    client.call("PUT", headers=acl("public-read"), body=b"x")
    assert b"groups/global/AllUsers" in client.call("GET", PATH + "?acl").body
    assert client.call("PUT", PATH + "?acl", acl("private")).status == 200
    assert b"AllUsers" not in client.call("GET", PATH + "?acl").body
    assert client.visit("GET").status == 403
    assert client.call("GET").body == b"x"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("public-read", (400, "AccessControlListNotSupported")),
        ("private", (400, "AccessControlListNotSupported")),
        ("bucket-owner-full-control", (200, "")),
        ("none", (400, "InvalidArgument")),
    ],
)
def test_bucketownerenforced_refuses_acls(serve: Serve, value: str, expected: tuple[int, str]) -> None:
    client = SandboxClient(serve(healthy_policy()))
    assert client.call("PUT", body=b"x").status == 200
    assert client.call("PUT", headers=acl(value), body=b"x").brief == expected
    assert client.call("POST", PATH + "?uploads", acl(value)).brief == expected


def test_private_can_be_let_through_when_enforced(serve: Serve) -> None:
    scenario = healthy_policy().with_personality(private_accepted_when_enforced=True)
    client = SandboxClient(serve(scenario))
    assert client.call("PUT", headers=acl("private"), body=b"x").status == 200
    assert client.call("PUT", PATH + "?acl", acl("private")).code == "AccessControlListNotSupported"


def test_enforcing_ownership_takes_old_acls_away(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(ownership=Ownership.ENFORCED, acl="public-read")))
    assert client.visit("GET", "/").status == 403


@pytest.mark.parametrize("level", ["bucket", "account"])
def test_blockpublicacls_refuses_public_acls_only(serve: Serve, level: str) -> None:
    base = healthy().with_bucket(block=PublicAccessBlock())
    block = PublicAccessBlock(block_public_acls=True)
    client = SandboxClient(
        serve(base.with_bucket(block=block) if level == "bucket" else base.with_account(block=block))
    )
    assert client.call("PUT", body=b"x").status == 200
    assert client.call("PUT", headers=acl("private"), body=b"x").status == 200
    assert client.call("PUT", PATH + "?acl", acl("private")).status == 200
    for answer in (
        client.call("PUT", headers=acl("public-read"), body=b"x"),
        client.call("POST", PATH + "?uploads", acl("public-read")),
        client.call("PUT", PATH + "?acl", acl("public-read")),
    ):
        assert answer.brief == (403, "AccessDenied")


def test_ignorepublicacls_accepts_and_ignores(serve: Serve) -> None:
    client = SandboxClient(
        serve(healthy().with_bucket(block=PublicAccessBlock(ignore_public_acls=True), acl="public-read"))
    )
    assert client.call("PUT", headers=acl("public-read"), body=b"x").status == 200
    assert client.visit("GET").status == 403
    assert client.visit("GET", "/").status == 403


def test_a_public_bucket_acl_lists_but_opens_no_object(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(acl="public-read")))
    client.call("PUT", body=b"x")
    assert client.visit("GET", "/?list-type=2&max-keys=1").tag("KeyCount") == "1"
    assert client.visit("GET").status == 403
    assert client.visit("PUT", "/other", body=b"x").status == 403


def test_a_writable_bucket_acl_lets_anyone_write_and_delete(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(acl="public-read-write")))
    assert client.visit("PUT", "/other", body=b"x").status == 200
    assert client.visit("DELETE", "/other").status == 204


def test_the_settings_can_be_read_by_who_may(serve: Serve) -> None:
    from s3probe.sandbox.statements import Statement

    client = SandboxClient(serve(healthy().with_bucket(block=ALL_BLOCKED)))
    assert client.call("GET", "/?publicAccessBlock").status == 403
    allow = Statement("Allow", ("s3:Get*",), ("*",))
    client = SandboxClient(serve(healthy_policy().with_user(identity=(allow,)).with_bucket(block=PublicAccessBlock())))
    assert client.call("GET", "/?publicAccessBlock").code == "NoSuchPublicAccessBlockConfiguration"
    assert client.call("GET", "/?ownershipControls").tag("ObjectOwnership") == "BucketOwnerEnforced"
    assert client.call("GET", "/?location").tag("LocationConstraint") == ""
    assert b"eu-west-2</LocationConstraint>" in client.call("GET", "/?location").body
