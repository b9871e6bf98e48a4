"""For every finding of a wire rule a run in which it must be named; statuses and codes are those of real stores."""

from __future__ import annotations

from s3probe.evidence.observations import NetworkFault, Outcome
from tests.diagnosis.env_cases import AWS, CUSTOM, with_line, without
from tests.diagnosis.wire_cases import DENIED, HEALTHY, POLICY, Seen, healthy

A, C, P = HEALTHY[AWS], HEALTHY[CUSTOM], HEALTHY[POLICY]
AS = "User: arn:aws:iam::123456789012:user/mastodon is not authorized to perform: "
ON = ' on resource: "arn:aws:s3:::files-example/x"'
LADDER = ("try-acl-private", "try-acl-bucket-owner-full-control")
HIDDEN = ("public-get",)
NO_ACL = ("InvalidArgument", "This bucket does not accept that ACL")


def provider(host: str, *lines: str) -> Seen:
    """A healthy run at a provider's own host."""
    env = with_line(with_line(CUSTOM, f"S3_ENDPOINT=https://{host}"), f"S3_HOSTNAME={host}")
    for line in lines:
        env = with_line(env, line)
    return healthy(env)


def secret(raw: str) -> Seen:
    return A.line(f"AWS_SECRET_ACCESS_KEY={raw}").stopped(403, "SignatureDoesNotMatch", "does not match")


def mended(seen: Seen, trial: str, *assuming: str) -> Seen:
    """The trial was kept, and all was well after it."""
    return seen.mended(trial, *assuming, rest=healthy(seen.env))


def no_acl(seen: Seen, status: int, code: str, message: str = DENIED) -> Seen:
    """Uploads with any ACL fail, plain ones pass, and visitors see nothing without."""
    for action_id in ("put-with-acl", *LADDER, "try-put-acl-private"):
        seen = seen.row(action_id, status, code, message)
    return seen.denied("public-get").skipped("put-acl-private", "put-acl-restore", "public-cors")


ENDPOINT_WITH_BUCKET = with_line(CUSTOM, "S3_ENDPOINT=https://files-example.s3.example.net")
GLACIER = A.line("S3_STORAGE_CLASS=GLACIER")
SIGNATURE = (403, "SignatureDoesNotMatch", "does not match")
NO_SUCH_KEY = (403, "InvalidAccessKeyId", "does not exist in our records")

