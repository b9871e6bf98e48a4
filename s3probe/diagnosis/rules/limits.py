"""What a store does to files and deletions beside refusing them: caps, expiry, slow batches, refused headers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from urllib.parse import quote, unquote

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketSetting, Certainty, Finding, Manual, Severity
from s3probe.diagnosis.own_ways import note_of, own_command
from s3probe.diagnosis.rule import OPEN, Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import before_api
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import answered, is_late, refused_by_a_page, sentences, waited, words
from s3probe.evidence.kept_versions import marker_of
from s3probe.evidence.observations import EXPECT_WAIT, NetworkFault, Outcome
from s3probe.evidence.refusing import names_cap
from s3probe.evidence.vocabulary import CARRY_EXPIRY, ActionId, Actor, Experiment, Fact, Header
from s3probe.knowledge.recipes import endpoint_option
from s3probe.records import replace

_READS = (
    ActionId.GET,
    ActionId.GET_RANGE,
    ActionId.HEAD,
    ActionId.HEAD_PART,
    ActionId.PRESIGNED_GET,
    ActionId.PUBLIC_GET,
    ActionId.PUBLIC_CORS,
    Experiment.ACL_READ_BACK,
    Experiment.GET_ARCHIVE,
    Experiment.GET_MISSING,
)


def download_cap(case: Case) -> Iterator[Finding]:
    """Reading is refused in the name of a cap, while uploads pass."""
    seen = [o for o in case.open(*_READS) if names_cap(o)]
    upload = case.get(ActionId.PUT_WITHOUT_ACL)
    if upload.failed:
        # one cap on everything is told of the upload
        seen = [o for o in seen if o.message != upload.message]
    if not seen or (not upload.ok and upload.id not in case.claimed):
        return
    yield finding(
        "download-cap-exceeded",
        case,
        how=f"reading a file was answered {words(seen[0])}, while uploads pass"
        if upload.ok
        else f"reading a file was answered {words(seen[0])}",
        because=[o.id for o in seen],
        explains=[o.id for o in case.open(*_READS) if o.http_status == seen[0].http_status],
        fixes=[Manual("Raise the download cap with the provider, and put a CDN before the bucket.")],
    )


def body_limit(case: Case) -> Iterator[Finding]:
    """A proxy refuses uploads for their size: large ones by what is announced, or even tiny ones."""
    large = case.get(Experiment.ANNOUNCED)
    if large.http_status == 413:
        yield finding(
            "proxy-body-limit-413",
            case,
            how=f"an upload of 16 MiB was announced, and answered {words(large)} before a byte of it was sent",
            because=[large.id],
            fixes=before_api(case, "api-body"),
        )
    seen = [o for o in case.open(ActionId.PUT_WITHOUT_ACL, ActionId.PUT_WITH_ACL) if o.http_status == 413]
    if seen and case.get(ActionId.LIST).ok:
        yield finding(
            "proxy-body-limit-413",
            case,
            how=f"an upload of a few bytes was answered {words(seen[0])}",
            because=[o.id for o in case.all_open() if o.http_status == 413],
            fixes=before_api(case, "api-body"),
        )


_CHANGES = {
    ActionId.PUT_WITH_ACL: "upload",
    ActionId.PUT_WITHOUT_ACL: "upload",
    ActionId.DELETE: "delete",
    # both are sent by POST
    ActionId.MULTIPART_CREATE: "large-files",
    ActionId.BATCH_DELETE: "large-files",
}


def only_reading(case: Case) -> Iterator[Finding]:
    """A proxy answers uploads, deletions or POST alone with a page of its own, while the listing passes."""
    if not case.get(ActionId.LIST).ok:
        return
    for what in _BREAKS:
        rows = [row for name, its in _CHANGES.items() if its == what and (row := case.get(name)).ran]
        if not rows or not all(refused_by_a_page(o) for o in rows):
            continue
        because = [o.id for o in case.all_open() if o.actor is Actor.MASTODON and refused_by_a_page(o)]
        if set(because) >= {o.id for o in rows}:
            yield finding(
                "proxy-refuses-uploads",
                case,
                how=f"{answered(rows[0])}; these words are not the storage's, and listing the bucket passed",
                because=because,
                fixes=before_api(case, "api-methods", _WAF),
                variant=what,
                effect="case",
                breaks=_BREAKS[what],
            )
        return


_WAF = "It takes the place of the limit that is there. A web application firewall has its own."
_BREAKS = {
    "upload": "Every upload ends in HTTP 500: Aws::S3::Errors::Http403Error or Http405Error, while pictures are shown",
    "delete": "Nothing is ever deleted, and Mastodon does not tell you: the storage fills up",
    "large-files": "Files above 15 MiB fail, and the daily clean-up deletes nothing: the storage fills up",
}


def expiry(case: Case) -> Iterator[Finding]:
    """A fresh upload under ``media_attachments/`` already carries the day of its end."""
    carrying = [row for name in CARRY_EXPIRY if Header.X_AMZ_EXPIRATION in (row := case.get(name)).headers]
    rules, bucket = case.get(Experiment.READ_LIFECYCLE), case.settings.bucket_name
    written = rules.facts.get(Fact.EXPIRING_MEDIA, "").split()
    if not carrying and not (written and fixes.provider_of(case).silent_expiry):
        return
    seen = carrying[0] if carrying else rules
    expiration = seen.headers.get(Header.X_AMZ_EXPIRATION, "")
    rule = expiration.partition('rule-id="')[2].partition('"')[0] if carrying else unquote(written[0])
    if rules.ok and quote(rule, safe="") not in rules.facts.get(Fact.EXPIRING, "").split():
        return  # a rule for old versions, which are none of Mastodon's files
    rows = (case.get(ActionId.DELETE), case.get(Experiment.DELETE_GONE), case.get(ActionId.PUT_WITHOUT_ACL))
    if not rules.ok and fixes.provider_of(case).expires_old_as_new and marker_of(*rows):
        return
    own = own_command(case, "lifecycle_rule_off").replace("{rule}", shlex.quote(rule))
    if own:
        command = own
        note = sentences(f"It takes the rule {rule!r} out.", note_of(case, "lifecycle_rule_off"))
    elif rules.facts.get(Fact.COUNT) == "1":
        command = f"aws s3api delete-bucket-lifecycle --bucket {bucket}{endpoint_option(case.settings)}"
        note = f"The rule {rule!r} is the only one. Or limit it to cache/."
    else:
        command = f"aws s3api get-bucket-lifecycle-configuration --bucket {bucket}{endpoint_option(case.settings)}"
        note = f"Limit the rule {rule!r} to cache/, or take it out: the command shows all rules."
    yield finding(
        "lifecycle-expires-media",
        case,
        how=f"a fresh upload carries x-amz-expiration: {expiration}"
        if carrying
        else f"the bucket's lifecycle rule {rule!r} removes files of media_attachments/ as well",
        because=[seen.id],
        fixes=[BucketSetting("lifecycle-rule-off", rule, command, note)],
    )


def slow_batch(case: Case) -> Iterator[Finding]:
    """One delete is quick, many at once get no answer in time."""
    asked = case.open(ActionId.BATCH_DELETE, Experiment.PUBLIC_DELETE_FOLDERS)
    batches = [o for o in asked if o.network is NetworkFault.READ_TIMEOUT]
    late = next((o for o in batches if is_late(o)), None)  # one of them is waited for, a stranger's perhaps
    mine = next((o for o in batches if o.id == ActionId.BATCH_DELETE), None)
    others = [o for o in case.all_open() if o.network is not None and o not in batches]
    if mine and late and not others and case.get(ActionId.DELETE).ok and case.get(ActionId.PUT_WITHOUT_ACL).ok:
        patience = fixes.env(case, "S3_READ_TIMEOUT", "60")
        limit = fixes.env(case, "S3_BATCH_DELETE_LIMIT", "100")
        yield finding(
            "delete-batch-timeout",
            case,
            how=f"DeleteObjects failed: {words(mine)}. {waited(late)}. "
            f"A single delete took {case.get(ActionId.DELETE).seconds:.1f} s",
            because=[o.id for o in batches],
            fixes=[limit, replace(patience, together=True)],
        )


def start_after(case: Case) -> Iterator[Finding]:
    """Listing from a given key on is refused, listing from the top works."""
    seen, top = case.open(ActionId.LIST), case.get(Experiment.LIST_FROM_THE_TOP)
    if seen and top.ok:
        yield finding(
            "remove-orphans-start-after-ceph",
            case,
            how=f"ListObjectsV2 with start-after was answered {words(seen[0])}; without it, it passed",
            because=[seen[0].id, top.id],
            fixes=[
                Manual(
                    "Upgrade the storage. Until then run tootctl media remove-orphans once for each folder, with "
                    "--prefix media_attachments, --prefix accounts and so on."
                )
            ],
        )


def copying(case: Case) -> Iterator[Finding]:
    """Reading and storing work, and only the copy of one's own file is refused."""
    seen = case.get(Experiment.COPY)
    stored = case.get(ActionId.PUT_WITH_ACL) if case.settings.acl is not None else case.get(ActionId.PUT_WITHOUT_ACL)
    mine = seen.id not in case.claimed
    if mine and seen.outcome is Outcome.DENIED and stored.ok and case.get(ActionId.GET).ok:
        advice = Manual("Look for a Deny statement about copies (s3:x-amz-copy-source, s3:x-amz-metadata-directive).")
        yield finding(
            "storage-schema-copy-denied",
            case,
            how=f"copying a file inside the bucket was answered {words(seen)}, while reading and storing work",
            because=[seen.id],
            fixes=[advice],
        )


