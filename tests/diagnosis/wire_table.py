"""For every finding of a wire rule a run in which it must be named; statuses and codes are those of real stores."""

from __future__ import annotations

from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, ObservationId
from tests.diagnosis.env_cases import AWS, CUSTOM, with_line, without
from tests.diagnosis.wire_cases import DENIED, FIRST, HEALTHY, POLICY, ExaminedFile, healthy

A, C, P = HEALTHY[AWS], HEALTHY[CUSTOM], HEALTHY[POLICY]
AS = "User: arn:aws:iam::123456789012:user/mastodon is not authorized to perform: "
ON = ' on resource: "arn:aws:s3:::files-example/x"'
LADDER = (Experiment.ACL_PRIVATE, Experiment.ACL_BUCKET_OWNER_FULL_CONTROL)
HIDDEN = (ActionId.PUBLIC_GET,)
NO_ACL = ("InvalidArgument", "This bucket does not accept that ACL")


def provider(host: str, *lines: str) -> ExaminedFile:
    """A healthy run at a provider's own host."""
    env = with_line(with_line(CUSTOM, f"S3_ENDPOINT=https://{host}"), f"S3_HOSTNAME={host}")
    for line in lines:
        env = with_line(env, line)
    return healthy(env)


def secret(raw: str) -> ExaminedFile:
    return A.line(f"AWS_SECRET_ACCESS_KEY={raw}").stopped(403, "SignatureDoesNotMatch", "does not match")


def fixed_by(seen: ExaminedFile, trial: ObservationId, *lines: str) -> ExaminedFile:
    """The trial of these lines was kept."""
    return seen.fixed_by(trial, *lines)


def no_acl(seen: ExaminedFile, status: int, code: str, message: str = DENIED) -> ExaminedFile:
    """Uploads with any ACL fail, plain ones pass, visitors see nothing without, and nothing else was asked."""
    seen = seen.skipped(*(name for name in ActionId if name not in FIRST))
    for action_id in (ActionId.PUT_WITH_ACL, *LADDER, Experiment.PUT_ACL_PRIVATE):
        seen = seen.row(action_id, status, code, message)
    return seen.denied(Experiment.PUBLIC_WITHOUT_ACL)


ENDPOINT_WITH_BUCKET = with_line(CUSTOM, "S3_ENDPOINT=https://files-example.s3.example.net")
GLACIER = A.line("S3_STORAGE_CLASS=GLACIER")
SIGNATURE = (403, "SignatureDoesNotMatch", "does not match")
NO_SUCH_KEY = (403, "InvalidAccessKeyId", "does not exist in our records")

GARAGE = provider("s3.garage.example", "S3_ALIAS_HOST=files.example.com", "S3_PERMISSION=")
API_OF_GARAGE = (403, "AccessDenied", "Forbidden: Garage does not support anonymous access yet")


def page(seen: ExaminedFile, code: str, direct: str = "") -> ExaminedFile:
    """An error page of Garage's web port at the media host, and what that port says when it is asked directly."""
    seen = seen.row(ActionId.PUBLIC_GET, 404, outcome=Outcome.WRONG, markup="yes", web_page=code)
    if direct == "ok":
        return seen.row(Experiment.PUBLIC_WEB_PORT)
    if direct:
        return seen.row(Experiment.PUBLIC_WEB_PORT, 404, outcome=Outcome.WRONG, markup="yes", web_page=direct)
    return seen.row(Experiment.PUBLIC_WEB_PORT, None, network=NetworkFault.REFUSED)


def named_as(seen: ExaminedFile, *aliases: str) -> ExaminedFile:
    """The key is shown the bucket under these names as well."""
    names = " ".join(("files-example", *aliases))
    return seen.row(Experiment.LIST_BUCKETS, names=names, aliases=" ".join(aliases), count="1")


