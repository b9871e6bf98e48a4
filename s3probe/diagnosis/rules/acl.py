"""ACLs: refused, blocked, not supported, without effect. The verdicts follow measured answers of the stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from s3probe.diagnosis import bucket_fixes, bucket_switches, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Fix, Severity
from s3probe.diagnosis.rule import OF_A_POLICY, OF_RIGHTS, Layer, Rule, Tier, once
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import in_turn, listed, words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.refusing import lacks_a_right
from s3probe.evidence.vocabulary import ACL_EXPERIMENTS, ActionId, Experiment, Fact, Header, ObservationId
from s3probe.knowledge.providers import ObjectAcl
from s3probe.records import dataclass, replace
from s3probe.settings.addressing import is_aws

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

_ONLY_WITH_A_POLICY = "Visitors then see new pictures only where the bucket itself is open: s3probe policy says how."
ONLY_TOGETHER = "Do this only together with the step before it: without an ACL and without that, nobody sees a picture."


@dataclass(frozen=True, slots=True)
class _Ladder:
    """An upload that was refused with Mastodon's ACL, and the same upload with each other ACL and with none."""

    case: Case
    upload: Observation
    private: Observation
    public: Observation
    full: Observation
    """``bucket-owner-full-control``, which a bucket without ACLs still takes."""
    change: Observation
    """A PutObjectAcl on the file that was stored without an ACL."""

    @property
    def acl(self) -> str:
        return self.case.settings.acl or ""

    @property
    def denied(self) -> bool:
        return lacks_a_right(self.upload)

    @property
    def acls_off(self) -> bool:
        """The bucket knows no ACLs: it says so, or takes the one that changes nothing and no other."""
        says_so = self.upload.error_code == "AccessControlListNotSupported"
        return says_so or (self.full.ok and self.public.failed and self.change.failed)

    @property
    def bucket_allows(self) -> bool:
        """The bucket's own Block Public Access, when readable, does not block: then it is the account's."""
        block = self.case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK)
        off = block.facts.get(Fact.BLOCK_PUBLIC_ACLS, "").lower() == "false"
        return off or block.error_code == "NoSuchPublicAccessBlockConfiguration"

    @property
    def denied_on_condition(self) -> bool:
        """The bucket policy, where the key may read it, denies uploads on a condition: ``denied_by_policy`` says so."""
        patterns = self.case.get(Experiment.READ_POLICY).facts.get(Fact.DENIES_IF, "").lower().split()
        return any(fnmatchcase("s3:putobject", pattern) for pattern in patterns)

    @property
    def account_blocks(self) -> bool:
        """Block Public Access of the account, and not the bucket's, refuses the ACL."""
        return is_aws(self.case.settings.api_base) and self.public_alone and self.bucket_allows

    @property
    def public_alone(self) -> bool:
        """What opens a file is refused, and another ACL is taken."""
        return self.denied and self.acl != "private" and self.private.ok

    @property
    def visible_without(self) -> bool:
        """Whether visitors can see a picture that was uploaded without an ACL."""
        return self.case.get(Experiment.PUBLIC_WITHOUT_ACL).ok


_Ways = Callable[[_Ladder], tuple[Fix, ...]]


def _permission(value: str) -> _Ways:
    return lambda ladder: (fixes.env(ladder.case, "S3_PERMISSION", value),)


def _no_acl(ladder: _Ladder) -> tuple[Fix, ...]:
    """``S3_PERMISSION=``: Mastodon sends no ACL; after the policy that then opens media, where none does yet."""
    case = ladder.case
    if ladder.visible_without:
        return (fixes.env(case, "S3_PERMISSION", ""),)
    line = fixes.env(case, "S3_PERMISSION", "", ONLY_TOGETHER, conditional=True)
    return *bucket_fixes.opening(case, account=ladder.account_blocks), replace(line, together=True)


