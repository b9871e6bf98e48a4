"""Faults of the proxy or CDN before the storage, and of what strangers may do beside listing."""

from __future__ import annotations

from s3probe.records import replace
from s3probe.sandbox.faults.model import Change, Fault, both, env
from s3probe.sandbox.scenario import ALIAS, BUCKET, MEDIA_FOLDERS, Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import Alias, AliasFault, Endpoint

_FILES = "files.mastodon.example"


def proxy(fault: AliasFault) -> Change:
    """Every alias proxy of the world makes that mistake."""
    return lambda s: s.with_world(aliases=tuple(replace(alias, fault=fault) for alias in s.world.aliases))


def adds(name: str, value: str) -> Change:
    """Every alias proxy of the world adds this header."""
    return lambda s: s.with_world(aliases=tuple(replace(alias, adds=((name, value),)) for alias in s.world.aliases))


def healthy_alias() -> Scenario:
    """AWS, media opened by their ACL, shown through the guide's proxy."""
    scenario = healthy().with_env("S3_ALIAS_HOST", ALIAS)
    return scenario.with_world(aliases=(Alias(ALIAS, BUCKET, "s3.eu-west-2.amazonaws.com"),))


def _public(*actions: str, bucket: bool = False) -> Change:
    """A further statement for everyone, on the media or on the bucket."""

    def change(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}"
        resources = (arn,) if bucket else (f"{arn}/media_attachments/*", f"{arn}/cache/*")
        statement = Statement("Allow", actions, resources, ("*",), sid="More")
        return scenario.with_bucket(policy=(*scenario.bucket.policy, statement))

    return change


def _only(*folders: str) -> Change:
    """A policy that opens some of the media folders."""

    def change(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}"
        opened = tuple(f"{arn}/{folder}/*" for folder in folders)
        return scenario.with_bucket(policy=(Statement("Allow", ("s3:GetObject",), opened, ("*",), sid="OnlySome"),))

    return change


def _without(folder: str) -> Change:
    return _only(*(name for name in MEDIA_FOLDERS if name != folder))


def _inner_endpoint(scenario: Scenario) -> Scenario:
    """The file names the storage as it is called inside the network; the alias host is public."""
    inner = "minio.internal"
    world = scenario.world
    aliases = (Alias(ALIAS, scenario.bucket.name, inner),)
    scenario = scenario.with_world(endpoints=(*world.endpoints, Endpoint(inner, "nl-ams")), aliases=aliases)
    return both(env("S3_ENDPOINT", f"https://{inner}"), env("S3_ALIAS_HOST", ALIAS))(scenario)


def sibling(fault: AliasFault) -> Change:
    """The media host belongs to the instance's own domain."""

    def change(scenario: Scenario) -> Scenario:
        alias = replace(scenario.world.aliases[0], host=_FILES, fault=fault)
        instance = scenario.world.instance
        if instance is not None:
            instance = replace(instance, media_hosts=(*instance.media_hosts, _FILES))
        return scenario.with_world(aliases=(alias,), instance=instance).with_env("S3_ALIAS_HOST", _FILES)

    return change


BUSTER = ("PURGE", "X-Cache-Secret", "a-secret-of-the-cache")


def buster(*, forgets: bool = False) -> Change:
    """A cache that keeps what is deleted, and a Mastodon that asks it to forget."""
    method, header, secret = BUSTER

    def change(scenario: Scenario) -> Scenario:
        known = BUSTER if forgets else None
        kept = tuple(replace(one, fault=AliasFault.KEEPS_DELETED, forgets=known) for one in scenario.world.aliases)
        lines = {"ENABLED": "true", "HTTP_METHOD": method, "SECRET_HEADER": header, "SECRET": secret}
        for name, value in lines.items():
            scenario = scenario.with_env(f"CACHE_BUSTER_{name}", value)
        return scenario.with_world(aliases=kept)

    return change