FOUNDATION: dict[str, ExaminedFile] = {
    "key-pair-exchanged": fixed_by(A.stopped(*NO_SUCH_KEY), Experiment.SWAPPED_KEYS),
    "storage-failed-for-a-moment": C.row(ActionId.PUT_WITH_ACL.at_first(), 500, "InternalError", "try again"),
    "env-hash-truncates-value": fixed_by(secret("abc#defghijklmnopqrst"), Experiment.SECRET_RAW),
    "env-dollar-expands": fixed_by(secret("abc$defghijklmnopqrst"), Experiment.SECRET_RAW),
    "env-backslash-eaten": fixed_by(secret("abc\\defghijklmnopqrst"), Experiment.SECRET_RAW),
    "env-crlf-line-endings": fixed_by(
        A.process("AWS_SECRET_ACCESS_KEY", "abcdefghijklmnopqrst\r").stopped(403, "SignatureDoesNotMatch", "no match"),
        Experiment.SECRET_TRIMMED,
    ),
    "env-smart-quotes-or-nbsp": fixed_by(secret("\u201cabcdefghijklmnopqrst\u201d"), Experiment.SECRET_TRIMMED),
    "env-quotes-kept-literally": fixed_by(secret("'\"abcdefghijklmnopqrst\"'"), Experiment.SECRET_TRIMMED),
    "region-wrong-aws-global-endpoint": fixed_by(
        A.line("S3_REGION=us-east-1").stopped(400, "AuthorizationHeaderMalformed", "expecting", region="eu-west-2"),
        ExperimentWith.REGION.of("eu-west-2"),
        "S3_REGION=eu-west-2",
    ),
    "region-wrong-aws-regional-endpoint": fixed_by(
        A.line("S3_REGION=eu-west-1").stopped(301, "PermanentRedirect", "specified endpoint", region="eu-west-2"),
        ExperimentWith.REGION.of("eu-west-2"),
        "S3_REGION=eu-west-2",
    ),
    "region-wrong-custom-endpoint": fixed_by(
        C.stopped(400, "AuthorizationHeaderMalformed", "expecting", region="fr-par"),
        ExperimentWith.REGION.of("fr-par"),
        "S3_REGION=fr-par",
    ),
    "signature-v2-rejected": fixed_by(
        A.line("S3_SIGNATURE_VERSION=s3").stopped(400, "InvalidRequest", "Please use AWS4-HMAC-SHA256"),
        Experiment.SIGNATURE_V4,
        "S3_SIGNATURE_VERSION=",
    ),
    "temporary-credentials-without-token": fixed_by(
        A.line("AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE", "AWS_SESSION_TOKEN=tokentoken").stopped(*NO_SUCH_KEY),
        Experiment.SESSION_TOKEN,
    ),
    "key-expired": GARAGE.stopped(403, "AccessDenied", "Forbidden: Access key GK12…34ab has expired"),
    "wrong-secret-key": A.stopped(*SIGNATURE),
    "wrong-access-key-id": A.stopped(*NO_SUCH_KEY),
    "clock-skew": fixed_by(
        A.stopped(403, "RequestTimeTooSkewed", "The difference").row(
            ActionId.CLOCK, None, outcome=Outcome.WRONG, skew="1200"
        ),
        Experiment.CLOCK,
    ).row(ActionId.CLOCK, None, outcome=Outcome.WRONG, skew="1200"),
    "deny-source-ip-or-secure-transport": fixed_by(
        A.line("S3_ENDPOINT=http://s3.eu-west-2.amazonaws.com").stopped(403, "AccessDenied", DENIED),
        Experiment.SCHEME_HTTPS,
        "S3_ENDPOINT=https://s3.eu-west-2.amazonaws.com",
    ),
    "endpoint-http-redirects-to-https": fixed_by(
        C.line("S3_ENDPOINT=http://s3.example.net").stopped(301, None, None, s3="", markup="yes"),
        Experiment.SCHEME_HTTPS,
        "S3_ENDPOINT=https://s3.example.net",
    ),
    "protocol-https-but-endpoint-plain": C.row(ActionId.PUBLIC_GET, network=NetworkFault.TLS_NOT_TLS).row(
        Experiment.PUBLIC_PLAIN_HTTP, url="http://s3.example.net/files-example/x.png"
    ),
    "endpoint-https-on-plain-port": C.stopped(None, network=NetworkFault.TLS_NOT_TLS).row(
        Experiment.SCHEME_HTTP, 403, "AccessDenied", outcome=Outcome.OK, s3="yes"
    ),
    "endpoint-http-on-tls-port": fixed_by(
        C.line("S3_ENDPOINT=http://s3.example.net:9000").stopped(400, None, None, s3="", markup="yes"),
        Experiment.SCHEME_HTTPS,
        "S3_ENDPOINT=https://s3.example.net:9000",
    ),
    "nothing-listens-at-endpoint": C.stopped(None, network=NetworkFault.REFUSED),
    "host-unknown-to-store": C.stopped(
        404, "NoSuchBucket", None, bucket="s3.example.net", other_bucket="s3.example.net"
    ),
    "proxy-refuses-uploads": C.row(ActionId.PUT_WITH_ACL, 403, None, None, outcome=Outcome.WRONG, markup="yes").row(
        ActionId.PUT_WITHOUT_ACL, 403, None, None, outcome=Outcome.WRONG, markup="yes"
    ),
    "endpoint-has-path-or-trailing-slash": fixed_by(
        C.line("S3_ENDPOINT=https://s3.example.net/v1").stopped(404, None, None, markup="yes"),
        Experiment.ENDPOINT_WITHOUT_PATH,
        "S3_ENDPOINT=https://s3.example.net",
    ),
    "endpoint-contains-bucket-vhost-style": fixed_by(
        healthy(with_line(ENDPOINT_WITH_BUCKET, "S3_OVERRIDE_PATH_STYLE=true")).stopped(404, "NoSuchBucket", "no"),
        Experiment.ENDPOINT_WITHOUT_BUCKET,
        "S3_ENDPOINT=https://s3.example.net",
    ),
    "endpoint-contains-bucket-path-style": healthy(ENDPOINT_WITH_BUCKET).row(
        ActionId.LIST, 404, "NoSuchKey", "no such key"
    ),
    "endpoint-missing-non-aws": fixed_by(
        healthy(without(CUSTOM, "S3_ENDPOINT")).stopped(*NO_SUCH_KEY),
        ExperimentWith.ENDPOINT.of("https"),
        "S3_ENDPOINT=https://s3.example.net",
    ),
    "path-style-switch-inverted": fixed_by(
        C.stopped(404, "NoSuchBucket", "no"), Experiment.VIRTUAL_HOST, "S3_OVERRIDE_PATH_STYLE=true"
    ),
    "console-port-instead-of-api": fixed_by(
        C.line("S3_ENDPOINT=https://s3.example.net:9001").stopped(200, None, None, outcome=Outcome.WRONG, markup="yes"),
        ExperimentWith.PORT.of("9000"),
        "S3_ENDPOINT=https://s3.example.net:9000",
    ),
    "bucket-name-invalid": A.line("S3_BUCKET=files_example").stopped(400, "InvalidBucketName", "not valid"),
    "nosuchbucket-typo": A.stopped(404, "NoSuchBucket", "The specified bucket does not exist"),
    "checksum-header-unsupported": C.row(ActionId.PUT_WITH_ACL, 400, "InvalidArgument", "Unsupported header")
    .row(ActionId.PUT_WITHOUT_ACL, 400, "InvalidArgument", "Unsupported header")
    .fixed_by(Experiment.PUT_NO_CHECKSUM, "AWS_REQUEST_CHECKSUM_CALCULATION=when_required"),
    "storage-class-invalid": fixed_by(
        C.line("S3_STORAGE_CLASS=STANDARD_IA")
        .row(ActionId.PUT_WITH_ACL, 400, "InvalidStorageClass", "not valid")
        .row(ActionId.PUT_WITHOUT_ACL, 400, "InvalidStorageClass", "not valid"),
        Experiment.PUT_NO_STORAGE_CLASS,
        "S3_STORAGE_CLASS=",
    ),
    "default-key-has-object-lock-or-md5-rule": C.line("AWS_REQUEST_CHECKSUM_CALCULATION=when_required")
    .row(ActionId.PUT_WITH_ACL, 400, "InvalidRequest", "Content-MD5 is required")
    .row(ActionId.PUT_WITHOUT_ACL, 400, "InvalidRequest", "Content-MD5 is required")
    .fixed_by(Experiment.PUT_WITH_CHECKSUM, "AWS_REQUEST_CHECKSUM_CALCULATION="),
    "forwarded-x-amz-meta-limits": C.row(ActionId.PUT_WITH_ACL, 400, "InvalidArgument", "header")
    .row(ActionId.PUT_WITHOUT_ACL, 400, "InvalidArgument", "header")
    .fixed_by(Experiment.PUT_NO_CACHE_CONTROL),
    "region-china-govcloud-partition": fixed_by(
        A.line("S3_REGION=us-east-1").stopped(*NO_SUCH_KEY),
        ExperimentWith.PARTITION.of("cn-north-1"),
        "S3_REGION=cn-north-1",
        "S3_HOSTNAME=s3.cn-north-1.amazonaws.com.cn",
    ),
    "tls-certificate-bad": C.stopped(None, network=NetworkFault.TLS_UNTRUSTED),
    "http-proxy-env": C.stopped(None, network=NetworkFault.PROXY),
    "dns-fails-in-container": C.stopped(None, network=NetworkFault.DNS),
    "egress-firewall": C.stopped(None, network=NetworkFault.CONNECT_TIMEOUT),
    "slow-provider-read-timeout": C.stopped(None, network=NetworkFault.READ_TIMEOUT, late="7.2"),
    "endpoint-is-cdn-or-public-host": C.stopped(405, None, None, markup="yes", headers={"cf-ray": "1"}),
    "proxy-body-limit-413": C.stopped(413, None, None, markup="yes"),
    "provider-outage": C.stopped(502, None, None, markup="yes"),
    "canary-failed-once": C.row(ActionId.PUT_WITH_ACL.as_met_by_canary(), 500, "InternalError"),
    "key-disabled-or-account-suspended": A.stopped(403, "AccountProblem", "There is a problem with your account"),
    "b2-master-key-used": provider("s3.us-west-004.backblazeb2.com", "AWS_ACCESS_KEY_ID=0123456789ab").stopped(
        *NO_SUCH_KEY
    ),
    "r2-token-wrong-type": provider(
        "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", "S3_ALIAS_HOST=files.example.com"
    ).stopped(401, "Unauthorized", "Unauthorized"),
    "gcs-hmac-missing": provider("storage.googleapis.com").stopped(*NO_SUCH_KEY),
    "proxy-rewrites-host-before-s3": C.stopped(*SIGNATURE, signed_host="minio:9000"),
}

