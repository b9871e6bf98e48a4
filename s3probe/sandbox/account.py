"""What MinIO tells each key of itself: its user's name, and the policies of this user and of his groups."""

from __future__ import annotations

import json

from s3probe.sandbox.messages import Reply
from s3probe.sandbox.world import User


def account_info(user: User) -> Reply:
    """AccountInfo. A key with a policy of its own is an access key of its user: that policy is not shown."""
    name = user.access_key if user.session is None else user.name
    statements = [statement.to_json() for statement in user.identity] or None
    told = {"AccountName": name, "Policy": {"Version": "2012-10-17", "Statement": statements}, "Buckets": None}
    return Reply(200, (("Content-Type", "application/json"),), json.dumps(told).encode())
