"""The keys of Mastodon's objects, and those of s3probe's own under the same prefixes.

Sources: Mastodon ``config/initializers/paperclip.rb``, kt-paperclip ``interpolations.rb``.
"""

from __future__ import annotations

import re

from s3probe.settings.model import Settings

MEDIA = "media_attachments/files"
REMOTE_MEDIA = "cache/media_attachments/files"
AVATARS = "accounts/avatars"
EMOJI = "custom_emojis/images"
ARCHIVES = "backups/dumps"


def object_key(
    settings: Settings, model: str, attachment: str, record: int, style: str, filename: str, *, remote: bool = False
) -> str:
    """The key of one file of one record: ``[prefix/][cache/]media_attachments/files/109/876/543/original/name.jpg``.

    ``model`` and ``attachment`` are plural (``custom_emojis``, ``images``). ``remote``: a copy from another server.
    """
    partition = _id_partition(record)
    cache = "cache/" if remote else ""
    basename, _, extension = filename.rpartition(".")
    path = f"{cache}{model}/{attachment}/{partition}/{style}/{filename}"
    tokens = {
        "class": model,
        "attachment": attachment,
        "id_partition": partition,
        "id": str(record),
        "style": style,
        "filename": filename,
        "basename": basename or filename,
        "extension": extension if basename else "",
        "prefix_path": cache,
        "prefix_url": cache,
    }
    return _join(settings, path, tokens)


def probe_key(settings: Settings, class_path: str, run_id: str, name: str) -> str:
    """The key of one of s3probe's own objects: ``[prefix/]media_attachments/files/s3probe/<run id>/<name>``.

    ``class_path`` is one of this module's constants, so that rights and rules given by prefix apply as they
    do to Mastodon's files.
    """
    cache, _, rest = class_path.rpartition("cache/")
    del cache
    model, _, attachment = rest.partition("/")
    tokens = {"class": model, "attachment": attachment or "files", "prefix_path": "", "prefix_url": ""}
    return _join(settings, f"{class_path}/s3probe/{run_id}/{name}", tokens)


def _join(settings: Settings, path: str, tokens: dict[str, str]) -> str:
    if settings.storage != "s3":
        root = settings.environment.get("PAPERCLIP_ROOT_PATH")
        return f"{'public/system' if root is None else root}/{path}".removeprefix("/")
    if not settings.key_prefix:
        return path
    prefix = settings.key_prefix
    # kt-paperclip replaces the longer of two names with the same start first
    for token in sorted(tokens, reverse=True):
        prefix = prefix.replace(f":{token}", tokens[token])
    return f"{prefix}/{path}"


def _id_partition(record: int) -> str:
    """Groups of three digits; what does not fill a group falls off, as in kt-paperclip."""
    digits = f"{record:09d}" if record < 1_000_000_000 else f"{record:012d}"
    return "/".join(re.findall(r"\d{3}", digits))
