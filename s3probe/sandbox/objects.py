"""Handlers of object operations. Each is called after authorisation; the keys' bytes lie in the store."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import unquote

from s3probe.records import replace
from s3probe.sandbox import acls
from s3probe.sandbox.messages import Reply, S3Error, element, xml_reply
from s3probe.sandbox.state import Context, Record

_STORED_HEADERS = ("content-type", "cache-control", "content-disposition", "content-language", "expires")
_FROZEN_CLASSES = ("GLACIER", "DEEP_ARCHIVE")
_READ_CONDITIONS = ("range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def stored_headers(context: Context) -> list[tuple[str, str]]:
    """The request headers that belong to the object."""
    headers = context.request.headers
    kept = [(n, v) for n, v in headers.items() if n in _STORED_HEADERS or n.startswith("x-amz-meta-")]
    if "content-type" not in headers:
        kept.append(("content-type", "binary/octet-stream"))
    encodings = [e.strip() for e in headers.get("content-encoding", "").split(",")]
    # aws-chunked is framing, not an encoding of the object: S3 takes it off.
    if encoding := ",".join(e for e in encodings if e and e != "aws-chunked"):
        kept.append(("content-encoding", encoding))
    kept.append(("x-amz-storage-class", storage_class(context)))
    return kept


def storage_class(context: Context) -> str:
    """The class a request asks for. Raises InvalidStorageClass, also for an empty header."""
    wanted = context.request.headers.get("x-amz-storage-class", "STANDARD")
    if wanted not in context.state.world.personality.storage_classes:
        raise S3Error("InvalidStorageClass", details=(("StorageClassRequested", wanted),))
    return wanted


def wanted_acl(context: Context) -> str | None:
    """The ACL a write asks for, checked against the bucket's rules."""
    acl = acls.requested(context.request)
    arn = f"arn:aws:s3:::{context.bucket.name}/{context.key}"
    acls.check(context.state.world, context.bucket, context.user, acl, "s3:PutObject", arn)
    return acl


def remember(context: Context, size: int, acl: str | None, checksums: tuple[tuple[str, str], ...] = ()) -> Record:
    """Keeps what S3 knows of a new object."""
    record = Record(
        acl=acls.stored(context.state.world, context.bucket, acl),
        owner=context.owner,
        size=size,
        storage_class=storage_class(context),
        kms_key=context.bucket.kms_key,
        checksums=checksums,
    )
    context.state.records[context.bucket.name, context.key] = record
    return record


def encryption_headers(kms_key: str | None) -> tuple[tuple[str, str], ...]:
    """x-amz-server-side-encryption: AES256 since January 2023, aws:kms with the key."""
    if kms_key is None:
        return (("x-amz-server-side-encryption", "AES256"),)
    return (
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", kms_key),
    )


def check_room(context: Context, size: int) -> None:
    """Raises QuotaExceeded when the object does not fit."""
    quota = context.bucket.quota
    if quota is not None and context.state.used(context.bucket.name) + size > quota:
        raise S3Error("QuotaExceeded")


def put_object(context: Context) -> Reply:
    """PutObject."""
    bucket = context.bucket
    acls.check_upload(context.state.world, bucket)
    checked = context.checksums or "content-md5" in context.request.headers
    if (bucket.object_lock or bucket.needs_checksum) and not checked:
        needed = "Content-MD5 OR x-amz-checksum- HTTP header is required"
        raise S3Error("InvalidRequest", f"{needed} for Put Object requests with Object Lock parameters")
    acl = wanted_acl(context)
    headers = stored_headers(context)
    check_room(context, len(context.body))
    reply = context.state.store.call("PUT", context.bucket.name, context.key, headers=headers, body=context.body)
    checksums = tuple(context.checksums.items())
    record = remember(context, len(context.body), acl, checksums)
    kept = _only(reply, "etag", "x-amz-version-id") + encryption_headers(record.kms_key)
    if context.state.world.personality.version_ids:
        kept += (("x-amz-version-id", secrets.token_hex(32)),)
    if checksums and context.state.world.personality.checksum_answers:
        kept += (*checksums, ("x-amz-checksum-type", "FULL_OBJECT"))
    return Reply(200, (*kept, *expiration(context)))


