"""The table of actions: what each asks, in whose name, and which rights it needs.

The ids and their meaning are those of the report's JSON schema. Rights are those AWS documents for the operation
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html);
which operations Mastodon uses is recorded in golden/wire.json.
"""

from __future__ import annotations

from dataclasses import dataclass

from s3probe.probe.evidence import Actor


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table."""

    id: str
    title: str
    """A positive sentence; ``{acl}`` stands for the canned ACL of these settings."""
    operation: str
    needs: tuple[str, ...] = ()
    actor: Actor = Actor.MASTODON


_V = Actor.VISITOR

_ROWS = (
    Action("reach-endpoint", "The S3 endpoint answers", "GET", actor=_V),
    Action("clock", "This machine's clock agrees with the storage's", "GET", actor=_V),
    Action(
        "put-with-acl",
        "Mastodon can upload a file with ACL {acl}",
        "PutObject",
        ("s3:PutObject", "s3:PutObjectAcl"),
    ),
    Action("put-without-acl", "A file can be uploaded without an ACL", "PutObject", ("s3:PutObject",)),
    Action("head", "Mastodon can look up a file before it deletes it", "HeadObject", ("s3:GetObject",)),
    Action("head-part", "Mastodon can look up a file before it processes it", "HeadObject", ("s3:GetObject",)),
    Action("get", "Mastodon can read a file back, byte for byte", "GetObject", ("s3:GetObject",)),
    Action("get-range", "Mastodon can read a large file in ranges", "GetObject", ("s3:GetObject",)),
    Action("list", "tootctl media remove-orphans can list the bucket", "ListObjectsV2", ("s3:ListBucket",)),
    Action(
        "multipart-create",
        "Mastodon can begin a large upload",
        "CreateMultipartUpload",
        ("s3:PutObject", "s3:PutObjectAcl"),
    ),
    Action("multipart-part", "Mastodon can upload a part of a large file", "UploadPart", ("s3:PutObject",)),
    Action("multipart-complete", "Mastodon can finish a large upload", "CompleteMultipartUpload", ("s3:PutObject",)),
    Action(
        "multipart-abort",
        "Mastodon can abandon a failed large upload",
        "AbortMultipartUpload",
        ("s3:AbortMultipartUpload",),
    ),
    Action("put-acl-private", "Mastodon can hide the media of a suspended user", "PutObjectAcl", ("s3:PutObjectAcl",)),
    Action("put-acl-restore", "Mastodon can show them again", "PutObjectAcl", ("s3:PutObjectAcl",)),
    Action("presigned-get", "An archive link that Mastodon signs can be opened", "GetObject", ("s3:GetObject",), _V),
    Action("archive-put", "Mastodon can store a user's archive", "PutObject", ("s3:PutObject", "s3:PutObjectAcl")),
    Action("avatar-put", "Mastodon can store an avatar", "PutObject", ("s3:PutObject", "s3:PutObjectAcl")),
    Action("delete", "Mastodon can delete a file, and it is gone", "DeleteObject", ("s3:DeleteObject",)),
    Action("batch-delete", "Mastodon can delete many files at once", "DeleteObjects", ("s3:DeleteObject",)),
    Action("public-get", "A visitor can see the uploaded picture", "GET", actor=_V),
    Action("public-cors", "The web interface may read media from another host (CORS)", "GET", actor=_V),
    Action("public-range", "A video can be played and sought from the media host (ranges)", "GET", actor=_V),
    Action("public-csp", "Mastodon's pages allow pictures from the media host (CSP)", "GET", actor=_V),
    Action("public-list", "A visitor cannot list the bucket", "GET", actor=_V),
    Action("public-list-alias", "A visitor cannot list the bucket through the public host", "GET", actor=_V),
    Action("public-versions", "A visitor cannot list old versions", "GET", actor=_V),
    Action("public-uploads", "A visitor cannot list unfinished uploads", "GET", actor=_V),
    Action("public-policy", "A visitor cannot read the bucket policy", "GET", actor=_V),
    Action("public-acl", "A visitor cannot read the ACL of a file", "GET", actor=_V),
    Action("public-query", "The public host passes neither query nor Authorization on", "GET", actor=_V),
    Action("public-write", "A visitor cannot write to the bucket", "PUT", actor=_V),
    Action("public-delete", "A visitor cannot delete from the bucket", "DeleteObject", actor=_V),
    Action("public-delete-origin", "A visitor cannot delete at the storage itself", "DeleteObject", actor=_V),
    Action("archive-public-get", "A visitor cannot open a user's archive", "GET", actor=_V),
    Action("archive-origin-get", "A visitor cannot open a user's archive at the storage itself", "GET", actor=_V),
    Action("presigned-expired", "An archive link no longer opens when its time is up", "GET", actor=_V),
    Action("suspended-public-get", "A suspended user's picture is no longer visible", "GET", actor=_V),
    Action("restored-public-get", "A picture is visible again after a suspension", "GET", actor=_V),
    Action("public-get-cache", "A visitor can see files under cache/, copies from other servers", "GET", actor=_V),
    Action("public-get-avatar", "A visitor can see avatars (accounts/)", "GET", actor=_V),
    Action("public-get-emoji", "A visitor can see custom emoji (custom_emojis/)", "GET", actor=_V),
    Action("public-missing", "The public host answers for a file that is not there", "GET", actor=_V),
    Action("deleted-public-get", "A deleted picture is no longer visible", "GET", actor=_V),
)

ACTIONS = {row.id: row for row in _ROWS}
"""By id, in the order of a report."""

WITHOUT_UPLOAD = frozenset(
    {
        "reach-endpoint",
        "clock",
        "list",
        "public-list",
        "public-list-alias",
        "public-versions",
        "public-uploads",
        "public-policy",
        "public-write",
        "public-delete",
        "public-delete-origin",
    }
)
"""Actions that need no file of ours in the bucket."""

BESIDE = {
    "archive-visit": ("archive-public-get", "archive-origin-get", "presigned-expired"),
    "viewer-families": ("public-get",),
    "get-missing": ("get",),
    "acl-read-back": ("put-acl-restore",),
    "delete-version": ("list",),
    "list-top": ("list",),
    "tags": ("list",),
    "get-archive": ("presigned-get",),
    "no-mode": ("get",),
    "unannounced": ("put-with-acl", "put-without-acl"),
    "uploads-after-all": ("public-list", "public-list-alias", "public-versions"),
}
"""Steps that are no actions of their own, and the actions they are part of."""


def action(action_id: str) -> Action:
    """The row of ``action_id``. A repetition (``put-with-acl@1``) shares its row; an experiment has one of its own."""
    base = action_id.split("@", 1)[0]
    return ACTIONS.get(base) or Action(action_id, "Experiment", "")
