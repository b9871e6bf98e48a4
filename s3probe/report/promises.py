"""What media storage promises on launch day, each with the actions that show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence that holds when all its actions were seen to be ok."""

    group: str
    text: str
    actions: tuple[str, ...]
    also: tuple[str, ...] = ()
    """Actions that some set-ups have no need of: they count only when they were made. A promise that has nothing
    else is left out where none was."""


GROUPS = ("Uploads", "Delivery", "Privacy", "Deletion", "Resilience", "Cost")

PROMISES = (
    Promise("Uploads", "The S3 endpoint answers", ("reach-endpoint",)),
    Promise("Uploads", "Mastodon can upload media with its ACL", (), ("put-with-acl",)),
    Promise("Uploads", "The key may write at all", ("put-without-acl",)),
    Promise(
        "Uploads",
        "Large files go up in parts",
        ("multipart-create", "multipart-part", "multipart-complete"),
    ),
    Promise("Uploads", "Avatars and users' archives can be stored", ("avatar-put", "archive-put")),
    Promise(
        "Uploads",
        "Mastodon can read back what it stored, for video and for archives",
        ("get", "get-range", "head-part"),
    ),
    Promise("Delivery", "A visitor can see an uploaded picture", ("public-get",)),
    Promise(
        "Delivery",
        "Avatars, custom emoji and copies from other servers are shown as well",
        ("public-get-avatar", "public-get-emoji"),
        ("public-get-cache",),
    ),
    Promise("Delivery", "Mastodon's pages allow the media host (Content-Security-Policy)", ("public-csp",)),
    Promise("Delivery", "The web interface may read media from the media host (CORS)", ("public-cors",)),
    Promise("Delivery", "Videos can be played and sought (ranges)", ("public-range",)),
    Promise("Delivery", "The link to a user's archive can be opened", ("presigned-get",)),
    Promise(
        "Privacy",
        "Nobody can list the bucket, nor its old versions and unfinished uploads",
        ("public-list", "public-versions"),
        ("public-list-alias", "public-uploads", "try-public-list"),
    ),
    Promise(
        "Privacy", "Nobody can read who may do what (policy, ACL)", ("public-policy",), ("public-acl", "try-public-acl")
    ),
    Promise(
        "Privacy",
        "Nobody else can write to the bucket or delete from it",
        ("public-write", "public-delete"),
        ("public-delete-origin",),
    ),
    Promise(
        "Privacy",
        "Nobody can open a user's archive without the link",
        ("archive-public-get",),
        ("archive-origin-get",),
    ),
    Promise("Privacy", "The link to a user's archive expires", ("presigned-expired",)),
    Promise(
        "Privacy",
        "The media of a suspended user disappears, and comes back",
        ("put-acl-private", "suspended-public-get", "put-acl-restore"),
        ("restored-public-get", "deleted-public-get"),
    ),
    Promise("Deletion", "A deleted file is gone", ("head", "delete"), ("deleted-public-get",)),
    Promise("Deletion", "Many files can be deleted at once", ("batch-delete",)),
    Promise("Deletion", "tootctl media remove-orphans can list the bucket", ("list",)),
    Promise("Resilience", "This machine's clock agrees with the storage's", ("clock",)),
    Promise("Cost", "An abandoned large upload leaves no paid parts behind", ("multipart-abort",)),
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
