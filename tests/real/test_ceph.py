"""Ceph's gateway itself: rights by bucket policy and principal ARN, and what looks like Block Public Access."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from s3probe.diagnosis.model import BucketSetting, Severity
from s3probe.evidence.vocabulary import ActionId
from s3probe.knowledge.policies import cors_rule
from s3probe.knowledge.providers import provider
from s3probe.knowledge.recipes import documents
from s3probe.knowledge.store import store_of
from tests.lab.ceph import Ceph
from tests.real.direct import Direct, acted_on, ids

pytestmark = pytest.mark.neighbours("ceph")

RIGHTS = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListBucket",
)
BY_ADDRESS = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
_NUMBERS = count(1)


@pytest.fixture
def mine(ceph: Ceph) -> Direct:
    """An empty bucket with CORS, and its owner's key."""
    name = f"media-{next(_NUMBERS)}"
    ceph.client().create_bucket(Bucket=name)
    ceph.client().put_bucket_cors(Bucket=name, CORSConfiguration=cors_rule())
    return Direct(ceph, name, ceph.key())


@pytest.fixture
def limited(mine: Direct) -> Direct:
    """The same with the key of a user who lives by the bucket policy."""
    setup = replace(mine, key=mine.server.key("limited"), principal=("user/UID", "user/limited"))
    policy(setup, allowed(setup, *RIGHTS))
    return setup


def policy(setup: Direct, *statements: dict[str, object]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    setup.administrator().put_bucket_policy(Bucket=setup.bucket, Policy=text)


def allowed(setup: Direct, *actions: str) -> dict[str, object]:
    arn, user = f"arn:aws:s3:::{setup.bucket}", {"AWS": ["arn:aws:iam:::user/limited"]}
    return {"Effect": "Allow", "Principal": user, "Action": list(actions), "Resource": [arn, f"{arn}/*"]}


def denied(setup: Direct, action: str) -> dict[str, object]:
    resource = f"arn:aws:s3:::{setup.bucket}/*"
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, "Condition": BY_ADDRESS}


def test_what_policy_prints_makes_the_bucket_healthy(limited: Direct) -> None:
    printed = json.dumps(documents(limited.settings, provider("ceph-radosgw")).media)
    limited.administrator().put_bucket_policy(Bucket=limited.bucket, Policy=printed.replace(*limited.principal))
    report = limited.examined()
    assert ids(report) == []
    assert store_of(limited.settings, report.evidence).id == "ceph-radosgw"
    assert limited.left() == []


def _pays(setup: Direct) -> None:
    payer = {"Payer": "Requester"}
    setup.administrator().put_bucket_request_payment(Bucket=setup.bucket, RequestPaymentConfiguration=payer)


def _blocks(setup: Direct) -> None:
    on = {"BlockPublicAcls": True}
    setup.administrator().put_public_access_block(Bucket=setup.bucket, PublicAccessBlockConfiguration=on)


FAULTS: dict[str, tuple[str, Callable[[Direct], None]]] = {
    "no put": ("iam-missing-putobject", lambda setup: policy(setup, allowed(setup, *RIGHTS[2:]))),
    "no delete": ("iam-missing-deleteobject", lambda setup: policy(setup, allowed(setup, *RIGHTS[:3], *RIGHTS[4:]))),
    "requester pays": ("requester-pays", _pays),
    "public ACLs blocked": ("bpa-blocks-public-acl", _blocks),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_alone_and_its_first_fix_heals(limited: Direct, fault: str) -> None:
    finding_id, make = FAULTS[fault]
    make(limited)
    (found,) = acted_on(limited.examined())
    assert found.id == finding_id
    assert ids(limited.fixed(found).examined()) == []


def test_a_deny_on_a_condition_is_no_missing_right(limited: Direct) -> None:
    policy(limited, allowed(limited, *RIGHTS), denied(limited, "s3:GetObject"))
    assert ids(limited.examined()) == ["explicit-deny-policy"]
    owner = replace(limited, key=limited.server.key())
    assert ids(owner.examined()) == ["explicit-deny-policy"]


def test_a_deny_of_the_listing_is_a_warning(mine: Direct) -> None:
    arn = f"arn:aws:s3:::{mine.bucket}"
    policy(mine, {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": arn})
    (found,) = acted_on(mine.examined())
    assert (found.id, found.severity) == ("explicit-deny-policy", Severity.WARNING)


def test_a_tenant_is_named_in_the_public_address(mine: Direct) -> None:
    ceph, key = mine.server, mine.server.key("tina")
    assert isinstance(ceph, Ceph)
    pair = ("--access-key", key.id, "--secret-key", key.secret)
    ceph.admin("user", "create", "--uid=tina", "--tenant=contoso", "--display-name=tina", *pair)
    ceph.client("tina").create_bucket(Bucket="tinas")
    ceph.client("tina").put_bucket_cors(Bucket="tinas", CORSConfiguration=cors_rule())
    tinas = replace(mine, bucket="tinas", key=key)
    (found,) = acted_on(tinas.examined())
    assert found.id == "ceph-tenant-prefix"
    assert "ceph-tenant-prefix" not in ids(tinas.fixed(found).examined())


def test_the_rule_for_old_versions_ends_the_warning(mine: Direct) -> None:
    on = {"Status": "Enabled"}
    mine.administrator().put_bucket_versioning(Bucket=mine.bucket, VersioningConfiguration=on)
    (found,) = acted_on(mine.examined())
    assert found.id == "versioning-delete-markers"
    assert ids(mine.fixed(found).examined()) == []
    assert mine.left() == []


def test_suspended_versioning_leaves_no_marker(mine: Direct) -> None:
    off = {"Status": "Suspended"}
    mine.administrator().put_bucket_versioning(Bucket=mine.bucket, VersioningConfiguration=off)
    assert (ids(mine.examined()), ids(mine.examined("quick")), mine.left()) == ([], [], [])


OLD = ("custom_emojis/images/000/000/001/original/a.png", "site_uploads/files/000/000/001/original/b.png")


def _moved(setup: Direct) -> None:
    """Files as a move leaves them that copies no ACLs."""
    for key in OLD:
        setup.administrator().put_object(Bucket=setup.bucket, Key=key, Body=b"old", ContentType="image/png")


def test_files_that_were_moved_without_acls_are_named_and_shown_after_their_acl_is_set(mine: Direct) -> None:
    _moved(mine)
    report = mine.examined()
    assert ids(report) == ["old-media-invisible"]
    fix = report.findings[0].fixes[0]
    assert isinstance(fix, BucketSetting)
    assert fix.setting == "acl-of-files"
    for key in OLD:
        mine.administrator().put_object_acl(Bucket=mine.bucket, Key=key, ACL=fix.value)
    assert ids(mine.examined()) == []


def test_a_policy_that_alone_shows_old_files_is_narrowed_first(mine: Direct) -> None:
    _moved(mine)
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Sid": "All"}
    policy(mine, {**everyone, "Resource": f"arn:aws:s3:::{mine.bucket}/*"})
    report = mine.examined()
    archives = next(f for f in report.findings if f.id == "archive-dumps-world-readable")
    fix = archives.fixes[0]
    assert isinstance(fix, BucketSetting)
    assert "MastodonPublicMedia" in fix.value
    mine.administrator().put_bucket_policy(Bucket=mine.bucket, Policy=fix.value)
    after = mine.examined()
    seen = after.evidence.get(ActionId.PUBLIC_OLD)
    assert seen is not None
    assert seen.ok
    assert "archive-dumps-world-readable" not in ids(after)
