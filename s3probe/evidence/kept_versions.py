"""How a bucket shows that it keeps old versions, or that files expire. Pure."""

from __future__ import annotations

from collections.abc import Callable

from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Header, ObservationId

_EXPIRES = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.HEAD, ActionId.GET, ActionId.MULTIPART_COMPLETE)

Get = Callable[[ObservationId], Observation | None]


def markers(get: Get) -> str:
    """The version id that goes with the delete marker of our own file: ``null`` where versioning is suspended.

    ``""`` for none. A marker without any id is none: S3Mock speaks of one after every deletion.
    """
    rows = [row for name in (ActionId.DELETE, Experiment.DELETE_GONE) if (row := get(name)) is not None]
    if not any(row.headers.get(Header.X_AMZ_DELETE_MARKER) == "true" for row in rows):
        return ""
    # Ceph 16 tells no id of a marker while versioning is on
    uploaded = get(ActionId.PUT_WITHOUT_ACL)
    named = [*rows, *([uploaded] if uploaded is not None else [])]
    return next((found for row in named if (found := row.headers.get(Header.X_AMZ_VERSION_ID))), "")


def expirations(get: Get) -> tuple[Observation, ...]:
    """Fresh files that carry the day of their end."""
    rows = (get(name) for name in _EXPIRES)
    return tuple(row for row in rows if row is not None and row.headers.get(Header.X_AMZ_EXPIRATION))
