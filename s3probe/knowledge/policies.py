"""Policies that fit Mastodon and nothing more: IAM policy, public-read statement and CORS rule. Pure data, JSON-ready.

What Mastodon asks of S3 was recorded by running its code; the actions are those AWS documents for each operation:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from s3probe.settings.addressing import partition

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


def bucket_arn(bucket: str, region: str = "") -> str:
    """The bucket's ARN. S3-compatible stores use the same form, with the partition ``aws``."""
    return f"arn:{partition(region)[0]}:s3:::{bucket}"


def objects_arn(bucket: str, key_prefix: str = "", region: str = "") -> str:
    """The ARN of all objects that Mastodon writes: everything, or everything below ``S3_KEY_PREFIX``."""
    return f"{bucket_arn(bucket, region)}/{below(key_prefix)}*"


def public_policy(bucket: str, key_prefix: str = "", region: str = "") -> dict[str, object]:
    """The bucket-policy statement that lets everyone read the media, and neither archives nor the listing."""
    base = f"{bucket_arn(bucket, region)}/{below(key_prefix)}"
    return {
        "Sid": "MastodonPublicMedia",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{base}{folder}/*" for folder in MEDIA_FOLDERS],
    }


def least_privilege(
    bucket: str, key_prefix: str = "", acl: bool = True, list_objects: bool = True, region: str = ""
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
            "Resource": objects_arn(bucket, key_prefix, region),
        }
    ]
    if list_objects:
        statements.append(
            {
                "Sid": "MastodonRemoveOrphans",
                "Effect": "Allow",
                "Action": list(BUCKET_REASONS),
                "Resource": bucket_arn(bucket, region),
            }
        )
    return {"Version": POLICY_VERSION, "Statement": statements}


def policy_document(*statements: dict[str, object]) -> dict[str, object]:
    """A whole policy around statements, as ``put-bucket-policy`` wants it."""
    return {"Version": POLICY_VERSION, "Statement": list(statements)}


def is_for_everyone(statement: Mapping[str, object]) -> bool:
    """Whether a statement of a bucket policy is about everyone."""
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return named == "*" or (isinstance(named, list) and "*" in named)


def opens(statement: Mapping[str, object]) -> bool:
    """Whether a statement of a bucket policy allows everyone anything."""
    return statement.get("Effect") == "Allow" and is_for_everyone(statement)


def closes_reading(statement: Mapping[str, object]) -> bool:
    """Whether a statement denies everyone to read files, for another reason than a connection without TLS."""
    actions = statement.get("Action")
    named = actions if isinstance(actions, list) else [actions]
    reads = any(fnmatchcase("s3:getobject", str(action).lower()) for action in named)
    tls_alone = "aws:SecureTransport" in str(statement.get("Condition"))
    return statement.get("Effect") == "Deny" and is_for_everyone(statement) and reads and not tls_alone


def cors_rule(web_domain: str | None = None) -> dict[str, object]:
    """The CORS configuration, as ``aws s3api put-bucket-cors`` takes it.

    Every origin is allowed by default, as Mastodon's documentation does: apps in the browser and other servers'
    players read the media too. ``web_domain`` narrows it to one instance's own pages.
    """
    origin = f"https://{web_domain}" if web_domain else "*"
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 3000,
    }
    return {"CORSRules": [rule]}


def below(key_prefix: str) -> str:
    """What every key begins with under this ``S3_KEY_PREFIX``: the prefix with one ``/`` at its end, or nothing."""
    prefix = key_prefix.strip("/")
    return f"{prefix}/" if prefix else ""
