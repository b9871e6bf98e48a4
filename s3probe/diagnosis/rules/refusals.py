"""Refusals that no right of Mastodon's own would lift: caps, explicit denies, someone else's bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import Denial, denial, weight
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, IamAllow, Manual
from s3probe.diagnosis.rule import OF_RIGHTS, OPEN, Layer, Rule, once
from s3probe.diagnosis.rules.before_the_storage import before_api
from s3probe.diagnosis.rules.rights import READS, WRITES, denied
from s3probe.diagnosis.rules.storage_availability import invisible_without_upload
from s3probe.diagnosis.signing import OR_A_PROXY, SIGNING, at_the_proxy, verdict_on
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import answered, in_turn, refused_by_a_page, sentences, words
from s3probe.evidence.alike import alike
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.refusing import has_expired, lacks_a_right, names_account, names_cap
from s3probe.evidence.vocabulary import FOLDER_VISITS, ActionId, Actor, Experiment, Fact, ObservationId
from s3probe.knowledge.providers import KeyRights
from s3probe.knowledge.recipes import endpoint_option
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.settings.addressing import is_aws

_DISK_WORDS = ("storage full", "no space", "disk is full")
"""Of an operating system, or of the database that a store keeps (Garage: sqlite)."""


def nothing_fits(seen: Observation) -> bool:
    """Whether an upload was refused because nothing more can be stored."""
    return _disk_is_full(seen) or names_cap(seen)


def _disk_is_full(seen: Observation) -> bool:
    # Insufficient Storage (RFC 4918)
    told = seen.http_status == 507 or seen.error_code == "XMinioStorageFull"
    return told or any(word in (seen.message or "").lower() for word in _DISK_WORDS)


def quota(case: Case) -> Iterator[Finding]:
    """A cap of the account looks like a missing right, but reading still works."""
    hit = [o for o in case.open(*WRITES) if nothing_fits(o)]
    if hit:
        full, health = any(map(_disk_is_full, hit)), fixes.provider_of(case).commands.get("health", "")
        more = f"{health} shows what is left." if health else ""
        room = "Or make room: tootctl media remove, tootctl preview_cards remove."
        own_disk = full and not has_own_hosts(case.settings.api_base)
        advice = Manual(
            sentences("Give the disk of the storage more space.", more, room)
            if own_disk
            else sentences(_console_of_caps(case), room)
        )
        because = [o.id for o in case.open(*WRITES)]
        alike_worded = [o for o in case.all_open() if hit[0].message and o.message == hit[0].message]
        if any(o.id not in WRITES for o in alike_worded):  # a cap on requests: a HEAD has no words to say so
            alike_worded += [o for o in case.all_open() if not o.error_code and o.http_status == hit[0].http_status]
        yield finding(
            "quota-or-cap-exceeded",
            case,
            how=f"an upload was answered {words(hit[0])}",
            because=because,
            explains=[o.id for o in alike_worded],
            fixes=[*bucket_fixes.quota(case, hit[0]), advice],
            variant="disk" if full else "cap",
        )


def _console_of_caps(case: Case) -> str:
    place = fixes.provider_of(case).console.get("cap", "")
    return f"Raise the cap: {place.rstrip('.')}." if place else "Raise the cap with the provider."


def account(case: Case) -> Iterator[Finding]:
    """The provider says that a bill is open, the account suspended, or a proof of who owns it is missing."""
    seen = [o for o in case.all_open() if names_account(o)]
    if not seen:
        return
    # a HEAD has no words
    silent = [o.id for o in case.all_open() if not o.error_code and o.http_status == seen[0].http_status]
    store = fixes.provider_of(case)
    where = f"the console of {store.name}" if has_own_hosts(case.settings.api_base) else "the provider's console"
    advice = Manual(
        f"Log in to {where}, with the account that pays: it says what is open (a bill, a suspension, a confirmation of "
        "e-mail, phone or identity). No setting of Mastodon's changes that."
    )
    yield finding(
        "key-disabled-or-account-suspended",
        case,
        how=answered(seen[0]),
        because=[o.id for o in seen],
        explains=silent,
        fixes=fixes.new_pair(case, "The provider's console makes one.") if has_expired(seen[0]) else [advice],
    )


def read_only_disk(case: Case) -> Iterator[Finding]:
    """The store says itself that its disk takes no writes. Small files may pass: some stores keep them elsewhere."""
    hit = [o for o in case.open(*WRITES) if "read-only file system" in (o.message or "").lower()]
    if hit:
        advice = Manual(
            "Look at the disk of the storage's data on its machine (findmnt, dmesg): a disk that fails is often "
            "mounted read-only. Mount it for writing again, or replace it."
        )
        yield finding(
            "disk-read-only",
            case,
            how=f"an upload was answered {words(hit[0])}",
            because=[o.id for o in case.open(*WRITES)],
            fixes=[advice],
        )


_Denials = list[tuple[Observation, Denial]]


def explicit_denies(case: Case) -> Iterator[Finding]:
    """AWS names the policy that denies: no Allow helps against it."""
    rows = (*case.all_open(), case.get(Experiment.GET_ARCHIVE))
    denials = [(o, what) for o in rows if o.outcome is Outcome.DENIED and (what := denial(o)) is not None]
    kinds = [next((kind for kind, holds, _finding in _DENIERS if holds(what)), "") for _o, what in denials]
    for kind, _holds, found in _DENIERS:
        mine = [one for one, its in zip(denials, kinds, strict=True) if its == kind]
        if mine:
            yield found(case, mine)


def _by_endpoint(case: Case, denials: _Denials) -> Finding:
    bucket = case.settings.bucket_name
    advice = f"Allow the bucket {bucket} in the policy of the VPC endpoint that this machine's traffic takes."
    return _denied_by(case, "vpc-endpoint-policy-blocks", denials, advice)


def _by_policy(case: Case, denials: _Denials) -> Finding:
    what = denials[0][1]
    advice = (
        f"Find the Deny statement for {what.action} in the {what.policy or 'a'} policy and take this key or bucket "
        "out of it. Typical reasons: aws:SecureTransport, aws:SourceIp, a required encryption header."
    )
    if not what.explicit:
        advice = f"Allow {what.action} in the {what.policy} too: the key's own policy cannot give what that leaves out."
    return _denied_by(case, "explicit-deny-policy", denials, advice, what.action)


def _denied_by(
    case: Case, finding_id: str, denials: list[tuple[Observation, Denial]], advice: str, permission: str | None = None
) -> Finding:
    because = [o.id for o, _d in denials]
    follows = invisible_without_upload(case, (o for o, _d in denials))
    # the per-key refusals inside a batch follow from the refused single deletion
    follows += [o.id for o in denied(case, ActionId.BATCH_DELETE)] if case.get(ActionId.DELETE).id in because else []
    if any(d.action.lower() == "s3:getobject" for _o, d in denials):
        # a HEAD has no body that could name the policy
        follows += [
            o.id
            for o in denied(case, *READS, Experiment.GET_ARCHIVE, Experiment.ACL_READ_BACK, Experiment.DELETE_EXISTS)
        ]
    if any(d.action.lower() == "s3:getobject" and "resource" in d.policy.lower() for _o, d in denials):
        # a Deny of the bucket's own policy is for visitors too
        seen = case.open(ActionId.PUBLIC_GET, *FOLDER_VISITS, ActionId.RESTORED_PUBLIC_GET)
        follows += [o.id for o in seen if o.error_code == "AccessDenied"]
    how = answered(denials[0][0])
    offered = [Manual(advice)]
    return finding(
        finding_id,
        case,
        how=how,
        because=because,
        explains=follows,
        fixes=offered,
        permission=permission,
        severity=weight(o for o, _d in denials),
    )


def _by_key(case: Case, denials: _Denials) -> Finding:
    seen, what = [o for o, _d in denials], denials[0][1]
    sse = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    because = [o.id for o in seen]
    because += [o.id for o in case.open(*WRITES, *READS) if o.outcome is Outcome.DENIED and o.id not in because]
    return finding(
        "kms-key-not-allowed",
        case,
        how=answered(seen[0]),
        because=because,
        # files under KMS can never be read by visitors, but through a CDN that signs: the grant would hide them all
        fixes=[bucket_fixes.encryption(case, sse), *(_kms_grant(what) if case.settings.alias_host else ())],
        permission=what.action,
    )


def _kms_grant(what: Denial) -> list[Fix]:
    """AWS, "Using server-side encryption with KMS": large uploads need both. Only for a named key."""
    if ":kms:" not in what.resource:
        return []
    note = "The KMS key's own policy must let IAM decide, as it does by default."
    return [IamAllow(("kms:GenerateDataKey", "kms:Decrypt"), (what.resource,), note)]


_DENIERS: tuple[tuple[str, Callable[[Denial], bool], Callable[[Case, _Denials], Finding]], ...] = (
    ("KMS", lambda what: what.kms, _by_key),
    ("VPC endpoint", lambda what: "vpc endpoint" in what.policy.lower(), _by_endpoint),
    ("policy", lambda what: what.wins, _by_policy),
)
"""Who denies, by AWS's sentence; the first row that holds counts."""


