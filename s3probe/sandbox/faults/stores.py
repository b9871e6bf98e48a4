"""Faults of key prefixes, partitions, lifecycle, caps, and of headers a store or a proxy cannot bear."""

from __future__ import annotations

from s3probe.records import replace
from s3probe.sandbox.faults.model import Change, Fault, both, bucket, env
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.providers import refuse_checksums
from s3probe.sandbox.recommended import garage, linode
from s3probe.sandbox.scenario import (
    BUCKET,
    CUSTOM_HOST,
    MEDIA_FOLDERS,
    OBJECT_ACTIONS,
    Scenario,
    custom,
    healthy,
    healthy_policy,
    readable,
)
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import AliasFault, Expiry, Instance

PREFIX = "mastodon"
_ARN = f"arn:aws:s3:::{BUCKET}"


def _refuses(*refusals: Refusal) -> Change:
    return lambda s: s.with_personality(refusals=(*s.world.personality.refusals, *refusals))


_CAP = Refusal(
    ErrorText(403, "AccessDenied", "Cannot download file, download bandwidth or transaction (Class B) cap exceeded."),
    ("GetObject", "HeadObject"),
)
_START_AFTER = Refusal(ErrorText(400, "InvalidArgument", ""), ("ListObjectsV2",), query="start-after")
_NO_COPY = Refusal(ErrorText(403, "AccessDenied", "Access Denied"), ("CopyObject",))
_CACHE_CONTROL = Refusal(
    ErrorText(501, "NotImplemented", "A header you provided implies functionality that is not implemented"),
    ("PutObject", "CreateMultipartUpload"), "cache-control",
)  # fmt: skip
_CHECKSUMS = refuse_checksums(ErrorText(400, "InvalidArgument", "Unsupported header received for this API call."))


def _key_without_prefix(scenario: Scenario) -> Scenario:
    """The key was limited to Mastodon's folders before the prefix was set."""
    folders = tuple(f"{_ARN}/{folder}/*" for folder in (*MEDIA_FOLDERS, "backups"))
    objects = Statement("Allow", OBJECT_ACTIONS, folders, sid="MastodonFolders")
    listing = Statement("Allow", ("s3:ListBucket",), (_ARN,), sid="MastodonList")
    return scenario.with_user(identity=(objects, listing)).with_env("S3_KEY_PREFIX", PREFIX)


def proxy_with_prefix(scenario: Scenario) -> Scenario:
    """The proxy puts the prefix in front, and so does Mastodon; the policy knows it."""
    aliases = tuple(replace(alias, prefix=PREFIX) for alias in scenario.world.aliases)
    opened = tuple(f"{_ARN}/{PREFIX}/{folder}/*" for folder in MEDIA_FOLDERS)
    policy = (Statement("Allow", ("s3:GetObject",), opened, ("*",), sid="MastodonPublicMedia"),)
    return scenario.with_bucket(policy=policy).with_world(aliases=aliases).with_env("S3_KEY_PREFIX", PREFIX)


def _in_another_partition(name: str, region: str, host: str) -> Change:
    """Keys and bucket of another part of AWS under settings for the rest of the world."""

    def change(scenario: Scenario) -> Scenario:
        arns = (f"arn:{name}:s3:::{BUCKET}/*", f"arn:{name}:s3:::{BUCKET}", f"{_ARN}/*", _ARN)
        whole = Statement("Allow", (*OBJECT_ACTIONS, "s3:ListBucket"), arns, sid="Mastodon")
        instance = scenario.world.instance or Instance()
        known = replace(instance, media_hosts=(*instance.media_hosts, host))
        return scenario.with_bucket(region=region).with_user(identity=(whole,)).with_world(instance=known)

    return change


_CHINA = "s3.cn-north-1.amazonaws.com.cn"


def _named_bucket_host(scenario: Scenario) -> Scenario:
    """A store of one's own has no wildcard name, and the public host uses one."""
    host = f"{BUCKET}.{CUSTOM_HOST}"
    narrow = tuple(replace(endpoint, wildcard=False) for endpoint in scenario.world.endpoints)
    instance = scenario.world.instance or Instance()
    known = replace(instance, media_hosts=(*instance.media_hosts, host))
    return scenario.with_world(endpoints=narrow, instance=known).with_env("S3_ALIAS_HOST", host)


