"""Handlers of multipart uploads."""

from __future__ import annotations

from collections.abc import Callable

from s3probe.sandbox import acls
from s3probe.sandbox.messages import Reply, S3Error
from s3probe.sandbox.objects import check_room, encryption_headers, stored_headers, translate, wanted_acl
from s3probe.sandbox.state import Context, OpenUpload, Record
from s3probe.sandbox.store import upload_id_of


def create(context: Context) -> Reply:
    """CreateMultipartUpload."""
    acl = wanted_acl(context)
    headers = stored_headers(context)
    reply = context.state.store.call(
        "POST", context.bucket.name, context.key, query=(("uploads", ""),), headers=headers
    )
    upload_id = upload_id_of(reply)
    context.state.uploads[upload_id] = OpenUpload(
        context.bucket.name, context.key, acls.stored(context.state.world, context.bucket, acl), context.owner,
        context.request.headers.get("x-amz-storage-class", "STANDARD"),
    )  # fmt: skip
    algorithm = context.request.headers.get("x-amz-checksum-algorithm")
    extra = (("x-amz-checksum-algorithm", algorithm),) if algorithm else ()
    return Reply(
        200, (("Content-Type", "application/xml"), *encryption_headers(context.bucket.kms_key), *extra), reply.body
    )


def _upload(context: Context) -> tuple[str, OpenUpload]:
    upload_id = context.request.parameters["uploadId"]
    found = context.state.uploads.get(upload_id)
    if found is None or (found.bucket, found.key) != (context.bucket.name, context.key):
        raise S3Error("NoSuchUpload", details=(("UploadId", upload_id),))
    return upload_id, found


def upload_part(context: Context) -> Reply:
    """UploadPart. Part numbers run from 1 to 10000."""
    upload_id, _ = _upload(context)
    number = context.request.parameters.get("partNumber", "")
    if not number.isdigit() or not 1 <= int(number) <= 10000:
        raise S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", details=(
            ("ArgumentName", "partNumber"), ("ArgumentValue", number)))  # fmt: skip
    acls.check_upload(context.state.world, context.bucket)
    check_room(context, len(context.body))
    reply = context.state.store.call(
        "PUT", context.bucket.name, context.key, body=context.body,
        query=(("partNumber", number), ("uploadId", upload_id)),
    )  # fmt: skip
    if reply.status >= 400:
        return translate(reply)
    headers = tuple((n, v) for n, v in reply.headers if n.lower() == "etag")
    return Reply(200, (*headers, *encryption_headers(context.bucket.kms_key), *context.checksums.items()))


def complete(context: Context) -> Reply:
    """CompleteMultipartUpload."""
    upload_id, upload = _upload(context)
    if b"<Part>" not in context.body:
        raise S3Error("MalformedXML")
    reply = context.state.store.call(
        "POST",
        context.bucket.name,
        context.key,
        query=(("uploadId", upload_id),),
        body=_without_checksums(context.body),
    )
    if reply.status >= 400:
        return translate(reply)
    head = context.state.store.call("HEAD", context.bucket.name, context.key)
    context.state.records[upload.bucket, upload.key] = Record(
        upload.acl, upload.owner, int(head.header("content-length") or 0), upload.storage_class, context.bucket.kms_key
    )
    del context.state.uploads[upload_id]
    kept = tuple((n, v) for n, v in reply.headers if n.lower() == "x-amz-version-id" and v != "null")
    return Reply(
        200, (("Content-Type", "application/xml"), *kept, *encryption_headers(context.bucket.kms_key)), reply.body
    )


def _without_checksums(body: bytes) -> bytes:
    """moto validates checksums it never stored; S3's own check of the parts was made when they arrived."""
    import re

    return re.sub(rb"<Checksum\w+>[^<]*</Checksum\w+>", b"", body)


def abort(context: Context) -> Reply:
    """AbortMultipartUpload."""
    upload_id, _ = _upload(context)
    context.state.store.call("DELETE", context.bucket.name, context.key, query=(("uploadId", upload_id),))
    del context.state.uploads[upload_id]
    return Reply(204)


def list_parts(context: Context) -> Reply:
    """ListParts."""
    upload_id, _ = _upload(context)
    reply = context.state.store.call("GET", context.bucket.name, context.key, query=(("uploadId", upload_id),))
    # moto calls the root element ListPartsResponse.
    return Reply(
        200, (("Content-Type", "application/xml"),), reply.body.replace(b"ListPartsResponse", b"ListPartsResult")
    )


HANDLERS: dict[str, Callable[[Context], Reply]] = {
    "CreateMultipartUpload": create,
    "UploadPart": upload_part,
    "CompleteMultipartUpload": complete,
    "AbortMultipartUpload": abort,
    "ListParts": list_parts,
}
