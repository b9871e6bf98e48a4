"""Versity's gateway itself: a bucket policy replaces what the owner may, and a fix is one policy for key and public."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from s3probe.knowledge.policies import MEDIA_FOLDERS
from s3probe.knowledge.providers import provider
from s3probe.knowledge.recipes import documents
from s3probe.knowledge.store import store_of
from s3probe.report.model import Verdict
from tests.real.direct import Direct, acted_on, ids
from tests.real.servers import Versity

pytestmark = pytest.mark.neighbours("versity")

RIGHTS = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket")
_NUMBERS = count(1)


@pytest.fixture
def bucket(versity: Versity) -> Direct:
    """An empty bucket of Mastodon's account, without a policy."""
    name = f"media-{next(_NUMBERS)}"
    versity.new_bucket(name)
    key = versity.key("mastodon")
    return Direct(versity, name, key, ('"KEY"', json.dumps(key.id)), {"S3_PERMISSION": ""})


def policy(setup: Direct, *statements: dict[str, object]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    setup.administrator().put_bucket_policy(Bucket=setup.bucket, Policy=text)


def own(setup: Direct, actions: tuple[str, ...] = RIGHTS, *, objects_alone: bool = False) -> dict[str, object]:
    arn = f"arn:aws:s3:::{setup.bucket}"
    resources = [f"{arn}/*"] if objects_alone else [arn, f"{arn}/*"]
    return {"Effect": "Allow", "Principal": {"AWS": setup.key.id}, "Action": list(actions), "Resource": resources}


def everyone(setup: Direct, *actions: str, folders: tuple[str, ...] = MEDIA_FOLDERS) -> dict[str, object]:
    arn = f"arn:aws:s3:::{setup.bucket}"
    resources = [f"{arn}/{folder}/*" for folder in folders] or [arn, f"{arn}/*"]
    return {"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": resources}


def test_what_policy_prints_makes_the_bucket_healthy(bucket: Direct) -> None:
    printed = documents(bucket.settings, provider("versitygw")).media
    text = json.dumps(printed).replace(*bucket.principal)
    bucket.administrator().put_bucket_policy(Bucket=bucket.bucket, Policy=text)
    report = bucket.examined()
    assert ids(report) == []
    assert report.verdict is not Verdict.FAILURE
    assert store_of(bucket.settings, report.evidence).id == "versitygw"
    assert bucket.left() == []


def _objects_alone(setup: Direct) -> None:
    rights = tuple(right for right in RIGHTS if right != "s3:ListBucket")
    policy(setup, everyone(setup, "s3:GetObject"), own(setup, rights, objects_alone=True))


def _acl(setup: Direct) -> None:
    client = setup.administrator()
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    client.put_bucket_ownership_controls(Bucket=setup.bucket, OwnershipControls=rules)
    client.put_bucket_acl(Bucket=setup.bucket, ACL="public-read")


def _acl_and_policy(setup: Direct) -> None:
    _acl(setup)
    policy(setup, everyone(setup, "s3:GetObject"), own(setup))


FAULTS: dict[str, tuple[str, Callable[[Direct], None]]] = {
    "no policy": ("public-policy-missing", lambda _setup: None),
    "public alone": ("iam-missing-putobject", lambda setup: policy(setup, everyone(setup, "s3:GetObject"))),
    "no delete": (
        "iam-missing-deleteobject",
        lambda setup: policy(setup, everyone(setup, "s3:GetObject"), own(setup, (*RIGHTS[:2], *RIGHTS[3:]))),
    ),
    "objects alone": ("iam-missing-listbucket", _objects_alone),
    "one folder closed": (
        "public-policy-leaves-out-folders",
        lambda setup: policy(
            setup,
            everyone(setup, "s3:GetObject", folders=tuple(name for name in MEDIA_FOLDERS if name != "site_uploads")),
            own(setup),
        ),
    ),
    "listed by policy": (
        "bucket-listable-policy",
        lambda setup: policy(setup, everyone(setup, "s3:GetObject", "s3:ListBucket", folders=()), own(setup)),
    ),
    "opened by ACL": ("bucket-listable-acl", _acl),
    "opened by ACL beside a right policy": ("bucket-listable-acl", _acl_and_policy),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_its_first_fix_heals(bucket: Direct, fault: str) -> None:
    finding_id, make = FAULTS[fault]
    make(bucket)
    first = acted_on(bucket.examined())[0]
    assert first.id == finding_id
    assert ids(bucket.fixed(first).examined()) == []


def test_the_bucket_in_the_endpoints_path_is_told(bucket: Direct) -> None:
    policy(bucket, everyone(bucket, "s3:GetObject"), own(bucket))
    below = replace(bucket, lines={**bucket.lines, "S3_ENDPOINT": f"{bucket.server.endpoint}/{bucket.bucket}"})
    (found,) = acted_on(below.examined())
    assert found.id == "endpoint-contains-bucket-path-style"
    assert ids(below.fixed(found).examined()) == []


def test_acls_do_nothing_and_are_left_out(bucket: Direct) -> None:
    policy(bucket, everyone(bucket, "s3:GetObject"), own(bucket))
    public = replace(bucket, lines={})
    (found,) = acted_on(public.examined())
    assert ids(public.fixed(found).examined()) == []


def test_versions_are_ended_and_no_marker_stays(bucket: Direct) -> None:
    policy(bucket, everyone(bucket, "s3:GetObject"), own(bucket, ("s3:*",)))
    on = {"Status": "Enabled"}
    bucket.administrator().put_bucket_versioning(Bucket=bucket.bucket, VersioningConfiguration=on)
    (found,) = acted_on(bucket.examined())
    assert found.id == "versioning-delete-markers"
    suspended = bucket.fixed(found)
    assert ids(suspended.examined()) == []
    assert ids(suspended.examined("quick")) == []
    assert suspended.left() == []
