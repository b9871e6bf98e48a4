"""Fixes outside the env file, filled in with the user's values: rights of the key, settings of the bucket. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    IamAllow,
    Manual,
)
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.knowledge.policies import (
    BUCKET_REASONS,
    bucket_arn,
    closes_reading,
    cors_rule,
    objects_arn,
    opens,
    policy_document,
    public_policy,
)
from s3probe.knowledge.providers import GENERIC, ObjectAcl, PolicySupport
from s3probe.knowledge.recipes import KEY, Statement, documents, endpoint_option, key_actions, own_statements, recipe
from s3probe.redact import HIDDEN, shorten
from s3probe.settings.addressing import is_aws
from s3probe.settings.model import Settings

_ACCOUNT = re.compile(r"\barn:aws[a-z-]*:(?:iam|sts)::(\d{12}):")
_NAMING_THE_KEY = (ActionId.PUT_WITH_ACL, Experiment.READ_PUBLIC_ACCESS_BLOCK, Experiment.READ_POLICY)
"""Where AWS names the user of the key, when it refuses."""
SWITCHES = (
    Fact.BLOCK_PUBLIC_ACLS,
    Fact.IGNORE_PUBLIC_ACLS,
    Fact.BLOCK_PUBLIC_POLICY,
    Fact.RESTRICT_PUBLIC_BUCKETS,
)
"""Block Public Access: two switches about ACLs, two about policies."""
ACL_SWITCHES, POLICY_SWITCHES = SWITCHES[:2], SWITCHES[2:]
_NO_PUBLIC_POLICY = "while one of them is on, for the bucket or for its account, AWS refuses or ignores a public policy"
OF_A_POLICY = (
    Experiment.LIST_BUCKETS,
    Experiment.BUCKET_ACL,
    Experiment.READ_POLICY,
    ActionId.PUBLIC_LIST,
    ActionId.PUBLIC_VERSIONS,
    ActionId.PUBLIC_UPLOADS,
    ActionId.PUBLIC_POLICY,
)
"""What a fix for the bucket policy looks at, beside what the rule itself reads."""
HIDES_NOTHING = Manual(
    "Delete the media of accounts that must vanish, or block them in the proxy: ACLs do nothing here."
)


def provider_step(case: Case, topic: str) -> str:
    """How this is done at the provider, ``""`` for AWS, whose own words the fix has already, and where nobody knows."""
    provider = provider_of(case)
    if provider.id == "aws-s3":
        return ""
    way = _own_command(case, topic) or provider.console.get(topic, "")
    return f"at {provider.name}: {way}" if way else ""


def _own_command(case: Case, topic: str, statements: Sequence[Statement] | None = None) -> str:
    """The server's own command, filled in; ``statements``: those of the whole bucket policy."""
    settings, provider = case.settings, provider_of(case)
    return recipe(settings, provider, topic, documents(settings, provider, statements))


def _own_note(case: Case, topic: str) -> str:
    provider = provider_of(case)
    return provider.notes.get(topic) or provider.console.get(topic, "")


def allow_objects(case: Case, *actions: str) -> IamAllow:
    settings = case.settings
    resource = objects_arn(settings.bucket_name, settings.key_prefix, settings.region)
    return _allow(case, actions, (resource,))


def allow_bucket(case: Case, *actions: str) -> IamAllow:
    return _allow(case, actions, (bucket_arn(case.settings.bucket_name, case.settings.region),))


def allow_bucket_and_objects(case: Case, *actions: str) -> IamAllow:
    settings = case.settings
    objects = objects_arn(settings.bucket_name, settings.key_prefix, settings.region)
    return _allow(case, actions, (bucket_arn(settings.bucket_name, settings.region), objects))


def all_object_rights(case: Case) -> tuple[str, ...]:
    """Mastodon's rights on objects, as this store knows them."""
    return key_actions(case.settings, provider_of(case))


def _allow(case: Case, actions: tuple[str, ...], resources: tuple[str, ...]) -> IamAllow:
    """These rights beside those that the key has; by the server's own command all that it needs.

    One that gives some rights alone would take others away: a policy of a name replaces the one of that name.
    """
    settings, provider = case.settings, provider_of(case)
    if limits_owner(case):
        return IamAllow(actions, resources, provider.notes.get("owner", ""), command=provider.commands["owner"])
    if "policy" not in provider.commands:
        return IamAllow(actions, resources, provider_step(case, "policy"))
    bucket = bucket_arn(settings.bucket_name, settings.region)
    objects = objects_arn(settings.bucket_name, settings.key_prefix, settings.region)
    command = _own_command(case, "policy", _kept(case, own=True, media=not _acl_opens(case)))
    actions = tuple(dict.fromkeys((*all_object_rights(case), *BUCKET_REASONS, *actions)))
    replacing = _replacing(case) if "{media_policy}" in provider.commands["policy"] else ""
    note = "; ".join(filter(None, (_own_note(case, "policy"), replacing)))
    return IamAllow(actions, (bucket, objects), note, command=command)


