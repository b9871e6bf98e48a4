"""The picture is there and visitors may not read it: the cause, and what opens it."""

from __future__ import annotations

from urllib.parse import urlsplit

from s3probe.diagnosis import bucket_fixes, bucket_switches, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual
from s3probe.diagnosis.rules.acl import ONLY_TOGETHER
from s3probe.diagnosis.rules.env_names import at_aws
from s3probe.diagnosis.rules.invisible import invisible
from s3probe.diagnosis.rules.visitors import public_host_of
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import Experiment, Fact
from s3probe.knowledge.providers import Provider, provider
from s3probe.records import replace
from s3probe.settings.model import Settings


def not_public(case: Case, seen: Observation) -> Finding | None:
    """The picture is where it should be, and visitors may not read it."""
    store = fixes.provider_of(case)
    if case.get(Experiment.PUBLIC_TENANT).ok:
        return _in_a_tenant(case, f"a visitor was answered {words(seen)}")
    quick = _by_provider(case, seen, store)
    if quick is not None:
        return quick
    if seen.http_status not in (400, 401, 403) and seen.outcome is not Outcome.DENIED:
        return None
    how = f"a visitor was answered {words(seen)}"
    if case.get(Experiment.REQUEST_PAYMENT).facts.get(Fact.PAYER) == "Requester":
        return invisible(
            case, "requester-pays", f"{how}. The bucket is set to Requester Pays", bucket_fixes.owner_pays(case)
        )
    if store.id == "wasabi" and bucket_fixes.opened_in_vain(case, seen):
        told = how if "support@" in how else f"{how}. The bucket policy opens files"
        return invisible(case, "wasabi-public-access-off", told, _ASK_WASABI, certainty=Certainty.LIKELY)
    if case.get(Experiment.REFERER).ok or case.get(Experiment.REFERER_ORIGIN).ok:
        explained = f"{how}. With a Referer of {case.settings.web_domain} it is visible"
        return invisible(case, "deny-anonymous-statement", explained, bucket_fixes.without_denials(case))
    if bucket_fixes.denies_visitors(case):
        denied = f"{how}. A Deny of the bucket policy for s3:GetObject meets visitors"
        shut = bucket_fixes.without_denials(case)
        return invisible(case, "explicit-deny-policy", denied, shut)
    status = case.get(Experiment.POLICY_STATUS)
    blocks = bucket_switches.public_access_blocks(case, *bucket_switches.POLICY_SWITCHES)
    if status.facts.get(Fact.IS_PUBLIC) == "yes" and blocks:
        return invisible(case, "bpa-blocks-public-policy", f"{how}. The bucket policy is public", *blocks)
    acl = case.settings.acl
    if acl in ("authenticated-read", "bucket-owner-read", "bucket-owner-full-control", "aws-exec-read"):
        return invisible(case, "authenticated-read-acl", how, fixes.env(case, "S3_PERMISSION", "public-read"))
    if acl in ("public-read", "public-read-write"):
        return _acl_without_effect(case, seen, how, store)
    return _nothing_opens_it(case, how)


_ASK_WASABI = Manual(
    "Ask support@wasabi.com to allow public access for this account; one from before 13 March 2023 finds Public Access "
    "Override in the bucket's settings. A trial account opens nothing. Until then no policy and no ACL helps."
)


def _opening(case: Case) -> tuple[Fix, ...]:
    """What opens the media without ACLs: a policy, or the store's own switch where it knows no policies."""
    if not bucket_fixes.foreign_to_policies(case) or "public_read" in fixes.provider_of(case).commands:
        return bucket_fixes.opening(case)
    advice = Manual(
        f"This storage knows no bucket policies. Make {case.settings.bucket_name} readable with its own switch "
        "(console, container ACL, web port or CDN), and put the host that then shows files into S3_ALIAS_HOST."
    )
    return (advice,)


def _acl_without_effect(case: Case, seen: Observation, how: str, store: Provider) -> Finding:
    """The public ACL was taken, and does nothing: ignored by a switch of the bucket, or unknown to the store."""
    listed = case.get(Experiment.READ_ACL)
    block = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    ignoring = bucket_switches.public_access_blocks(case, *bucket_switches.ACL_SWITCHES)
    granted = "READ" in listed.facts.get(Fact.ALL_USERS, "")
    # Block Public Access refuses visitors; a store that cannot even read their request ignores ACLs for another reason
    unblocked = seen.outcome is not Outcome.DENIED or block.http_status in (405, 501)
    if granted and unblocked:
        ignored = f"{how}. The file's ACL lets everyone read it"
        return invisible(case, "acl-header-silently-ignored", ignored, *_without_acl(case))
    if listed.ok and not granted:
        ignored = f"{how}. The file's ACL grants nothing to everyone"
        return invisible(case, "acl-header-silently-ignored", ignored, *_without_acl(case))
    if block.facts.get(Fact.IGNORE_PUBLIC_ACLS, "").lower() == "true":
        explained = f"{how}. The file's ACL lets everyone read it" if granted else f"{how}; IgnorePublicAcls is on"
        return invisible(case, "bpa-ignores-public-acls", explained, *ignoring)
    # the key may not read the ACL: only a store that is known to honour ACLs can be ignoring this one
    honours = granted or (not unblocked and (store.object_acl == "yes" or store.id == "aws-s3"))
    if honours and not ignoring:
        return _denied_to_visitors(case, how)
    if honours:
        explained = f"{how}. The file's ACL lets everyone read it" if granted else how
        return _ignored_or_denied(case, explained, *ignoring)
    return invisible(case, "acl-header-silently-ignored", how, *_without_acl(case), certainty=Certainty.LIKELY)