RIGHTS: dict[str, ExaminedFile] = {
    "quota-or-cap-exceeded": C.row(ActionId.PUT_WITH_ACL, 403, "QuotaExceeded", "full")
    .row(ActionId.PUT_WITHOUT_ACL, 403, "QuotaExceeded", "full")
    .row(ActionId.ARCHIVE_PUT, 403, "QuotaExceeded", "full"),
    "kms-key-not-allowed": A.denied(
        ActionId.PUT_WITH_ACL,
        ActionId.PUT_WITHOUT_ACL,
        ActionId.ARCHIVE_PUT,
        message=f"{AS}kms:GenerateDataKey{ON} because no identity-based policy allows the kms:GenerateDataKey action",
    ),
    "vpc-endpoint-policy-blocks": A.stopped(
        403, "AccessDenied", f"{AS}s3:PutObject{ON} because no VPC endpoint policy allows the s3:PutObject action"
    ),
    "explicit-deny-policy": A.denied(
        ActionId.PUT_WITH_ACL,
        ActionId.PUT_WITHOUT_ACL,
        ActionId.ARCHIVE_PUT,
        message=f"{AS}s3:PutObject{ON} with an explicit deny in a resource-based policy",
    ),
    "disk-read-only": C.row(ActionId.PUT_WITH_ACL, 503, "ServiceUnavailable", "IO error: Read-only file system")
    .row(ActionId.PUT_WITHOUT_ACL, 503, "ServiceUnavailable", "IO error: Read-only file system")
    .row(ActionId.MULTIPART_PART, 503, "ServiceUnavailable", "IO error: Read-only file system"),
    "key-without-rights": C.line("S3_ENDPOINT=https://minio.example.net")
    .stopped(403, "AccessDenied", "Access Denied.")
    .denied(ActionId.DELETE),
    "bucket-owned-by-other-account": A.stopped(403, "AccessDenied", DENIED).denied(ActionId.DELETE),
    "policy-bucket-arn-without-slash-star": A.denied(
        ActionId.PUT_WITH_ACL,
        ActionId.PUT_WITHOUT_ACL,
        ActionId.ARCHIVE_PUT,
        ActionId.DELETE,
        Experiment.GET_MISSING,
        ActionId.MULTIPART_CREATE,
    ).skipped(ActionId.HEAD, ActionId.HEAD_PART, ActionId.GET, ActionId.GET_RANGE, ActionId.PUBLIC_GET),
    "b2-key-not-entitled": C.denied(
        ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, message="not entitled"
    ),
    "iam-missing-putobject": A.denied(
        ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, ActionId.MULTIPART_CREATE
    ),
    "iam-missing-getobject": A.denied(
        ActionId.HEAD, ActionId.HEAD_PART, ActionId.GET, ActionId.GET_RANGE, ActionId.PRESIGNED_GET
    ),
    "iam-missing-deleteobject": A.denied(ActionId.DELETE).row(
        ActionId.BATCH_DELETE, outcome=Outcome.DENIED, per_key_errors="2", per_key_code="AccessDenied"
    ),
    "object-lock-prevents-delete": A.denied(
        ActionId.DELETE, message="Access Denied because object protected by object lock"
    ),
    "iam-missing-listbucket": A.denied(ActionId.LIST, Experiment.GET_TAGGING),
    "batch-delete-needs-bucket-arn": A.denied(ActionId.LIST, ActionId.BATCH_DELETE)
    .row(Experiment.GET_TAGGING)
    .row(Experiment.DELETE_VERSION, 204),
    "policy-resource-only-objects": A.denied(ActionId.LIST)
    .row(Experiment.GET_TAGGING)
    .row(Experiment.DELETE_VERSION, 204),
    "iam-missing-abortmultipart": A.denied(ActionId.MULTIPART_ABORT),
    "key-can-list-all-buckets": A.row(Experiment.LIST_BUCKETS, count="4", names="a b c d"),
    "key-can-change-bucket-policy": A.row(Experiment.READ_POLICY, 404, "NoSuchBucketPolicy", "no policy"),
}

