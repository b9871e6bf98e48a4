"""ACLs: refused, blocked, not supported, without effect. The verdicts follow measured answers of the stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Fix
from s3probe.diagnosis.rounds import words
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ACL_EXPERIMENTS, ActionId, Experiment, Fact, ObservationId

CANNED = (
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
"""AWS, "Canned ACL"; log-delivery-write is for buckets only."""

_AFTER = (
    ActionId.AVATAR_PUT,
    ActionId.ARCHIVE_PUT,
    ActionId.PUT_ACL_PRIVATE,
    ActionId.PUT_ACL_RESTORE,
    ActionId.MULTIPART_CREATE,
)


AND_POLICY = "and add the public-read bucket policy that `s3probe policy` prints: without an ACL nobody sees a picture"


@dataclass(frozen=True, slots=True)
class _Order:
    """Puts the ways in order: whichever makes pictures visible by itself comes first."""

    empty: Fix
    """``S3_PERMISSION=``: Mastodon sends no ACL."""
    visible_without: bool
    """Whether visitors can see a picture that was uploaded without an ACL."""

    def __call__(self, *allow_acls: Fix) -> tuple[Fix, ...]:
        return (self.empty, *allow_acls) if self.visible_without else (*allow_acls, self.empty)


def refused_acl(case: Case) -> Iterator[Finding]:
    """The upload with Mastodon's ACL fails, the one without passes."""
    seen = case.open(ActionId.PUT_WITH_ACL)
    if not seen or not case.obs(ActionId.PUT_WITHOUT_ACL).ok:
        return
    upload = seen[0]
    if upload.outcome not in (Outcome.DENIED, Outcome.REJECTED, Outcome.WRONG, Outcome.UNKNOWN):
        return
    if upload.error_code == "SignatureDoesNotMatch":
        return  # something on the way changes the request: the other upload proves the key
    table = {
        acl: upload if acl == case.settings.acl else case.get(experiment) for acl, experiment in ACL_EXPERIMENTS.items()
    }
    change = case.get(Experiment.PUT_ACL_PRIVATE)
    named = _named(case, upload, table, change)
    if named is None:
        return
    finding_id, fix = named
    tried = [o.id for o in (*table.values(), change) if o.ran and o.id != upload.id]
    yield finding(
        finding_id,
        case,
        how=f"an upload with ACL {case.settings.acl} was answered {words(upload)}{_ladder_words(table, upload)}; "
        "without an ACL it passed",
        because=(upload.id, ActionId.PUT_WITHOUT_ACL, *tried),
        explains=(*_hidden_by_acl(case), *(o.id for o in case.open(*_AFTER))),
        fixes=fix,
    )


def _hidden_by_acl(case: Case) -> list[ObservationId]:
    """Without its ACL a picture may be invisible: that follows, and is no fault of its own."""
    seen = case.open(ActionId.PUBLIC_GET, ActionId.PUBLIC_CORS)
    return [o.id for o in seen if o.http_status in (401, 403)]


def _ladder_words(table: dict[str, Observation], upload: Observation) -> str:
    tried = {acl: o for acl, o in table.items() if o.ran and o is not upload}
    # one message three times over says no more than once
    same = [acl for acl, o in tried.items() if not o.ok and words(o) == words(upload)]
    parts = [f"with {acl} {'it passed' if o.ok else words(o)}" for acl, o in tried.items() if acl not in same]
    parts += [f"the same with {' and '.join(same)}"] if same else []
    return "".join(f"; {part}" for part in parts)


def _named(
    case: Case, upload: Observation, table: dict[str, Observation], change: Observation
) -> tuple[str, tuple[Fix, ...]] | None:
    acl = case.settings.acl or ""
    private, public, full = table["private"], table["public-read"], table["bucket-owner-full-control"]
    # straight from the storage, where a proxy before it has a fault of its own
    visible = case.obs(ActionId.PUBLIC_GET).ok or case.get(Experiment.PUBLIC_ORIGIN).ok
    # what is meant to be closed needs no policy that opens it
    empty = fixes.env(case, "S3_PERMISSION", "", "" if visible or acl == "private" else AND_POLICY)
    none = _Order(empty, visible)
    if upload.http_status == 501 or upload.error_code == "NotImplemented":
        return "acl-not-implemented-r2", (fixes.env(case, "S3_PERMISSION", ""),)
    if acl not in CANNED and (public.ok or private.ok):
        return "permission-value-invalid", (fixes.env(case, "S3_PERMISSION", "public-read"),)
    if upload.outcome is Outcome.DENIED:
        if acl != "private" and private.ok:
            return _blocked(case, none)
        if private.failed:
            grant = fixes.allow_objects(case, "s3:PutObjectAcl")
            return "iam-missing-putobjectacl", (grant, empty)
        return None
    disabled = upload.error_code == "AccessControlListNotSupported" or (full.ok and public.failed and change.failed)
    if disabled:
        ownership = fixes.object_ownership(case)
        if acl == "private":
            return "permission-private-with-acl-disabled", none(ownership)
        return "acl-disabled-bucket-owner-enforced", none(ownership)
    if _says_uniform(upload) or (public.failed and private.failed and full.failed):
        return "acl-uniform-gcs", (fixes.env(case, "S3_PERMISSION", ""),)
    if public.ok != private.ok:
        return "acl-must-match-bucket-b2", (fixes.env(case, "S3_PERMISSION", ""),)
    return None


