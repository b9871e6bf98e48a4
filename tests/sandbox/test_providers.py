"""Every personality lets a healthy Mastodon work, and speaks in its own words."""

from __future__ import annotations

import pytest

from s3probe.sandbox.providers import PERSONALITIES
from s3probe.sandbox.scenario import BUCKET, CUSTOM_HOST, KEY_ID, custom, public_media, rights_by_policy
from tests.sandbox.client import PATH, SandboxClient
from tests.sandbox.conftest import Serve


@pytest.mark.parametrize("name", PERSONALITIES)
def test_an_upload_without_acl_is_stored_shown_and_deleted(serve: Serve, name: str) -> None:
    scenario = custom().with_world(personality=PERSONALITIES[name])
    own = rights_by_policy(KEY_ID) if PERSONALITIES[name].policy_replaces_owner else ()
    box = serve(scenario.with_bucket(policy=(*public_media(), *own), acl="public-read"))
    client = SandboxClient(box, CUSTOM_HOST, "nl-ams")
    put = client.call("PUT", f"/{BUCKET}{PATH}", body=b"hello")
    assert (put.status, put.headers.get("server", "none")) == (200, PERSONALITIES[name].server)
    shown = client.visit("GET", f"/{BUCKET}{PATH}")
    refused = PERSONALITIES[name].signed_only
    assert (
        shown.body == b"hello"
        or (PERSONALITIES[name].web_port and shown.status == 403)
        or (refused and shown.status == refused.status)
    )
    assert client.call("DELETE", f"/{BUCKET}{PATH}").status == 204


@pytest.mark.parametrize(
    ("name", "expected", "words"),
    [
        ("aws-s3", (403, "InvalidAccessKeyId"), "The AWS Access Key Id you provided does not exist in our records."),
        ("cloudflare-r2", (401, "Unauthorized"), "Unauthorized"),
        ("backblaze-b2", (403, "InvalidAccessKeyId"), "Malformed Access Key Id"),
        ("garage", (403, "AccessDenied"), "Forbidden: No such key: AKIANOBODY"),
        ("ceph-rgw", (403, "InvalidAccessKeyId"), ""),
    ],
)
def test_an_unknown_key(serve: Serve, name: str, expected: tuple[int, str], words: str) -> None:
    box = serve(custom().with_world(personality=PERSONALITIES[name]))
    answer = SandboxClient(box, CUSTOM_HOST, "nl-ams", key_id="AKIANOBODY").call("GET", f"/{BUCKET}")
    assert (answer.brief, answer.tag("Message")) == (expected, words)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("minio", (400, "AuthorizationHeaderMalformed")),
        ("backblaze-b2", (403, "SignatureDoesNotMatch")),
        ("ceph-rgw", (200, "")),
    ],
)
def test_a_wrong_region(serve: Serve, name: str, expected: tuple[int, str]) -> None:
    box = serve(custom().with_world(personality=PERSONALITIES[name]))
    assert SandboxClient(box, CUSTOM_HOST, "us-east-1").call("GET", f"/{BUCKET}").brief == expected


def test_an_amazon_header_of_aws_alone(serve: Serve) -> None:
    answer = SandboxClient(serve(custom().with_world(personality=PERSONALITIES["ceph-rgw"])), CUSTOM_HOST).visit(
        "GET", "/x"
    )
    assert ("x-amz-id-2" in answer.headers, "x-amz-request-id" in answer.headers) == (False, True)
    assert b"HostId" not in answer.body
