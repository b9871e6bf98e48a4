"""Fixes outside the env file, filled in with the user's values: rights of the key, settings of the bucket. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import cast

from s3probe.diagnosis.bucket_switches import POLICY_SWITCHES, public_access_block, switch
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    IamAllow,
    Manual,
    ServerFix,
)
from s3probe.diagnosis.old_files import may_close_with_the_policy
from s3probe.diagnosis.own_ways import (
    aws_call,
    in_console,
    note_of,
    own_command,
    own_note,
    provider_step,
    unsure,
)
from s3probe.diagnosis.rule import FOLDERS_LISTED
from s3probe.diagnosis.words import sentences
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.knowledge.cors import cors_in
from s3probe.knowledge.offers import archives_note, takes_iam
from s3probe.knowledge.policies import (
    BUCKET_REASONS,
    bucket_arn,
    closes_reading,
    objects_arn,
    opened_folders,
    opens,
    opens_no_more,
    policy_document,
    public_policy,
)
from s3probe.knowledge.providers import Cors, ObjectAcl, PolicySupport, Provider
from s3probe.knowledge.recipes import (
    KEY,
    Statement,
    bucket_policy,
    document_of,
    documents,
    endpoint_option,
    key_actions,
    own_statements,
    recipe,
    standard_topics,
)
from s3probe.knowledge.recognition import GENERIC
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.redact import HIDDEN, shorten
from s3probe.settings.addressing import is_aws

_USER = regex(r"\barn:aws[a-z-]*:iam::\d{12}:user/(?:[^\s/]+/)*([\w+=,.@-]+)")
_ROLE = regex(r"\barn:aws[a-z-]*:sts::\d{12}:assumed-role/([\w+=,.@-]+)/")
ALLOW_ALL = "add_header 'Access-Control-Allow-Origin' '*' always;"
"""The line for nginx that every origin may read."""
_NO_PUBLIC_POLICY = (
    "While one of them is on, for the bucket or for its account, AWS refuses or ignores a public policy."
)
OLD_VERSIONS_RULE = "s3probe-old-versions"
"""The id of the lifecycle rule that a fix here puts into a bucket."""
HIDES_NOTHING = Manual(
    "Delete the media of accounts that must vanish, or block them in the proxy: ACLs do nothing here."
)


def allow_objects(case: Case, *actions: str) -> IamAllow:
    return _allow(case, actions, (_objects(case),))


def allow_bucket(case: Case, *actions: str) -> IamAllow:
    return _allow(case, actions, (_bucket(case),))


def allow_bucket_and_objects(case: Case, *actions: str) -> IamAllow:
    return _allow(case, actions, (_bucket(case), _objects(case)))


def _bucket(case: Case) -> str:
    """The bucket as this store writes it in policies."""
    settings = case.settings
    return bucket_arn(settings.bucket_name, settings.region, provider_of(case).arn)


def _objects(case: Case) -> str:
    settings = case.settings
    return objects_arn(settings.bucket_name, settings.key_prefix, settings.region, provider_of(case).arn)


def all_object_rights(case: Case) -> tuple[str, ...]:
    """Mastodon's rights on objects, as this store knows them."""
    return key_actions(case.settings, provider_of(case))


