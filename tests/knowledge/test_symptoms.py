"""What stands in a log leads to what may be behind it."""

from __future__ import annotations

import tomllib
from importlib import resources
from random import Random

import pytest

from s3probe.knowledge.findings import ids
from s3probe.knowledge.symptoms import behind, code_like
from tests.every import every

BACKTRACE = """2026-11-28T10:00:00.000Z pid=1 tid=abc class=PostProcessMediaWorker jid=0123456789abcdef01234567 WARN: \
Aws::S3::Errors::SlowDown: Please reduce your request rate.
/opt/mastodon/vendor/bundle/ruby/3.3.0/gems/aws-sdk-core-3.2/lib/seahorse/client/plugins/errors.rb:17:in `call'
/opt/mastodon/vendor/bundle/ruby/3.3.0/gems/kt-paperclip/lib/paperclip/attachment.rb:540:in `flush_writes'"""

REFUSED = "Aws::S3::Errors::AccessDenied: User: arn:aws:iam::123456789012:user/m is not authorized to perform: "
ON = 'on resource: "arn:aws:s3:::b/x"'


@every(
    "text, first",
    [
        ("Aws::S3::Errors::AccessControlListNotSupported", "acl-disabled-bucket-owner-enforced"),
        ("AccessControlListNotSupported", "acl-disabled-bucket-owner-enforced"),
        ("Aws::S3::Errors::PermanentRedirect", "region-wrong-aws-regional-endpoint"),
        ("bpa", "bpa-blocks-public-acl"),
        ("put-with-acl", "iam-missing-putobjectacl"),
        ("422 Error processing thumbnail", "partnumber-head-unsupported"),
        ("unable to sign request without credentials set", "missing-key-pair"),
        ("[error] 12#12: *1 no resolver defined to resolve s3.eu-central-1.amazonaws.com", "proxy-resolver-fails"),
        ("Access to fetch at 'https://f.example/a.mp3' from origin 'https://m.example' has been blocked by CORS "
         "policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.", "cors-missing"),
        ("Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://f/. "
         "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.", "cors-missing"),
        ("SSL_connect returned=1 errno=0 state=error: certificate verify failed", "tls-certificate-bad"),
        ("Refused to load the image because it violates the Content Security Policy directive: img-src",
         "csp-missing-media-host"),
        ("Aws::S3::Errors::RequestTimeTooSkewed", "clock-skew"),
        ("XMinioStorageFull", "quota-or-cap-exceeded"),
        ("Stoplight::Error::RedLight", "stoplight-open"),
        (BACKTRACE, "rate-limited-503-slowdown"),
        # Amazon's own words name the action first, and the reason at the end
        (f"{REFUSED}s3:PutObject {ON} because public access control lists (ACLs) are prevented by the BlockPublicAcls "
         "setting in S3 Block Public Access.", "bpa-blocks-public-acl"),
        (f"{REFUSED}s3:PutObject {ON} because no identity-based policy allows the s3:PutObject action",
         "iam-missing-putobject"),
        (f"{REFUSED}s3:PutObjectAcl {ON} because no identity-based policy allows the s3:PutObjectAcl action",
         "iam-missing-putobjectacl"),
        (f"{REFUSED}s3:PutObject {ON} with an explicit deny in a resource-based policy", "explicit-deny-policy"),
        (f"{REFUSED}s3:PutObject {ON} with an explicit deny in a VPC endpoint policy", "vpc-endpoint-policy-blocks"),
        (f"{REFUSED}kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/a because no identity-based policy "
         "allows the kms:GenerateDataKey action", "kms-key-not-allowed"),
        (f"{REFUSED}s3:DeleteObject {ON}", "iam-missing-deleteobject"),
        ("AccessDenied: Cannot download file, download bandwidth or transaction (Class B) cap exceeded",
         "download-cap-exceeded"),
        ("Aws::S3::Errors::AccessDenied: Cannot upload files, storage cap exceeded", "quota-or-cap-exceeded"),
        ("422 while a remote emoji was copied (`x-amz-checksum-mode` header is invalid)",
         "checksum-mode-header-unsupported"),
        ("Paperclip::Error: Error while transcoding /tmp/x.mp4: unsupported file", "video-not-transcoded-generic-422"),
        ("SocketError: Failed to open TCP connection to minio:9000 (getaddrinfo(3): Temporary failure in name "
         "resolution)", "dns-fails-in-container"),
        ("Failed to open TCP connection to 127.0.0.1:9000 (Connection refused - connect(2))",
         "nothing-listens-at-endpoint"),
        ("connect() failed (111: Connection refused) while connecting to upstream", "proxy-resolver-fails"),
        ("Error fetching list of files: The specified key does not exist.", "endpoint-contains-bucket-path-style"),
        ("Error fetching list of files: Access Denied", "iam-missing-listbucket"),
        ("class=BackupWorker jid=03 INFO: fail Seahorse::Client::NetworkingError Net::ReadTimeout",
         "backup-worker-timeout"),
        ("class=PostProcessMediaWorker jid=03 INFO: fail Seahorse::Client::NetworkingError Net::ReadTimeout",
         "slow-provider-read-timeout"),
        ("SSL_connect returned=1 errno=0 state=error: wrong version number", "endpoint-https-on-plain-port"),
        ('bad URI(is not URI?): "https://s3.example.com\\r"', "env-crlf-line-endings"),
        ('bad URI(is not URI?): "https://s3.example.com "', "setting-raises-exception"),
        ("SSL_do_handshake() failed (sslv3 alert handshake failure) while SSL handshaking to upstream",
         "proxy-resolver-fails"),
        ("connect() failed (113: No route to host) while connecting to upstream", "proxy-resolver-fails"),
        ("Failed to open TCP connection to s3.example.net:443 (No route to host - connect(2))", "egress-firewall"),
        ("Failed to open TCP connection to s3.example.net:443 (Network is unreachable - connect(2))", "ipv6-only-host"),
        ('hostname "files.example.s3.example.net" does not match the server certificate', "tls-certificate-bad"),
        ("<Code>NoSuchBucket</Code><BucketName>media_attachments</BucketName>", "proxy-drops-bucket-name"),
        ("<Code>NoSuchBucket</Code><BucketName>files</BucketName>", "nosuchbucket-typo"),
        ("Your object storage is misconfigured. The privacy of your users is at risk.", "bucket-listable-policy"),
        ("poorly formatted environment: variable 'S3 BUCKET' contains whitespaces", "env-file-refused-by-loader"),
        ("Aws::S3::Errors::InternalError: Read-only file system (os error 30)", "disk-read-only"),
        ("No space left on device (os error 28)", "quota-or-cap-exceeded"),
        ("http://minio:9000/mastodon/backups/a.zip?X-Amz-Algorithm=AWS4-HMAC-SHA256 could not be found",
         "presigned-link-uses-internal-endpoint"),
        ("Aws::S3::Errors::NetworkingError: Redis is fine, Errno::ECONNREFUSED", "nothing-listens-at-endpoint"),
    ],
)  # fmt: skip
def test_a_line_leads_to_its_likeliest_cause(text: str, first: str) -> None:
    assert behind(text)[0].finding.id == first


