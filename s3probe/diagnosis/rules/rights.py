"""Who may do what: missing rights, and rights on the wrong resource."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual
from s3probe.diagnosis.rounds import asked, words
from s3probe.diagnosis.rule import Layer, Rule, Tier
from s3probe.diagnosis.texts import finding
from s3probe.probe.evidence import Observation, Outcome

WRITES = (
    "put-without-acl", "put-with-acl", "avatar-put", "archive-put", "multipart-create", "multipart-part",
    "multipart-complete",
)  # fmt: skip
READS = ("head", "head-part", "get", "get-range", "presigned-get", "try-get-missing")
OBJECTS = ("s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


def denied(case: Case, *actions: str) -> tuple[Observation, ...]:
    """Those of ``actions`` that were refused for lack of a right and are not explained yet."""
    # a signature that the storage will not take with one kind of request alone is no matter of rights
    seen = (o for o in case.open(*actions) if o.error_code != "SignatureDoesNotMatch")
    return tuple(o for o in seen if o.outcome is Outcome.DENIED)


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
        explains=[o.id for o in case.open("batch-delete", "avatar-put", "archive-put")],
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
        because = [o.id for o in denied(case, *WRITES, *READS, "list", "delete", "batch-delete", "multipart-abort")]
        yield finding(
            "b2-key-not-entitled",
            case,
            how=f"{asked(plain[0])} was answered {words(plain[0])}",
            because=because,
            fixes=[advice],
        )
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
    return fixes.store(case).id == "aws-s3"


def get_object(case: Case) -> Iterator[Finding]:
    """The key may write and not read. Visitors may, which can hide it."""
    refused = denied(case, *READS)
    signed = [o for o in refused if o.id in ("get", "head", "try-get-missing")]
    if case.obs("get").ok:
        signed = []  # a HEAD takes the same right: what refuses it alone is no policy
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
        "batch-delete-needs-bucket-arn" if whole else "policy-resource-only-objects",
        case,
        how=f"{how}, while the key may do more on objects than Mastodon ever asks",
        because=[refused[0].id, *whole],
        fixes=[fixes.allow_bucket(case, "s3:ListBucket", *(("s3:DeleteObject",) if whole else ()))],
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
        yield finding(
            "object-lock-prevents-delete",
            case,
            how=f"{asked(refused[0])} was answered {words(refused[0])}",
            because=because,
            fixes=[advice],
        )
        return
    yield finding(
        "iam-missing-deleteobject",
        case,
        how=f"deleting a file was answered {words(refused[0])}",
        because=[refused[0].id],
        explains=[o.id for o in denied(case, "batch-delete")],
        fixes=[fixes.allow_objects(case, "s3:DeleteObject")],
    )


RULES = (
    Rule(
        objects_on_bucket_arn,
        Layer.STORING,
        yields=("policy-bucket-arn-without-slash-star",),
        tier=Tier.GROUPS,
        reads=(*READS, *WRITES, "batch-delete", "delete", "list", "multipart-abort", "reach-endpoint"),
    ),
    Rule(
        put_object,
        Layer.STORING,
        yields=("b2-key-not-entitled", "bpa-blocks-public-acl", "iam-missing-putobject"),
        tier=Tier.REQUESTS,
        reads=(
            *READS,
            *WRITES,
            "batch-delete",
            "delete",
            "list",
            "multipart-abort",
            "reach-endpoint",
            "try-read-public-access-block",
        ),
    ),
    Rule(
        get_object,
        Layer.READING,
        yields=("iam-missing-getobject",),
        tier=Tier.REQUESTS,
        reads=(*READS, "acl-read-back", "list", "reach-endpoint", "try-delete-exists", "try-get-archive"),
    ),
    Rule(
        delete_object,
        Layer.DELETING,
        yields=("iam-missing-deleteobject", "object-lock-prevents-delete"),
        tier=Tier.REQUESTS,
        reads=("batch-delete", "delete", "head", "reach-endpoint"),
    ),
    Rule(
        list_bucket,
        Layer.LISTING,
        yields=("batch-delete-needs-bucket-arn", "iam-missing-listbucket", "policy-resource-only-objects"),
        tier=Tier.GROUPS,
        reads=("batch-delete", "delete", "list", "reach-endpoint", "try-delete-version", "try-get-tagging"),
    ),
    Rule(
        abort_upload,
        Layer.LISTING,
        yields=("iam-missing-abortmultipart",),
        tier=Tier.REQUESTS,
        reads=("multipart-abort", "reach-endpoint"),
    ),
)
