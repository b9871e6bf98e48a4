"""Mastodon's own reading of its environment: defaults, blanks, and the exceptions it would raise.

Sources: Mastodon ``config/initializers/paperclip.rb``, ``config/initializers/1_hosts.rb``, aws-sdk-core's plugins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from s3probe.records import dataclass, replace
from s3probe.secret import Secret
from s3probe.settings.addressing import SdkClient, is_host_label, resolve, service_base
from s3probe.settings.csp import media_hosts_or_error
from s3probe.settings.keys import key_error, object_key, probe_key
from s3probe.settings.model import Credentials, Environment, RaisedAt, RaisedError, Settings, Variable
from s3probe.settings.proxy import proxy_for
from s3probe.settings.ruby import RubyError, to_i
from s3probe.settings.rubyuri import parse_uri
from s3probe.settings.sdk_variables import (
    first_troubles,
    last_troubles,
    most_attempts,
    option_troubles,
    retry_mode,
)
from s3probe.settings.urls import (
    asset_url_error,
    bucket_url,
    credential_region,
    full_asset_url,
    object_url,
    presigned_target,
    public_url,
    sdk_client,
    split,
    unopened_media,
)

__all__ = [
    "bucket_url",
    "credential_region",
    "full_asset_url",
    "interpret",
    "object_key",
    "object_url",
    "presigned_target",
    "probe_key",
    "public_url",
    "remade",
    "retries_of",
    "with_token",
]

CACHE_CONTROL = "public, max-age=315576000, immutable"
DEFAULT_MULTIPART_THRESHOLD = 15 * 1024 * 1024
NO_ROLE_FILE = "Aws::Errors::MissingWebIdentityTokenFile"
NO_ROLE_FILE_SAYS = (
    "Missing :web_identity_token_file parameter or invalid file path provided for "
    "Aws::AssumeRoleWebIdentityCredentials provider"
)
"""What the SDK raises for a role whose token file is not there."""
NO_REGION_SAYS = "No region was provided. Configure the `:region` option or export the region name to ENV['AWS_REGION']"
MOST_PORTS = 65535
_LONGEST = 2**63 - 1
_NETWORKING = "Seahorse::Client::NetworkingError"


def interpret(environment: Environment) -> Settings:
    """What Mastodon makes of ``environment``. Never raises: what Mastodon would raise is in ``troubles``."""
    values = _Values(_texts(environment))
    region = values.fetch("S3_REGION", "us-east-1")
    permission = values.fetch("S3_PERMISSION", "public-read")
    web_domain = values.get("WEB_DOMAIN") if values.get("WEB_DOMAIN") is not None else values.get("LOCAL_DOMAIN")
    hosts, csp_error, csp_variable = media_hosts_or_error(values.all, web_domain)
    settings = Settings(
        environment=environment,
        storage=_storage(values),
        bucket=values.get("S3_BUCKET"),
        region=region,
        endpoint=values.get("S3_ENDPOINT"),
        api_base="",
        path_style=False,
        override_path_style=values.get("S3_OVERRIDE_PATH_STYLE") == "true",
        credentials=_credentials(values),
        acl=permission if permission != "" else None,
        archive_acl="private" if permission != "" else None,
        key_prefix=_key_prefix(values.fetch("S3_KEY_PREFIX", "")),
        protocol=values.fetch("S3_PROTOCOL", "https"),
        hostname=values.fetch("S3_HOSTNAME", f"s3-{region}.amazonaws.com"),
        hostname_is_default=values.get("S3_HOSTNAME") is None,
        alias_host=values.fetch_first("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST"),
        storage_class=values.get("S3_STORAGE_CLASS"),
        cache_control=CACHE_CONTROL,
        multipart_threshold=values.integer("S3_MULTIPART_THRESHOLD", DEFAULT_MULTIPART_THRESHOLD),
        open_timeout=values.integer("S3_OPEN_TIMEOUT", 5),
        read_timeout=values.integer("S3_READ_TIMEOUT", 5),
        signature_version=values.fetch("S3_SIGNATURE_VERSION", "v4"),
        force_single_request=values.get("S3_FORCE_SINGLE_REQUEST") == "true",
        request_checksums=values.fetch("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported").lower(),
        response_checksums=values.fetch("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_supported").lower(),
        proxy=None,
        ca_file=values.get("AWS_CA_BUNDLE") or values.get("SSL_CERT_FILE") or None,
        web_domain=web_domain or None,
        csp_media_hosts=hosts,
    )
    troubles: list[RaisedError] = []
    if csp_error is not None:
        troubles.append(RaisedError(RaisedAt.BOOT, "Addressable::URI::InvalidURIError", str(csp_error), csp_variable))
    return _addressed(replace(settings, troubles=tuple(troubles)))


def remade(settings: Settings, /, **changes: str | None) -> Settings:
    """The settings with some variables set to other values; ``None`` removes one. Lines and files stay known."""
    variables = dict(settings.environment.variables)
    for name, value in changes.items():
        if value is None:
            variables.pop(name, None)
        else:
            before = variables.get(name)
            variables[name] = replace(before, value=value) if before else Variable(name, value)
    made = interpret(replace(settings.environment, variables=MappingProxyType(variables)))
    return replace(made, cache_control=settings.cache_control)  # no variable's, but a trial may leave it out


def with_token(settings: Settings) -> Settings:
    """The settings as if Mastodon sent the session token that stands beside its key pair, which it never does."""
    token, pair = settings.environment.get("AWS_SESSION_TOKEN"), settings.credentials
    if not token or pair is None:
        return settings
    return replace(settings, credentials=replace(pair, session_token=Secret(token)))


def retries_of(settings: Settings) -> int:
    """How often Mastodon's SDK asks again what a moment may have failed: 0 unless the file says otherwise."""
    environment = _texts(settings.environment)
    if retry_mode(environment) != "legacy":
        return most_attempts(environment) - 1
    return to_i(environment.get("S3_RETRY_LIMIT", ""))