def signature_dropped(case: Case) -> Iterator[Finding]:
    """A stranger, a key that nobody has and a wrong secret are answered as Mastodon is: the signature never arrives."""
    seen = case.get(ActionId.LIST)
    others = [case.get(name) for name in (ActionId.REACH_ENDPOINT, Experiment.WRONG_SECRET, Experiment.UNKNOWN_KEY)]
    if seen.id in case.claimed or not seen.failed or seen.http_status is None:
        return
    if not all(other.ran and alike(other, seen) for other in others):
        return
    host = fixes.host_of(seen.url)
    if refused_by_a_page(seen):  # a storage's refusal that is passed on is in the storage's words
        yield finding(
            "proxy-refuses-uploads",
            case,
            how=f"{host} answers {words(seen)}, in words that are not the storage's, whoever asks",
            because=[seen.id, *(other.id for other in others)],
            explains=[o.id for o in case.all_open()],
            fixes=before_api(case, "api-addresses", "Mastodon's own address will do."),
            certainty=Certainty.LIKELY,
            variant="upload",
            effect="case",
            breaks=f"Every upload ends in HTTP 500: Aws::S3::Errors::Http{seen.http_status}Error",
        )
        return
    api = fixes.api_in_hostname(case, host) or fixes.api_by_hand(case, host)
    lines = before_api(case, "api-authorization", f"This is for {host} as the API's own host.")
    uploads = case.open(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL)
    # where uploads are turned away before the storage, this is a host for visitors
    by_proxy = any(o.facts.get(Fact.MARKUP) == "yes" for o in uploads)
    how = (
        f"{host} answers {words(seen)} to Mastodon, to a stranger, and to keys that are certainly wrong: it does not "
        "look at who asks"
    )
    if uploads:
        how = f"{how}. An upload is answered {words(uploads[0])}"
    yield finding(
        "endpoint-is-cdn-or-public-host",
        case,
        how=how,
        because=[seen.id, *(other.id for other in others)],
        explains=[o.id for o in case.all_open()],
        fixes=[api] if by_proxy else [api, *lines],
    )


