"""No value of any variable that Mastodon reads is too odd: ``lint`` and ``check`` say what Mastodon makes of it."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from s3probe.cli import main
from s3probe.diagnosis.rules.env_names import STORAGE_NAMES
from s3probe.probe.tools import Clock, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import KEY_ID, SECRET, healthy
from tests.exhaustive import examples
from tests.runs import _briefly, tools_for

BUG = 70
BESIDE = (
    *(
        "LOCAL_DOMAIN",
        "WEB_DOMAIN",
        "PAPERCLIP_ROOT_URL",
        "PAPERCLIP_ROOT_PATH",
        "EXTRA_DATA_HOSTS",
        "SWIFT_OBJECT_URL",
    ),
    *("SWIFT_ENABLED", "AZURE_ENABLED", "AZURE_ALIAS_HOST", "CACHE_BUSTER_ENABLED", "CACHE_BUSTER_HTTP_METHOD"),
    *("AWS_SESSION_TOKEN", "AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY", "AWS_SECRET_KEY"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_RETRY_MODE"),
    *("AWS_MAX_ATTEMPTS", "AWS_DEFAULTS_MODE", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"),
    *("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "AWS_S3_USE_ARN_REGION", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"),
    *("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE", "SSL_CERT_FILE", "http_proxy", "no_proxy"),
)
NAMES = sorted({*STORAGE_NAMES, *BESIDE})
HEALTHY = {
    "LOCAL_DOMAIN": "mastodon.example",
    "S3_ENABLED": "true",
    "S3_BUCKET": "files-example",
    "S3_REGION": "eu-west-2",
    "S3_ALIAS_HOST": "files.example.com",
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
}
# what an address is made of, so that more than the first sign of it is looked at
PARTS = st.sampled_from(
    [
        *("x", "files.example.com", "s3.eu-west-2.amazonaws.com", "127.0.0.1", "[::1]", "[::1", "é", "日本", "xn--"),
        *("https://", "http://", "//", "/", ":", ":80", ":abc", ":0", ":99999", "@", "?", "#", "%", "%20", "%zz"),
        *(" ", "\t", "\n", "\r", "'", '"', "\\", "<", "{", "|", ",", ";", "=", "-", "_", ".", "..", "*", "$", "`"),
        *("true", "0", "-1", "5", "99999999999999999999", ":class", ":url", ":hash", "arn:aws:s3:::", "--x-s3"),
        *("\u00a0", "\u200b", "a" * 70, "files-example", "eu-west-2"),
    ]
)
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.lists(PARTS, max_size=5).map("".join),
)
VALUES = st.dictionaries(st.sampled_from(NAMES), TEXT, min_size=1, max_size=3)


def said(*argv: str, values: Mapping[str, str]) -> tuple[int, str]:
    """Exit status and messages of the command line, with these variables as the process environment."""
    kept = {name: text for name, text in os.environ.items() if name in ("HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME")}
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, {**kept, **values}, clear=True), redirect_stdout(out), redirect_stderr(err):
        status = main([*argv, "--environ"])
    return status, err.getvalue()


@settings(max_examples=examples(1500), deadline=None)
@given(VALUES)
def test_lint_takes_any_text(values: dict[str, str]) -> None:
    status, messages = said("lint", values={**HEALTHY, **values})
    assert status != BUG, messages


@pytest.fixture(scope="module")
def nobody() -> Iterator[Tools]:
    """Every name leads to this machine, to a port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = taken.getsockname()
        transport = HttpTransport(resolver=lambda _host, _port: (str(place[0]), int(place[1])))
        yield Tools(transport, Clock(sleep=_briefly))
        transport.close()


@pytest.fixture(scope="module")
def answered() -> Iterator[Tools]:
    """A healthy bucket at AWS, and no such name anywhere else."""
    with Sandbox(healthy().world) as box:
        tools, transport = tools_for(box)
        yield tools
        transport.close()


def check(tools: Tools, values: Mapping[str, str]) -> tuple[int, str]:
    with patch("s3probe.probe.tools.default_tools", lambda *_args, **_more: tools):
        return said("check", "--deadline", "5", values={**HEALTHY, **values})


@settings(max_examples=examples(300), deadline=None)
@given(VALUES)
@example({"S3_REGION": "eu#w"})
@example({"S3_REGION": "eu?w"})
@example({"S3_ALIAS_HOST": "x:abc"})
@example({"S3_ALIAS_HOST": "x:99999"})
@example({"S3_ALIAS_HOST": "[::1]"})
@example({"S3_ENDPOINT": "https://[::1"})
@example({"S3_OPEN_TIMEOUT": "99999999999"})
def test_check_takes_any_text_where_nothing_listens(nobody: Tools, values: dict[str, str]) -> None:
    status, messages = check(nobody, values)
    assert status != BUG, messages


@settings(max_examples=examples(300), deadline=None)
@given(VALUES)
@example({"S3_REGION": "eu#w"})
@example({"S3_ALIAS_HOST": "x:99999"})
@example({"S3_HOSTNAME": "x:99999"})
@example({"S3_ENDPOINT": "https://[::1"})
@example({"S3_READ_TIMEOUT": "99999999999"})
@example({"S3_KEY_PREFIX": "/"})
def test_check_takes_any_text_at_a_healthy_bucket(answered: Tools, values: dict[str, str]) -> None:
    assume(values.get("S3_KEY_PREFIX", "x").isprintable())  # the sandbox lists keys as XML, which knows no other signs
    status, messages = check(answered, values)
    assert status != BUG, messages
