"""Files that were in the bucket before: which of them a visitor may be asked to look at. No key of theirs is kept.

Site uploads, preview cards and custom emoji alone: media and avatars of suspended users are rightly hidden.
"""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.knowledge.policies import below
from s3probe.probe.exchange import Answer
from s3probe.probe.xml import is_truncated, list_keys
from s3probe.records import dataclass
from s3probe.settings.keys import CARDS, EMOJI, REMOTE_CARDS, SITE
from s3probe.settings.model import Settings

OLD_CLASSES = (REMOTE_CARDS, EMOJI, CARDS, SITE)
"""Where they lie, the likeliest to be old first: a logo may be new.

Preview cards lie in :data:`CARDS` where they are older than Mastodon 3.2, and below ``cache/`` since.
"""
MOST = 2
"""Files of one folder: the first that is listed is an old one, as ids grow; the last may be of another day."""
_OURS = "/s3probe/"


@dataclass(frozen=True, slots=True, repr=False)
class OldKeys:
    """Keys by the path of their class, as far as one listing shows them."""

    keys: tuple[tuple[str, tuple[str, ...]], ...]
    truncated: bool

    def of(self, class_path: str) -> tuple[str, ...]:
        return next((keys for name, keys in self.keys if name == class_path), ())


def folder_of(settings: Settings, class_path: str) -> str:
    """``social/site_uploads/`` with the prefix ``social``."""
    return f"{below(settings.key_prefix)}{class_path.rpartition('/')[0]}/"


def listed_from(settings: Settings) -> str:
    """After this the bucket is listed: the files of :data:`OLD_CLASSES` then come in their order, others between."""
    return folder_of(settings, REMOTE_CARDS)


def old_keys(settings: Settings, answer: Answer) -> OldKeys:
    """What the answer to a listing shows of them."""
    keys = list_keys(answer.body)
    found = ((name, chosen(keys, folder_of(settings, name))) for name in OLD_CLASSES)
    return OldKeys(tuple(found), is_truncated(answer.body))


def chosen(keys: Iterable[str], folder: str) -> tuple[str, ...]:
    """At most :data:`MOST` of a folder: the first and the last. Neither ours, nor what stands for a folder."""
    there = [key for key in keys if key.startswith(folder) and not key.endswith("/") and _OURS not in key]
    return tuple(dict.fromkeys((*there[:1], *there[-1:])))[:MOST]
