"""A server's own commands, filled in with the bucket, the policies and the folders. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from s3probe.knowledge.policies import (
    MEDIA_FOLDERS,
    OBJECT_REASONS,
    below,
    bucket_arn,
    cors_rule,
    least_privilege,
    objects_arn,
    policy_document,
    public_policy,
)
from s3probe.knowledge.providers import ObjectAcl, Provider
from s3probe.settings.model import Settings
from s3probe.settings.urls import public_url

Statement = Mapping[str, object]

KEY = "KEY"
"""Stands for the access key id, which is never printed as it is."""

HOST = "HOST"
"""Stands for the host of media, where the file names none."""

_FILES = {"key_file": "mastodon-key.json", "media_file": "mastodon-media.json", "cors_file": "mastodon-cors.json"}
_EACH = re.compile(r"\{each ([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Documents:
    """The three documents as one server takes them."""

    key: Mapping[str, object]
    """The rights of the key, complete: an IAM policy."""
    media: Mapping[str, object]
    """The bucket policy, complete: what everyone may, and what the key may where it lives by this policy."""
    cors: Mapping[str, object]

    def of(self, placeholder: str) -> Mapping[str, object]:
        return {"key": self.key, "media": self.media, "cors": self.cors}[placeholder.partition("_")[0]]


def key_actions(settings: Settings, provider: Provider) -> tuple[str, ...]:
    """The rights on objects that Mastodon's key needs there."""
    unneeded = () if settings.acl is not None else ("s3:PutObjectAcl",)
    return tuple(action for action in OBJECT_REASONS if action not in (*unneeded, *provider.unknown_actions))


def documents(settings: Settings, provider: Provider, statements: Sequence[Statement] | None = None) -> Documents:
    """What ``s3probe policy`` prints. ``statements``: the bucket policy, where another one than the plain one."""
    bucket, prefix, region = settings.bucket_name, settings.key_prefix, settings.region
    actions = key_actions(settings, provider)
    if statements is None:
        own = own_statements(settings, provider)
        # where the ACL of each file opens it, a policy would show those of suspended users as well
        by_acl = own and provider.object_acl is ObjectAcl.YES and settings.acl not in (None, "private")
        statements = own if by_acl else (*own, public_policy(bucket, prefix, region))
    return Documents(
        least_privilege(bucket, prefix, acl="s3:PutObjectAcl" in actions, region=region),
        policy_document(*(dict(one) for one in statements)),
        cors_rule(),
    )


def own_statements(settings: Settings, provider: Provider) -> tuple[Statement, ...]:
    """What the key itself needs in the bucket policy, where a key may live by it; nothing elsewhere.

    On the bucket and on what is in it at once: some stores ask for the right to delete on the bucket as well.
    """
    if not provider.key_principal:
        return ()
    bucket, prefix, region = settings.bucket_name, settings.key_prefix, settings.region
    statement = {
        "Sid": "MastodonKey",
        "Effect": "Allow",
        "Principal": {"AWS": [provider.key_principal]},
        "Action": [*key_actions(settings, provider), "s3:ListBucket"],
        "Resource": [bucket_arn(bucket, region), objects_arn(bucket, prefix, region)],
    }
    return (statement,)


def recipe(settings: Settings, provider: Provider, topic: str, papers: Documents, *, alone: bool = True) -> str:
    """The server's own command for ``topic``, filled in; ``""`` where it has none.

    ``alone``: the command writes the files that it reads. Otherwise they are printed beside it.
    """
    template = provider.commands.get(topic, "")
    if not template:
        return ""
    writing = [
        f"echo {_quoted(papers.of(place))} >{name} && "
        for place, name in _FILES.items()
        if alone and f"{{{place}}}" in template
    ]
    for place, name in _FILES.items():
        template = template.replace(f"{{{place}}}", name)
    for place in ("key_policy", "media_policy", "cors_rule"):
        if f"{{{place}}}" in template:
            template = template.replace(f"{{{place}}}", _quoted(papers.of(place)))
    base = settings.key_prefix.strip("/")
    values = {
        "bucket": settings.bucket_name,
        "prefix": below(settings.key_prefix),
        "name": re.sub(r"[^A-Za-z0-9.-]+", "-", f"s3probe-{settings.bucket_name}-{base}").strip("-"),
        "endpoint": endpoint_option(settings),
        "host": _media_host(settings),
    }
    for place, value in values.items():
        template = template.replace(f"{{{place}}}", value)
    template = _EACH.sub(lambda found: ",".join(_each(found[1], values["prefix"])), template)
    return "".join(writing) + template


def _media_host(settings: Settings) -> str:
    """The host of media without its port: a name that a bucket can have."""
    if settings.alias_host is None:
        return HOST
    return urlsplit(public_url(settings, "")).hostname or HOST


def endpoint_option(settings: Settings) -> str:
    """``--endpoint-url …`` for the AWS command line, ``""`` for AWS itself."""
    return f" --endpoint-url {settings.endpoint}" if settings.endpoint else ""


def file_of(provider: Provider, topic: str) -> str:
    """The file that the command reads, which must be written before; ``""`` where it reads none."""
    template = provider.commands.get(topic, "")
    return next((name for place, name in _FILES.items() if f"{{{place}}}" in template), "")


def takes(provider: Provider, topic: str, document: str) -> bool:
    """Whether that document is of use there: the server's own command takes it, or there is no such command."""
    command = provider.commands.get(topic, "")
    return not command or f"{{{document}_" in command


def _each(pattern: str, prefix: str) -> Iterator[str]:
    return (pattern.replace("FOLDER", f"{prefix}{folder}") for folder in MEDIA_FOLDERS)


def _quoted(document: Mapping[str, object]) -> str:
    return shlex.quote(json.dumps(document, separators=(",", ":")))
