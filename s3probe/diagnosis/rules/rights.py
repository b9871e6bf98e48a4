"""Who may do what: missing rights, and rights on the wrong resource."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rounds import asked, words
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Header, ObservationId

WRITES = (
    ActionId.PUT_WITHOUT_ACL,
    ActionId.PUT_WITH_ACL,
    ActionId.AVATAR_PUT,
    ActionId.ARCHIVE_PUT,
    ActionId.MULTIPART_CREATE,
    ActionId.MULTIPART_PART,
    ActionId.MULTIPART_COMPLETE,
)
READS = (
    ActionId.HEAD,
    ActionId.HEAD_PART,
    ActionId.GET,
    ActionId.GET_RANGE,
    ActionId.PRESIGNED_GET,
    Experiment.GET_MISSING,
)
OBJECTS = ("s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")

_NO_BATCHES = (
    "Media of deleted posts and accounts stay, and public, because Mastodon deletes many files at once; "
    "tootctl media remove-orphans fails too"
)


def denied(case: Case, *actions: ObservationId) -> tuple[Observation, ...]:
    """Those of ``actions`` that were refused for lack of a right and are not explained yet."""
    # a signature that the storage will not take with one kind of request alone is no matter of rights
    seen = (o for o in case.open(*actions) if o.error_code != "SignatureDoesNotMatch")
    return tuple(o for o in seen if o.outcome is Outcome.DENIED)


def objects_on_bucket_arn(case: Case) -> Iterator[Finding]:
    """Listing works and every object action is refused: they were granted on the bucket, not on what is in it."""
    writes, deletes = denied(case, ActionId.PUT_WITHOUT_ACL), denied(case, ActionId.DELETE)
    if not (writes and deletes and case.obs(ActionId.LIST).ok):
        return
    reads = denied(case, Experiment.GET_MISSING, ActionId.GET)
    if not reads:
        return
    because = [
        o.id for o in denied(case, *WRITES, *READS, ActionId.DELETE, ActionId.BATCH_DELETE, ActionId.MULTIPART_ABORT)
    ]
    yield finding(
        "policy-bucket-arn-without-slash-star",
        case,
        how="listing the bucket works, while uploading, reading and deleting are all refused",
        because=because,
        explains=[o.id for o in case.open(ActionId.BATCH_DELETE, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)],
        fixes=[fixes.allow_objects(case, *OBJECTS)],
        certainty=Certainty.LIKELY,
    )


def put_object(case: Case) -> Iterator[Finding]:
    """Even an upload without an ACL is refused."""
    plain = denied(case, ActionId.PUT_WITHOUT_ACL)
    if not plain:
        return
    if "not entitled" in (plain[0].message or "").lower():
        advice = Manual(
            "Create an application key with read and write access to this bucket, without a file name prefix."
        )
        because = [
            o.id
            for o in denied(
                case, *WRITES, *READS, ActionId.LIST, ActionId.DELETE, ActionId.BATCH_DELETE, ActionId.MULTIPART_ABORT
            )
        ]
        yield finding(
            "b2-key-not-entitled",
            case,
            how=f"{asked(plain[0])} was answered {words(plain[0])}",
            because=because,
            fixes=[advice],
        )
        return
    because = [o.id for o in denied(case, *WRITES)]
    block = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    if block.facts.get(Fact.BLOCK_PUBLIC_ACLS, "").lower() == "true" and not _is_aws(case):
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
    signed = [o for o in refused if o.id in (ActionId.GET, ActionId.HEAD, Experiment.GET_MISSING)]
    if case.obs(ActionId.GET).ok:
        signed = []  # a HEAD takes the same right: what refuses it alone is no policy
    archive = case.get(Experiment.GET_ARCHIVE)
    if not signed and archive.outcome is Outcome.DENIED and archive.id not in case.claimed:
        # what everyone may read, the key may read too: only a file that is closed to visitors shows the missing right
        signed = [archive]
        refused = (archive, *refused)
    if not signed:
        return
    # without s3:ListBucket a missing file is answered 403 too: only a file that is there can decide
    if signed[0].id == Experiment.GET_MISSING and not case.obs(ActionId.LIST).ok:
        return
    if any(o.error_code == "InvalidObjectState" for o in refused):
        return
    yield finding(
        "iam-missing-getobject",
        case,
        how=f"reading {'a file that was just uploaded' if signed[0].id != Experiment.GET_MISSING else 'a file'} "
        f"was answered {words(_with_body(refused))}",
        because=[o.id for o in refused],
        explains=[o.id for o in denied(case, Experiment.ACL_READ_BACK, Experiment.DELETE_EXISTS)],
        fixes=[fixes.allow_objects(case, "s3:GetObject")],
    )


def _with_body(refused: tuple[Observation, ...]) -> Observation:
    """A HEAD has no body: the GET says the code."""
    return next((o for o in refused if o.error_code), refused[0])


def list_bucket(case: Case) -> Iterator[Finding]:
    """Only tootctl lists. Rights beyond Mastodon's own on objects say that the policy forgot the bucket's ARN."""
    refused = denied(case, ActionId.LIST)
    if not refused:
        return
    how = f"listing was answered {words(refused[0])}"
    # who wrote a file may tag it on some stores (Ceph) by owning it; naming a version takes a right of its own
    if not (case.get(Experiment.GET_TAGGING).ok and case.get(Experiment.DELETE_VERSION).ok):
        grant = fixes.allow_bucket(case, "s3:ListBucket")
        yield finding("iam-missing-listbucket", case, how=how, because=[refused[0].id], fixes=[grant])
        return
    # some stores (Ceph 16) ask for s3:DeleteObject on the bucket itself before a batch
    whole = [
        o.id
        for o in denied(case, ActionId.BATCH_DELETE)
        if case.obs(ActionId.DELETE).ok and "per-key-errors" not in o.facts
    ]
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
    refused = denied(case, ActionId.MULTIPART_ABORT)
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
    refused = denied(case, ActionId.DELETE)
    if not refused:
        return
    if (
        "object lock" in (refused[0].message or "").lower()
        or Header.X_AMZ_OBJECT_LOCK_MODE in case.obs(ActionId.HEAD).headers
    ):
        advice = Manual("Use a bucket without Object Lock; it cannot be switched off for this one.")
        because = [o.id for o in case.open(ActionId.DELETE, ActionId.BATCH_DELETE)]
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
        explains=[o.id for o in denied(case, ActionId.BATCH_DELETE)],
        fixes=[fixes.allow_objects(case, "s3:DeleteObject")],
    )