def bucket_of_another(case: Case) -> Iterator[Finding]:
    """Everything is refused and no answer names a missing right: the bucket is not this account's."""
    rows = _asked_first(case)
    refused = [o for o in rows if lacks_a_right(o) and o.id not in case.claimed]
    cause_named = any(denial(o) or "not entitled" in (o.message or "").lower() for o in refused)
    # a run that only reads, or is asked for one thing, sends no upload
    asked_all = all(o.ran for o in rows)
    if not refused or len(refused) < sum(o.ran for o in rows) or cause_named:
        return
    wrong = case.every(Experiment.WRONG_SECRET)
    if wrong and alike(wrong[-1], refused[0]):
        yield _wrong_half(case, refused[0])
        return
    shown = case.settings.bucket_name in _listed(case)
    if asked_all and not shown and not _is_there(case):
        yield _not_for_this_key(case, refused[0])
    elif asked_all and shown and not _is_there(case) and fixes.provider_of(case).lists_by_right:
        yield _denied_whole(case, refused[0])


def _listed(case: Case) -> list[str]:
    """The buckets that ListBuckets shows."""
    return case.get(Experiment.LIST_BUCKETS).facts.get(Fact.NAMES, "").split()


def _is_there(case: Case) -> bool:
    """Whether the key may do something in the bucket that not everyone may: then single rights are missing."""
    if _list_is_everyones(case):
        return False  # whoever may list is told which files are missing
    return case.get(Experiment.HEAD_BUCKET).ok or case.get(Experiment.GET_MISSING).error_code == "NoSuchKey"


