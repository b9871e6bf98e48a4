"""Every address Mastodon makes of its settings: the API's, the presigned one and the public one.

All functions derive from the fields of :class:`Settings`, so that ``dataclasses.replace(settings, region=…)``
is enough to go on as if a fault were fixed. Sources: kt-paperclip ``storage/s3.rb`` and ``url_generator.rb``,
Mastodon ``app/helpers/routing_helper.rb``.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit

from s3probe.records import dataclass
from s3probe.settings.access_points import is_multi_region
from s3probe.settings.addressing import SdkClient, Target, encode_key, resolve
from s3probe.settings.csp import present
from s3probe.settings.model import Settings
from s3probe.settings.ruby import RubyError
from s3probe.settings.rubyuri import UriError, join_absolute, parse_uri
from s3probe.settings.sdk_variables import standard_defaults, switched_on

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
    values = _values(settings)
    endpoint, force_path_style = settings.endpoint, settings.endpoint is not None and not settings.override_path_style
    if endpoint is None:
        endpoint = sdk_endpoint(values)
    # beside an endpoint of one's own a region stays as it is
    region = settings.region if endpoint is not None else settings.region.replace("fips-", "").replace("-fips", "")
    fips = region != settings.region or switched_on(values, "AWS_USE_FIPS_ENDPOINT")
    return SdkClient(
        region=region,
        endpoint=endpoint,
        force_path_style=force_path_style,
        fips=fips,
        dual_stack=switched_on(values, "AWS_USE_DUALSTACK_ENDPOINT"),
        us_east_1_global=_us_east_1_is_global(values),
        use_arn_region=values.get("AWS_S3_USE_ARN_REGION") != "false",
        multi_region=not switched_on(values, "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"),
    )


def _us_east_1_is_global(values: dict[str, str]) -> bool:
    standard = "regional" if standard_defaults(values) else "legacy"
    return values.get("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", standard).lower() != "regional"


def sdk_endpoint(values: dict[str, str]) -> str | None:
    """The endpoint the SDK finds by itself when Mastodon names none."""
    if values.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
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
    if settings.alias_host is not None:
        return _escape(f"{protocol}//{settings.alias_host}/{key}")
    return _escape(f"{protocol}//{settings.hostname}/{settings.bucket_name}/{key}")


def why_nothing_is_sent(settings: Settings) -> str:
    """What Mastodon raises before its first request, so that there is nothing to repeat; mostly the blank string."""
    if settings.storage != "s3":
        place = "on the local disk" if settings.storage == "filesystem" else f"in {settings.storage.capitalize()}"
        return f"S3_ENABLED is not true, so Mastodon keeps media {place}"
    if is_multi_region(settings.bucket_name):
        return "S3_BUCKET names a Multi-Region Access Point, whose requests s3probe cannot sign (Signature V4A)"
    try:
        object_url(settings, "media_attachments/files/s3probe")
    except RubyError as error:
        return f"Mastodon raises {error.exception} before it sends anything: {error.message}"
    return ""


def full_asset_url(settings: Settings, key: str) -> str | None:
    """The address as pages and other servers see it; ``None`` where Ruby's ``URI.join`` raises."""
    try:
        return join_absolute(_asset_host(settings), public_url(settings, key))
    except UriError:
        return None


def asset_url_error(settings: Settings) -> tuple[str, str] | None:
    """What ``URI.join`` says of every file's address, and the variable that is to blame."""
    base, url = _asset_host(settings), public_url(settings, "media_attachments/files/1/original/1.png")
    try:
        parse_uri(base)
    except UriError as error:
        # what Rails makes of an odd domain of the instance's own was not recorded
        return (str(error), "CDN_HOST") if present(_values(settings), "CDN_HOST") else None
    try:
        join_absolute(base, url)
    except UriError as error:
        return str(error), _public_variable(settings)
    return None


def unopened_media(settings: Settings) -> tuple[str, str] | None:
    """Why nobody opens the address of any file, though Mastodon makes one; and the variable that is to blame."""
    url = full_asset_url(settings, "media_attachments/files/1/original/1.png") or ""
    why = unopened(url) if split(url).port == 0 else ""
    return (why, _public_variable(settings)) if why else None


def unopened(url: str) -> str:
    """Why no browser and no program opens ``url``; mostly the blank string."""
    if not split(url).hostname:
        return "that is no address"
    port = split(url).port
    return "" if port is None or port else "no port has that number, and no browser opens such a URL"


def split(text: str) -> SplitResult:
    """``urlsplit`` of any text: one that is no address has no parts, a port that there is not is 0."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return SplitResult("", "", "", "", "")
    try:
        parts.port  # noqa: B018  # it is read when it is asked for, and may raise
    except ValueError:
        return parts._replace(netloc=f"{parts.hostname or ''}:0")
    return parts


def _public_variable(settings: Settings) -> str:
    names = ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "S3_HOSTNAME", "S3_REGION")
    host = next(name for name in names if settings.environment.get(name) is not None or name == "S3_REGION")
    scheme = settings.protocol and not re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*", settings.protocol)
    return "S3_PROTOCOL" if scheme else host


def _asset_host(settings: Settings) -> str:
    return present(_values(settings), "CDN_HOST") or f"https://{settings.web_domain or 'localhost'}/"


def _values(settings: Settings) -> dict[str, str]:
    return {name: variable.value for name, variable in settings.environment.variables.items()}


def _escape(url: str) -> str:
    return quote(url, safe=_PUBLIC_SAFE)