def expiration(context: Context) -> tuple[tuple[str, str], ...]:
    """x-amz-expiration of an object that a lifecycle rule will delete (AWS, PutObject)."""
    rule = next((rule for rule in context.bucket.expiry if context.key.startswith(rule.prefix)), None)
    if rule is None:
        return ()
    day = (datetime.now(UTC) + timedelta(days=rule.days + 1)).replace(hour=0, minute=0, second=0)
    return (("x-amz-expiration", f'expiry-date="{format_datetime(day, usegmt=True)}", rule-id="{rule.rule}"'),)


def _only(reply: Reply, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((n, v) for n, v in reply.headers if n.lower() in names and v != "null")


def get_object(context: Context) -> Reply:
    """GetObject and HeadObject."""
    record = context.record
    method = context.request.method
    versioned = "versionId" in context.request.parameters
    if record is None and not versioned:
        return _missing(context)
    if record and record.storage_class in _FROZEN_CLASSES and method == "GET":
        raise S3Error("InvalidObjectState", details=(("StorageClass", record.storage_class),))
    if record and record.kms_key and context.user is None:
        why = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
        raise S3Error("InvalidArgument", why, details=(("ArgumentName", "Authorization"), ("ArgumentValue", "null")))
    ranges = context.state.world.personality.ranges
    headers = [(n, context.request.headers[n]) for n in _READ_CONDITIONS if n in context.request.headers]
    headers = [(n, v) for n, v in headers if ranges or n != "range"]
    known = ("versionId", "partNumber") if context.state.world.personality.parts_of_objects else ("versionId",)
    query = [(n, v) for n, v in context.request.pairs if n in known]
    reply = context.state.store.call(method, context.bucket.name, context.key, query=query, headers=headers)
    if reply.status == 416 and "range" not in context.request.headers:
        raise S3Error("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
    if reply.status == 416 and record:
        wanted = (("RangeRequested", context.request.headers["range"]), ("ActualObjectSize", str(record.size)))
        raise S3Error("InvalidRange", "The requested range is not satisfiable", 416, wanted)
    if reply.status >= 400:
        return translate(reply)
    return _with_overrides(context, reply, record)


def _missing(context: Context) -> Reply:
    details: tuple[tuple[str, str], ...] = (("Key", context.key),)
    reply = context.state.store.call("HEAD", context.bucket.name, context.key)
    # After a delete in a versioned bucket the answer tells that a marker hides the object.
    marker = (("x-amz-delete-marker", "true"),) if reply.header("x-amz-delete-marker") else ()
    raise S3Error("NoSuchKey", details=details, headers=marker)


def _with_overrides(context: Context, reply: Reply, record: Record | None) -> Reply:
    headers = dict(reply.headers)
    for name, value in context.request.pairs:
        if name.startswith("response-"):
            headers = {n: v for n, v in headers.items() if n.lower() != name[9:]} | {name[9:]: value}
    if headers.get("x-amz-version-id") == "null":
        del headers["x-amz-version-id"]
    found = tuple(headers.items())
    if record is None:
        return Reply(reply.status, found, reply.body)
    found += (*encryption_headers(record.kms_key), *expiration(context))
    if record.storage_class != "STANDARD" and "x-amz-storage-class" not in {n.lower() for n in headers}:
        found += (("x-amz-storage-class", record.storage_class),)
    if context.bucket.object_lock and context.sees_retention:
        found += (("x-amz-object-lock-mode", "GOVERNANCE"),)
    asked = context.request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"
    whole = reply.status == 200 and context.state.world.personality.checksum_answers
    if asked and whole and record.checksums:
        found += (*record.checksums, ("x-amz-checksum-type", "FULL_OBJECT"))
    return Reply(reply.status, found, reply.body)


def translate(reply: Reply) -> Reply:
    """moto's error in AWS's form: same code, our ids."""
    import re

    found = re.search(rb"<Code>([^<]+)</Code>\s*<Message>([^<]*)</Message>", reply.body)
    if found is None:
        code = {404: "NoSuchKey", 416: "InvalidRange", 412: "PreconditionFailed", 304: "NotModified"}.get(reply.status)
        raise S3Error(code or "InternalError", "We encountered an internal error. Please try again.", reply.status)
    raise S3Error(found[1].decode(), found[2].decode(), reply.status)


def delete_object(context: Context) -> Reply:
    """DeleteObject: 204 whether or not there was one."""
    numbered_only = context.state.world.personality.version_ids
    version = None if numbered_only else context.request.parameters.get("versionId")
    if version and context.bucket.object_lock:
        raise S3Error("AccessDenied", "Access Denied because object protected by object lock.")
    query = (("versionId", version),) if version else ()
    reply = context.state.store.call("DELETE", context.bucket.name, context.key, query=query)
    if not version:
        context.state.records.pop((context.bucket.name, context.key), None)
    return Reply(204, _only(reply, "x-amz-version-id", "x-amz-delete-marker"))


def put_object_acl(context: Context) -> Reply:
    """PutObjectAcl, by header or by body."""
    acl = acls.requested(context.request) or acls.requested_in_body(context.body)
    if acl is None:
        raise S3Error("MissingSecurityHeader", "Your request was missing a required header", 400, (
            ("MissingHeaderName", "x-amz-acl"),))  # fmt: skip
    arn = f"arn:aws:s3:::{context.bucket.name}/{context.key}"
    acls.check(context.state.world, context.bucket, context.user, acl, "s3:PutObjectAcl", arn)
    record = context.record
    if record is None:
        return _missing(context)
    ways = context.state.world.personality
    if ways.acl_change_empties or ways.acl_change_type:
        content = (
            b"" if ways.acl_change_empties else context.state.store.call("GET", context.bucket.name, context.key).body
        )
        kind = (("Content-Type", ways.acl_change_type),) if ways.acl_change_type else ()
        context.state.store.call("PUT", context.bucket.name, context.key, headers=kind, body=content)
        record = replace(record, size=len(content), checksums=())
    new = replace(record, acl=acls.stored(context.state.world, context.bucket, acl))
    context.state.records[context.bucket.name, context.key] = new
    return Reply(200)


def get_object_acl(context: Context) -> Reply:
    """GetObjectAcl."""
    record = context.record
    if record is None:
        return _missing(context)
    return xml_reply(
        "AccessControlPolicy", acls.policy_xml(record.acl, record.owner, context.state.world.personality.tenant)
    )


def get_object_tagging(context: Context) -> Reply:
    """GetObjectTagging: Mastodon tags nothing, and neither does this sandbox."""
    return xml_reply("Tagging", "<TagSet></TagSet>") if context.record else _missing(context)


def copy_object(context: Context) -> Reply:
    """CopyObject inside one sandbox. The right to read the source was judged before."""
    source_bucket, source_key = copy_source(context.request.headers["x-amz-copy-source"])
    state = context.state
    record = state.records.get((source_bucket, source_key))
    if record is None:
        raise S3Error("NoSuchKey", details=(("Key", source_key),))
    acl = wanted_acl(context)
    original = state.store.call("GET", source_bucket, source_key)
    kept = [(n, v) for n, v in original.headers if n.lower() in _STORED_HEADERS or n.lower().startswith("x-amz-meta-")]
    kept.append(("x-amz-storage-class", storage_class(context)))
    check_room(context, len(original.body))
    reply = state.store.call("PUT", context.bucket.name, context.key, headers=kept, body=original.body)
    new = remember(context, len(original.body), acl, record.checksums)
    inner = element("ETag", reply.header("etag") or "") + element("LastModified", "2026-01-01T00:00:00.000Z")
    return xml_reply("CopyObjectResult", inner, *encryption_headers(new.kms_key))


def copy_source(text: str) -> tuple[str, str]:
    """Bucket and key of x-amz-copy-source."""
    bucket, _, key = unquote(text).lstrip("/").partition("/")
    return bucket, key.partition("?versionId=")[0]


HANDLERS: dict[str, Callable[[Context], Reply]] = {
    "PutObject": put_object,
    "GetObject": get_object,
    "HeadObject": get_object,
    "DeleteObject": delete_object,
    "PutObjectAcl": put_object_acl,
    "GetObjectAcl": get_object_acl,
    "GetObjectTagging": get_object_tagging,
    "CopyObject": copy_object,
}
