"""Reads S3's answers: error bodies, listings, grants. Pure; never raises, whatever a server sends.

The shapes are those of the S3 API reference (Error Responses, ListObjectsV2, ListMultipartUploads, GetObjectAcl, …).
Providers differ in namespaces, order and completeness, so elements are found by local name and may all be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

from s3probe.patterns import regex
from s3probe.probe.markup import local_name, parse
from s3probe.probe.text import clean, clean_exact, clean_lines
from s3probe.records import dataclass

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
"""Grantee URI of "everyone": what the canned ACL ``public-read`` grants READ to."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An S3 error document. Missing elements are ``""``; texts are cleaned and shortened."""

    code: str = ""
    message: str = ""
    region: str = ""
    bucket: str = ""
    bucket_name: str = ""
    key: str = ""
    resource: str = ""
    endpoint: str = ""
    argument_name: str = ""
    canonical_request: str = ""
    request_time: str = ""
    server_time: str = ""


_ELEMENTS = {
    "Code": "code",
    "Message": "message",
    "Region": "region",
    "Bucket": "bucket",
    "BucketName": "bucket_name",
    "Key": "key",
    "Resource": "resource",
    "Endpoint": "endpoint",
    "ArgumentName": "argument_name",
    "CanonicalRequest": "canonical_request",
    "RequestTime": "request_time",
    "ServerTime": "server_time",
}
_WITH_NEWLINES = frozenset({"canonical_request"})
_WRAPPERS = frozenset({"ErrorResponse", "Response", "Errors"})
"""What some gateways put around ``Error``. ``DeleteResult`` is none: its errors are about single keys."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing. ``modified`` is what the server wrote (ISO 8601)."""

    key: str
    modified: str = ""


@dataclass(frozen=True, slots=True)
class ListedUpload:
    """One unfinished multipart upload."""

    key: str
    upload_id: str
    initiated: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a delete marker."""

    key: str
    version_id: str
    delete_marker: bool = False


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """What one rule of a lifecycle configuration removes by itself."""

    id: str
    enabled: bool
    current: bool
    """Files as they are, after days or on a date."""
    old_versions: bool
    narrowed: bool
    """Not all files: those of a prefix, a tag or a size."""
    prefix: str
    """The one prefix of its files, where nothing else narrows it; else ``""``."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do what: ``grantee`` is a group's URI, else an account's id, e-mail or name."""

    grantee: str
    permission: str


def root_name(body: bytes) -> str | None:
    """The root element's local name, or ``None`` when ``body`` is not XML."""
    root = parse(body).root
    return None if root is None else clean(local_name(root), 100)


def problem(body: bytes) -> str:
    """Why ``body`` cannot be read as an S3 answer, or ``""``."""
    return parse(body).problem


def error(body: bytes) -> ErrorBody | None:
    """The error document in ``body``, or ``None`` when there is none (HTML, JSON, empty, another answer)."""
    element = _error_element(parse(body).root)
    if element is None:
        return None
    found: dict[str, str] = {}
    for child in element:
        name = _ELEMENTS.get(local_name(child))
        if name and name not in found:
            text = child.text or ""
            found[name] = clean_lines(text) if name in _WITH_NEWLINES else clean(text)
    return ErrorBody(**found) if found.get("code") or found.get("message") else None


def _error_element(root: Element | None) -> Element | None:
    while root is not None and local_name(root) in _WRAPPERS:
        root = next((child for child in root if local_name(child) in _WRAPPERS | {"Error"}), None)
    return root if root is not None and local_name(root) == "Error" else None


def delete_errors(body: bytes) -> tuple[tuple[str, str, str], ...]:
    """``(key, code, message)`` of each key that DeleteObjects did not delete, though it answered 200."""
    return tuple(
        (_exact(entry, "Key"), _text(entry, "Code"), _text(entry, "Message"))
        for entry in _children(body, "Error", roots=("DeleteResult", "DeleteObjectsResult"))
    )


def deleted_keys(body: bytes) -> tuple[str, ...]:
    """The keys that DeleteObjects says it deleted."""
    return tuple(_exact(entry, "Key") for entry in _children(body, "Deleted", roots=("DeleteResult",)))


def list_objects(body: bytes) -> tuple[Listed, ...]:
    """The objects of a ListObjects or ListObjectsV2 answer."""
    return tuple(Listed(_exact(entry, "Key"), _text(entry, "LastModified")) for entry in _children(body, "Contents"))


def list_keys(body: bytes) -> tuple[str, ...]:
    """The keys of a ListObjects or ListObjectsV2 answer."""
    return tuple(listed.key for listed in list_objects(body))


def is_truncated(body: bytes) -> bool:
    """Whether a listing says that there is more."""
    return any((element.text or "").strip().lower() == "true" for element in _children(body, "IsTruncated"))


