"""The media hosts in Mastodon's Content-Security-Policy: what a browser may load pictures from.

Source: Mastodon ``app/lib/content_security_policy.rb``. Hosts are always ``https`` there, whatever S3_PROTOCOL says,
and the built-in default host name is never among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3probe.settings.rubyuri import UriError, addressable_directory, authority_of


def media_hosts(environment: Mapping[str, str], web_domain: str | None) -> tuple[str, ...]:
    """The hosts in Mastodon's order. Raises UriError where Addressable does: then Mastodon does not start."""
    assets = _present(environment, "CDN_HOST") or (f"https://{web_domain}" if web_domain else "")
    hosts = [assets, _storage_host(environment), _root_url(environment, assets)]
    hosts += re.split(r"\s*,\s*|\s+", environment.get("EXTRA_MEDIA_HOSTS", ""))
    return tuple(host for host in hosts if host)


def media_hosts_or_error(
    environment: Mapping[str, str], web_domain: str | None
) -> tuple[tuple[str, ...], UriError | None, str]:
    """The hosts, or the error and the variable that causes it."""
    try:
        return media_hosts(environment, web_domain), None, ""
    except UriError as error:
        names = ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "AZURE_ALIAS_HOST", "S3_HOSTNAME")
        return (), error, next((name for name in names if _present(environment, name)), "")


def _present(environment: Mapping[str, str], name: str) -> str:
    """The value, or ``""`` when Rails would call it blank."""
    value = environment.get(name, "")
    return value if value.strip() else ""


def _storage_host(environment: Mapping[str, str]) -> str:
    for name in ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "AZURE_ALIAS_HOST", "S3_HOSTNAME"):
        if host := _present(environment, name):
            return addressable_directory(f"https://{host}")
    swift = environment.get("SWIFT_OBJECT_URL", "")
    if not swift.startswith("https://"):
        return ""
    return swift if swift.endswith("/") else swift + "/"


def _root_url(environment: Mapping[str, str], assets: str) -> str:
    root = _present(environment, "PAPERCLIP_ROOT_URL")
    if not root:
        return ""
    base = assets[: len(assets) - len(assets.partition("://")[2])] + authority_of(assets) if "://" in assets else ""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", root):
        url = root
    elif root.startswith("//"):
        url = f"{assets.partition('//')[0]}{root}"
    else:
        url = base + root if root.startswith("/") else f"{base}/{root}"
    return addressable_directory(url) if "//" in url else url.rstrip("/") + "/"
