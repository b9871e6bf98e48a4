"""``s3probe policy``: policies and CORS rule for exactly these settings, ready to paste."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.sources import env_files, load_settings

if TYPE_CHECKING:
    from s3probe.settings.model import Settings


def run(args: Namespace, console: Console) -> int:
    """Prints the three documents, as text with reasons or as one JSON object."""
    settings = load_settings(env_files(args)[0], args, console)
    if not settings.bucket_name:
        raise UsageError("S3_BUCKET is not set, and a policy needs the bucket's name", "Set it, then run this again.")
    documents = policies(settings)
    if args.format == "json":
        console.result(json.dumps(documents, indent=2) + "\n", args.output)
    else:
        console.result("\n".join(_text(settings, documents)) + "\n", args.output)
    return 0


def policies(settings: Settings) -> dict[str, object]:
    """``iam_policy`` for Mastodon's key, ``bucket_policy`` for the public, ``cors`` for browsers."""
    from s3probe.knowledge.policies import cors_rule, least_privilege, policy_document, public_policy

    bucket, prefix, region = settings.bucket_name, settings.key_prefix, settings.region
    return {
        "iam_policy": least_privilege(bucket, prefix, acl=settings.acl is not None, region=region),
        "bucket_policy": policy_document(public_policy(bucket, prefix, region)),
        "cors": cors_rule(),
    }


def _text(settings: Settings, documents: dict[str, object]) -> Iterator[str]:
    from s3probe.knowledge.policies import BUCKET_REASONS, OBJECT_REASONS

    sends_acl = settings.acl is not None
    yield "IAM policy for Mastodon's key: all it needs, and nothing more."
    yield ""
    for action, reason in (OBJECT_REASONS | BUCKET_REASONS).items():
        if sends_acl or action != "s3:PutObjectAcl":
            yield f"  {action:<24} {reason}"
    yield ""
    yield from _block(documents["iam_policy"])
    yield from _way(settings, "policy")
    yield "Bucket policy: everyone may read media, nobody may list the bucket or read archives in backups/."
    if sends_acl:
        yield f"Not needed while uploads carry the ACL {settings.acl} and the bucket honours it."
    yield ""
    yield from _block(documents["bucket_policy"])
    yield from _way(settings, "public_read")
    yield "CORS rule: the web interface and apps in the browser may read media."
    yield ""
    yield from _block(documents["cors"])
    yield from _way(settings, "cors")


def _way(settings: Settings, topic: str) -> Iterator[str]:
    """Where this is set at the provider that the endpoint's host names."""
    from s3probe.knowledge.providers import GENERIC, detect

    provider = detect(settings.api_base)
    command = provider.commands.get(topic, "").replace("{bucket}", settings.bucket_name)
    way = command or provider.console.get(topic, "")
    if way and provider.id != GENERIC:
        yield f"At {provider.name}: {way}"
        yield ""


def _block(document: object) -> Iterator[str]:
    yield from json.dumps(document, indent=2).splitlines()
    yield ""