def list_uploads(body: bytes) -> tuple[ListedUpload, ...]:
    """The unfinished uploads of a ListMultipartUploads answer."""
    return tuple(
        ListedUpload(_exact(entry, "Key"), _exact(entry, "UploadId"), _text(entry, "Initiated"))
        for entry in _children(body, "Upload")
    )


def list_versions(body: bytes) -> tuple[Version, ...]:
    """The versions and delete markers of a ListObjectVersions answer."""
    return tuple(
        Version(_exact(entry, "Key"), _exact(entry, "VersionId"), local_name(entry) == "DeleteMarker")
        for entry in _children(body, "Version", "DeleteMarker", roots=("ListVersionsResult",))
    )


def bucket_names(body: bytes) -> Mapping[str, str]:
    """The names of a ListBuckets answer, each with the moment at which its bucket was made, as written."""
    named = ((_exact(entry, "Name"), _exact(entry, "CreationDate")) for entry in _descendants(body, "Bucket"))
    return {name: made for name, made in named if name}


def lifecycle_rules(body: bytes) -> tuple[LifecycleRule, ...]:
    """The rules of a GetBucketLifecycleConfiguration answer."""
    return tuple(_rule(entry) for entry in _children(body, "Rule", roots=("LifecycleConfiguration",)))


def _rule(entry: Element) -> LifecycleRule:
    parts = {local_name(child): child for child in entry}
    expiration, filtered = parts.get("Expiration"), parts.get("Filter")
    # older servers write the prefix beside the filter; an empty one narrows nothing
    narrowing = [*([parts["Prefix"]] if "Prefix" in parts else []), *(filtered.iter() if filtered is not None else ())]
    limits = [(local_name(element), text) for element in narrowing if (text := (element.text or "").strip())]
    return LifecycleRule(
        _exact(entry, "ID"),
        _text(entry, "Status").lower() == "enabled",
        expiration is not None and any(_text(expiration, name) for name in ("Days", "Date")),
        "NoncurrentVersionExpiration" in parts,
        bool(limits),
        limits[0][1] if [name for name, _text in limits] == ["Prefix"] else "",
    )


def acl_grants(body: bytes) -> tuple[Grant, ...]:
    """The grants of a GetObjectAcl or GetBucketAcl answer."""
    return tuple(_grant(entry) for entry in _descendants(body, "Grant"))


def owner(body: bytes) -> str:
    """The owner's id in a GetObjectAcl, GetBucketAcl or ListBuckets answer, ``""`` for none."""
    return next((_text(entry, "ID") for entry in _children(body, "Owner")), "")


_OF_TENANT = regex(r"([\w-]+)\$.*", re.ASCII | re.DOTALL)
"""An owner at Ceph: TENANT$USER (Ceph, "Multitenancy"). In OpenStack the tenant is the project's id."""


def tenant_of(body: bytes) -> str:
    """The tenant of the owner whom an ACL or a list of buckets names; ``""`` for none."""
    found = _OF_TENANT.fullmatch(owner(body))
    return found[1] if found else ""


def _grant(entry: Element) -> Grant:
    grantee = next((child for child in entry if local_name(child) == "Grantee"), None)
    if grantee is None:
        return Grant("", _text(entry, "Permission"))
    if _text(grantee, "ID") == "all-users":
        return Grant(ALL_USERS, _text(entry, "Permission"))  # Versity's group, which has no URI
    who = next((text for name in ("URI", "ID", "EmailAddress", "DisplayName") if (text := _text(grantee, name))), "")
    return Grant(who, _text(entry, "Permission"))


def upload_id(body: bytes) -> str:
    """The id that CreateMultipartUpload gave, ``""`` when it gave none."""
    root = parse(body).root
    return "" if root is None else _exact(root, "UploadId")


def etag(body: bytes) -> str:
    """The ETag in a CompleteMultipartUpload or CopyObject answer, with its quotes; ``""`` when there is none."""
    root = parse(body).root
    return "" if root is None else _text(root, "ETag")


def fields(body: bytes) -> Mapping[str, str]:
    """The texts of the innermost elements by local name (PolicyStatus, OwnershipControls with its Rule, …)."""
    root = parse(body).root
    found: dict[str, str] = {}
    for element in root.iter() if root is not None else ():
        if element is not root and not len(element):
            found.setdefault(clean(local_name(element), 100), clean(element.text or ""))
    return MappingProxyType(found)


def _children(body: bytes, *names: str, roots: tuple[str, ...] = ()) -> Iterator[Element]:
    root = parse(body).root
    if root is None or (roots and local_name(root) not in roots):
        return iter(())
    return (child for child in root if local_name(child) in names)


def _descendants(body: bytes, name: str) -> Iterator[Element]:
    root = parse(body).root
    return iter(()) if root is None else (element for element in root.iter() if local_name(element) == name)


def _child(element: Element, name: str) -> str:
    return next((child.text or "" for child in element if local_name(child) == name), "")


def _text(element: Element, name: str) -> str:
    return clean(_child(element, name))


def _exact(element: Element, name: str) -> str:
    return clean_exact(_child(element, name))
