"""Which S3 operation a request is, and the IAM actions it needs.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Mapping

from s3probe.records import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """S3's name for a request. ``actions`` are on the object when it has a key, else on the bucket."""

    name: str
    actions: tuple[str, ...] = ()
    writes_bucket: bool = False
    """It would create, delete or change a bucket: never Mastodon's business."""


_BUCKET_READS = {
    "versions": Operation("ListObjectVersions", ("s3:ListBucketVersions",)),
    "uploads": Operation("ListMultipartUploads", ("s3:ListBucketMultipartUploads",)),
    "location": Operation("GetBucketLocation", ("s3:GetBucketLocation",)),
    "policyStatus": Operation("GetBucketPolicyStatus", ("s3:GetBucketPolicyStatus",)),
    "policy": Operation("GetBucketPolicy", ("s3:GetBucketPolicy",)),
    "publicAccessBlock": Operation("GetPublicAccessBlock", ("s3:GetBucketPublicAccessBlock",)),
    "ownershipControls": Operation("GetBucketOwnershipControls", ("s3:GetBucketOwnershipControls",)),
    "acl": Operation("GetBucketAcl", ("s3:GetBucketAcl",)),
    "cors": Operation("GetBucketCors", ("s3:GetBucketCORS",)),
    "encryption": Operation("GetBucketEncryption", ("s3:GetEncryptionConfiguration",)),
    "versioning": Operation("GetBucketVersioning", ("s3:GetBucketVersioning",)),
    "requestPayment": Operation("GetBucketRequestPayment", ("s3:GetBucketRequestPayment",)),
    "object-lock": Operation("GetObjectLockConfiguration", ("s3:GetBucketObjectLockConfiguration",)),
    "lifecycle": Operation("GetBucketLifecycleConfiguration", ("s3:GetLifecycleConfiguration",)),
    "tagging": Operation("GetBucketTagging", ("s3:GetBucketTagging",)),
    "website": Operation("GetBucketWebsite", ("s3:GetBucketWebsite",)),
    "replication": Operation("GetBucketReplication", ("s3:GetReplicationConfiguration",)),
    "logging": Operation("GetBucketLogging", ("s3:GetBucketLogging",)),
    "notification": Operation("GetBucketNotificationConfiguration", ("s3:GetBucketNotification",)),
    "accelerate": Operation("GetBucketAccelerateConfiguration", ("s3:GetAccelerateConfiguration",)),
}
_BUCKET_WRITES = {
    "policy": ("BucketPolicy", "s3:PutBucketPolicy"),
    "publicAccessBlock": ("PublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    "ownershipControls": ("BucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    "acl": ("BucketAcl", "s3:PutBucketAcl"),
    "cors": ("BucketCors", "s3:PutBucketCORS"),
    "encryption": ("BucketEncryption", "s3:PutEncryptionConfiguration"),
    "versioning": ("BucketVersioning", "s3:PutBucketVersioning"),
    "requestPayment": ("BucketRequestPayment", "s3:PutBucketRequestPayment"),
    "object-lock": ("ObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"),
    "lifecycle": ("BucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    "tagging": ("BucketTagging", "s3:PutBucketTagging"),
    "website": ("BucketWebsite", "s3:PutBucketWebsite"),
    "replication": ("BucketReplication", "s3:PutReplicationConfiguration"),
    "logging": ("BucketLogging", "s3:PutBucketLogging"),
    "notification": ("BucketNotificationConfiguration", "s3:PutBucketNotification"),
    "accelerate": ("BucketAccelerateConfiguration", "s3:PutAccelerateConfiguration"),
}
_OBJECT_EXTRAS = {
    "tagging": "ObjectTagging",
    "retention": "ObjectRetention",
    "legal-hold": "ObjectLegalHold",
    "attributes": "ObjectAttributes",
}
"""Sub-resources of an object that Mastodon never uses; they must not be taken for the object itself."""
UNKNOWN = Operation("Unknown")


def identify(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Operation:
    """The operation a request is; :data:`UNKNOWN` when S3 has none for it."""
    if method == "OPTIONS":
        return Operation("OPTIONS")
    if not bucket:
        return Operation("ListBuckets", ("s3:ListAllMyBuckets",)) if method == "GET" else UNKNOWN
    if key:
        return _object(method, query, headers)
    return _bucket(method, query)


def _bucket(method: str, query: Mapping[str, str]) -> Operation:
    if method == "HEAD":
        return Operation("HeadBucket", ("s3:ListBucket",))
    if method == "GET":
        for name, operation in _BUCKET_READS.items():
            if name in query:
                return operation
        return Operation("ListObjectsV2" if query.get("list-type") == "2" else "ListObjects", ("s3:ListBucket",))
    if method == "POST" and "delete" in query:
        return Operation("DeleteObjects")
    for name, (noun, action) in _BUCKET_WRITES.items():
        if name in query and method in ("PUT", "DELETE"):
            verb = "Put" if method == "PUT" else "Delete"
            needed = "s3:DeleteBucketPolicy" if (verb, name) == ("Delete", "policy") else action
            return Operation(verb + noun, (needed,), True)
    if method == "PUT":
        return Operation("CreateBucket", ("s3:CreateBucket",), True)
    if method == "DELETE":
        return Operation("DeleteBucket", ("s3:DeleteBucket",), True)
    return UNKNOWN


def _object(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Operation:
    has_acl = any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in headers)
    acl = ("s3:PutObjectAcl",) if has_acl else ()
    for name, noun in _OBJECT_EXTRAS.items():
        if name in query:
            verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method)
            return Operation(verb + noun, (f"s3:{verb}{noun}",)) if verb else UNKNOWN
    if method in ("GET", "HEAD"):
        if "acl" in query:
            return Operation("GetObjectAcl", ("s3:GetObjectAcl",))
        if "uploadId" in query:
            return Operation("ListParts", ("s3:ListMultipartUploadParts",))
        action = "s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"
        return Operation("GetObject" if method == "GET" else "HeadObject", (action,))
    if method == "PUT":
        if "acl" in query:
            return Operation("PutObjectAcl", ("s3:PutObjectAcl",))
        if "uploadId" in query:
            return Operation("UploadPart", ("s3:PutObject",))
        if "x-amz-copy-source" in headers:
            return Operation("CopyObject", ("s3:PutObject", *acl))
        return Operation("PutObject", ("s3:PutObject", *acl))
    if method == "POST":
        if "uploads" in query:
            return Operation("CreateMultipartUpload", ("s3:PutObject", *acl))
        return Operation("CompleteMultipartUpload", ("s3:PutObject",)) if "uploadId" in query else UNKNOWN
    if method == "DELETE":
        if "uploadId" in query:
            return Operation("AbortMultipartUpload", ("s3:AbortMultipartUpload",))
        return Operation("DeleteObject", ("s3:DeleteObjectVersion" if "versionId" in query else "s3:DeleteObject",))
    return UNKNOWN
