"""Handlers of bucket operations: listings, settings as they are read, and the few writes that are possible.

A bucket's settings belong to the :class:`~s3probe.sandbox.world.World`. Over S3 only the policy can be written
(to see Block Public Access refuse it) and buckets can be made, because Mastodon itself does that by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from s3probe.sandbox import acls
from s3probe.sandbox.authorise import policy_is_public
from s3probe.sandbox.messages import Reply, S3Error, element, xml_reply
from s3probe.sandbox.state import Context, State
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import Bucket, PublicAccessBlock, User

_LISTS = ("list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "marker", "versions",
          "uploads", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "encoding-type",
          "fetch-owner")  # fmt: skip


def listing(context: Context) -> Reply:
    """ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads."""
    query = [(n, v) for n, v in context.request.pairs if n in _LISTS]
    for name in ("max-keys", "max-uploads"):
        if name in context.request.parameters and not context.request.parameters[name].isdigit():
            raise S3Error("InvalidArgument", f"Provided {name} not an integer or within integer range", details=(
                ("ArgumentName", name), ("ArgumentValue", context.request.parameters[name])))  # fmt: skip
    body = context.state.store.call("GET", context.bucket.name, query=query).body
    return Reply(200, (("Content-Type", "application/xml"), *_region(context.bucket)), body)


def _region(bucket: Bucket) -> tuple[tuple[str, str], ...]:
    return (("x-amz-bucket-region", bucket.region),)


def head(context: Context) -> Reply:
    """HeadBucket."""
    return Reply(200, (("Content-Type", "application/xml"), *_region(context.bucket)))


def location(context: Context) -> Reply:
    """GetBucketLocation: empty for us-east-1."""
    region = "" if context.bucket.region == "us-east-1" else context.bucket.region
    return xml_reply("LocationConstraint", region)


def get_policy(context: Context) -> Reply:
    """GetBucketPolicy."""
    if not context.bucket.policy:
        raise S3Error("NoSuchBucketPolicy", details=(("BucketName", context.bucket.name),))
    statements = [statement.to_json() for statement in context.bucket.policy]
    body = json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()
    return Reply(200, (("Content-Type", "application/json"),), body)


def policy_status(context: Context) -> Reply:
    """GetBucketPolicyStatus."""
    if not context.bucket.policy and not context.state.world.personality.shows_defaults:
        raise S3Error("NoSuchBucketPolicy", details=(("BucketName", context.bucket.name),))
    return xml_reply("PolicyStatus", element("IsPublic", "true" if policy_is_public(context.bucket) else "false"))


def public_access_block(context: Context) -> Reply:
    """GetPublicAccessBlock: the bucket's own switches, never the account's."""
    block = context.bucket.block
    if block == PublicAccessBlock() and not context.state.world.personality.shows_defaults:
        raise S3Error("NoSuchPublicAccessBlockConfiguration", details=(("BucketName", context.bucket.name),))
    switches = (
        ("BlockPublicAcls", block.block_public_acls),
        ("IgnorePublicAcls", block.ignore_public_acls),
        ("BlockPublicPolicy", block.block_public_policy),
        ("RestrictPublicBuckets", block.restrict_public_buckets),
    )
    return xml_reply("PublicAccessBlockConfiguration", "".join(element(n, str(v).lower()) for n, v in switches))


def ownership(context: Context) -> Reply:
    """GetBucketOwnershipControls."""
    return xml_reply("OwnershipControls", f"<Rule>{element('ObjectOwnership', context.bucket.ownership)}</Rule>")


def get_acl(context: Context) -> Reply:
    """GetBucketAcl."""
    return xml_reply("AccessControlPolicy", acls.policy_xml(context.bucket.acl, context.bucket.account))


def get_cors(context: Context) -> Reply:
    """GetBucketCors."""
    if not context.bucket.cors:
        raise S3Error("NoSuchCORSConfiguration", details=(("BucketName", context.bucket.name),))
    rules = []
    for rule in context.bucket.cors:
        parts = [("AllowedOrigin", o) for o in rule.origins] + [("AllowedMethod", m) for m in rule.methods]
        parts += [("AllowedHeader", h) for h in rule.headers] + [("ExposeHeader", h) for h in rule.expose]
        age = element("MaxAgeSeconds", rule.max_age) if rule.max_age is not None else ""
        rules.append("<CORSRule>" + "".join(element(n, v) for n, v in parts) + age + "</CORSRule>")
    return xml_reply("CORSConfiguration", "".join(rules))


def encryption(context: Context) -> Reply:
    """GetBucketEncryption."""
    key = context.bucket.kms_key
    algorithm = element("SSEAlgorithm", "aws:kms" if key else "AES256") + (
        element("KMSMasterKeyID", key) if key else ""
    )
    default = f"<ApplyServerSideEncryptionByDefault>{algorithm}</ApplyServerSideEncryptionByDefault>"
    return xml_reply("ServerSideEncryptionConfiguration", f"<Rule>{default}</Rule>")


def versioning(context: Context) -> Reply:
    """GetBucketVersioning."""
    on = context.bucket.versioning or context.bucket.object_lock
    return xml_reply("VersioningConfiguration", element("Status", "Enabled") if on else "")


def request_payment(context: Context) -> Reply:
    """GetBucketRequestPayment."""
    payer = "Requester" if context.bucket.requester_pays else "BucketOwner"
    return xml_reply("RequestPaymentConfiguration", element("Payer", payer))


def object_lock(context: Context) -> Reply:
    """GetObjectLockConfiguration."""
    if not context.bucket.object_lock:
        raise S3Error("ObjectLockConfigurationNotFoundError", details=(("BucketName", context.bucket.name),))
    retention = "<DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention>"
    inner = element("ObjectLockEnabled", "Enabled") + f"<Rule>{retention}</Rule>"
    return xml_reply("ObjectLockConfiguration", inner)


def lifecycle(context: Context) -> Reply:
    """GetBucketLifecycleConfiguration."""
    bucket = context.bucket
    rules = [
        (rule.rule, rule.prefix, f"<Expiration>{element('Days', str(rule.days))}</Expiration>")
        for rule in bucket.expiry
    ]
    if bucket.old_versions_expire:
        old = f"<NoncurrentVersionExpiration>{element('NoncurrentDays', '1')}</NoncurrentVersionExpiration>"
        rules.append(("old-versions", "", old))
    if not rules:
        raise S3Error(
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
            404,
            (("BucketName", bucket.name),),
        )
    written = (
        f"<Rule>{element('ID', name)}<Filter>{element('Prefix', prefix)}</Filter>"
        f"{element('Status', 'Enabled')}{what}</Rule>"
        for name, prefix, what in rules
    )
    return xml_reply("LifecycleConfiguration", "".join(written))


def _absent(code: str, message: str) -> Callable[[Context], Reply]:
    """A setting no world has: the answer AWS gives where it was never made."""

    def handler(context: Context) -> Reply:
        raise S3Error(code, message, 404, (("BucketName", context.bucket.name),))

    return handler


def _empty(root: str) -> Callable[[Context], Reply]:
    """A setting AWS answers with an empty document where it was never made."""
    return lambda _: xml_reply(root)


def put_policy(context: Context) -> Reply:
    """PutBucketPolicy, refused for a public policy under BlockPublicPolicy."""
    try:
        document = json.loads(context.body)
        statements = document["Statement"]
        policy = tuple(Statement.from_json(s) for s in (statements if isinstance(statements, list) else [statements]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise S3Error("MalformedPolicy", f"Policies must be valid JSON: {error}", 400) from None
    state, bucket = context.state, context.bucket
    block = state.world.account(bucket.account).block.stricter(bucket.block)
    if block.block_public_policy and any(statement.is_public for statement in policy):
        arn = f"arn:aws:s3:::{bucket.name}"
        why = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        raise S3Error("AccessDenied", acls.denial(state.world, bucket, context.user, "s3:PutBucketPolicy", arn, why))
    _replace(context, policy)
    return Reply(204)


def delete_policy(context: Context) -> Reply:
    """DeleteBucketPolicy."""
    _replace(context, ())
    return Reply(204)


def _replace(context: Context, policy: tuple[Statement, ...]) -> None:
    from s3probe.records import replace

    context.state.buckets[context.bucket.name] = replace(context.bucket, policy=policy)


def list_buckets(mine: Iterable[Bucket], user: User, tenant: str = "") -> Reply:
    """ListBuckets: those that are the caller's, who lives in that tenant."""
    rows = "".join(
        f"<Bucket>{element('Name', name)}{element('CreationDate', f'2026-01-01T00:00:00.{number:03}Z')}</Bucket>"
        for number, bucket in enumerate(mine, 1)
        for name in (bucket.name, *bucket.aliases)
    )
    owner = f"{tenant}${tenant}" if tenant else user.account
    return xml_reply("ListAllMyBucketsResult", f"<Owner>{element('ID', owner)}</Owner><Buckets>{rows}</Buckets>")


