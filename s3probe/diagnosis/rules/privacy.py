"""What strangers can do and must not: list, read rights, write, delete, see what is hidden."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketSetting, Certainty, Finding, Fix, Manual, Severity
from s3probe.diagnosis.old_files import acl_of_files, may_close_with_the_policy
from s3probe.diagnosis.openness import checks_no_keys, shows_folders
from s3probe.diagnosis.rule import OF_A_POLICY, Layer, Rule, Tier, once
from s3probe.diagnosis.rules.before_the_storage import at_proxy
from s3probe.diagnosis.rules.open_to_all import NO_SIGNATURE
from s3probe.diagnosis.rules.refusals import OF_ANOTHER, is_of_another
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import in_turn, listed
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, ObservationId
from s3probe.knowledge.providers import ObjectAcl
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.records import replace

_PARTS: dict[ObservationId, str] = {
    ActionId.PUBLIC_VERSIONS: "old versions",
    ActionId.PUBLIC_UPLOADS: "unfinished uploads",
}


def _closing(case: Case, fix: Fix) -> Fix:
    """The fix, where the bucket is this admin's to change."""
    if not is_of_another(case):
        return fix
    return Manual(
        f"Only the account that owns {case.settings.bucket_name} can close it: let its owner do that, or keep the "
        "media in a bucket of your own."
    )


def _lists(case: Case, *names: ObservationId) -> tuple[Observation, ...]:
    return tuple(o for o in case.open(*names) if o.facts.get(Fact.LISTING))


def listing(case: Case) -> Iterator[Finding]:
    """The listing is open: by the bucket's ACL, by a policy, or only through the public host."""
    direct = _lists(
        case, ActionId.PUBLIC_LIST, ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS, Experiment.PUBLIC_LIST
    )
    alias = _lists(case, ActionId.PUBLIC_LIST_ALIAS)
    if alias and has_own_hosts(alias[0].url):
        # no proxy of the admin's: a host of the provider's own, or the storage itself with a tenant in the path
        direct, alias = (*direct, *alias), ()
    by_itself = alias and not any(o.id == ActionId.PUBLIC_LIST for o in direct)
    if by_itself and alias[0].facts[Fact.LISTING] == "names":
        # Swift's own listing, which its container's read ACL opens
        how = f"GET {alias[0].url} listed the names of all files"
        yield finding(
            "bucket-listable-acl", case, how=how, because=[alias[0].id], fixes=[bucket_fixes.public_read(case)]
        )
    elif by_itself and alias[0].facts[Fact.LISTING] == "page":
        yield _page(case, alias[0])
    elif by_itself:
        # the plain listing is closed at the storage: what stands before it signs, or the storage trusts its address
        proxy = at_proxy(case, "root")
        how = f"GET {alias[0].url} listed the bucket"
        yield finding("proxy-lists-bucket-at-root", case, how=how, because=[alias[0].id], fixes=proxy)
    if not direct:
        return
    because = [o.id for o in (*direct, *(() if by_itself else alias))]
    how = f"GET {direct[0].url} listed the bucket"
    if direct[0].id in _PARTS:
        how = f"GET {direct[0].url} listed the bucket's {_PARTS[direct[0].id]}, though the plain listing is closed"
    if fixes.provider_of(case).id == "gcs":
        advice = Manual("Give allUsers the role Storage Legacy Object Reader instead of Storage Object Viewer.")
        yield finding("gcs-objectviewer-lists-bucket", case, how=how, because=because, fixes=[advice])
        return
    by_acl, certainty = _opened_by_acl(case)
    if by_acl:
        fix = _closing(case, bucket_fixes.bucket_acl_private(case))
        yield finding("bucket-listable-acl", case, how=how, because=because, fixes=[fix], certainty=certainty)
        return
    closing = _closing(case, bucket_fixes.only_media_public(case))
    offered = [closing]
    by_policy = isinstance(closing, BucketSetting) and closing.setting == "policy"
    by_policy = by_policy or (isinstance(closing, Manual) and not is_of_another(case))
    if certainty is Certainty.LIKELY and by_policy and bucket_fixes.takes_policies(fixes.provider_of(case)):
        # nothing shows which of the two it is
        offered.append(bucket_fixes.bucket_acl_private(case))
    finding_id = "uploads-listable-policy" if direct[0].id == ActionId.PUBLIC_UPLOADS else "bucket-listable-policy"
    yield finding(finding_id, case, how=how, because=because, fixes=offered, certainty=certainty)


