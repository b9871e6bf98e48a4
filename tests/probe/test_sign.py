"""Signatures, checked as a server checks them."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3probe.probe.exchange import Call
from s3probe.probe.request_form import WireForm
from s3probe.probe.wire import Wire
from tests.probe.aws import v2_is_right, v4_is_right, v4_query_is_right
from tests.probe.build import SECRET, wire

KEYS = [
    "media_attachments/files/1/original/a.jpg",
    "a b/c+d/e%20f/~tilde",
    "médias/日本/ü.png",
    "a//b/../c/./d",
    "x!*'();:@&=$,?#[]{}|\\^`<>\"",
    "trailing/",
]
ENDPOINTS = [
    {},
    {"S3_ENDPOINT": "https://s3.example.com"},
    {"S3_ENDPOINT": "http://minio:9000"},
    {"S3_ENDPOINT": "https://gw.example/s3"},
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("env", ENDPOINTS, ids=lambda env: env.get("S3_ENDPOINT", "aws"))
def test_a_server_agrees_with_the_signature(env: dict[str, str], key: str) -> None:
    mastodon = wire(**env)
    for call in (
        mastodon.put_object(key, b"body", "image/png", acl="public-read"),
        mastodon.get(key, byte_range=(0, 1), if_match='"e"'),
        mastodon.head(key, part_number=1),
        mastodon.upload_part(key, "id/with+odd=chars", 2, b"part"),
        mastodon.put_acl(key, "private"),
        mastodon.copy_object(key, key + "2", acl=None),
        mastodon.batch_delete([key]),
        mastodon.list_objects(prefix=key, start_after=key + "+ ~"),
        mastodon.delete(key, version_id="a+b/c="),
        mastodon.read("GetObjectAcl", "acl", key),
    ):
        assert v4_is_right(call, SECRET), call
        assert not v4_is_right(call, SECRET + "x")


@given(st.text(min_size=1, max_size=40).filter(lambda key: key.isprintable()))
def test_any_key_is_signed_as_it_goes_on_the_wire(key: str) -> None:
    assert v4_is_right(wire().get(key), SECRET)
    assert v4_query_is_right(wire().presigned_get(key, 60), SECRET)


@pytest.mark.parametrize("key", KEYS)
def test_a_server_agrees_with_a_presigned_url(key: str) -> None:
    call = wire().presigned_get(key, 3600)
    assert v4_query_is_right(call, SECRET)
    assert not v4_query_is_right(call, SECRET + "x")
    assert "X-Amz-Expires=3600&" in call.url


def test_the_session_token_is_signed_too() -> None:
    chain = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AMAZON_ACCESS_KEY_ID": "ASIA",
        "AMAZON_SECRET_ACCESS_KEY": "s",
    }
    temporary = wire(**chain, AMAZON_SESSION_TOKEN="tok+en/=")
    call = temporary.head("a")
    assert "x-amz-security-token" in dict(call.headers)["Authorization"]
    assert v4_is_right(call, "s")
    assert "X-Amz-Security-Token=tok%2Ben%2F%3D" in temporary.presigned_get("a", 60).url
    assert v4_query_is_right(temporary.presigned_get("a", 60), "s")


def v2(**env: str) -> Wire:
    return wire(S3_SIGNATURE_VERSION="s3", **env)


@pytest.mark.parametrize(
    ("call", "resource"),
    [
        (v2().put_object("a b", b"x", "image/png", acl="public-read"), "/files/a%20b"),
        (v2().put_acl("a", "private"), "/files/a?acl"),
        (v2(S3_ENDPOINT="https://s3.example.com").upload_part("a", "id", 1, b"x"), "/files/a?partNumber=1&uploadId=id"),
        (v2(S3_ENDPOINT="https://s3.example.com").list_objects(prefix="a"), "/files"),
        (v2().list_objects(), "/files/"),
        (v2().batch_delete(["a"]), "/files/?delete"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_old_signature(call: Call, resource: str) -> None:
    assert v2_is_right(call, SECRET, resource)
    assert dict(call.headers)["Date"] == "Mon, 23 Nov 2026 18:00:00 GMT"


def test_the_old_signature_with_content_md5() -> None:
    call = wire(WireForm.LEGACY, S3_SIGNATURE_VERSION="s3").put_object("a", b"x", "image/png", acl=None)
    assert "Content-Md5" in dict(call.headers)
    assert v2_is_right(call, SECRET, "/files/a")


def test_presigned_urls_stay_v4_under_the_old_signature() -> None:
    assert v4_query_is_right(v2().presigned_get("a", 60), SECRET)


def test_the_clock_is_the_callers() -> None:
    assert dict(wire().head("a").headers)["X-Amz-Date"] == "20261123T180000Z"


def test_aws_global_is_signed_for_us_east_1() -> None:
    assert "/us-east-1/s3/" in dict(wire(S3_REGION="aws-global").head("a").headers)["Authorization"]


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        url = wire().presigned_get("a", 60).url
        wire().head("a")
        v2().head("a")
    assert urlsplit(url).query[-64:] not in caplog.text
    assert "Signature" not in caplog.text
