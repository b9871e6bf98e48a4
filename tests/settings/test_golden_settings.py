"""Mastodon's reading of its environment against what its own code did (fixtures/golden/settings.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from s3probe.settings.mastodon import (
    credential_region,
    full_asset_url,
    interpret,
    object_key,
    object_url,
    presigned_target,
    public_url,
    retries_of,
)
from s3probe.settings.model import Environment, RaisedAt, Settings, Variable
from s3probe.settings.sdk_variables import retry_mode
from s3probe.settings.urls import sdk_client, target
from tests.every import every

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "settings.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
ALL = every("case", CASES, ids=lambda case: case["id"])
MEDIA = ("media_attachments", "files", 109876543210987654, "original", "0123456789abcdef.jpg")
REMOTE = ("media_attachments", "files", 109876543210987655, "small", "fedcba9876543210.jpg")
AVATAR = ("accounts", "avatars", 1, "original", "00112233445566ff.png")
EMOJI = ("custom_emojis", "images", 4217, "static", "blobcat.png")
BACKUP = ("backups", "dumps", 12, "original", "archive-20260101000000-0123456789abcdef0123456789abcdef.zip")
TIMEOUTS = ("S3_OPEN_TIMEOUT", "S3_READ_TIMEOUT")
"""The recording's network was a stub, which never times out."""


def settings_of(case: dict[str, Any]) -> Settings:
    # the recorded Mastodon knew its domain from elsewhere
    env = {"LOCAL_DOMAIN": "mastodon.example", **case["env"]}
    return interpret(Environment({name: Variable(name, value) for name, value in env.items()}))


def keys_of(settings: Settings) -> dict[str, str]:
    return {
        "media_local_original": object_key(settings, *MEDIA),
        "media_remote_small": object_key(settings, *REMOTE, remote=True),
        "avatar_local": object_key(settings, *AVATAR),
        "emoji_local_static": object_key(settings, *EMOJI),
        "backup": object_key(settings, *BACKUP),
        "backup_plain": object_key(settings, *BACKUP),
    }


def trouble(settings: Settings, *stages: RaisedAt) -> dict[str, str] | None:
    found = [t for t in settings.troubles if t.stage in stages and t.variable not in TIMEOUTS]
    return {"class": found[0].exception, "message": found[0].message} if found else None


def assert_raises(found: dict[str, str] | None, recorded: dict[str, str]) -> None:
    assert found is not None
    assert found["class"] == recorded["class"]
    # Ruby appends the list of all regions; the first sentence is enough
    assert found["message"]
    assert recorded["message"].startswith(found["message"])


@ALL
def test_storage_and_keys(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    assert settings.storage == case["result"]["storage"]
    keys = keys_of(settings)
    for name, key in case["result"]["keys"].items():
        # without PAPERCLIP_ROOT_PATH files lie under Mastodon's own folder, which was /opt/mastodon
        at_home = settings.storage == "filesystem" and settings.environment.get("PAPERCLIP_ROOT_PATH") is None
        assert ("opt/mastodon/" if at_home else "") + keys[name] == key


@ALL
def test_public_urls(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    keys = keys_of(settings)
    web = {n: k.removeprefix("public/system/").removeprefix("srv/media/") for n, k in keys.items()}
    recorded = case["result"]["urls"]
    if "exception" in recorded["media_local_original"]:
        assert_raises(trouble(settings, RaisedAt.REQUEST), recorded["media_local_original"]["exception"])
        return
    used = keys if settings.storage == "s3" else web
    assert {name: public_url(settings, used[name]) for name in recorded} == recorded


@ALL
def test_full_asset_url(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    recorded = case["result"]["full_asset_url_media_local_original"]
    if recorded is not None:
        assert full_asset_url(settings, object_key(settings, *MEDIA)) == recorded


@ALL
def test_acls(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    recorded = case["result"].get("acl")
    if recorded is not None:
        assert settings.acl == recorded["media"]
        assert settings.archive_acl == recorded["backup"]
        # without an ACL the default is a Proc that yields none
        default = recorded["default_options_value_used_by_unsuspend_and_fix_permissions"]
        assert settings.acl == (None if default == "<Proc>" else default)


@ALL
def test_client(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    result = case["result"]
    if result["storage"] == "s3" and "client_exception" in result:
        assert_raises(trouble(settings, RaisedAt.CLIENT), result["client_exception"])
    if "client" not in result:
        return
    if retry_mode(case["env"]) == "legacy":
        assert retries_of(settings) == result["client"]["retry_limit"]
    recorded = {name: value for name, value in result["client"].items() if name != "retry_limit"}
    assert trouble(settings, RaisedAt.CLIENT) is None
    client = sdk_client(settings)
    credentials = settings.credentials
    assert {
        "region": client.region,
        "force_path_style": client.force_path_style,
        "http_open_timeout": settings.open_timeout,
        "http_read_timeout": settings.read_timeout,
        "signature_version": settings.signature_version,
        "request_checksum_calculation": settings.request_checksums,
        "use_dualstack_endpoint": client.dual_stack,
        "endpoint": settings.api_base if recorded["endpoint"][-1:] != "/" else settings.api_base + "/",
        "credentials_set": credentials is not None or None,
        "session_token": None if credentials is None else credentials.session_token is not None,
        "credentials_provider": "NilClass" if credentials is None else "Aws::Credentials",
        "ssl_ca_bundle": settings.environment.get("AWS_CA_BUNDLE"),
        "http_proxy": None,
    } == recorded


@ALL
def test_the_request_that_is_sent(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    recorded = case["result"].get("api_request")
    if recorded is None:
        return
    if "exception" not in recorded:
        assert trouble(settings, RaisedAt.CLIENT, RaisedAt.REQUEST) is None
        url = object_url(settings, object_key(settings, *MEDIA))
        assert url == recorded["url"]
        assert urlsplit(url).netloc.removesuffix(":443") == recorded["host_header"]
        assert f"{credential_region(settings)}/s3/aws4_request" == recorded["auth_scope"]
        assert settings.credentials is not None
        assert (settings.credentials.session_token is not None) == recorded["x_amz_security_token"]
    elif recorded["exception"]["class"] == "Aws::Errors::MissingCredentialsError":
        assert settings.credentials is None
    elif recorded["exception"]["class"] == "Seahorse::Client::NetworkingError":
        # no network in the recording: the message names the host that was asked
        assert f"connection to {urlsplit(target(settings).base).netloc}:443 " in recorded["exception"]["message"]
    else:
        assert_raises(trouble(settings, RaisedAt.REQUEST), recorded["exception"])


@ALL
def test_the_archive_link(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    recorded = case["result"].get("presigned_backup")
    if recorded is None or "exception" in recorded:
        return
    link = presigned_target(settings, object_key(settings, *BACKUP))
    assert (link.scheme, link.host, link.port, link.path) == tuple(
        recorded[part] for part in ("scheme", "host", "port", "path")
    )
    assert f"{link.region}/{link.service}/aws4_request" == recorded["credential_scope"]


@ALL
def test_csp_media_hosts(case: dict[str, Any]) -> None:
    settings = settings_of(case)
    recorded = case["result"]["csp_media_hosts"]
    if isinstance(recorded, dict):
        assert_raises(trouble(settings, RaisedAt.BOOT), recorded["exception"])
    else:
        assert list(settings.csp_media_hosts) == recorded
        assert trouble(settings, RaisedAt.BOOT) is None
