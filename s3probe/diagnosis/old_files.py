"""Files that were in the bucket before: whether a policy alone shows them, and how each gets an ACL. Pure."""

from __future__ import annotations

import shlex

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketSetting
from s3probe.diagnosis.own_ways import aws_call
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, ExperimentWith
from s3probe.knowledge.policies import MEDIA_FOLDERS, below

_SHOWS_SUSPENDED = (
    "It opens media of suspended accounts as well: suspend those again. Archives in backups/ stay closed."
)


def looks(case: Case) -> tuple[Observation, ...]:
    """A visitor's looks at files that were here before, one a folder."""
    return tuple(row for row in case.every(ExperimentWith.OLD_IN) if row.ran)


def may_close_with_the_policy(case: Case) -> bool:
    """Whether files that were here before may be closed to visitors once no policy opens media.

    They are shown, and nothing tells by what: files that were copied here have no ACL of their own (MinIO, Wasabi: the
    public policy that Mastodon's documentation gives shows them). Where nobody may list the bucket, none was looked at.
    """
    return any(row.ok for row in looks(case)) or case.get(ActionId.LIST).failed


def acl_of_files(case: Case, acl: str) -> BucketSetting:
    """Gives every file in the media folders this ACL, one after the other, and no archive."""
    base = below(case.settings.key_prefix)
    folders = " ".join(shlex.quote(f"{base}{folder}/") for folder in MEDIA_FOLDERS)
    options = "--prefix \"$folder\" --query 'Contents[].[Key]' --output text"
    listing = aws_call(case, "list-objects-v2", options)
    setting = aws_call(case, "put-object-acl", f'--key "$key" --acl {acl}')
    command = (
        f"for folder in {folders}; do {listing} | grep -vx None | "
        f"while IFS= read -r key; do {setting} < /dev/null; done; done"
    )
    return BucketSetting("acl-of-files", acl, command, _SHOWS_SUSPENDED)
