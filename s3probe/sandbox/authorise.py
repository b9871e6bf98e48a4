"""Decides whether a request is allowed. AWS's order: an explicit Deny anywhere, then an Allow where one is needed.

Source: IAM User Guide, "Policy evaluation logic" and "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from collections.abc import Mapping

from s3probe.records import dataclass
from s3probe.sandbox.personality import AclHandling
from s3probe.sandbox.statements import Question, Statement, any_applies
from s3probe.sandbox.world import Bucket, Ownership, User, World

Layers = tuple[tuple[str, tuple[Statement, ...] | None], ...]
PUBLIC_READ = ("public-read", "public-read-write")


@dataclass(frozen=True, slots=True)
class Decision:
    """``why`` ends AWS's sentence: ``because no identity-based policy allows the s3:PutObject action``."""

    allowed: bool
    why: str = ""


def acl_grants(world: World, bucket: Bucket, action: str, object_acl: str | None, signed: bool) -> bool:
    """Whether the canned ACLs open the action to everyone (or, for ``authenticated-read``, to every AWS user)."""
    if bucket.ownership is Ownership.ENFORCED or world.personality.acls is AclHandling.IGNORED:
        return False
    block = world.account(bucket.account).block.stricter(bucket.block)
    if block.ignore_public_acls:
        return False
    if action in ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"):
        return bucket.acl in PUBLIC_READ and action in world.personality.bucket_acl_lists
    if action in ("s3:PutObject", "s3:DeleteObject"):
        return bucket.acl == "public-read-write"
    if action in ("s3:GetObject", "s3:GetObjectVersion"):
        if world.personality.acls is AclHandling.BUCKET:
            return bucket.acl in PUBLIC_READ
        return object_acl in PUBLIC_READ or (signed and object_acl == "authenticated-read")
    return False


def judge(
    world: World,
    bucket: Bucket | None,
    user: User | None,
    action: str,
    resource: str,
    context: Mapping[str, str],
    *,
    object_acl: str | None = None,
    object_owner: str | None = None,
) -> Decision:
    """The verdict on one action. ``bucket`` is ``None`` for account-level actions and for a bucket still to be made."""
    principal = _principal(world, user) if user else ""
    question = Question(action, resource, principal, user.account if user else "", context)
    layers = _layers(world, bucket, user)
    for name, statements in layers:
        if statements is not None and any_applies(statements, "Deny", question):
            return Decision(False, f"with an explicit deny in {name}")
    for name, statements in layers:
        if name in _CEILINGS and statements is not None and not any_applies(statements, "Allow", question):
            return Decision(False, f"because no {name.split(' ', 1)[1]} allows the {action} action")
    # A bucket policy cannot open an object that belongs to another account (Object Ownership "ObjectWriter").
    lets_in = world.personality.policy_lets_others_in
    # "BucketOwnerEnforced" takes over what is there as well.
    keeps = bucket is not None and bucket.ownership is not Ownership.ENFORCED
    foreign = bucket is not None and keeps and object_owner not in (None, bucket.account) and not lets_in
    by_policy = bucket is not None and not foreign and _policy_allows(world, bucket, user, question)
    by_acl = bucket is not None and acl_grants(world, bucket, action, object_acl, user is not None)
    if user is None:
        return Decision(by_policy or by_acl)
    by_identity = any_applies(user.identity, "Allow", question)
    own = bucket is None or bucket.account == user.account
    if bucket is not None and world.personality.policy_replaces_owner:
        allowed = by_policy if bucket.policy else own
    elif own:
        # An ACL for everyone does not stand in for an identity policy: the user's own account must allow as well.
        allowed = by_identity or by_policy
    else:
        wrote = world.personality.writers_own and object_owner == user.account and action in _OF_WRITERS
        allowed = ((by_identity or lets_in) and (by_policy or by_acl)) or wrote
    return Decision(allowed, "" if allowed else f"because no identity-based policy allows the {action} action")


_OF_WRITERS = ("s3:GetObject", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:GetObjectTagging")
"""What a file's owner may do with it (Ceph)."""
_CEILINGS = ("a service control policy", "a resource control policy", "a VPC endpoint policy", "a permissions boundary",
             "a session policy")  # fmt: skip


def _layers(world: World, bucket: Bucket | None, user: User | None) -> Layers:
    resource = bucket.policy if bucket else ()
    control = world.account(bucket.account).resource_control if bucket else None
    if user is None:
        return (("a resource control policy", control), ("a resource-based policy", resource))
    return (
        ("a service control policy", world.account(user.account).service_control),
        ("a resource control policy", control),
        ("a VPC endpoint policy", world.vpc_endpoint),
        ("a permissions boundary", user.boundary),
        ("a session policy", user.session),
        ("an identity-based policy", user.identity),
        ("a resource-based policy", resource),
    )


def _principal(world: World, user: User) -> str:
    form = world.personality.principal
    return form.format(name=user.name, key=user.access_key) if form else user.arn


def policy_is_public(bucket: Bucket) -> bool:
    """GetBucketPolicyStatus's IsPublic."""
    return any(statement.is_public for statement in bucket.policy)


def _policy_allows(world: World, bucket: Bucket, user: User | None, question: Question) -> bool:
    openable = world.personality.policy_opens
    if user is None and openable and question.action not in openable:
        return False
    block = world.account(bucket.account).block.stricter(bucket.block)
    outside = user is None or user.account != bucket.account
    if outside and block.restrict_public_buckets and policy_is_public(bucket):
        # RestrictPublicBuckets leaves a public bucket to its own account and to AWS services.
        return False
    return any_applies(bucket.policy, "Allow", question)