FOUNDATION: dict[str, Seen] = {
    "env-hash-truncates-value": mended(secret("abc#defghijklmnopqrst"), "secret-raw", "as written"),
    "env-dollar-expands": mended(secret("abc$defghijklmnopqrst"), "secret-raw", "as written"),
    "env-backslash-eaten": mended(secret("abc\\defghijklmnopqrst"), "secret-raw", "as written"),
    "env-crlf-line-endings": mended(
        A.process("AWS_SECRET_ACCESS_KEY", "abcdefghijklmnopqrst\r").stopped(403, "SignatureDoesNotMatch", "no match"),
        "secret-trimmed",
        "without stray marks",
    ),
    "env-smart-quotes-or-nbsp": mended(
        secret("\u201cabcdefghijklmnopqrst\u201d"), "secret-trimmed", "without stray marks"
    ),
    "env-quotes-kept-literally": mended(secret("'\"abcdefghijklmnopqrst\"'"), "secret-trimmed", "without stray marks"),
    "region-wrong-aws-global-endpoint": mended(
        A.line("S3_REGION=us-east-1").stopped(400, "AuthorizationHeaderMalformed", "expecting", region="eu-west-2"),
        "region:eu-west-2", "S3_REGION=eu-west-2"),
    "region-wrong-aws-regional-endpoint": mended(
        A.line("S3_REGION=eu-west-1").stopped(301, "PermanentRedirect", "specified endpoint", region="eu-west-2"),
        "region:eu-west-2", "S3_REGION=eu-west-2"),
    "region-wrong-custom-endpoint": mended(
        C.stopped(400, "AuthorizationHeaderMalformed", "expecting", region="fr-par"),
        "region:fr-par", "S3_REGION=fr-par"),
    "signature-v2-rejected": mended(
        A.line("S3_SIGNATURE_VERSION=s3").stopped(400, "InvalidRequest", "Please use AWS4-HMAC-SHA256"),
        "signature-v4", "S3_SIGNATURE_VERSION="),
    "temporary-credentials-without-token": mended(
        A.line("AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE", "AWS_SESSION_TOKEN=tokentoken").stopped(*NO_SUCH_KEY),
        "session-token", "AWS_SESSION_TOKEN sent"),
    "wrong-secret-key": A.stopped(*SIGNATURE),
    "wrong-access-key-id": A.stopped(*NO_SUCH_KEY),
    "clock-skew": mended(
        A.stopped(403, "RequestTimeTooSkewed", "The difference").row(
            "clock", None, outcome=Outcome.WRONG, skew="1200"), "clock", "the clock set right").row(
            "clock", None, outcome=Outcome.WRONG, skew="1200"),
    "deny-source-ip-or-secure-transport": mended(
        A.line("S3_ENDPOINT=http://s3.eu-west-2.amazonaws.com").stopped(403, "AccessDenied", DENIED),
        "scheme-https", "S3_ENDPOINT=https://s3.eu-west-2.amazonaws.com"),
    "endpoint-http-redirects-to-https": mended(
        C.line("S3_ENDPOINT=http://s3.example.net").stopped(301, None, None, s3="", markup="yes"),
        "scheme-https", "S3_ENDPOINT=https://s3.example.net"),
    "protocol-https-but-endpoint-plain": mended(
        C.stopped(None, network=NetworkFault.TLS_NOT_TLS),
        "scheme-http", "S3_ENDPOINT=http://s3.example.net"),
    "endpoint-has-path-or-trailing-slash": mended(
        C.line("S3_ENDPOINT=https://s3.example.net/v1").stopped(404, None, None, markup="yes"),
        "endpoint-without-path", "S3_ENDPOINT=https://s3.example.net"),
    "endpoint-contains-bucket-vhost-style": mended(
        healthy(with_line(ENDPOINT_WITH_BUCKET, "S3_OVERRIDE_PATH_STYLE=true")).stopped(404, "NoSuchBucket", "no"),
        "endpoint-without-bucket", "S3_ENDPOINT=https://s3.example.net"),
    "endpoint-contains-bucket-path-style": healthy(ENDPOINT_WITH_BUCKET).row("list", 404, "NoSuchKey", "no such key"),
    "endpoint-missing-non-aws": mended(
        healthy(without(CUSTOM, "S3_ENDPOINT")).stopped(*NO_SUCH_KEY),
        "endpoint:https", "S3_ENDPOINT=https://s3.example.net"),
    "path-style-switch-inverted": mended(
        C.stopped(404, "NoSuchBucket", "no"), "virtual-host", "S3_OVERRIDE_PATH_STYLE=true"),
    "console-port-instead-of-api": mended(
        C.line("S3_ENDPOINT=https://s3.example.net:9001").stopped(200, None, None, outcome=Outcome.WRONG, markup="yes"),
        "endpoint-port", "S3_ENDPOINT=https://s3.example.net:9000"),
    "bucket-name-invalid": A.line("S3_BUCKET=files_example").stopped(400, "InvalidBucketName", "not valid"),
    "nosuchbucket-typo": A.stopped(404, "NoSuchBucket", "The specified bucket does not exist"),
    "checksum-header-unsupported": C.row("put-with-acl", 400, "InvalidArgument", "Unsupported header").row(
        "put-without-acl", 400, "InvalidArgument", "Unsupported header").mended(
        "put-no-checksum", "AWS_REQUEST_CHECKSUM_CALCULATION=when_required"),
    "storage-class-invalid": mended(C.line("S3_STORAGE_CLASS=STANDARD_IA").row(
        "put-with-acl", 400, "InvalidStorageClass", "not valid").row(
        "put-without-acl", 400, "InvalidStorageClass", "not valid"), "put-no-storage-class", "S3_STORAGE_CLASS="),
    "default-key-has-object-lock-or-md5-rule": C.line("AWS_REQUEST_CHECKSUM_CALCULATION=when_required")
    .row("put-with-acl", 400, "InvalidRequest", "Content-MD5 is required")
    .row("put-without-acl", 400, "InvalidRequest", "Content-MD5 is required")
    .mended("put-with-checksum", "AWS_REQUEST_CHECKSUM_CALCULATION=", rest=C),
    "forwarded-x-amz-meta-limits": C.row("put-with-acl", 400, "InvalidArgument", "header")
    .row("put-without-acl", 400, "InvalidArgument", "header")
    .mended("put-no-cache-control", "no Cache-Control header"),
    "region-china-govcloud-partition": mended(
        A.line("S3_REGION=us-east-1").stopped(*NO_SUCH_KEY),
        "partition:cn-north-1",
        "S3_REGION=cn-north-1; S3_HOSTNAME=s3.cn-north-1.amazonaws.com.cn",
    ),
    "tls-certificate-bad": C.stopped(None, network=NetworkFault.TLS_UNTRUSTED),
    "http-proxy-env": C.stopped(None, network=NetworkFault.PROXY),
    "dns-fails-in-container": C.stopped(None, network=NetworkFault.DNS),
    "egress-firewall": C.stopped(None, network=NetworkFault.REFUSED),
    "slow-provider-read-timeout": C.stopped(None, network=NetworkFault.READ_TIMEOUT),
    "endpoint-is-cdn-or-public-host": C.stopped(405, None, None, markup="yes", headers={"cf-ray": "1"}),
    "proxy-body-limit-413": C.stopped(413, None, None, markup="yes"),
    "provider-outage": C.stopped(502, None, None, markup="yes"),
    "canary-failed-once": C.row("canary-put-with-acl", 500, "InternalError"),
    "key-disabled-or-account-suspended": A.stopped(403, "AccountProblem", "There is a problem with your account"),
    "b2-master-key-used": provider("s3.us-west-004.backblazeb2.com", "AWS_ACCESS_KEY_ID=0123456789ab").stopped(
        *NO_SUCH_KEY),
    "r2-token-wrong-type": provider("0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
                                    "S3_ALIAS_HOST=files.example.com").stopped(401, "Unauthorized", "Unauthorized"),
    "gcs-hmac-missing": provider("storage.googleapis.com").stopped(*NO_SUCH_KEY),
    "proxy-rewrites-host-before-s3": C.stopped(*SIGNATURE, signed_host="minio:9000"),
}  # fmt: skip

