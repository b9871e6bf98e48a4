"""Where the SDK sends a request: aws-sdk-s3's endpoint rules, as far as Mastodon can reach them.

Source: aws-sdk-ruby, ``aws-sdk-s3/endpoint_provider.rb`` (generated from AWS's public rule set),
``aws-sdk-core/endpoints/{matchers,url}.rb``, ``aws-sdk-s3/plugins/{arn,bucket_name_restrictions}.rb``.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from s3probe.patterns import regex
from s3probe.records import dataclass, replace
from s3probe.settings.access_points import Asker, access_point
from s3probe.settings.arn import parse_arn
from s3probe.settings.partitions import DNS_SUFFIXES, partition
from s3probe.settings.ruby import RubyError
from s3probe.settings.rubyuri import RubyUri, UriError, parse_uri

_LABEL = regex(r"(?!-)[a-z0-9-]{3,63}(?<!-)")
_IPV4_LIKE = regex(r"(\d+\.){3}\d+")
_IPV4 = regex(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}")
_HOST_LABEL = regex(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class SdkClient:
    """What the SDK's client is made with."""

    region: str
    endpoint: str | None = None
    """``None``: AWS's own, by region."""
    force_path_style: bool = False
    fips: bool = False
    dual_stack: bool = False
    us_east_1_global: bool = True
    use_arn_region: bool = True
    multi_region: bool = True
    """Whether access points of many regions are allowed."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests for one bucket go."""

    base: str
    """Scheme, authority and path in front of ``/key``, without a slash at the end."""
    region: str
    """Region of the credential scope."""
    bucket_in_path: bool
    service: str = "s3"


def regional_host(region: str) -> str:
    """AWS's host of a region, in the dot form that every region has: ``s3.eu-west-2.amazonaws.com``."""
    return f"s3.{region}.{partition(region)[1]}"


def is_aws(place: str) -> bool:
    """Whether a URL or a bare host is AWS's own."""
    host = place.rpartition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host.endswith(tuple(f".{suffix}" for suffix in DNS_SUFFIXES))


def is_host_label(text: str) -> bool:
    """What the SDK accepts as a region's name (Seahorse::Util.host_label?): one good line is enough for it."""
    return any(_HOST_LABEL.fullmatch(line) for line in text.split("\n"))


def virtual_hostable(bucket: str, *, dots: bool = False) -> bool:
    """Whether the SDK puts ``bucket`` in front of the host (Matchers.aws_virtual_hostable_s3_bucket?)."""
    if not bucket:
        return False
    if dots:
        return all(virtual_hostable(label) for label in bucket.split("."))
    return _LABEL.fullmatch(bucket) is not None and _IPV4_LIKE.search(bucket) is None


def service_base(client: SdkClient) -> str:
    """Scheme and host of the service without a bucket. Raises :class:`RubyError` for an unusable endpoint or region."""
    if client.endpoint is not None:
        return str(replace(_endpoint(client), userinfo=None))  # else it would go into the Host header
    return str(_parsed(f"https://{_aws_host(client)}", "S3_REGION"))


def resolve(client: SdkClient, bucket: str | None) -> Target:
    """Where a request for ``bucket`` goes. Raises :class:`RubyError` where the SDK raises before sending."""
    if bucket is None:
        raise RubyError("ArgumentError", "missing required :bucket option", "S3_BUCKET")
    is_arn = bucket.startswith("arn:") and bucket.count(":") >= 5
    if "/" in bucket and not is_arn:
        raise RubyError("ArgumentError", "bucket name must not contain a forward-slash (/)", "S3_BUCKET")
    _refuse_combinations(client)
    if bucket.endswith("--x-s3"):
        return _express(client, bucket)
    url = _request_endpoint(client)
    region = "us-east-1" if client.region == "aws-global" else client.region
    if not client.force_path_style and virtual_hostable(bucket):
        if url is None:
            return Target(f"https://{bucket}.{_aws_host(client)}", region, bucket_in_path=False)
        _demand_region_label(client)
        if _is_ip(url.host):
            return Target(f"{_root(url)}{_slashed(url.path)}{bucket}", region, bucket_in_path=True)
        return Target(_virtual(url, bucket), region, bucket_in_path=False)
    if not client.force_path_style and url is not None and url.scheme == "http" and virtual_hostable(bucket, dots=True):
        _demand_region_label(client)
        return Target(_virtual(url, bucket), client.region, bucket_in_path=False)
    if bucket.startswith("arn:"):
        return _arn(client, bucket, url)
    encoded = quote(bucket, safe="")
    base = f"https://{_aws_host(client)}/" if url is None else f"{_root(url)}{_slashed(url.path)}"
    return Target((base + encoded).removesuffix("/"), region, bucket_in_path=True)


def encode_key(key: str) -> str:
    """An object's key as the SDK writes it into the path (Seahorse::Util.uri_path_escape)."""
    return quote(key, safe="/")


