"""How a bucket shows that it keeps old versions. Pure."""

from __future__ import annotations

from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Header


def marker_of(deleted: Observation, gone: Observation, uploaded: Observation) -> str:
    """The version id that goes with the delete marker of our own file: ``null`` where versioning is suspended.

    ``""`` for no marker, and for one without any id: S3Mock speaks of one after every deletion. ``gone`` is the look
    after the deletion: MinIO tells only there of the marker that it leaves while versioning is suspended. Ceph 16
    tells no id of a marker while versioning is on: that of the upload shows it.
    """
    if not any(row.headers.get(Header.X_AMZ_DELETE_MARKER) == "true" for row in (deleted, gone)):
        return ""
    rows = (deleted, gone, uploaded)
    return next((found for row in rows if (found := row.headers.get(Header.X_AMZ_VERSION_ID))), "")