def _says_uniform(upload: Observation) -> bool:
    return "uniform bucket-level access" in (upload.message or "").lower()


def _blocked(case: Case, none: _Order) -> tuple[str, tuple[Fix, ...]]:
    """Public ACLs alone are refused. The bucket's own setting, when readable, says whether it is the account's."""
    readable = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
    bucket_allows = readable.facts.get(Fact.BLOCK_PUBLIC_ACLS, "").lower() == "false" or (
        readable.error_code == "NoSuchPublicAccessBlockConfiguration"
    )
    off = ("BlockPublicAcls", "IgnorePublicAcls")
    account = fixes.public_access_block(case, *off, account=True)
    if bucket_allows:
        return "bpa-account-level-still-on", none(account)
    bucket = fixes.public_access_block(case, *off)
    return "bpa-blocks-public-acl", none(bucket) if readable.ok else none(bucket, account)


def archive_acl(case: Case) -> Iterator[Finding]:
    """Media pass with their ACL, archives do not with theirs (private)."""
    seen = case.open(ActionId.ARCHIVE_PUT)
    if not seen or not case.obs(ActionId.PUT_WITH_ACL).ok or seen[0].outcome not in (Outcome.REJECTED, Outcome.DENIED):
        return
    yield finding(
        "b2-archive-private-acl",
        case,
        how=f"an archive with ACL private was answered {words(seen[0])}, a picture with {case.settings.acl} passed",
        because=[seen[0].id],
        explains=[o.id for o in case.open(ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE)],
        fixes=[fixes.env(case, "S3_PERMISSION", "")],
    )


def acl_change(case: Case) -> Iterator[Finding]:
    """Uploads pass with an ACL, but changing one later fails: a suspension stops half way."""
    seen = [
        o for o in case.open(ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE) if o.outcome is not Outcome.UNREACHABLE
    ]
    if not seen:
        return
    first = seen[0]
    because = [o.id for o in seen]
    if first.http_status == 501 or first.error_code in ("NotImplemented", "NoSuchKey"):
        # Mastodon rescues these two (update_media_attachments_permissions_service.rb): nothing crashes
        yield finding(
            "suspended-media-stays-public",
            case,
            how=f"setting an ACL was answered {words(first)}; Mastodon logs that and goes on",
            because=because,
            fixes=[fixes.env(case, "S3_PERMISSION", "")],
        )
        return
    if first.outcome is Outcome.DENIED:
        fix: tuple[Fix, ...] = (fixes.allow_objects(case, "s3:PutObjectAcl"), fixes.env(case, "S3_PERMISSION", ""))
    else:
        fix = (fixes.env(case, "S3_PERMISSION", ""),)
    disabled = first.error_code == "AccessControlListNotSupported" and case.settings.acl == "private"
    yield finding(
        "permission-private-with-acl-disabled" if disabled else "suspension-acl-call-crashes",
        case,
        how=f"changing the ACL of a file was answered {words(first)}",
        because=because,
        fixes=fix,
    )


def acl_change_loses_content(case: Case) -> Iterator[Finding]:
    """The gateway took the ACL change for an upload of nothing (rclone serve s3 does)."""
    seen = case.open(Experiment.ACL_READ_BACK)
    if seen and seen[0].facts.get(Fact.LENGTH) is not None:
        yield finding(
            "acl-change-empties-object",
            case,
            how=f"after its ACL was changed, the file was {seen[0].facts[Fact.LENGTH]} bytes long",
            because=[Experiment.ACL_READ_BACK, ActionId.PUT_ACL_PRIVATE],
            explains=[ActionId.RESTORED_PUBLIC_GET],
            fixes=[fixes.env(case, "S3_PERMISSION", "")],
        )