def limits_owner(case: Case) -> bool:
    """Whether the key's own user owns the bucket, where something else than a policy limits an owner (Ceph)."""
    names = case.get(Experiment.LIST_BUCKETS).facts.get(Fact.NAMES, "").split()
    return "owner" in provider_of(case).commands and case.settings.bucket_name in names


def _aws(case: Case, command: str, options: str) -> str:
    settings = case.settings
    return f"aws s3api {command} --bucket {settings.bucket_name} {options}{endpoint_option(settings)}"


def object_ownership(case: Case) -> BucketSetting:
    """Lets the bucket take ACLs again."""
    command = _aws(
        case, "put-bucket-ownership-controls", "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'"
    )
    return BucketSetting("object-ownership", "BucketOwnerPreferred", command)


def public_access_block(case: Case, *off: Fact, account: bool = False) -> BucketSetting:
    """Switches the named flags of Block Public Access off; the others keep their value, where that is known.

    Otherwise they get that of a new bucket: on at Amazon, off elsewhere.
    """
    usual = "true" if is_aws(case.settings.api_base) else "false"
    value = ",".join(f"{flag}=false" for flag in SWITCHES if flag in off)
    known = {} if account else {flag: _switch(case, flag) for flag in SWITCHES}
    states = {flag: "false" if flag in off else known.get(flag) or usual for flag in SWITCHES}
    whole = ",".join(f"{flag}={state}" for flag, state in states.items())
    all_known = all(known.get(flag) or flag in off for flag in SWITCHES)
    note = "" if all_known else "it sets all four switches: write the other two as they are now"
    if account:
        options = f"--account-id {account_id(case)} --public-access-block-configuration {whole}"
        command = f"aws s3control put-public-access-block {options}"
        return BucketSetting("account-public-access-block", value, command, note)
    command = _aws(case, "put-public-access-block", f"--public-access-block-configuration {whole}")
    return BucketSetting("public-access-block", value, command, note)


def account_id(case: Case) -> str:
    """The number of the AWS account, where an answer showed it in the ARN of the key's user."""
    found = (_ACCOUNT.search(case.get(name).message or "") for name in _NAMING_THE_KEY)
    return next((match[1] for match in found if match), "<account id>")


def public_access_blocks(case: Case, *off: Fact) -> tuple[BucketSetting, ...]:
    """The same where it is on: at the bucket or, as nobody may read that, in the account; the likelier one first."""
    # only Amazon has it for a whole account as well
    at_account = (public_access_block(case, *off, account=True),) if is_aws(case.settings.api_base) else ()
    states = {_switch(case, flag) for flag in off}
    known_off = "false" in states and "true" not in states
    return at_account if known_off else (public_access_block(case, *off), *at_account)


def public_access_block_everywhere(case: Case, *off: Fact) -> tuple[BucketSetting, ...]:
    """In the account, where it is known to be on, and before that at the bucket, where it is known to be on as well."""
    at_account = public_access_block(case, *off, account=True)
    if not any(_switch(case, flag) == "true" for flag in off):
        return (at_account,)
    return public_access_block(case, *off), replace(at_account, together=True)


def _switch(case: Case, flag: Fact) -> str:
    """Whether this flag is on at the bucket: ``true`` or ``false``, and ``""`` where nobody knows."""
    block = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    if block.error_code == "NoSuchPublicAccessBlockConfiguration":
        return "false"
    # what is shown without an ACL is opened by a policy, which these two would set aside
    opened = flag is Fact.RESTRICT_PUBLIC_BUCKETS and case.get(Experiment.PUBLIC_WITHOUT_ACL).ok
    return block.facts.get(flag, "").lower() or ("false" if opened else "")


def opening(case: Case, *, account: bool = False) -> tuple[BucketSetting | BucketPolicy, ...]:
    """What opens the media without ACLs, after what stands before it: Block Public Access refuses a public policy.

    ``account``: it is known that the account's own switches are on.
    """
    policy = public_read(case)
    if not isinstance(policy, BucketPolicy):
        return (policy,)
    at_bucket = {_switch(case, flag) for flag in POLICY_SWITCHES}
    unknown = at_bucket == {""} and is_aws(case.settings.api_base)
    steps = [public_access_block(case, *POLICY_SWITCHES)] if "true" in at_bucket or unknown else []
    steps += [public_access_block(case, *POLICY_SWITCHES, account=True)] if account else []
    steps = [replace(step, note="; ".join(filter(None, (_NO_PUBLIC_POLICY, step.note)))) for step in steps]
    first, *rest = (*steps, policy)
    return first, *(replace(step, together=True) for step in rest)


