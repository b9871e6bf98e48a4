"""What the file (and its mode) shows beside Mastodon's own checks: hosts of the wrong kind, ACL switches, readers."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual, ServerFix
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_names import for_s3, refused, unseen
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import listed
from s3probe.evidence.vocabulary import ActionId
from s3probe.knowledge.providers import ObjectAcl, PolicySupport
from s3probe.records import replace
from s3probe.settings.addressing import is_aws, regional_host
from s3probe.settings.model import NoteKind
from s3probe.settings.rubyuri import authority_of

_HOSTS = ("S3_ENDPOINT", "S3_HOSTNAME", "S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST")


@for_s3
def wrong_kind_of_host(case: Case) -> Iterator[Finding]:
    """Website hosts serve pages over http, accelerate hosts know no path style: neither is the REST endpoint."""
    environment = case.settings.environment
    wrong = [name for name in _HOSTS if _is_special(environment.get(name) or "")]
    if not wrong:
        return
    regional = regional_host(case.settings.region)
    offered = [fixes.env(case, name, regional if name == "S3_HOSTNAME" else None) for name in wrong]
    if "S3_HOSTNAME" not in wrong and case.settings.hostname_is_default:
        offered.append(fixes.env(case, "S3_HOSTNAME", regional))
    yield finding(
        "accelerate-or-website-endpoint-used",
        case,
        how=f"the file sets {listed(f'{name}={environment.get(name)}' for name in wrong)}",
        setting=wrong[0],
        variant="website" if "s3-website" in (environment.get(wrong[0]) or "").lower() else "accelerate",
        explains=(
            *(refused(case) if "S3_ENDPOINT" in wrong else ()),
            *unseen(case),
        ),
        fixes=[replace(fix, together=place > 0) for place, fix in enumerate(offered)],
    )


def _is_special(value: str) -> bool:
    host = value.split("://")[-1].split("/")[0].lower()
    return is_aws(host) and ("s3-website" in host or "s3-accelerate" in host)


@for_s3
def bucket_in_linode_endpoint(case: Case) -> Iterator[Finding]:
    """Old guides for Linode set ``https://BUCKET.CLUSTER.linodeobjects.com``."""
    settings = case.settings
    scheme = (settings.endpoint or "").partition("://")[0]
    host = authority_of(settings.endpoint or "").lower()
    if not settings.bucket or not host.endswith(".linodeobjects.com") or not host.startswith(f"{settings.bucket}."):
        return
    cluster = host.removeprefix(f"{settings.bucket}.")
    yield finding(
        "linode-bucket-in-endpoint-tutorials",
        case,
        how=f"S3_ENDPOINT={settings.endpoint} begins with the bucket's name",
        explains=(
            *refused(case),
            *unseen(case),
        ),
        fixes=[fixes.env(case, "S3_ENDPOINT", f"{scheme}://{cluster}")],
    )


@for_s3
def empty_acl_and_fix_permissions(case: Case) -> Iterator[Finding]:
    """``--fix-permissions`` sends an ACL that is not there (lib/mastodon/cli/media.rb).

    Said only when visitors are refused: then an admin reaches for that command.
    """
    seen = case.get(ActionId.PUBLIC_GET)
    if case.settings.acl is None and seen.failed and seen.http_status in (401, 403):
        yield finding(
            "fix-permissions-aborts",
            case,
            how="S3_PERMISSION is empty, so there is no ACL that the command could set",
            fixes=[Manual("Run tootctl media remove-orphans without --fix-permissions.")],
        )


@for_s3
def private_after_suspension(case: Case) -> Iterator[Finding]:
    """With ``private`` as the ACL of all media, the end of a suspension closes what it should open.

    Only where nothing but the ACL opens files: a bucket policy, an alias host or a switch of the provider's makes it
    harmless. When nobody sees a picture at all, the rules of the wire name that.
    """
    settings, seen = case.settings, case.get(ActionId.PUBLIC_GET)
    store = fixes.provider_of(case)
    by_acl_alone = store.object_acl is ObjectAcl.YES and store.bucket_policy is not PolicySupport.YES
    if settings.acl != "private" or settings.alias_host or seen.ran or not by_acl_alone:
        return
    yield finding(
        "s3-permission-private-defeats-unsuspend",
        case,
        how=f"S3_PERMISSION=private is what Mastodon sets again when a suspension ends, and at {store.name} only the "
        "ACL of a file opens it",
        fixes=[fixes.env(case, "S3_PERMISSION", "public-read")],
    )


def readers(case: Case) -> Iterator[Finding]:
    """The file's mode lets every user of this machine read the key pair in it."""
    environment = case.settings.environment
    open_files = [n.source for n in environment.notes if n.kind is NoteKind.READABLE_BY_ALL]
    named = [v for v in environment.variables.values() if v.name == "AWS_SECRET_ACCESS_KEY" and v.value]
    source_open = next((source for source in open_files if any(v.source == source for v in named)), None)
    if source_open is not None:
        fix = ServerFix(
            "file-mode",
            f"chmod 600 {source_open}",
            "Run it as the file's owner. Mastodon's own user must be that owner.",
        )
        yield finding("env-file-world-readable", case, how=f"every user may read {source_open}", fixes=[fix])


RULES = (
    Rule(wrong_kind_of_host, Layer.HOSTS, yields=("accelerate-or-website-endpoint-used",), reads=(OPEN,)),
    Rule(bucket_in_linode_endpoint, Layer.HOSTS, yields=("linode-bucket-in-endpoint-tutorials",), reads=(OPEN,)),
    Rule(empty_acl_and_fix_permissions, Layer.HOSTS, yields=("fix-permissions-aborts",), reads=(ActionId.PUBLIC_GET,)),
    Rule(
        private_after_suspension,
        Layer.HOSTS,
        yields=("s3-permission-private-defeats-unsuspend",),
        reads=(ActionId.PUBLIC_GET, ActionId.REACH_ENDPOINT),
    ),
    Rule(readers, Layer.HOSTS, yields=("env-file-world-readable",)),
)
