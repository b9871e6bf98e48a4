"""Whether the storage, or what stands before it, asks anybody for anything. Pure."""

from __future__ import annotations

from s3probe.diagnosis.case import Case
from s3probe.evidence.vocabulary import ActionId, Fact


def checks_no_keys(case: Case) -> bool:
    """Strangers may write and read all, and a link that has expired still opens: no signature is looked at.

    A bucket that is merely open to everyone refuses an expired link all the same.
    """
    archives = (case.get(ActionId.ARCHIVE_PUBLIC_GET), case.get(ActionId.ARCHIVE_ORIGIN_GET))
    return (
        case.get(ActionId.PUBLIC_WRITE).facts.get(Fact.WRITE) == "open"
        and bool(case.get(ActionId.PRESIGNED_EXPIRED).facts.get(Fact.OPEN))
        and any(row.facts.get(Fact.OPEN) for row in archives)
    )


def shows_folders(case: Case) -> bool:
    """The store's own file server stands behind the public host: it asks nobody for a key, and lists every folder."""
    facts = case.get(ActionId.PUBLIC_LIST_ALIAS).facts
    return facts.get(Fact.LISTING) == "page" and bool(facts.get(Fact.SERVICE))