def public_read(case: Case) -> BucketPolicy | BucketSetting:
    """Opens the media folders, and never ``backups/``, to everyone; in the provider's way where it has no policies."""
    provider = provider_of(case)
    if provider.bucket_policy in (PolicySupport.NO, PolicySupport.CONSOLE):
        return _own_switch(case, "public_read")
    if provider.commands.get("public_read") or provider.key_principal:
        return _whole_policy(case, _kept(case))
    way = provider_step(case, "public_read")
    note = "it opens only the media folders; archives in backups/ stay closed"
    return BucketPolicy(_media(case.settings), note=f"{note}; {way}" if way else note)


def _own_switch(case: Case, topic: str) -> BucketSetting:
    """The provider's own way to say what everyone may do."""
    provider, command = provider_of(case), _own_command(case, topic)
    note = provider.notes.get(topic, "") if command else provider.console.get(topic, "")
    return BucketSetting("public-read", provider.public_read, command, note)


def _media(settings: Settings) -> dict[str, object]:
    return public_policy(settings.bucket_name, settings.key_prefix, settings.region)


def only_media_public(case: Case, *, denied: bool = False) -> BucketSetting | Manual:
    """The whole bucket policy, opening the media folders to everyone and nothing else to anyone.

    Where an ACL opens each file, it opens nothing: a policy that opens media would show those of suspended users too.
    ``denied``: what denies everyone to read goes as well.
    """
    provider, asked = provider_of(case), case.get(Experiment.READ_POLICY)
    if no_bucket_policies(case):
        return _closed_otherwise(case)
    everyone = case.get(Experiment.BUCKET_ACL).facts.get(Fact.ALL_USERS, "").split()
    if (provider.bucket_acl_opens and "READ" in everyone) or listed_by_bucket_acl(case):
        return bucket_acl_private(case)
    if asked.error_code == "NoSuchBucketPolicy":
        return _closed_without_policy(case)
    statements = _kept(case, shut=True, denied=denied, media=not _acl_opens(case))
    if statements:
        return _whole_policy(case, statements)
    if _is_known(asked) or provider.id == "aws-s3":
        note = "" if _is_known(asked) else f"{_REPLACES}, and what opens media stored without an ACL"
        command = f"aws s3api delete-bucket-policy --bucket {case.settings.bucket_name}{endpoint_option(case.settings)}"
        return BucketSetting("policy", "", command, note)
    return Manual(
        "Take the statements that allow everyone anything out of the bucket policy, which "
        f"{_aws(case, 'get-bucket-policy', '--query Policy --output text')} shows, and keep all others."
    )


def _closed_without_policy(case: Case) -> BucketSetting | Manual:
    """There is no policy that could open it: the ACL does, or rights of an identity for everyone."""
    provider = provider_of(case)
    if acls_count(case) or listed_by_bucket_acl(case):
        return bucket_acl_private(case)
    command = _own_command(case, "strangers", _kept(case))
    # who may read what says who may do what was given rights by name
    named = case.get(ActionId.PUBLIC_POLICY).error_code == "NoSuchBucketPolicy"
    if command and (named or case.get(ActionId.PUBLIC_UPLOADS).facts.get(Fact.LISTING)):
        return BucketSetting("public-read", provider.public_read, command, provider.notes.get("strangers", ""))
    return Manual(_NO_POLICY_THERE)


def listed_by_bucket_acl(case: Case) -> bool:
    """Where a bucket's ACL opens its files too: strangers see the listing, and neither versions nor uploads.

    Where nobody can read ACL and policy, they see all three: the fix for the ACL sets both.
    """
    if not provider_of(case).bucket_acl_opens or not case.get(ActionId.PUBLIC_LIST).facts.get(Fact.LISTING):
        return False
    policy, others = case.get(Experiment.READ_POLICY), (ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS)
    if policy.outcome is Outcome.DENIED and not case.get(Experiment.BUCKET_ACL).ok:
        return all(case.get(name).facts.get(Fact.LISTING) for name in others)
    return policy.error_code == "NoSuchBucketPolicy" and all(case.get(name).ok for name in others)