def _canned(ladder: _Ladder) -> tuple[Fix, ...]:
    """The word that was meant, where it is taken and opens files; else none."""
    opens = ladder.public.ok and fixes.provider_of(ladder.case).acls_count
    return _permission("public-read")(ladder) if opens else _no_acl(ladder)


def _or_none(allow_acls: _Ways) -> _Ways:
    """Allow ACLs or send none: whichever makes pictures visible by itself comes first."""

    def ways(ladder: _Ladder) -> tuple[Fix, ...]:
        none, allowing = _no_acl(ladder), allow_acls(ladder)
        return (*none, *allowing) if ladder.visible_without else (*allowing, *none)

    return ways


def _none_or_ownership(ladder: _Ladder) -> tuple[Fix, ...]:
    """The bucket has ACLs disabled, as AWS advises: send none, or enable them, which Block Public Access may forbid."""
    case, owner = ladder.case, bucket_switches.object_ownership(ladder.case)
    if ladder.visible_without:
        return *_no_acl(ladder), *owner
    if not owner:
        return _no_acl(ladder)
    if bucket_fixes.needs_acls(fixes.provider_of(case)):
        return *owner, *_public(ladder), *_no_acl(ladder)
    if not is_aws(case.settings.api_base):
        return *_no_acl(ladder), *owner, *_public(ladder)
    block = bucket_switches.public_access_block(case, *bucket_switches.ACL_SWITCHES)
    return *_no_acl(ladder), block, *(replace(one, together=True) for one in owner), *_public(ladder)


def _public(ladder: _Ladder) -> tuple[Fix, ...]:
    """The ACL that shows pictures, with what lets Mastodon set any: with the file's own they would be stored unseen."""
    if ladder.visible_without or ladder.acl.startswith("public-read"):
        return ()
    return (replace(fixes.env(ladder.case, "S3_PERMISSION", "public-read"), together=True),)


def _grant(ladder: _Ladder) -> tuple[Fix, ...]:
    return bucket_fixes.allow_objects(ladder.case, "s3:PutObjectAcl"), *_public(ladder), *_no_acl(ladder)


def _account_block_off(ladder: _Ladder) -> tuple[Fix, ...]:
    return *bucket_switches.public_access_block_everywhere(ladder.case, *bucket_switches.ACL_SWITCHES), *_public(ladder)


def _block_off(ladder: _Ladder) -> tuple[Fix, ...]:
    steps = bucket_switches.public_access_blocks(ladder.case, *bucket_switches.ACL_SWITCHES)
    # what the key may read decides; otherwise it may be the account's as well
    known = ladder.case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK).ok
    return tuple(fix for step in steps[: 1 if known else None] for fix in (step, *_public(ladder)))


_VERDICTS: tuple[tuple[Callable[[_Ladder], bool], str, _Ways], ...] = (
    # what the ladder shows, the finding, the ways; the first row that fits counts, a blank id names nothing
    (lambda up: up.upload.http_status == 501 or up.upload.error_code == "NotImplemented",
     "acl-not-implemented-r2", _permission("")),
    (lambda up: up.acl not in CANNED and (up.public.ok or up.private.ok),
     "permission-value-invalid", _canned),
    (lambda up: up.account_blocks,
     "bpa-account-level-still-on", _or_none(_account_block_off)),
    (lambda up: up.public_alone and bucket_switches.has_access_block(up.case),
     "bpa-blocks-public-acl", _or_none(_block_off)),
    (lambda up: up.public_alone,
     "public-acl-refused", _no_acl),
    (lambda up: up.denied and up.private.failed and up.denied_on_condition,
     "", _permission("")),
    (lambda up: up.denied and up.private.failed,
     "iam-missing-putobjectacl", _grant),
    (lambda up: up.denied,
     "", _permission("")),
    (lambda up: up.acls_off and up.acl == "private",
     "permission-private-with-acl-disabled", _none_or_ownership),
    (lambda up: up.acls_off,
     "acl-disabled-bucket-owner-enforced", _none_or_ownership),
    (lambda up: _says_uniform(up.upload) or (up.public.failed and up.private.failed and up.full.failed),
     "acl-uniform-gcs", _permission("")),
    (lambda up: up.public.ok != up.private.ok,
     "acl-must-match-bucket-b2", _permission("")),
)  # fmt: skip
"""Measured answers of the stores; the field guide's words stand in ``knowledge/findings/acl-and-public-block.toml``."""


