"""Policies that fit Mastodon and nothing more: IAM policy, public-read statement and CORS rule. Pure data, JSON-ready.

What Mastodon asks of S3 was recorded by running its code; the actions are those AWS documents for each operation:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from s3probe.settings.partitions import partition

MEDIA_FOLDERS = (
    "accounts",
    "cache",
    "custom_emojis",
    "media_attachments",
    "preview_cards",
    "preview_card_providers",
    "site_uploads",
)
"""First folder of every key that visitors may read. ``backups`` and, on old instances, ``imports`` never are."""

POLICY_VERSION = "2012-10-17"
"""The policy language's version, a fixed word of AWS."""

OBJECT_REASONS = {
    "s3:PutObject": "store every upload, also in parts",
    "s3:PutObjectAcl": "send an ACL with an upload, and change it when an account is suspended",
    "s3:GetObject": "read media back to process them and for archives; also asked before every delete",
    "s3:DeleteObject": "delete media; Mastodon does not notice when this is refused",
    "s3:AbortMultipartUpload": "drop the parts of a large upload that failed",
}
"""Why Mastodon needs each right on the bucket's objects."""

BUCKET_REASONS = {"s3:ListBucket": "tootctl media remove-orphans only"}
"""Why Mastodon needs each right on the bucket itself."""


_IN_WORDS = {
    "s3:PutObject": "upload files",
    "s3:PutObjectAcl": "set the ACL of files",
    "s3:GetObject": "read files",
    "s3:DeleteObject": "delete files",
    "s3:AbortMultipartUpload": "cancel large uploads",
    "s3:ListBucket": "list files",
}


def in_words(action: str) -> str:
    """The name of a right for a provider that does not know it by S3's."""
    return _IN_WORDS.get(action, action)


def bucket_arn(bucket: str, region: str = "", arn: str | None = None) -> str:
    """The bucket's name in policies: its ARN. S3-compatible stores use the same form, with the partition ``aws``.

    ``arn``: what stands before the bucket's name where a store has a form of its own (``urn:sgws:s3:::``, or nothing).
    """
    return f"{f'arn:{partition(region)[0]}:s3:::' if arn is None else arn}{bucket}"


def objects_arn(bucket: str, key_prefix: str = "", region: str = "", arn: str | None = None) -> str:
    """The ARN of all objects that Mastodon writes: everything, or everything below ``S3_KEY_PREFIX``."""
    return f"{bucket_arn(bucket, region, arn)}/{below(key_prefix)}*"


def public_policy(bucket: str, key_prefix: str = "", region: str = "", arn: str | None = None) -> dict[str, object]:
    """The bucket-policy statement that lets everyone read the media, and neither archives nor the listing."""
    base = f"{bucket_arn(bucket, region, arn)}/{below(key_prefix)}"
    return {
        "Sid": "MastodonPublicMedia",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{base}{folder}/*" for folder in MEDIA_FOLDERS],
    }


def least_privilege(
    bucket: str,
    key_prefix: str = "",
    acl: bool = True,
    list_objects: bool = True,
    region: str = "",
    arn: str | None = None,
) -> dict[str, object]:
    """The IAM policy for Mastodon's key, with no right that Mastodon does not use.

    ``acl``: whether Mastodon sends ACLs (``S3_PERMISSION`` is not empty). ``list_objects``: whether
    ``tootctl media remove-orphans`` shall work; Mastodon itself never lists. Listing is not narrowed to
    ``key_prefix``, because that command lists from the top of the bucket. Reasons: :data:`OBJECT_REASONS`.
    """
    statements: list[dict[str, object]] = [
        {
            "Sid": "MastodonObjects",
            "Effect": "Allow",
            "Action": [action for action in OBJECT_REASONS if acl or action != "s3:PutObjectAcl"],
            "Resource": objects_arn(bucket, key_prefix, region, arn),
        }
    ]
    if list_objects:
        statements.append(
            {
                "Sid": "MastodonRemoveOrphans",
                "Effect": "Allow",
                "Action": list(BUCKET_REASONS),
                "Resource": bucket_arn(bucket, region, arn),
            }
        )
    return policy_document(*statements)


def policy_document(*statements: dict[str, object], version: str = POLICY_VERSION) -> dict[str, object]:
    """A whole policy around statements, as ``put-bucket-policy`` wants it."""
    return {"Version": version, "Statement": list(statements)}


def is_for_everyone(statement: Mapping[str, object]) -> bool:
    """Whether a statement of a bucket policy is about everyone."""
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return named == "*" or (isinstance(named, list) and "*" in named)


def opens(statement: Mapping[str, object]) -> bool:
    """Whether a statement of a bucket policy allows everyone anything."""
    return statement.get("Effect") == "Allow" and is_for_everyone(statement)


def opened_folders(statement: Mapping[str, object]) -> list[str]:
    """Of what a statement allows everyone, the media folders, below whatever prefix."""
    ends = tuple(f"/{folder}/*" for folder in MEDIA_FOLDERS)
    return [place for place in names(statement.get("Resource")) if place.endswith(ends)] if opens(statement) else []


def opens_no_more(statement: Mapping[str, object], than: Mapping[str, object]) -> bool:
    """Whether what a statement allows is part of what another one does, as far as it is written in plain names."""
    actions, resources = (names(statement.get(name)) for name in ("Action", "Resource"))
    within = all(any(fnmatchcase(one, wide) for wide in names(than.get("Resource"))) for one in resources)
    return bool(actions) and set(actions) <= set(names(than.get("Action"))) and bool(resources) and within


def names(value: object) -> list[str]:
    """The actions or resources of a statement, which may be one or a list."""
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def closes_reading(statement: Mapping[str, object]) -> bool:
    """Whether a statement denies everyone to read media, for another reason than a connection without TLS."""
    reads = any(fnmatchcase("s3:getobject", action.lower()) for action in names(statement.get("Action")))
    tls_alone = "aws:SecureTransport" in str(statement.get("Condition"))
    # whoever is not named is denied: visitors never are
    for_visitors = is_for_everyone(statement) or "NotPrincipal" in statement
    places = names(statement.get("Resource"))
    archives_alone = bool(places) and all("backups/" in place for place in places)
    return statement.get("Effect") == "Deny" and for_visitors and reads and not tls_alone and not archives_alone


def cors_rule() -> dict[str, object]:
    """The CORS configuration, as ``aws s3api put-bucket-cors`` takes it.

    Every origin is allowed, as Mastodon's documentation does: apps in the browser and other servers' players read the
    media too.
    """
    rule = {
        "AllowedOrigins": ["*"],
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 3000,
    }
    return {"CORSRules": [rule]}


def below(key_prefix: str) -> str:
    """What every key begins with under this ``S3_KEY_PREFIX``: the prefix with one ``/`` at its end, or nothing."""
    prefix = key_prefix.strip("/")
    return f"{prefix}/" if prefix else ""