def _allow(case: Case, actions: tuple[str, ...], resources: tuple[str, ...], *, by_policies: bool = False) -> IamAllow:
    """These rights beside those that the key has; by a command that can give no single one all that it needs.

    One that gives some rights alone would take others away: a policy of a name replaces the one of that name.
    """
    provider = provider_of(case)
    if limits_owner(case):
        return IamAllow(actions, resources, note_of(case, "owner"), command=provider.commands["owner"])
    if "policy" in provider.commands:
        topic, first = _how_to_allow(case)
        if by_policies or _lives_by_policies(case):
            topic = "attached_policy"
        command = own_command(case, topic, _kept(case, own=True, media=not _acl_opens(case)))
        actions = tuple(dict.fromkeys((*all_object_rights(case), *BUCKET_REASONS, *actions)))
        replacing = _replacing(case) if "{media_policy}" in provider.commands[topic] else ""
        note = sentences(first, own_note(case, topic))
        return IamAllow(actions, (_bucket(case), _objects(case)), note, command=command, warning=replacing)
    if not takes_iam(provider):
        return IamAllow(actions, resources, way=_way_of_rights(case))
    if provider.id == GENERIC:
        return IamAllow(actions, resources, "Amazon writes it so. This storage may give rights in another way.")
    if provider.one_policy:
        whole = tuple(dict.fromkeys((*all_object_rights(case), *BUCKET_REASONS, *actions)))
        warning = "It replaces the one that the user has."
        return IamAllow(whole, (_bucket(case), _objects(case)), in_console(case, "policy"), warning=warning)
    adds = _granting(case, actions, resources)
    who = note_of(case, "policy") if "USER" in adds else ""
    return IamAllow(actions, resources, sentences(in_console(case, "policy"), who), adds=adds)


def _way_of_rights(case: Case) -> str:
    """How a key gets rights at a provider that has no IAM policies."""
    provider = provider_of(case)
    return (
        provider_step(case, "policy")
        or f"How a key gets rights at {provider.name} is documented nowhere that s3probe knows of: ask there."
    )


def _granting(case: Case, actions: Sequence[str], resources: Sequence[str]) -> str:
    """The command for a policy of these rights beside those that the key has; its user, where a refusal named it."""
    settings, provider = case.settings, provider_of(case)
    document = policy_document({"Effect": "Allow", "Action": list(actions), "Resource": list(resources)})
    papers = replace(documents(settings, provider), key=document)
    name = "-".join(action.partition(":")[2] for action in actions)
    command = recipe(settings, provider, "grant", papers, name=name)
    user = _user(case)
    if user[:1] == ("role",):
        command = command.replace("put-user-policy --user-name USER", f"put-role-policy --role-name {user[1]}")
    return command.replace("USER", user[1]) if user else command


def _user(case: Case) -> tuple[str, ...]:
    """``user`` or ``role``, and the name of whom AWS takes the key for, where a refusal says it."""
    for name in (Experiment.READ_POLICY, Experiment.LIST_BUCKETS):
        message = case.get(name).message or ""
        for kind, pattern in (("user", _USER), ("role", _ROLE)):
            if found := pattern.search(message):
                return kind, found[1]
    return ()


def _how_to_allow(case: Case) -> tuple[str, str]:
    """The command's topic, and what to look at first, by what the server says of the key's user, where it does."""
    notes, account = provider_of(case).notes, case.get(Experiment.ACCOUNT)
    if not account.ok:
        return "policy", notes.get("policy_unseen", "")
    if not account.facts.get(Fact.OF_USER):
        # a user that is switched off, or whose group is, has as few rights as one that nobody gave any
        return "policy_of_user", notes["without_rights"] if _has_nothing(account) else ""
    if set(all_object_rights(case)) <= set(account.facts.get(Fact.ALLOWS, "").split()):
        return "policy_of_access_key", ""
    return "policy", notes["without_rights_of_user"] if _has_nothing(account) else ""


def _has_nothing(account: Observation) -> bool:
    return account.facts.get(Fact.COUNT) == "0"


def allow_all(case: Case) -> tuple[IamAllow, ...]:
    """All that a key needs that has no right yet. Where nothing shows by what it gets its rights, by either."""
    allow = allow_bucket_and_objects(case, *all_object_rights(case), "s3:ListBucket")
    if "attached_policy" not in provider_of(case).commands or _lives_by_policies(case):
        return (allow,)
    return allow, _allow(case, allow.actions, allow.resources, by_policies=True)