ACLS: dict[str, ExaminedFile] = {
    "acl-not-implemented-r2": no_acl(C, 501, "NotImplemented", "A header you provided implies functionality"),
    "permission-value-invalid": no_acl(A.line("S3_PERMISSION=none"), 400, "InvalidArgument")
    .row(Experiment.ACL_PRIVATE)
    .row(Experiment.ACL_PUBLIC_READ),
    "bpa-blocks-public-acl": no_acl(A, 403, "AccessDenied").row(Experiment.ACL_PRIVATE).row(LADDER[1]),
    "public-acl-refused": no_acl(provider("s3.eu-central-1.wasabisys.com"), 403, "AccessDenied")
    .row(Experiment.ACL_PRIVATE)
    .row(LADDER[1]),
    "bpa-account-level-still-on": no_acl(A, 403, "AccessDenied")
    .row(Experiment.ACL_PRIVATE)
    .row(LADDER[1])
    .row(Experiment.READ_PUBLIC_ACCESS_BLOCK, BlockPublicAcls="false"),
    "iam-missing-putobjectacl": no_acl(A, 403, "AccessDenied"),
    "acl-disabled-bucket-owner-enforced": no_acl(A, 400, "AccessControlListNotSupported").row(LADDER[1]),
    "permission-private-with-acl-disabled": no_acl(
        P.line("S3_PERMISSION=private"), 400, "AccessControlListNotSupported"
    )
    .row(LADDER[1])
    .row(ActionId.PUBLIC_GET),
    "acl-uniform-gcs": no_acl(provider("storage.googleapis.com"), 400, "InvalidArgument"),
    "acl-must-match-bucket-b2": C.row(ActionId.PUT_WITH_ACL, 400, *NO_ACL)
    .row(Experiment.ACL_PRIVATE)
    .row(LADDER[1], 400, *NO_ACL)
    .row(Experiment.PUT_ACL_PRIVATE, 400, *NO_ACL),
    "b2-archive-private-acl": C.row(ActionId.ARCHIVE_PUT, 400, *NO_ACL)
    .row(ActionId.PUT_ACL_PRIVATE, 400, *NO_ACL)
    .skipped(ActionId.PRESIGNED_GET, ActionId.ARCHIVE_PUBLIC_GET),
    "suspended-media-stays-public": C.row(ActionId.PUT_ACL_PRIVATE, 501, "NotImplemented", "no ACLs"),
    "suspension-acl-call-crashes": C.row(ActionId.PUT_ACL_PRIVATE, 400, "MalformedACLError", "malformed"),
    "acl-change-empties-object": C.row(Experiment.ACL_READ_BACK, outcome=Outcome.WRONG, length="0"),
}