def _absent(case: Case) -> Observation | None:
    """An answer that says that there is no such bucket. Some stores refuse all else of a bucket that is not there."""
    asked = (*case.every(Experiment.HEAD_BUCKET), *case.all_open())
    return next(
        (
            o
            for o in asked
            if (o.error_code == "NoSuchBucket" or (o.id == Experiment.HEAD_BUCKET and o.http_status == 404))
            and o.actor is Actor.MASTODON
        ),
        None,
    )


def _not_for_this_key(case: Case, refused: Observation) -> Finding:
    """Every request for the bucket is refused: it is not there, somebody else's, or this key may nothing."""
    provider, names, bucket = fixes.provider_of(case), _listed(case), case.settings.bucket_name
    absent, near = _absent(case), fixes.nearest_bucket(case)
    because = _all_denied(case)
    every = f"Every request for it is answered {words(refused)}"
    if absent is not None:
        how = in_turn(answered(absent), f"All else was answered {words(refused)}")
        also = [absent.id, *(o.id for o in case.all_open() if o.error_code == absent.error_code)]
        line = fixes.bucket_line(case, f"There is no bucket {bucket!r} at {case.settings.api_base}.")
        return finding("nosuchbucket-typo", case, how=how, because=[*because, *also], fixes=[line])
    # Amazon names what is missing inside one account; where the owner of a bucket needs no policy, this key is not he
    if provider.accounts and (is_aws(case.settings.api_base) or provider.key_rights is KeyRights.BUCKET):
        advice = Manual(
            f"If {bucket!r} is your bucket, use a key of the account that owns it, or let its owner allow this key in "
            "the bucket policy. Otherwise create a bucket of your own and put its name into S3_BUCKET."
        )
        mine = _bucket_that_is_shown(case)
        return finding(
            "bucket-owned-by-other-account",
            case,
            how=f"the bucket exists. {every}. This key is shown {mine.value}"
            if mine
            else f"the bucket exists. {every}",
            because=because,
            fixes=[*([mine] if mine else ()), advice],
            certainty=Certainty.LIKELY,
        )
    if provider.accounts:
        return _without_rights(case, because, every)
    allow = bucket_fixes.allow_all(case)
    shown = (
        f"this key is shown {', '.join(names[:5])} and no other bucket" if names else "no bucket is shown to this key"
    )
    how = f"{shown}. {every}"
    # what the media host shows is the bucket that was meant
    published = case.get(ActionId.PUBLIC_LIST_ALIAS).facts.get(Fact.BUCKET, "")
    if near and provider.hides_absent_buckets and published != bucket:
        line = fixes.env(case, "S3_BUCKET", near, "It is the bucket that this key may use.", conditional=True)
        how = f"{how}. A bucket that is not there is answered the same"
        offered: list[Fix] = [line, *allow]
        return finding("nosuchbucket-typo", case, how=how, because=because, fixes=offered, certainty=Certainty.LIKELY)
    host = _served_by_web_port(case)
    if host in names:
        plain = [name for name in names if "." not in name]
        note = f"It is the key's own bucket, which visitors get at {host}."
        line = fixes.env(case, "S3_BUCKET", plain[0] if len(plain) == 1 else host, note, conditional=True)
        offered = [line, *allow]
    elif near and not host:
        offered = [*allow, fixes.bucket_line(case, "")]
    else:
        offered = [*allow]  # with the key's bucket visitors would get nothing more of what is shown at that host
    return finding("key-without-rights", case, how=how, because=because, fixes=offered)


