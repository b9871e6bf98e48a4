"""The providers' own ways, as data: what each says and does where AWS does otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from s3probe.sandbox.personality import AWS, AclHandling, BucketsShown, ErrorText, Personality, Refusal, RegionCheck

_ACL_WRITES = ("PutObject", "CreateMultipartUpload", "CopyObject")
_CHECKSUM_WRITES = ("PutObject", "UploadPart", "CreateMultipartUpload")

R2 = Personality(
    id="cloudflare-r2",
    server="cloudflare",
    amazon_ids=False,
    acls=AclHandling.IGNORED,
    bucket_region=False,
    region_check=RegionCheck.NONE,
    wording=MappingProxyType({"InvalidAccessKeyId": ErrorText(401, "Unauthorized", "Unauthorized")}),
    signed_only=ErrorText(400, "InvalidArgument", "Authorization"),
    policies=False,
    refusals=(
        Refusal(
            ErrorText(501, "NotImplemented", "Header 'x-amz-acl' with value '{value}' not implemented"),
            _ACL_WRITES, "x-amz-acl", ("public-read*", "authenticated-read", "bucket-owner-*"),
        ),
        Refusal(ErrorText(501, "NotImplemented", "PutObjectAcl not implemented"), ("PutObjectAcl",)),
    ),
)  # fmt: skip

B2 = Personality(
    id="backblaze-b2", server="nginx", policies=False, acls=AclHandling.BUCKET, bucket_region=False,
    bucket_acl_lists=(),
    region_check=RegionCheck.SIGNATURE,
    wording=MappingProxyType({"InvalidAccessKeyId": ErrorText(403, "InvalidAccessKeyId", "Malformed Access Key Id")}),
)  # fmt: skip
"""Refuses an ACL that differs from the bucket's: :func:`acl_must_match` makes the refusal for one bucket type."""

GCS = Personality(
    id="google-cloud-storage", server="UploadServer", policies=False, cors_calls=False,
    amazon_ids=False, acls=AclHandling.IGNORED, bucket_region=False,
    region_check=RegionCheck.NONE,
    refusals=(
        Refusal(
            ErrorText(
                400, "InvalidArgument",
                "Cannot insert legacy ACL for an object when uniform bucket-level access is enabled",
            ),
            (*_ACL_WRITES, "PutObjectAcl"), "x-amz-acl",
        ),
    ),
    wording=MappingProxyType({
        "SignatureDoesNotMatch": ErrorText(
            403, "SignatureDoesNotMatch",
            "Access denied. The request signature we calculated does not match the signature you provided. "
            "Check your Google secret key and signing method.",
        ),
        "AccessDenied": ErrorText(403, "AccessDenied", "Access denied."),
    }),
)  # fmt: skip