RIGHTS: dict[str, Seen] = {
    "quota-or-cap-exceeded": C.row("put-with-acl", 403, "QuotaExceeded", "full").row(
        "put-without-acl", 403, "QuotaExceeded", "full").row("archive-put", 403, "QuotaExceeded", "full"),
    "kms-key-not-allowed": A.denied("put-with-acl", "put-without-acl", "archive-put",
        message=f"{AS}kms:GenerateDataKey{ON} because no identity-based policy allows the kms:GenerateDataKey action"),
    "vpc-endpoint-policy-blocks": A.stopped(403, "AccessDenied",
        f"{AS}s3:PutObject{ON} because no VPC endpoint policy allows the s3:PutObject action"),
    "explicit-deny-policy": A.denied("put-with-acl", "put-without-acl", "archive-put",
        message=f"{AS}s3:PutObject{ON} with an explicit deny in a resource-based policy"),
    "bucket-owned-by-other-account": A.stopped(403, "AccessDenied", DENIED).denied("delete"),
    "policy-bucket-arn-without-slash-star": A.denied("put-with-acl", "put-without-acl", "archive-put", "delete",
        "try-get-missing", "multipart-create").skipped("head", "head-part", "get", "get-range", "public-get"),
    "b2-key-not-entitled": C.denied("put-with-acl", "put-without-acl", "archive-put", message="not entitled"),
    "iam-missing-putobject": A.denied("put-with-acl", "put-without-acl", "archive-put", "multipart-create"),
    "iam-missing-getobject": A.denied("head", "head-part", "get", "get-range", "presigned-get"),
    "iam-missing-deleteobject": A.denied("delete").row("batch-delete", outcome=Outcome.DENIED, per_key_errors="2",
        per_key_code="AccessDenied"),
    "object-lock-prevents-delete": A.denied("delete", message="Access Denied because object protected by object lock"),
    "iam-missing-listbucket": A.denied("list", "try-get-tagging"),
    "policy-resource-only-objects": A.denied("list").row("try-get-tagging").row("try-delete-version", 204),
    "iam-missing-abortmultipart": A.denied("multipart-abort"),
    "key-can-list-all-buckets": A.row("try-list-buckets", count="4", names="a b c d"),
    "key-can-change-bucket-policy": A.row("try-read-policy", 404, "NoSuchBucketPolicy", "no policy"),
}  # fmt: skip

