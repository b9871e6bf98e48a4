"""Who may do what: missing rights, and rights on the wrong resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from s3probe.diagnosis import bucket_fixes, bucket_switches, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual
from s3probe.diagnosis.rule import OF_RIGHTS, Layer, Rule, Tier, once
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import refused_by_a_page, says_locked, words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.refusing import lacks_a_right
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Header, ObservationId
from s3probe.records import dataclass

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


_RIGHTS: Mapping[ObservationId, str] = MappingProxyType(
    {
        ActionId.PUT_WITHOUT_ACL: "s3:PutObject",
        ActionId.DELETE: "s3:DeleteObject",
        ActionId.MULTIPART_ABORT: "s3:AbortMultipartUpload",
        ActionId.GET: "s3:GetObject",
        Experiment.GET_MISSING: "s3:GetObject",
        ActionId.LIST: "s3:ListBucket",
    }
)
"""The right that each action shows, in the order in which they speak for rights that a store gives as one."""


def denied(case: Case, *actions: ObservationId) -> tuple[Observation, ...]:
    """Those of ``actions`` that were refused for lack of a right and are not explained yet."""
    return tuple(o for o in case.open(*actions) if lacks_a_right(o))


def objects_on_bucket_arn(case: Case) -> Iterator[Finding]:
    """Listing works and every object action is refused: they were granted on the bucket, not on what is in it."""
    writes, deletes = denied(case, ActionId.PUT_WITHOUT_ACL), denied(case, ActionId.DELETE)
    if not (writes and deletes and case.get(ActionId.LIST).ok):
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
        how="listing the bucket works, while uploading, reading and deleting are all refused; "
        "a policy that names other folders alone does the same",
        because=because,
        explains=[o.id for o in case.open(ActionId.BATCH_DELETE, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)],
        fixes=[bucket_fixes.allow_objects(case, *bucket_fixes.all_object_rights(case))],
        certainty=Certainty.LIKELY,
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What the refusal of one request means, when ``holds``; the first row that holds counts."""

    holds: Callable[[Case, Observation], bool]
    finding_id: str
    how: str
    """``{answer}`` stands for the refusal."""
    because: tuple[ObservationId, ...]
    """What is refused for the same reason."""
    fix: Callable[[Case], Fix]
    explains: tuple[ObservationId, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    among: Callable[..., tuple[Observation, ...]] = denied
    """Which of ``because`` count: those that were denied, or with ``Case.open`` those that failed in any way."""


def _judged(case: Case, action: ObservationId, rows: tuple[_Refusal, ...]) -> Iterator[Finding]:
    refused = denied(case, action)
    first, *others = _given_as_one(case, action)
    if not refused or first != action:
        return
    row = next(row for row in rows if row.holds(case, refused[0]))
    # a disk that takes no files leaves nothing to delete, which passes: no answer of S3's tells it from a missing right
    alone = action == ActionId.PUT_WITHOUT_ACL and case.get(ActionId.DELETE).ok and not case.get(Experiment.ACCOUNT).ok
    disk = fixes.provider_of(case).notes.get("disk_denied") if alone else None
    unlike = [Manual(f"This is for a key that has that right. {disk}")] if disk else []
    how = row.how.format(answer=words(refused[0]))
    yield finding(
        row.finding_id,
        case,
        how=f"{how}; {_BY_ITS_OWN}" if _own_policy(case, action) else how,
        because=[o.id for o in row.among(case, *row.because)],
        explains=[o.id for o in denied(case, *row.explains, *others)],
        fixes=[row.fix(case), *unlike],
        certainty=Certainty.LIKELY if unlike or _may_be_denied(case) else row.certainty,
    )


def _may_be_denied(case: Case) -> bool:
    """Whether a Deny would be answered alike, and the server told nothing of the policies."""
    return bool(fixes.provider_of(case).account_info) and not case.get(Experiment.ACCOUNT).ok


_BY_ITS_OWN = "the policies of its user allow it, and its own policy does not"


def _user_may(case: Case, action: ObservationId) -> bool:
    """Whether the server says that the policies of the key's user allow what was refused."""
    return _RIGHTS[action] in case.get(Experiment.ACCOUNT).facts.get(Fact.ALLOWS, "").split()


def _own_policy(case: Case, action: ObservationId) -> bool:
    """The key is an access key of that user, with a policy of its own."""
    return _user_may(case, action) and bool(case.get(Experiment.ACCOUNT).facts.get(Fact.OF_USER))


def _disk_refuses(case: Case, _refused: Observation) -> bool:
    allowed = _user_may(case, ActionId.PUT_WITHOUT_ACL) and not _own_policy(case, ActionId.PUT_WITHOUT_ACL)
    return allowed and case.get(ActionId.DELETE).ok and "disk_denied" in fixes.provider_of(case).notes


def _disk(case: Case) -> Fix:
    return Manual(fixes.provider_of(case).notes["disk_denied"])


_KEYS_OWN = (ActionId.PUT_WITHOUT_ACL, ActionId.DELETE, ActionId.LIST)
"""What no policy for everyone may give."""


def _given_as_one(case: Case, action: ObservationId) -> tuple[ObservationId, ...]:
    """The refused actions whose right this store gives together with that of ``action``; the first speaks for all."""
    right = _RIGHTS[action]
    whole = (tuple(_RIGHTS.values()),)
    groups = whole if _has_no_rights(case) else fixes.provider_of(case).rights_together
    group = next((rights for rights in groups if right in rights), (right,))
    refused = [name for name, its in _RIGHTS.items() if its in group and lacks_a_right(case.get(name))]
    batch = [ActionId.BATCH_DELETE] if ActionId.DELETE in refused else []
    return tuple(dict.fromkeys((*(refused or [action]), *batch)))


def _has_no_rights(case: Case) -> bool:
    """One thing refuses all that is refused: a limit of the bucket's own owner, or one command that was left out."""
    store = fixes.provider_of(case)
    given_at_once = bool(store.key_principal or store.rights_together)
    refused = all(lacks_a_right(case.get(name)) for name in _KEYS_OWN)
    return bucket_fixes.limits_owner(case) or (given_at_once and refused)


def _otherwise(_case: Case, _refused: Observation) -> bool:
    return True


def _allow(*actions: str) -> Callable[[Case], Fix]:
    return lambda case: bucket_fixes.allow_objects(case, *actions)


def _advise(text: str) -> Callable[[Case], Fix]:
    return lambda _case: Manual(text)


def _not_entitled(_case: Case, refused: Observation) -> bool:
    return "not entitled" in (refused.message or "").lower()


def _takes_all_for_public(case: Case, _refused: Observation) -> bool:
    # AWS refuses public ACLs alone; Ceph 16 takes every upload for one, and begins large ones all the same
    if _is_aws(case) or not bucket_switches.has_access_block(case):
        return False
    block = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    begun = case.get(ActionId.MULTIPART_CREATE).ok and bool(denied(case, ActionId.MULTIPART_PART))
    return block.facts.get(Fact.BLOCK_PUBLIC_ACLS, "").lower() == "true" or (begun and block.outcome is Outcome.DENIED)


def _locked(case: Case, refused: Observation) -> bool:
    return says_locked(refused) or Header.X_AMZ_OBJECT_LOCK_MODE in case.get(ActionId.HEAD).headers


def _may_no_more(case: Case, _refused: Observation) -> bool:
    """Rights beyond Mastodon's own on objects say that the policy forgot the bucket's ARN.

    Not where one right of the store stands for several of S3's.
    """
    if fixes.provider_of(case).rights_together:
        return True
    # who wrote a file may tag it on some stores (Ceph) by owning it; naming a version takes a right of its own
    return not (case.get(Experiment.GET_TAGGING).ok and case.get(Experiment.DELETE_VERSION).ok)


def _batch_refused_whole(case: Case, _refused: Observation) -> bool:
    # some stores (Ceph 16) ask for s3:DeleteObject on the bucket itself before a batch
    batch = denied(case, ActionId.BATCH_DELETE)
    return case.get(ActionId.DELETE).ok and any(Fact.PER_KEY_ERRORS not in row.facts for row in batch)


_MORE = "listing was answered {answer}, while the key may do more on objects than Mastodon ever asks"
_UPLOAD = (
    _Refusal(
        _not_entitled,
        "b2-key-not-entitled",
        "uploading was answered {answer}",
        (*WRITES, *READS, ActionId.LIST, ActionId.DELETE, ActionId.BATCH_DELETE, ActionId.MULTIPART_ABORT),
        _advise("Create an application key with read and write access to this bucket, without a file name prefix."),
    ),
    _Refusal(
        _takes_all_for_public,
        "bpa-blocks-public-acl",
        "even an upload without an ACL was answered {answer}, which BlockPublicAcls does on such a storage",
        WRITES,
        lambda case: bucket_switches.public_access_block(case, *bucket_switches.ACL_SWITCHES),
        certainty=Certainty.LIKELY,
    ),
    _Refusal(
        _disk_refuses,
        "disk-read-only",
        "an upload was answered {answer}, though the key's policies allow it, and deleting passes",
        WRITES,
        _disk,
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
        (ActionId.DELETE, ActionId.BATCH_DELETE),
        _advise("Use a bucket without Object Lock; it cannot be switched off for this one."),
        among=Case.open,
    ),
    _Refusal(
        _otherwise,
        "iam-missing-deleteobject",
        "deleting a file was answered {answer}",
        (ActionId.DELETE,),
        _allow("s3:DeleteObject"),
        explains=(ActionId.BATCH_DELETE,),
    ),
)
_LIST = (
    _Refusal(
        _may_no_more,
        "iam-missing-listbucket",
        "listing was answered {answer}",
        (ActionId.LIST,),
        lambda case: bucket_fixes.allow_bucket(case, "s3:ListBucket"),
    ),
    _Refusal(
        _batch_refused_whole,
        "batch-delete-needs-bucket-arn",
        _MORE,
        (ActionId.LIST, ActionId.BATCH_DELETE),
        lambda case: bucket_fixes.allow_bucket(case, "s3:ListBucket", "s3:DeleteObject"),
    ),
    _Refusal(
        _otherwise,
        "policy-resource-only-objects",
        _MORE,
        (ActionId.LIST,),
        lambda case: bucket_fixes.allow_bucket(case, "s3:ListBucket"),
    ),
)
_ABORT = (
    _Refusal(
        _otherwise,
        "iam-missing-abortmultipart",
        "cancelling an upload was answered {answer}",
        (ActionId.MULTIPART_ABORT,),
        _allow("s3:AbortMultipartUpload"),
    ),
)


def put_object(case: Case) -> Iterator[Finding]:
    """Even an upload without an ACL is refused."""
    yield from _judged(case, ActionId.PUT_WITHOUT_ACL, _UPLOAD)


def delete_object(case: Case) -> Iterator[Finding]:
    """Mastodon hears nothing of it: kt-paperclip swallows the answer, and nobody reads a batch's per-key errors."""
    yield from _judged(case, ActionId.DELETE, _DELETE)


def list_bucket(case: Case) -> Iterator[Finding]:
    """Only tootctl lists."""
    yield from _judged(case, ActionId.LIST, _LIST)


def abort_upload(case: Case) -> Iterator[Finding]:
    """A failed large upload cannot be thrown away."""
    yield from _judged(case, ActionId.MULTIPART_ABORT, _ABORT)


def _is_aws(case: Case) -> bool:
    return fixes.provider_of(case).id == "aws-s3"


def get_object(case: Case) -> Iterator[Finding]:
    """The key may write and not read. Visitors may, which can hide it."""
    refused = denied(case, *READS)
    signed = [o for o in refused if o.id in (ActionId.GET, ActionId.HEAD, Experiment.GET_MISSING)]
    read = case.get(ActionId.GET)
    if read.ok or refused_by_a_page(read):
        # a HEAD takes the same right: what refuses it alone is no policy, and a page that refuses GET refuses it too
        signed = []
    if not signed:
        # what everyone may read, the key may read too: only a file that is closed to visitors shows the missing right.
        # Where no upload had Mastodon's ACL, no file was read but the one whose ACL was changed
        closed = (Experiment.GET_ARCHIVE, *([] if case.get(ActionId.GET).ran else [Experiment.ACL_READ_BACK]))
        signed = list(denied(case, *closed))
        refused = (*signed, *refused)
    if not signed:
        return
    # without s3:ListBucket a missing file is answered 403 too: only a file that is there can decide
    if signed[0].id == Experiment.GET_MISSING and not case.get(ActionId.LIST).ok:
        return
    if any(o.error_code == "InvalidObjectState" for o in refused):
        return
    first, *others = _given_as_one(case, ActionId.GET)
    if _RIGHTS[first] != "s3:GetObject":
        return
    yield finding(
        "iam-missing-getobject",
        case,
        how=f"reading a file was answered {words(_with_body(refused))}"
        if signed[0].id == Experiment.GET_MISSING
        else f"reading a file that was just uploaded was answered {words(_with_body(refused))}",
        because=[o.id for o in refused],
        explains=[o.id for o in denied(case, Experiment.ACL_READ_BACK, Experiment.DELETE_EXISTS, *others)],
        fixes=[bucket_fixes.allow_objects(case, "s3:GetObject")],
        certainty=Certainty.LIKELY if _may_be_denied(case) else Certainty.CERTAIN,
    )


def _with_body(refused: tuple[Observation, ...]) -> Observation:
    """A HEAD has no body: the GET says the code."""
    return next((o for o in refused if o.error_code), refused[0])


_OF_A_RIGHT = (
    *_RIGHTS,
    ActionId.BATCH_DELETE,
    ActionId.PUT_WITH_ACL,
    ActionId.SUSPENDED_PUBLIC_GET,
    Experiment.BUCKET_ACL,
    *OF_RIGHTS,
)
"""What every rule here looks at: the rights that a store may give as one, and what the fix for a right asks."""


RULES = (
    Rule(
        objects_on_bucket_arn,
        Layer.STORING,
        yields=("policy-bucket-arn-without-slash-star",),
        tier=Tier.GROUPS,
        reads=once(*_OF_A_RIGHT, *READS, *WRITES),
    ),
    Rule(
        put_object,
        Layer.STORING,
        yields=("b2-key-not-entitled", "bpa-blocks-public-acl", "disk-read-only", "iam-missing-putobject"),
        tier=Tier.REQUESTS,
        reads=once(*_OF_A_RIGHT, *READS, *WRITES, Experiment.PUBLIC_WITHOUT_ACL, Experiment.READ_PUBLIC_ACCESS_BLOCK),
    ),
    Rule(
        get_object,
        Layer.READING,
        yields=("iam-missing-getobject",),
        tier=Tier.REQUESTS,
        reads=once(*_OF_A_RIGHT, *READS, Experiment.ACL_READ_BACK, Experiment.DELETE_EXISTS, Experiment.GET_ARCHIVE),
    ),
    Rule(
        delete_object,
        Layer.DELETING,
        yields=("iam-missing-deleteobject", "object-lock-prevents-delete"),
        tier=Tier.REQUESTS,
        reads=once(*_OF_A_RIGHT, ActionId.HEAD),
    ),
    Rule(
        list_bucket,
        Layer.LISTING,
        yields=("batch-delete-needs-bucket-arn", "iam-missing-listbucket", "policy-resource-only-objects"),
        tier=Tier.GROUPS,
        reads=once(*_OF_A_RIGHT, Experiment.DELETE_VERSION, Experiment.GET_TAGGING),
    ),
    Rule(
        abort_upload,
        Layer.LISTING,
        yields=("iam-missing-abortmultipart",),
        tier=Tier.REQUESTS,
        reads=once(*_OF_A_RIGHT),
    ),
)
