"""Every address under which a visitor could find a file: the one that works shows the fault. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.evidence.vocabulary import Experiment
from s3probe.settings.addressing import is_aws, regional_host
from s3probe.settings.mastodon import bucket_url, object_url, public_url
from s3probe.settings.model import Settings
from s3probe.settings.urls import unopened


def other_addresses(settings: Settings, key: str) -> Iterator[tuple[Experiment, str]]:
    """Experiment and URL of every other place where a visitor could find ``key``: nearest to the settings first."""
    return ((experiment, url) for experiment, url in _other_addresses(settings, key) if not unopened(url))


def _other_addresses(settings: Settings, key: str) -> Iterator[tuple[Experiment, str]]:
    bucket = settings.bucket_name
    api = urlsplit(settings.api_base)
    path = urlsplit(object_url(settings, key)).path.removeprefix(f"/{bucket}" if settings.path_style else "")
    if settings.alias_host:
        yield from _beside_alias(settings, path)
    elif settings.hostname.startswith(f"{bucket}.") or _is_of_a_proxy(settings):
        yield Experiment.PUBLIC_HOSTNAME_WITHOUT_BUCKET, f"{settings.protocol}://{settings.hostname}{path}"
    elif settings.hostname and "/" not in settings.hostname and ":" not in settings.hostname and api.port:
        yield (
            Experiment.PUBLIC_HOSTNAME_WITH_PORT,
            f"{settings.protocol}://{settings.hostname}:{api.port}/{bucket}{path}",
        )
    yield Experiment.PUBLIC_ORIGIN, object_url(settings, key)
    yield Experiment.PUBLIC_PATH_STYLE, f"{api.scheme}://{api.netloc}/{bucket}{path}"
    if not _is_address(api.hostname or ""):
        yield Experiment.PUBLIC_VIRTUAL_HOST, f"{api.scheme}://{bucket}.{api.netloc}{path}"
    if is_aws(settings.api_base) and not settings.alias_host:
        yield Experiment.PUBLIC_REGIONAL, f"https://{regional_host(settings.region)}/{bucket}{path}"
    published = public_url(settings, key)
    if published.startswith("https://"):
        yield Experiment.PUBLIC_PLAIN_HTTP, "http://" + published.removeprefix("https://")


def _beside_alias(settings: Settings, path: str) -> Iterator[tuple[Experiment, str]]:
    base, bucket = public_url(settings, "").rstrip("/"), settings.bucket_name
    if base.endswith(f"/{bucket}"):
        yield Experiment.PUBLIC_ALIAS_WITHOUT_BUCKET, f"{base.removesuffix(f'/{bucket}')}{path}"
    else:
        yield Experiment.PUBLIC_ALIAS_WITH_BUCKET, f"{base}/{bucket}{path}"
    if not settings.hostname_is_default and settings.hostname:
        yield Experiment.PUBLIC_HOSTNAME, f"{settings.protocol}://{settings.hostname}/{bucket}{path}"


def _is_of_a_proxy(settings: Settings) -> bool:
    """Whether S3_HOSTNAME names no host of the storage: it may be one that is meant for S3_ALIAS_HOST."""
    host, api = settings.hostname.partition("/")[0].partition(":")[0], urlsplit(settings.api_base).hostname or ""
    return bool(host) and not settings.hostname_is_default and host.lower() != api.lower() and not is_aws(host)


def listing_url(settings: Settings) -> str:
    """The storage's own address for a listing of one key."""
    return with_query(bucket_url(settings), "list-type=2&max-keys=1")


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def proxy_stands_before(settings: Settings) -> bool:
    """Whether files are published under another host than the storage's own."""
    host = (urlsplit(public_url(settings, "x")).hostname or "").lower()
    api = (urlsplit(settings.api_base).hostname or "").lower()
    return settings.alias_host is not None and host not in ("", api, f"{settings.bucket_name}.{api}".lower())


def same_host_as_storage(settings: Settings) -> bool:
    """Whether the published URL leads to the very endpoint that Mastodon asks, so that asking both is asking twice."""
    api = urlsplit(settings.api_base)
    return settings.alias_host is None and settings.hostname.lower() == api.netloc.lower() and bool(api.netloc)


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host or host == "localhost"
