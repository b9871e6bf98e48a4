"""What the steps of a run pass on: the objects that are in the bucket by now, by the part they play."""

from __future__ import annotations

from s3probe.probe.foundation import Foundation
from s3probe.probe.session import Stored

NOTHING_WRITTEN = "no file could be uploaded to try it on"

StoredObjects = dict[str, Stored]
"""What is in the bucket by now: ``media``, ``plain``, ``archive``, ``large``, ``avatar``, ``emoji``."""


def first_objects(found: Foundation) -> StoredObjects:
    """The uploads of the foundation by the part they play: ``media`` is Mastodon's own form."""
    stored_objects: StoredObjects = {}
    if found.with_acl:
        stored_objects["media"] = found.with_acl
        if found.without_acl:
            stored_objects["plain"] = found.without_acl
    elif found.without_acl:
        stored_objects["media"] = found.without_acl
    return stored_objects