ACLS: dict[str, Seen] = {
    "acl-not-implemented-r2": no_acl(C, 501, "NotImplemented", "A header you provided implies functionality"),
    "permission-value-invalid": no_acl(A.line("S3_PERMISSION=none"), 400, "InvalidArgument").row(
        "try-acl-private").row("try-acl-public-read"),
    "bpa-blocks-public-acl": no_acl(A, 403, "AccessDenied").row("try-acl-private").row(LADDER[1]),
    "bpa-account-level-still-on": no_acl(A, 403, "AccessDenied").row("try-acl-private").row(LADDER[1]).row(
        "try-read-public-access-block", BlockPublicAcls="false"),
    "iam-missing-putobjectacl": no_acl(A, 403, "AccessDenied"),
    "acl-disabled-bucket-owner-enforced": no_acl(A, 400, "AccessControlListNotSupported").row(LADDER[1]),
    "permission-private-with-acl-disabled": no_acl(
        P.line("S3_PERMISSION=private"), 400, "AccessControlListNotSupported").row(LADDER[1]).row("public-get"),
    "acl-uniform-gcs": no_acl(provider("storage.googleapis.com"), 400, "InvalidArgument"),
    "acl-must-match-bucket-b2": C.row("put-with-acl", 400, *NO_ACL).row("try-acl-private").row(
        LADDER[1], 400, *NO_ACL).row("try-put-acl-private", 400, *NO_ACL),
    "b2-archive-private-acl": C.row("archive-put", 400, *NO_ACL).row("put-acl-private", 400, *NO_ACL).skipped(
        "presigned-get", "archive-public-get"),
    "suspended-media-stays-public": C.row("put-acl-private", 501, "NotImplemented", "no ACLs"),
    "suspension-acl-call-crashes": C.row("put-acl-private", 400, "MalformedACLError", "malformed"),
    "acl-change-empties-object": C.row("acl-read-back", outcome=Outcome.WRONG, length="0"),
}  # fmt: skip

FILES: dict[str, Seen] = {
    "aws-chunked-stored-in-object": C.row("get", outcome=Outcome.WRONG, body="aws-chunked").row(
        "get-range", outcome=Outcome.WRONG, range="different").row("public-get", outcome=Outcome.WRONG,
        body="aws-chunked"),
    "storage-class-glacier": GLACIER.row("get", 403, "InvalidObjectState", "not valid").row(
        "get-range", 403, "InvalidObjectState", "not valid").row("public-get", 403, "InvalidObjectState", "not valid"),
    "partnumber-head-unsupported": C.row("head-part", 501),
    "checksum-mode-header-unsupported": C.row("get", 501, "NotImplemented", "x-amz-checksum-mode is not known"),
    "range-ignored-by-cache": C.row("get-range", outcome=Outcome.WRONG, range="ignored"),
    "video-not-transcoded-generic-422": C.row("get", outcome=Outcome.WRONG, body="empty"),
    "presigned-link-uses-internal-endpoint": C.row("presigned-get", 403, "AccessDenied", "no query"),
    "multipart-part-timeout": C.row("multipart-part", network=NetworkFault.READ_TIMEOUT).skipped("multipart-complete"),
    "mpu-etag-or-object-size-header": C.row("multipart-complete", 400, "InvalidPart", "not found"),
    "multipart-denied": C.denied("multipart-create").skipped("multipart-part", "multipart-complete"),
    "mpu-parts-pile-up": C.row("multipart-abort", 501, "NotImplemented", "no"),
    "versioning-delete-markers": A.row("delete", 204, headers={"x-amz-delete-marker": "true", "x-amz-version-id": "v"}),
    "delete-objects-per-key-errors-ignored": C.row("batch-delete", outcome=Outcome.WRONG, per_key_errors="2",
        per_key_code="InternalError"),
    "delete-md5-required": C.row("batch-delete", 400, "MissingContentMD5", "Missing required header: Content-MD5"),
    "delete-objects-unsupported": C.row("batch-delete", 501, "NotImplemented", "no"),
    "delete-without-effect": C.row("delete", 204, outcome=Outcome.WRONG, gone="no"),
}  # fmt: skip

