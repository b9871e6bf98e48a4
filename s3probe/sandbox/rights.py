"""Asks the judge on behalf of one request, and raises AWS's AccessDenied."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from s3probe.records import replace
from s3probe.sandbox import acls
from s3probe.sandbox.authorise import judge
from s3probe.sandbox.messages import Reply, Request, S3Error, element, xml_reply
from s3probe.sandbox.objects import copy_source, delete_object
from s3probe.sandbox.operations import Operation
from s3probe.sandbox.state import Context, State
from s3probe.sandbox.world import Bucket, User

_READS = ("s3:GetObject", "s3:GetObjectVersion")
_OF_BUCKETS = ("s3:GetBucketPolicy", "s3:PutBucketPolicy")
"""Asked of the bucket, also for a request about a file (MinIO)."""


def condition_keys(state: State, request: Request, user: User | None) -> dict[str, str]:
    """The condition keys of a request, by lower-case name."""
    keys = {
        "aws:sourceip": state.world.source_ip,
        "aws:securetransport": "true" if request.scheme == "https" else "false",
        "aws:useragent": request.headers.get("user-agent", ""),
    }
    for header in ("referer", "x-amz-acl", "x-amz-server-side-encryption", "x-amz-storage-class"):
        if header in request.headers:
            keys[f"aws:{header}" if header == "referer" else f"s3:{header}"] = request.headers[header]
    for parameter in ("prefix", "delimiter", "max-keys"):
        if parameter in request.parameters:
            keys[f"s3:{parameter}"] = request.parameters[parameter]
    if user is not None:
        keys |= {"aws:principalarn": user.arn, "aws:principalaccount": user.account, "aws:username": user.name}
    return keys


def require(context: Context, action: str, *, key: str | None = None, bucket: Bucket | None = None) -> None:
    """Raises AccessDenied unless the caller may do ``action`` on the key (or, with ``key=""``, on the bucket)."""
    groups = context.state.world.personality.rights_together
    for one in next((group for group in groups if action in group), (action,)):
        name = context.key if key is None else key
        if one != action:  # the other half of a right is asked of the other kind of thing
            name = "" if one == "s3:ListBucket" else name or "media_attachments/any"
        _require(context, one, bucket or context.bucket, name)


def _require(context: Context, action: str, target: Bucket, name: str) -> None:
    state = context.state
    arn = f"arn:aws:s3:::{target.name}/{name}" if name else f"arn:aws:s3:::{target.name}"
    record = state.records.get((target.name, name))
    keys = condition_keys(state, context.request, context.user)
    verdict = judge(
        state.world, target, context.user, action, arn, keys,
        object_acl=record.acl if record else None, object_owner=record.owner if record else None,
    )  # fmt: skip
    if not verdict.allowed and not name and state.world.personality.objects_cover_bucket:
        verdict = judge(state.world, target, context.user, action, f"{arn}/", keys)
    if not verdict.allowed:
        headers = (("x-amz-bucket-region", target.region),) if not name else ()
        message = acls.denial(state.world, target, context.user, action, arn, verdict.why)
        raise S3Error("AccessDenied", message, headers=headers)


def may(context: Context, action: str) -> bool:
    """Whether the caller may do ``action`` on the key."""
    try:
        require(context, action)
    except S3Error:
        return False
    return True


def authorise(context: Context) -> None:
    """Every right one request needs, in AWS's order."""
    if context.bucket.requester_pays:
        _check_payer(context)
    for action in context.operation.actions:
        if action in _READS and context.record is None and "versionId" not in context.request.parameters:
            _check_missing(context, action)
        else:
            require(context, action, key="" if action in _OF_BUCKETS else None)
    if context.operation.name == "CopyObject":
        _check_source(context)
    _check_key(context)


def _check_payer(context: Context) -> None:
    paying = "requester" in (
        context.request.headers.get("x-amz-request-payer"), context.request.parameters.get("x-amz-request-payer")
    )  # fmt: skip
    own = context.user is not None and context.user.account == context.bucket.account
    if context.user is None or not (own or paying):
        raise S3Error("AccessDenied", "Access Denied")


def _check_missing(context: Context, action: str) -> None:
    """A missing key is 404 only for those who may read it and list; the others get 403 and learn nothing."""
    asks = context.state.world.personality.absent_asks
    allowed = judge(
        context.state.world, context.bucket, context.user, action,
        f"arn:aws:s3:::{context.bucket.name}/{context.key}",
        condition_keys(context.state, context.request, context.user),
        object_acl="public-read",  # a missing object has no ACL that could refuse
    ).allowed  # fmt: skip
    if not allowed and "s3:GetObject" in asks:
        require(context, action)
    if "s3:ListBucket" in asks:
        require(context, "s3:ListBucket", key="")


def _check_source(context: Context) -> None:
    name, key = copy_source(context.request.headers["x-amz-copy-source"])
    source = context.state.buckets.get(name)
    if source is None:
        raise S3Error("NoSuchBucket", details=(("BucketName", name),))
    require(replace(context, bucket=source, key=key), "s3:GetObject")


def _check_key(context: Context) -> None:
    """The KMS rights behind the bucket's default encryption (the key policy is taken to trust IAM)."""
    record = context.record
    if context.operation.name in ("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart"):
        key, actions = context.bucket.kms_key, ["kms:GenerateDataKey"]
        if context.operation.name in ("CreateMultipartUpload", "UploadPart"):
            actions.append("kms:Decrypt")
    elif context.operation.name in ("GetObject", "HeadObject") and record is not None:
        key, actions = record.kms_key, ["kms:Decrypt"]
    else:
        return
    if key is None or context.user is None:
        return
    for action in actions:
        verdict = judge(context.state.world, None, context.user, action, key, {})
        if not verdict.allowed:
            why = verdict.why
            message = f"User: {context.user.arn} is not authorized to perform: {action} on resource: {key} {why}"
            raise S3Error("AccessDenied", message)


def delete_objects(context: Context) -> Reply:
    """DeleteObjects: 200 with one ``<Error>`` for every key that could not be deleted."""
    asks_bucket = context.state.world.personality.batch_asks_bucket
    if asks_bucket and (context.user is None or context.user.account != context.bucket.account):
        require(context, "s3:DeleteObject", key="")
    headers = context.request.headers
    if "content-md5" not in headers and not context.checksums:
        raise S3Error("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    try:
        root = ET.fromstring(context.body)  # noqa: S314  our own probe or test wrote it; expat resolves no externals
    except ET.ParseError:
        raise S3Error("MalformedXML") from None
    keys = [node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == "Key"]
    if not 1 <= len(keys) <= 1000:
        raise S3Error("MalformedXML")
    quiet = any(n.tag.rpartition("}")[2] == "Quiet" and (n.text or "").lower() == "true" for n in root.iter())
    rows = []
    for key in keys:
        one = replace(context, key=key, operation=Operation("DeleteObject"))
        try:
            if broken := context.state.world.personality.batch_key_error:
                raise S3Error(broken.code, broken.message, broken.status)
            require(one, "s3:DeleteObject")
            reply = delete_object(one)
        except S3Error as error:
            fixed = context.state.world.personality.every_message
            said = error.text if fixed is None else fixed
            row = element("Key", key) + element("Code", error.code) + element("Message", said)
            rows.append(f"<Error>{row}</Error>")
        else:
            marker = element("DeleteMarker", "true") if reply.header("x-amz-delete-marker") else ""
            rows += [] if quiet else [f"<Deleted>{element('Key', key)}{marker}</Deleted>"]
    return xml_reply("DeleteResult", "".join(rows))
