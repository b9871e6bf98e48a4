"""A gateway that refuses headers of Amazon's SDK which it does not know: one cause for several requests."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual, ServerFix
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import listed, words
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId

_WITHOUT_CHOICE = (ActionId.MULTIPART_COMPLETE, ActionId.BATCH_DELETE)
"""Their headers (``x-amz-mp-object-size``, ``x-amz-sdk-checksum-algorithm``) no setting takes away."""


def unknown_headers(case: Case) -> Iterator[Finding]:
    """Several kinds of requests are refused in the name of a header."""
    seen = [row for row in case.open(*_WITHOUT_CHOICE, ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE) if _of(row)]
    if len({row.operation for row in seen}) < 2 or seen[0].id not in _WITHOUT_CHOICE:
        return
    kinds = listed(dict.fromkeys(row.operation for row in seen))
    yield finding(
        "storage-refuses-unknown-headers",
        case,
        how=f"{kinds} were answered {words(seen[0])}",
        because=[row.id for row in seen],
        fixes=[takes_headers(case) or Manual("Let the storage ignore headers that it does not know.")],
    )


def takes_headers(case: Case) -> ServerFix | None:
    """The server's own setting that makes it ignore headers which it does not know."""
    setting = fixes.provider_of(case).commands.get("headers")
    return ServerFix("storage", setting, "Then start the storage anew.") if setting else None


def _of(row: Observation) -> bool:
    return row.http_status == 501 and "header" in (row.message or "").lower()


RULES = (
    Rule(
        unknown_headers,
        Layer.STORE,
        yields=("storage-refuses-unknown-headers",),
        reads=(*_WITHOUT_CHOICE, ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE),
    ),
)
