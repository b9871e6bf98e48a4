"""Two switches of a bucket: Object Ownership, and Block Public Access, which a whole account may have as well. Pure.

Amazon has both, some others one of them: nobody is told to use what is not there.
"""

from __future__ import annotations

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import BucketSetting
from s3probe.diagnosis.own_ways import aws_call, note_of, own_command, unsure
from s3probe.diagnosis.words import sentences
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.knowledge.providers import Switch
from s3probe.knowledge.recognition import GENERIC
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.settings.addressing import is_aws

_ACCOUNT = regex(r"\barn:aws[a-z-]*:(?:iam|sts)::(\d{12}):")
_NAMING_THE_KEY = (ActionId.PUT_WITH_ACL, Experiment.READ_PUBLIC_ACCESS_BLOCK, Experiment.READ_POLICY)
"""Where AWS names the user of the key, when it refuses."""
SWITCHES = (
    Fact.BLOCK_PUBLIC_ACLS,
    Fact.IGNORE_PUBLIC_ACLS,
    Fact.BLOCK_PUBLIC_POLICY,
    Fact.RESTRICT_PUBLIC_BUCKETS,
)
"""Block Public Access: two switches about ACLs, two about policies."""
OF_A_SWITCH = (
    Experiment.PUBLIC_WITHOUT_ACL,
    Experiment.READ_OWNERSHIP,
    Experiment.READ_PUBLIC_ACCESS_BLOCK,
)
"""What a fix for one of these looks at, beside what the rule itself reads."""
ACL_SWITCHES, POLICY_SWITCHES = SWITCHES[:2], SWITCHES[2:]


def has_ownership(case: Case) -> bool:
    """Whether the bucket has Object Ownership: it answers so, the provider is known to have it, or nobody knows."""
    asked = case.get(Experiment.READ_OWNERSHIP)
    return asked.ok or asked.error_code == "OwnershipControlsNotFoundError" or _knows(case, Switch.OWNERSHIP)


def has_access_block(case: Case) -> bool:
    """The same of Block Public Access."""
    asked = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    none = "NoSuchPublicAccessBlockConfiguration"
    return asked.ok or asked.error_code == none or _knows(case, Switch.ACCESS_BLOCK)


def _knows(case: Case, switch: Switch) -> bool:
    store = provider_of(case)
    return store.id == GENERIC or switch in store.switches


def object_ownership(case: Case) -> tuple[BucketSetting, ...]:
    """Lets the bucket take ACLs again, where it has such a setting."""
    if own := own_command(case, "ownership"):
        return (BucketSetting("object-ownership", "object-writer", own, note_of(case, "ownership")),)
    if not has_ownership(case):
        return ()
    options = "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'"
    command = aws_call(case, "put-bucket-ownership-controls", options)
    return (BucketSetting("object-ownership", "BucketOwnerPreferred", command, _unsure(case)),)


def _unsure(case: Case) -> str:
    return unsure(case, provider_of(case).id == GENERIC)


def public_access_block(case: Case, *off: Fact, account: bool = False) -> BucketSetting:
    """Switches the named flags of Block Public Access off; the others keep their value, where that is known.

    Otherwise they get that of a new bucket: on at Amazon, off elsewhere.
    """
    usual = "true" if is_aws(case.settings.api_base) else "false"
    value = ",".join(f"{flag}=false" for flag in SWITCHES if flag in off)
    known = {} if account else {flag: switch(case, flag) for flag in SWITCHES}
    states = {flag: "false" if flag in off else known.get(flag) or usual for flag in SWITCHES}
    whole = ",".join(f"{flag}={state}" for flag, state in states.items())
    all_known = all(known.get(flag) or flag in off for flag in SWITCHES)
    note = "" if all_known else "It sets all four switches: write the other two as they are now."
    note = sentences(note, _unsure(case))
    if account:
        options = f"--account-id {account_id(case)} --public-access-block-configuration {whole}"
        command = f"aws s3control put-public-access-block {options}"
        return BucketSetting("account-public-access-block", value, command, note)
    command = aws_call(case, "put-public-access-block", f"--public-access-block-configuration {whole}")
    return BucketSetting("public-access-block", value, command, note)


def account_id(case: Case) -> str:
    """The number of the AWS account, where an answer showed it in the ARN of the key's user."""
    found = (_ACCOUNT.search(case.get(name).message or "") for name in _NAMING_THE_KEY)
    return next((match[1] for match in found if match), "<account id>")


def public_access_blocks(case: Case, *off: Fact) -> tuple[BucketSetting, ...]:
    """The same where it is on: at the bucket or, as nobody may read that, in the account; the likelier one first.

    Nothing where the provider has no such thing.
    """
    if not has_access_block(case):
        return ()
    # only Amazon has it for a whole account as well
    at_account = (public_access_block(case, *off, account=True),) if is_aws(case.settings.api_base) else ()
    states = {switch(case, flag) for flag in off}
    known_off = "false" in states and "true" not in states
    return at_account if known_off else (public_access_block(case, *off), *at_account)


def public_access_block_everywhere(case: Case, *off: Fact) -> tuple[BucketSetting, ...]:
    """In the account, where it is known to be on, and before that at the bucket, where it is known to be on as well."""
    at_account = public_access_block(case, *off, account=True)
    if not any(switch(case, flag) == "true" for flag in off):
        return (at_account,)
    return public_access_block(case, *off), replace(at_account, together=True)


def switch(case: Case, flag: Fact) -> str:
    """Whether this flag is on at the bucket: ``true`` or ``false``, and ``""`` where nobody knows."""
    block = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    if block.error_code == "NoSuchPublicAccessBlockConfiguration":
        return "false"
    # what is shown without an ACL is opened by a policy, which these two would set aside
    opened = flag is Fact.RESTRICT_PUBLIC_BUCKETS and case.get(Experiment.PUBLIC_WITHOUT_ACL).ok
    return block.facts.get(flag, "").lower() or ("false" if opened else "")
