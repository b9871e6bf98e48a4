"""The rules that judge what was seen on the wire, from the ground up; each sees only what is still unexplained."""

from __future__ import annotations

from s3probe.diagnosis.engine import Rule
from s3probe.diagnosis.rules import (
    acl,
    deletion,
    endpoint,
    files,
    mended,
    privacy,
    privilege,
    public,
    rest,
    rights,
    unmended,
)

FOUNDATION_RULES: tuple[Rule, ...] = (mended.mended,)
"""Judge the rounds one by one, against the settings the run started from."""

WIRE_RULES: tuple[Rule, ...] = (
    # the way to the bucket, and the key
    unmended.unmended,
    rest.clock,
    rest.throttled,
    rest.outage,
    endpoint.bucket_twice,
    # rights
    rights.quota,
    rights.explicit_denies,
    rights.bucket_of_another,
    rights.objects_on_bucket_arn,
    rights.put_object,
    acl.refused_acl,
    acl.archive_acl,
    files.archived,
    rights.get_object,
    rights.delete_object,
    rights.list_bucket,
    rights.abort_upload,
    acl.acl_change,
    acl.acl_change_loses_content,
    # files as Mastodon reads, writes and deletes them
    rest.slow,
    files.stored_framing,
    files.part_number,
    files.checksum_mode,
    files.ranges,
    files.damaged,
    files.large_uploads,
    files.abandoning,
    deletion.still_there,
    deletion.batch,
    deletion.versions,
    # visitors and strangers
    public.public,
    files.presigned,
    privacy.writing,
    privacy.listing,
    privacy.archives,
    privacy.suspended,
    privacy.cors,
    privacy.csp,
    privilege.lists_all_buckets,
    privilege.reads_bucket_policy,
    rest.unexplained,
)
