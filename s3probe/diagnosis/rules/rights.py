"""Who may do what: missing rights, explicit denies, rights on the wrong resource, someone else's bucket."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import Denial, denial
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rounds import words
from s3probe.diagnosis.texts import finding
from s3probe.knowledge.providers import detect
from s3probe.probe.evidence import Observation, Outcome

WRITES = ("put-without-acl", "put-with-acl", "archive-put", "multipart-create", "multipart-part", "multipart-complete")
READS = ("head", "head-part", "get", "get-range", "presigned-get", "try-get-missing")
OBJECTS = ("s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")

_QUOTA_CODES = ("QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "TooManyObjects")
_QUOTA_WORDS = ("cap exceeded", "quota", "storage full", "no space")


def denied(case: Case, *actions: str) -> tuple[Observation, ...]:
    """Those of ``actions`` that were refused for lack of a right and are not explained yet."""
    return tuple(o for o in case.open(*actions) if o.outcome is Outcome.DENIED)


def quota(case: Case) -> Iterator[Finding]:
    """A cap of the account looks like a missing right, but reading still works."""
    hit = [
        o
        for o in case.open(*WRITES)
        if o.http_status == 507  # Insufficient Storage (RFC 4918)
        or o.error_code in _QUOTA_CODES
        or any(word in (o.message or "").lower() for word in _QUOTA_WORDS)
    ]
    if hit:
        advice = Manual(
            "Raise the cap with the provider, or make room: tootctl media remove, tootctl preview_cards remove."
        )
        because = [o.id for o in case.open(*WRITES)]
        yield finding(
            "quota-or-cap-exceeded",
            case,
            how=f"an upload was answered {words(hit[0])}",
            because=because,
            fixes=[advice],
        )


def explicit_denies(case: Case) -> Iterator[Finding]:
    """AWS names the policy that denies: no Allow helps against it."""
    told: list[tuple[Observation, Denial]] = []
    for seen in case.all_open():
        what = denial(seen) if seen.outcome is Outcome.DENIED else None
        if what is not None:
            told.append((seen, what))
    kms = [(o, d) for o, d in told if d.kms]
    if kms:
        yield _kms(case, [o for o, _d in kms], kms[0][1])
    endpoint = [(o, d) for o, d in told if not d.kms and "vpc endpoint" in d.policy.lower()]
    if endpoint:
        advice = Manual(
            f"Allow the bucket {case.settings.bucket_name} in the policy of the VPC endpoint "
            "that this machine's traffic takes."
        )
        because = [o.id for o, _d in endpoint]
        yield finding(
            "vpc-endpoint-policy-blocks",
            case,
            how=words(endpoint[0][0]),
            because=because,
            explains=_same_batch(case, because),
            fixes=[advice],
        )
    explicit = [(o, d) for o, d in told if d.explicit and not d.kms and "vpc endpoint" not in d.policy.lower()]
    if explicit:
        seen, what = explicit[0]
        policy = what.policy or "a"
        advice = Manual(
            f"Find the Deny statement for {what.action} in the {policy} policy and take this key or bucket out of it. "
            "Typical reasons: aws:SecureTransport, aws:SourceIp, a required encryption header."
        )
        because = [o.id for o, _d in explicit]
        yield finding(
            "explicit-deny-policy",
            case,
            how=words(seen),
            because=because,
            explains=_same_batch(case, because),
            fixes=[advice],
            permission=what.action,
        )


def _same_batch(case: Case, because: list[str]) -> list[str]:
    """The per-key refusals inside a batch follow from the refused single deletion."""
    return [o.id for o in denied(case, "batch-delete")] if case.obs("delete").id in because else []


def _kms(case: Case, seen: list[Observation], what: Denial) -> Finding:
    sse = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    because = [o.id for o in seen]
    because += [o.id for o in case.open(*WRITES, *READS) if o.outcome is Outcome.DENIED and o.id not in because]
    return finding(
        "kms-key-not-allowed",
        case,
        how=words(seen[0]),
        because=because,
        fixes=[fixes.encryption(case, sse)],
        permission=what.action,
    )


def bucket_of_another(case: Case) -> Iterator[Finding]:
    """Everything is refused, and nobody says which right is missing: the bucket is not this account's."""
    asked = [case.obs(name) for name in ("put-without-acl", "list", "delete")]
    refused = [o for o in asked if o.outcome is Outcome.DENIED and o.id not in case.claimed]
    if len(refused) < len(asked) or any(denial(o) for o in refused):
        return
    wrong = case.trials("try-wrong-secret")
    if wrong and wrong[-1].error_code == refused[0].error_code and wrong[-1].message == refused[0].message:
        advice = Manual(
            "Create a new key pair with the provider and copy both halves; this one is refused whatever it signs."
        )
        how = (
            f"every request is answered {words(refused[0])}, and so is one signed with a secret that is certainly wrong"
        )
        yield finding(
            "wrong-access-key-id", case, how=how, because=_all_denied(case), fixes=[advice], certainty=Certainty.LIKELY
        )
        return
    names = case.trials("try-list-buckets")
    if names and case.settings.bucket_name in names[-1].facts.get("names", "").split():
        return
    settings = case.settings
    advice = Manual(
        f"If {settings.bucket_name!r} is your bucket, use a key of the account that owns it, or let its owner allow "
        "this key in the bucket policy. Otherwise create a bucket of your own and put its name into S3_BUCKET."
    )
    how = f"the bucket exists, but every request for it is answered {words(refused[0])}"
    yield finding(
        "bucket-owned-by-other-account",
        case,
        how=how,
        because=_all_denied(case),
        fixes=[advice],
        certainty=Certainty.LIKELY,
    )