def _page(case: Case, seen: Observation) -> Finding:
    """A web server that shows folders stands behind the public host: the storage's own file server, or another."""
    service = seen.facts.get(Fact.SERVICE, "")
    offered: tuple[Fix, ...] = at_proxy(case, "pages")
    if service:
        first, *others = at_proxy(case, "origin", f"It leads to the S3 API, instead of {service}.")
        # which shows nothing to visitors that the bucket does not
        offered = (first, replace(bucket_fixes.public_read(case), together=True), *others)
    # what shows every folder to everyone asks nobody for a key
    archives = [o.id for o in case.open(ActionId.ARCHIVE_PUBLIC_GET) if shows_folders(case)]
    how = f"GET {seen.url} gave a page that lists the bucket's folders"
    if service:
        how = f"GET {seen.url} gave a page of {service} that lists the bucket's folders"
    because = [seen.id]
    return finding("proxy-lists-bucket-at-root", case, how=how, because=because, explains=archives, fixes=offered)


def _opened_by_acl(case: Case) -> tuple[bool, Certainty]:
    """The ACL itself when readable, and none where ACLs mean nothing.

    Else READ on a bucket also opens its uploads, a policy's s3:ListBucket does not.
    """
    acl = case.get(Experiment.BUCKET_ACL)
    if acl.ok:
        return "READ" in acl.facts.get(Fact.ALL_USERS, "").split(), Certainty.CERTAIN
    if bucket_fixes.listed_by_bucket_acl(case):
        return True, Certainty.LIKELY
    if not fixes.provider_of(case).acls_count:
        return False, Certainty.CERTAIN
    if case.get(Experiment.READ_POLICY).error_code == "NoSuchBucketPolicy":
        return True, Certainty.LIKELY
    asked = (case.get(ActionId.PUBLIC_LIST), case.get(ActionId.PUBLIC_UPLOADS), case.get(ActionId.PUBLIC_VERSIONS))
    return all(o.facts.get(Fact.LISTING) for o in asked), Certainty.LIKELY


def rights(case: Case) -> Iterator[Finding]:
    """A stranger may read who may do what."""
    if checks_no_keys(case):
        return
    seen = [
        o
        for o in case.open(ActionId.PUBLIC_POLICY, ActionId.PUBLIC_ACL, ActionId.PUBLIC_QUERY, Experiment.PUBLIC_ACL)
        if o.facts.get(Fact.RIGHTS)
    ]
    if not seen:
        return
    offered: list[Fix] = [_closing(case, bucket_fixes.only_media_public(case))]
    if seen[0].id == ActionId.PUBLIC_QUERY:
        offered += at_proxy(case, "query")
    yield finding(
        "anonymous-acl-or-policy-readable",
        case,
        how=f"GET {seen[0].url} was answered without a signature",
        because=[o.id for o in seen],
        fixes=offered,
    )


def writing(case: Case) -> Iterator[Finding]:
    """A stranger could upload or delete."""
    if checks_no_keys(case):
        return
    put = [o for o in case.open(ActionId.PUBLIC_WRITE) if o.facts.get(Fact.WRITE) == "open"]
    gone = [
        o
        for o in case.open(ActionId.PUBLIC_DELETE, ActionId.PUBLIC_DELETE_ORIGIN)
        if o.facts.get(Fact.DELETE) == "open"
    ]
    seen = (*put, *gone)
    if not seen:
        return
    # an ACL that lets everyone write (public-read-write) lets everyone list as well
    opened_by_acl = _opened_by_acl(case)[0]
    lists = [o.id for o in _lists(case, ActionId.PUBLIC_LIST, ActionId.PUBLIC_LIST_ALIAS, *_PARTS)]
    by_policy, by_acl = bucket_fixes.only_media_public(case), bucket_fixes.bucket_acl_private(case)
    offered: list[Fix] = [_closing(case, by_acl if opened_by_acl else by_policy)]
    origin = case.get(ActionId.PUBLIC_DELETE_ORIGIN)
    if not put and origin.ok and seen[0].id == ActionId.PUBLIC_DELETE:
        # the storage refuses strangers, so it is the proxy that it trusts
        offered = [*at_proxy(case, "methods"), *offered]
    yield finding(
        "anonymous-write-allowed",
        case,
        how=_how_open(seen[0]),
        because=[o.id for o in seen],
        explains=lists if opened_by_acl else [],
        fixes=offered,
    )


