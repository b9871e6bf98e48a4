"""Who may do what: the places where moto is kinder than AWS."""

from __future__ import annotations

import pytest

from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.scenario import Scenario, healthy, healthy_policy, public_media
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import ALL_BLOCKED, Account, Ownership, PublicAccessBlock, User
from tests.sandbox.client import HOST, PATH, SandboxClient
from tests.sandbox.conftest import Serve

OBJECT = "arn:aws:s3:::files-example/media_attachments/files/1/original/a b+c.png"
PUBLIC = {"x-amz-acl": "public-read"}


def denied(action: str, resource: str, why: str) -> str:
    who = "arn:aws:iam::123456789012:user/mastodon"
    return f'User: {who} is not authorized to perform: {action} on resource: "{resource}" {why}'


def test_an_acl_header_needs_putobjectacl(serve: Serve) -> None:
    client = SandboxClient(serve(without("s3:PutObjectAcl")(healthy())))
    assert client.call("PUT", body=b"x").status == 200
    for acl in ("public-read", "private", "bucket-owner-full-control"):
        answer = client.call("PUT", headers={"x-amz-acl": acl}, body=b"x")
        assert answer.brief == (403, "AccessDenied")
        assert answer.tag("Message") == denied(
            "s3:PutObjectAcl", OBJECT, "because no identity-based policy allows the s3:PutObjectAcl action"
        )
    assert client.call("POST", PATH + "?uploads", PUBLIC).status == 403
    assert client.call("POST", PATH + "?uploads").status == 200


@pytest.mark.parametrize(
    ("action", "method", "query", "status"),
    [
        ("s3:PutObject", "PUT", "", 403),
        ("s3:PutObject", "POST", "?uploads", 403),
        ("s3:GetObject", "HEAD", "", 403),
        ("s3:GetObject", "GET", "", 403),
        ("s3:DeleteObject", "DELETE", "", 403),
        ("s3:DeleteObject", "GET", "", 200),
    ],
)
def test_each_action_guards_its_operations(serve: Serve, action: str, method: str, query: str, status: int) -> None:
    box = serve(without(action)(healthy()))
    if action != "s3:PutObject":
        SandboxClient(box).call("PUT", headers=PUBLIC, body=b"x")
    assert SandboxClient(box).call(method, PATH + query).status == status


def test_a_missing_key_is_secret_without_listbucket(serve: Serve) -> None:
    with_list, without_list = SandboxClient(serve(healthy())), SandboxClient(serve(without("s3:ListBucket")(healthy())))
    assert with_list.call("GET", "/nothing").brief == (404, "NoSuchKey")
    assert with_list.call("HEAD", "/nothing").status == 404
    answer = without_list.call("GET", "/nothing")
    assert answer.brief == (403, "AccessDenied")
    assert "s3:ListBucket" in answer.tag("Message")
    assert without_list.call("HEAD", "/nothing").status == 403


def test_a_visitor_gets_404_only_where_listing_is_open(serve: Serve) -> None:
    listing = Statement("Allow", ("s3:ListBucket",), ("arn:aws:s3:::files-example",), ("*",))
    closed, opened = serve(healthy_policy()), serve(healthy_policy().with_bucket(policy=(*public_media(), listing)))
    assert SandboxClient(closed).visit("GET").brief == (403, "AccessDenied")
    assert SandboxClient(opened).visit("GET").brief == (404, "NoSuchKey")
    assert SandboxClient(opened).visit("GET", "/").tag("Name") == "files-example"


def test_headbucket_needs_listbucket(serve: Serve) -> None:
    assert SandboxClient(serve(healthy())).call("HEAD", "/").headers["x-amz-bucket-region"] == "eu-west-2"
    assert SandboxClient(serve(without("s3:ListBucket")(healthy()))).call("HEAD", "/").status == 403


def test_a_deny_in_the_bucket_policy_wins(serve: Serve) -> None:
    deny = Statement("Deny", ("s3:PutObject",), ("arn:aws:s3:::files-example/*",), ("*",))
    answer = SandboxClient(serve(healthy().with_bucket(policy=(deny,)))).call("PUT", body=b"x")
    assert answer.tag("Message") == denied("s3:PutObject", OBJECT, "with an explicit deny in a resource-based policy")


def everything(effect: str = "Allow", *, resource: str = "*") -> Statement:
    return Statement.from_json({"Effect": effect, "Action": "s3:*", "Resource": resource})


