"""What was wrong, or right, in each recorded run: how the server was prepared, and what the env file then says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.lab.ceph import Ceph, CephTls
from tests.lab.server import LabServer

BUCKET = "media"
ORIGIN = "https://mastodon.example"
MASTODON = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListBucket",
)
"""All that Mastodon ever needs."""

Lines = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Configuration:
    """One run. ``prepare`` returns the lines of the env file that differ from :func:`env_lines`."""

    name: str
    about: str
    prepare: Callable[[Any], Lines] = lambda _server: {}
    undo: Callable[[Any], object] = lambda _server: None
    clock: int = 0
    """Seconds by which this machine's clock is wrong."""


def env_lines(server: LabServer) -> dict[str, str | None]:
    """What the server's own documentation would have in ``.env.production``."""
    key = server.key()
    # relative to where the probe runs, so that no path of a machine is recorded
    trust = {"SSL_CERT_FILE": "ca.pem"} if server.tls else {}
    return {
        "LOCAL_DOMAIN": "mastodon.example",
        "S3_ENABLED": "true",
        "S3_BUCKET": BUCKET,
        "S3_REGION": server.region,
        "S3_PROTOCOL": server.endpoint.partition(":")[0],
        "S3_HOSTNAME": f"127.0.0.1:{server.port}",
        "S3_ENDPOINT": server.endpoint,
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        **trust,
    }


def of(server: LabServer) -> Iterator[Configuration]:
    """All configurations for this kind of server."""
    if isinstance(server, CephTls):
        yield from _TLS
        return
    if isinstance(server, Ceph):
        yield from _CEPH
        return
    yield Configuration("healthy", "as its documentation says")
    names = _TELLING.get(server.name, ())
    yield from (wrong for wrong in wrong_values() if wrong.name in names)


_TELLING = {
    "swift": ("wrong-secret", "unknown-key", "wrong-region", "wrong-bucket", "no-acl"),
    "swift-noacl": ("no-acl",),
    "rclone": ("wrong-secret", "unknown-key", "wrong-bucket", "no-acl"),
    "s3rver": ("unknown-key", "wrong-bucket", "no-acl"),
}
"""Where a wrong value shows anything new: LocalStack checks no key, s3rver no signature, most of them no region."""


def wrong_values() -> Iterator[Configuration]:
    yield Configuration("wrong-secret", "one character of the secret is wrong", _wrong_secret)
    unknown: Lines = {"AWS_ACCESS_KEY_ID": "AKnobody"}
    yield Configuration("unknown-key", "a key id that the server does not know", lambda _server: unknown)
    region: Lines = {"S3_REGION": "eu-west-1"}
    yield Configuration("wrong-region", "S3_REGION=eu-west-1", lambda _server: region)
    bucket: Lines = {"S3_BUCKET": "meida"}
    yield Configuration("wrong-bucket", "S3_BUCKET=meida", lambda _server: bucket)
    yield Configuration("no-acl", "S3_PERMISSION= (Mastodon sends no ACL)", lambda _server: {"S3_PERMISSION": ""})


def _wrong_secret(server: LabServer) -> Lines:
    return {"AWS_SECRET_ACCESS_KEY": f"{server.key().secret[:-1]}X"}


def cors(server: LabServer) -> None:
    """The CORS rule that Mastodon's web interface needs."""
    rule = {"AllowedOrigins": [ORIGIN], "AllowedMethods": ["GET", "HEAD"], "AllowedHeaders": ["*"]}
    server.client().put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})