def _without_rights(case: Case, because: list[ObservationId], every: str) -> Finding:
    """A provider that names no right that is missing says the same of a bucket of another of its customers.

    Of the two only the key's rights are the admin's to change, and a key for one bucket is what most of them offer.
    """
    provider, bucket = fixes.provider_of(case), case.settings.bucket_name
    use = f"If {bucket!r} is not of the account or project of this key, use a key of the one that owns it."
    if bucket_fixes.takes_policies(provider):
        use = f"{use} Or let its owner name this key in the bucket policy."
    foreign = f"{use} Otherwise create a bucket of your own and put its name into S3_BUCKET."
    names = [name for name in _listed(case) if name != bucket]
    shown = f"this key is shown {', '.join(names[:5])} and not {bucket}"
    # a list that has other buckets, and not this one, speaks against the name
    mine = _bucket_that_is_shown(case) if bucket not in _listed(case) else None
    return finding(
        "key-without-rights",
        case,
        how=f"{shown}. {every}" if names else every,
        because=because,
        fixes=[*([mine] if mine else ()), *bucket_fixes.allow_all(case), Manual(foreign)],
        certainty=Certainty.LIKELY,
    )


def _bucket_that_is_shown(case: Case) -> EnvFix | None:
    """Of the buckets that this key is shown, the one that was probably meant: the only one, or one of a like name."""
    names = _listed(case)
    mine = fixes.nearest_bucket(case) or (names[0] if len(names) == 1 else "")
    note = "It is this key's bucket of the nearest name."
    if len(names) == 1:
        note = "It is the only bucket that this key is shown."
    return fixes.env(case, "S3_BUCKET", mine, note, conditional=True) if mine else None


def _served_by_web_port(case: Case) -> str:
    """The host by which a web port finds the bucket of visitors (Garage); ``""`` where none does."""
    settings = case.settings
    return fixes.host_of(f"//{settings.alias_host}") if fixes.provider_of(case).web_port and settings.alias_host else ""


def _denied_whole(case: Case, refused: Observation) -> Finding:
    """The key is shown the bucket as one that it may list, and may not: something denies, and wins over rights."""
    bucket = case.settings.bucket_name
    read = f"aws s3api get-bucket-policy --bucket {bucket} --query Policy --output text"
    advice = Manual(
        f"Look for a Deny in the bucket policy ({read}{endpoint_option(case.settings)}, with another key) and take "
        "this key out of it. One on aws:SecureTransport meets https too where a proxy speaks plain http to the storage."
    )
    how = f"this key is shown {bucket} as a bucket that it may list, and every request for it is answered "
    return finding(
        "explicit-deny-policy",
        case,
        how=f"{how}{words(refused)}",
        because=_all_denied(case),
        fixes=[advice, *bucket_fixes.allow_all(case)],
        certainty=Certainty.LIKELY,
        permission="",
    )


OF_ANOTHER = (
    ActionId.DELETE,
    ActionId.LIST,
    ActionId.PUBLIC_LIST,
    ActionId.PUT_WITHOUT_ACL,
    Experiment.LIST_BUCKETS,
    Experiment.WRONG_SECRET,
)
"""What :func:`is_of_another` reads."""


def is_of_another(case: Case) -> bool:
    """Whether the bucket is most likely another account's, so that its settings are not this admin's to change."""
    refused, names = _all_refused(case), case.every(Experiment.LIST_BUCKETS)
    own = bool(names) and case.settings.bucket_name in names[-1].facts.get(Fact.NAMES, "").split()
    accounts = fixes.provider_of(case).accounts
    return accounts and bool(refused) and not own and not _secret_is_refused(case, refused[0])


def _all_refused(case: Case) -> tuple[Observation, ...]:
    """What was refused, when that is everything and no refusal names its cause; else nothing."""
    rows = _asked_first(case)
    cause_named = any(denial(o) or "not entitled" in (o.message or "").lower() for o in rows)
    return () if cause_named or not all(lacks_a_right(o) for o in rows) else rows


def _asked_first(case: Case) -> tuple[Observation, ...]:
    """What a key with all of Mastodon's rights may do in its bucket, and a stranger may not."""
    names = (ActionId.PUT_WITHOUT_ACL, ActionId.DELETE)
    return tuple(case.get(name) for name in (names if _list_is_everyones(case) else (*names, ActionId.LIST)))


def _secret_is_refused(case: Case, refused: Observation) -> bool:
    """Whether the store answers the same to a secret that is certainly wrong."""
    wrong = case.every(Experiment.WRONG_SECRET)
    return bool(wrong) and alike(wrong[-1], refused)


