"""The mark by which keys of s3probe's own are known: ``…/s3probe/<run id>/<name>`` below the folders it writes to."""

from __future__ import annotations

import re

from s3probe.probe.own_files import FOLDERS
from s3probe.probe.tools import ALPHABET, RUN_ID_LENGTH
from s3probe.records import replace
from s3probe.settings.mastodon import probe_key
from s3probe.settings.model import Settings


def marked_folders(settings: Settings) -> tuple[str, ...]:
    """Where marked keys can be; also at the top of the bucket, where a probe asks whether the prefix matters."""
    both = (settings, replace(settings, key_prefix=""))
    keys = (probe_key(each, class_path, "", "") for each in both for class_path in FOLDERS)
    return tuple(dict.fromkeys(key.removesuffix("/") for key in keys))


def is_marked(settings: Settings, key: str) -> bool:
    """Whether a run under these settings may have made ``key``, and nobody else."""
    rest = f"[{ALPHABET}]{{{RUN_ID_LENGTH}}}/[a-zA-Z0-9.-]+"
    return any(re.fullmatch(re.escape(folder) + rest, key) for folder in marked_folders(settings))
