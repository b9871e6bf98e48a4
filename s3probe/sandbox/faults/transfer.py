"""Faults of uploads, downloads and deletions that a provider causes by its ways."""

from __future__ import annotations

from s3probe.sandbox.faults.model import Change, Fault, both, bucket, env
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.providers import refuse_checksums
from s3probe.sandbox.scenario import custom, healthy, readable

_B2_CHECKSUM = ErrorText(
    400, "InvalidArgument", "Unsupported header 'x-amz-checksum-crc32' received for this API call."
)
_PART_HEAD = Refusal(
    ErrorText(501, "NotImplemented", "This API call is not implemented"), ("HeadObject",), query="partNumber"
)
_BATCH = Refusal(ErrorText(501, "NotImplemented", "DeleteObjects is not implemented"), ("DeleteObjects",))
_SLOW_TEXT = ErrorText(503, "SlowDown", "Please reduce your request rate.")
_SLOW_DOWN = Refusal(_SLOW_TEXT, ("PutObject",), anonymous=False)
_NOW_AND_THEN = Refusal(_SLOW_TEXT, ("PutObject",), anonymous=False, every=2)
_TOMES = ErrorText(503, "ServiceUnavailable", "no tomes available")
_FOR_A_MOMENT = Refusal(_TOMES, ("PutObject",), anonymous=False, every=3)
_FOR_GOOD = Refusal(ErrorText(503, "ServiceUnavailable", "replica set is down"), ("PutObjectAcl",), anonymous=False)
_MODE = Refusal(
    ErrorText(501, "NotImplemented", "Header 'x-amz-checksum-mode' with value '{value}' not implemented"),
    ("GetObject", "HeadObject"), "x-amz-checksum-mode",
)  # fmt: skip
_MD5 = Refusal(
    ErrorText(400, "MissingContentMD5", "Missing required header for this request: Content-Md5"),
    ("DeleteObjects",), "x-amz-checksum-*",
)  # fmt: skip
_VAGUE = Refusal(ErrorText(400, "InvalidRequest", "Invalid Request"), ("DeleteObjects",), "x-amz-checksum-*")
"""The same without a word about MD5: only the request that has it tells."""
_EVERYWHERE = (*refuse_checksums(_B2_CHECKSUM), _MODE, Refusal(_B2_CHECKSUM, ("DeleteObjects",), "x-amz-checksum-*"))
_NO_MULTIPART = Refusal(ErrorText(403, "AccessDenied", "Access Denied"), ("CreateMultipartUpload",))


def _refuses(*refusals: Refusal) -> Change:
    return lambda s: s.with_personality(refusals=(*s.world.personality.refusals, *refusals))


FAULTS = (
    Fault("checksum-header-unsupported", _refuses(*refuse_checksums(_B2_CHECKSUM)), custom),
    Fault("partnumber-head-unsupported", _refuses(_PART_HEAD), custom),
    Fault("range-ignored-by-cache", lambda s: s.with_personality(ranges=False), custom),
    Fault("delete-objects-unsupported", _refuses(_BATCH), custom, look_alike=_refuses(_VAGUE)),
    Fault(
        "delete-objects-per-key-errors-ignored",
        lambda s: s.with_personality(
            batch_key_error=ErrorText(500, "InternalError", "We encountered an internal error.")
        ),
        custom,
    ),
    Fault("versioning-delete-markers", bucket(versioning=True)),
    Fault("storage-class-glacier", env("S3_STORAGE_CLASS", "GLACIER")),
    Fault(
        "storage-class-invalid",
        both(lambda s: s.with_personality(storage_classes=("STANDARD",)), env("S3_STORAGE_CLASS", "STANDARD_IA")),
        custom,
    ),
    Fault("requester-pays", bucket(requester_pays=True), lambda: readable(healthy())),
    Fault("rate-limited-503-slowdown", _refuses(_SLOW_DOWN), custom),
    Fault("rate-limited-503-slowdown", _refuses(_NOW_AND_THEN), custom, "now and then"),
    Fault("storage-failed-for-a-moment", _refuses(_FOR_A_MOMENT), custom, look_alike=_refuses(_FOR_GOOD)),
    Fault("request-keeps-failing", _refuses(_FOR_GOOD), custom, look_alike=_refuses(_FOR_A_MOMENT)),
    Fault("checksum-mode-header-unsupported", _refuses(_MODE), custom),
    Fault("delete-md5-required", _refuses(_MD5), custom, look_alike=_refuses(_BATCH)),
    Fault("delete-md5-required", _refuses(_VAGUE), custom, "no word about MD5"),
    Fault("multipart-denied", _refuses(_NO_MULTIPART), custom),
    Fault("multipart-threshold-in-megabytes", env("S3_MULTIPART_THRESHOLD", "15")),
    Fault("object-lock-prevents-delete", bucket(object_lock=True), lambda: readable(healthy())),
    Fault("quota-or-cap-exceeded", bucket(quota=0), custom),
)