def _older(scenario: Scenario) -> Scenario:
    """An instance that still sends Content-MD5."""
    instance = scenario.world.instance or Instance()
    return scenario.with_world(instance=replace(instance, version="4.5.8"))


def _listing_only(scenario: Scenario) -> Scenario:
    """The bucket's own ACL is public-read, and uploads carry none."""
    return scenario.with_bucket(acl="public-read").with_env("S3_PERMISSION", "")


def _website(scenario: Scenario) -> Scenario:
    return scenario.with_env("S3_ENDPOINT", f"http://{BUCKET}.s3-website.eu-west-2.amazonaws.com")


def _in_linode_endpoint(scenario: Scenario) -> Scenario:
    return scenario.with_env("S3_ENDPOINT", f"https://{BUCKET}.{scenario.world.endpoints[0].base}")


def _proxy(fault: AliasFault) -> Change:
    """A mistake of the proxy before the web port."""
    return lambda s: s.with_world(aliases=tuple(replace(alias, fault=fault) for alias in s.world.aliases))


FAULTS = (
    Fault("web-port-bucket-not-allowed", bucket(policy=()), garage, look_alike=bucket(aliases=())),
    Fault("web-port-host-is-no-alias", bucket(aliases=()), garage, look_alike=bucket(policy=())),
    Fault("web-port-path-changed", _proxy(AliasFault.ADDS_BUCKET), garage, look_alike=bucket(aliases=())),
    Fault("media-host-leads-past-web-port", _proxy(AliasFault.ASKS_API), garage, look_alike=bucket(policy=())),
    Fault("accelerate-or-website-endpoint-used", _website),
    Fault(
        "accelerate-or-website-endpoint-used",
        env("S3_HOSTNAME", "s3-website.eu-west-2.amazonaws.com"),
        variant="public host",
    ),
    Fault("linode-bucket-in-endpoint-tutorials", _in_linode_endpoint, linode),
    Fault("key-prefix-forgotten-in-alias-or-policy", env("S3_KEY_PREFIX", PREFIX), healthy_policy),
    Fault("key-prefix-forgotten-in-alias-or-policy", _key_without_prefix, healthy, "key"),
    Fault("key-prefix-forgotten-in-alias-or-policy", proxy_with_prefix, healthy_policy, "proxy"),
    Fault(
        "region-china-govcloud-partition",
        _in_another_partition("aws-us-gov", "us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
    ),
    Fault(
        "region-china-govcloud-partition",
        both(_in_another_partition("aws-cn", "cn-north-1", _CHINA), env("S3_HOSTNAME", _CHINA)),
        variant="China, whose host the file names",
    ),
    Fault("non-aws-virtual-host-cert", _named_bucket_host, custom),
    Fault("download-cap-exceeded", _refuses(_CAP), custom),
    Fault("lifecycle-expires-media", bucket(expiry=(Expiry("tidy-up"),))),
    Fault("remove-orphans-start-after-ceph", _refuses(_START_AFTER), custom),
    Fault("storage-schema-copy-denied", _refuses(_NO_COPY), custom),
    Fault(
        "delete-batch-timeout",
        both(lambda s: s.with_world(slow_batches=2.0), env("S3_READ_TIMEOUT", "1")),
        custom,
    ),
    Fault("checksum-regression-by-patch-release", both(_older, _refuses(*_CHECKSUMS)), custom),
    Fault(
        "default-key-has-object-lock-or-md5-rule",
        both(bucket(needs_checksum=True), env("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")),
    ),
    Fault("expect-100-continue-stalls", lambda s: s.with_world(refuses_expect=True), custom),
    Fault(
        "expect-100-continue-stalls",
        both(lambda s: s.with_world(deaf_to_expect=True), env("S3_READ_TIMEOUT", "1")),
        custom,
        "stalls",
    ),
    Fault("forwarded-x-amz-meta-limits", _refuses(_CACHE_CONTROL), custom),
    Fault("ovh-bucket-acl-does-not-open-objects", _listing_only, lambda: readable(healthy())),
    Fault("ovh-bucket-acl-does-not-open-objects", _listing_only, custom, "another store"),
)
