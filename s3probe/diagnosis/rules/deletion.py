"""Deletions that do not delete. Mastodon hears of none of them."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual, Severity
from s3probe.diagnosis.rule import Layer, Rule, Tier
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import asked, something_works, words
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Header


def batch(case: Case) -> Iterator[Finding]:
    """The batch is refused whole, or leaves errors in a 200 that nobody reads."""
    seen = case.open(ActionId.BATCH_DELETE)
    if not seen or seen[0].inconclusive:
        return
    row = seen[0]
    if row.outcome is Outcome.DENIED and case.get(ActionId.DELETE).outcome is Outcome.DENIED:
        return  # the same right is missing for both, and the finding about the single deletion says so
    if row.facts.get(Fact.PER_KEY_ERRORS):
        count, codes = row.facts[Fact.PER_KEY_ERRORS], row.facts.get(Fact.PER_KEY_CODE)
        how = f"DeleteObjects answered 200 with {count} errors inside ({codes})"
        advice = (
            fixes.allow_objects(case, "s3:DeleteObject")
            if row.outcome is Outcome.DENIED
            else Manual("Ask the provider why its batch deletion fails; Mastodon never learns of these errors.")
        )
        yield finding("delete-objects-per-key-errors-ignored", case, how=how, because=[row.id], fixes=[advice])
        return
    if "md5" in f"{row.error_code} {row.message}".lower():
        release = fixes.provider_of(case).notes.get("batch_delete", "")
        advice_text = Manual(
            f"Upgrade the storage{f' to {release}' if release else ''}: it insists on Content-MD5, which Mastodon no "
            "longer sends."
        )
        yield finding(
            "delete-md5-required",
            case,
            how=f"{asked(row)} was answered {words(row)}",
            because=[row.id],
            fixes=[advice_text],
            severity=Severity.FAILURE,
        )
        return
    if (row.outcome is Outcome.REJECTED or row.http_status == 404) and something_works(case):
        advice_text = Manual(
            "Use a version of the storage that knows DeleteObjects; Mastodon has no other way to delete many."
        )
        how = f"DeleteObjects was answered {words(row)}, while a single delete "
        how += "worked" if case.get(ActionId.DELETE).ok else "failed too"
        yield finding("delete-objects-unsupported", case, how=how, because=[row.id], fixes=[advice_text])
        return
    if row.outcome is Outcome.DENIED:
        # refused as a whole: some stores (Ceph 16) ask for the right on the bucket itself before they look at a key
        how = f"DeleteObjects was answered {words(row)}, while a single delete worked"
        grant = fixes.allow_bucket_and_objects(case, "s3:DeleteObject")
        yield finding("iam-missing-deleteobject", case, how=how, because=[row.id], fixes=[grant])


def versions(case: Case) -> Iterator[Finding]:
    """With versioning on, a delete only hides."""
    deleted, uploaded = case.get(ActionId.DELETE), case.get(ActionId.PUT_WITHOUT_ACL)
    marker = deleted.headers.get(Header.X_AMZ_DELETE_MARKER) == "true"
    version = uploaded.headers.get(Header.X_AMZ_VERSION_ID, "null") not in ("null", "")
    how = "a delete only left a delete marker" if marker else "every upload gets a version id"
    lock = case.get(ActionId.HEAD).headers.get(Header.X_AMZ_OBJECT_LOCK_MODE)
    if lock and (marker or version):
        advice = Manual("Use a bucket without Object Lock; it cannot be switched off for this one.")
        how = f"{how}, and the file carries x-amz-object-lock-mode: {lock}"
        yield finding("object-lock-prevents-delete", case, how=how, because=[deleted.id], fixes=[advice])
        return
    # a version id alone is no sign: Garage sends one with every upload, and keeps one version
    if marker:
        yield finding(
            "versioning-delete-markers",
            case,
            how=how,
            because=[deleted.id],
            fixes=[fixes.expire_old_versions(case)],
        )


def still_there(case: Case) -> Iterator[Finding]:
    """The delete was confirmed, and the file is still there."""
    seen = [o for o in case.open(ActionId.DELETE, ActionId.BATCH_DELETE) if o.facts.get(Fact.GONE) == "no"]
    if seen:
        yield finding(
            "delete-without-effect",
            case,
            how=f"{seen[0].operation} was answered {seen[0].http_status}, and a HEAD afterwards still found the file",
            because=[o.id for o in seen],
            fixes=[Manual("See whether a cache stands before S3_ENDPOINT, and ask the provider.")],
        )


RULES = (
    Rule(still_there, Layer.GONE, yields=("delete-without-effect",), reads=(ActionId.BATCH_DELETE, ActionId.DELETE)),
    Rule(
        batch,
        Layer.GONE,
        yields=(
            "delete-md5-required",
            "delete-objects-per-key-errors-ignored",
            "delete-objects-unsupported",
            "iam-missing-deleteobject",
        ),
        tier=Tier.REQUESTS,
        reads=(
            ActionId.BATCH_DELETE,
            ActionId.DELETE,
            ActionId.GET,
            ActionId.LIST,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.READ_POLICY,
        ),
    ),
    Rule(
        versions,
        Layer.GONE,
        yields=("object-lock-prevents-delete", "versioning-delete-markers"),
        reads=(ActionId.DELETE, ActionId.HEAD, ActionId.PUT_WITHOUT_ACL),
    ),
)