@dataclass(frozen=True, slots=True)
class _Values:
    """The environment as Ruby's ``ENV.fetch`` sees it: blank is not absent."""

    all: Mapping[str, str]

    def get(self, name: str) -> str | None:
        return self.all.get(name)

    def fetch(self, name: str, default: str) -> str:
        return self.all.get(name, default)

    def fetch_first(self, *names: str) -> str | None:
        return next((self.all[name] for name in names if name in self.all), None)

    def integer(self, name: str, default: int) -> int:
        value = self.all.get(name)
        return default if value is None else to_i(value)

    def enabled(self, name: str) -> bool:
        return self.all.get(name) == "true"


def _storage(values: _Values) -> str:
    for kind in ("s3", "swift", "azure"):
        if values.enabled(f"{kind.upper()}_ENABLED"):
            return kind
    return "filesystem"


def _key_prefix(text: str) -> str:
    """One slash at its start makes no difference to a key, but where nothing or a second one follows."""
    return text if text == "/" or text.startswith(("//", "/:")) else text.removeprefix("/")


def _credentials(values: _Values) -> Credentials | None:
    """The pair Mastodon passes on, else what the SDK finds in the environment by its other names."""
    key, secret = values.get("AWS_ACCESS_KEY_ID"), values.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return Credentials(key, Secret(secret))
    key = values.fetch_first("AWS_ACCESS_KEY_ID", "AMAZON_ACCESS_KEY_ID", "AWS_ACCESS_KEY")
    secret = values.fetch_first("AWS_SECRET_ACCESS_KEY", "AMAZON_SECRET_ACCESS_KEY", "AWS_SECRET_KEY")
    token = values.fetch_first("AWS_SESSION_TOKEN", "AMAZON_SESSION_TOKEN")
    if not (key and secret):
        return None
    return Credentials(key, Secret(secret), Secret(token) if token else None, "chain:environment")


def _addressed(settings: Settings) -> Settings:
    """With the addressing and the troubles that follow from it, as far as the storage is S3 at all."""
    if settings.storage != "s3":
        return settings
    client = sdk_client(settings)
    troubles = [*settings.troubles, *_client_troubles(settings, client)]
    base, path_style, proxy = "", client.force_path_style, None
    try:
        base = service_base(client).rstrip("/")
        where = resolve(client, settings.bucket)
        path_style = where.bucket_in_path
        proxy = proxy_for(where.base, _texts(settings.environment))
        troubles.extend(_connection_troubles(settings, where.base, proxy))
    except RubyError as error:
        if not any(t.stage is RaisedAt.CLIENT for t in troubles):
            stage = RaisedAt.CLIENT if not base else RaisedAt.REQUEST
            troubles.append(RaisedError(stage, error.exception, error.message, error.variable))
    troubles.extend((*_key_troubles(settings), *_timeout_troubles(settings, base), *_header_troubles(settings)))
    troubles.extend(_url_troubles(settings))
    return replace(settings, api_base=base, path_style=path_style, proxy=proxy, troubles=tuple(troubles))


def _texts(environment: Environment) -> dict[str, str]:
    return {name: variable.value for name, variable in environment.variables.items()}


def _client_troubles(settings: Settings, client: SdkClient) -> Iterator[RaisedError]:
    """What keeps the SDK's client from being made, in the order the SDK finds it."""
    values = _texts(settings.environment)
    own_host = client.endpoint is None
    region = _region_trouble(client)
    yield from first_troubles(values)
    if own_host:
        yield from region
    yield from option_troubles(values)
    if settings.signature_version not in ("v4", "s3"):
        message = f"unsupported signature version `{settings.signature_version}'"
        yield RaisedError(RaisedAt.CLIENT, "ArgumentError", message, "S3_SIGNATURE_VERSION")
    if not own_host:
        yield from region
    yield from last_troubles(values)
    yield from _web_identity_trouble(settings)
    if own_host and region:
        return  # the SDK's own host is made of the region: one fault, not two
    try:
        service_base(client)
    except RubyError as error:
        variable = "S3_REGION" if own_host else _endpoint_variable(settings)
        yield RaisedError(RaisedAt.CLIENT, error.exception, error.message, variable)


