"""``S3_KEY_PREFIX`` that a key, a policy or a proxy does not know: the same file without it decides."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Fix
from s3probe.diagnosis.rule import OF_RIGHTS, Layer, Rule, once
from s3probe.diagnosis.rules.before_the_storage import at_proxy
from s3probe.diagnosis.rules.rights import READS, WRITES, denied
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, ObservationId


def forgotten_by_the_key(case: Case) -> Iterator[Finding]:
    """Uploads below the prefix are refused, one at the top of the bucket is not."""
    refused, top = (
        denied(case, ActionId.PUT_WITHOUT_ACL, ActionId.PUT_WITH_ACL),
        case.get(Experiment.PUT_WITHOUT_PREFIX),
    )
    if not refused or not top.ok:
        return
    rows = denied(
        case,
        *WRITES,
        *READS,
        ActionId.DELETE,
        ActionId.BATCH_DELETE,
        ActionId.MULTIPART_ABORT,
        ActionId.PUT_ACL_PRIVATE,
    )
    yield finding(
        "key-prefix-forgotten-in-alias-or-policy",
        case,
        variant="key",
        how=f"an upload below {case.settings.key_prefix}/ was answered {words(refused[0])}; the same file at the top "
        "of the bucket was accepted",
        because=[*(o.id for o in rows), top.id],
        explains=[o.id for o in case.open(ActionId.BATCH_DELETE)],
        fixes=[bucket_fixes.allow_objects(case, *bucket_fixes.all_object_rights(case))],
    )


def forgotten_by_the_public(case: Case) -> Iterator[Finding]:
    """Visitors see the picture when the address, or the file's own name, leaves the prefix out."""
    seen = case.open(ActionId.PUBLIC_GET)
    if not seen:
        return
    address, written = case.get(Experiment.PUBLIC_ADDRESS_WITHOUT_PREFIX), case.get(Experiment.PUBLIC_WITHOUT_PREFIX)
    how = f"GET {seen[0].url} was answered {words(seen[0])}"
    if _is_there(address):
        host = fixes.host_of(seen[0].url)
        explained = f"{how}. At {address.url} the picture is there: {host} adds the prefix by itself"
        yield _found(
            case,
            explained,
            [seen[0].id, address.id],
            [*at_proxy(case, "origin")],
            "twice",
        )
    elif _is_there(written):
        explained = (
            f"{how}. A picture at the top of the bucket is visible, so what opens the media leaves the prefix out"
        )
        yield _found(case, explained, [seen[0].id, written.id], [bucket_fixes.public_read(case)], "visitors")


def _is_there(seen: Observation) -> bool:
    """Whether the very bytes came, whatever a proxy has done to their headers."""
    return seen.http_status == 200 and Fact.BODY not in seen.facts


def _found(case: Case, how: str, because: list[ObservationId], fix: list[Fix], variant: str) -> Finding:
    return finding(
        "key-prefix-forgotten-in-alias-or-policy",
        case,
        variant=variant,
        how=how,
        because=because,
        explains=[
            o.id for o in case.open(ActionId.PUBLIC_CORS, ActionId.PRESIGNED_GET) if o.http_status in (401, 403, 404)
        ],
        fixes=fix,
    )


RULES = (
    Rule(
        forgotten_by_the_key,
        Layer.REFUSALS,
        yields=("key-prefix-forgotten-in-alias-or-policy",),
        reads=once(
            *READS,
            *WRITES,
            ActionId.BATCH_DELETE,
            ActionId.DELETE,
            ActionId.MULTIPART_ABORT,
            ActionId.PUT_ACL_PRIVATE,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.PUT_WITHOUT_PREFIX,
            Experiment.BUCKET_ACL,
            *OF_RIGHTS,
        ),
    ),
    Rule(
        forgotten_by_the_public,
        Layer.VISITORS,
        yields=("key-prefix-forgotten-in-alias-or-policy",),
        reads=once(
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_GET,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.PUBLIC_ADDRESS_WITHOUT_PREFIX,
            Experiment.PUBLIC_WITHOUT_PREFIX,
            Experiment.BUCKET_ACL,
            *OF_RIGHTS,
        ),
    ),
)