FAULTS = (
    Fault("proxy-drops-bucket-name", proxy(AliasFault.KEEPS_HOST), healthy_policy, "its own host name"),
    Fault("proxy-resolver-fails", proxy(AliasFault.BAD_GATEWAY), healthy_policy),
    Fault("proxy-serves-error-as-image", proxy(AliasFault.ERRORS_AS_200), healthy_policy),
    Fault("proxy-serves-error-as-image", proxy(AliasFault.ERRORS_AS_200), healthy_alias, "with ACLs"),
    Fault("proxy-caches-errors", proxy(AliasFault.CACHES_ERRORS), healthy_policy),
    Fault("proxy-caches-errors", proxy(AliasFault.CACHES_ERRORS), healthy_alias, "with ACLs"),
    Fault("cors-missing", proxy(AliasFault.HIDES_CORS), healthy_policy, "lost by the proxy"),
    Fault("cors-duplicated-header", proxy(AliasFault.DOUBLES_CORS), healthy_policy),
    Fault("cors-cached-without-vary", proxy(AliasFault.FORGETS_VARY), healthy_policy),
    Fault(
        "resource-policy-forbids-embedding",
        adds("Cross-Origin-Resource-Policy", "same-origin"),
        healthy_policy,
        look_alike=adds("Cross-Origin-Resource-Policy", "cross-origin"),
        nginx=("add_header Cross-Origin-Resource-Policy same-origin;",),
    ),
    Fault(
        "resource-policy-forbids-embedding",
        adds("Cross-Origin-Resource-Policy", "same-site"),
        healthy_policy,
        "to other sites",
        look_alike=both(adds("Cross-Origin-Resource-Policy", "same-site"), sibling(AliasFault.NONE)),
        nginx=("add_header Cross-Origin-Resource-Policy same-site;",),
    ),
    Fault("range-requests-broken-for-viewers", proxy(AliasFault.IGNORES_RANGE), healthy_policy),
    Fault("alias-redirects-to-other-host", proxy(AliasFault.REDIRECTS), healthy_policy),
    Fault("cdn-hotlink-or-bot-protection", proxy(AliasFault.HOTLINK), healthy_policy),
    Fault("cdn-hotlink-or-bot-protection", proxy(AliasFault.BOTS), healthy_policy, "by user agent"),
    Fault("proxy-lists-bucket-at-root", proxy(AliasFault.LISTS_ROOT), healthy_policy),
    Fault("cdn-keeps-deleted-media", proxy(AliasFault.KEEPS_DELETED), healthy_policy),
    Fault("cache-buster-without-effect", buster(), healthy_policy, look_alike=buster(forgets=True)),
    Fault("cache-buster-leaves-files", buster(forgets=True), healthy_policy, look_alike=buster()),
    Fault("proxy-passes-query-string", proxy(AliasFault.PASSES_QUERY), healthy_policy),
    Fault("proxy-passes-query-string", proxy(AliasFault.PASSES_QUERY), healthy_alias, "with ACLs"),
    Fault("proxy-forwards-authorization-cookies", proxy(AliasFault.PASSES_AUTHORIZATION), healthy_policy),
    Fault("proxy-forwards-authorization-cookies", proxy(AliasFault.SETS_COOKIE), healthy_policy, "cookies"),
    Fault("proxy-method-not-limited", proxy(AliasFault.ANY_METHOD), healthy_policy),
    Fault("cache-control-missing", proxy(AliasFault.NO_STORE), healthy_policy),
    Fault("proxy-changes-content-type", proxy(AliasFault.LOSES_TYPE), healthy_policy),
    Fault("nosniff-and-sandbox-missing", sibling(AliasFault.NO_NOSNIFF), healthy_policy),
    Fault("public-policy-leaves-out-folders", _only("media_attachments"), healthy_policy, "all but one"),
    Fault("public-policy-leaves-out-folders", _without("accounts"), healthy_policy, "avatars"),
    Fault("public-policy-leaves-out-folders", _without("custom_emojis"), healthy_policy, "custom emoji"),
    Fault("proxy-drops-folders", proxy(AliasFault.SOME_FOLDERS), healthy_policy),
    Fault("proxy-drops-folders", proxy(AliasFault.SOME_FOLDERS), healthy_alias, "with ACLs"),
    Fault("bucket-listable-policy", _public("s3:ListBucketVersions", bucket=True), healthy_policy, "versions"),
    Fault("uploads-listable-policy", _public("s3:ListBucketMultipartUploads", bucket=True), healthy_policy),
    Fault("anonymous-acl-or-policy-readable", _public("s3:GetBucketPolicy", bucket=True), healthy_policy),
    Fault("anonymous-acl-or-policy-readable", _public("s3:GetObjectAcl"), custom, "of a file"),
    Fault("anonymous-write-allowed", _public("s3:DeleteObject"), healthy_policy, "deletion alone"),
    Fault("presigned-link-uses-internal-endpoint", _inner_endpoint, custom),
)