_REPLACES = "it replaces the whole policy; keep statements of your own that are not for everyone"
_KEEPS = "it replaces the whole policy, and keeps the statements that are there and are not for everyone"
_NO_POLICY_THERE = (
    "There is no bucket policy, so something else opens it: look for the store's own switch for public buckets, for "
    "rights of anonymous users, and for a proxy that signs."
)


def _kept(
    case: Case, *, own: bool = False, shut: bool = False, denied: bool = False, media: bool = True
) -> tuple[Statement, ...]:
    """The whole bucket policy, with the statements that are there as far as the key may read them.

    ``own``: with the key's own rights, where it may live by this policy; so it is where nobody could read that.
    ``shut``: without what is allowed to everyone. ``denied``: without what denies everyone to read. ``media``: opening
    media.
    """
    provider, asked = provider_of(case), case.get(Experiment.READ_POLICY)
    there = _statements_there(case)
    replaced = ("MastodonPublicMedia", *(("MastodonKey",) if own else ()))
    kept = [one for one in there if one.get("Sid") not in replaced]
    kept = [one for one in kept if not (shut and opens(one)) and not (denied and closes_reading(one))]
    unread = not _is_known(asked) and asked.error_code != "NoSuchBucketPolicy"
    owner_loses = provider.policy_replaces_owner and not any(provider.key_principal in str(one) for one in kept)
    mine = own_statements(case.settings, provider) if own or unread or owner_loses else ()
    return (*kept, *mine, *([_media(case.settings)] if media else []))


def _statements_there(case: Case) -> list[dict[str, object]]:
    """The statements of the bucket policy, where the key may read it. Its id, which is never printed, becomes KEY."""
    read = case.get(Experiment.READ_POLICY)
    text = read.facts[Fact.STATEMENTS] if _is_known(read) else "[]"
    pair = case.settings.credentials
    for name in (pair.access_key_id, shorten(pair.access_key_id)) if pair else ():
        text = text.replace(json.dumps(name), json.dumps(KEY)) if name else text
    return [one for one in json.loads(text) if isinstance(one, dict)]


def _is_known(read: Observation) -> bool:
    """Whether the whole policy was read; not one that is too long to be kept, or in which a secret was hidden."""
    text = read.facts.get(Fact.STATEMENTS, HIDDEN)
    try:
        return read.ok and HIDDEN not in text and isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def _whole_policy(case: Case, statements: Sequence[Statement]) -> BucketSetting:
    text = json.dumps(policy_document(*(dict(one) for one in statements)), separators=(",", ":"))
    own = _own_command(case, "public_read", statements)
    command = own or _aws(case, "put-bucket-policy", f"--policy {shlex.quote(text)}")
    principal = provider_of(case).key_principal
    named = f"{KEY} is AWS_ACCESS_KEY_ID" if KEY in principal and json.dumps(principal) in text else ""
    notes = (provider_of(case).notes.get("public_read", named) if own else named, _replacing(case))
    return BucketSetting("policy", text, command, "; ".join(filter(None, notes)))


def _replacing(case: Case) -> str:
    """What becomes of the policy that is there."""
    read = case.get(Experiment.READ_POLICY)
    return _KEEPS if _is_known(read) else "" if read.error_code == "NoSuchBucketPolicy" else _REPLACES


def no_bucket_policies(case: Case) -> bool:
    """Whether the store has no bucket policies: it is known for that, or did not know the question."""
    return foreign_to_policies(case) or provider_of(case).bucket_policy in (PolicySupport.NO, PolicySupport.CONSOLE)


def foreign_to_policies(case: Case) -> bool:
    """Whether the store did not know ``?policy``: it refuses the question, or answers another one (a listing)."""
    asked = case.get(Experiment.READ_POLICY)
    return asked.http_status in (405, 501) or (asked.outcome is Outcome.WRONG and asked.http_status == 200)


def _closed_otherwise(case: Case) -> BucketSetting | Manual:
    """What closes a bucket without bucket policies to all but readers of media."""
    provider = provider_of(case)
    topic = "listing" if "listing" in provider.commands else "public_read"
    if topic in provider.commands:
        return _own_switch(case, topic)
    if provider.id != GENERIC:
        return Manual(f"At {provider.name}: {provider.console.get('listing') or provider.keep_listing_off}")
    return Manual(
        "This store knows no bucket policies: close the bucket with its own switch, or let everyone reach it only "
        "through a proxy that serves the media folders and nothing else."
    )


def acls_count(case: Case) -> bool:
    """Whether an ACL means anything there, as far as is known."""
    return provider_of(case).acls_count


