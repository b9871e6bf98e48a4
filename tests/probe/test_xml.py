"""Reading S3's answers, good and bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from s3probe.probe import xml
from s3probe.probe.xml import ALL_USERS, ErrorBody, Grant, Listed, ListedUpload, Version
from tests.every import every

DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
    b"<RequestId>R1</RequestId><HostId>H1</HostId></Error>"
)
NAMESPACE = b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def test_reads_an_error() -> None:
    assert xml.error(DENIED) == ErrorBody("AccessDenied", "Access Denied")


def test_reads_what_a_redirect_names() -> None:
    body = (
        b"<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>files.s3.eu-west-2.amazonaws.com</Endpoint>"
        b"<Bucket>files</Bucket><Region>eu-west-2</Region></Error>"
    )
    error = xml.error(body)
    assert error is not None
    assert (error.endpoint, error.bucket, error.region) == ("files.s3.eu-west-2.amazonaws.com", "files", "eu-west-2")


def test_keeps_the_lines_of_a_canonical_request() -> None:
    error = xml.error(
        b"<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>AWS4\n2026\n\x1b[1m</CanonicalRequest></Error>"
    )
    assert error is not None
    assert error.canonical_request == "AWS4\n2026\n\ufffd[1m"


@every(
    "body",
    [
        b"<s3:Error xmlns:s3='urn:x'><s3:Code>AccessDenied</s3:Code></s3:Error>",
        b"<Error xmlns='urn:anything'><Code>AccessDenied</Code></Error>",
        b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
        b"<Response><Errors><Error><Code>AccessDenied</Code></Error></Errors></Response>",
        b"\xef\xbb\xbf  <Error><Code> AccessDenied\n</Code></Error>",
        "<?xml version='1.0' encoding='UTF-16'?><Error><Code>AccessDenied</Code></Error>".encode("utf-16"),
        b"<Error><Code>AccessDenied</Code><Message>caf\xe9 \x00\x1b &#0; &#x1b; &#55296;</Message></Error>",
        b"<Error><Code>AccessDenied</Code><Mess",
        b"<Error><Code>AccessDenied</Code><Message>a</Error>",
        b"<Error><Code>AccessDenied</Code><Message>a & b</Message></Error>",
    ],
)
def test_finds_the_code_in_an_odd_error(body: bytes) -> None:
    error = xml.error(body)
    assert error is not None
    assert error.code == "AccessDenied"


@every(
    "body",
    [
        b"",
        b"   ",
        b"\x00\x01\x02",
        b'{"Code": "AccessDenied"}',
        b"<!DOCTYPE html><html><body>Access Denied</body></html>",
        b"<html><head><Error><Code>AccessDenied</Code></Error></head></html>",
        b"<Error/>",
        b"<Error>AccessDenied</Error>",
        b"<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>",
        b"<ListBucketResult/>",
        b"Access Denied",
    ],
)
def test_finds_no_error_where_there_is_none(body: bytes) -> None:
    assert xml.error(body) is None


@every(
    "body",
    [
        b'<!DOCTYPE lolz [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><Error><Code>&b;</Code></Error>',
        b'<!DOCTYPE Error SYSTEM "file:///etc/passwd"><Error><Code>A</Code></Error>',
        '<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]><Error><Code>&x;</Code></Error>'.encode("utf-16"),
    ],
)
def test_refuses_a_doctype_and_says_so(body: bytes) -> None:
    assert xml.error(body) is None
    assert xml.root_name(body) is None
    assert "DOCTYPE" in xml.problem(body)


def test_refuses_what_is_too_deep_or_too_large() -> None:
    assert "deeper" in xml.problem(b"<a>" * 100_000)
    assert "larger" in xml.problem(b"<Error>" + b"x" * 9_000_000)


def test_texts_are_short_and_cannot_steer_a_terminal() -> None:
    message = b"\x1b[31mred\x07 \xc2\x9b2J \xe2\x80\xae" + b"y" * 100_000
    error = xml.error(b"<Error><Code>A</Code><Message>" + message + b"</Message></Error>")
    assert error is not None
    assert error.message.startswith("\ufffd[31mred\ufffd \ufffd2J \ufffdy")
    assert len(error.message) == 500


@given(st.binary(max_size=200))
def test_never_raises(noise: bytes) -> None:
    for body in (noise, b"<Error><Code>A</Code>" + noise, b"<ListBucketResult><Contents><Key>" + noise + b"</Key>"):
        xml.error(body)
        xml.root_name(body)
        xml.list_objects(body)
        xml.delete_errors(body)
        xml.acl_grants(body)
        xml.fields(body)


@every(
    "body, name",
    [(DENIED, "Error"), (b"<a:B xmlns:a='u'/>", "B"), (b"no", None), (b"", None), (b"<html><p></html>", "html")],
)
def test_root_name(body: bytes, name: str | None) -> None:
    assert xml.root_name(body) == name


def test_per_key_errors_of_a_batch_delete() -> None:
    body = (
        b"<DeleteResult "
        + NAMESPACE
        + b"><Deleted><Key>b</Key></Deleted><Error><Key>a  b</Key><Code>AccessDenied</Code>"
        b"<Message>Access Denied</Message></Error></DeleteResult>"
    )
    assert xml.delete_errors(body) == (("a  b", "AccessDenied", "Access Denied"),)
    assert xml.delete_errors(DENIED) == ()


def test_a_listing() -> None:
    body = (
        b"<ListBucketResult "
        + NAMESPACE
        + b"><Name>files</Name><IsTruncated>true</IsTruncated><Contents><Key>a  &amp; b</Key>"
        b"<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>"
        b"<Contents><Key>c</Key><Size>-1</Size></Contents></ListBucketResult>"
    )
    assert xml.list_keys(body) == ("a  & b", "c")
    assert xml.list_objects(body)[0] == Listed("a  & b", "2026-01-01T00:00:00.000Z")
    assert xml.is_truncated(body)


def test_unfinished_uploads_and_versions_and_buckets() -> None:
    uploads = (
        b"<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>"
    )
    assert xml.list_uploads(uploads) == (ListedUpload("k", "u"),)
    versions = (
        b"<ListVersionsResult><Version><Key>k</Key><VersionId>1</VersionId></Version>"
        b"<DeleteMarker><Key>k</Key><VersionId>2</VersionId></DeleteMarker></ListVersionsResult>"
    )
    assert xml.list_versions(versions) == (Version("k", "1"), Version("k", "2", delete_marker=True))
    buckets = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    assert tuple(xml.bucket_names(buckets)) == ("a",)


def test_grants() -> None:
    body = (
        b"<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>"
        b'<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
        b"<ID>me</ID></Grantee>"
        b"<Permission>FULL_CONTROL</Permission></Grant>"
        b'<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>'
        + ALL_USERS.encode()
        + b"</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
    assert xml.acl_grants(body) == (Grant("me", "FULL_CONTROL"), Grant(ALL_USERS, "READ"))
    bare = body.replace(b'xsi:type="Group"', b"")
    bare = bare.replace(b"<URI>" + ALL_USERS.encode() + b"</URI>", b"<ID>all-users</ID>")
    assert xml.acl_grants(bare) == (Grant("me", "FULL_CONTROL"), Grant(ALL_USERS, "READ"))


def test_small_answers() -> None:
    assert (
        xml.upload_id(b"<InitiateMultipartUploadResult><UploadId>a/b+c</UploadId></InitiateMultipartUploadResult>")
        == "a/b+c"
    )
    assert (
        xml.etag(b"<CompleteMultipartUploadResult><ETag>&quot;e-1&quot;</ETag></CompleteMultipartUploadResult>")
        == '"e-1"'
    )
    assert (xml.upload_id(b""), xml.etag(b"x")) == ("", "")
    assert xml.fields(b"<PolicyStatus><IsPublic>TRUE</IsPublic></PolicyStatus>") == {"IsPublic": "TRUE"}
    nested = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
    assert xml.fields(nested) == {"ObjectOwnership": "ObjectWriter"}


ERRORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "golden" / "errors.json").read_text(encoding="utf-8")
)


def raised_by_one_answer(case: dict[str, Any]) -> bool:
    """Cases in which the exception comes from the body of the only answer; a HEAD's answer has none."""
    rules = case.get("server_rules", [])
    once = len(rules) == 1 and "body" in rules[0] and case["requests"][-1:] and case["requests"][-1]["method"] != "HEAD"
    # a 307 is followed, so the exception is not about its body
    return bool(once) and "code" in case["outcome"].get("exception", {}) and rules[0]["status"] != 307


@every("case", [case for case in ERRORS if raised_by_one_answer(case)], ids=lambda case: case["id"])
def test_reads_the_code_and_message_that_the_sdk_reads(case: dict[str, Any]) -> None:
    exception = case["outcome"]["exception"]
    error = xml.error(case["server_rules"][0]["body"].encode())
    if error is None:
        # the SDK then makes a code of the status and a message of the class
        assert exception["message"] == exception["class"]
    else:
        assert error.message == exception["message"]
        assert error.code in (exception["code"], "")