def _how_open(seen: Observation) -> str:
    """What was answered, with the folders in which it is open, where not in all."""
    how = f"{seen.method} {seen.url} was answered {seen.http_status} without a signature"
    folders = [f"{name}/" for name in seen.facts.get(Fact.FOLDERS, "").split()]
    return in_turn(how, f"It is so in {listed(folders)}" if folders else "")


def suspended(case: Case) -> Iterator[Finding]:
    """A hidden picture is still there for everyone."""
    if checks_no_keys(case) or bucket_fixes.spoils_files(case):
        return
    seen = [o for o in case.open(ActionId.SUSPENDED_PUBLIC_GET) if o.facts.get(Fact.OPEN) == "yes"]
    provider = fixes.provider_of(case)
    works = provider.id == "aws-s3" or provider.object_acl is ObjectAcl.YES
    # without a public ACL it is the policy that shows the media, and it knows no account that is suspended
    by_policy = case.settings.acl == "private"
    if seen:
        yield finding(
            "suspended-media-stays-public",
            case,
            how="a picture whose ACL is private could still be opened",
            because=[seen[0].id],
            fixes=_hiding(case) if works and not by_policy else [bucket_fixes.HIDES_NOTHING],
            # a store that takes ACLs and ignores them leaves no choice
            severity=None if works else Severity.NOTICE,
        )


def _hiding(case: Case) -> tuple[Fix, ...]:
    """Takes away what shows everything; before that, old files get an ACL where they may be shown by nothing else."""
    closing = bucket_fixes.only_media_public(case, closing=True)
    if not isinstance(closing, BucketSetting) or closing.setting != "policy" or not may_close_with_the_policy(case):
        return (closing,)
    return acl_of_files(case, case.settings.acl or "public-read"), replace(closing, together=True)


def restored(case: Case) -> Iterator[Finding]:
    """A picture stays hidden after the suspension is over, at the storage itself as well."""
    seen = [o for o in case.open(ActionId.RESTORED_PUBLIC_GET) if o.http_status in (401, 403)]
    if seen and case.settings.acl == "private" and not bucket_fixes.spoils_files(case):
        yield finding(
            "s3-permission-private-defeats-unsuspend",
            case,
            how="after its ACL was set back to private, the picture was not visible again",
            because=[seen[0].id],
            fixes=[fixes.env(case, "S3_PERMISSION", "public-read")],
        )


RULES = (
    Rule(
        writing,
        Layer.STRANGERS_WRITING,
        yields=("anonymous-write-allowed",),
        reads=once(
            *NO_SIGNATURE,
            *OF_ANOTHER,
            ActionId.PUBLIC_DELETE,
            ActionId.PUBLIC_DELETE_ORIGIN,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUT_WITH_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.SUSPENDED_PUBLIC_GET,
            *OF_A_POLICY,
        ),
    ),
    Rule(
        listing,
        Layer.STRANGERS_READING,
        yields=(
            "bucket-listable-acl",
            "bucket-listable-policy",
            "gcs-objectviewer-lists-bucket",
            "proxy-lists-bucket-at-root",
            "uploads-listable-policy",
        ),
        tier=Tier.GROUPS,
        reads=once(
            *OF_ANOTHER,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUT_WITH_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.PUBLIC_LIST,
            *OF_A_POLICY,
        ),
    ),
    Rule(
        rights,
        Layer.STRANGERS_READING,
        yields=("anonymous-acl-or-policy-readable",),
        reads=once(
            *NO_SIGNATURE,
            *OF_ANOTHER,
            ActionId.PUBLIC_ACL,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUBLIC_QUERY,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.PUBLIC_ACL,
            *OF_A_POLICY,
        ),
    ),
    Rule(
        suspended,
        Layer.STRANGERS_READING,
        yields=("suspended-media-stays-public",),
        reads=(
            *NO_SIGNATURE,
            ActionId.PUT_WITH_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.ACL_READ_BACK,
            *OF_A_POLICY,
        ),
    ),
    Rule(
        restored,
        Layer.STRANGERS_READING,
        yields=("s3-permission-private-defeats-unsuspend",),
        reads=(ActionId.RESTORED_PUBLIC_GET, Experiment.ACL_READ_BACK),
    ),
)
