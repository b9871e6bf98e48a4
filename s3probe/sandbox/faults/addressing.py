"""Faults of region, endpoint, bucket name and public host."""

from __future__ import annotations

from s3probe.records import replace
from s3probe.sandbox.faults.model import Fault, both, env
from s3probe.sandbox.personality import RegionCheck
from s3probe.sandbox.scenario import BUCKET, CUSTOM_HOST, Scenario, custom, healthy_policy, least_privilege
from s3probe.sandbox.world import Alias, AliasFault, ConnectionFault, Obstacle

_DOTTED = "files.example.com"


def _in_us_east_1(scenario: Scenario) -> Scenario:
    moved = scenario.with_bucket(region="us-east-1").with_env("S3_REGION", "us-east-1")
    return moved.with_env("S3_HOSTNAME", None)


def _no_wildcard(scenario: Scenario) -> Scenario:
    narrow = tuple(replace(endpoint, wildcard=False) for endpoint in scenario.world.endpoints)
    return scenario.with_world(endpoints=narrow).with_env("S3_OVERRIDE_PATH_STYLE", "true")


def _dotted(scenario: Scenario) -> Scenario:
    renamed = scenario.with_bucket(name=_DOTTED).with_user(identity=least_privilege(_DOTTED))
    host = f"{_DOTTED}.s3.eu-west-2.amazonaws.com"
    return renamed.with_env("S3_BUCKET", _DOTTED).with_env("S3_ALIAS_HOST", host)


def _dropping_proxy(scenario: Scenario) -> Scenario:
    aliases = tuple(replace(alias, fault=AliasFault.DROPS_BUCKET) for alias in scenario.world.aliases)
    return scenario.with_world(aliases=aliases)


def _hostname_of_bucket(scenario: Scenario) -> Scenario:
    return scenario.with_env("S3_HOSTNAME", f"{BUCKET}.s3.eu-west-2.amazonaws.com")


def _bucket_in_endpoint(scenario: Scenario) -> Scenario:
    alias = Alias("files.example.com", BUCKET, CUSTOM_HOST)
    with_alias = scenario.with_world(aliases=(alias,)).with_env("S3_ALIAS_HOST", alias.host)
    return with_alias.with_env("S3_ENDPOINT", f"https://{BUCKET}.{CUSTOM_HOST}")


def _misspelt_bucket(scenario: Scenario) -> Scenario:
    return replace(scenario, env_text=scenario.env_text.replace("S3_BUCKET=", "S3_BUCKET_NAME="))


def _misspelt_permission(scenario: Scenario) -> Scenario:
    return replace(scenario, env_text=scenario.env_text.replace("S3_PERMISSION=", "S3_PERMISSIONS="))


def _unhelpful_region(scenario: Scenario) -> Scenario:
    return scenario.with_personality(region_check=RegionCheck.SIGNATURE).with_env("S3_REGION", "us-east-1")


def _plain_only(scenario: Scenario) -> Scenario:
    """A self-hosted store that speaks plain http alone."""
    plain = scenario.with_world(obstacles=(Obstacle(f"*{CUSTOM_HOST}", ConnectionFault.PLAIN),))
    return plain.with_env("S3_ENDPOINT", f"http://{CUSTOM_HOST}")


FAULTS = (
    Fault("region-wrong-aws-global-endpoint", env("S3_REGION", "us-east-1")),
    Fault("region-wrong-aws-global-endpoint", env("S3_REGION", None), variant="line missing"),
    Fault("region-wrong-aws-regional-endpoint", env("S3_REGION", "eu-west-1")),
    Fault("region-wrong-custom-endpoint", env("S3_REGION", "us-east-1"), custom),
    Fault("region-wrong-custom-endpoint", _unhelpful_region, custom, variant="no hint"),
    Fault("nosuchbucket-typo", env("S3_BUCKET", "files-exmaple")),
    Fault(
        "nosuchbucket-typo",
        both(env("S3_BUCKET", "files-exmaple"), lambda s: s.with_personality(path_only=True)),
        custom,
        "no bucket in the host",
        look_alike=lambda s: s.with_personality(path_only=True),
    ),
    Fault("endpoint-missing-non-aws", env("S3_ENDPOINT", None), custom),
    Fault("endpoint-without-scheme", env("S3_ENDPOINT", CUSTOM_HOST), custom),
    Fault("endpoint-contains-bucket-path-style", _bucket_in_endpoint, custom),
    Fault(
        "endpoint-contains-bucket-vhost-style",
        both(env("S3_OVERRIDE_PATH_STYLE", "true"), env("S3_ENDPOINT", f"https://{BUCKET}.{CUSTOM_HOST}")),
        custom,
    ),
    Fault("path-style-switch-inverted", _no_wildcard, custom),
    Fault("path-style-switch-ignored-without-endpoint", env("S3_OVERRIDE_PATH_STYLE", "true")),
    Fault("bucket-name-invalid", env("S3_BUCKET", "Files_Example")),
    Fault("missing-variable", env("S3_BUCKET", None)),
    Fault("protocol-http-mixed-content", env("S3_PROTOCOL", "http")),
    Fault("protocol-https-but-endpoint-plain", _plain_only, custom),
    Fault("hostname-contains-bucket", _hostname_of_bucket),
    Fault("hostname-has-scheme-or-slash", env("S3_HOSTNAME", "https://s3.eu-west-2.amazonaws.com")),
    Fault("hostname-has-scheme-or-slash", env("S3_ALIAS_HOST", "files.example.com/"), healthy_policy, "slash"),
    Fault("hostname-default-dash-form-dead", _in_us_east_1),
    Fault("env-empty-not-unset", env("S3_ALIAS_HOST", "")),
    Fault("proxy-drops-bucket-name", _dropping_proxy, healthy_policy),
    Fault("env-misspelt-s3-permissions", _misspelt_permission, healthy_policy),
    Fault("env-misspelt-other-names", _misspelt_bucket),
    Fault("env-s3-enabled-not-true", env("S3_ENABLED", "True")),
    Fault("dotted-bucket-tls-mismatch", _dotted),
)