def refused_acl(case: Case) -> Iterator[Finding]:
    """The upload with Mastodon's ACL fails, the one without passes."""
    seen = case.open(ActionId.PUT_WITH_ACL)
    if not seen or not case.get(ActionId.PUT_WITHOUT_ACL).ok:
        return
    upload = seen[0]
    if upload.inconclusive or bucket_fixes.spoils_files(case):
        return
    if upload.error_code == "SignatureDoesNotMatch":
        return  # something on the way changes the request: the other upload proves the key
    table = {
        acl: upload if acl == case.settings.acl else case.get(experiment) for acl, experiment in ACL_EXPERIMENTS.items()
    }
    change = case.get(Experiment.PUT_ACL_PRIVATE)
    ladder = _Ladder(case, upload, table["private"], table["public-read"], table["bucket-owner-full-control"], change)
    finding_id, ways = next(((name, ways) for fits, name, ways in _VERDICTS if fits(ladder)), ("", None))
    if not finding_id or ways is None:
        return
    tried = [o.id for o in (*table.values(), change) if o.ran and o.id != upload.id]
    yield finding(
        finding_id,
        case,
        how=in_turn(
            f"an upload with ACL {case.settings.acl} was answered {words(upload)}",
            *_ladder_words(table, upload),
            "Without an ACL it passed",
        ),
        because=(upload.id, ActionId.PUT_WITHOUT_ACL, *tried),
        fixes=ways(ladder),
    )


def _ladder_words(table: dict[str, Observation], upload: Observation) -> list[str]:
    tried = {acl: o for acl, o in table.items() if o.ran and o is not upload}
    # one message three times over says no more than once
    refused = {acl: _general_words(o, acl) for acl, o in table.items() if not o.ok}
    mine = next((text for acl, text in refused.items() if table[acl] is upload), _general_words(upload))
    same = [acl for acl in tried if refused.get(acl) == mine]
    # right behind the answer that it repeats: behind another "it passed" it would say the opposite
    return [
        *([f"It is the same with {listed(same)}"] if same else []),
        *(
            f"With {acl} it passed" if o.ok else f"With {acl} it failed: {words(o)}"
            for acl, o in tried.items()
            if acl not in same
        ),
    ]


def _general_words(seen: Observation, acl: str = "") -> str:
    """The answer without the names of this very file and ACL."""
    name = seen.url.partition("?")[0].rpartition("/")[2]
    text = words(seen).replace(name, "FILE") if name else words(seen)
    return text.replace(acl, "ACL") if acl else text


def _says_uniform(upload: Observation) -> bool:
    return "uniform bucket-level access" in (upload.message or "").lower()


def archive_acl(case: Case) -> Iterator[Finding]:
    """Media pass with their ACL, archives do not with theirs (private)."""
    seen = case.open(ActionId.ARCHIVE_PUT)
    if not seen or not case.get(ActionId.PUT_WITH_ACL).ok or seen[0].outcome not in (Outcome.REJECTED, Outcome.DENIED):
        return
    yield finding(
        "b2-archive-private-acl",
        case,
        how=f"an archive with ACL private was answered {words(seen[0])}; a picture with {case.settings.acl} passed",
        because=[seen[0].id],
        explains=[o.id for o in case.open(ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE)],
        fixes=[fixes.env(case, "S3_PERMISSION", "")],
    )