FILES: dict[str, ExaminedFile] = {
    "aws-chunked-stored-in-object": C.row(ActionId.GET, outcome=Outcome.WRONG, body="aws-chunked")
    .row(ActionId.GET_RANGE, outcome=Outcome.WRONG, range="different")
    .row(ActionId.PUBLIC_GET, outcome=Outcome.WRONG, body="aws-chunked"),
    "storage-class-glacier": GLACIER.row(ActionId.GET, 403, "InvalidObjectState", "not valid")
    .row(ActionId.GET_RANGE, 403, "InvalidObjectState", "not valid")
    .row(ActionId.PUBLIC_GET, 403, "InvalidObjectState", "not valid"),
    "partnumber-head-unsupported": C.row(ActionId.HEAD_PART, 501),
    "checksum-mode-header-unsupported": C.row(ActionId.GET, 501, "NotImplemented", "x-amz-checksum-mode is not known"),
    "range-ignored-by-cache": C.row(ActionId.GET_RANGE, outcome=Outcome.WRONG, range="ignored"),
    "video-not-transcoded-generic-422": C.row(ActionId.GET, outcome=Outcome.WRONG, body="empty"),
    "presigned-link-uses-internal-endpoint": C.row(ActionId.PRESIGNED_GET, 403, "AccessDenied", "no query"),
    "multipart-part-timeout": C.row(ActionId.MULTIPART_PART, network=NetworkFault.READ_TIMEOUT, late="7.2").skipped(
        ActionId.MULTIPART_COMPLETE
    ),
    "mpu-etag-or-object-size-header": C.row(ActionId.MULTIPART_COMPLETE, 400, "InvalidPart", "not found"),
    "multipart-denied": C.denied(ActionId.MULTIPART_CREATE).skipped(
        ActionId.MULTIPART_PART, ActionId.MULTIPART_COMPLETE
    ),
    "mpu-parts-pile-up": C.row(ActionId.MULTIPART_ABORT, 501, "NotImplemented", "no"),
    "versioning-delete-markers": A.row(
        ActionId.DELETE, 204, headers={"x-amz-delete-marker": "true", "x-amz-version-id": "v"}
    ),
    "delete-objects-per-key-errors-ignored": C.row(
        ActionId.BATCH_DELETE, outcome=Outcome.WRONG, per_key_errors="2", per_key_code="InternalError"
    ),
    "delete-md5-required": C.row(
        ActionId.BATCH_DELETE, 400, "MissingContentMD5", "Missing required header: Content-MD5"
    ),
    "delete-objects-unsupported": C.row(ActionId.BATCH_DELETE, 501, "NotImplemented", "no"),
    "delete-without-effect": C.row(ActionId.DELETE, 204, outcome=Outcome.WRONG, gone="no"),
}

