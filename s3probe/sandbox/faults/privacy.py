"""Faults of what strangers can see, and of CORS."""

from __future__ import annotations

from s3probe.sandbox.faults.model import Change, Fault, bucket
from s3probe.sandbox.recommended import minio
from s3probe.sandbox.scenario import Scenario, healthy, healthy_policy, public_media, readable
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import CorsRule, Instance, PublicAccessBlock


def _opens(action: str, *more: str, whole_bucket: bool = False, sid: str) -> Change:
    """A further public statement in the bucket policy."""

    def change(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}"
        statement = Statement("Allow", (action, *more), (arn if whole_bucket else f"{arn}/*",), ("*",), sid=sid)
        return scenario.with_bucket(policy=(*scenario.bucket.policy, statement))

    return change


def opens_folder(folder: str, action: str = "s3:PutObject", who: str = "*") -> Change:
    """A statement about one folder alone."""

    def change(scenario: Scenario) -> Scenario:
        where = f"arn:aws:s3:::{scenario.bucket.name}/{folder}/*"
        statement = Statement("Allow", (action,), (where,), (who,), sid="OneFolder")
        return scenario.with_bucket(policy=(*scenario.bucket.policy, statement))

    return change


def _referer_only(scenario: Scenario) -> Scenario:
    """Hotlink protection: apps and other servers send no Referer."""
    deny = Statement(
        "Deny", ("s3:GetObject",), (f"arn:aws:s3:::{scenario.bucket.name}/*",), ("*",), sid="NoHotlinks",
        conditions=(
            ("StringNotLike", "aws:Referer", ("https://mastodon.example/*",)),
            ("StringNotEquals", "aws:PrincipalArn", (scenario.user.arn,)),
        ),
    )  # fmt: skip
    return scenario.with_bucket(policy=(*scenario.bucket.policy, deny))


def _denied_but_to_the_key(scenario: Scenario) -> Scenario:
    """Whoever is not named is denied, and visitors are never named."""
    where = f"arn:aws:s3:::{scenario.bucket.name}/*"
    deny = Statement("Deny", ("s3:GetObject",), (where,), not_principals=(scenario.user.arn,), sid="Mine")
    return scenario.with_bucket(policy=(deny,))


def _avatars_denied(scenario: Scenario) -> Scenario:
    """One folder is closed to everyone."""
    where = f"arn:aws:s3:::{scenario.bucket.name}/accounts/*"
    deny = Statement("Deny", ("s3:GetObject",), (where,), ("*",), sid="NoAvatars")
    return scenario.with_bucket(policy=(*scenario.bucket.policy, deny))


def _media_open_by_policy_too(scenario: Scenario) -> Scenario:
    """ACLs open and close each file, and a policy keeps all of them open."""
    return scenario.with_bucket(policy=public_media(scenario.bucket.name), block=PublicAccessBlock())


def _no_media_host(scenario: Scenario) -> Scenario:
    return scenario.with_world(instance=Instance())


FAULTS = (
    Fault("deny-anonymous-statement", _referer_only, healthy_policy),
    Fault("policy-denies-some-folders", _avatars_denied),
    Fault("policy-denies-some-folders", _avatars_denied, lambda: readable(healthy_policy()), "beside what opens all"),
    Fault("explicit-deny-policy", _denied_but_to_the_key, lambda: readable(healthy()), "NotPrincipal"),
    Fault("csp-missing-media-host", _no_media_host),
    Fault("bucket-listable-policy", _opens("s3:ListBucket", whole_bucket=True, sid="PublicList"), healthy_policy),
    Fault("bucket-listable-acl", bucket(acl="public-read")),
    Fault("anonymous-write-allowed", _opens("s3:PutObject", "s3:DeleteObject", sid="PublicWrite"), healthy_policy),
    Fault("anonymous-write-allowed", bucket(acl="public-read-write"), variant="bucket ACL"),
    Fault(
        "anonymous-write-allowed",
        opens_folder("cache"),
        minio,
        "one folder",
        look_alike=opens_folder("cache", who="arn:aws:iam::123456789012:user/mastodon"),
    ),
    Fault("archive-dumps-world-readable", _opens("s3:GetObject", sid="PublicEverything"), healthy_policy),
    Fault("suspended-media-stays-public", _media_open_by_policy_too),
    Fault("cors-missing", bucket(cors=())),
    Fault("cors-origin-mismatch", bucket(cors=(CorsRule(("https://old.example",), ("GET", "HEAD")),))),
)
