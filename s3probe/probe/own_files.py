"""Every file of s3probe's own: the table of which a run mints its keys, and which ``check --plan`` shows beforehand.

Nothing else may get a key (``Session.mint``): what is not in this table is neither written nor named to anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.vocabulary import (
    ACL_EXPERIMENTS,
    ActionId,
    Experiment,
    ObservationId,
)
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.probe.payload import archive, picture
from s3probe.records import dataclass
from s3probe.settings.keys import (
    ARCHIVES,
    AVATARS,
    CARDS,
    EMOJI,
    MEDIA,
    OTHERS,
    PROVIDERS,
    REMOTE_CARDS,
    REMOTE_MEDIA,
    SITE,
)
from s3probe.settings.model import Settings

FOLDERS = (MEDIA, AVATARS, EMOJI, ARCHIVES, REMOTE_MEDIA, REMOTE_CARDS, *OTHERS)
"""Every folder in which a file of ours may be."""
PICTURE, VIDEO, ARCHIVE = "image/png", "video/mp4", "application/zip"


class Fate(StrEnum):
    """What a run does with a file of ours before it is removed."""

    STORED = "stored"  # uploaded with the key pair
    BEGUN = "begun"  # an upload in parts is begun with the key pair, and abandoned
    TRIED = "tried by a stranger"  # sent without a key: a closed bucket refuses it
    REFUSED = "sent to be refused"  # no storage can make anything of it
    NAMED = "only named"  # read or deleted, and never sent


class AclOf(StrEnum):
    """Which canned ACL goes with an upload."""

    MEDIA = "media"  # that of S3_PERMISSION
    ARCHIVES = "archives"  # private, where Mastodon sends any
    NOBODY = "nobody"  # none


Applies = Callable[[Settings, bool], bool]
"""Whether settings leave any use for a file; and whether the run is a thorough one."""


def _always(_settings: Settings, _thorough: bool) -> bool:
    return True


def _sends_acls(settings: Settings, _thorough: bool) -> bool:
    return settings.acl is not None


def _opened_by_policy(settings: Settings, _thorough: bool) -> bool:
    return settings.acl in (None, "private")


def _has_prefix(settings: Settings, _thorough: bool) -> bool:
    return bool(settings.key_prefix.strip("/"))


def at_ones_own(settings: Settings, thorough: bool) -> bool:
    """At a storage that one may run oneself; at a provider's a thorough run alone asks that."""
    return thorough or not has_own_hosts(settings.api_base)


def behind_a_proxy(settings: Settings, _thorough: bool) -> bool:
    return proxy_stands_before(settings)