@every(
    "text, among",
    [
        ("Seahorse::Client::NetworkingError", "dns-fails-in-container"),
        ("cannot copy media_attachments/files/1/x.mp4 to local file", "iam-missing-getobject"),
        ("getaddrinfo: Name or service not known", "dns-fails-in-container"),
        ("The request signature we calculated does not match the signature you provided", "wrong-secret-key"),
        ("deleted media still there", "iam-missing-deleteobject"),
        ("Aws::S3::Errors::Forbidden", "bpa-blocks-public-acl"),
        ("Aws::S3::Errors::NotFound", "object-not-found-public-key-mismatch"),
        ("Aws::S3::Errors::Http503Error", "provider-outage"),
        ("Aws::S3::Errors::BadRequest: An error occurred", "signature-v2-rejected"),
        ("403 Forbidden", "public-policy-missing"),
        ("GET https://files.example.com/x.png 403 (Forbidden)", "media-host-refuses-visitors"),
        ("net::ERR_CERT_DATE_INVALID", "alias-host-no-tls-or-wrong-cert"),
        ("SEC_ERROR_UNKNOWN_ISSUER", "tls-certificate-bad"),
        ("net::ERR_NAME_NOT_RESOLVED", "alias-dns-missing-or-cname-bucket-mismatch"),
        ("ERR_CONNECTION_TIMED_OUT", "media-host-unreachable"),
        ("net::ERR_SSL_PROTOCOL_ERROR", "protocol-https-but-endpoint-plain"),
    ],
)
def test_a_line_that_many_cause_names_this_one_too(text: str, among: str) -> None:
    assert among in {hit.finding.id for hit in behind(text)}


OF_SOMETHING_ELSE = (
    "lorem ipsum dolor my cat likes the bucket of fish",
    "Paperclip::Errors::NotIdentifiedByImageMagickError",
    "An error was received while processing: #<Paperclip::Errors::NotIdentifiedByImageMagickError: a picture>",
    "PG::ConnectionBad: could not connect to server",
    "Redis::CannotConnectError: Error connecting to Redis on localhost:6379 (Errno::ECONNREFUSED)",
    "Net::SMTPServerBusy: getaddrinfo: Name or service not known (smtp.example.com)",
    "NoMethodError: undefined method 'size' for nil",
    'ActionController::RoutingError (No route matches [GET] "/system/media_attachments/files/1/original/a.png")',
    "Mastodon::DimensionsValidationError: 9999x9999 images are not supported",
    Random(1).randbytes(100_000).decode("utf-8", "replace"),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No such file",
        "net::ERR_FAILED",
        "zebra quux",
        "the and of",
        "/opt/mastodon/app.rb:12:in `x'",
        *OF_SOMETHING_ELSE,
    ],
)
def test_words_that_lead_nowhere_name_nothing(text: str) -> None:
    assert behind(text) == []


def test_a_code_alone_leads_to_its_usual_causes_and_to_those_of_visitors_only_where_they_may_have_seen_it() -> None:
    raised = [hit.finding.id for hit in behind("Aws::S3::Errors::AccessDenied")]
    assert {"bpa-blocks-public-acl", "iam-missing-putobject", "iam-missing-putobjectacl"} <= set(raised)
    assert "public-policy-missing" not in raised
    assert "public-policy-missing" in [hit.finding.id for hit in behind("AccessDenied")]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("AccesDenied", "AccessDenied"),
        ("Aws::S3::Errors::SignatureDoesntMatch", "SignatureDoesNotMatch"),
        ("Faraday::ConnectionFailed", ""),
        ("qqqq", ""),
    ],
)
def test_a_misspelt_code_is_recognised(word: str, meant: str) -> None:
    assert code_like(word) == meant


def test_every_symptom_is_that_of_a_finding() -> None:
    text = (resources.files("s3probe.knowledge") / "symptoms.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) <= set(ids())
