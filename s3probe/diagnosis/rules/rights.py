"""Who may do what: missing rights, and rights on the wrong resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual
from s3probe.diagnosis.rounds import words
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


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What the refusal of one request means, when ``holds``; the first row that holds counts."""

    holds: Callable[[Case, Observation], bool]
    finding_id: str
    how: str
    """``{answer}`` stands for the refusal."""
    because: tuple[str, ...]
    """What is refused for the same reason."""
    fix: Callable[[Case], Fix]
    explains: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    among: Callable[..., tuple[Observation, ...]] = denied
    """Which of ``because`` count: those that were denied, or with ``Case.open`` those that failed in any way."""


def _judged(case: Case, action: str, rows: tuple[_Refusal, ...]) -> Iterator[Finding]:
    refused = denied(case, action)
    if not refused:
        return
    row = next(row for row in rows if row.holds(case, refused[0]))
    yield finding(
        row.finding_id,
        case,
        how=row.how.format(answer=words(refused[0])),
        because=[o.id for o in row.among(case, *row.because)],
        explains=[o.id for o in denied(case, *row.explains)],
        fixes=[row.fix(case)],
        certainty=row.certainty,
    )


def _otherwise(_case: Case, _refused: Observation) -> bool:
    return True


def _allow(*actions: str) -> Callable[[Case], Fix]:
    return lambda case: fixes.allow_objects(case, *actions)


def _advise(text: str) -> Callable[[Case], Fix]:
    return lambda _case: Manual(text)


def _not_entitled(_case: Case, refused: Observation) -> bool:
    return "not entitled" in (refused.message or "").lower()


def _takes_all_for_public(case: Case, _refused: Observation) -> bool:
    # AWS refuses public ACLs alone; Ceph 16 takes every upload for one
    block = case.get("try-read-public-access-block")
    return block.facts.get("BlockPublicAcls", "").lower() == "true" and not _is_aws(case)


def _locked(case: Case, refused: Observation) -> bool:
    return "object lock" in (refused.message or "").lower() or "x-amz-object-lock-mode" in case.obs("head").headers


def _may_no_more(case: Case, _refused: Observation) -> bool:
    """Rights beyond Mastodon's own on objects say that the policy forgot the bucket's ARN."""
    # who wrote a file may tag it on some stores (Ceph) by owning it; naming a version takes a right of its own
    return not (case.get("try-get-tagging").ok and case.get("try-delete-version").ok)


def _batch_refused_whole(case: Case, _refused: Observation) -> bool:
    # some stores (Ceph 16) ask for s3:DeleteObject on the bucket itself before a batch
    batch = denied(case, "batch-delete")
    return case.obs("delete").ok and any("per-key-errors" not in row.facts for row in batch)


_MORE = "listing was answered {answer}, while the key may do more on objects than Mastodon ever asks"
_UPLOAD = (
    _Refusal(
        _not_entitled,
        "b2-key-not-entitled",
        "uploading was answered {answer}",
        (*WRITES, *READS, "list", "delete", "batch-delete", "multipart-abort"),
        _advise("Create an application key with read and write access to this bucket, without a file name prefix."),
    ),
    _Refusal(
        _takes_all_for_public,
        "bpa-blocks-public-acl",
        "even an upload without an ACL was answered {answer}, and the bucket's BlockPublicAcls is on",
        WRITES,
        lambda case: fixes.public_access_block(case, "BlockPublicAcls", "IgnorePublicAcls"),
        certainty=Certainty.LIKELY,
    ),
    _Refusal(
        _otherwise,
        "iam-missing-putobject",
        "an upload without an ACL was answered {answer}",
        WRITES,
        _allow("s3:PutObject"),
    ),
)
_DELETE = (
    _Refusal(
        _locked,
        "object-lock-prevents-delete",
        "deleting a file was answered {answer}",
        ("delete", "batch-delete"),
        _advise("Use a bucket without Object Lock; it cannot be switched off for this one."),
        among=Case.open,
    ),
    _Refusal(
        _otherwise,
        "iam-missing-deleteobject",
        "deleting a file was answered {answer}",
        ("delete",),
        _allow("s3:DeleteObject"),
        explains=("batch-delete",),
    ),
)
_LIST = (
    _Refusal(
        _may_no_more,
        "iam-missing-listbucket",
        "listing was answered {answer}",
        ("list",),
        lambda case: fixes.allow_bucket(case, "s3:ListBucket"),
    ),
    _Refusal(
        _batch_refused_whole,
        "batch-delete-needs-bucket-arn",
        _MORE,
        ("list", "batch-delete"),
        lambda case: fixes.allow_bucket(case, "s3:ListBucket", "s3:DeleteObject"),
    ),
    _Refusal(
        _otherwise,
        "policy-resource-only-objects",
        _MORE,
        ("list",),
        lambda case: fixes.allow_bucket(case, "s3:ListBucket"),
    ),
)
_ABORT = (
    _Refusal(
        _otherwise,
        "iam-missing-abortmultipart",
        "abandoning an upload was answered {answer}",
        ("multipart-abort",),
        _allow("s3:AbortMultipartUpload"),
    ),
)


def put_object(case: Case) -> Iterator[Finding]:
    """Even an upload without an ACL is refused."""
    yield from _judged(case, "put-without-acl", _UPLOAD)


def delete_object(case: Case) -> Iterator[Finding]:
    """Mastodon hears nothing of it: kt-paperclip swallows the answer, and nobody reads a batch's per-key errors."""
    yield from _judged(case, "delete", _DELETE)


def list_bucket(case: Case) -> Iterator[Finding]:
    """Only tootctl lists."""
    yield from _judged(case, "list", _LIST)


def abort_upload(case: Case) -> Iterator[Finding]:
    """A failed large upload cannot be thrown away."""
    yield from _judged(case, "multipart-abort", _ABORT)


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
