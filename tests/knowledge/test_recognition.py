"""Servers are known at any name and port, and behind a proxy that puts its own name into ``Server``."""

from __future__ import annotations

import pytest

from s3probe.knowledge.providers import detect
from s3probe.knowledge.recognition import GENERIC

ANYWHERE = "s3.example.org:8443"
KNOWN = {
    "ceph-radosgw": ("x-amz-request-id", "tx0000003f4c2e7647cd17a-006b0b990d-100c-default"),
    "swift-s3api": ("x-amz-request-id", "tx8334f30bfc344e3580ed5-006b0ad6d8"),
    "versitygw": ("x-amz-request-id", "04T0U87GF6A17H69, 04T0U87GF6A17H69"),
    "seaweedfs": ("x-amz-request-id", "18EC39042E2239BA14EE2D2D"),
    "s3proxy": ("x-amz-request-id", "4442587FB7D0A2F9"),
    "rclone": ("x-amz-delete-marker", "false"),
}
NOBODYS = (
    ("x-amz-request-id", "0A49CE4060975EAC"),
    ("x-amz-request-id", "18EC39042E2239BA"),  # MinIO's: the time alone
    ("x-amz-request-id", "04T0U87GF6A17H69, 14T0U87GF6A17H69"),
    ("x-amz-request-id", "11e126e4-73c2-49c0-bf7e-f8d43a93cd2b"),
    ("x-amz-delete-marker", "true"),
    ("server", "nginx/1.22.1"),
)


@pytest.mark.parametrize("provider", KNOWN)
def test_a_server_is_known_by_what_it_answers(provider: str) -> None:
    assert detect(ANYWHERE, (KNOWN[provider], ("server", "nginx/1.22.1"))).id == provider


def test_what_others_answer_too_is_no_sign() -> None:
    assert detect(ANYWHERE, NOBODYS).id == GENERIC


def test_rclone_calls_itself_by_amazons_name() -> None:
    assert detect(ANYWHERE, (KNOWN["rclone"], ("server", "AmazonS3"))).id == "rclone"
    assert detect(ANYWHERE, (("server", "AmazonS3"),)).id == "aws-s3"