def _thorough_alone(_settings: Settings, thorough: bool) -> bool:
    return thorough


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file, by its folder and name. Its key is ``[prefix/]folder/s3probe/<run id>/name``."""

    name: str
    class_path: str = MEDIA
    fate: Fate = Fate.STORED
    acl: AclOf | str = AclOf.NOBODY
    """Whose ACL goes with it, or that very one."""
    within: tuple[ObservationId, ...] = ()
    """The actions that take it; without one every action that needs a file."""
    when: str = ""
    """The rule under which it is made, where a run in which nothing fails does without it."""
    kind: str = PICTURE
    """Its content type."""
    applies: Applies = _always
    canary: bool = False
    """Whether a quick run makes it, and no other."""
    foundation: bool = False
    """Whether it may be sent as long as the key pair is in doubt, even where nothing is asked for that needs a file."""
    prefixed: bool = True
    """Whether the key has the prefix of ``S3_KEY_PREFIX``."""
    hidden_and_shown: bool = False
    """Whether its ACL is then set to private, and back."""

    def body(self, run_id: str) -> bytes:
        """What is in it: a picture (videos hold one too) or an empty archive, other bytes in each run."""
        mark = f"{run_id}/{self.name}"
        return archive(mark) if self.kind == ARCHIVE else picture(mark)

    def acl_under(self, settings: Settings) -> str | None:
        """The canned ACL that goes with it; ``None``: none is sent."""
        if self.acl is AclOf.MEDIA:
            return settings.acl
        if self.acl is AclOf.ARCHIVES:
            return settings.archive_acl
        return None if self.acl is AclOf.NOBODY else str(self.acl)


def _trial(experiment: Experiment) -> OwnFile:
    why = "where the plain upload is rejected, whoever asks: with one header of Mastodon's less, or another"
    return OwnFile(f"{experiment}.png", when=why)


CANARY = OwnFile("canary.png", acl=AclOf.MEDIA, canary=True)
WITH_ACL = OwnFile("with-acl.png", acl=AclOf.MEDIA, applies=_sends_acls, hidden_and_shown=True)
WITHOUT_ACL = OwnFile("without-acl.png", hidden_and_shown=True)
AVATAR = OwnFile("avatar.png", AVATARS, acl=AclOf.MEDIA, within=(ActionId.AVATAR_PUT, ActionId.PUBLIC_GET_AVATAR))
COPIED = OwnFile("copied.png", EMOJI, acl=AclOf.MEDIA, within=(Experiment.COPY,))
FINISHED = OwnFile(
    "finished.mp4",
    REMOTE_MEDIA,
    acl=AclOf.MEDIA,
    within=(ActionId.MULTIPART_CREATE, ActionId.MULTIPART_PART, ActionId.MULTIPART_COMPLETE),
    kind=VIDEO,
)
ABANDONED = OwnFile("abandoned.mp4", fate=Fate.BEGUN, acl=AclOf.MEDIA, within=(ActionId.MULTIPART_ABORT,), kind=VIDEO)
OWN_ARCHIVE = OwnFile("archive.zip", ARCHIVES, acl=AclOf.ARCHIVES, within=(ActionId.ARCHIVE_PUT,), kind=ARCHIVE)

_REFUSED = "where an upload with Mastodon's ACL is refused and one without is taken"
_REFUSED_OR_HIDDEN = (
    "where an upload with Mastodon's ACL is refused and one without is taken, or where a visitor cannot see a picture"
    " without an ACL"
)
LADDER = {
    acl: OwnFile(
        f"acl-{acl}.png",
        acl=acl,
        within=(ActionId.PUT_WITH_ACL, ActionId.PUBLIC_GET) if acl == "public-read" else (ActionId.PUT_WITH_ACL,),
        when=_REFUSED_OR_HIDDEN if acl == "public-read" else _REFUSED,
    )
    for acl in ACL_EXPERIMENTS
}
"""By the ACL that it goes up with."""
HEADER_TRIALS: Mapping[ObservationId, OwnFile] = {
    experiment: _trial(experiment)
    for experiment in (
        Experiment.PUT_WITH_CHECKSUM,
        Experiment.PUT_NO_CHECKSUM,
        Experiment.PUT_NO_STORAGE_CLASS,
        Experiment.PUT_NO_CACHE_CONTROL,
        Experiment.PUT_LEGACY,
    )
}
"""By the experiment that uploads it."""
_SPOILT = "where a change of its ACL has spoilt a file"
PLAIN_AGAIN = OwnFile("plain-again.png", within=(ActionId.PUT_ACL_RESTORE,), when=_SPOILT, applies=_sends_acls)
EMOJI_FILE = OwnFile(
    "emoji.png",
    EMOJI,
    acl=AclOf.MEDIA,
    within=(ActionId.PUBLIC_GET_EMOJI,),
    when="where the copy of a picture is refused, or not shown",
)
UNASKED = OwnFile(
    "unasked.mp4",
    REMOTE_MEDIA,
    acl=AclOf.MEDIA,
    within=(ActionId.PUBLIC_GET_CACHE,),
    when="where the public host does not show a file that it was asked for before it was there",
    kind=VIDEO,
)
UNANNOUNCED = OwnFile(
    "unannounced.png",
    within=(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    when="where an upload waits a second or longer, gets no answer, or is answered 417",
)
NEXT_RELEASE = OwnFile(
    "next-release.png",
    acl=AclOf.MEDIA,
    within=(Experiment.PUT_NEXT_RELEASE,),
    when="where this Mastodon is older than 4.4.16 / 4.5.9: as newer releases upload",
)
WITHOUT_PREFIX = OwnFile(
    "without-prefix.png",
    acl=AclOf.MEDIA,
    within=(ActionId.PUT_WITHOUT_ACL, ActionId.PUBLIC_GET),
    when="where an upload is refused, or a visitor cannot see the picture",
    applies=_has_prefix,
    prefixed=False,
)
_DELETED = (ActionId.PUBLIC_DELETE, ActionId.PUBLIC_DELETE_ORIGIN)
_OPEN = "where a stranger's deletion of a file that never was is answered as if it was done"
THERE = {
    ActionId.PUBLIC_DELETE: OwnFile("public-delete-there.png", acl=AclOf.MEDIA, within=_DELETED, when=_OPEN),
    ActionId.PUBLIC_DELETE_ORIGIN: OwnFile(
        "public-delete-origin-there.png",
        acl=AclOf.MEDIA,
        within=_DELETED,
        when=_OPEN,
        applies=behind_a_proxy,
    ),
}
"""By the action after which it is uploaded: is it gone when a stranger has deleted it?"""


def _in_folder(class_path: str) -> OwnFile:
    name = f"{class_path.replace('/', '-').replace('_', '-')}.png"
    closed = "where a file that was in this folder before is not shown"
    if class_path not in OTHERS:
        return OwnFile(name, class_path, acl=AclOf.MEDIA, within=(ActionId.PUBLIC_OLD,), when=closed)
    if class_path not in (CARDS, SITE):
        return OwnFile(name, class_path, acl=AclOf.MEDIA, within=(ActionId.PUBLIC_FOLDERS,), applies=_thorough_alone)
    both = (ActionId.PUBLIC_FOLDERS, ActionId.PUBLIC_OLD)
    return OwnFile(name, class_path, acl=AclOf.MEDIA, within=both, when=f"in a thorough run, and {closed}")


IN_FOLDER = {path: _in_folder(path) for path in (*OTHERS, EMOJI, REMOTE_CARDS)}
"""By the folder that is tried with it."""

_STRANGER = (ActionId.PUBLIC_WRITE,)
ANONYMOUS = OwnFile("anonymous.png", fate=Fate.TRIED, within=_STRANGER)
WRITTEN_TO = (REMOTE_MEDIA, AVATARS, EMOJI, SITE, CARDS, PROVIDERS, ARCHIVES)
"""Folders that are tried beside ``media_attachments/``, in this order and as many as fit."""
ANONYMOUS_IN = {
    path: OwnFile(
        "anonymous.png",
        path,
        Fate.TRIED,
        within=_STRANGER,
        when="where this folder does not refuse a stranger's part of an upload that nobody began",
        applies=at_ones_own,
    )
    for path in WRITTEN_TO
}
PART_OF_NOTHING = {
    path: OwnFile("part-of-nothing.png", path, Fate.TRIED, within=_STRANGER, applies=at_ones_own) for path in WRITTEN_TO
}
"""By folder: a stranger's part of an upload that nobody has begun."""
ANNOUNCED = OwnFile("announced.png", fate=Fate.REFUSED, within=(Experiment.ANNOUNCED,), applies=at_ones_own)
FORMS: Mapping[ObservationId, OwnFile] = {
    experiment: OwnFile(
        f"{experiment}.png",
        fate=Fate.REFUSED,
        when="where the key pair is refused, and a proxy may have changed what was signed",
        foundation=True,
        applies=lambda settings, _thorough: not has_own_hosts(settings.api_base),
    )
    for experiment in (Experiment.FORM, Experiment.FORM_WRONG_SECRET)
}
"""By the experiment that sends it: a browser's upload that its own policy forbids."""