def create_bucket(state: State, name: str, user: User, region: str) -> Reply:
    """CreateBucket, with the defaults of a bucket made today: ACLs off, Block Public Access on."""
    from s3probe.sandbox.world import ALL_BLOCKED, Ownership

    existing = state.buckets.get(name)
    if existing is not None:
        own = existing.account == user.account
        raise S3Error("BucketAlreadyOwnedByYou" if own else "BucketAlreadyExists", details=(("BucketName", name),))
    state.add(Bucket(name, region, user.account, ownership=Ownership.ENFORCED, block=ALL_BLOCKED))
    return Reply(200, (("Location", f"/{name}"),))


HANDLERS: dict[str, Callable[[Context], Reply]] = {
    "ListObjects": listing,
    "ListObjectsV2": listing,
    "ListObjectVersions": listing,
    "ListMultipartUploads": listing,
    "HeadBucket": head,
    "GetBucketLocation": location,
    "GetBucketPolicy": get_policy,
    "GetBucketPolicyStatus": policy_status,
    "GetPublicAccessBlock": public_access_block,
    "GetBucketOwnershipControls": ownership,
    "GetBucketAcl": get_acl,
    "GetBucketCors": get_cors,
    "GetBucketEncryption": encryption,
    "GetBucketVersioning": versioning,
    "GetBucketRequestPayment": request_payment,
    "GetObjectLockConfiguration": object_lock,
    "GetBucketLifecycleConfiguration": lifecycle,
    "GetBucketTagging": _absent("NoSuchTagSet", "The TagSet does not exist"),
    "GetBucketWebsite": _absent(
        "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"
    ),
    "GetBucketReplication": _absent(
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found"
    ),
    "GetBucketLogging": _empty("BucketLoggingStatus"),
    "GetBucketNotificationConfiguration": _empty("NotificationConfiguration"),
    "GetBucketAccelerateConfiguration": _empty("AccelerateConfiguration"),
    "PutBucketPolicy": put_policy,
    "DeleteBucketPolicy": delete_policy,
}
