"""How a provider departs from AWS, as data.

A personality never decides anything by itself: the gateway asks it. AWS is the one without departures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from s3probe.sandbox.statements import glob_match


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as one provider words it. ``{value}`` stands for the offending header's value."""

    status: int
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Any request that looks like this is answered with ``error``. Empty fields match everything."""

    error: ErrorText
    operations: tuple[str, ...] = ()
    header: str = ""
    """Lower-case name, ``*`` and ``?`` allowed; the request must carry such a header."""
    values: tuple[str, ...] = ("*",)
    query: str = ""
    """The query must have this parameter."""
    keys: str = "*"
    anonymous: bool | None = None
    every: int = 1
    """Only every n-th matching request (throttling)."""

    def offends(
        self, operation: str, headers: Mapping[str, str], query: Mapping[str, str], key: str, anonymous: bool
    ) -> str | None:
        """The offending header's value (``""`` when no header is asked for), or ``None`` when it does not match."""
        if self.operations and operation not in self.operations:
            return None
        if self.query and self.query not in query:
            return None
        if self.anonymous not in (None, anonymous) or not glob_match(self.keys, key):
            return None
        if not self.header:
            return ""
        for name, value in headers.items():
            if glob_match(self.header, name) and any(glob_match(v, value) for v in self.values):
                return value
        return None


class RegionCheck(StrEnum):
    """What a custom endpoint says to a signature for another region."""

    MALFORMED = "malformed"  # 400 AuthorizationHeaderMalformed with <Region>
    SIGNATURE = "signature"  # 403 SignatureDoesNotMatch, no hint
    NONE = "none"


class AclHandling(StrEnum):
    """What becomes of an ACL header."""

    HONOURED = "honoured"
    IGNORED = "ignored"  # 200, no effect: nobody gains access
    BUCKET = "bucket"  # 200, but the bucket's own ACL alone decides who reads (B2)


@dataclass(frozen=True, slots=True)
class Personality:
    """One provider's ways. The defaults are AWS's."""

    id: str = "aws-s3"
    server: str = "AmazonS3"
    amazon_ids: bool = True
    """Sends x-amz-id-2 beside x-amz-request-id."""
    acls: AclHandling = AclHandling.HONOURED
    region_check: RegionCheck = RegionCheck.MALFORMED
    signature_v2: bool = False
    """Accepts Signature V2 as if it were valid (it is not verified)."""
    ranges: bool = True
    """``False``: a Range request is answered 200 with the whole body, as a cache in front of S3 does."""
    bucket_region: bool = True
    """Sends x-amz-bucket-region where AWS does."""
    checksum_answers: bool = True
    """Repeats x-amz-checksum-* in its answers."""
    private_accepted_when_enforced: bool = False
    """``x-amz-acl: private`` passes on a BucketOwnerEnforced bucket; reports disagree, AWS documents a refusal."""
    storage_classes: tuple[str, ...] = (
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
        "DEEP_ARCHIVE", "GLACIER_IR",
    )  # fmt: skip
    batch_key_error: ErrorText | None = None
    """DeleteObjects answers 200 with this error for every key."""
    refusals: tuple[Refusal, ...] = ()
    wording: Mapping[str, ErrorText] = field(default_factory=lambda: MappingProxyType({}))
    """AWS code -> what this provider says instead. An empty message keeps the original one."""


AWS = Personality()

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
    refusals=(
        Refusal(
            ErrorText(501, "NotImplemented", "Header 'x-amz-acl' with value '{value}' not implemented"),
            _ACL_WRITES, "x-amz-acl", ("public-read*", "authenticated-read", "bucket-owner-*"),
        ),
        Refusal(ErrorText(501, "NotImplemented", "PutObjectAcl not implemented"), ("PutObjectAcl",)),
    ),
)  # fmt: skip

B2 = Personality(
    id="backblaze-b2", server="nginx", acls=AclHandling.BUCKET, bucket_region=False,
    region_check=RegionCheck.SIGNATURE,
    wording=MappingProxyType({"InvalidAccessKeyId": ErrorText(403, "InvalidAccessKeyId", "Malformed Access Key Id")}),
)  # fmt: skip
"""Refuses an ACL that differs from the bucket's: :func:`acl_must_match` makes the refusal for one bucket type."""

GCS = Personality(
    id="google-cloud-storage", server="UploadServer", amazon_ids=False, acls=AclHandling.IGNORED, bucket_region=False,
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

MINIO = Personality(
    id="minio", server="MinIO", acls=AclHandling.IGNORED, bucket_region=False,
    wording=MappingProxyType({
        "InvalidAccessKeyId": ErrorText(
            403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records."
        ),
        "AccessDenied": ErrorText(403, "AccessDenied", "Access Denied."),
    }),
)  # fmt: skip

CEPH = Personality(
    id="ceph-rgw", server="Ceph Object Gateway", amazon_ids=False, bucket_region=False,
    region_check=RegionCheck.NONE, checksum_answers=False,
    # Ceph sends bare codes: an empty <Message> (measured, RGW 16.2.15).
    wording=MappingProxyType({
        "AccessDenied": ErrorText(403, "AccessDenied", " "), "NoSuchKey": ErrorText(404, "NoSuchKey", " "),
        "SignatureDoesNotMatch": ErrorText(403, "SignatureDoesNotMatch", " "),
        "InvalidAccessKeyId": ErrorText(403, "InvalidAccessKeyId", " "),
    }),
)  # fmt: skip

PERSONALITIES: Mapping[str, Personality] = MappingProxyType({p.id: p for p in (AWS, R2, B2, GCS, MINIO, CEPH)})


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
