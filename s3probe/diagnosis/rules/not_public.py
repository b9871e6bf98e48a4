"""The picture is there and visitors may not read it: the cause, and what opens it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual
from s3probe.diagnosis.rules.acl import ONLY_TOGETHER
from s3probe.diagnosis.rules.env_names import at_aws
from s3probe.diagnosis.rules.invisible import invisible
from s3probe.diagnosis.rules.visitors import public_host_of
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import Experiment, Fact
from s3probe.knowledge.providers import Provider


def not_public(case: Case, seen: Observation) -> Finding | None:
    """The picture is where it should be, and visitors may not read it."""
    provider = fixes.provider_of(case)
    quick = _by_provider(case, seen, provider.id)
    if quick is not None:
        return quick
    if case.get(Experiment.PUBLIC_TENANT).ok:
        return _in_a_tenant(case, f"a visitor was answered {words(seen)}")
    if seen.http_status not in (400, 401, 403) and seen.outcome is not Outcome.DENIED:
        return None
    how = f"a visitor was answered {words(seen)}"
    if case.get(Experiment.REQUEST_PAYMENT).facts.get(Fact.PAYER) == "Requester":
        return invisible(
            case, "requester-pays", f"{how}, and the bucket is set to Requester Pays", bucket_fixes.owner_pays(case)
        )
    if case.get(Experiment.REFERER).ok or case.get(Experiment.REFERER_ORIGIN).ok:
        explained = f"{how}; with a Referer of {case.settings.web_domain} it is visible"
        return invisible(case, "deny-anonymous-statement", explained, bucket_fixes.only_media_public(case, denied=True))
    status = case.get(Experiment.POLICY_STATUS)
    blocks = bucket_fixes.public_access_blocks(case, *bucket_fixes.POLICY_SWITCHES)
    if status.facts.get(Fact.IS_PUBLIC) == "yes" and blocks:
        return invisible(case, "bpa-blocks-public-policy", f"{how}, though the bucket policy is public", *blocks)
    acl = case.settings.acl
    if acl in ("authenticated-read", "bucket-owner-read", "bucket-owner-full-control", "aws-exec-read"):
        return invisible(case, "authenticated-read-acl", how, fixes.env(case, "S3_PERMISSION", "public-read"))
    if acl in ("public-read", "public-read-write"):
        return _acl_without_effect(case, seen, how, provider)
    return _nothing_opens_it(case, how)


def _opening(case: Case) -> tuple[Fix, ...]:
    """What opens the media without ACLs: a policy, or the store's own switch where it knows no policies."""
    if not bucket_fixes.foreign_to_policies(case) or "public_read" in fixes.provider_of(case).commands:
        return bucket_fixes.opening(case)
    advice = Manual(
        f"This store knows no bucket policies. Make {case.settings.bucket_name} readable with its own switch "
        "(console, container ACL, web port or CDN), and put the host that then shows files into S3_ALIAS_HOST."
    )
    return (advice,)


def _acl_without_effect(case: Case, seen: Observation, how: str, provider: Provider) -> Finding:
    """The public ACL was taken, and does nothing: ignored by a switch of the bucket, or unknown to the store."""
    listed = case.get(Experiment.READ_ACL)
    block = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    ignoring = bucket_fixes.public_access_blocks(case, *bucket_fixes.ACL_SWITCHES)
    granted = "READ" in listed.facts.get(Fact.ALL_USERS, "")
    # Block Public Access refuses visitors; a store that cannot even read their request ignores ACLs for another reason
    unblocked = seen.outcome is not Outcome.DENIED or block.http_status in (405, 501)
    if granted and unblocked:
        ignored = f"{how}, although the file's ACL grants everyone to read it"
        return invisible(case, "acl-header-silently-ignored", ignored, *_without_acl(case))
    if not ignoring:
        return _denied_to_visitors(case, how)
    if granted or block.facts.get(Fact.IGNORE_PUBLIC_ACLS, "").lower() == "true":
        explained = "its ACL grants everyone to read it" if listed.ok else "the bucket's IgnorePublicAcls is on"
        return invisible(case, "bpa-ignores-public-acls", f"{how}, although {explained}", *ignoring)
    if listed.ok:
        ignored = f"{how}; the file's ACL grants nothing to everyone"
        return invisible(case, "acl-header-silently-ignored", ignored, *_without_acl(case))
    # the key may not read the ACL: only a store that is known to honour ACLs can be ignoring this one
    if not unblocked and (provider.object_acl == "yes" or provider.id == "aws-s3"):
        return invisible(case, "bpa-ignores-public-acls", how, *ignoring, certainty=Certainty.LIKELY)
    return invisible(case, "acl-header-silently-ignored", how, *_without_acl(case), certainty=Certainty.LIKELY)


