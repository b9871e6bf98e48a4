"""What a wire refuses, and what it adds to Mastodon's own requests."""

from __future__ import annotations

import pytest

from s3probe.probe.bodies import Part, complete_body, delete_body, part_of
from s3probe.probe.exchange import Answer
from s3probe.probe.request_form import WireForm, form_for_version
from s3probe.probe.wire import NotReadOnlyError, Wire
from tests.probe.build import NOW, PLAIN, credentials_of, settings_of, wire


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "get", "OPTIONS", ""])
def test_a_read_only_question_never_writes(method: str) -> None:
    with pytest.raises(NotReadOnlyError):
        wire().read("PutBucketPolicy", "policy", method=method)


@pytest.mark.parametrize(
    ("operation", "query", "key", "url"),
    [
        ("HeadBucket", "", None, "https://files.s3.eu-central-1.amazonaws.com/"),
        ("GetBucketPolicyStatus", "policyStatus", None, "https://files.s3.eu-central-1.amazonaws.com/?policyStatus"),
        ("GetObjectAcl", "acl", "a b", "https://files.s3.eu-central-1.amazonaws.com/a%20b?acl"),
        ("ListBuckets", "", None, "https://s3.eu-central-1.amazonaws.com/"),
        (
            "ListMultipartUploads",
            "uploads&prefix=x%2F",
            None,
            "https://files.s3.eu-central-1.amazonaws.com/?uploads&prefix=x%2F",
        ),
    ],
)
def test_where_a_question_goes(operation: str, query: str, key: str | None, url: str) -> None:
    call = wire().read(operation, query, key, "HEAD" if operation == "HeadBucket" else "GET")
    assert (call.operation, call.url, call.body) == (operation, url, b"")


def test_a_question_at_a_path_style_bucket() -> None:
    call = wire(S3_ENDPOINT="https://s3.example.com/gw/").read("ListBuckets", "")
    assert call.url == "https://s3.example.com/gw/"
    assert wire(S3_ENDPOINT="https://s3.example.com").read("HeadBucket", "").url == "https://s3.example.com/files"


def test_another_region_can_be_signed_for() -> None:
    settings = settings_of(PLAIN)
    other = Wire(settings, credentials_of(settings), WireForm.CURRENT, lambda: NOW, str, signing_region="eu-west-2")
    call = other.head("a")
    assert "/eu-west-2/s3/" in dict(call.headers)["Authorization"]
    assert dict(call.headers)["Host"] == "files.s3.eu-central-1.amazonaws.com"


def test_a_call_hides_its_secrets() -> None:
    shown = repr(wire().presigned_get("backups/a.zip", 60)) + repr(wire().head("a"))
    assert "X-Amz" not in shown
    assert "Signature" not in shown
    assert "backups/a.zip" in shown


@pytest.mark.parametrize("acl", ["", " ", "none", "PUBLIC-READ"])
def test_an_acl_is_sent_as_it_stands(acl: str) -> None:
    assert ("X-Amz-Acl", acl) in wire().put_object("a", b"", "image/png", acl=acl).headers


def test_when_required_on_amazon_sends_no_checksum() -> None:
    call = wire(AWS_REQUEST_CHECKSUM_CALCULATION="when_required").put_object("a", b"x", "image/png", acl=None)
    names = {name for name, _ in call.headers}
    assert not names & {"X-Amz-Checksum-Crc32", "X-Amz-Trailer", "Content-Md5"}
    assert call.body == b"x"


@pytest.mark.parametrize("variable", ["S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_an_endpoint_that_is_named_gets_no_trailer(variable: str) -> None:
    call = wire(**{variable: "https://s3.eu-central-1.amazonaws.com"}).put_object("a", b"x", "image/png", acl=None)
    assert ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") in call.headers
    assert call.body == b"x"


def test_a_deletion_may_name_a_version() -> None:
    assert wire().delete("a", version_id="v/1").url.endswith("/a?versionId=v%2F1")
    assert wire().delete("a").url.endswith("/a")


@pytest.mark.parametrize(
    ("version", "form"),
    [
        ("4.5.8", WireForm.LEGACY),
        ("4.5.9", WireForm.CURRENT),
        ("4.4.15", WireForm.LEGACY),
        ("v4.4.16", WireForm.CURRENT),
        ("4.4.15+glitch", WireForm.LEGACY),
        ("4.3.99", WireForm.LEGACY),
        ("3.5.19", WireForm.LEGACY),
        ("4.5.0-beta.1", WireForm.LEGACY),
        ("4.6.0-beta.1", WireForm.CURRENT),
        ("4.6.0+glitch", WireForm.CURRENT),
        ("4.10.0", WireForm.CURRENT),
        ("5.0", WireForm.CURRENT),
        ("", WireForm.CURRENT),
        (None, WireForm.CURRENT),
        ("nightly", WireForm.CURRENT),
        ("9" * 50, WireForm.CURRENT),
    ],
)
def test_which_release_sends_which_form(version: str | None, form: WireForm) -> None:
    assert form_for_version(version) is form


def test_bodies_escape_as_the_sdk_does() -> None:
    assert b"<Key>a&amp;&lt;&gt;'\"&#xD;&#xA;\xc3\xa9</Key>" in delete_body([("a&<>'\"\r\né", None)])
    assert b"<VersionId>v</VersionId>" in delete_body([("a", "v")])


def test_parts_are_completed_in_order() -> None:
    body = complete_body([Part(2, "b"), Part(1, "a")], checksums=True)
    assert body.index(b"<PartNumber>1<") < body.index(b"<PartNumber>2<")
    assert b"ChecksumCRC32" not in body


def test_a_part_takes_what_the_server_said() -> None:
    assert part_of(3, Answer(200, {"etag": '"e"', "x-amz-checksum-crc32": "AAAAAA=="})) == Part(3, '"e"', "AAAAAA==")
    assert part_of(3, Answer(200)) == Part(3, "")