def _lives_by_policies(case: Case) -> bool:
    """Whether policies alone give this key its rights, where actions of its own may do so as well (SeaweedFS).

    Its action Read is for files, the bucket policy and HEAD of the bucket at once; in a policy each is a right of its
    own.
    """
    if "attached_policy" not in provider_of(case).commands or case.get(Experiment.GET_TAGGING).ok:
        return False  # Read is for tags as well
    policy, bucket = case.get(Experiment.READ_POLICY), case.get(Experiment.HEAD_BUCKET)
    sees = policy.ok or policy.error_code == "NoSuchBucketPolicy"
    if sees or policy.outcome is Outcome.DENIED:
        # an archive: what everyone may read, every key may
        reads = case.get(ActionId.PRESIGNED_GET).ok or case.get(Experiment.GET_MISSING).error_code == "NoSuchKey"
        return reads != sees or (bucket.ok and not reads)
    return False


def limits_owner(case: Case) -> bool:
    """Whether the key's own user owns the bucket, where something else than a policy limits an owner (Ceph)."""
    names = case.get(Experiment.LIST_BUCKETS).facts.get(Fact.NAMES, "").split()
    return "owner" in provider_of(case).commands and case.settings.bucket_name in names


def opening(case: Case, *, account: bool = False) -> tuple[BucketSetting | BucketPolicy | Manual, ...]:
    """What opens the media without ACLs, after what stands before it: Block Public Access refuses a public policy.

    ``account``: it is known that the account's own switches are on.
    """
    if needs_acls(provider_of(case)):
        name = provider_of(case).name
        return (
            Manual(
                f"How media are opened at {name} without an ACL is documented nowhere that s3probe knows of: ask "
                "there, or let a proxy of your own that signs its requests serve them as S3_ALIAS_HOST."
            ),
        )
    policy = public_read(case)
    if not isinstance(policy, BucketPolicy):
        return (policy,)
    at_bucket = {switch(case, flag) for flag in POLICY_SWITCHES}
    unknown = at_bucket == {""} and is_aws(case.settings.api_base)
    steps = [public_access_block(case, *POLICY_SWITCHES)] if "true" in at_bucket or unknown else []
    steps += [public_access_block(case, *POLICY_SWITCHES, account=True)] if account else []
    steps = [replace(step, note=sentences(_NO_PUBLIC_POLICY, step.note)) for step in steps]
    first, *rest = (*steps, policy)
    return first, *(replace(step, together=True) for step in rest)


def needs_acls(provider: Provider) -> bool:
    """Whether nobody says how media are opened there but by the ACL of each."""
    return not provider.opened_without_acls and not takes_policies(provider)


def public_read(case: Case) -> BucketPolicy | BucketSetting:
    """Opens the media folders, and never ``backups/``, to everyone; in the provider's way where it has no policies."""
    provider, there = provider_of(case), case.get(Experiment.READ_POLICY)
    if not takes_policies(provider):
        return _own_switch(case, "public_read")
    known = _is_known(there) and bool(_statements_there(case))
    if provider.commands.get("public_read") or provider.key_principal or known:
        return _whole_policy(case, _kept(case))
    statement = _media(case)
    text = json.dumps(policy_document(dict(statement)), separators=(",", ":"))
    notes = (_ONLY_MEDIA, provider_step(case, "public_read"))
    return BucketPolicy(
        statement,
        note=sentences(*notes, unsure(case, PolicySupport.UNKNOWN is provider.bucket_policy)),
        command=aws_call(case, "put-bucket-policy", f"--policy {shlex.quote(text)}"),
        warning="" if there.error_code == "NoSuchBucketPolicy" else _OR_BESIDE,
    )


_ONLY_MEDIA = "It opens only the media folders. Archives in backups/ stay closed."
_OR_BESIDE = (
    'Where the bucket has a policy already, it goes into that one\'s list "Statement": setting one replaces it.'
)


def takes_policies(provider: Provider) -> bool:
    """Whether a bucket policy of Amazon's form is what opens a bucket there, or may be where nobody knows the store."""
    return provider.bucket_policy is PolicySupport.YES or "public_read" in standard_topics(provider)


