"""The policies open what Mastodon needs and keep the rest shut."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from s3probe.knowledge.policies import (
    BUCKET_REASONS,
    OBJECT_REASONS,
    bucket_arn,
    cors_rule,
    least_privilege,
    objects_arn,
    policy_document,
    public_policy,
)


def opened(key: str, prefix: str = "") -> bool:
    """Whether the public statement covers that key, as AWS matches resources."""
    resources = public_policy("files", prefix)["Resource"]
    assert isinstance(resources, list)
    return any(fnmatchcase(f"arn:aws:s3:::files/{key}", pattern) for pattern in resources)


@pytest.mark.parametrize(
    "key",
    [
        "accounts/avatars/000/000/001/original/a.png",
        "cache/media_attachments/files/000/000/001/original/a.png",
        "custom_emojis/images/000/000/001/static/a.png",
        "media_attachments/files/000/000/001/small/a.png",
        "preview_cards/images/000/000/001/original/a.png",
        "preview_card_providers/icons/000/000/001/original/a.png",
        "site_uploads/files/000/000/001/@1x/a.png",
    ],
)
def test_visitors_may_read_every_media_folder(key: str) -> None:
    assert opened(key)
    assert opened(f"my/prefix/{key}", prefix="my/prefix")
    assert not opened(key, prefix="my/prefix")


@pytest.mark.parametrize("key", ["backups/dumps/000/000/001/original/archive.zip", "imports/data/1/list.csv", "secret"])
def test_archives_imports_and_strange_files_stay_shut(key: str) -> None:
    assert not opened(key)
    assert not opened(f"p/{key}", prefix="p")


def test_visitors_may_do_nothing_but_read() -> None:
    statement = public_policy("files")
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Allow", "*", "s3:GetObject")


def test_the_key_gets_every_right_that_mastodon_uses_and_no_other() -> None:
    assert least_privilege("files", "", acl=True, list_objects=True) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "MastodonObjects",
                "Effect": "Allow",
                "Action": [
                    "s3:PutObject",
                    "s3:PutObjectAcl",
                    "s3:GetObject",
                    "s3:DeleteObject",
                    "s3:AbortMultipartUpload",
                ],
                "Resource": "arn:aws:s3:::files/*",
            },
            {
                "Sid": "MastodonRemoveOrphans",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": "arn:aws:s3:::files",
            },
        ],
    }


def test_without_acls_no_right_to_set_them() -> None:
    assert "PutObjectAcl" not in json.dumps(least_privilege("files", acl=False))


def test_without_remove_orphans_no_right_to_list() -> None:
    assert "ListBucket" not in json.dumps(least_privilege("files", list_objects=False))


def test_a_prefix_narrows_the_objects() -> None:
    assert '"arn:aws:s3:::files/social/*"' in json.dumps(least_privilege("files", "/social/"))


def test_every_right_has_its_reason() -> None:
    assert all(len(reason) > 10 for reason in (*OBJECT_REASONS.values(), *BUCKET_REASONS.values()))


@pytest.mark.parametrize(
    ("region", "expected"),
    [("eu-west-2", "aws"), ("", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("auto", "aws")],
)
def test_china_and_govcloud_have_arns_of_their_own(region: str, expected: str) -> None:
    assert bucket_arn("files", region) == f"arn:{expected}:s3:::files"
    assert objects_arn("files", "p", region) == f"arn:{expected}:s3:::files/p/*"
    for policy in (least_privilege("files", region=region), public_policy("files", region=region)):
        assert json.dumps(policy).count("arn:") == json.dumps(policy).count(f"arn:{expected}:s3:::files")


def test_a_document_wraps_statements() -> None:
    statement = public_policy("files")
    assert policy_document(statement) == {"Version": "2012-10-17", "Statement": [statement]}


def test_cors_lets_pages_read_but_not_write() -> None:
    assert cors_rule() == {
        "CORSRules": [
            {
                "AllowedOrigins": ["*"],
                "AllowedMethods": ["GET", "HEAD"],
                "AllowedHeaders": ["*"],
                "MaxAgeSeconds": 3000,
            }
        ]
    }