def announced_bodies(case: Case) -> Iterator[Finding]:
    """The same upload without ``Expect: 100-continue`` passes, or passes at once."""
    without = case.get(Experiment.PUT_UNANNOUNCED)
    uploads = [o for o in (case.get(ActionId.PUT_WITH_ACL), case.get(ActionId.PUT_WITHOUT_ACL)) if o.ran]
    refused = [o for o in uploads if o.http_status == 417]
    # what else may be wrong with the upload is said only to one that was not announced
    heard = bool(refused) and without.http_status not in (None, 417)
    if not without.ok and not heard:
        return
    silent = [o for o in uploads if o.network is NetworkFault.READ_TIMEOUT]
    slow = [o for o in uploads if o.seconds > without.seconds + EXPECT_WAIT]
    # who waits for the announced body waits each time: one slow upload is a store that wakes up (SeaweedFS)
    others = [case.get(name) for name in (ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)]
    quick = [o for o in (*uploads, *others) if o.ok and o.seconds <= without.seconds + EXPECT_WAIT]
    seen = refused or silent or ([] if quick else slow)
    if not seen:
        return
    if silent:
        how = f"an upload got no answer in {seen[0].seconds:.1f} s"
    elif refused:
        how = f"an upload was answered {words(seen[0])} after {seen[0].seconds:.1f} s"
    else:
        how = f"an upload was answered after {seen[0].seconds:.1f} s"
    if without.ok and refused:
        then = "without Expect: 100-continue it passed"
    elif without.ok:
        then = f"without Expect: 100-continue it took {without.seconds:.1f} s"
    else:
        then = f"without Expect: 100-continue it was answered {words(without)}"
    yield finding(
        "expect-100-continue-stalls",
        case,
        how=f"{how}; {then}",
        severity=Severity.FAILURE if refused or silent else None,
        because=[*(o.id for o in seen), without.id],
        explains=[o.id for o in case.all_open() if o.http_status == 417 or o.network is NetworkFault.READ_TIMEOUT],
        fixes=before_api(case, "api-expect"),
    )