ALIAS = with_line(AWS, "S3_ALIAS_HOST=files.example.com")
L = healthy(ALIAS)
DOTTED = healthy(with_line(with_line(AWS, "S3_BUCKET=files.example.com"),
                           "S3_ALIAS_HOST=files.example.com.s3.eu-west-2.amazonaws.com"))  # fmt: skip
WITH_BUCKET = healthy(with_line(AWS, "S3_HOSTNAME=files-example.s3.eu-west-2.amazonaws.com"))
IN_US = healthy(with_line(without(AWS, "S3_HOSTNAME"), "S3_REGION=us-east-1"))
AT_PORT = healthy(with_line(with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net:9000"), "S3_HOSTNAME=s3.example.net"))


def hidden(seen: Seen) -> Seen:
    """A visitor is refused."""
    return seen.denied("public-get").skipped("public-cors")


def away(seen: Seen, network: NetworkFault) -> Seen:
    return seen.row("public-get", network=network).skipped("public-cors")


PUBLIC: dict[str, Seen] = {
    "missing-variable": away(healthy(without(CUSTOM, "S3_HOSTNAME")), NetworkFault.DNS),
    "hostname-default-dash-form-dead": away(IN_US, NetworkFault.DNS),
    "alias-dns-missing-or-cname-bucket-mismatch": away(L, NetworkFault.DNS).row("try-public-origin"),
    "alias-host-no-tls-or-wrong-cert": away(L, NetworkFault.TLS_UNTRUSTED),
    "dotted-bucket-tls-mismatch": away(DOTTED, NetworkFault.TLS_NAME),
    "hostname-port-missing": away(AT_PORT, NetworkFault.REFUSED).row(
        "try-public-hostname-with-port", url="https://s3.example.net:9000/files-example/x"),
    "kms-objects-not-anonymously-readable": A.row("public-get", 400, "InvalidArgument", "AWS KMS").skipped(
        "public-cors").row("head", headers={"x-amz-server-side-encryption": "aws:kms"}),
    "hostname-contains-bucket": WITH_BUCKET.row("public-get", 404, "NoSuchKey", "no").row(
        "try-public-hostname-without-bucket").row("try-public-origin"),
    "object-not-found-public-key-mismatch": C.row("public-get", 404, "NoSuchKey", "no").row(
        "try-public-path-style", url="https://s3.example.net/files-example/x"),
    "proxy-drops-bucket-name": L.row("public-get", 404, "NoSuchBucket", "no", bucket="media_attachments").row(
        "try-public-origin"),
    "cdn-origin-region-mismatch": L.row("public-get", 301, "PermanentRedirect", "no", region="eu-west-2").row(
        "try-public-origin"),
    "proxy-resolver-fails": L.row("public-get", 502, markup="yes").row("try-public-origin"),
    "cdn-hotlink-or-bot-protection": L.row("public-get", 403, headers={"cf-mitigated": "challenge"}).row(
        "try-public-origin"),
    "proxy-serves-error-as-image": L.row("public-get", outcome=Outcome.WRONG, root="Error"),
    "provider-drops-content-type": A.row("public-get", outcome=Outcome.WRONG, content_type="binary/octet-stream").row(
        "get", headers={"content-type": "binary/octet-stream"}),
    "content-type-wrong": L.row("public-get", outcome=Outcome.WRONG, content_type="text/html"),
    "requester-pays": hidden(A).row("try-request-payment", Payer="Requester"),
    "deny-anonymous-statement": hidden(P).row("try-referer"),
    "bpa-blocks-public-policy": hidden(P).row("try-policy-status", is_public="yes"),
    "authenticated-read-acl": hidden(A.line("S3_PERMISSION=authenticated-read")),
    "bpa-ignores-public-acls": hidden(A).denied("try-read-acl"),
    "acl-header-silently-ignored": hidden(C).row("try-read-acl"),
    "permission-private-no-public-policy": hidden(A.line("S3_PERMISSION=private")).row("try-public-with-acl"),
    "public-policy-missing": hidden(P),
    "r2-no-public-host": hidden(provider("0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
                                         "S3_PERMISSION=")),
    "storj-alias-required": hidden(provider("gateway.storjshare.io", "S3_PERMISSION=")),
    "website-endpoint-needed-garage": C.denied("public-get", message="Garage does not support anonymous access yet"
                                               ).skipped("public-cors"),
    "contabo-tenant-prefix": hidden(provider("eu2.contabostorage.com")),
}  # fmt: skip


def listed(seen: Seen, action_id: str = "public-list") -> Seen:
    return seen.row(action_id, outcome=Outcome.WRONG, listing="open")


def cors(seen: Seen, allowed: str = "none") -> Seen:
    return seen.row("public-cors", outcome=Outcome.WRONG, origin="https://mastodon.example", allowed=allowed)


OTHERS: dict[str, Seen] = {
    "bucket-listable-policy": listed(P),
    "bucket-listable-acl": listed(A).row("try-bucket-acl", all_users="READ"),
    "proxy-lists-bucket-at-root": listed(P, "public-list-alias"),
    "gcs-objectviewer-lists-bucket": listed(provider("storage.googleapis.com")),
    "anonymous-write-allowed": A.row("public-write", outcome=Outcome.WRONG, write="open"),
    "archive-dumps-world-readable": P.row("archive-public-get", outcome=Outcome.WRONG, open="yes"),
    "cors-missing": cors(A),
    "cors-origin-mismatch": cors(A).row("try-cors:https://other.example", origin="https://other.example"),
    "cors-duplicated-header": cors(L, "*, *"),
    "csp-missing-media-host": A.row(
        "public-csp", outcome=Outcome.WRONG, media="https://cdn.example/x", missing="img-src media-src"
    ),
    "rate-limited-503-slowdown": C.row("put-with-acl", 503, "SlowDown", "slow down", outcome=Outcome.THROTTLED),
    "key-path-mismatch-after-migration": A.row("list", folders="system media_attachments"),
    "s3-permission-private-defeats-unsuspend": A.line("S3_PERMISSION=private").denied("restored-public-get"),
    "unexplained": C.row("head", 418, "Teapot", "short and stout", outcome=Outcome.REJECTED),
}  # fmt: skip

SIBLING = with_line(AWS, "S3_ALIAS_HOST=files.mastodon.example")
NGINX = {"server": "nginx", "x-cache-status": "HIT", "content-type": "image/png"}
SAFE = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}
N = L.row("public-get", headers=NGINX | SAFE)
"""Through nginx on one's own machine."""

PROXIES: dict[str, Seen] = {
    "cache-control-missing": N.row("public-get", headers=NGINX | SAFE, cache_control="no-store").row(
        "get", headers={"content-type": "image/png", "cache-control": "public, max-age=315576000, immutable"}
    ),
    "cors-cached-without-vary": N.row(
        "public-cors",
        outcome=Outcome.WRONG,
        headers=NGINX,
        origin="https://mastodon.example",
        allowed="none",
    )
    .row("try-cors-origin")
    .row("try-cors-fresh"),
    "files-host-shares-domain-cookies": healthy(with_line(AWS, "S3_ALIAS_HOST=mastodon.example")),
    "nosniff-and-sandbox-missing": healthy(SIBLING).row("public-get", headers=NGINX),
    "range-requests-broken-for-viewers": N.row("public-range", outcome=Outcome.WRONG, headers=NGINX, range="ignored"),
    "alias-redirects-to-other-host": N.row("public-get", headers=NGINX | SAFE, redirected="https://cdn.example/x").row(
        "public-csp", outcome=Outcome.WRONG, redirect="https://cdn.example/x"
    ),
    "cdn-keeps-deleted-media": N.row("deleted-public-get", outcome=Outcome.WRONG, open="yes"),
    "proxy-caches-errors": N.row("restored-public-get", 403, "AccessDenied", DENIED, headers=NGINX).row(
        "try-restored-origin"
    ),
    "proxy-forwards-authorization-cookies": N.row("public-get", headers=NGINX | SAFE | {"set-cookie": "session=1"}),
    "proxy-method-not-limited": N.row("public-delete", 403, outcome=Outcome.OK, root="Error"),
    "proxy-passes-query-string": N.row("public-query", 403, outcome=Outcome.OK, query="passed"),
}

SHOWN: dict[str, Seen] = {**PROXIES, **FOUNDATION, **RIGHTS, **ACLS, **FILES, **PUBLIC, **OTHERS}
"""Every finding of a wire rule, and a run that shows it."""