def _aws_host(client: SdkClient) -> str:
    suffix = partition(client.region)[1]
    name = "s3-fips" if client.fips else "s3"
    region = "us-east-1" if client.region == "aws-global" else client.region
    if client.dual_stack:
        return f"{name}.dualstack.{region}.{suffix}"
    if not client.fips and (client.region == "aws-global" or (region == "us-east-1" and client.us_east_1_global)):
        return f"{name}.{suffix}"
    return f"{name}.{region}.{suffix}"


def _endpoint(client: SdkClient) -> RubyUri:
    """``S3_ENDPOINT`` as the client keeps it: default ports dropped (Seahorse's endpoint plugin)."""
    assert client.endpoint is not None
    uri = _parsed(client.endpoint, "S3_ENDPOINT")
    if uri.scheme not in ("http", "https"):
        raise RubyError("ArgumentError", "expected :endpoint to be a HTTP or HTTPS endpoint", "S3_ENDPOINT")
    return uri


def _parsed(address: str, variable: str) -> RubyUri:
    try:
        return parse_uri(address)
    except UriError as error:
        raise RubyError("URI::InvalidURIError", str(error), variable) from None


def _request_endpoint(client: SdkClient) -> RubyUri | None:
    if client.endpoint is None:
        return None
    uri = _endpoint(client)
    if not uri.has_authority and uri.path and not uri.path.startswith("/"):
        raise RubyError("NoMethodError", "undefined method `[]' for nil", "S3_ENDPOINT")
    if uri.query is not None or not uri.host:
        raise RubyError("ArgumentError", f"Custom endpoint `{uri}` was not a valid URI", "S3_ENDPOINT")
    return uri


def _refuse_combinations(client: SdkClient) -> None:
    if client.dual_stack and client.endpoint is not None:
        raise RubyError(
            "ArgumentError",
            "Cannot set dual-stack in combination with a custom endpoint.",
            "AWS_USE_DUALSTACK_ENDPOINT",
        )
    if client.fips and client.endpoint is not None:
        raise RubyError("ArgumentError", "A custom endpoint cannot be combined with FIPS", "AWS_USE_FIPS_ENDPOINT")
    if client.fips and partition(client.region)[0] == "aws-cn":
        raise RubyError("ArgumentError", "Partition does not support FIPS", "AWS_USE_FIPS_ENDPOINT")


def _demand_region_label(client: SdkClient) -> None:
    """Beside an endpoint of one's own the region is looked at only where the bucket goes before the host."""
    if not _HOST_LABEL.fullmatch(client.region):
        raise RubyError("ArgumentError", "Invalid region: region was not a valid DNS name.", "S3_REGION")


def _root(url: RubyUri) -> str:
    return f"{url.scheme}://{url.authority}"


def _slashed(path: str) -> str:
    return path if path.endswith("/") else path + "/"


def _virtual(url: RubyUri, bucket: str) -> str:
    return f"{url.scheme}://{bucket}.{url.authority}{url.path}".removesuffix("/")


def _is_ip(host: str) -> bool:
    return host.startswith("[") or _IPV4.fullmatch(host) is not None


def _express(client: SdkClient, bucket: str) -> Target:
    """A directory bucket: its zone stands in the name (``name--euc1-az1--x-s3``)."""
    url = _request_endpoint(client)
    if url is not None and _is_ip(url.host):
        return Target(f"{_root(url)}/{quote(bucket, safe='')}{url.path}", client.region, True, "s3express")
    if not virtual_hostable(bucket):
        message = "S3Express bucket name is not a valid virtual hostable name."
        raise RubyError("ArgumentError", message, "S3_BUCKET")
    if url is not None:
        return Target(_virtual(url, bucket), client.region, False, "s3express")
    zone = re.search(r"--([a-z0-9-]+?)--x-s3\Z", bucket)
    if zone is None:
        raise RubyError("ArgumentError", "Unrecognized S3Express bucket name format.", "S3_BUCKET")
    name = "s3express-fips" if client.fips else "s3express"
    dual = "dualstack." if client.dual_stack else ""
    host = f"{bucket}.{name}-{zone[1]}.{dual}{client.region}.{partition(client.region)[1]}"
    return Target(f"https://{host}", client.region, False, "s3express")


def _arn(client: SdkClient, bucket: str, url: RubyUri | None) -> Target:
    if client.force_path_style and parse_arn(bucket) is not None:
        raise RubyError("ArgumentError", "Path-style addressing cannot be used with ARN buckets", "S3_BUCKET")
    asker = Asker(client.region, client.fips, client.dual_stack, client.use_arn_region, client.multi_region)
    found = access_point(bucket, asker)
    if url is None or found.fixed:
        return Target(f"https://{found.host}", found.region, False, found.service)
    # an Outpost's own host is always asked with TLS, and without a path
    outpost = found.service == "s3-outposts"
    scheme, path = ("https", "") if outpost else (url.scheme, url.path)
    return Target(
        f"{scheme}://{found.label}.{url.authority}{path}".removesuffix("/"), found.region, False, found.service
    )
