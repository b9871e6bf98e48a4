"""Deletions that do not delete. Mastodon hears of none of them."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual
from s3probe.diagnosis.rule import OF_RIGHTS, Layer, Rule, Tier, once
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import answered, in_turn, refused_by_a_page, says_locked, sentences, something_works, words
from s3probe.evidence.kept_versions import marker_of
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.refusing import lacks_a_right
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
            bucket_fixes.allow_objects(case, "s3:DeleteObject")
            if row.outcome is Outcome.DENIED
            else Manual("Ask the provider why its batch deletion fails; Mastodon never learns of these errors.")
        )
        yield finding("delete-objects-per-key-errors-ignored", case, how=how, because=[row.id], fixes=[advice])
        return
    with_md5 = case.get(Experiment.BATCH_WITH_MD5)
    if with_md5.ok or (not with_md5.ran and "md5" in f"{row.error_code} {row.message}".lower()):
        yield finding(
            "delete-md5-required",
            case,
            how=in_turn(answered(row), _WITH_MD5 if with_md5.ok else ""),
            because=[row.id, *([with_md5.id] if with_md5.ok else [])],
            fixes=_without_md5(case),
        )
        return
    if (row.outcome is Outcome.REJECTED or row.http_status == 404) and something_works(case):
        how = f"DeleteObjects was answered {words(row)}, and a single delete failed too"
        if case.get(ActionId.DELETE).ok:
            how = f"DeleteObjects was answered {words(row)}, while a single delete worked"
        if with_md5.http_status is not None:
            how = f"{how}. With Content-MD5 it was answered {words(with_md5)}"
        yield finding("delete-objects-unsupported", case, how=how, because=[row.id], fixes=_without_batches(case))
        return
    if lacks_a_right(row):
        # refused as a whole: some stores (Ceph 16) ask for the right on the bucket itself before they look at a key
        how = f"DeleteObjects was answered {words(row)}, while a single delete worked"
        grant = bucket_fixes.allow_bucket_and_objects(case, "s3:DeleteObject")
        yield finding("iam-missing-deleteobject", case, how=how, because=[row.id], fixes=[grant])


_WITH_MD5 = "With Content-MD5 instead of the CRC32 it passed"
ONE_BY_ONE = (
    "Until then what Mastodon's daily clean-up should remove stays in the bucket: copies of other servers' media, link "
    "previews, and what blocked servers sent. Two commands remove file by file, and cron may run them: "
    "RAILS_ENV=production bin/tootctl media remove --days=7, and bin/tootctl preview_cards remove --days=14."
)


def _without_md5(case: Case) -> tuple[Fix, ...]:
    """What helps where Mastodon's checksum is not taken with this request alone: no line of the file changes that."""
    store = fixes.provider_of(case)
    note = store.notes.get("batch_delete", "")
    if not store.hosts:
        upgrade = "Upgrade the storage: it insists on Content-MD5, which Mastodon no longer sends."
        return (Manual(sentences(upgrade, note, ONE_BY_ONE)),)
    ask = (
        f"No setting of Mastodon changes its checksum: S3_BATCH_DELETE_LIMIT and S3_BATCH_DELETE_RETRY repeat the same "
        f"request. Ask {store.name} to take x-amz-checksum-crc32 with DeleteObjects."
    )
    return (Manual(sentences(ask, note, ONE_BY_ONE)),)


def _without_batches(case: Case) -> tuple[Fix, ...]:
    store = fixes.provider_of(case)
    other = f"Ask {store.name} for DeleteObjects" if store.hosts else "Use a version of the storage with DeleteObjects"
    return (Manual(f"{other}. A lower S3_BATCH_DELETE_LIMIT sends the same request. {ONE_BY_ONE}"),)


