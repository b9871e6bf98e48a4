"""A storage that looks at no signature: one cause for all that strangers can do."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual, ServerFix
from s3probe.diagnosis.openness import checks_no_keys
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.evidence.vocabulary import ActionId, Experiment

NO_SIGNATURE = (
    ActionId.ARCHIVE_ORIGIN_GET,
    ActionId.ARCHIVE_PUBLIC_GET,
    ActionId.PRESIGNED_EXPIRED,
    ActionId.PUBLIC_WRITE,
)


_STRANGERS = (
    *NO_SIGNATURE,
    ActionId.PUBLIC_ACL,
    ActionId.PUBLIC_DELETE,
    ActionId.PUBLIC_DELETE_ORIGIN,
    ActionId.PUBLIC_LIST,
    ActionId.PUBLIC_LIST_ALIAS,
    ActionId.PUBLIC_POLICY,
    ActionId.PUBLIC_UPLOADS,
    ActionId.PUBLIC_VERSIONS,
    ActionId.SUSPENDED_PUBLIC_GET,
    Experiment.PUBLIC_ACL,
    Experiment.PUBLIC_LIST,
)
"""What must be refused to them, and is not."""


def no_keys(case: Case) -> Iterator[Finding]:
    """Whoever can reach the storage may do everything in it."""
    if not checks_no_keys(case):
        return
    written = case.get(ActionId.PUBLIC_WRITE)
    how = f"an unsigned {written.method} was answered {written.http_status}, and a link that had expired still opened"
    yield finding(
        "storage-checks-no-keys",
        case,
        how=how,
        because=[ActionId.PUBLIC_WRITE, ActionId.PRESIGNED_EXPIRED],
        explains=[o.id for o in case.open(*_STRANGERS)],
        fixes=[_authentication(case)],
    )


def _authentication(case: Case) -> ServerFix | Manual:
    """What switches the check on."""
    command = fixes.provider_of(case).commands.get("authentication")
    if command:
        return ServerFix("storage", command, "KEYID and SECRET are those of the file. Then start the storage anew.")
    return Manual(
        "Switch authentication on in the storage's own configuration (rclone serve s3: --auth-key KEYID,SECRET; "
        "SeaweedFS: identities in s3.json). LocalStack and S3Mock are made for tests and have none: use another one."
    )


RULES = (Rule(no_keys, Layer.STRANGERS_WRITING, yields=("storage-checks-no-keys",), reads=_STRANGERS),)
