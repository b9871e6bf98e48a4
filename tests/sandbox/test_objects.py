"""Objects, multipart uploads, versions, CORS, encryption, classes and quotas."""

from __future__ import annotations

import pytest

from s3probe.sandbox.scenario import healthy, least_privilege
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import CorsRule
from tests.sandbox.client import KEY, PATH, SandboxClient
from tests.sandbox.conftest import Serve

BUCKET = "files-example"
KMS = "arn:aws:kms:eu-west-2:123456789012:key/1"
PUBLIC = {"x-amz-acl": "public-read"}


def test_an_object_keeps_what_it_was_given(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    cache = "public, max-age=315576000, immutable"
    put = client.call("PUT", headers={"content-type": "image/webp", "cache-control": cache}, body=b"hello")
    head = client.call("HEAD")
    assert (head.headers["content-type"], head.headers["cache-control"]) == ("image/webp", cache)
    assert (head.headers["content-length"], head.headers["etag"], head.body) == ("5", put.headers["etag"], b"")
    assert (head.headers["server"], "x-amz-request-id" in head.headers, "x-amz-id-2" in head.headers) == (
        "AmazonS3", True, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "status", "body"), [("bytes=1-2", 206, b"el"), ("bytes=3-", 206, b"lo"), ("bytes=9-", 416, None)]
)
def test_ranges(serve: Serve, wanted: str, status: int, body: bytes | None) -> None:
    client = SandboxClient(serve(healthy()))
    client.call("PUT", body=b"hello")
    answer = client.call("GET", headers={"range": wanted})
    assert answer.status == status
    if body is None:
        assert answer.code == "InvalidRange"
    else:
        assert (answer.body, answer.headers["content-range"].partition("/")[2]) == (body, "5")


