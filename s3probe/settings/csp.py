"""The media hosts in Mastodon's Content-Security-Policy: what a browser may load pictures from.

Source: Mastodon ``app/lib/content_security_policy.rb``. Hosts are always ``https`` there, whatever S3_PROTOCOL says,
and the built-in default host name is never among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3probe.settings.rubyuri import UriError, addressable_directory, addressable_join

EXTRA, GLITCH_EXTRA = "EXTRA_MEDIA_HOSTS", "EXTRA_DATA_HOSTS"
_STORAGE_HOSTS = ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "AZURE_ALIAS_HOST", "S3_HOSTNAME")


def media_hosts(environment: Mapping[str, str], web_domain: str | None) -> tuple[str, ...]:
    """The hosts in Mastodon's order. Raises UriError where Addressable does: then Mastodon does not start."""
    hosts = [assets_host(environment, web_domain), _storage_host(environment)]
    hosts.append(_root_url(environment, hosts[0]))
    return (*(host for host in hosts if host), *extra_hosts(environment))


def assets_host(environment: Mapping[str, str], web_domain: str | None) -> str:
    """Where scripts and styles are. Raises UriError."""
    own = present(environment, "CDN_HOST")
    return own or (addressable_directory(f"https://{web_domain}") if web_domain and web_domain.strip() else "")


def extra_hosts(environment: Mapping[str, str]) -> list[str]:
    """``EXTRA_MEDIA_HOSTS``; where there is none in it, glitch-soc takes ``EXTRA_DATA_HOSTS``."""
    extra = _split(environment.get(EXTRA, ""), r"\s*,\s*|\s+")
    return extra or _split(environment.get(GLITCH_EXTRA, ""), r"\|")


def _split(text: str, separator: str) -> list[str]:
    """Ruby's ``String#split``: blank parts at the end go, others stay."""
    parts = re.split(separator, text, flags=re.ASCII)
    while parts and not parts[-1]:
        parts.pop()
    return parts


def media_hosts_or_error(
    environment: Mapping[str, str], web_domain: str | None
) -> tuple[tuple[str, ...], UriError | None, str]:
    """The hosts, or the error and the variable that causes it."""
    try:
        return media_hosts(environment, web_domain), None, ""
    except UriError as error:
        return (), error, _at_fault(environment, web_domain)


def _at_fault(environment: Mapping[str, str], web_domain: str | None) -> str:
    try:
        assets_host(environment, web_domain)
    except UriError:
        return "WEB_DOMAIN" if "WEB_DOMAIN" in environment else "LOCAL_DOMAIN"
    try:
        _storage_host(environment)
    except UriError:
        return next(name for name in _STORAGE_HOSTS if present(environment, name))
    return "PAPERCLIP_ROOT_URL"


def present(environment: Mapping[str, str], name: str) -> str:
    """The value, or ``""`` when Rails would call it blank."""
    value = environment.get(name, "")
    return value if value.strip() else ""


def _storage_host(environment: Mapping[str, str]) -> str:
    for name in _STORAGE_HOSTS:
        if host := present(environment, name):
            return addressable_directory(f"https://{host}")
    swift = environment.get("SWIFT_OBJECT_URL", "")
    if not swift.startswith("https://"):
        return ""
    return swift if swift.endswith("/") else swift + "/"


def _root_url(environment: Mapping[str, str], assets: str) -> str:
    root = present(environment, "PAPERCLIP_ROOT_URL")
    if not root:
        return ""
    return addressable_join(assets, root)
