"""How a provider departs from AWS, as data.

A personality never decides anything by itself: the gateway asks it. AWS is the one without departures.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from s3probe.records import dataclass, field
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
    authorised: bool = False
    """Only whoever may do it is told so; the others are denied."""
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


class BucketsShown(StrEnum):
    """Which buckets ListBuckets shows, and to whom."""

    BY_RIGHT = "by-right"  # those of the account, to whoever has s3:ListAllMyBuckets
    OF_ACCOUNT = "of-account"  # those of the account, to every key
    LISTABLE = "listable"  # those that the key may list
    LISTABLE_OR_REFUSED = "listable-or-refused"  # the same; 403 where that is none


class AclHandling(StrEnum):
    """What becomes of an ACL header."""

    HONOURED = "honoured"
    IGNORED = "ignored"  # 200, no effect: nobody gains access
    BUCKET = "bucket"  # 200, but the bucket's own ACL alone decides who reads (B2, Versity)


@dataclass(frozen=True, slots=True)
class Personality:
    """One provider's ways. The defaults are AWS's."""

    id: str = "aws-s3"
    server: str = "AmazonS3"
    """``none``: no such header."""
    amazon_ids: bool = True
    """Sends x-amz-id-2 beside x-amz-request-id."""
    request_ids: bool = True
    """Sends x-amz-request-id. Without it errors name the resource and the region instead (Garage)."""
    signed_only: ErrorText | None = None
    """What a request without a signature gets at the API's host: visitors are served elsewhere."""
    path_style: ErrorText | None = None
    """What a request with the bucket in the path gets, where the bucket has to stand in the host."""
    path_only: bool = False
    """A bucket's name in the host is not read: the first folder is taken for the bucket."""
    acl_change_empties: bool = False
    """PutObjectAcl is taken for an upload of nothing: answered 200, and the file is empty."""
    acl_change_type: str = ""
    """The content type that a file has after PutObjectAcl; ``""``: the one that it had."""
    policies: bool = True
    """Buckets have policies, and keys have IAM's."""
    arn: str = "arn:aws:s3:::"
    """What a resource begins with in a policy; any other form is refused."""
    cors_calls: bool = True
    """Buckets have CORS rules."""
    tenant: str = ""
    """Visitors have to put this and a colon before the bucket's name, as at a Ceph whose users live in tenants."""
    web_port: bool = False
    """Visitors are served at a port of their own, by Host (:mod:`s3probe.sandbox.web_port`); here nobody is."""
    version_ids: bool = False
    """Every upload is answered with a version id, though there are no versions."""
    lets_clocks_differ: bool = False
    """Signatures are too old after a day, and never too young."""
    rights_together: tuple[tuple[str, ...], ...] = ()
    """Who lacks one of these rights has none of them."""
    rights: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By operation: what it asks for, where that is not what AWS asks for."""
    objects_cover_bucket: bool = False
    """``arn:aws:s3:::bucket/*`` stands for the bucket itself as well."""
    buckets_shown: BucketsShown = BucketsShown.BY_RIGHT
    bucket_acl_lists: tuple[str, ...] = ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")
    """What READ for everyone on the bucket opens beside its files, if those."""
    principal: str = ""
    """How a policy names a user, with ``{name}`` and ``{key}`` for its key id; ``""``: by the ARN that AWS gives it."""
    policy_replaces_owner: bool = False
    """A bucket's policy is all that a key may; without one its owner may everything, and nobody else anything."""
    policy_opens: tuple[str, ...] = ()
    """All that a bucket policy can open to visitors, where that is not everything."""
    policy_lets_others_in: bool = False
    """A bucket policy suffices for a user of another account, who needs no policy of its own."""
    writers_own: bool = False
    """A user of another account may read what it has written, and change its ACL."""
    absent_asks: tuple[str, ...] = ("s3:GetObject", "s3:ListBucket")
    """Rights of those to whom a missing file is 404; the others get 403 and learn nothing."""
    refuses_unread: bool = False
    """Nobody's upload is refused before its body comes."""
    batch_asks_bucket: bool = False
    """DeleteObjects asks a user of another account for ``s3:DeleteObject`` on the bucket first."""
    unknown_questions: tuple[str, ...] = ()
    """Sub-resources of a bucket that it does not know: it answers as without them."""
    shows_defaults: bool = False
    """A Public Access Block, or a policy's status, that was never set is shown as one that does nothing."""
    blocks_every_upload: bool = False
    """BlockPublicAcls refuses uploads without an ACL as well, and parts."""
    parts_of_objects: bool = True
    """``?partNumber=`` in a HEAD is answered 206; ``False``: as without it."""
    account_info: str = ""
    """The path at which each key is told what the policies of its user say."""
    hides_absent_buckets: bool = False
    """Rights are looked at before whether there is such a bucket."""
    batch_finds_bucket: bool = True
    """DeleteObjects is answered NoSuchBucket even then."""
    quotes: str = "'"
    """Around the two regions, where the wrong one is refused."""
    hashed_host_ids: bool = False
    """x-amz-id-2 is a hash in hexadecimal digits."""
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
    """AWS code, or a text of AWS's that is not the code's own -> what this provider says instead.

    An empty message keeps the original one.
    """
    every_message: str | None = None
    """This text in place of every error's message, refusals included; ``""`` for bare codes."""
    shows_what_is_signed: bool = True
    """A refused signature is answered with the canonical request."""
    details: bool = True
    """Errors carry elements beside code and message (region, bucket, key, the signed request)."""


AWS = Personality()
