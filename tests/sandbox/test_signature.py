"""What AWS says to a request whose signature, key or time is wrong; moto checks none of it."""

from __future__ import annotations

import base64
import zlib
from datetime import timedelta

import pytest

from s3probe.sandbox.scenario import KEY_ID, healthy
from s3probe.sandbox.world import KeyStatus
from tests.sandbox.client import KEY, PATH, SandboxClient, signing_clock
from tests.sandbox.conftest import Serve

STREAMING = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def framed(body: bytes, checksum: bytes) -> bytes:
    value = base64.b64encode(checksum)
    return b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(body), body, value)


def crc32(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "big")


def test_a_key_with_space_and_plus_is_signed_and_stored_as_it_is(serve: Serve) -> None:
    box = serve(healthy())
    assert SandboxClient(box).call("PUT", body=b"hello").status == 200
    assert box.keys("files-example") == (KEY,)


def test_unknown_key_id_is_echoed(serve: Serve) -> None:
    answer = SandboxClient(serve(healthy()), key_id='"AKIA"').call("GET", "/")
    assert answer.brief == (403, "InvalidAccessKeyId")
    assert answer.tag("AWSAccessKeyId") == '"AKIA"'


def test_wrong_secret_shows_what_was_to_be_signed(serve: Serve) -> None:
    answer = SandboxClient(serve(healthy()), secret="wrong").call("GET", "/")
    assert answer.brief == (403, "SignatureDoesNotMatch")
    assert answer.tag("StringToSign").startswith("AWS4-HMAC-SHA256\n")
    assert "host:files-example.s3.eu-west-2.amazonaws.com\n" in answer.tag("CanonicalRequest")


def test_a_header_changed_after_signing_is_noticed(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    path = client.presigned()
    assert client.visit("GET", path.replace("original", "small")).brief == (403, "SignatureDoesNotMatch")


def test_an_amz_header_that_is_not_signed_is_refused(serve: Serve) -> None:
    box = serve(healthy())
    client = SandboxClient(box)
    client.call("GET", "/")
    headers = {n: v for n, v in box.requests[-1].headers.items() if n != "host"}
    answer = client.visit("GET", "/", {**headers, "x-amz-acl": "public-read"})
    assert (answer.code, answer.tag("HeadersNotSigned")) == ("AccessDenied", "x-amz-acl")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_more_than_a_quarter_of_an_hour_is_too_skewed(serve: Serve, minutes: int) -> None:
    with signing_clock(timedelta(minutes=minutes)):
        answer = SandboxClient(serve(healthy())).call("GET", "/")
    assert answer.brief == (403, "RequestTimeTooSkewed")
    assert answer.tag("MaxAllowedSkewMilliseconds") == "900000"


@pytest.mark.parametrize("minutes", [-14, 14])
def test_less_than_a_quarter_of_an_hour_is_fine(serve: Serve, minutes: int) -> None:
    with signing_clock(timedelta(minutes=minutes)):
        assert SandboxClient(serve(healthy())).call("GET", "/").status == 200


def test_the_servers_clock_shows_in_its_date(serve: Serve) -> None:
    with signing_clock(timedelta(hours=2)):
        ahead = SandboxClient(serve(healthy().with_world(clock_offset=7200.0)))
        assert ahead.call("GET", "/").status == 200


def test_a_presigned_url_works_until_it_expires(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    client.call("PUT", body=b"hello")
    assert client.visit("GET", client.presigned()).body == b"hello"
    with signing_clock(timedelta(seconds=-61)):
        old = client.presigned(expires=60)
    answer = client.visit("GET", old)
    assert (*answer.brief, answer.tag("Message")) == (403, "AccessDenied", "Request has expired")


def test_a_presigned_url_without_expiry_is_malformed(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    path = client.presigned().replace("X-Amz-Expires=60", "X-Amz-Expired=60")
    assert client.visit("GET", path).brief == (400, "AuthorizationQueryParametersError")


def test_temporary_keys_need_their_token(serve: Serve) -> None:
    box = serve(healthy().with_user(token="session"))
    assert SandboxClient(box).call("GET", "/").brief == (403, "InvalidAccessKeyId")
    assert SandboxClient(box, token="other").call("GET", "/").brief == (400, "InvalidToken")
    assert SandboxClient(box, token="session").call("GET", "/").status == 200


def test_a_disabled_key_is_unknown_and_a_suspended_account_is_a_problem(serve: Serve) -> None:
    inactive = serve(healthy().with_user(status=KeyStatus.INACTIVE))
    suspended = serve(healthy().with_user(status=KeyStatus.SUSPENDED))
    assert SandboxClient(inactive).call("GET", "/").code == "InvalidAccessKeyId"
    assert SandboxClient(suspended).call("GET", "/").code == "AccountProblem"


def test_signature_v2_is_refused(serve: Serve) -> None:
    answer = SandboxClient(serve(healthy())).visit("GET", "/", {"Authorization": f"AWS {KEY_ID}:c2lnbmF0dXJl"})
    assert answer.brief == (400, "InvalidRequest")
    assert "Please use AWS4-HMAC-SHA256" in answer.tag("Message")


def test_a_body_other_than_the_signed_one_is_refused(serve: Serve) -> None:
    headers = {"x-amz-content-sha256": "0" * 64}
    answer = SandboxClient(serve(healthy())).call("PUT", headers=headers, body=b"hello")
    assert answer.brief == (400, "XAmzContentSHA256Mismatch")


def trailer_headers(body: bytes) -> dict[str, str]:
    return {
        "x-amz-content-sha256": STREAMING, "content-encoding": "aws-chunked", "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": str(len(body)),
    }  # fmt: skip


def test_the_trailer_form_is_unwrapped(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()))
    put = client.call("PUT", headers=trailer_headers(b"hello"), body=framed(b"hello", crc32(b"hello")))
    assert put.headers["x-amz-checksum-crc32"] == base64.b64encode(crc32(b"hello")).decode()
    got = client.call("GET", headers={"x-amz-checksum-mode": "ENABLED"})
    assert got.body == b"hello"
    assert "content-encoding" not in got.headers
    assert got.headers["x-amz-checksum-crc32"] == put.headers["x-amz-checksum-crc32"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (trailer_headers(b"hello"), framed(b"hello", crc32(b"other"))),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, b"hello"),
        ({"content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}, b"other"),
    ],
)
def test_a_wrong_checksum_is_a_bad_digest(serve: Serve, headers: dict[str, str], body: bytes) -> None:
    box = serve(healthy())
    assert SandboxClient(box).call("PUT", headers=headers, body=body).brief == (400, "BadDigest")
    assert box.keys("files-example") == ()


def test_the_log_knows_who_asked_for_what(serve: Serve) -> None:
    box = serve(healthy())
    SandboxClient(box).call("PUT", body=b"x")
    SandboxClient(box).visit("GET")
    first, second = box.requests
    assert (first.method, first.path, first.operation, first.status, first.key_id) == (
        "PUT", PATH, "PutObject", 200, KEY_ID,
    )  # fmt: skip
    assert (second.operation, second.status, second.code, second.key_id) == ("GetObject", 403, "AccessDenied", "")
