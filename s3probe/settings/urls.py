"""Every address Mastodon makes of its settings: the API's, the presigned one and the public one.

All functions derive from the fields of :class:`Settings`, so that ``dataclasses.replace(settings, region=…)``
is enough to go on as if a fault were fixed. Sources: kt-paperclip ``storage/s3.rb`` and ``url_generator.rb``,
Mastodon ``app/helpers/routing_helper.rb``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from s3probe.settings.addressing import RubyError, SdkClient, Target, encode_key, environment_flag, resolve
from s3probe.settings.model import Settings
from s3probe.settings.rubyuri import UriError, join_absolute, parse_uri

# URI::RFC2396_Parser#escape leaves these, then kt-paperclip escapes ? ( ) [ ] + as well
_PUBLIC_SAFE = "-_.!~*';/:@&=$,"


@dataclass(frozen=True, slots=True)
class PresignedTarget:
    """The parts of an archive's download link that the settings decide."""

    scheme: str
    host: str
    port: int
    path: str
    region: str
    service: str


def sdk_client(settings: Settings) -> SdkClient:
    """The SDK's client for these settings, with what the SDK itself reads from the environment."""
    values = {name: variable.value for name, variable in settings.environment.variables.items()}
    endpoint, force_path_style = settings.endpoint, settings.endpoint is not None and not settings.override_path_style
    if endpoint is None:
        endpoint = sdk_endpoint(values)
    fips = environment_flag(values, "AWS_USE_FIPS_ENDPOINT")
    region = settings.region
    if region.startswith("fips-") or region.endswith("-fips"):
        region, fips = region.removeprefix("fips-").removesuffix("-fips"), True
    return SdkClient(
        region=region,
        endpoint=endpoint,
        force_path_style=force_path_style,
        fips=fips,
        dual_stack=environment_flag(values, "AWS_USE_DUALSTACK_ENDPOINT"),
        us_east_1_global=values.get("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "legacy").lower() != "regional",
        use_arn_region=values.get("AWS_S3_USE_ARN_REGION", "true").lower() != "false",
    )


def sdk_endpoint(values: dict[str, str]) -> str | None:
    """The endpoint the SDK finds by itself when Mastodon names none."""
    if environment_flag(values, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return None
    return values.get("AWS_ENDPOINT_URL_S3", values.get("AWS_ENDPOINT_URL"))


def target(settings: Settings) -> Target:
    """Where requests for this bucket go. Raises :class:`~s3probe.settings.addressing.RubyError`."""
    return resolve(sdk_client(settings), settings.bucket)


def object_url(settings: Settings, key: str) -> str:
    """The API's address of an object, percent-encoded as the SDK sends it."""
    return f"{target(settings).base}/{encode_key(key)}"


def bucket_url(settings: Settings) -> str:
    """The API's address for calls on the bucket itself (list, batch delete)."""
    where = target(settings)
    return where.base if where.bucket_in_path and settings.bucket else f"{where.base}/"


def credential_region(settings: Settings) -> str:
    """The region in the credential scope of a signed request."""
    return target(settings).region


def presigned_target(settings: Settings, key: str) -> PresignedTarget:
    """Where the link to a user's archive points: the API's address, never the alias."""
    where = target(settings)
    uri = parse_uri(object_url(settings, key))
    port = int(uri.port) if uri.port else {"http": 80}.get(uri.scheme or "", 443)
    return PresignedTarget(uri.scheme or "", uri.host, port, uri.path, where.region, where.service)


def public_url(settings: Settings, key: str) -> str:
    """The address Mastodon gives to visitors, escaped as kt-paperclip does it."""
    if settings.storage != "s3":
        root = settings.environment.get("PAPERCLIP_ROOT_URL")
        return _escape(f"{'/system' if root is None else root}/{key}")
    protocol = f"{settings.protocol}:" if settings.protocol else ""
    path = key.removeprefix("/")
    if settings.alias_host is not None:
        return _escape(f"{protocol}//{settings.alias_host}/{path}")
    return _escape(f"{protocol}//{settings.hostname}/{settings.bucket_name}/{path}")


def why_nothing_is_sent(settings: Settings) -> str:
    """What Mastodon raises before its first request, so that there is nothing to repeat; mostly the blank string."""
    if settings.storage != "s3":
        place = "on the local disk" if settings.storage == "filesystem" else f"in {settings.storage.capitalize()}"
        return f"S3_ENABLED is not true, so Mastodon keeps media {place}"
    try:
        object_url(settings, "media_attachments/files/s3probe")
    except RubyError as error:
        return f"Mastodon raises {error.exception} before it sends anything: {error.message}"
    return ""


def full_asset_url(settings: Settings, key: str) -> str | None:
    """The address as pages and other servers see it; ``None`` where Ruby's ``URI.join`` raises."""
    cdn = settings.environment.get("CDN_HOST")
    base = cdn if cdn and cdn.strip() else f"https://{settings.web_domain or 'localhost'}/"
    try:
        return join_absolute(base, public_url(settings, key))
    except UriError:
        return None


def _escape(url: str) -> str:
    return quote(url, safe=_PUBLIC_SAFE)