def acl_change(case: Case) -> Iterator[Finding]:
    """Uploads pass with an ACL, but changing one later fails: a suspension stops half way."""
    seen = [o for o in case.open(ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE) if not o.inconclusive]
    if not seen or bucket_fixes.spoils_files(case):
        return
    first = seen[0]
    because = [o.id for o in seen]
    ignored = not fixes.provider_of(case).acls_count
    if first.http_status == 501 or first.error_code in ("NotImplemented", "NoSuchKey"):
        # Mastodon rescues these two (update_media_attachments_permissions_service.rb): nothing crashes
        yield finding(
            "suspended-media-stays-public",
            case,
            how=f"setting an ACL was answered {words(first)}; Mastodon logs that and goes on",
            because=because,
            fixes=[bucket_fixes.HIDES_NOTHING] if ignored else [fixes.env(case, "S3_PERMISSION", "")],
            severity=Severity.NOTICE if ignored else None,
        )
        return
    # where an ACL does nothing, a right to set it gives nothing, and what everyone sees does not depend on it
    note = "" if ignored and case.get(ActionId.PUBLIC_GET).ok else _ONLY_WITH_A_POLICY
    none = fixes.env(case, "S3_PERMISSION", "", note)
    grant = (bucket_fixes.allow_objects(case, "s3:PutObjectAcl"),) if lacks_a_right(first) and not ignored else ()
    fix: tuple[Fix, ...] = (none, *grant) if _opened_by_other_things(case) else (*grant, none)
    if ignored and (opening := _opened_by_policy(case)):
        fix = (opening, replace(none, note=ONLY_TOGETHER, conditional=True, together=True))
    disabled = first.error_code == "AccessControlListNotSupported" and case.settings.acl == "private"
    yield finding(
        "permission-private-with-acl-disabled" if disabled else "suspension-acl-call-crashes",
        case,
        how=f"changing the ACL of a file was answered {words(first)}",
        because=because,
        fixes=fix,
        permission="" if ignored else None,
    )


def _opened_by_other_things(case: Case) -> bool:
    """Whether pictures are seen by something else than their ACL: they are private, or the provider has a switch."""
    store = fixes.provider_of(case)
    switch = store.hosts and store.object_acl is ObjectAcl.UNKNOWN and store.public_read_otherwise is None
    return case.get(ActionId.PUBLIC_GET).ok and (case.settings.acl == "private" or bool(switch))


def _opened_by_policy(case: Case) -> Fix | None:
    """The command that opens the media, where visitors are refused by a store that has a policy for them."""
    seen, store = case.get(ActionId.PUBLIC_GET), fixes.provider_of(case)
    if seen.outcome is not Outcome.DENIED or store.bucket_policy != "yes" or "public_read" not in store.commands:
        return None
    return bucket_fixes.public_read(case)


def acl_change_loses_content(case: Case) -> Iterator[Finding]:
    """The store took the ACL change for an upload of nothing (rclone serve s3, STRATO), or forgot the content type."""
    seen = case.open(Experiment.ACL_READ_BACK)
    if seen and bucket_fixes.spoils_files(case):
        yield finding(
            "acl-change-empties-object",
            case,
            how=f"after its ACL was changed, the file was {seen[0].facts[Fact.LENGTH]} bytes long",
            because=[Experiment.ACL_READ_BACK, *_changed(case)],
            explains=(*_ABOUT_ACL_CHANGES, *_refused_for_their_acl(case)),
            fixes=_never_changed(case),
        )
    elif seen and (kind := seen[0].facts.get(Fact.CONTENT_TYPE)):
        stored = case.get(ActionId.HEAD).headers.get(Header.CONTENT_TYPE, "").partition(";")[0]
        if stored == "image/png":
            yield finding(
                "acl-change-loses-content-type",
                case,
                how=f"after its ACL was changed, a file that was stored as {stored} was {kind}",
                because=[Experiment.ACL_READ_BACK, *_changed(case)],
                explains=[ActionId.RESTORED_PUBLIC_GET],
                fixes=_never_changed(case),
            )


def _changed(case: Case) -> list[ObservationId]:
    """The changes of an ACL that were taken."""
    names: tuple[ObservationId, ...] = (ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE, Experiment.PUT_ACL_PRIVATE)
    return [name for name in names if case.get(name).ok]