def _acl_opens(case: Case) -> bool:
    """Whether the ACL that Mastodon sends opens each file: the store is known for it, or hid one that was private."""
    if case.settings.acl in (None, "private") or not acls_count(case):
        return False
    provider = provider_of(case)
    if provider.id == "aws-s3":
        return not case.get(ActionId.PUT_WITH_ACL).failed  # refused where ACLs are disabled
    return provider.object_acl is ObjectAcl.YES or case.get(ActionId.SUSPENDED_PUBLIC_GET).ok


def cors(case: Case) -> BucketSetting:
    """Lets the web interface read media."""
    text = json.dumps(cors_rule(), separators=(",", ":"))
    own = _own_command(case, "cors")
    command = own or _aws(case, "put-bucket-cors", f"--cors-configuration '{text}'")
    note = provider_of(case).notes.get("cors", "") if own else provider_step(case, "cors")
    return BucketSetting("cors", text, command, note)


def bucket_acl_private(case: Case) -> BucketSetting:
    """Closes the listing; where the bucket's ACL opens files as well, after what opens media without it."""
    closing = _aws(case, "put-bucket-acl", "--acl private")
    opening = public_read(case) if provider_of(case).bucket_acl_opens else None
    if isinstance(opening, BucketSetting) and opening.command:
        return BucketSetting("acl", "private", f"{opening.command} && {closing}", opening.note)
    return BucketSetting("acl", "private", closing, provider_step(case, "listing"))


def expire_old_versions(case: Case, *, others: int = 0) -> BucketSetting:
    """Lets the bucket drop old versions and bare delete markers after a day. ``others``: rules that it has already."""
    rule = (
        '{"ID":"s3probe-old-versions","Status":"Enabled","Filter":{},'
        '"NoncurrentVersionExpiration":{"NoncurrentDays":1},"Expiration":{"ExpiredObjectDeleteMarker":true}}'
    )
    if others:
        note = "add this rule to those that the bucket has: setting lifecycle rules replaces all of them"
        return BucketSetting("lifecycle", rule, "", note)
    rules = f'{{"Rules":[{rule}]}}'
    command = _aws(case, "put-bucket-lifecycle-configuration", f"--lifecycle-configuration '{rules}'")
    note = "it replaces the bucket's lifecycle rules; add it to those you have. A key that may not read the rules "
    note += "(s3:GetLifecycleConfiguration) will see this warning again"
    return BucketSetting("lifecycle", rules, command, note)


def suspend_versioning(case: Case) -> BucketSetting:
    """Keeps no further versions, where no rule can remove them."""
    command = _aws(case, "put-bucket-versioning", "--versioning-configuration Status=Suspended")
    note = "this server has no lifecycle rules; old versions that are there already must be removed by hand"
    if case.get(Experiment.READ_OBJECT_LOCK).outcome is Outcome.DENIED:
        note += "; a bucket with Object Lock refuses this (InvalidBucketState): use another bucket then"
    return BucketSetting("versioning", "Suspended", command, note)


def no_default_retention(case: Case) -> BucketSetting:
    """Locks no further files. Object Lock itself cannot be switched off."""
    value = '{"ObjectLockEnabled":"Enabled"}'
    command = _aws(case, "put-object-lock-configuration", f"--object-lock-configuration '{value}'")
    note = "files already stored stay locked until their day; then a lifecycle rule can remove old versions"
    return BucketSetting("object-lock", value, command, note)


def look_at_the_server(case: Case) -> str:
    """What shows the state of a server of one's own; ``""`` where it is a provider's."""
    provider, command = provider_of(case), _own_command(case, "health")
    if not command:
        return ""
    return f"Look at the server itself: {command} shows its disks and nodes, and {provider.name}'s log the reason."


def quota(case: Case, refused: Observation) -> tuple[BucketSetting, ...]:
    """The store's own command for the quota of a bucket, where its words are about that; no disk grows by it."""
    command = _own_command(case, "quota")
    if not command or "quota" not in (refused.message or "").lower():
        return ()
    return (BucketSetting("quota", "", command, provider_of(case).notes.get("quota", "")),)


def owner_pays(case: Case) -> BucketSetting:
    """Anonymous requests cannot pay."""
    command = _aws(case, "put-bucket-request-payment", "--request-payment-configuration Payer=BucketOwner")
    return BucketSetting("request-payment", "BucketOwner", command)


def encryption(case: Case, rules: str) -> BucketSetting:
    """Default encryption with S3's own keys, which need no right of their own and can be read by everyone."""
    command = _aws(case, "put-bucket-encryption", f"--server-side-encryption-configuration '{rules}'")
    note = "it holds for new objects; those already stored stay encrypted with the KMS key"
    return BucketSetting("encryption", "AES256", command, note)