def _own_switch(case: Case, topic: str) -> BucketSetting:
    """The provider's own way to say what everyone may do."""
    provider, command = provider_of(case), own_command(case, topic)
    whole = archives_note(case.settings, provider) if topic == "public_read" else ""
    note = note_of(case, topic) if command else in_console(case, topic)
    note = sentences(note, whole if "archives" not in note else "")
    return BucketSetting("public-read", provider.opened_without_acls or provider.public_read, command, note)


def _media(case: Case) -> dict[str, object]:
    settings = case.settings
    return public_policy(settings.bucket_name, settings.key_prefix, settings.region, provider_of(case).arn)


def only_media_public(case: Case, *, closing: bool = False) -> BucketSetting | Manual:
    """The whole bucket policy, opening the media folders to everyone and nothing else to anyone.

    Where an ACL opens each file, it opens nothing: a policy that opens media would show those of suspended users too.
    Except where files that were here before may be shown by nothing else. ``closing``: files get
    their ACLs first.
    """
    provider, asked = provider_of(case), case.get(Experiment.READ_POLICY)
    if no_bucket_policies(case):
        return _closed_otherwise(case)
    everyone = case.get(Experiment.BUCKET_ACL).facts.get(Fact.ALL_USERS, "").split()
    if (provider.bucket_acl_opens and "READ" in everyone) or listed_by_bucket_acl(case):
        return bucket_acl_private(case)
    if asked.error_code == "NoSuchBucketPolicy" or _opens_media_alone(case):
        return _closed_without_policy(case)
    if not _is_known(asked) and "strangers" in provider.commands:
        return _without_strangers(case)
    opens = not _acl_opens(case) or (may_close_with_the_policy(case) and not closing)
    statements = _kept(case, shut=True, media=opens)
    if statements:
        return _whole_policy(case, statements)
    if _is_known(asked) or provider.id == "aws-s3":
        return _no_policy(case)
    return Manual(
        "Take the statements that allow everyone anything out of the bucket policy, which "
        f"{aws_call(case, 'get-bucket-policy', '--query Policy --output text')} shows, and keep all others."
    )


def without_denials(case: Case) -> BucketSetting | Manual:
    """The same without what denies everyone to read media, where the key may read the policy that does."""
    if not denies_visitors(case):
        return only_media_public(case)
    kept = _kept(case, shut=True, denied=True, media=not _acl_opens(case))
    return _whole_policy(case, kept) if kept else _no_policy(case)


def _no_policy(case: Case) -> BucketSetting:
    warning = "" if _is_known(case.get(Experiment.READ_POLICY)) else _TAKES_ALL
    command = f"aws s3api delete-bucket-policy --bucket {case.settings.bucket_name}{endpoint_option(case.settings)}"
    return BucketSetting("policy", "", command, warning=warning)


def _closed_without_policy(case: Case) -> BucketSetting | Manual:
    """There is no policy that could open it: the ACL does, or rights of an identity for everyone."""
    provider = provider_of(case)
    if "strangers" in provider.commands:
        return _without_strangers(case)
    return bucket_acl_private(case) if provider.acls_count or provider.bucket_acl_opens else Manual(_NO_POLICY_THERE)


def _without_strangers(case: Case) -> BucketSetting:
    """Takes from everyone what an identity for everyone gave, after what opens media without it (SeaweedFS)."""
    topic = "everywhere" if case.get(Experiment.PUBLIC_ELSEWHERE).error_code == "NoSuchBucket" else "strangers"
    command, note = own_command(case, topic, _kept(case, shut=True)), own_note(case, topic)
    return BucketSetting("public-read", provider_of(case).public_read, command, note, warning=_replacing(case))


def _opens_media_alone(case: Case) -> bool:
    """Whether the bucket policy was read and opens nothing but media, where something else can open the bucket too."""
    provider = provider_of(case)
    if not _is_known(case.get(Experiment.READ_POLICY)) or not (
        provider.bucket_acl_opens or "strangers" in provider.commands
    ):
        return False
    media = _media(case)
    return all(opens_no_more(one, media) for one in _statements_there(case) if opens(one))


