"""The objects that the steps of a run have put into the bucket so far, by what they stand for."""

from __future__ import annotations

from typing import Literal

from s3probe.evidence.vocabulary import OtherFolder
from s3probe.probe.foundation import Foundation
from s3probe.probe.session import Stored

NOTHING_WRITTEN = "no file could be uploaded to try it on"

StoredKind = Literal["media", "plain", "archive", "large"] | OtherFolder
StoredObjects = dict[StoredKind, Stored]
"""By what they stand for."""


def first_objects(found: Foundation) -> StoredObjects:
    """The uploads of the foundation: ``media`` is the one in Mastodon's own form."""
    stored_objects: StoredObjects = {}
    if found.with_acl:
        stored_objects["media"] = found.with_acl
        if found.without_acl:
            stored_objects["plain"] = found.without_acl
    elif found.without_acl:
        stored_objects["media"] = found.without_acl
    return stored_objects
