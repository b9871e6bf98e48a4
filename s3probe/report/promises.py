"""What media storage promises on launch day, each with the actions that show it."""

from __future__ import annotations

from dataclasses import dataclass

from s3probe.evidence.ids import ActionId, Experiment, ObservationId


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence that holds when all its actions were seen to be ok."""

    group: str
    text: str
    actions: tuple[ObservationId, ...]
    also: tuple[ObservationId, ...] = ()
    """Actions that some set-ups have no need of: they count only when they were made. A promise that has nothing
    else is left out where none was."""


GROUPS = ("Uploads", "Delivery", "Privacy", "Deletion", "Resilience", "Cost")

PROMISES = (
    Promise("Uploads", "The S3 endpoint answers", (ActionId.REACH_ENDPOINT,)),
    Promise("Uploads", "Mastodon can upload media with its ACL", (), (ActionId.PUT_WITH_ACL,)),
    Promise("Uploads", "The key may write at all", (ActionId.PUT_WITHOUT_ACL,)),
    Promise(
        "Uploads",
        "Large files go up in parts",
        (ActionId.MULTIPART_CREATE, ActionId.MULTIPART_PART, ActionId.MULTIPART_COMPLETE),
    ),
    Promise("Uploads", "Avatars and users' archives can be stored", (ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)),
    Promise(
        "Uploads",
        "Mastodon can read back what it stored, for video and for archives",
        (ActionId.GET, ActionId.GET_RANGE, ActionId.HEAD_PART),
    ),
    Promise("Delivery", "A visitor can see an uploaded picture", (ActionId.PUBLIC_GET,)),
    Promise(
        "Delivery",
        "Avatars, custom emoji and copies from other servers are shown as well",
        (ActionId.PUBLIC_GET_AVATAR, ActionId.PUBLIC_GET_EMOJI),
        (ActionId.PUBLIC_GET_CACHE,),
    ),
    Promise("Delivery", "Mastodon's pages allow the media host (Content-Security-Policy)", (ActionId.PUBLIC_CSP,)),
    Promise("Delivery", "The web interface may read media from the media host (CORS)", (ActionId.PUBLIC_CORS,)),
    Promise("Delivery", "Videos can be played and sought (ranges)", (ActionId.PUBLIC_RANGE,)),
    Promise("Delivery", "The link to a user's archive can be opened", (ActionId.PRESIGNED_GET,)),
    Promise(
        "Privacy",
        "Nobody can list the bucket, nor its old versions and unfinished uploads",
        (ActionId.PUBLIC_LIST, ActionId.PUBLIC_VERSIONS),
        (ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_UPLOADS, Experiment.PUBLIC_LIST),
    ),
    Promise(
        "Privacy",
        "Nobody can read who may do what (policy, ACL)",
        (ActionId.PUBLIC_POLICY,),
        (ActionId.PUBLIC_ACL, Experiment.PUBLIC_ACL),
    ),
    Promise(
        "Privacy",
        "Nobody else can write to the bucket or delete from it",
        (ActionId.PUBLIC_WRITE, ActionId.PUBLIC_DELETE),
        (ActionId.PUBLIC_DELETE_ORIGIN,),
    ),
    Promise(
        "Privacy",
        "Nobody can open a user's archive without the link",
        (ActionId.ARCHIVE_PUBLIC_GET,),
        (ActionId.ARCHIVE_ORIGIN_GET,),
    ),
    Promise("Privacy", "The link to a user's archive expires", (ActionId.PRESIGNED_EXPIRED,)),
    Promise(
        "Privacy",
        "The media of a suspended user disappears, and comes back",
        (ActionId.PUT_ACL_PRIVATE, ActionId.SUSPENDED_PUBLIC_GET, ActionId.PUT_ACL_RESTORE),
        (ActionId.RESTORED_PUBLIC_GET, ActionId.DELETED_PUBLIC_GET),
    ),
    Promise("Deletion", "A deleted file is gone", (ActionId.HEAD, ActionId.DELETE), (ActionId.DELETED_PUBLIC_GET,)),
    Promise("Deletion", "Many files can be deleted at once", (ActionId.BATCH_DELETE,)),
    Promise("Deletion", "tootctl media remove-orphans can list the bucket", (ActionId.LIST,)),
    Promise("Resilience", "This machine's clock agrees with the storage's", (ActionId.CLOCK,)),
    Promise("Cost", "An abandoned large upload leaves no paid parts behind", (ActionId.MULTIPART_ABORT,)),
)

CATEGORY_GROUPS = {
    "public-reading": "Delivery",
    "proxy-cdn": "Delivery",
    "privacy-security": "Privacy",
    "over-privilege": "Privacy",
    "deletion": "Deletion",
    "network-time-quota": "Resilience",
    "multipart-download-checksum": "Resilience",
}
"""Category of a finding's text -> where it stands when it concerns no promise. All others: Uploads."""