def _refused_for_their_acl(case: Case) -> list[ObservationId]:
    """Uploads that pass without an ACL: what ends the changes of ACLs ends that as well."""
    refused = case.open(ActionId.PUT_WITH_ACL, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)
    return [row.id for row in refused if row.outcome in (Outcome.REJECTED, Outcome.DENIED)] if _plain(case) else []


def _plain(case: Case) -> bool:
    return case.get(ActionId.PUT_WITHOUT_ACL).ok


_ABOUT_ACL_CHANGES = (
    ActionId.PUT_ACL_PRIVATE,
    ActionId.PUT_ACL_RESTORE,
    ActionId.SUSPENDED_PUBLIC_GET,
    ActionId.RESTORED_PUBLIC_GET,
)


def _never_changed(case: Case) -> tuple[Fix, ...]:
    """``S3_PERMISSION=``: Mastodon changes no ACL. Where it was the ACL that opened files, after what does so then."""
    line = fixes.env(case, "S3_PERMISSION", "")
    shown = case.get(Experiment.PUBLIC_WITHOUT_ACL)
    stored = case.get(ActionId.PUBLIC_GET).ok or case.get(ActionId.PUT_WITH_ACL).failed
    opens_by_acl = shown.ran and not shown.ok and stored
    if case.settings.acl in (None, "private") or not opens_by_acl:
        return (line,)
    return bucket_fixes.public_read(case), replace(line, note=ONLY_TOGETHER, conditional=True, together=True)


RULES = (
    Rule(
        refused_acl,
        Layer.STORING,
        yields=(
            "acl-disabled-bucket-owner-enforced",
            "acl-must-match-bucket-b2",
            "acl-not-implemented-r2",
            "acl-uniform-gcs",
            "bpa-account-level-still-on",
            "bpa-blocks-public-acl",
            "iam-missing-putobjectacl",
            "permission-private-with-acl-disabled",
            "permission-value-invalid",
            "public-acl-refused",
        ),
        reads=once(
            ActionId.PUT_WITHOUT_ACL,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.ACL_READ_BACK,
            Experiment.ACL_BUCKET_OWNER_FULL_CONTROL,
            Experiment.ACL_PRIVATE,
            Experiment.ACL_PUBLIC_READ,
            Experiment.PUT_ACL_PRIVATE,
            Experiment.BUCKET_ACL,
            *bucket_switches.OF_A_SWITCH,
            *OF_RIGHTS,
        ),
    ),
    Rule(
        archive_acl,
        Layer.STORING,
        yields=("b2-archive-private-acl",),
        tier=Tier.GROUPS,
        reads=(ActionId.ARCHIVE_PUT, ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE, ActionId.PUT_WITH_ACL),
    ),
    Rule(
        acl_change,
        Layer.CHANGING,
        yields=("permission-private-with-acl-disabled", "suspended-media-stays-public", "suspension-acl-call-crashes"),
        tier=Tier.REQUESTS,
        reads=once(
            ActionId.PUBLIC_GET,
            ActionId.PUT_ACL_PRIVATE,
            ActionId.PUT_ACL_RESTORE,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.ACL_READ_BACK,
            Experiment.BUCKET_ACL,
            *OF_RIGHTS,
        ),
    ),
    Rule(
        acl_change_loses_content,
        Layer.READING_BACK,
        yields=("acl-change-empties-object", "acl-change-loses-content-type"),
        reads=(
            *_ABOUT_ACL_CHANGES,
            *OF_A_POLICY,
            ActionId.ARCHIVE_PUT,
            ActionId.AVATAR_PUT,
            ActionId.HEAD,
            ActionId.PUBLIC_GET,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.ACL_READ_BACK,
            Experiment.PUBLIC_WITHOUT_ACL,
            Experiment.PUT_ACL_PRIVATE,
        ),
    ),
)