@pytest.mark.parametrize(
    ("scenario", "why"),
    [
        (
            healthy().with_user(identity=(*healthy().user.identity, everything("Deny"))),
            "with an explicit deny in an identity-based policy",
        ),
        (healthy().with_user(boundary=()), "because no permissions boundary allows the s3:PutObject action"),
        (
            healthy().with_world(accounts=(Account(service_control=(everything(), everything("Deny"))),)),
            "with an explicit deny in a service control policy",
        ),
        (
            healthy().with_world(accounts=(Account(resource_control=()),)),
            "because no resource control policy allows the s3:PutObject action",
        ),
        (
            healthy().with_world(vpc_endpoint=(everything(resource="arn:aws:s3:::another/*"),)),
            "because no VPC endpoint policy allows the s3:PutObject action",
        ),
        (healthy().with_user(session=()), "because no session policy allows the s3:PutObject action"),
    ],
)
def test_every_other_policy_type_says_its_name(serve: Serve, scenario: Scenario, why: str) -> None:
    assert SandboxClient(serve(scenario)).call("PUT", body=b"x").tag("Message") == denied("s3:PutObject", OBJECT, why)


def test_the_short_message(serve: Serve) -> None:
    scenario = without("s3:PutObject")(healthy()).with_world(detailed_denials=False)
    assert SandboxClient(serve(scenario)).call("PUT", body=b"x").tag("Message") == "Access Denied"


def test_another_accounts_bucket_needs_both_sides_and_tells_nothing(serve: Serve) -> None:
    foreign = healthy().with_bucket(account="999999999999")
    answer = SandboxClient(serve(foreign)).call("PUT", body=b"x")
    assert (*answer.brief, answer.tag("Message")) == (403, "AccessDenied", "Access Denied")
    assert SandboxClient(serve(foreign)).call("HEAD", "/").status == 403
    grant = Statement("Allow", ("s3:*",), ("arn:aws:s3:::files-example/*",), (foreign.user.arn,))
    granted = foreign.with_bucket(policy=(grant,))
    assert SandboxClient(serve(granted)).call("PUT", body=b"x").status == 200
    assert SandboxClient(serve(granted.with_user(identity=()))).call("PUT", body=b"x").status == 403


def test_the_own_accounts_bucket_policy_is_enough(serve: Serve) -> None:
    user = healthy().user
    grant = Statement("Allow", ("s3:PutObject",), ("arn:aws:s3:::files-example/*",), (user.arn,))
    box = serve(healthy().with_user(identity=()).with_bucket(policy=(grant,)))
    assert SandboxClient(box).call("PUT", body=b"x").status == 200
    assert SandboxClient(box).visit("PUT", body=b"x").status == 403


def test_a_bucket_policy_opens_no_object_of_another_account(serve: Serve) -> None:
    theirs = User("migration", "AKIAMIGRATION7EXAMPL", "their secret", "222222222222", (everything(),))
    let_in = Statement("Allow", ("s3:PutObject", "s3:PutObjectAcl"), ("arn:aws:s3:::files-example/*",), (theirs.arn,))
    base = healthy_policy().with_bucket(policy=(*public_media(), let_in))
    base = base.with_world(users=(*base.world.users, theirs))
    full = {"x-amz-acl": "bucket-owner-full-control"}
    for ownership, headers, status in (
        (Ownership.WRITER, {}, 403),
        (Ownership.PREFERRED, {}, 403),
        (Ownership.PREFERRED, full, 200),
        (Ownership.ENFORCED, {}, 200),
    ):
        box = serve(base.with_bucket(ownership=ownership))
        writer = SandboxClient(box, key_id=theirs.access_key, secret=theirs.secret)
        assert writer.call("PUT", headers=headers, body=b"x").status == 200
        assert writer.visit("GET").status == status


def test_conditions_on_address_tls_and_acl(serve: Serve) -> None:
    def with_deny(operator: str, key: str, value: str) -> Scenario:
        deny = Statement("Deny", ("s3:*",), ("*",), conditions=((operator, key, (value,)),))
        return healthy().with_user(identity=(*healthy().user.identity, deny))

    no_http = serve(with_deny("Bool", "aws:SecureTransport", "false"))
    assert SandboxClient(no_http).call("PUT", body=b"x").status == 403
    assert SandboxClient(no_http, scheme="https").call("PUT", body=b"x").status == 200
    office = with_deny("NotIpAddress", "aws:SourceIp", "203.0.113.0/24")
    assert SandboxClient(serve(office)).call("PUT", body=b"x").status == 200
    assert SandboxClient(serve(office.with_world(source_ip="192.0.2.1"))).call("PUT", body=b"x").status == 403
    no_acl = serve(with_deny("Null", "s3:x-amz-acl", "false"))
    assert SandboxClient(no_acl).call("PUT", headers={"x-amz-acl": "private"}, body=b"x").status == 403
    assert SandboxClient(no_acl).call("PUT", body=b"x").status == 200


