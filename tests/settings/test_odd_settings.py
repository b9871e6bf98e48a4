"""Odd values against what Mastodon's own code made of them (``fixtures/golden/settings-odd.json``), from real Ruby."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from s3probe.settings.mastodon import full_asset_url, interpret, object_key, object_url, public_url
from s3probe.settings.model import Environment, RaisedAt, Settings, Variable
from tests.every import every

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "settings-odd.json"
RECORDED: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
MEDIA = ("media_attachments", "files", 109876543210987654, "original", "0123456789abcdef.jpg")
STUBBED = ("S3_OPEN_TIMEOUT", "S3_READ_TIMEOUT")
"""The recording's network never timed out."""
ALL = every("row", RECORDED["rows"], ids=lambda row: json.dumps([row["env"], row.get("without", [])]))


def settings_of(row: dict[str, Any]) -> Settings:
    gone = row.get("without", [])
    env = {"LOCAL_DOMAIN": "mastodon.example", **RECORDED["base"], **row["env"]}
    return interpret(Environment({name: Variable(name, text) for name, text in env.items() if name not in gone}))


def raised(settings: Settings, *stages: RaisedAt) -> dict[str, str] | None:
    found = (one for one in settings.troubles if one.stage in stages and one.exception and one.variable not in STUBBED)
    first = next(found, None)
    return None if first is None else {"class": first.exception, "message": first.message}


def alike(found: dict[str, str] | None, recorded: dict[str, str]) -> bool:
    """Ruby adds what it knows beside: a list of regions, a piece of its own code."""
    if found is None or not found["message"]:
        return False
    return found["class"] == recorded["class"] and recorded["message"].startswith(found["message"])


@ALL
def test_keys_and_urls(row: dict[str, Any]) -> None:
    settings = settings_of(row)
    broken = next((row[name] for name in ("key", "url") if isinstance(row[name], dict)), None)
    if broken is not None:
        assert any(alike({"class": t.exception, "message": t.message}, broken) for t in settings.troubles)
        return
    key = object_key(settings, *MEDIA)
    assert key == row["key"]
    assert public_url(settings, key) == row["url"]
    recorded = row.get("asset_url", row["url"])
    made = full_asset_url(settings, key)
    if isinstance(recorded, dict):
        assert made is None
        assert raised(settings, RaisedAt.URL, RaisedAt.BOOT) is not None
    else:
        assert made == recorded
        assert raised(settings, RaisedAt.URL) is None


@ALL
def test_what_pages_allow(row: dict[str, Any]) -> None:
    settings = settings_of(row)
    if isinstance(row["pages"], dict):
        assert alike(raised(settings, RaisedAt.BOOT), row["pages"])
    else:
        assert list(settings.csp_media_hosts) == row["pages"]
        assert raised(settings, RaisedAt.BOOT) is None


@ALL
def test_client_and_request(row: dict[str, Any]) -> None:
    settings = settings_of(row)
    if "client" in row:
        assert alike(raised(settings, RaisedAt.CLIENT, RaisedAt.REQUEST), row["client"])
        return
    assert raised(settings, RaisedAt.CLIENT) is None
    request = row.get("request")
    if isinstance(request, str):
        assert raised(settings, RaisedAt.REQUEST) is None
        assert object_url(settings, object_key(settings, *MEDIA)) == request
    elif request is not None and request["class"] == "Aws::Errors::MissingCredentialsError":
        assert settings.credentials is None
    elif request is not None:
        assert alike(raised(settings, RaisedAt.REQUEST), request)