def _all_denied(case: Case) -> list[str]:
    return [o.id for o in case.all_open() if o.outcome is Outcome.DENIED]


def objects_on_bucket_arn(case: Case) -> Iterator[Finding]:
    """Listing works and every object action is refused: they were granted on the bucket, not on what is in it."""
    writes, deletes = denied(case, "put-without-acl"), denied(case, "delete")
    if not (writes and deletes and case.obs("list").ok):
        return
    reads = denied(case, "try-get-missing", "get")
    if not reads:
        return
    because = [o.id for o in denied(case, *WRITES, *READS, "delete", "batch-delete", "multipart-abort")]
    yield finding(
        "policy-bucket-arn-without-slash-star",
        case,
        how="listing the bucket works, while uploading, reading and deleting are all refused",
        because=because,
        explains=[o.id for o in case.open("batch-delete", "archive-put")],
        fixes=[fixes.allow_objects(case, *OBJECTS)],
        certainty=Certainty.LIKELY,
    )


def put_object(case: Case) -> Iterator[Finding]:
    """Even an upload without an ACL is refused."""
    plain = denied(case, "put-without-acl")
    if not plain:
        return
    if "not entitled" in (plain[0].message or "").lower():
        advice = Manual(
            "Create an application key with read and write access to this bucket, without a file name prefix."
        )
        because = [o.id for o in denied(case, *WRITES, *READS, "list", "delete", "batch-delete")]
        yield finding("b2-key-not-entitled", case, how=words(plain[0]), because=because, fixes=[advice])
        return
    because = [o.id for o in denied(case, *WRITES)]
    block = case.get("try-read-public-access-block")
    if block.facts.get("BlockPublicAcls", "").lower() == "true" and not _is_aws(case):
        # AWS refuses public ACLs alone; Ceph 16 takes every upload for one
        yield finding(
            "bpa-blocks-public-acl",
            case,
            how=f"even an upload without an ACL was answered {words(plain[0])}, and the bucket's BlockPublicAcls is on",
            because=because,
            fixes=[fixes.public_access_block(case, "BlockPublicAcls", "IgnorePublicAcls")],
            certainty=Certainty.LIKELY,
        )
        return
    yield finding(
        "iam-missing-putobject",
        case,
        how=f"an upload without an ACL was answered {words(plain[0])}",
        because=because,
        fixes=[fixes.allow_objects(case, "s3:PutObject")],
    )


def _is_aws(case: Case) -> bool:
    return detect(fixes.host_of(case.settings.api_base), case.obs("reach-endpoint").headers).id == "aws-s3"


