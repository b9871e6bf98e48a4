"""Faults of keys, and of the way an env file mangles them."""

from __future__ import annotations

from s3probe.sandbox.faults.model import Change, Fault, env
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.world import KeyStatus


def _unquoted(secret: str) -> Change:
    """The real secret holds a character that dotenv eats, and its line has no quotes."""

    def change(scenario: Scenario) -> Scenario:
        return scenario.with_user(secret=secret).with_raw_env("AWS_SECRET_ACCESS_KEY", secret)

    return change


def _temporary(scenario: Scenario) -> Scenario:
    key, token = "ASIAMASTODON7EXAMPLE", "FwoGZXIvYXdzEXAMPLETOKEN"
    return (
        scenario.with_user(access_key=key, token=token)
        .with_env("AWS_ACCESS_KEY_ID", key)
        .with_env("AWS_SESSION_TOKEN", token)
    )


FAULTS = (
    Fault("wrong-access-key-id", env("AWS_ACCESS_KEY_ID", "AKIALASTYEAR7EXAMPLE")),
    Fault("wrong-secret-key", env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYLASTYEARKEY")),
    Fault("env-hash-truncates-value", _unquoted("wJalrXUt#nFEMI/K7MDENG/bPxRfiCYEXAMPLEKE")),
    Fault("env-dollar-expands", _unquoted("wJalrXUt$nFEMI/K7MDENG/bPxRfiCYEXAMPLEKE")),
    Fault("env-backslash-eaten", _unquoted("wJalrXUt\\nFEMI/K7MDENG/bPxRfiCYEXAMPLEKE")),
    Fault("temporary-credentials-without-token", _temporary),
    Fault("key-disabled-or-account-suspended", lambda s: s.with_user(status=KeyStatus.SUSPENDED)),
    Fault("signature-version-invalid", env("S3_SIGNATURE_VERSION", "v2")),
    Fault("signature-v2-rejected", env("S3_SIGNATURE_VERSION", "s3")),
)