def _in_a_tenant(case: Case, how: str) -> Finding:
    """Keys find the bucket by its name alone, visitors by that of the tenant as well."""
    settings, tenant = case.settings, case.get(Experiment.READ_ACL).facts.get(Fact.TENANT, "")
    bucket = f"{tenant}:{settings.bucket_name}"
    alias = fixes.env(case, "S3_ALIAS_HOST", f"{urlsplit(settings.api_base).netloc}/{bucket}")
    how = f"{how}; at {case.get(Experiment.PUBLIC_TENANT).url} the picture is there"
    return invisible(case, "ceph-tenant-prefix", how, alias)


def _denied_to_visitors(case: Case, how: str) -> Finding:
    """The ACL opens the file, nothing blocks public ACLs, and visitors are refused."""
    advice = Manual(
        "Look for a Deny of s3:GetObject in the bucket policy that meets visitors (aws:SourceIp, aws:Referer, "
        "aws:SecureTransport), and ask the operator of the storage whether something before it filters."
    )
    explained = f"{how}, although nothing blocks public ACLs"
    return invisible(case, "explicit-deny-policy", explained, advice, certainty=Certainty.LIKELY)


def _nothing_opens_it(case: Case, how: str) -> Finding:
    """No public ACL is sent: a policy must open the media, and none does."""
    policy = _opening(case)
    helps = case.get(Experiment.PUBLIC_WITH_ACL).ok
    if helps:
        permission = fixes.env(case, "S3_PERMISSION", "public-read")
        how = f"{how}; with ACL public-read it is visible"
        return invisible(case, "permission-private-no-public-policy", how, permission, *_without_acl(case))
    if case.settings.acl == "private":
        return invisible(case, "permission-private-no-public-policy", how, *_without_acl(case))
    # a policy that is there may be set aside by Block Public Access, which this key may not look at
    hidden = at_aws(case.settings) and case.get(Experiment.POLICY_STATUS).outcome is Outcome.DENIED
    certainty = Certainty.LIKELY if hidden else Certainty.CERTAIN
    return invisible(case, "public-policy-missing", how, *policy, certainty=certainty)


def _without_acl(case: Case) -> tuple[Fix, ...]:
    """What opens the media, and no ACL any more: one that hides nothing which a policy shows, or does nothing."""
    steps = _opening(case)
    if isinstance(steps[0], Manual) or case.settings.acl is None:
        return steps
    return *steps, replace(fixes.env(case, "S3_PERMISSION", "", ONLY_TOGETHER, conditional=True), together=True)


def _by_provider(case: Case, seen: Observation, provider: str) -> Finding | None:
    """Stores whose API host never serves visitors."""
    settings = case.settings
    how = f"a visitor was answered {words(seen)}"
    api = fixes.host_of(settings.api_base)
    if settings.alias_host and fixes.host_of(f"//{settings.alias_host}") != api:
        return None
    known = "garage" if "anonymous access" in (seen.message or "").lower() else provider
    special = public_host_of(case, known)
    return invisible(case, special[0], how, special[1]) if special else None