def get_object(case: Case) -> Iterator[Finding]:
    """The key may write and not read. Visitors may, which can hide it."""
    refused = denied(case, *READS)
    signed = [o for o in refused if o.id in ("get", "head", "try-get-missing")]
    archive = case.get("try-get-archive")
    if not signed and archive.outcome is Outcome.DENIED and archive.id not in case.claimed:
        # what everyone may read, the key may read too: only a file that is closed to visitors shows the missing right
        signed = [archive]
        refused = (archive, *refused)
    if not signed:
        return
    # without s3:ListBucket a missing file is answered 403 too: only a file that is there can decide
    if signed[0].id == "try-get-missing" and not case.obs("list").ok:
        return
    if any(o.error_code == "InvalidObjectState" for o in refused):
        return
    yield finding(
        "iam-missing-getobject",
        case,
        how=f"reading {'a file that was just uploaded' if signed[0].id != 'try-get-missing' else 'a file'} "
        f"was answered {words(_with_body(refused))}",
        because=[o.id for o in refused],
        explains=[o.id for o in denied(case, "acl-read-back", "try-delete-exists")],
        fixes=[fixes.allow_objects(case, "s3:GetObject")],
    )


def _with_body(refused: tuple[Observation, ...]) -> Observation:
    """A HEAD has no body: the GET says the code."""
    return next((o for o in refused if o.error_code), refused[0])


_NO_BATCHES = (
    "Media of deleted posts and accounts stay, and public, because Mastodon deletes many files at once; "
    "tootctl media remove-orphans fails too"
)


def list_bucket(case: Case) -> Iterator[Finding]:
    """Only tootctl lists. Rights beyond Mastodon's own on objects say that the policy forgot the bucket's ARN."""
    refused = denied(case, "list")
    if not refused:
        return
    how = f"listing was answered {words(refused[0])}"
    # who wrote a file may tag it on some stores (Ceph) by owning it; naming a version takes a right of its own
    if not (case.get("try-get-tagging").ok and case.get("try-delete-version").ok):
        grant = fixes.allow_bucket(case, "s3:ListBucket")
        yield finding("iam-missing-listbucket", case, how=how, because=[refused[0].id], fixes=[grant])
        return
    # some stores (Ceph 16) ask for s3:DeleteObject on the bucket itself before a batch
    whole = [o.id for o in denied(case, "batch-delete") if case.obs("delete").ok and "per-key-errors" not in o.facts]
    yield finding(
        "policy-resource-only-objects",
        case,
        how=f"{how}, while the key may do more on objects than Mastodon ever asks",
        because=[refused[0].id, *whole],
        fixes=[fixes.allow_bucket(case, "s3:ListBucket", *(("s3:DeleteObject",) if whole else ()))],
        severity=Severity.FAILURE if whole else None,
        consequence=_NO_BATCHES if whole else None,
    )


def abort_upload(case: Case) -> Iterator[Finding]:
    """A failed large upload cannot be thrown away."""
    refused = denied(case, "multipart-abort")
    if refused:
        yield finding(
            "iam-missing-abortmultipart",
            case,
            how=f"abandoning an upload was answered {words(refused[0])}",
            because=[refused[0].id],
            fixes=[fixes.allow_objects(case, "s3:AbortMultipartUpload")],
        )


def delete_object(case: Case) -> Iterator[Finding]:
    """Mastodon hears nothing of it: kt-paperclip swallows the answer, and nobody reads a batch's per-key errors."""
    refused = denied(case, "delete")
    if not refused:
        return
    if "object lock" in (refused[0].message or "").lower() or "x-amz-object-lock-mode" in case.obs("head").headers:
        advice = Manual("Use a bucket without Object Lock; it cannot be switched off for this one.")
        because = [o.id for o in case.open("delete", "batch-delete")]
        yield finding("object-lock-prevents-delete", case, how=words(refused[0]), because=because, fixes=[advice])
        return
    yield finding(
        "iam-missing-deleteobject",
        case,
        how=f"deleting a file was answered {words(refused[0])}",
        because=[refused[0].id],
        explains=[o.id for o in denied(case, "batch-delete")],
        fixes=[fixes.allow_objects(case, "s3:DeleteObject")],
    )