def statement(
    effect: str, principal: object, *actions: str, where: tuple[str, ...] = ("", "/*"), **more: object
) -> Any:
    """A statement of a bucket policy on the bucket and all in it."""
    resources = [f"arn:aws:s3:::{BUCKET}{tail}" for tail in where]
    return {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": resources, **more}


LIMITED = {"AWS": ["arn:aws:iam:::user/limited"]}


def policy(server: LabServer, *statements: Any) -> None:
    """Puts the bucket policy."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    server.client().put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))


def limited(server: LabServer, *statements: Any) -> Lines:
    """Mastodon uses a key that owns nothing; the bucket policy says what it may."""
    cors(server)
    policy(server, *statements)
    key = server.key("limited")
    return {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}


def _without(action: str) -> Callable[[LabServer], Lines]:
    granted = [name for name in MASTODON if name != action]
    return lambda server: limited(server, statement("Allow", LIMITED, *granted))


def _all_but(*denies: Any, allow: tuple[str, ...] = MASTODON) -> Callable[[LabServer], Lines]:
    return lambda server: limited(server, statement("Allow", LIMITED, *allow), *denies)


def _open(*actions: str, where: tuple[str, ...] = ("", "/*"), **lines: str) -> Callable[[LabServer], Lines]:
    """The owner's key, and a policy that lets everyone do ``actions``."""

    def prepare(server: LabServer) -> Lines:
        cors(server)
        policy(server, statement("Allow", "*", *actions, where=where))
        return lines

    return prepare


def _block(**switches: bool) -> Callable[[LabServer], Lines]:
    def prepare(server: LabServer) -> Lines:
        cors(server)
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        block = {name: switches.get(name, False) for name in names}
        server.client().put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
        return {}

    return prepare


def _healthy(**lines: str) -> Callable[[LabServer], Lines]:
    def prepare(server: LabServer) -> Lines:
        cors(server)
        return lines

    return prepare


def _acl(acl: Any) -> Callable[[LabServer], Lines]:
    def prepare(server: LabServer) -> Lines:
        cors(server)
        server.client().put_bucket_acl(Bucket=BUCKET, ACL=acl)
        return {}

    return prepare


def _quota(server: Ceph) -> Lines:
    cors(server)
    for name in ("one", "two"):
        server.client().put_object(Bucket=BUCKET, Key=f"cache/{name}", Body=b"x")
    server.admin("quota", "set", "--quota-scope=bucket", "--uid=owner", "--max-objects=2")
    server.admin("quota", "enable", "--quota-scope=bucket", "--uid=owner")
    return {}


def _no_quota(server: Ceph) -> None:
    server.admin("quota", "disable", "--quota-scope=bucket", "--uid=owner")


def _suspended(server: Ceph) -> Lines:
    lines = limited(server, statement("Allow", LIMITED, *MASTODON))
    server.admin("user", "suspend", "--uid=limited")
    return lines


def _others_bucket(server: LabServer) -> Lines:
    key = server.key("other")
    return {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}


def _versions(server: LabServer) -> Lines:
    cors(server)
    server.client().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return {}


def _other_origin(server: LabServer) -> Lines:
    rule = {"AllowedOrigins": ["https://social.example"], "AllowedMethods": ["GET"]}
    server.client().put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    return {}


_ACL_HEADER = {"StringLike": {"s3:x-amz-acl": "?*"}}
"""Denies what AWS denies to a key without s3:PutObjectAcl: an upload with an ACL."""

_MEDIA = tuple(f"/{folder}/*" for folder in ("accounts", "cache", "custom_emojis", "media_attachments", "site_uploads"))

_VIRTUAL_HOST = {
    "S3_ENDPOINT": f"http://s3.localhost:{Ceph.port}",
    "S3_OVERRIDE_PATH_STYLE": "true",
    "S3_HOSTNAME": f"s3.localhost:{Ceph.port}",
    "S3_ALIAS_HOST": f"{BUCKET}.s3.localhost:{Ceph.port}",
}

_CEPH = (
    Configuration("healthy", "the owner's key, media public by ACL, a CORS rule", _healthy()),
    Configuration(
        "healthy-least-privilege",
        "a key with nothing but Mastodon's six rights",
        lambda server: limited(server, statement("Allow", LIMITED, *MASTODON)),
    ),
    Configuration(
        "aws-least-privilege",
        "the policy that suffices on AWS: rights on files for files alone, listing for the bucket",
        lambda server: limited(
            server,
            statement("Allow", LIMITED, *MASTODON[:-1], where=("/*",)),
            statement("Allow", LIMITED, "s3:ListBucket", where=("",)),
        ),
    ),
    Configuration(
        "healthy-policy",
        "S3_PERMISSION= and a bucket policy that opens the media folders",
        _open("s3:GetObject", where=_MEDIA, S3_PERMISSION=""),
    ),
    Configuration("virtual-host", "the bucket in the host name", _healthy(**_VIRTUAL_HOST)),
    Configuration("other-region-name", "any S3_REGION is taken here", _healthy(S3_REGION="eu-west-1")),
    Configuration("no-put", "without s3:PutObject", _without("s3:PutObject")),
    Configuration(
        "no-get-own-files",
        "without s3:GetObject, which Ceph's writer does not need for files of its own",
        _without("s3:GetObject"),
    ),
    Configuration(
        "no-get", "s3:GetObject is denied", _all_but(statement("Deny", LIMITED, "s3:GetObject", where=("/*",)))
    ),
    Configuration("no-delete", "without s3:DeleteObject", _without("s3:DeleteObject")),
    Configuration("no-list", "without s3:ListBucket", _without("s3:ListBucket")),
    Configuration("no-abort", "without s3:AbortMultipartUpload", _without("s3:AbortMultipartUpload")),
    Configuration(
        "no-put-acl-own-files",
        "without s3:PutObjectAcl, which Ceph's writer does not need for files of its own",
        _without("s3:PutObjectAcl"),
    ),
    Configuration(
        "no-put-acl",
        "s3:PutObjectAcl is denied; Ceph lets an upload with an ACL pass",
        _all_but(statement("Deny", LIMITED, "s3:PutObjectAcl", where=("/*",))),
    ),
    Configuration(
        "no-acl-header",
        "without s3:PutObjectAcl as AWS has it: an upload with an ACL is refused too",
        _all_but(
            statement("Deny", LIMITED, "s3:PutObject", where=("/*",), Condition=_ACL_HEADER),
            statement("Deny", LIMITED, "s3:PutObjectAcl", where=("/*",)),
        ),
    ),
    Configuration(
        "deny-put-delete",
        "an explicit Deny of s3:PutObject and s3:DeleteObject beside an Allow of everything",
        _all_but(statement("Deny", "*", "s3:PutObject", "s3:DeleteObject", where=("/*",)), allow=("s3:*",)),
    ),
    Configuration(
        "bucket-arn-only",
        "a policy whose Resource is the bucket without /*",
        lambda server: limited(server, statement("Allow", LIMITED, "s3:*", where=("",))),
    ),
    Configuration(
        "objects-arn-only",
        "a policy whose Resource is bucket/* alone",
        lambda server: limited(server, statement("Allow", LIMITED, "s3:*", where=("/*",))),
    ),
    Configuration("others-bucket", "the bucket belongs to another user", _others_bucket),
    *(wrong for wrong in wrong_values() if wrong.name != "wrong-region"),
    Configuration("clock-slow", "this machine's clock is 20 minutes slow", _healthy(), clock=-1200),
    Configuration("clock-fast", "this machine's clock is 20 minutes fast", _healthy(), clock=1200),
    Configuration("public-list", "a policy lets everyone list", _open("s3:ListBucket", where=("",))),
    Configuration("public-put", "a policy lets everyone upload", _open("s3:PutObject", where=("/*",))),
    Configuration(
        "public-everything",
        "a policy lets everyone read, list and upload",
        _open("s3:GetObject", "s3:ListBucket", "s3:PutObject"),
    ),
    Configuration(
        "public-archives", "a policy lets everyone read the whole bucket", _open("s3:GetObject", where=("/*",))
    ),
    Configuration("public-list-acl", "the bucket's ACL is public-read", _acl("public-read")),
    Configuration("private", "S3_PERMISSION=private and no policy", _healthy(S3_PERMISSION="private")),
    Configuration("ignore-public-acls", "IgnorePublicAcls is on", _block(IgnorePublicAcls=True)),
    Configuration(
        "block-public-acls", "BlockPublicAcls is on (Ceph 16 then refuses every upload)", _block(BlockPublicAcls=True)
    ),
    Configuration("no-cors", "no CORS rule"),
    Configuration("cors-other-origin", "a CORS rule for another origin", _other_origin),
    Configuration("quota", "the bucket's quota is used up", _quota, _no_quota),
    Configuration(
        "user-suspended",
        "the user is suspended",
        _suspended,
        lambda server: server.admin("user", "enable", "--uid=limited"),
    ),
    Configuration("versioning", "versioning is on", _versions),
)

_TLS = (
    Configuration("healthy", "https with a CA of its own, which SSL_CERT_FILE names", _healthy()),
    Configuration("unknown-ca", "the same without SSL_CERT_FILE", lambda _server: {"SSL_CERT_FILE": None}),
    Configuration(
        "http-to-https",
        "S3_ENDPOINT=http:// at the https port",
        _healthy(S3_ENDPOINT=f"http://127.0.0.1:{CephTls.port}"),
    ),
)
