"""The table of actions: what each asks, in whose name, and which rights it needs.

The ids and their meaning are those of the report's JSON schema. Rights are those AWS documents for the operation
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html);
which operations Mastodon uses is recorded in golden/wire.json.
"""

from __future__ import annotations

from dataclasses import dataclass

from s3probe.evidence.ids import ActionId, Experiment, ObservationId
from s3probe.evidence.observations import Actor


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table."""

    id: ObservationId
    title: str
    """A positive sentence; ``{acl}`` stands for the canned ACL of these settings."""
    operation: str
    needs: tuple[str, ...] = ()
    actor: Actor = Actor.MASTODON


_V = Actor.VISITOR

_ROWS = (
    Action(ActionId.REACH_ENDPOINT, "The S3 endpoint answers", "GET", actor=_V),
    Action(ActionId.CLOCK, "This machine's clock agrees with the storage's", "GET", actor=_V),
    Action(
        ActionId.PUT_WITH_ACL,
        "Mastodon can upload a file with ACL {acl}",
        "PutObject",
        ("s3:PutObject", "s3:PutObjectAcl"),
    ),
    Action(ActionId.PUT_WITHOUT_ACL, "A file can be uploaded without an ACL", "PutObject", ("s3:PutObject",)),
    Action(ActionId.HEAD, "Mastodon can look up a file before it deletes it", "HeadObject", ("s3:GetObject",)),
    Action(ActionId.HEAD_PART, "Mastodon can look up a file before it processes it", "HeadObject", ("s3:GetObject",)),
    Action(ActionId.GET, "Mastodon can read a file back, byte for byte", "GetObject", ("s3:GetObject",)),
    Action(ActionId.GET_RANGE, "Mastodon can read a large file in ranges", "GetObject", ("s3:GetObject",)),
    Action(ActionId.LIST, "tootctl media remove-orphans can list the bucket", "ListObjectsV2", ("s3:ListBucket",)),
    Action(
        ActionId.MULTIPART_CREATE,
        "Mastodon can begin a large upload",
        "CreateMultipartUpload",
        ("s3:PutObject", "s3:PutObjectAcl"),
    ),
    Action(ActionId.MULTIPART_PART, "Mastodon can upload a part of a large file", "UploadPart", ("s3:PutObject",)),
    Action(
        ActionId.MULTIPART_COMPLETE, "Mastodon can finish a large upload", "CompleteMultipartUpload", ("s3:PutObject",)
    ),
    Action(
        ActionId.MULTIPART_ABORT,
        "Mastodon can abandon a failed large upload",
        "AbortMultipartUpload",
        ("s3:AbortMultipartUpload",),
    ),
    Action(
        ActionId.PUT_ACL_PRIVATE,
        "Mastodon can hide the media of a suspended user",
        "PutObjectAcl",
        ("s3:PutObjectAcl",),
    ),
    Action(ActionId.PUT_ACL_RESTORE, "Mastodon can show them again", "PutObjectAcl", ("s3:PutObjectAcl",)),
    Action(
        ActionId.PRESIGNED_GET, "An archive link that Mastodon signs can be opened", "GetObject", ("s3:GetObject",), _V
    ),
    Action(
        ActionId.ARCHIVE_PUT, "Mastodon can store a user's archive", "PutObject", ("s3:PutObject", "s3:PutObjectAcl")
    ),
    Action(ActionId.AVATAR_PUT, "Mastodon can store an avatar", "PutObject", ("s3:PutObject", "s3:PutObjectAcl")),
    Action(ActionId.DELETE, "Mastodon can delete a file, and it is gone", "DeleteObject", ("s3:DeleteObject",)),
    Action(ActionId.BATCH_DELETE, "Mastodon can delete many files at once", "DeleteObjects", ("s3:DeleteObject",)),
    Action(ActionId.PUBLIC_GET, "A visitor can see the uploaded picture", "GET", actor=_V),
    Action(ActionId.PUBLIC_CORS, "The web interface may read media from another host (CORS)", "GET", actor=_V),
    Action(ActionId.PUBLIC_RANGE, "A video can be played and sought from the media host (ranges)", "GET", actor=_V),
    Action(ActionId.PUBLIC_CSP, "Mastodon's pages allow pictures from the media host (CSP)", "GET", actor=_V),
    Action(ActionId.PUBLIC_LIST, "A visitor cannot list the bucket", "GET", actor=_V),
    Action(ActionId.PUBLIC_LIST_ALIAS, "A visitor cannot list the bucket through the public host", "GET", actor=_V),
    Action(ActionId.PUBLIC_VERSIONS, "A visitor cannot list old versions", "GET", actor=_V),
    Action(ActionId.PUBLIC_UPLOADS, "A visitor cannot list unfinished uploads", "GET", actor=_V),
    Action(ActionId.PUBLIC_POLICY, "A visitor cannot read the bucket policy", "GET", actor=_V),
    Action(ActionId.PUBLIC_ACL, "A visitor cannot read the ACL of a file", "GET", actor=_V),
    Action(ActionId.PUBLIC_QUERY, "The public host passes neither query nor Authorization on", "GET", actor=_V),
    Action(ActionId.PUBLIC_WRITE, "A visitor cannot write to the bucket", "PUT", actor=_V),
    Action(ActionId.PUBLIC_DELETE, "A visitor cannot delete from the bucket", "DeleteObject", actor=_V),
    Action(ActionId.PUBLIC_DELETE_ORIGIN, "A visitor cannot delete at the storage itself", "DeleteObject", actor=_V),
    Action(ActionId.ARCHIVE_PUBLIC_GET, "A visitor cannot open a user's archive", "GET", actor=_V),
    Action(
        ActionId.ARCHIVE_ORIGIN_GET, "A visitor cannot open a user's archive at the storage itself", "GET", actor=_V
    ),
    Action(ActionId.PRESIGNED_EXPIRED, "An archive link no longer opens when its time is up", "GET", actor=_V),
    Action(ActionId.SUSPENDED_PUBLIC_GET, "A suspended user's picture is no longer visible", "GET", actor=_V),
    Action(ActionId.RESTORED_PUBLIC_GET, "A picture is visible again after a suspension", "GET", actor=_V),
    Action(
        ActionId.PUBLIC_GET_CACHE, "A visitor can see files under cache/, copies from other servers", "GET", actor=_V
    ),
    Action(ActionId.PUBLIC_GET_AVATAR, "A visitor can see avatars (accounts/)", "GET", actor=_V),
    Action(ActionId.PUBLIC_GET_EMOJI, "A visitor can see custom emoji (custom_emojis/)", "GET", actor=_V),
    Action(ActionId.PUBLIC_MISSING, "The public host answers for a file that is not there", "GET", actor=_V),
    Action(ActionId.DELETED_PUBLIC_GET, "A deleted picture is no longer visible", "GET", actor=_V),
)

ACTIONS: dict[ObservationId, Action] = {row.id: row for row in _ROWS}
"""By id, in the order of a report."""

WITHOUT_UPLOAD = frozenset(
    {
        ActionId.REACH_ENDPOINT,
        ActionId.CLOCK,
        ActionId.LIST,
        ActionId.PUBLIC_LIST,
        ActionId.PUBLIC_LIST_ALIAS,
        ActionId.PUBLIC_VERSIONS,
        ActionId.PUBLIC_UPLOADS,
        ActionId.PUBLIC_POLICY,
        ActionId.PUBLIC_WRITE,
        ActionId.PUBLIC_DELETE,
        ActionId.PUBLIC_DELETE_ORIGIN,
    }
)
"""Actions that need no file of ours in the bucket."""

ARCHIVE_VISIT = "archive-visit"
"""The step that looks at the archive by every address."""
UPLOADS_AFTER_ALL = "uploads-after-all"
"""The step that asks for unfinished uploads where the listing turned out to be open."""
BESIDE: dict[str, tuple[ActionId, ...]] = {
    ARCHIVE_VISIT: (ActionId.ARCHIVE_PUBLIC_GET, ActionId.ARCHIVE_ORIGIN_GET, ActionId.PRESIGNED_EXPIRED),
    Experiment.VIEWER_FAMILIES: (ActionId.PUBLIC_GET,),
    Experiment.GET_MISSING: (ActionId.GET,),
    Experiment.ACL_READ_BACK: (ActionId.PUT_ACL_RESTORE,),
    Experiment.DELETE_VERSION: (ActionId.LIST,),
    Experiment.LIST_FROM_THE_TOP: (ActionId.LIST,),
    Experiment.GET_TAGGING: (ActionId.LIST,),
    Experiment.GET_ARCHIVE: (ActionId.PRESIGNED_GET,),
    Experiment.GET_WITHOUT_MODE: (ActionId.GET,),
    Experiment.PUT_UNANNOUNCED: (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    UPLOADS_AFTER_ALL: (ActionId.PUBLIC_LIST, ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_VERSIONS),
}
"""Steps that are no actions of their own, and the actions they are part of."""


def action(action_id: ObservationId) -> Action:
    """The row of ``action_id``. A repetition (``put-with-acl@1``) shares its row; an experiment has one of its own."""
    return ACTIONS.get(action_id.base) or Action(action_id, "Experiment", "")