def listed_by_bucket_acl(case: Case) -> bool:
    """Where a bucket's ACL opens its files too: strangers see the listing, and neither versions nor uploads.

    Where nobody can read ACL and policy, they see all three: the fix for the ACL sets both.
    """
    if not provider_of(case).bucket_acl_opens or not case.get(ActionId.PUBLIC_LIST).facts.get(Fact.LISTING):
        return False
    if any(case.get(name).facts.get(Fact.LISTING) for name in FOLDERS_LISTED):
        return False  # an ACL opens all of it
    policy, others = case.get(Experiment.READ_POLICY), (ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS)
    if policy.outcome is Outcome.DENIED and not case.get(Experiment.BUCKET_ACL).ok:
        return all(case.get(name).facts.get(Fact.LISTING) for name in others)
    innocent = policy.error_code == "NoSuchBucketPolicy" or _opens_media_alone(case)
    return innocent and all(case.get(name).ok for name in others)


_REPLACES = "It replaces the whole policy: keep statements of your own that are not for everyone."
_TAKES_ALL = (
    "It takes the whole policy: keep statements of your own that are not for everyone, and what opens media stored "
    "without an ACL."
)
_KEEPS = "It replaces the whole policy, and keeps the statements that are there and are not for everyone."
_NO_POLICY_THERE = (
    "There is no bucket policy, so something else opens it: look for the storage's own switch for public buckets, for "
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
    return (*kept, *mine, *([_media_as_well(case, there)] if media else []))


def _media_as_well(case: Case, there: Iterable[Statement]) -> Statement:
    """What opens the media folders, those of an earlier ``S3_KEY_PREFIX`` too, which the same statement opens now."""
    statement = _media(case)
    new = cast("list[str]", statement["Resource"])
    old = (place for one in there if one.get("Sid") == statement["Sid"] for place in opened_folders(one))
    return {**statement, "Resource": list(dict.fromkeys((*new, *old)))}


def opened_in_vain(case: Case, refused: Observation) -> bool:
    """Whether visitors are refused though the bucket policy opens files, or in words that send one to the support."""
    public = case.get(Experiment.POLICY_STATUS).facts.get(Fact.IS_PUBLIC) == "yes"
    return public or any(map(opens, _statements_there(case))) or "support@" in (refused.message or "").lower()


def denies_visitors(case: Case) -> bool:
    """Whether the bucket policy, where the key may read it, denies visitors to read files."""
    return any(closes_reading(one) for one in _statements_there(case))


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
    text = json.dumps(bucket_policy(provider_of(case), statements), separators=(",", ":"))
    own = own_command(case, "public_read", statements)
    command = own or aws_call(case, "put-bucket-policy", f"--policy {shlex.quote(text)}")
    principal = provider_of(case).key_principal
    printed = bool(principal) and json.dumps(principal) in text
    named = (
        (note_of(case, "principal") or (f"{KEY} is AWS_ACCESS_KEY_ID." if KEY in principal else "")) if printed else ""
    )
    note = provider_of(case).notes.get("public_read", named) if own else named
    return BucketSetting("policy", text, command, note, warning=_replacing(case))


def _replacing(case: Case) -> str:
    """What becomes of the policy that is there."""
    read = case.get(Experiment.READ_POLICY)
    return _KEEPS if _is_known(read) else "" if read.error_code == "NoSuchBucketPolicy" else _REPLACES


def no_bucket_policies(case: Case) -> bool:
    """Whether the store has no bucket policies: it is known for that, or did not know the question."""
    return foreign_to_policies(case) or not takes_policies(provider_of(case))


def foreign_to_policies(case: Case) -> bool:
    """Whether the store did not know ``?policy``: it refuses the question, or answers another one (a listing)."""
    asked = case.get(Experiment.READ_POLICY)
    return asked.http_status in (405, 501) or (asked.outcome is Outcome.WRONG and asked.http_status == 200)


def _closed_otherwise(case: Case) -> BucketSetting | Manual:
    """What closes a bucket without bucket policies to all but readers of media."""
    provider = provider_of(case)
    if "listing" in provider.commands:
        if closing := own_command(case, "listing"):
            return BucketSetting("listing", "closed", closing, note_of(case, "listing"))
    elif "public_read" in provider.commands:
        # where it opens the media it opens nothing else
        return replace(_own_switch(case, "public_read"), setting="listing", value="media alone")
    if provider.acls_count and provider.id != GENERIC and "listing" not in provider.console:
        return bucket_acl_private(case)
    if provider.id != GENERIC:
        return Manual(provider_step(case, "listing") or f"At {provider.name}: {provider.keep_listing_off}")
    return Manual(
        "This storage knows no bucket policies: close the bucket with its own switch, or let everyone reach it only "
        "through a proxy that serves the media folders and nothing else."
    )


def spoils_files(case: Case) -> bool:
    """Whether a change of an ACL empties the file: nothing else about ACLs counts then."""
    return Fact.LENGTH in case.get(Experiment.ACL_READ_BACK).facts


def _acl_opens(case: Case) -> bool:
    """Whether the ACL that Mastodon sends opens each file: the store is known for it, or hid one that was private."""
    if case.settings.acl in (None, "private") or not provider_of(case).acls_count:
        return False
    provider = provider_of(case)
    if provider.id == "aws-s3":
        return not case.get(ActionId.PUT_WITH_ACL).failed  # refused where ACLs are disabled
    return provider.object_acl is ObjectAcl.YES or case.get(ActionId.SUSPENDED_PUBLIC_GET).ok


def cors(case: Case) -> BucketSetting | ServerFix:
    """Lets the web interface read media: by the bucket's rules, or where there are none by a proxy."""
    provider = provider_of(case)
    text = json.dumps(cors_in(provider.cors_form, provider.cors_headers), separators=(",", ":"))
    own = own_command(case, "cors")
    if not own and provider.cors is Cors.NONE:
        why = f"S3_ALIAS_HOST is its host. {provider.name} has no CORS rules."
        return ServerFix("nginx", ALLOW_ALL, why, place="a proxy of your own")
    if not own and provider.cors is Cors.OPEN:
        why = f"{provider.name} sends that header to everyone by itself."
        return ServerFix("nginx", ALLOW_ALL, why, place=f"what stands before {provider.name}")
    if not own and provider.cors is Cors.OWN:
        return BucketSetting("cors", "", "", provider_step(case, "cors"))
    command = own or aws_call(case, "put-bucket-cors", f"--cors-configuration '{text}'")
    note = (provider_step(case, "cors") if not own else "") or note_of(case, "cors")
    replaces = document_of(provider.commands.get("cors", "")) or not own
    warning = "It replaces the rules that are there." if replaces else ""
    note = sentences(note, unsure(case, provider.cors is Cors.UNKNOWN and not own))
    return BucketSetting("cors", text, command, note, warning=warning)


def bucket_acl_private(case: Case) -> BucketSetting | Manual:
    """Closes the listing; where the bucket's ACL opens files as well, after what opens media without it.

    In the provider's own way where ACLs mean nothing.
    """
    provider = provider_of(case)
    if not provider.acls_count and not provider.bucket_acl_opens:
        command, way = own_command(case, "listing"), in_console(case, "listing")
        if command or way:
            return BucketSetting("listing", "closed", command, note_of(case, "listing") if command else way)
        return Manual(provider.keep_listing_off)
    closing = aws_call(case, "put-bucket-acl", "--acl private")
    opening = public_read(case) if provider.bucket_acl_opens else None
    if isinstance(opening, BucketSetting) and opening.command:
        return BucketSetting("acl", "private", f"{opening.command} && {closing}", opening.note)
    note = sentences(provider_step(case, "listing"), unsure(case, provider.object_acl is ObjectAcl.UNKNOWN))
    return BucketSetting("acl", "private", closing, note)


def expire_old_versions(case: Case, *, others: int = 0) -> BucketSetting:
    """Lets the bucket drop old versions and bare delete markers after a day. ``others``: rules that it has already."""
    rule = (
        f'{{"ID":"{OLD_VERSIONS_RULE}","Status":"Enabled","Filter":{{}},'
        '"NoncurrentVersionExpiration":{"NoncurrentDays":1},"Expiration":{"ExpiredObjectDeleteMarker":true}}'
    )
    if others:
        note = "Add this rule to those that the bucket has: setting lifecycle rules replaces all of them."
        return BucketSetting("lifecycle", rule, "", note)
    rules = f'{{"Rules":[{rule}]}}'
    command = aws_call(case, "put-bucket-lifecycle-configuration", f"--lifecycle-configuration '{rules}'")
    store, notes = provider_of(case), ["It replaces the bucket's lifecycle rules: add it to those you have."]
    if store.hosts and not is_aws(case.settings.api_base):
        said = f"Whether {store.name} takes this command of the S3 API is documented nowhere that s3probe knows of."
        notes.append(said)
    if not store.expires_old_as_new:  # there fresh files carry the rule's name
        notes.append("A key that may not read the rules (s3:GetLifecycleConfiguration) will see this warning again.")
    return BucketSetting("lifecycle", rules, command, sentences(*notes))


def suspend_versioning(case: Case) -> BucketSetting:
    """Keeps no further versions, where no rule can remove them."""
    command = aws_call(case, "put-bucket-versioning", "--versioning-configuration Status=Suspended")
    locked = case.get(Experiment.READ_OBJECT_LOCK).outcome is Outcome.DENIED
    note = sentences(_NO_RULES, _OBJECT_LOCK if locked else "")
    return BucketSetting("versioning", "Suspended", command, note)


_NO_RULES = "This server has no lifecycle rules: old versions that are there already must be removed by hand."
_OBJECT_LOCK = "A bucket with Object Lock refuses this (InvalidBucketState): use another bucket then."


def no_default_retention(case: Case) -> BucketSetting:
    """Locks no further files. Object Lock itself cannot be switched off."""
    value = '{"ObjectLockEnabled":"Enabled"}'
    command = aws_call(case, "put-object-lock-configuration", f"--object-lock-configuration '{value}'")
    note = "Files already stored stay locked until their day. Then a lifecycle rule can remove old versions."
    return BucketSetting("object-lock", value, command, note)


def look_at_the_server(case: Case) -> str:
    """What shows the state of a server of one's own; ``""`` where it is a provider's."""
    provider, command = provider_of(case), own_command(case, "health")
    if not command:
        return ""
    look = f"Look at the server itself: {command} shows its disks and nodes, and {provider.name}'s log the reason."
    return sentences(look, note_of(case, "health"))


def quota(case: Case, refused: Observation) -> tuple[BucketSetting, ...]:
    """The store's own command for the quota of a bucket, where its words are about that; no disk grows by it."""
    command = own_command(case, "quota")
    if not command or "quota" not in (refused.message or "").lower():
        return ()
    return (BucketSetting("quota", "", command, note_of(case, "quota")),)


def owner_pays(case: Case) -> BucketSetting:
    """Anonymous requests cannot pay."""
    command = aws_call(case, "put-bucket-request-payment", "--request-payment-configuration Payer=BucketOwner")
    return BucketSetting("request-payment", "BucketOwner", command)


def encryption(case: Case, rules: str) -> BucketSetting:
    """Default encryption with S3's own keys, which need no right of their own and can be read by everyone."""
    command = aws_call(case, "put-bucket-encryption", f"--server-side-encryption-configuration '{rules}'")
    note = "It holds for new objects. Those already stored stay encrypted with the KMS key."
    return BucketSetting("encryption", "AES256", command, note)
