"""Versity's gateway as it is recorded: an account of role ``user`` owns the bucket, and lives by its policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s3probe.knowledge.policies import MEDIA_FOLDERS
from tests.lab.configurations import BUCKET, Configuration, Lines, policy, statement, wrong_values
from tests.real.servers import Versity

RIGHTS = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket")
USER = "mastodon"


class RecordedVersity(Versity):
    """The same under the name that its recordings have."""

    name = "versity"


Prepare = Callable[[RecordedVersity], Lines]


def _lines(server: RecordedVersity, **more: str | None) -> Lines:
    pair = server.key(USER)
    return {"S3_PERMISSION": "", "AWS_ACCESS_KEY_ID": pair.id, "AWS_SECRET_ACCESS_KEY": pair.secret, **more}


def _policy(*actions: str, where: tuple[str, ...] = ("", "/*"), **more: str | None) -> Prepare:
    """The key may do this by the bucket policy, which opens the media."""

    def prepare(server: RecordedVersity) -> Lines:
        server.give(BUCKET)
        opened: Any = statement("Allow", "*", "s3:GetObject", where=tuple(f"/{folder}/*" for folder in MEDIA_FOLDERS))
        policy(server, opened, statement("Allow", {"AWS": [server.key(USER).id]}, *actions, where=where))
        return _lines(server, **more)

    return prepare


def _owner(server: RecordedVersity) -> Lines:
    server.give(BUCKET)
    return _lines(server)


def _opened_by_acl(server: RecordedVersity) -> Lines:
    server.give(BUCKET)
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    server.client().put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=rules)
    server.client().put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    return _lines(server)


def _wrong(configuration: Configuration) -> Configuration:
    healthy = _policy(*RIGHTS)

    def prepare(server: RecordedVersity) -> Lines:
        return {**healthy(server), **configuration.prepare(server)}

    return Configuration(configuration.name, configuration.about, prepare)


CONFIGURATIONS = (
    Configuration("healthy", "one bucket policy for the key and for visitors", _policy(*RIGHTS)),
    Configuration("permission-default", "the same without S3_PERMISSION", _policy(*RIGHTS, S3_PERMISSION=None)),
    Configuration(
        "may-change-acls",
        "without S3_PERMISSION, and with s3:PutObjectAcl",
        _policy(*RIGHTS, "s3:PutObjectAcl", S3_PERMISSION=None),
    ),
    Configuration("owner-without-policy", "no bucket policy: its owner may everything, visitors nothing", _owner),
    Configuration("objects-alone", "the key's statement names the files alone", _policy(*RIGHTS[:-1], where=("/*",))),
    Configuration("key-reads-only", "the key may read and list", _policy("s3:GetObject", "s3:ListBucket")),
    Configuration("bucket-acl-public-read", "no bucket policy; the bucket's ACL is public-read", _opened_by_acl),
    *(_wrong(one) for one in wrong_values() if one.name != "no-acl"),
)