def _list_is_everyones(case: Case) -> bool:
    """Whether the key may list as everyone may, and AWS names the missing right elsewhere and not at this bucket."""
    names = case.get(Experiment.LIST_BUCKETS)
    return bool(case.get(ActionId.PUBLIC_LIST).facts.get(Fact.LISTING)) and names.failed and denial(names) is not None


def _wrong_half(case: Case, refused: Observation) -> Finding:
    """A store that calls every wrong signature a lack of rights: finds which half of the pair is wrong."""
    how = f"every request is answered {words(refused)}, and so is one signed with a secret that is certainly wrong"
    offered: tuple[Fix, ...]
    unknown = case.every(Experiment.UNKNOWN_KEY)
    known_id = bool(unknown) and not alike(unknown[-1], refused)
    certainty, because = Certainty.LIKELY, _all_denied(case)
    if known_id:
        verdict = verdict_on(case, refused)
        proxy, because = at_the_proxy(case, verdict), [*because, *verdict.because]
        if verdict.secret_is_right:
            how = in_turn(f"every request is answered {words(refused)}", verdict.how)
            return finding("proxy-rewrites-host-before-s3", case, how=how, because=because, fixes=proxy)
        secret = fixes.by_hand(case, "AWS_SECRET_ACCESS_KEY", "the secret of this key id", "Copy it again.")
        finding_id, offered = "wrong-secret-key", (secret,)
        how = f"{how}. A key id that nobody has is answered {words(unknown[-1])}, so this one is known"
        if verdict.secret_is_right is None:
            offered, how = (secret, *proxy), in_turn(how, OR_A_PROXY)
        else:
            certainty, how = Certainty.CERTAIN, in_turn(how, verdict.how)
    else:
        note = "Create a new key pair with the provider and copy both halves. This one is refused whatever it signs."
        finding_id, offered = "wrong-access-key-id", fixes.new_pair(case, note)
    return finding(finding_id, case, how=how, because=because, fixes=offered, certainty=certainty)


def _all_denied(case: Case) -> list[ObservationId]:
    return [o.id for o in case.all_open() if o.outcome is Outcome.DENIED]


RULES = (
    Rule(read_only_disk, Layer.STORE, yields=("disk-read-only",), reads=(*WRITES,)),
    Rule(quota, Layer.STORE, yields=("quota-or-cap-exceeded",), reads=(*WRITES, OPEN)),
    Rule(account, Layer.STORE, yields=("key-disabled-or-account-suspended",), reads=(OPEN,)),
    Rule(
        explicit_denies,
        Layer.REFUSALS,
        yields=("explicit-deny-policy", "kms-key-not-allowed", "vpc-endpoint-policy-blocks"),
        reads=(
            *READS,
            *WRITES,
            OPEN,
            Experiment.ACL_READ_BACK,
            ActionId.BATCH_DELETE,
            ActionId.DELETE,
            ActionId.PUBLIC_GET,
            ActionId.RESTORED_PUBLIC_GET,
            Experiment.DELETE_EXISTS,
            Experiment.GET_ARCHIVE,
        ),
    ),
    Rule(
        signature_dropped,
        Layer.REFUSALS,
        yields=("endpoint-is-cdn-or-public-host", "proxy-refuses-uploads"),
        reads=(
            OPEN,
            ActionId.LIST,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.REACH_ENDPOINT,
            Experiment.UNKNOWN_KEY,
            Experiment.WRONG_SECRET,
        ),
    ),
    Rule(
        bucket_of_another,
        Layer.REFUSALS,
        yields=(
            "bucket-owned-by-other-account",
            "explicit-deny-policy",
            "key-without-rights",
            "nosuchbucket-typo",
            "proxy-rewrites-host-before-s3",
            "wrong-access-key-id",
            "wrong-secret-key",
        ),
        reads=once(
            OPEN,
            ActionId.DELETE,
            ActionId.LIST,
            ActionId.PUBLIC_LIST,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.UNKNOWN_KEY,
            Experiment.WRONG_SECRET,
            *SIGNING,
            *OF_RIGHTS,
        ),
    ),
)