def test_if_match_and_partnumber(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    etag = client.call("PUT", body=b"hello").headers["etag"]
    assert client.call("GET", headers={"if-match": etag}).status == 200
    assert client.call("GET", headers={"if-match": '"other"'}).brief == (412, "PreconditionFailed")
    assert client.call("HEAD", PATH + "?partNumber=1").headers["content-length"] == "5"


def start(client: SandboxClient, headers: dict[str, str] | None = None) -> str:
    return client.call("POST", PATH + "?uploads", headers or {}).tag("UploadId")


def complete(*etags: str) -> bytes:
    parts = "".join(
        f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in enumerate(etags, start=1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def test_a_multipart_upload_from_end_to_end(serve: Serve) -> None:
    box = serve(healthy())
    client = SandboxClient(box)
    upload = start(client, PUBLIC)
    assert box.uploads(BUCKET) == ((KEY, upload),)
    part = client.call("PUT", f"{PATH}?partNumber=1&uploadId={upload}", body=b"hello")
    assert client.call("GET", f"{PATH}?uploadId={upload}").status == 403
    body = complete(part.headers["etag"])
    assert client.call("POST", f"{PATH}?uploadId={upload}", body=body).tag("Bucket") == BUCKET
    assert client.visit("GET").body == b"hello"
    assert box.uploads(BUCKET) == ()


def test_multipart_mistakes(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    upload = start(client)
    where = f"{PATH}?uploadId={upload}"
    small = client.call("PUT", f"{PATH}?partNumber=1&uploadId={upload}", body=b"a").headers["etag"]
    last = client.call("PUT", f"{PATH}?partNumber=2&uploadId={upload}", body=b"b").headers["etag"]
    assert client.call("POST", where, body=complete('"bad"')).brief == (400, "InvalidPart")
    assert client.call("POST", where, body=complete(small, last)).brief == (400, "EntityTooSmall")
    assert client.call("POST", where, body=b"<CompleteMultipartUpload/>").brief == (400, "MalformedXML")
    assert client.call("DELETE", where).status == 204
    for answer in (
        client.call("DELETE", where),
        client.call("PUT", f"{PATH}?partNumber=1&uploadId={upload}", body=b"a"),
        client.call("POST", where, body=complete(small)),
    ):
        assert answer.brief == (404, "NoSuchUpload")


def test_listing_pages_and_starts_after(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    for key in ("a/1", "a/2", "b/1"):
        client.call("PUT", f"/{key}", body=b"x")
    answer = client.call("GET", "/?list-type=2&prefix=a%2F&start-after=a%2F1")
    assert (answer.tag("Key"), answer.tag("KeyCount"), answer.tag("Name")) == ("a/2", "1", BUCKET)
    assert client.call("GET", "/?list-type=2&max-keys=1").tag("IsTruncated") == "true"
    assert client.call("GET", "/?list-type=2&max-keys=many").brief == (400, "InvalidArgument")
    assert client.call("GET", "/?versions").status == 403


def test_a_versioned_bucket_only_hides(serve: Serve) -> None:
    allow = Statement("Allow", ("s3:*",), ("*",))
    box = serve(healthy().with_bucket(versioning=True).with_user(identity=(allow,)))
    client = SandboxClient(box)
    put = client.call("PUT", body=b"hello")
    gone = client.call("DELETE")
    assert (gone.status, gone.headers["x-amz-delete-marker"]) == (204, "true")
    missing = client.call("GET")
    assert (*missing.brief, missing.headers["x-amz-delete-marker"]) == (404, "NoSuchKey", "true")
    versions = client.call("GET", "/?versions").body
    assert b"<DeleteMarker>" in versions
    old = put.headers["x-amz-version-id"]
    assert client.call("GET", f"{PATH}?versionId={old}").body == b"hello"
    client.call("DELETE", f"{PATH}?versionId={old}")
    assert client.call("GET", f"{PATH}?versionId={old}").status == 404


def test_object_lock_demands_a_digest_and_keeps_versions(serve: Serve) -> None:
    allow = Statement("Allow", ("s3:*",), ("*",))
    client = SandboxClient(serve(healthy().with_bucket(object_lock=True).with_user(identity=(allow,))))
    assert client.call("PUT", body=b"hello").brief == (400, "InvalidRequest")
    put = client.call("PUT", headers={"content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}, body=b"hello")
    version = put.headers["x-amz-version-id"]
    answer = client.call("DELETE", f"{PATH}?versionId={version}")
    assert (*answer.brief, answer.tag("Message")) == (
        403, "AccessDenied", "Access Denied because object protected by object lock.",
    )  # fmt: skip
    assert client.call("HEAD", f"{PATH}?versionId={version}").headers["x-amz-object-lock-mode"] == "GOVERNANCE"


def test_object_lock_shows_only_to_those_who_may_read_it(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(object_lock=True)))
    client.call("PUT", headers={"content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}, body=b"hello")
    assert "x-amz-object-lock-mode" not in client.call("HEAD").headers


def test_kms_needs_its_own_rights_and_shuts_visitors_out(serve: Serve) -> None:
    refused = SandboxClient(serve(healthy().with_bucket(kms_key=KMS))).call("PUT", headers=PUBLIC, body=b"x")
    assert refused.code == "AccessDenied"
    assert f"perform: kms:GenerateDataKey on resource: {KMS} because no" in refused.tag("Message")
    rights = (*least_privilege(), Statement("Allow", ("kms:*",), ("*",)))
    client = SandboxClient(serve(healthy().with_bucket(kms_key=KMS).with_user(identity=rights)))
    assert client.call("PUT", headers=PUBLIC, body=b"x").headers["x-amz-server-side-encryption"] == "aws:kms"
    assert client.call("GET").body == b"x"
    visit = client.visit("GET")
    assert visit.brief == (400, "InvalidArgument")
    assert visit.tag("Message").startswith("Requests specifying Server Side Encryption with AWS KMS")


def test_storage_classes(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    assert client.call("PUT", headers={"x-amz-storage-class": "GLACIER"}, body=b"x").status == 200
    assert client.call("HEAD").headers["x-amz-storage-class"] == "GLACIER"
    assert client.call("GET").brief == (403, "InvalidObjectState")
    assert client.call("PUT", headers={"x-amz-storage-class": "COLD"}, body=b"x").brief == (400, "InvalidStorageClass")


def test_requester_pays_shuts_visitors_out(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(requester_pays=True)))
    assert client.call("PUT", headers=PUBLIC, body=b"x").status == 200
    assert client.visit("GET").brief == (403, "AccessDenied")


def test_a_full_bucket_still_reads(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(quota=8)))
    assert client.call("PUT", body=b"hello").status == 200
    assert client.call("PUT", "/more", body=b"hello").brief == (403, "QuotaExceeded")
    assert client.call("GET").body == b"hello"


PREFLIGHT = {"Origin": "https://mastodon.example", "Access-Control-Request-Method": "GET"}


def test_cors_is_silent_without_rules(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_bucket(cors=())))
    client.call("PUT", headers=PUBLIC, body=b"x")
    assert "access-control-allow-origin" not in client.visit("GET", headers=PREFLIGHT).headers
    assert client.visit("OPTIONS", headers=PREFLIGHT).brief == (403, "AccessForbidden")


def test_cors_answers_the_origins_it_knows(serve: Serve) -> None:
    rule = CorsRule(("https://*.example",), ("GET",), headers=("range",), expose=("ETag",))
    client = SandboxClient(serve(healthy().with_bucket(cors=(rule,))))
    client.call("PUT", headers=PUBLIC, body=b"x")
    assert client.visit("GET", headers=PREFLIGHT).headers["access-control-allow-origin"] == PREFLIGHT["Origin"]
    asked = client.visit("OPTIONS", headers={**PREFLIGHT, "Access-Control-Request-Headers": "Range"})
    assert (asked.status, asked.headers["access-control-allow-headers"]) == (200, "range")
    for other in ({"Origin": "https://mastodon.test"}, {"Access-Control-Request-Method": "PUT"}):
        assert client.visit("OPTIONS", headers={**PREFLIGHT, **other}).status == 403
    foreign = client.visit("GET", headers={"Origin": "https://mastodon.test"})
    assert "access-control-allow-origin" not in foreign.headers


def test_errors_carry_cors_headers_too(serve: Serve) -> None:
    answer = SandboxClient(serve(healthy())).visit("GET", headers=PREFLIGHT)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (403, "*")


@pytest.mark.parametrize("query", ["?tagging", "?retention", "?attributes"])
def test_a_sub_resource_is_not_the_object(serve: Serve, query: str) -> None:
    client = SandboxClient(serve(healthy()))
    client.call("PUT", body=b"hello")
    assert client.call("GET", PATH + query).brief == (403, "AccessDenied")
    assert client.call("PUT", PATH + query, body=b"<Tagging/>").brief == (403, "AccessDenied")
    assert client.call("GET").body == b"hello"


def test_settings_nobody_made(serve: Serve) -> None:
    client = SandboxClient(serve(healthy().with_user(identity=(Statement("Allow", ("s3:*",), ("*",)),))))
    client.call("PUT", body=b"hello")
    assert client.call("GET", "/?lifecycle").brief == (404, "NoSuchLifecycleConfiguration")
    assert client.call("GET", "/?website").brief == (404, "NoSuchWebsiteConfiguration")
    assert client.call("GET", "/?logging").body.endswith(b"</BucketLoggingStatus>")
    assert b"<TagSet></TagSet>" in client.call("GET", PATH + "?tagging").body
    assert client.call("PUT", "/?logging", body=b"<x/>").brief == (405, "MethodNotAllowed")


def test_what_the_store_stumbles_over_is_refused_as_s3_refuses_it(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    upload = start(client)
    client.call("PUT", f"{PATH}?partNumber=1&uploadId={upload}", body=b"hello")
    answer = client.call("POST", f"{PATH}?uploadId={upload}", body=complete(""))
    assert (answer.status, answer.code) in ((400, "MalformedXML"), (400, "InvalidPart"))
