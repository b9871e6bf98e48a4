"""Settings, keys and wires for the probe's tests, made from an environment as Mastodon would see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from s3probe.probe.request_form import WireForm
from s3probe.probe.wire import Wire
from s3probe.secret import Secret
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Credentials, Environment, Settings, Variable

NOW = datetime(2026, 11, 23, 18, 0, 0, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PLAIN = {
    "S3_ENABLED": "true",
    "S3_BUCKET": "files",
    "S3_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET,
}


def settings_of(env: Mapping[str, str]) -> Settings:
    """What Mastodon makes of ``env``."""
    return interpret(Environment({name: Variable(name, value) for name, value in env.items()}, ("test",)))


def credentials_of(settings: Settings) -> Credentials:
    """The pair in the settings, else the one that the SDK's chain finds in the environment's aliases."""
    if settings.credentials:
        return settings.credentials
    get = settings.environment.get
    token = get("AMAZON_SESSION_TOKEN")
    return Credentials(
        get("AMAZON_ACCESS_KEY_ID") or "",
        Secret(get("AMAZON_SECRET_ACCESS_KEY") or ""),
        Secret(token) if token else None,
        "chain:env",
    )


def wire_of(settings: Settings, form: WireForm = WireForm.CURRENT) -> Wire:
    """A wire with a fixed clock and a fixed id."""
    return Wire(settings, credentials_of(settings), form, lambda: NOW, lambda: "<uuid>")


def wire(form: WireForm = WireForm.CURRENT, /, **env: str) -> Wire:
    """A wire for :data:`PLAIN` and what is named."""
    return wire_of(settings_of({**PLAIN, **env}), form)