def versions(case: Case) -> Iterator[Finding]:
    """With versioning on, a delete only hides."""
    deleted, uploaded = case.get(ActionId.DELETE), case.get(ActionId.PUT_WITHOUT_ACL)
    marker = marker_of(deleted, case.get(Experiment.DELETE_GONE), uploaded)
    version = uploaded.headers.get(Header.X_AMZ_VERSION_ID, "null") not in ("null", "")
    # Garage gives every upload an id and keeps nothing; while versioning is suspended, no bytes stay
    untold = deleted.ok or deleted.facts.get(Fact.GONE) == "no" or refused_by_a_page(deleted)
    if marker == "null" or not (marker or (version and not untold)):
        return
    how = "a delete only left a delete marker" if marker else "every upload gets a version id"
    because = [deleted.id if marker else uploaded.id]
    if lock := _lock(case):
        offered: list[Fix] = [bucket_fixes.no_default_retention(case), Manual("Use a bucket without Object Lock.")]
        yield finding("object-lock-prevents-delete", case, how=f"{how}; {lock}", because=because, fixes=offered)
        return
    rules = case.get(Experiment.READ_LIFECYCLE)
    ends, current = (Header.X_AMZ_EXPIRATION in row.headers for row in (case.get(Experiment.OLD_VERSION), uploaded))
    if rules.facts.get(Fact.OLD_VERSIONS) == "expire" or (ends and not current) or _names_our_rule(case, uploaded):
        return
    unread = rules.outcome is Outcome.DENIED
    if unread:
        how = f"{how}. This key may not read whether a lifecycle rule removes old versions"
    yield finding(
        "versioning-delete-markers",
        case,
        how=how,
        because=because,
        fixes=_less_versions(case, rules),
        certainty=Certainty.LIKELY if unread else Certainty.CERTAIN,
    )


def _names_our_rule(case: Case, uploaded: Observation) -> bool:
    """Ceph names the rule that ends old versions on current files, also to who may not read the rules."""
    rule = f'rule-id="{bucket_fixes.OLD_VERSIONS_RULE}"'
    return fixes.provider_of(case).expires_old_as_new and rule in uploaded.headers.get(Header.X_AMZ_EXPIRATION, "")


def _lock(case: Case) -> str:
    """What shows that new files are locked; ``""`` for nothing."""
    mode = case.get(ActionId.HEAD).headers.get(Header.X_AMZ_OBJECT_LOCK_MODE)
    if mode:
        return f"the file carries x-amz-object-lock-mode: {mode}"
    if retention := case.get(Experiment.READ_OBJECT_LOCK).facts.get(Fact.RETENTION):
        return f"the bucket locks every new file ({retention})"
    removed = case.get(Experiment.DELETE_OWN_VERSION)
    return f"removing the file's only version was answered {words(removed)}" if says_locked(removed) else ""


def _less_versions(case: Case, rules: Observation) -> list[Fix]:
    """A lifecycle rule, beside those that are there; where the server has none, no versions."""
    if rules.http_status not in (400, 405, 501) and not (rules.outcome is Outcome.WRONG and rules.http_status == 200):
        return [bucket_fixes.expire_old_versions(case, others=int(rules.facts.get(Fact.COUNT) or 0))]
    if case.get(Experiment.READ_OBJECT_LOCK).ok:
        text = "This server has no lifecycle rules, and with Object Lock on versioning stays on: use another bucket."
        return [Manual(text)]
    return [bucket_fixes.suspend_versioning(case)]


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
        reads=once(
            Experiment.BATCH_WITH_MD5,
            ActionId.BATCH_DELETE,
            ActionId.DELETE,
            ActionId.GET,
            ActionId.LIST,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.BUCKET_ACL,
            *OF_RIGHTS,
        ),
    ),
    Rule(
        versions,
        Layer.GONE,
        yields=("object-lock-prevents-delete", "versioning-delete-markers"),
        reads=(
            ActionId.DELETE,
            ActionId.HEAD,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.DELETE_GONE,
            Experiment.DELETE_OWN_VERSION,
            Experiment.OLD_VERSION,
            Experiment.READ_LIFECYCLE,
            Experiment.READ_OBJECT_LOCK,
        ),
    ),
)
