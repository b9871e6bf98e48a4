"""ACL headers and bodies against Object Ownership and Block Public Access.

Source: S3 User Guide, "Controlling ownership of objects" and "Blocking public access".
"""

from __future__ import annotations

from s3probe.sandbox.authorise import PUBLIC_READ
from s3probe.sandbox.messages import Request, S3Error, element
from s3probe.sandbox.world import ACCOUNT, Bucket, Ownership, User, World

CANNED = frozenset(
    {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
     "bucket-owner-full-control", "log-delivery-write"}
)  # fmt: skip
_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_PUBLIC = (*PUBLIC_READ, "authenticated-read")
"""authenticated-read counts as public for Block Public Access: anyone can have an AWS account."""


def requested(request: Request) -> str | None:
    """The ACL a request asks for, as the nearest canned one; ``None`` when it asks for none."""
    grants = " ".join(v for n, v in request.headers.items() if n.startswith("x-amz-grant-"))
    acl = request.headers.get("x-amz-acl")
    if not acl and grants:
        return _nearest(grants)
    if acl and acl not in CANNED:
        raise S3Error("InvalidArgument", details=(("ArgumentName", "x-amz-acl"), ("ArgumentValue", acl)))
    return acl or None


def requested_in_body(body: bytes) -> str | None:
    """The ACL of a PutObjectAcl body, as the nearest canned one."""
    return _nearest(body.decode(errors="replace")) if body.strip() else None


def _nearest(grants: str) -> str:
    return "public-read" if _ALL_USERS in grants else "authenticated-read" if _AUTHENTICATED in grants else "private"


def check(world: World, bucket: Bucket, user: User | None, acl: str | None, action: str, arn: str) -> None:
    """Raises S3Error when ownership or Block Public Access refuses the ACL."""
    if acl is None:
        return
    if bucket.ownership is Ownership.ENFORCED and not _passes_enforced(world, bucket, user, acl, action):
        raise S3Error("AccessControlListNotSupported")
    if acl in _PUBLIC and _blocks(world, bucket) and not world.personality.blocks_every_upload:
        # The detailed wording is reported, not documented; the short one is what most admins still see.
        setting = "the BlockPublicAcls setting in S3 Block Public Access."
        why = f"because public access control lists (ACLs) are prevented by {setting}"
        raise S3Error("AccessDenied", denial(world, bucket, user, action, arn, why))


def check_upload(world: World, bucket: Bucket) -> None:
    """Raises S3Error where BlockPublicAcls refuses whatever is uploaded (Ceph 16)."""
    if world.personality.blocks_every_upload and _blocks(world, bucket):
        raise S3Error("AccessDenied")


def _blocks(world: World, bucket: Bucket) -> bool:
    return world.account(bucket.account).block.stricter(bucket.block).block_public_acls


def _passes_enforced(world: World, bucket: Bucket, user: User | None, acl: str, action: str) -> bool:
    if action == "s3:PutObjectAcl":
        return False
    own = user is not None and user.account == bucket.account
    return acl == "bucket-owner-full-control" or (
        acl == "private" and own and world.personality.private_accepted_when_enforced
    )


def denial(world: World, bucket: Bucket | None, user: User | None, action: str, arn: str, why: str) -> str:
    """AccessDenied's message: detailed for the bucket's own account, short for everyone else."""
    if user is None or not world.detailed_denials or (bucket is not None and bucket.account != user.account):
        return "Access Denied"
    what = arn if action.startswith("kms:") else f'"{arn}"'
    return f"User: {user.arn} is not authorized to perform: {action} on resource: {what} {why}"


def stored(world: World, bucket: Bucket, acl: str | None) -> str:
    """The ACL an object ends up with: ``private`` where ACLs have no effect at all."""
    ignored = world.personality.acls.value == "ignored" or bucket.ownership is Ownership.ENFORCED
    return "private" if ignored else acl or "private"


def policy_xml(acl: str, owner: str = ACCOUNT, tenant: str = "") -> str:
    """The inner XML of an AccessControlPolicy for a canned ACL; ``tenant``: where the owner lives, at Ceph."""
    who = f"{tenant}${tenant}" if tenant else _canonical(owner)
    grants = [_grant("CanonicalUser", element("ID", who), "FULL_CONTROL")]
    if acl in PUBLIC_READ:
        grants.append(_grant("Group", element("URI", _ALL_USERS), "READ"))
    if acl == "public-read-write":
        grants.append(_grant("Group", element("URI", _ALL_USERS), "WRITE"))
    if acl == "authenticated-read":
        grants.append(_grant("Group", element("URI", _AUTHENTICATED), "READ"))
    return f"<Owner>{element('ID', who)}</Owner><AccessControlList>{''.join(grants)}</AccessControlList>"


def _grant(kind: str, who: str, permission: str) -> str:
    space = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<Grant><Grantee {space} xsi:type="{kind}">{who}</Grantee>{element("Permission", permission)}</Grant>'


def _canonical(account: str) -> str:
    """A made-up canonical user id of the right shape."""
    from hashlib import sha256

    return sha256(account.encode()).hexdigest()