ALIAS = with_line(AWS, "S3_ALIAS_HOST=files.example.com")
L = healthy(ALIAS)
DOTTED = healthy(with_line(with_line(AWS, "S3_BUCKET=files.example.com"),
                           "S3_ALIAS_HOST=files.example.com.s3.eu-west-2.amazonaws.com"))  # fmt: skip
WITH_BUCKET = healthy(with_line(AWS, "S3_HOSTNAME=files-example.s3.eu-west-2.amazonaws.com"))
IN_US = healthy(with_line(without(AWS, "S3_HOSTNAME"), "S3_REGION=us-east-1"))
AT_PORT = healthy(with_line(with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net:9000"), "S3_HOSTNAME=s3.example.net"))


def hidden(seen: ExaminedFile) -> ExaminedFile:
    """A visitor is refused."""
    return seen.denied(ActionId.PUBLIC_GET).skipped(ActionId.PUBLIC_CORS)


def away(seen: ExaminedFile, network: NetworkFault) -> ExaminedFile:
    return seen.row(ActionId.PUBLIC_GET, network=network).skipped(ActionId.PUBLIC_CORS)


PUBLIC: dict[str, ExaminedFile] = {
    "missing-public-host": away(healthy(without(CUSTOM, "S3_HOSTNAME")), NetworkFault.DNS),
    "hostname-default-dash-form-dead": away(IN_US, NetworkFault.DNS),
    "alias-dns-missing-or-cname-bucket-mismatch": away(L, NetworkFault.DNS).row(Experiment.PUBLIC_ORIGIN),
    "alias-host-no-tls-or-wrong-cert": away(L, NetworkFault.TLS_UNTRUSTED),
    "dotted-bucket-tls-mismatch": away(DOTTED, NetworkFault.TLS_NAME),
    "hostname-port-missing": away(AT_PORT, NetworkFault.REFUSED).row(
        Experiment.PUBLIC_HOSTNAME_WITH_PORT, url="https://s3.example.net:9000/files-example/x"
    ),
    "kms-objects-not-anonymously-readable": A.row(ActionId.PUBLIC_GET, 400, "InvalidArgument", "AWS KMS")
    .skipped(ActionId.PUBLIC_CORS)
    .row(ActionId.HEAD, headers={"x-amz-server-side-encryption": "aws:kms"}),
    "hostname-contains-bucket": WITH_BUCKET.row(ActionId.PUBLIC_GET, 404, "NoSuchKey", "no")
    .row(Experiment.PUBLIC_HOSTNAME_WITHOUT_BUCKET)
    .row(Experiment.PUBLIC_ORIGIN),
    "object-not-found-public-key-mismatch": C.row(ActionId.PUBLIC_GET, 404, "NoSuchKey", "no").row(
        Experiment.PUBLIC_PATH_STYLE, url="https://s3.example.net/files-example/x"
    ),
    "proxy-drops-bucket-name": L.row(ActionId.PUBLIC_GET, 404, "NoSuchBucket", "no", bucket="media_attachments").row(
        Experiment.PUBLIC_ORIGIN
    ),
    "cdn-origin-region-mismatch": L.row(ActionId.PUBLIC_GET, 301, "PermanentRedirect", "no", region="eu-west-2").row(
        Experiment.PUBLIC_ORIGIN
    ),
    "web-port-bucket-not-allowed": page(named_as(GARAGE, "files.example.com"), "none", "none"),
    "web-port-host-is-no-alias": page(named_as(GARAGE), "none", "none"),
    "web-port-host-not-passed-on": page(named_as(GARAGE, "files.example.com"), "none", "ok"),
    "web-port-path-changed": page(named_as(GARAGE, "files.example.com"), "NoSuchKey", "ok"),
    "media-host-leads-past-web-port": GARAGE.row(ActionId.PUBLIC_GET, *API_OF_GARAGE, outcome=Outcome.DENIED),
    "archive-links-off-by-clock": GARAGE.row(ActionId.CLOCK, None, outcome=Outcome.WRONG, skew="7200").row(
        ActionId.PRESIGNED_GET, 400, "InvalidRequest", "Bad request: Date is too old"
    ),
    "proxy-resolver-fails": L.row(ActionId.PUBLIC_GET, 502, markup="yes").row(Experiment.PUBLIC_ORIGIN),
    "media-host-challenges-visitors": L.row(ActionId.PUBLIC_GET, 403, headers={"cf-mitigated": "challenge"}).row(
        Experiment.PUBLIC_ORIGIN
    ),
    "proxy-serves-error-as-image": L.row(ActionId.PUBLIC_GET, outcome=Outcome.WRONG, root="Error"),
    "provider-drops-content-type": A.row(
        ActionId.PUBLIC_GET, outcome=Outcome.WRONG, content_type="binary/octet-stream"
    ).row(ActionId.GET, headers={"content-type": "binary/octet-stream"}),
    "proxy-changes-content-type": L.row(ActionId.PUBLIC_GET, outcome=Outcome.WRONG, content_type="text/html"),
    "wasabi-public-access-off": provider("s3.wasabisys.com", "S3_PERMISSION=")
    .denied(ActionId.PUBLIC_GET)
    .row(Experiment.POLICY_STATUS, is_public="yes"),
    "requester-pays": hidden(A).row(Experiment.REQUEST_PAYMENT, Payer="Requester"),
    "deny-anonymous-statement": hidden(P).row(Experiment.REFERER),
    "bpa-blocks-public-policy": hidden(P).row(Experiment.POLICY_STATUS, is_public="yes"),
    "authenticated-read-acl": hidden(A.line("S3_PERMISSION=authenticated-read")),
    "bpa-ignores-public-acls": hidden(A).denied(Experiment.READ_ACL),
    "acl-header-silently-ignored": hidden(C).row(Experiment.READ_ACL),
    "permission-private-no-public-policy": hidden(A.line("S3_PERMISSION=private")).row(Experiment.PUBLIC_WITH_ACL),
    "public-policy-missing": hidden(P),
    "storage-checks-no-keys": C.row(ActionId.PUBLIC_WRITE, 200, outcome=Outcome.WRONG, write="open")
    .row(ActionId.ARCHIVE_PUBLIC_GET, 200, outcome=Outcome.WRONG, open="yes")
    .row(ActionId.PRESIGNED_EXPIRED, 200, outcome=Outcome.WRONG, open="yes"),
    "storage-refuses-unknown-headers": C.row(
        ActionId.MULTIPART_COMPLETE, 501, "NotImplemented", "A header you provided implies functionality"
    ).row(ActionId.BATCH_DELETE, 501, "NotImplemented", "A header you provided implies functionality"),
    "swift-segments-closed": L.row(ActionId.PUBLIC_GET_CACHE, 409, outcome=Outcome.WRONG, markup="yes"),
    "ceph-tenant-prefix": hidden(C)
    .row(Experiment.READ_ACL, tenant="contoso", all_users="READ")
    .row(Experiment.PUBLIC_TENANT, url="https://s3.example.net/contoso:files-example/media_attachments/x.png"),
    "r2-no-public-host": hidden(
        provider("0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", "S3_PERMISSION=")
    ),
    "storj-alias-required": hidden(provider("gateway.storjshare.io", "S3_PERMISSION=")),
    "website-endpoint-needed-garage": C.denied(
        ActionId.PUBLIC_GET, message="Garage does not support anonymous access yet"
    ).skipped(ActionId.PUBLIC_CORS),
    "contabo-tenant-prefix": hidden(provider("eu2.contabostorage.com")),
}


def listed(seen: ExaminedFile, action_id: ObservationId = ActionId.PUBLIC_LIST) -> ExaminedFile:
    return seen.row(action_id, outcome=Outcome.WRONG, listing="open")


def cors(seen: ExaminedFile, allowed: str = "none") -> ExaminedFile:
    return seen.row(ActionId.PUBLIC_CORS, outcome=Outcome.WRONG, origin="https://mastodon.example", allowed=allowed)


OTHERS: dict[str, ExaminedFile] = {
    "media-host-is-the-instance": healthy(with_line(AWS, "S3_ALIAS_HOST=mastodon.example"))
    .row(ActionId.PUBLIC_GET, 404)
    .row(Experiment.PUBLIC_HOSTNAME, url="https://s3.eu-west-2.amazonaws.com/files-example/x.png"),
    "bucket-listable-policy": listed(P),
    "bucket-listable-acl": listed(A).row(Experiment.BUCKET_ACL, all_users="READ"),
    "proxy-lists-bucket-at-root": listed(P, ActionId.PUBLIC_LIST_ALIAS),
    "gcs-objectviewer-lists-bucket": listed(provider("storage.googleapis.com")),
    "anonymous-write-allowed": A.row(ActionId.PUBLIC_WRITE, outcome=Outcome.WRONG, write="open"),
    "archive-dumps-world-readable": P.row(ActionId.ARCHIVE_PUBLIC_GET, outcome=Outcome.WRONG, open="yes"),
    "cors-missing": cors(A),
    "cors-origin-mismatch": cors(A).row(ExperimentWith.CORS.of("https://other.example"), origin="https://other.example"),
    "cors-duplicated-header": cors(L, "*, *"),
    "csp-missing-media-host": A.row(
        ActionId.PUBLIC_CSP, outcome=Outcome.WRONG, media="https://cdn.example/x", missing="img-src media-src"
    ),
    "rate-limited-503-slowdown": C.row(ActionId.PUT_WITH_ACL, 503, "SlowDown", "slow down", outcome=Outcome.THROTTLED),
    "key-path-mismatch-after-migration": A.row(ActionId.LIST, folders="system media_attachments"),
    "s3-permission-private-defeats-unsuspend": A.line("S3_PERMISSION=private").denied(ActionId.RESTORED_PUBLIC_GET),
    "request-keeps-failing": C.row(ActionId.PUT_ACL_PRIVATE, 503, "ServiceUnavailable", "Please try again."),
    "unexplained": C.row(ActionId.HEAD, 418, "Teapot", "short and stout", outcome=Outcome.REJECTED),
}  # fmt: skip

SIBLING = with_line(AWS, "S3_ALIAS_HOST=files.mastodon.example")
NGINX = {"server": "nginx", "x-cache-status": "HIT", "content-type": "image/png"}
SAFE = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}
N = L.row(ActionId.PUBLIC_GET, headers=NGINX | SAFE)
"""Through nginx on one's own machine."""

PROXIES: dict[str, ExaminedFile] = {
    "cache-control-missing": N.row(ActionId.PUBLIC_GET, headers=NGINX | SAFE, cache_control="no-store").row(
        ActionId.GET, headers={"content-type": "image/png", "cache-control": "public, max-age=315576000, immutable"}
    ),
    "cors-cached-without-vary": N.row(
        ActionId.PUBLIC_CORS,
        outcome=Outcome.WRONG,
        headers=NGINX,
        origin="https://mastodon.example",
        allowed="none",
    )
    .row(Experiment.CORS_ORIGIN)
    .row(Experiment.CORS_FRESH),
    "files-host-shares-domain-cookies": healthy(with_line(AWS, "S3_ALIAS_HOST=mastodon.example")),
    "nosniff-and-sandbox-missing": healthy(SIBLING).row(ActionId.PUBLIC_GET, headers=NGINX),
    "range-requests-broken-for-viewers": N.row(
        ActionId.PUBLIC_RANGE, outcome=Outcome.WRONG, headers=NGINX, range="ignored"
    ),
    "alias-redirects-to-other-host": N.row(
        ActionId.PUBLIC_GET, headers=NGINX | SAFE, redirected="https://cdn.example/x"
    ).row(ActionId.PUBLIC_CSP, outcome=Outcome.WRONG, redirect="https://cdn.example/x"),
    "media-redirects-to-plain-http": N.row(
        ActionId.PUBLIC_GET, headers=NGINX | SAFE, redirected="http://cdn.example/x"
    ),
    "cdn-keeps-deleted-media": N.row(ActionId.DELETED_PUBLIC_GET, outcome=Outcome.WRONG, open="yes"),
    "proxy-caches-errors": N.row(ActionId.RESTORED_PUBLIC_GET, 403, "AccessDenied", DENIED, headers=NGINX).row(
        Experiment.RESTORED_ORIGIN
    ),
    "proxy-forwards-authorization-cookies": N.row(
        ActionId.PUBLIC_GET, headers=NGINX | SAFE | {"set-cookie": "session=1"}
    ),
    "proxy-caches-s3-api": A.row(ActionId.DELETE, 204, outcome=Outcome.WRONG, gone="no").row(
        Experiment.HEAD_PAST_CACHES, 404, outcome=Outcome.OK
    ),
    "proxy-method-not-limited": N.row(ActionId.PUBLIC_DELETE, 403, outcome=Outcome.OK, root="Error"),
    "proxy-passes-query-string": N.row(ActionId.PUBLIC_QUERY, 403, outcome=Outcome.OK, query="passed"),
}

SHOWN: dict[str, ExaminedFile] = {**PROXIES, **FOUNDATION, **RIGHTS, **ACLS, **FILES, **PUBLIC, **OTHERS}
"""Every finding of a wire rule, and a run that shows it."""
