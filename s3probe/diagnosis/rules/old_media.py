"""Files that were here before are closed to visitors, and new ones in the same folder are open: moved without ACLs."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes, old_files
from s3probe.diagnosis.bucket_switches import has_ownership
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketSetting, Certainty, Finding, Fix, Manual
from s3probe.diagnosis.own_ways import aws_call
from s3probe.diagnosis.rule import OF_A_POLICY, Layer, Rule, once
from s3probe.diagnosis.rules.before_the_storage import at_proxy
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import sentences
from s3probe.evidence.observations import Observation
from s3probe.evidence.refusing import HIDDEN
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith
from s3probe.records import replace
from s3probe.settings.keys import folder_name

_OWN_ALL = "Objects already there are taken over too, and the bucket policy shows them. ACLs mean nothing then."


def old_media(case: Case) -> Iterator[Finding]:
    """All that were looked at are closed, and a new file beside one of them, asked for in the same way, is shown."""
    seen = old_files.looks(case)
    hidden = [row for row in seen if row.http_status in HIDDEN]
    new = [row for row in case.every(ExperimentWith.NEW_IN) if row.ok]
    if not hidden or len(hidden) < len(seen) or not new or not case.open(ActionId.PUBLIC_OLD):
        return
    names = ", ".join(f"{_name(row)}/" for row in hidden)
    new_in = folder_name(ExperimentWith.NEW_IN.value_in(new[0].id))
    how = (
        f"a visitor's HEAD of old files in {names} was answered {hidden[0].http_status}, "
        f"and of a new file in {new_in}/ {new[0].http_status}"
    )
    at_storage = any(row.ok for row in case.every(ExperimentWith.OLD_IN_ORIGIN))
    offered = at_proxy(case, "error-cache") if at_storage else _opened(case)
    yield finding(
        "old-media-invisible",
        case,
        how=f"{how}. The storage itself shows the old files" if at_storage else how,
        because=[ActionId.PUBLIC_OLD, *(row.id for row in hidden)],
        fixes=offered,
        certainty=Certainty.CERTAIN if at_storage or _by_acl(case) else Certainty.LIKELY,
    )


def _name(row: Observation) -> str:
    return folder_name(ExperimentWith.OLD_IN.value_in(row.id))


def _by_acl(case: Case) -> bool:
    """Whether it is the ACL that shows each new file."""
    return case.settings.acl not in (None, "private") and fixes.provider_of(case).acls_count


def _opened(case: Case) -> tuple[Fix, ...]:
    """What shows the old files, and hides no new ones."""
    if _by_acl(case):
        policy = bucket_fixes.public_read(case)
        note = sentences(policy.note, "It shows media of suspended accounts too, for as long as it is there.")
        return old_files.acl_of_files(case, case.settings.acl or "public-read"), replace(policy, note=note)
    if has_ownership(case) and case.settings.acl is None:
        # new files have no ACL and are shown: a policy opens them, and it opens what the bucket's owner owns
        options = "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'"
        command = aws_call(case, "put-bucket-ownership-controls", options)
        return (BucketSetting("object-ownership", "BucketOwnerEnforced", command, _OWN_ALL),)
    advice = Manual(
        f"Copy the old files once more with Mastodon's own key at {fixes.provider_of(case).name}: then they belong to "
        "the account of the bucket, and what opens new files opens them as well."
    )
    return (advice,)


RULES = (
    Rule(
        old_media,
        Layer.VISITORS,
        yields=("old-media-invisible",),
        reads=once(
            ActionId.PUBLIC_OLD,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            ExperimentWith.OLD_IN,
            ExperimentWith.OLD_IN_ORIGIN,
            ExperimentWith.NEW_IN,
            Experiment.READ_OWNERSHIP,
            *OF_A_POLICY,
        ),
    ),
)
