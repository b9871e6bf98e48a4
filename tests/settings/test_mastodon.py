"""What the recorded cases do not reach: the wire's addresses, fixed settings, odd values."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3probe.settings.addressing import SdkClient, is_aws, regional_host, resolve
from s3probe.settings.keys import ARCHIVES, AVATARS, EMOJI, MEDIA, REMOTE_MEDIA
from s3probe.settings.mastodon import (
    bucket_url,
    credential_region,
    full_asset_url,
    interpret,
    object_key,
    object_url,
    probe_key,
    public_url,
    remade,
)
from s3probe.settings.model import Environment, RaisedAt, Settings, Variable
from s3probe.settings.proxy import proxy_for
from s3probe.settings.ruby import RubyError, to_i
from tests.every import every

WIRE: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "golden" / "wire.json").read_text(encoding="utf-8")
)
BASE = {"S3_ENABLED": "true", "S3_BUCKET": "files", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"}


def made(**env: str) -> Settings:
    return interpret(Environment({name: Variable(name, value) for name, value in {**BASE, **env}.items()}))


@every("case", [c for c in WIRE if c["requests"]], ids=lambda c: c["id"])
def test_every_recorded_request_goes_where_it_is_said_to(case: dict[str, Any]) -> None:
    settings = made(**case["env"])
    for request in case["requests"]:
        sent = f"{request['scheme']}://{request['host']}{request['path']}"
        if case["op"] in ("batch_delete", "tootctl_remove_orphans_list"):
            assert sent == bucket_url(settings)
        else:
            assert sent.startswith(object_url(settings, ""))


@every("case", [c for c in WIRE if "proxy" in c["id"] and "connection_attempts" in c["outcome"]], ids=lambda c: c["id"])
def test_the_proxy_is_the_one_that_was_asked(case: dict[str, Any]) -> None:
    asked = case["outcome"]["connection_attempts"] == ["proxy.example:3128"]
    assert made(**case["env"]).proxy == ("http://proxy.example:3128" if asked else None)


@every(
    "url, env, proxy",
    [
        ("http://127.0.0.1:9000", {"http_proxy": "http://p"}, None),
        ("http://localhost:9000", {"http_proxy": "http://p"}, None),
        ("https://s3.example.com", {"http_proxy": "", "HTTP_PROXY": "http://p"}, None),
        ("https://s3.example.com", {"http_proxy": "http://p", "no_proxy": "example.com"}, None),
        ("https://s3.example.com", {"http_proxy": "http://p", "no_proxy": "ample.com"}, "http://p"),
        ("https://s3.example.com", {"http_proxy": "http://p", "no_proxy": "example.com:80"}, "http://p"),
        ("https://s3.example.com", {"http_proxy": "http://p", "NO_PROXY": "other, s3.example.com:443"}, None),
    ],
)
def test_proxy_exceptions(url: str, env: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(url, env) == proxy


def test_a_replaced_region_moves_the_api_but_not_the_public_address() -> None:
    settings = made(S3_REGION="eu-west-1")
    moved = replace(settings, region="eu-west-2")
    assert object_url(moved, "a") == "https://files.s3.eu-west-2.amazonaws.com/a"
    assert credential_region(moved) == "eu-west-2"
    assert public_url(moved, "a") == public_url(settings, "a")


def test_remade_settings_follow_the_changed_variables_and_keep_their_lines() -> None:
    env = {n: Variable(n, v, "f", i, v) for i, (n, v) in enumerate({**BASE, "S3_PERMISSION": "private"}.items(), 1)}
    settings = interpret(Environment(env))
    fixed = remade(settings, S3_PERMISSION="", S3_REGION="eu-west-2", S3_BUCKET=None)
    assert (fixed.acl, fixed.archive_acl, fixed.region, fixed.bucket) == (None, None, "eu-west-2", None)
    assert fixed.environment.line_of("S3_PERMISSION") == 5
    assert fixed.environment.line_of("S3_REGION") is None
    assert settings.acl == "private"


def test_remade_settings_lose_the_trouble_that_was_fixed() -> None:
    broken = made(S3_ENDPOINT="minio.example:9000")
    assert [t.stage for t in broken.troubles] == [RaisedAt.CLIENT]
    assert remade(broken, S3_ENDPOINT="https://minio.example:9000").troubles == ()


@every("class_path", [MEDIA, REMOTE_MEDIA, AVATARS, EMOJI, ARCHIVES])
@every("prefix, start", [(None, ""), ("mastodon", "mastodon/"), ("/a/", "a//")])
def test_probe_keys_lie_under_mastodons_own_prefixes(class_path: str, prefix: str | None, start: str) -> None:
    settings = made() if prefix is None else made(S3_KEY_PREFIX=prefix)
    assert probe_key(settings, class_path, "k3v9", "x.png") == f"{start}{class_path}/s3probe/k3v9/x.png"


def test_a_prefix_is_interpolated_as_kt_paperclip_does() -> None:
    settings = made(S3_KEY_PREFIX="x/:class/:id")
    key = object_key(settings, "media_attachments", "files", 7, "original", "a.jpg")
    assert key == "x/media_attachments/7/media_attachments/files/000/000/007/original/a.jpg"


def test_zero_timeouts_are_troubles_of_every_request() -> None:
    settings = made(S3_OPEN_TIMEOUT="", S3_READ_TIMEOUT="0")
    assert [(t.stage, t.message) for t in settings.troubles] == [
        (RaisedAt.REQUEST, "Net::OpenTimeout"),
        (RaisedAt.REQUEST, "Net::ReadTimeout"),
    ]


@every(
    "text, number",
    [("", 0), ("abc", 0), ("50MB", 50), ("5s", 5), (" 15 ", 15), ("-1", -1), ("1_000", 1000), ("1__0", 1), ("+3", 3)],
)
def test_numbers_are_read_as_ruby_reads_them(text: str, number: int) -> None:
    assert to_i(text) == number


@every(
    "alias, message",
    [
        ("files.example.com # c", "Invalid character in host: 'files.example.com '"),
        ("files.example.com:port", 'Invalid port number: "port"'),
    ],
)
def test_an_alias_that_stops_mastodon_from_starting(alias: str, message: str) -> None:
    trouble = made(S3_ALIAS_HOST=alias, LOCAL_DOMAIN="m.example").troubles[0]
    assert (trouble.stage, trouble.message, trouble.variable) == (RaisedAt.BOOT, message, "S3_ALIAS_HOST")


def test_a_default_port_disappears_from_the_address_pages_show() -> None:
    settings = made(S3_ALIAS_HOST="files.example.com:443", LOCAL_DOMAIN="m.example")
    assert full_asset_url(settings, "a") == "https://files.example.com/a"


@every(
    "bucket, message",
    [
        ("arn:aws:s3:::files", "Invalid ARN: Unrecognized format: arn:aws:s3:::files (type: files)"),
        ("arn:aws:sns:eu-west-1:1:accesspoint/x", "Invalid ARN: The ARN was not for the S3 service, found: sns"),
        ("arn:x", "Invalid ARN: `arn:x` was not a valid ARN"),
        ("x--x-s3", "Unrecognized S3Express bucket name format."),
    ],
)
def test_bucket_names_that_the_sdk_refuses(bucket: str, message: str) -> None:
    with pytest.raises(RubyError) as caught:
        resolve(SdkClient("eu-central-1"), bucket)
    assert caught.value.message == message


@every(
    "client, base",
    [
        (SdkClient("us-east-1", us_east_1_global=False), "https://files.s3.us-east-1.amazonaws.com"),
        (SdkClient("eu-west-1", dual_stack=True), "https://files.s3.dualstack.eu-west-1.amazonaws.com"),
        (SdkClient("cn-north-1"), "https://files.s3.cn-north-1.amazonaws.com.cn"),
        (SdkClient("us-east-1", fips=True, dual_stack=True), "https://files.s3-fips.dualstack.us-east-1.amazonaws.com"),
        (SdkClient("nbg1", "https://10.0.0.1:9000"), "https://10.0.0.1:9000/files"),
        (SdkClient("nbg1", "https://10.0.0.1.example"), "https://files.10.0.0.1.example"),
        (SdkClient("nbg1", "https://user:pw@gw.example/s3/", True), "https://gw.example/s3/files"),
    ],
)
def test_addressing_follows_the_sdks_rules(client: SdkClient, base: str) -> None:
    assert resolve(client, "files").base == base


def test_a_dotted_bucket_goes_into_the_host_only_without_tls() -> None:
    assert (
        resolve(SdkClient("x", "http://s3.example"), "files.example.com").base == "http://files.example.com.s3.example"
    )
    assert (
        resolve(SdkClient("x", "https://s3.example"), "files.example.com").base
        == "https://s3.example/files.example.com"
    )


@given(
    st.dictionaries(
        st.sampled_from(["S3_BUCKET", "S3_REGION", "S3_ENDPOINT", "S3_ALIAS_HOST", "S3_KEY_PREFIX"]), st.text()
    )
)
def test_no_value_makes_the_interpretation_fail(env: dict[str, str]) -> None:
    settings = made(**env)
    assert settings.storage == "s3"
    full_asset_url(settings, object_key(settings, "media_attachments", "files", 1, "original", "a.jpg"))


def test_imports_nothing_heavy() -> None:
    code = (
        "import sys, s3probe.settings.mastodon, s3probe.settings.sources;"
        "heavy = {'boto3', 'botocore', 'requests', 'http.client', 'urllib.request', 'tomllib', 'email'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@every(
    "place, expected",
    [
        ("https://s3.eu-west-2.amazonaws.com", True),
        ("S3.EU-West-2.AmazonAWS.com:443", True),
        ("http://files-example.s3.cn-north-1.amazonaws.com.cn/files-example", True),
        ("https://s3.eusc-de-east-1.amazonaws.eu", True),
        ("https://s3.example.net/amazonaws.com", False),
        ("https://s3.amazonaws.com.example.net", False),
        ("https://notamazonaws.com", False),
        ("", False),
    ],
)
def test_what_is_a_host_of_aws(place: str, expected: bool) -> None:
    assert is_aws(place) is expected


@every(
    "region, host",
    [
        ("eu-west-2", "s3.eu-west-2.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_host_of_a_region_is_the_dot_form(region: str, host: str) -> None:
    assert regional_host(region) == host