def test_copying_needs_the_right_to_read_the_source(serve: Serve) -> None:
    reader = Statement("Deny", ("s3:GetObject",), ("*",))
    box = serve(healthy().with_user(identity=(*healthy().user.identity, reader)))
    SandboxClient(box).call("PUT", body=b"x")
    headers = {"x-amz-copy-source": f"files-example{PATH}"}
    assert SandboxClient(box).call("PUT", "/copy", headers).status == 403
    fine = serve(healthy())
    SandboxClient(fine).call("PUT", body=b"x")
    assert SandboxClient(fine).call("PUT", "/copy", headers).status == 200
    assert SandboxClient(fine).call("GET", "/copy").body == b"x"


def test_a_bucket_write_is_a_violation_whether_or_not_it_succeeds(serve: Serve) -> None:
    box = serve(healthy())
    client = SandboxClient(box, host="s3.eu-west-2.amazonaws.com")
    assert client.call("PUT", "/new-bucket").brief == (403, "AccessDenied")
    assert client.call("PUT", "/files-example?cors", body=b"<CORSConfiguration/>").status == 403
    assert client.call("DELETE", "/files-example").status == 403
    assert [v.operation for v in box.violations] == ["CreateBucket", "PutBucketCors", "DeleteBucket"]


def test_a_broad_key_creates_the_misspelt_bucket(serve: Serve) -> None:
    box = serve(healthy().with_user(identity=(everything(),)))
    client = SandboxClient(box, host="s3.eu-west-2.amazonaws.com")
    assert client.call("PUT", "/new-bucket").status == 200
    assert client.call("PUT", "/new-bucket/key", body=b"x").status == 200
    assert client.call("PUT", "/new-bucket/key", PUBLIC, b"x").code == "AccessControlListNotSupported"
    assert client.call("PUT", "/new-bucket").brief == (409, "BucketAlreadyOwnedByYou")


def test_batch_delete_reports_every_key_inside_a_200(serve: Serve) -> None:
    narrow = Statement("Deny", ("s3:DeleteObject",), ("arn:aws:s3:::files-example/b",))
    box = serve(healthy().with_user(identity=(*healthy().user.identity, narrow)))
    client = SandboxClient(box)
    for key in "ab":
        client.call("PUT", f"/{key}", body=b"x")
    keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in "ab")
    body = f"<Delete><Quiet>true</Quiet>{keys}</Delete>".encode()
    assert client.call("POST", "/?delete", body=body).brief == (400, "InvalidRequest")
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    answer = client.call("POST", "/?delete", {"content-md5": digest}, body)
    assert (answer.status, answer.tag("Key"), answer.code) == (200, "b", "AccessDenied")
    assert b"<Deleted>" not in answer.body
    assert box.keys("files-example") == ("b",)


def test_restrictpublicbuckets_takes_a_public_policys_effect_away(serve: Serve) -> None:
    opened = healthy_policy()
    shut = opened.with_bucket(block=PublicAccessBlock(restrict_public_buckets=True))
    account = opened.with_account(block=PublicAccessBlock(restrict_public_buckets=True))
    for scenario, status in ((opened, 200), (shut, 403), (account, 403)):
        box = serve(scenario)
        SandboxClient(box).call("PUT", body=b"x")
        assert SandboxClient(box).visit("GET").status == status
        assert SandboxClient(box).call("GET").status == 200


def test_blockpublicpolicy_refuses_only_the_writing(serve: Serve) -> None:
    import json

    admin = healthy().with_user(identity=(everything(),)).with_bucket(block=ALL_BLOCKED)
    document = json.dumps({"Version": "2012-10-17", "Statement": [s.to_json() for s in public_media()]}).encode()
    assert SandboxClient(serve(admin)).call("PUT", "/?policy", body=document).brief == (403, "AccessDenied")
    free = serve(admin.with_bucket(block=PublicAccessBlock()))
    assert SandboxClient(free).call("PUT", "/?policy", body=document).status == 204
    assert SandboxClient(free).call("GET", "/?policyStatus").tag("IsPublic") == "true"
    SandboxClient(free).call("PUT", body=b"x")
    assert SandboxClient(free, host=HOST).visit("GET").status == 200
