"""A provider's commands, filled in with the bucket, the policies and the folders. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from s3probe.knowledge.cors import cors_in
from s3probe.knowledge.policies import (
    MEDIA_FOLDERS,
    OBJECT_REASONS,
    below,
    bucket_arn,
    least_privilege,
    objects_arn,
    policy_document,
    public_policy,
)
from s3probe.knowledge.providers import Addressing, Cors, KeyRights, ObjectAcl, PolicySupport, Provider
from s3probe.knowledge.recognition import GENERIC
from s3probe.patterns import regex
from s3probe.records import dataclass
from s3probe.settings.model import Settings
from s3probe.settings.urls import public_url

Statement = Mapping[str, object]

KEY = "KEY"
"""Stands for the access key id, which is never printed as it is."""

HOST = "HOST"
"""Stands for the host of media, where the file names none."""

_WRITTEN = {"key": "mastodon-key.json", "media": "mastodon-media.json", "cors": "mastodon-cors.json"}
"""Files that a command writes itself: names that nobody has."""
_SAVED = {"key": "key-policy.json", "media": "policy.json", "cors": "cors.json"}
"""Files that a person saves what is printed in."""
_INLINE = {"key": "{key_policy}", "media": "{media_policy}", "cors": "{cors_rule}"}
_ASKED_BY = {"key": "iam", "media": "bucket", "cors": "cors"}
"""What ``s3probe policy`` calls each document."""
_EACH = regex(r"\{each ([^{}]+)\}")

_STANDARD = {
    "public_read": "aws s3api put-bucket-policy --bucket {bucket} --policy {media_policy}{endpoint}",
    "cors": "aws s3api put-bucket-cors --bucket {bucket} --cors-configuration {cors_rule}{endpoint}",
}
"""The S3 API's own, by the AWS command line, for who knows it and has no other."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The three documents as one server takes them."""

    key: Mapping[str, object]
    """The rights of the key, complete: an IAM policy."""
    media: Mapping[str, object]
    """The bucket policy, complete: what everyone may, and what the key may where it lives by this policy."""
    cors: object
    """The CORS rule, in the form of its command."""

    def of(self, name: str) -> object:
        return {"key": self.key, "media": self.media, "cors": self.cors}[name]


def key_actions(settings: Settings, provider: Provider) -> tuple[str, ...]:
    """The rights on objects that Mastodon's key needs there."""
    none_to_set = settings.acl is None or provider.object_acl is ObjectAcl.NO
    unneeded = ("s3:PutObjectAcl",) if none_to_set else ()
    return tuple(action for action in OBJECT_REASONS if action not in (*unneeded, *provider.unknown_actions))


def documents(settings: Settings, provider: Provider, statements: Sequence[Statement] | None = None) -> Documents:
    """What ``s3probe policy`` prints. ``statements``: the bucket policy, where another one than the plain one."""
    bucket, prefix, region = settings.bucket_name, settings.key_prefix, settings.region
    actions = key_actions(settings, provider)
    if statements is None:
        own = own_statements(settings, provider)
        # where the ACL of each file opens it, a policy would show those of suspended users as well
        needs_policy = provider.key_rights is KeyRights.BUCKET
        by_acl = needs_policy and provider.object_acl is ObjectAcl.YES and settings.acl not in (None, "private")
        statements = own if by_acl else (*own, public_policy(bucket, prefix, region, provider.arn))
    return Documents(
        least_privilege(bucket, prefix, acl="s3:PutObjectAcl" in actions, region=region, arn=provider.arn),
        bucket_policy(provider, statements),
        cors_in(provider.cors_form, provider.cors_headers),
    )


def bucket_policy(provider: Provider, statements: Sequence[Statement]) -> dict[str, object]:
    """A whole bucket policy, in the version that this provider wants."""
    return policy_document(*(dict(one) for one in statements), version=provider.policy_version)


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
        "Principal": {provider.principal_kind: [provider.key_principal]},
        "Action": [*key_actions(settings, provider), "s3:ListBucket"],
        "Resource": [bucket_arn(bucket, region, provider.arn), objects_arn(bucket, prefix, region, provider.arn)],
    }
    return (statement,)


def recipe(
    settings: Settings, provider: Provider, topic: str, papers: Documents, *, alone: bool = True, name: str = ""
) -> str:
    """The provider's command for ``topic``, filled in; ``""`` where it has none.

    ``alone``: the command holds or writes what it reads; otherwise that is printed beside it, and saved by a person.
    ``name``: what stands behind the name of a policy, which replaces the one of that name.
    """
    template = provider.commands.get(topic, "")
    return filled(settings, template, papers, alone=alone, name=name)


def standard(settings: Settings, provider: Provider, topic: str, papers: Documents, *, alone: bool = True) -> str:
    """The S3 API's own command, where this provider takes it or nobody knows; ``""`` where it does not."""
    template = _STANDARD.get(topic, "") if topic in standard_topics(provider) else ""
    return addressed(provider, filled(settings, template, papers, alone=alone))


_IN_THE_HOST = "aws configure set default.s3.addressing_style virtual"
"""The AWS command line puts the bucket into the path of every other endpoint than Amazon's (measured, 1.46)."""


def addressed(provider: Provider, command: str) -> str:
    """A command of the AWS command line, with what it needs where the bucket has to stand in the host."""
    in_the_host = provider.addressing is Addressing.VIRTUAL_HOST
    return f"{_IN_THE_HOST} && {command}" if in_the_host and command else command


