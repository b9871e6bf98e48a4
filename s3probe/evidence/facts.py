"""The names of facts: what the probe reads out of an answer, beside status, code and headers, for judgement to use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import ReprEnum


class FactName(str):
    """The name of a fact, also of one read from a file of another release."""

    __slots__ = ()


class Fact(FactName, ReprEnum):
    """Every fact that the probe writes; a test shows that each is written by some run, and read."""

    S3 = "s3"
    MARKUP = "markup"
    ROOT = "root"
    STOCK_PAGE = "stock-page"
    REGION = "region"
    BUCKET = "bucket"
    KEY = "key"
    ENDPOINT = "endpoint"
    SIGNED_HOST = "signed-host"
    SKEW = "skew"
    KEPT = "kept"
    ADDRESSES = "addresses"
    ROUTES = "routes"
    CONNECTS = "connects"
    REDIRECTED = "redirected"
    REDIRECT_CODE = "redirect-code"
    REDIRECT = "redirect"
    CACHE_CONTROL = "cache-control"
    CONTENT_TYPE = "content-type"
    BODY = "body"
    RANGE = "range"
    ORIGIN = "origin"
    ALLOWED = "allowed"
    MEDIA = "media"
    MISSING = "missing"
    LENGTH = "length"
    WRITE = "write"
    DELETE = "delete"
    VENDOR = "vendor"
    GONE = "gone"
    PER_KEY_ERRORS = "per-key-errors"
    PER_KEY_CODE = "per-key-code"
    ALL_USERS = "all-users"
    AUTHENTICATED_USERS = "authenticated-users"
    IS_PUBLIC = "is-public"
    NAMES = "names"
    COUNT = "count"
    DENIES = "denies"
    LISTING = "listing"
    RIGHTS = "rights"
    OPEN = "open"
    SHOWN = "shown"
    QUERY = "query"
    AUTHORIZATION = "authorization"
    FOLDERS = "folders"
    BLOCK_PUBLIC_ACLS = "BlockPublicAcls"
    IGNORE_PUBLIC_ACLS = "IgnorePublicAcls"
    OBJECT_OWNERSHIP = "ObjectOwnership"
    PAYER = "Payer"


Facts = Mapping[FactName, str]


def known(fields: Mapping[str, str]) -> Facts:
    """Those of ``fields`` (an answer's own elements) that are facts."""
    return {name: fields[name] for name in Fact if name in fields}