def top_folders(case: Case) -> Iterator[Finding]:
    """``system/`` or a folder named like the bucket at the top: files were copied one level too deep."""
    folders = case.get(ActionId.LIST).facts.get(Fact.FOLDERS, "").split()
    prefix = case.settings.key_prefix.strip("/").partition("/")[0]
    odd = [name for name in ("system", "public", case.settings.bucket_name) if name in folders and name != prefix]
    if odd:
        yield finding(
            "key-path-mismatch-after-migration",
            case,
            how=f"the listing shows a folder {odd[0]}/ at the top of the bucket; only an old file's address decides",
            because=[ActionId.LIST],
            certainty=Certainty.POSSIBLE,
            severity=Severity.NOTICE,
            fixes=[Manual(f"See whether {odd[0]}/ holds media_attachments/, and copy what is in it one level up.")],
        )


RULES = (
    Rule(
        announced_bodies,
        Layer.REFUSALS,
        yields=("expect-100-continue-stalls",),
        reads=(
            OPEN,
            ActionId.ARCHIVE_PUT,
            ActionId.AVATAR_PUT,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.PUT_UNANNOUNCED,
        ),
    ),
    Rule(
        download_cap,
        Layer.REFUSALS,
        yields=("download-cap-exceeded",),
        tier=Tier.GROUPS,
        reads=(
            Experiment.ACL_READ_BACK,
            ActionId.GET,
            ActionId.GET_RANGE,
            ActionId.HEAD,
            ActionId.HEAD_PART,
            ActionId.PRESIGNED_GET,
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_GET,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.GET_ARCHIVE,
            Experiment.GET_MISSING,
        ),
    ),
    Rule(
        body_limit,
        Layer.REFUSALS,
        yields=("proxy-body-limit-413",),
        reads=(ActionId.LIST, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, Experiment.ANNOUNCED),
    ),
    Rule(
        only_reading,
        Layer.REFUSALS,
        yields=("proxy-refuses-uploads",),
        reads=(OPEN, ActionId.LIST, *_CHANGES),
    ),
    Rule(
        start_after,
        Layer.CHANGING,
        yields=("remove-orphans-start-after-ceph",),
        reads=(ActionId.LIST, Experiment.LIST_FROM_THE_TOP),
    ),
    Rule(
        copying,
        Layer.CHANGING,
        yields=("storage-schema-copy-denied",),
        tier=Tier.GROUPS,
        reads=(ActionId.GET, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, Experiment.COPY),
    ),
    Rule(
        slow_batch,
        Layer.CHANGING,
        yields=("delete-batch-timeout",),
        reads=(
            OPEN,
            ActionId.BATCH_DELETE,
            ActionId.DELETE,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.PUBLIC_DELETE_FOLDERS,
        ),
    ),
    Rule(
        expiry,
        Layer.READING_BACK,
        yields=("lifecycle-expires-media",),
        reads=(
            *CARRY_EXPIRY,
            ActionId.DELETE,
            Experiment.DELETE_GONE,
            Experiment.READ_LIFECYCLE,
        ),
    ),
    Rule(top_folders, Layer.PRIVILEGE, yields=("key-path-mismatch-after-migration",), reads=(ActionId.LIST,)),
)