def _ignored_or_denied(case: Case, how: str, *ignoring: Fix) -> Finding:
    """The file's ACL is set aside by Block Public Access, unless something does it that this key may not look at."""
    payer, policy = (
        case.get(name).outcome is Outcome.DENIED for name in (Experiment.REQUEST_PAYMENT, Experiment.READ_POLICY)
    )
    others: list[Fix] = [bucket_fixes.owner_pays(case)] if payer else []
    if policy:
        others.append(Manual("Take a Deny of s3:GetObject that meets visitors (NotPrincipal) out of the policy."))
    if payer and policy:
        how = f"{how}. This key may not read who pays for requests, nor the bucket policy"
    elif payer:
        how = f"{how}. This key may not read who pays for requests"
    elif policy:
        how = f"{how}. This key may not read the bucket policy"
    certainty = Certainty.LIKELY if others else Certainty.CERTAIN
    return invisible(case, "bpa-ignores-public-acls", how, *ignoring, *others, certainty=certainty)


def _in_a_tenant(case: Case, how: str) -> Finding:
    """Keys find the bucket by its name alone, visitors by that of the tenant as well."""
    settings, seen = case.settings, case.get(Experiment.PUBLIC_TENANT)
    told = (case.get(name).facts.get(Fact.TENANT) for name in (Experiment.READ_ACL, Experiment.LIST_BUCKETS))
    bucket = f"{next(filter(None, told), '')}:{settings.bucket_name}"
    alias = fixes.env(case, "S3_ALIAS_HOST", f"{urlsplit(settings.api_base).netloc}/{bucket}")
    name = "contabo-tenant-prefix" if fixes.provider_of(case).id == "contabo" else "ceph-tenant-prefix"
    return invisible(case, name, f"{how}. At {seen.url} the picture is there", alias)


def _denied_to_visitors(case: Case, how: str) -> Finding:
    """The ACL opens the file, nothing blocks public ACLs, and visitors are refused."""
    advice = Manual(
        "Look for a Deny of s3:GetObject in the bucket policy that meets visitors (aws:SourceIp, aws:Referer, "
        "aws:SecureTransport), and ask the operator of the storage whether something before it filters."
    )
    explained = f"{how}. Nothing blocks public ACLs"
    return invisible(case, "explicit-deny-policy", explained, advice, certainty=Certainty.LIKELY)


def _nothing_opens_it(case: Case, how: str) -> Finding:
    """No public ACL is sent: a policy must open the media, and none does."""
    policy = _opening(case)
    helps = case.get(Experiment.PUBLIC_WITH_ACL).ok
    if helps:
        how = f"{how}. With ACL public-read it is visible"
        return invisible(case, "permission-private-no-public-policy", how, *_by_acl_or_without(case))
    if case.settings.acl == "private":
        return invisible(case, "permission-private-no-public-policy", how, *_without_acl(case))
    store = fixes.provider_of(case)
    if not case.get(Experiment.PUBLIC_WITH_ACL).ran and bucket_fixes.needs_acls(store):
        # not tried, and the only way that is known there
        policy = (*_by_acl(case, store), *policy)
    # a policy that is there may be set aside by Block Public Access, which this key may not look at
    hidden = at_aws(case.settings) and case.get(Experiment.POLICY_STATUS).outcome is Outcome.DENIED
    certainty = Certainty.LIKELY if hidden else Certainty.CERTAIN
    return invisible(case, "public-policy-missing", how, *policy, certainty=certainty)


def _by_acl_or_without(case: Case) -> tuple[Fix, ...]:
    """The ACL that opens each file, or what opens the media without one, where the provider has such a thing."""
    store = fixes.provider_of(case)
    permission = _by_acl(case, store)
    return *permission, *(_without_acl(case) if not bucket_fixes.needs_acls(store) or not permission else ())


def _by_acl(case: Case, store: Provider) -> tuple[EnvFix, ...]:
    """The ACL that opens each file, unless a later change of it would spoil the file."""
    return (fixes.env(case, "S3_PERMISSION", "public-read"),) if not store.acl_change_empties else ()


def _without_acl(case: Case) -> tuple[Fix, ...]:
    """What opens the media, and no ACL any more: one that hides nothing which a policy shows, or does nothing."""
    steps = _opening(case)
    if isinstance(steps[0], Manual) or case.settings.acl is None:
        return steps
    return *steps, replace(fixes.env(case, "S3_PERMISSION", "", ONLY_TOGETHER, conditional=True), together=True)


def _names_tenant(settings: Settings) -> bool:
    """Whether the alias names a tenant before the bucket already."""
    return (settings.alias_host or "").endswith(f":{settings.bucket_name}")


def _by_provider(case: Case, seen: Observation, store: Provider) -> Finding | None:
    """Stores whose API host never serves visitors."""
    settings = case.settings
    how = f"a visitor was answered {words(seen)}"
    api = fixes.host_of(settings.api_base)
    if settings.alias_host and fixes.host_of(f"//{settings.alias_host}") != api:
        return None
    if _names_tenant(settings):
        return None
    known = provider("garage") if "anonymous access" in (seen.message or "").lower() else store
    special = public_host_of(case, known)
    return invisible(case, special[0], how, *special[1], store=known.name) if special else None
