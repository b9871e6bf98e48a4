"""Where a provider serves visitors, as a value for ``S3_ALIAS_HOST``. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from s3probe.knowledge.providers import Provider
from s3probe.knowledge.regions import region_in
from s3probe.patterns import regex
from s3probe.settings.model import Settings

_OF_NAMESPACE = regex(r"^([a-z0-9]+)\.(?:compat\.)?objectstorage\.")
"""Oracle's namespace, the first label of the S3 API's host."""


def public_value(settings: Settings, provider: Provider) -> str:
    """The value with the names of this file; ``""`` where the provider has no host for visitors of its own.

    What only the provider's console shows stays as it is, in angle brackets.
    """
    api = urlsplit(settings.api_base).netloc
    namespace = _OF_NAMESPACE.search(api)
    values = {
        "bucket": settings.bucket_name or "<bucket>",
        "region": region_in(provider, api) or settings.region,
        "api": api,
        "namespace": namespace[1] if namespace else "<namespace>",
    }
    value = provider.public_host
    for name, text in values.items():
        value = value.replace(f"{{{name}}}", text)
    return value


def is_whole(value: str) -> bool:
    """Whether nothing of the value is left to be looked up."""
    return bool(value) and "<" not in value