def _web_identity_trouble(settings: Settings) -> Iterator[RaisedError]:
    """A role whose token file has no name. Whether a file that is named exists only its own machine knows."""
    values = _texts(settings.environment)
    name = "AWS_WEB_IDENTITY_TOKEN_FILE"
    if settings.credentials is None and "AWS_ROLE_ARN" in values and values.get(name) == "":
        yield RaisedError(RaisedAt.CLIENT, NO_ROLE_FILE, NO_ROLE_FILE_SAYS, name)


def _region_trouble(client: SdkClient) -> tuple[RaisedError, ...]:
    """The SDK's own host is made of the region; beside another endpoint any text will do but none at all."""
    if client.endpoint is not None:
        missing = RaisedError(RaisedAt.CLIENT, "Aws::Errors::MissingRegionError", NO_REGION_SAYS, "S3_REGION")
        return () if client.region else (missing,)
    if is_host_label(client.region):
        return ()
    message = "Invalid `:region` option was provided."
    return (RaisedError(RaisedAt.CLIENT, "Aws::Errors::InvalidRegionError", message, "S3_REGION"),)


def _endpoint_variable(settings: Settings) -> str:
    if settings.endpoint is not None:
        return "S3_ENDPOINT"
    return "AWS_ENDPOINT_URL_S3" if settings.environment.get("AWS_ENDPOINT_URL_S3") is not None else "AWS_ENDPOINT_URL"


def _key_troubles(settings: Settings) -> Iterator[RaisedError]:
    """An interpolation of kt-paperclip's in the prefix that raises."""
    raised = key_error(settings)
    if raised is not None:
        yield RaisedError(RaisedAt.REQUEST, *raised, "S3_KEY_PREFIX")


def _url_troubles(settings: Settings) -> Iterator[RaisedError]:
    """What ``URI.join`` raises for the URL of every file, so that no page and no API answer with one is made."""
    raised = asset_url_error(settings)
    if raised is not None:
        yield RaisedError(RaisedAt.URL, "URI::InvalidURIError", *raised)
    elif (unusable := unopened_media(settings)) is not None:
        yield RaisedError(RaisedAt.URL, "", *unusable)


def _header_troubles(settings: Settings) -> Iterator[RaisedError]:
    """A line break in what goes into a header (Net::HTTP, ``initialize_http_header``)."""
    pair = settings.credentials
    for header, name, value in (
        ("authorization", "AWS_ACCESS_KEY_ID", pair.access_key_id if pair is not None else ""),
        ("authorization", "S3_REGION", settings.region if sdk_client(settings).endpoint is not None else ""),
        ("x-amz-acl", "S3_PERMISSION", settings.acl or ""),
        ("x-amz-storage-class", "S3_STORAGE_CLASS", settings.storage_class or ""),
    ):
        if not {"\r", "\n"}.isdisjoint(value):
            message = f"header {header} has a field value that cannot include CR/LF"
            yield RaisedError(RaisedAt.REQUEST, "ArgumentError", message, name)


def _timeout_troubles(settings: Settings, base: str) -> Iterator[RaisedError]:
    """What Net::HTTP cannot wait for, recorded from Ruby 3.1. Zero seconds to connect are no limit, but end TLS."""
    for seconds, name, words in (
        (settings.open_timeout, "S3_OPEN_TIMEOUT", "Net::OpenTimeout"),
        (settings.read_timeout, "S3_READ_TIMEOUT", "Net::ReadTimeout"),
    ):
        if seconds < 0:
            yield RaisedError(RaisedAt.REQUEST, "ArgumentError", "time interval must not be negative", name)
        elif seconds > _LONGEST:
            yield RaisedError(RaisedAt.REQUEST, "RangeError", "bignum too big to convert into `long'", name)
        elif seconds == 0 and not (name == "S3_OPEN_TIMEOUT" and base.startswith("http://")):
            yield RaisedError(RaisedAt.REQUEST, _NETWORKING, words, name)


def _connection_troubles(settings: Settings, base: str, proxy: str | None) -> Iterator[RaisedError]:
    """A host or a port that Ruby's sockets cannot reach, whatever listens there."""
    uri = parse_uri(base)
    why = ""
    if uri.port is not None and not 0 < int(uri.port[:6]) <= MOST_PORTS:
        why = f"Failed to open TCP connection to {uri.authority}"
    elif uri.host.startswith("[") and (proxy is None or not split(base).hostname):
        # the SDK hands the brackets on to the resolver
        port = uri.port or {"http": "80"}.get(uri.scheme or "", "443")
        why = f"Failed to open TCP connection to {uri.host}:{port} (getaddrinfo: Name or service not known)"
    if why:
        yield RaisedError(RaisedAt.CONNECT, _NETWORKING, why, _endpoint_variable(settings))
