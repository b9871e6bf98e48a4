"""What stands in a log leads to what may be behind it."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from s3probe.knowledge.findings import ids
from s3probe.knowledge.symptoms import behind
from tests.every import every

BACKTRACE = """2026-11-28T10:00:00.000Z pid=1 tid=abc class=PostProcessMediaWorker jid=0123456789abcdef01234567 WARN: \
Aws::S3::Errors::SlowDown: Please reduce your request rate.
/opt/mastodon/vendor/bundle/ruby/3.3.0/gems/aws-sdk-core-3.2/lib/seahorse/client/plugins/errors.rb:17:in `call'
/opt/mastodon/vendor/bundle/ruby/3.3.0/gems/kt-paperclip/lib/paperclip/attachment.rb:540:in `flush_writes'"""


@every(
    "text, first",
    [
        ("Aws::S3::Errors::AccessControlListNotSupported", "acl-disabled-bucket-owner-enforced"),
        ("AccessControlListNotSupported", "acl-disabled-bucket-owner-enforced"),
        ("Aws::S3::Errors::PermanentRedirect", "region-wrong-aws-regional-endpoint"),
        ("bpa", "bpa-blocks-public-acl"),
        ("put-with-acl", "iam-missing-putobjectacl"),
        ("422 Error processing thumbnail", "partnumber-head-unsupported"),
        ("unable to sign request without credentials set", "env-s3-enabled-left-from-sample"),
        ("SSL_connect returned=1 errno=0 state=error: certificate verify failed", "tls-certificate-bad"),
        ("Refused to load the image because it violates the Content Security Policy directive: img-src",
         "csp-missing-media-host"),
        ("Aws::S3::Errors::RequestTimeTooSkewed", "clock-skew"),
        ("XMinioStorageFull", "quota-or-cap-exceeded"),
        ("Stoplight::Error::RedLight", "stoplight-open"),
        (BACKTRACE, "rate-limited-503-slowdown"),
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
    ],
)
def test_a_line_that_many_cause_names_this_one_too(text: str, among: str) -> None:
    assert among in {hit.finding.id for hit in behind(text)}


@pytest.mark.parametrize("text", ["", "zebra quux", "the and of", "/opt/mastodon/app.rb:12:in `x'"])
def test_words_that_lead_nowhere_name_nothing(text: str) -> None:
    assert behind(text) == []


def test_every_symptom_is_that_of_a_finding() -> None:
    text = (resources.files("s3probe.knowledge") / "symptoms.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) <= set(ids())
