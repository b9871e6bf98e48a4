"""The answer headers that are kept for judgement, by lower-case name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import ReprEnum


class HeaderName(str):
    """The name of a header, in lower case."""

    __slots__ = ()


class Header(HeaderName, ReprEnum):
    """Every header that anything reads; a test shows that each is kept from the answer of some run."""

    ACCESS_CONTROL_ALLOW_ORIGIN = "access-control-allow-origin"
    AGE = "age"
    CACHE_CONTROL = "cache-control"
    CONTENT_ENCODING = "content-encoding"
    CONTENT_LENGTH = "content-length"
    CONTENT_SECURITY_POLICY = "content-security-policy"
    CONTENT_TYPE = "content-type"
    DATE = "date"
    ETAG = "etag"
    LOCATION = "location"
    SERVER = "server"
    SET_COOKIE = "set-cookie"
    VIA = "via"
    X_CACHE = "x-cache"
    X_CACHE_STATUS = "x-cache-status"
    X_PROXY_CACHE = "x-proxy-cache"
    X_VARNISH = "x-varnish"
    X_CONTENT_TYPE_OPTIONS = "x-content-type-options"
    CF_CACHE_STATUS = "cf-cache-status"
    CF_MITIGATED = "cf-mitigated"
    CF_RAY = "cf-ray"
    X_AMZ_BUCKET_REGION = "x-amz-bucket-region"
    X_AMZ_CHECKSUM_CRC32 = "x-amz-checksum-crc32"
    X_AMZ_CF_ID = "x-amz-cf-id"
    X_AMZ_DELETE_MARKER = "x-amz-delete-marker"
    X_AMZ_EXPIRATION = "x-amz-expiration"
    X_AMZ_ID_2 = "x-amz-id-2"
    X_AMZ_OBJECT_LOCK_MODE = "x-amz-object-lock-mode"
    X_AMZ_REQUEST_ID = "x-amz-request-id"
    X_AMZ_SERVER_SIDE_ENCRYPTION = "x-amz-server-side-encryption"
    X_AMZ_VERSION_ID = "x-amz-version-id"
    X_AMZN_WAF_ACTION = "x-amzn-waf-action"


_WHOSE_SERVICE = re.compile(
    r"(?:cf-r2|x-amz-cf|x-bz|x-goog|x-guploader|x-gfe|x-cos|x-oss|x-tigris|x-minio|x-rgw|x-openstack)-.+|x-trans-id"
)
"""Names by which a provider is known (knowledge/providers.toml, ``answers``)."""


def kept(names: Iterable[str]) -> tuple[HeaderName, ...]:
    """Those of ``names`` that are kept for judgement: first what is read by name, then what tells whose service it is."""
    present = set(names)
    told = sorted(name for name in present.difference(Header) if _WHOSE_SERVICE.fullmatch(name))
    return (*(name for name in Header if name in present), *map(HeaderName, told))