DELETED_BY_A_STRANGER = {
    action: OwnFile(f"{action}.png", fate=Fate.NAMED, within=_DELETED, applies=applies)
    for action, applies in ((ActionId.PUBLIC_DELETE, _always), (ActionId.PUBLIC_DELETE_ORIGIN, behind_a_proxy))
}
BATCH_OF_A_STRANGER = {
    path: OwnFile(
        "anonymous-batch.bin", path, Fate.NAMED, within=(Experiment.PUBLIC_DELETE_FOLDERS,), applies=at_ones_own
    )
    for path in FOLDERS
}
NEVER_BEGUN = OwnFile(
    "never-begun.mp4",
    fate=Fate.NAMED,
    within=(ActionId.MULTIPART_ABORT,),
    when="where no large upload can be begun: whether one may be abandoned",
    kind=VIDEO,
)
NEVER_WRITTEN = OwnFile(
    "never-written.zip",
    ARCHIVES,
    Fate.NAMED,
    within=(ActionId.GET,),
    when="where no file can be uploaded: whether one may be read",
    kind=ARCHIVE,
)
NOTHING_TO_DELETE = OwnFile(
    "never-written-2.png",
    fate=Fate.NAMED,
    within=(ActionId.DELETE,),
    when="where no file can be uploaded: whether one may be deleted",
)
NOTHING_TO_BATCH = OwnFile(
    "never-written-3.png",
    fate=Fate.NAMED,
    within=(ActionId.BATCH_DELETE,),
    when="where nothing is left to be deleted: whether many may be",
)
NO_VERSION = OwnFile(
    "never-written-4.png",
    fate=Fate.NAMED,
    within=(Experiment.DELETE_VERSION,),
    when="where the key may not list the bucket: whether it may name versions",
)
NOBODYS = {
    path: OwnFile(
        "nobodys-file.png",
        path,
        Fate.NAMED,
        within=(ActionId.PUBLIC_GET,),
        when="at storages that tell a visitor that there is no such file: whether he may read in this folder",
        applies=_opened_by_policy,
    )
    for path in (SITE, CARDS, MEDIA)
}
"""By folder: a visitor asks for it."""

ALL = (
    *(CANARY, WITH_ACL, WITHOUT_ACL, AVATAR, COPIED, FINISHED, ABANDONED, OWN_ARCHIVE),
    *(*LADDER.values(), *HEADER_TRIALS.values(), PLAIN_AGAIN, EMOJI_FILE, UNASKED, UNANNOUNCED),
    *(NEXT_RELEASE, WITHOUT_PREFIX, *THERE.values(), *IN_FOLDER.values()),
    *(ANONYMOUS, *ANONYMOUS_IN.values(), *PART_OF_NOTHING.values(), ANNOUNCED, *FORMS.values()),
    *(*DELETED_BY_A_STRANGER.values(), *BATCH_OF_A_STRANGER.values(), NEVER_BEGUN, NEVER_WRITTEN),
    *(NOTHING_TO_DELETE, NOTHING_TO_BATCH, NO_VERSION, *NOBODYS.values()),
)
"""The whole table."""
