"""Faults of ACLs, Object Ownership and Block Public Access."""

from __future__ import annotations

from s3probe.sandbox.faults.model import Change, Fault, both, bucket, env
from s3probe.sandbox.personality import AclHandling
from s3probe.sandbox.scenario import (
    Scenario,
    backblaze_b2,
    cloudflare_r2,
    custom,
    google_cloud,
    healthy,
    healthy_policy,
    readable,
)
from s3probe.sandbox.world import ALL_BLOCKED, OldFile, Ownership, PublicAccessBlock

_NO_ACLS = PublicAccessBlock(block_public_acls=True, ignore_public_acls=True)


def _account(block: PublicAccessBlock) -> Change:
    return lambda scenario: scenario.with_account(block=block)


def _short(change: Change) -> Change:
    return both(change, lambda scenario: scenario.with_world(detailed_denials=False))


def _reader() -> Scenario:
    return readable(healthy())


def _policy_reader() -> Scenario:
    return readable(healthy_policy())


def moved(acl: str = "private", account: str = "", only: str = "") -> Change:
    """Files that were here before, as whatever moved them left them. ``only``: in folders of that beginning."""
    folders = ("accounts/avatars", "cache/preview_cards/images", "custom_emojis/images", "site_uploads/files")
    keys = [f"{name}/000/000/{number:03}/original/moved.png" for name in folders for number in (1, 2)]
    return bucket(stored=tuple(OldFile(key, acl, account) for key in keys if key.startswith(only)))


FAULTS = (
    Fault("old-media-invisible", moved(), look_alike=moved("public-read")),
    Fault("old-media-invisible", moved(), custom, "at a provider", look_alike=moved("public-read")),
    Fault(
        "old-media-invisible",
        both(bucket(ownership=Ownership.PREFERRED), moved(account="210987654321")),
        healthy_policy,
        "of another account",
        look_alike=moved(account="210987654321"),
    ),
    Fault("acl-disabled-bucket-owner-enforced", env("S3_PERMISSION", None), healthy_policy),
    Fault("permission-private-with-acl-disabled", env("S3_PERMISSION", "private"), healthy_policy),
    Fault("bpa-blocks-public-acl", bucket(block=ALL_BLOCKED)),
    Fault("bpa-blocks-public-acl", _short(bucket(block=ALL_BLOCKED)), variant="short message"),
    Fault("bpa-account-level-still-on", _account(_NO_ACLS), _reader),
    Fault("bpa-account-level-still-on", _short(_account(_NO_ACLS)), _reader, "short message"),
    Fault("bpa-ignores-public-acls", bucket(block=PublicAccessBlock(ignore_public_acls=True))),
    Fault("bpa-ignores-public-acls", _account(PublicAccessBlock(ignore_public_acls=True)), _reader, "account level"),
    Fault("bpa-blocks-public-policy", bucket(block=ALL_BLOCKED), _policy_reader),
    Fault(
        "permission-private-no-public-policy",
        # Nothing stands in the way of a public policy here, so that either remedy can be carried out.
        both(env("S3_PERMISSION", "private"), bucket(block=PublicAccessBlock())),
    ),
    Fault("public-policy-missing", bucket(policy=()), healthy_policy),
    Fault("permission-value-invalid", env("S3_PERMISSION", "none")),
    Fault("authenticated-read-acl", env("S3_PERMISSION", "authenticated-read")),
    Fault("acl-not-implemented-r2", env("S3_PERMISSION", None), cloudflare_r2),
    Fault("acl-must-match-bucket-b2", env("S3_PERMISSION", "private"), backblaze_b2),
    Fault("b2-archive-private-acl", env("S3_PERMISSION", None), backblaze_b2),
    Fault("acl-uniform-gcs", env("S3_PERMISSION", None), google_cloud),
    Fault("acl-header-silently-ignored", lambda s: s.with_personality(acls=AclHandling.IGNORED), custom),
)