_NOT_THERE = "A header you provided implies functionality that is not implemented"
MINIO = Personality(
    id="minio", shows_what_is_signed=False, server="MinIO", acls=AclHandling.IGNORED, bucket_region=False,
    objects_cover_bucket=True, buckets_shown=BucketsShown.LISTABLE_OR_REFUSED, hashed_host_ids=True,
    account_info="/minio/admin/v3/accountinfo", hides_absent_buckets=True, batch_finds_bucket=False,
    refuses_unread=True, absent_asks=("s3:GetObject",),
    # measured (commit 7aac2a2c5): an ACL asks for no right of its own, and changing one for that to the bucket's policy
    rights=MappingProxyType({
        "PutObject": ("s3:PutObject",), "CreateMultipartUpload": ("s3:PutObject",), "CopyObject": ("s3:PutObject",),
        "PutObjectAcl": ("s3:PutBucketPolicy",), "GetObjectAcl": ("s3:GetBucketPolicy",),
        "GetBucketAcl": ("s3:GetBucketPolicy",), "ListObjectVersions": ("s3:ListBucket",),
        "GetObject": ("s3:GetObject",), "HeadObject": ("s3:GetObject",), "DeleteObject": ("s3:DeleteObject",),
    }),
    refusals=(
        Refusal(ErrorText(501, "NotImplemented", _NOT_THERE), ("GetPublicAccessBlock", "GetBucketOwnershipControls",
                "PutBucketCors")),
        Refusal(ErrorText(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist"), ("GetBucketCors",),
                authorised=True),
        Refusal(ErrorText(501, "NotImplemented", f"{_NOT_THERE} ()"), ("PutObjectAcl",), "x-amz-acl",
                ("public-read*", "authenticated-read", "bucket-owner-*", "aws-exec-read"), authorised=True),
    ),
    wording=MappingProxyType({
        "InvalidAccessKeyId": ErrorText(
            403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records."
        ),
        "AccessDenied": ErrorText(403, "AccessDenied", "Access Denied."),
    }),
)  # fmt: skip

CEPH = Personality(
    id="ceph-rgw", shows_what_is_signed=False, server="Ceph Object Gateway", amazon_ids=False, bucket_region=False,
    region_check=RegionCheck.NONE, checksum_answers=False,
    principal="arn:aws:iam:::user/{name}", policy_lets_others_in=True, writers_own=True, batch_asks_bucket=True,
    buckets_shown=BucketsShown.OF_ACCOUNT, shows_defaults=True, blocks_every_upload=True, parts_of_objects=False,
    refuses_unread=True, unknown_questions=("ownershipControls",), absent_asks=("s3:ListBucket",),
    # measured (RGW 16.2.15): an ACL with an upload asks for no right of its own
    rights=MappingProxyType({
        "PutObject": ("s3:PutObject",), "CreateMultipartUpload": ("s3:PutObject",), "CopyObject": ("s3:PutObject",),
    }),
    # Ceph sends bare codes: an empty <Message> (measured, RGW 16.2.15).
    wording=MappingProxyType({
        "AccessDenied": ErrorText(403, "AccessDenied", " "), "NoSuchKey": ErrorText(404, "NoSuchKey", " "),
        "SignatureDoesNotMatch": ErrorText(403, "SignatureDoesNotMatch", " "),
        "InvalidAccessKeyId": ErrorText(403, "InvalidAccessKeyId", " "),
        "NoSuchBucket": ErrorText(404, "NoSuchBucket", " "), "QuotaExceeded": ErrorText(403, "QuotaExceeded", " "),
        "RequestTimeTooSkewed": ErrorText(403, "RequestTimeTooSkewed", " "),
        "Request has expired": ErrorText(403, "AccessDenied", " "),
        "Request is not valid yet": ErrorText(403, "AccessDenied", " "),
        "AccessForbidden": ErrorText(403, "AccessDenied", " "), "NoSuchUpload": ErrorText(404, "NoSuchUpload", " "),
        "NoSuchCORSConfiguration": ErrorText(404, "NoSuchCORSConfiguration", " "),
        "AccountProblem": ErrorText(403, "UserSuspended", " "),
    }),
)  # fmt: skip

_NOT_THIS_KEY = "Forbidden: Operation is not allowed for this key."
_OWNERS = ("PutObjectAcl", "GetObjectAcl", "GetObjectTagging", "GetBucketPolicy", "GetBucketPolicyStatus",
           "GetBucketOwnershipControls", "GetPublicAccessBlock", "GetBucketEncryption", "GetBucketRequestPayment",
           "GetBucketCors", "GetBucketWebsite", "GetBucketLifecycleConfiguration",
           "GetObjectLockConfiguration")  # fmt: skip
GARAGE = Personality(
    id="garage", server="none", amazon_ids=False, request_ids=False, acls=AclHandling.IGNORED, bucket_region=False,
    shows_what_is_signed=False, web_port=True, version_ids=True, lets_clocks_differ=True,
    buckets_shown=BucketsShown.OF_ACCOUNT,
    rights_together=(
        ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"), ("s3:GetObject", "s3:ListBucket"),
    ),
    rights=MappingProxyType({"DeleteObject": ("s3:DeleteObject",)}),
    # measured (Garage 2.5.0): the right is looked at before whether there is such a call, and all these are an owner's
    refusals=(
        Refusal(ErrorText(403, "AccessDenied", _NOT_THIS_KEY), _OWNERS),
        Refusal(ErrorText(501, "NotImplemented", "Unimplemented action: ListObjectVersions"), ("ListObjectVersions",)),
    ),
    wording=MappingProxyType({
        "AccessForbidden": ErrorText(403, "AccessDenied", "Forbidden: This CORS request is not allowed."),
        "InvalidAccessKeyId": ErrorText(403, "AccessDenied", "Forbidden: No such key: {value}"),
        "SignatureDoesNotMatch": ErrorText(403, "AccessDenied", "Forbidden: Invalid signature"),
        "NoSuchBucket": ErrorText(404, "NoSuchBucket", "Bucket not found: {value}"),
        "NoSuchKey": ErrorText(404, "NoSuchKey", "Key not found"),
        "QuotaExceeded": ErrorText(403, "AccessDenied", "Forbidden: Bucket size quota is reached"),
    }),
)  # fmt: skip
"""Rights are read, write and owner; visitors have a port of their own (:mod:`s3probe.sandbox.web_port`)."""

_NOT_IMPLEMENTED = ErrorText(501, "NotImplemented", f"{_NOT_THERE}.")
VERSITY = Personality(
    id="versitygw", server="VERSITYGW", amazon_ids=False, acls=AclHandling.BUCKET, quotes='"',
    principal="{key}", policy_replaces_owner=True, buckets_shown=BucketsShown.OF_ACCOUNT, absent_asks=("s3:GetObject",),
    # measured (1.8.0): an ACL with an upload asks for no right of its own, and is forgotten
    rights=MappingProxyType({
        "PutObject": ("s3:PutObject",), "CreateMultipartUpload": ("s3:PutObject",), "CopyObject": ("s3:PutObject",),
    }),
    refusals=(
        Refusal(_NOT_IMPLEMENTED, ("GetPublicAccessBlock", "GetBucketRequestPayment", "GetBucketEncryption",
                "GetBucketLifecycleConfiguration")),
        Refusal(_NOT_IMPLEMENTED, ("PutObjectAcl", "GetObjectAcl"), authorised=True),
    ),
    wording=MappingProxyType({
        "AccessDenied": ErrorText(403, "AccessDenied", "Access Denied."),
        "Request has expired": ErrorText(403, "AccessDenied", "Request has expired."),
        "NoSuchBucket": ErrorText(404, "NoSuchBucket", "The specified bucket does not exist."),
        "NoSuchBucketPolicy": ErrorText(404, "NoSuchBucketPolicy", "The bucket policy does not exist."),
    }),
)  # fmt: skip
"""A bucket policy names a key by its id, and is all that this key may, the owner's too."""

SEAWEEDFS = Personality(
    id="seaweedfs", server="SeaweedFS 30GB 4.44", amazon_ids=False, acls=AclHandling.BUCKET, bucket_region=False,
    shows_what_is_signed=False, region_check=RegionCheck.NONE, checksum_answers=False, parts_of_objects=False,
    objects_cover_bucket=True, buckets_shown=BucketsShown.LISTABLE, bucket_acl_lists=("s3:ListBucket",),
    absent_asks=("s3:GetObject",), principal="arn:aws:iam::000000000000:user/{name}",
    policy_opens=("s3:GetObject", "s3:ListBucket"), hides_absent_buckets=True,
    # measured (4.44): whoever may upload may abandon an upload; ACLs of files are for global administrators alone
    rights=MappingProxyType({
        "PutObject": ("s3:PutObject",), "CreateMultipartUpload": ("s3:PutObject",), "CopyObject": ("s3:PutObject",),
        "AbortMultipartUpload": ("s3:PutObject",), "HeadBucket": ("s3:GetObject",),
        "PutObjectAcl": ("seaweedfs:Admin",), "GetObjectAcl": ("seaweedfs:Admin",),
    }),
    wording=MappingProxyType({
        "AccessDenied": ErrorText(403, "AccessDenied", "Access Denied."),
        "InvalidAccessKeyId": ErrorText(
            403, "InvalidAccessKeyId", "The access key ID you provided does not exist in our records."
        ),
    }),
)  # fmt: skip
"""Rights are actions of identities, or IAM policies; an upload's ACL is forgotten."""

WASABI = Personality(
    id="wasabi", server="WasabiS3/7.0", bucket_region=False,
    refusals=(
        Refusal(ErrorText(501, "NotImplemented", "A header you provided implies functionality that is not implemented"),
                ("HeadObject",), query="partNumber"),
    ),
    storage_classes=("STANDARD",),
)  # fmt: skip

PERSONALITIES: Mapping[str, Personality] = MappingProxyType(
    {p.id: p for p in (AWS, R2, B2, GCS, MINIO, CEPH, GARAGE, VERSITY, SEAWEEDFS, WASABI)}
)
"""By id. Wordings are as reported by users or measured; AWS's own are its documentation's."""


def acl_must_match(bucket_acl: str) -> tuple[Refusal, ...]:
    """B2's rule: any other ACL than the bucket's type is refused (B2 docs, S3-compatible API, "ACL")."""
    others = tuple(acl for acl in ("private", "public-read", "public-read-write") if acl != bucket_acl)
    error = ErrorText(400, "InvalidArgument", "Unsupported value for canned acl '{value}'")
    return (Refusal(error, (*_ACL_WRITES, "PutObjectAcl"), "x-amz-acl", others),)


def refuse_checksums(error: ErrorText) -> tuple[Refusal, ...]:
    """The refusal of providers that do not know the SDK's default CRC32."""
    return (
        Refusal(error, _CHECKSUM_WRITES, "x-amz-checksum-*"),
        Refusal(error, _CHECKSUM_WRITES, "x-amz-sdk-checksum-algorithm"),
        Refusal(error, _CHECKSUM_WRITES, "x-amz-trailer"),
    )