def standard_topics(provider: Provider) -> tuple[str, ...]:
    """For what the S3 API's own command is of use there, as far as is known.

    Of policies nothing is printed for a provider that may have none, or another form of them.
    """
    unknown = provider.id == GENERIC and provider.bucket_policy is PolicySupport.UNKNOWN
    policies = provider.bucket_policy is PolicySupport.YES or unknown
    rules = provider.cors in (Cors.S3, Cors.UNKNOWN)
    return (*(("public_read",) if policies else ()), *(("cors",) if rules else ()))


def filled(settings: Settings, template: str, papers: Documents, *, alone: bool = True, name: str = "") -> str:
    """A template of ``providers.toml`` with this user's values."""
    writing = ""
    for paper, place in _INLINE.items():
        file = f"{{{paper}_file}}"
        if alone and file in template:
            writing += f"echo {_quoted(papers.of(paper))} >{_WRITTEN[paper]} && "
        template = template.replace(file, (_WRITTEN if alone else _SAVED)[paper])
        if place in template:
            template = template.replace(place, _quoted(papers.of(paper)) if alone else f"file://{_SAVED[paper]}")
    base = settings.key_prefix.strip("/")
    own = "-".join(filter(None, ("s3probe", settings.bucket_name, base, name)))
    values = {
        "bucket": settings.bucket_name,
        "prefix": below(settings.key_prefix),
        "name": re.sub(r"[^A-Za-z0-9.-]+", "-", own).strip("-"),
        "endpoint": endpoint_option(settings),
        "region": settings.region,
        "host": _media_host(settings),
        "jurisdiction": _jurisdiction(settings),
        "no_acls": "true" if settings.acl in (None, "private") else "false",
    }
    for place, value in values.items():
        template = template.replace(f"{{{place}}}", value)
    return writing + _EACH.sub(lambda found: ",".join(_each(found[1], values["prefix"])), template)


def command_at(provider: Provider, topic: str) -> str:
    """The template of the provider's own command for that, or of the S3 API's where this provider is known to take it.

    ``media_policy`` is public reading where that is a whole bucket policy. ``""``: there is no such command.
    """
    at = "public_read" if topic == "media_policy" else topic
    own = provider.commands.get(at, "")
    if topic == "media_policy" and own and document_of(own) != "media":
        return ""
    takes_policies = at == "public_read" and provider.bucket_policy is PolicySupport.YES
    return own or (_STANDARD[at] if takes_policies and at not in provider.console else "")


def note_at(provider: Provider, topic: str) -> str:
    """What must be known to run that command."""
    opens = topic in ("public_read", "media_policy")
    own = provider.notes.get("public_read" if opens else topic, "")
    # such a policy names the key as well
    return own or (provider.notes.get("policy", "") if opens and provider.key_principal else "")


def in_short(template: str) -> str:
    """A command for a bucket that is not known; ``s3probe policy`` prints what it sets."""
    writing = ""
    for paper, place in _INLINE.items():
        file, printed = f"{{{paper}_file}}", f"s3probe policy {_ASKED_BY[paper]}"
        if file in template:
            writing += f"{printed} >{_WRITTEN[paper]} && "
        template = template.replace(file, _WRITTEN[paper]).replace(place, f'"$({printed})"')
    values = {"bucket": "BUCKET", "prefix": "", "name": "s3probe-BUCKET", "host": HOST, "region": "REGION"}
    values |= {"endpoint": " --endpoint-url S3_ENDPOINT", "jurisdiction": "", "no_acls": "true"}
    for place, value in values.items():
        template = template.replace(f"{{{place}}}", value)
    return writing + _EACH.sub(lambda found: ",".join(_each(found[1], "")), template)


def unblocking(settings: Settings, provider: Provider) -> str:
    """What comes before a public policy: the provider's own command that no longer refuses one; else ``""``."""
    return filled(settings, provider.commands.get("unblock", ""), documents(settings, provider))


def _jurisdiction(settings: Settings) -> str:
    """R2's option for buckets that stay in one part of the world, as the endpoint's name tells; else ``""``."""
    found = re.search(r"\.(eu|fedramp)\.r2\.cloudflarestorage\.com$", urlsplit(settings.api_base).hostname or "")
    return f" --jurisdiction {found[1]}" if found else ""


def _media_host(settings: Settings) -> str:
    """The host of media without its port: a name that a bucket can have."""
    if settings.alias_host is None:
        return HOST
    return urlsplit(public_url(settings, "")).hostname or HOST


def endpoint_option(settings: Settings) -> str:
    """``--endpoint-url …`` for the AWS command line, ``""`` for AWS itself."""
    return f" --endpoint-url {settings.endpoint}" if settings.endpoint else ""


def document_of(template: str) -> str:
    """Which document a command takes: ``key``, ``media`` or ``cors``; ``""`` for none."""
    return next((name for name in _INLINE if f"{{{name}_" in template), "")


def saved_as(paper: str) -> str:
    """The file that a command reads that document from, when a person saves it."""
    return _SAVED[paper]


def _each(pattern: str, prefix: str) -> Iterator[str]:
    return (pattern.replace("FOLDER", f"{prefix}{folder}") for folder in MEDIA_FOLDERS)


def _quoted(document: object) -> str:
    return shlex.quote(json.dumps(document, separators=(",", ":")))
