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
CARDS = "preview_cards/images"
PROVIDERS = "preview_card_providers/icons"
SITE = "site_uploads/files"
HEADERS = "accounts/headers"
THUMBNAILS = "media_attachments/thumbnails"
REMOTE_AVATARS = "cache/accounts/avatars"
REMOTE_CARDS = "cache/preview_cards/images"
ARCHIVES = "backups/dumps"
OTHERS = (SITE, CARDS, PROVIDERS, HEADERS, THUMBNAILS, REMOTE_AVATARS)
"""What a usual run does not write to: a key, a policy or a proxy that shuts one of them shuts it alone."""


def folder_name(class_path: str) -> str:
    """``site_uploads``; ``accounts/headers`` where a usual run looks into ``accounts/`` already."""
    top, _, rest = class_path.partition("/")
    if top == "cache":
        return f"{top}/{rest.partition('/')[0]}"
    return class_path if top in ("accounts", "media_attachments") else top


_ENDLESS = ("s3_alias_url", "s3_path_url", "s3_domain_url", "asset_host")
"""What kt-paperclip makes of a key in its turn."""
_ROOT = "/opt/mastodon"
"""Mastodon's folder in its own image; elsewhere another one."""


def object_key(
    settings: Settings, model: str, attachment: str, record: int, style: str, filename: str, *, remote: bool = False
) -> str:
    """The key of one file of one record: ``[prefix/][cache/]media_attachments/files/109/876/543/original/name.jpg``.

    ``model`` and ``attachment`` are plural (``custom_emojis``, ``images``). ``remote``: a copy from another server.
    """
    partition = _id_partition(record)
    cache = "cache/" if remote else ""
    path = f"{model}/{attachment}/{partition}/{style}/{filename}"
    tokens = _tokens(model, attachment, filename) | {
        "id_partition": partition,
        "id": str(record),
        "param": str(record),
        "style": style,
        "prefix_path": cache,
        "prefix_url": cache,
    }
    return _join(settings, cache + path, tokens, f"/system/{path}")


def probe_key(settings: Settings, class_path: str, run_id: str, name: str) -> str:
    """The key of one of s3probe's own objects: ``[prefix/]media_attachments/files/s3probe/<run id>/<name>``.

    ``class_path`` is one of this module's constants, so that rights and rules given by prefix apply as they
    do to Mastodon's files.
    """
    cache, _, rest = class_path.rpartition("cache/")
    del cache
    model, _, attachment = rest.partition("/")
    path = f"s3probe/{run_id}/{name}"
    return _join(
        settings, f"{class_path}/{path}", _tokens(model, attachment or "files", name), f"/system/{rest}/{path}"
    )


def interpolations(text: str) -> tuple[str, ...]:
    """What kt-paperclip replaces in a prefix (``:class``), as it stands there."""
    names = sorted((*_tokens("", "", ""), *_ENDLESS, "url", "hash"), reverse=True)
    return tuple(found[0] for found in re.finditer(f":(?:{'|'.join(names)})", text))


def key_error(settings: Settings) -> tuple[str, str] | None:
    """The exception that every key raises because of an interpolation in the prefix: its class and message."""
    names = [name[1:] for name in interpolations(settings.key_prefix)]
    if any(name in _ENDLESS for name in names):
        return "SystemStackError", "stack level too deep"
    if "url" in names and (settings.endpoint is not None or settings.alias_host is not None):
        return "Paperclip::Errors::InfiniteInterpolationError", "Paperclip::Errors::InfiniteInterpolationError"
    return ("ArgumentError", "Unable to generate hash without :hash_secret") if "hash" in names else None


def _tokens(model: str, attachment: str, filename: str) -> dict[str, str]:
    """What stands for each interpolation; where only a record knows it, something of the same form."""
    basename, dot, extension = filename.rpartition(".")
    return {
        "class": model,
        "attachment": attachment,
        "filename": filename,
        "basename": basename or filename,
        "extension": extension if dot else "",
        "dotextension": f".{extension}" if dot else "",
        "content_type_extension": {"jpg": "jpeg"}.get(extension, extension),
        "id_partition": "000/000/000",
        "id": "0",
        "param": "0",
        "style": "original",
        "prefix_path": "",
        "prefix_url": "",
        "fingerprint": "",
        "timestamp": "1970-01-01 00:00:00 UTC",
        "updated_at": "0",
        "rails_root": _ROOT,
        "rails_env": "production",
    }


def _join(settings: Settings, path: str, tokens: dict[str, str], url: str) -> str:
    if settings.storage != "s3":
        root = settings.environment.get("PAPERCLIP_ROOT_PATH")
        return f"{'public/system' if root is None else root}/{path}".removeprefix("/")
    # first of all kt-paperclip's default URL, and then the longer of two names with the same start
    prefix = settings.key_prefix if key_error(settings) else settings.key_prefix.replace(":url", url)
    for token in sorted(tokens, reverse=True):
        prefix = prefix.replace(f":{token}", tokens[token])
    return f"{prefix}/{path}".removeprefix("/")


def _id_partition(record: int) -> str:
    """Groups of three digits; what does not fill a group falls off, as in kt-paperclip."""
    digits = f"{record:09d}" if record < 1_000_000_000 else f"{record:012d}"
    return "/".join(re.findall(r"\d{3}", digits))
