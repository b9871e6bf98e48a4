"""Causes that no request of Mastodon's key can prove: named as possible beside a failure that they would explain.

Each hint says what would decide it. None stands alone: without a failure that fits there is no hint.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import denial
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rule import EVERY, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import is_late, waited, words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.knowledge.findings import entry
from s3probe.records import replace
from s3probe.settings.model import PROCESS_ENVIRONMENT

_FILESYSTEM_CODES = ("XMinioParentIsObject", "ExistingObjectIsDirectory", "ExistingObjectIsFile",
                     "ObjectParentIsFile", "XMinioObjectExistsAsDirectory", "ObjectExistsAsDirectory")  # fmt: skip
_LONG = 0.5
"""Share of S3_READ_TIMEOUT from which a single small upload counts as slow."""


def _hint(case: Case, finding_id: str, how: str, *because: Observation) -> Finding:
    advice = entry(finding_id).fix["general"]
    return finding(
        finding_id,
        case,
        how=how,
        because=[o.id for o in because],
        fixes=[Manual(advice)],
        certainty=Certainty.POSSIBLE,
        severity=Severity.NOTICE,
    )


def _closed(case: Case) -> Observation | None:
    """The picture that a visitor was refused."""
    seen = case.get(ActionId.PUBLIC_GET)
    return seen if seen.failed and seen.http_status in (401, 403) else None


def closed_by_the_provider(case: Case) -> Iterator[Finding]:
    """Switches above the bucket that close it whatever its policy says."""
    seen = _closed(case)
    if seen is None:
        return
    how = f"a visitor was answered {words(seen)}; only the provider's console shows the switch"
    provider = provider_of(case).id
    if provider == "gcs":
        yield _hint(case, "gcs-public-access-prevention", how, seen)
    if provider == "wasabi" and not bucket_fixes.opened_in_vain(case, seen):
        yield _hint(case, "wasabi-public-access-off", how, seen)
    if provider == "backblaze-b2":
        yield _hint(case, "trial-account-no-public", how, seen)


def owned_by_the_writer(case: Case) -> Iterator[Finding]:
    """A bucket policy opens only what belongs to the bucket's owner."""
    seen, ownership = _closed(case), case.get(Experiment.READ_OWNERSHIP).facts.get(Fact.OBJECT_OWNERSHIP)
    if seen is not None and ownership == "ObjectWriter":
        how = f"a visitor was answered {words(seen)}, and Object Ownership is ObjectWriter"
        yield _hint(case, "object-writer-ownership-cross-account", how, seen, case.get(Experiment.READ_OWNERSHIP))


def another_project(case: Case) -> Iterator[Finding]:
    """Scaleway looks for the bucket in the key's preferred project."""
    refused = [o for o in (case.get(ActionId.LIST), case.get(ActionId.PUT_WITHOUT_ACL)) if o.outcome is Outcome.DENIED]
    if len(refused) == 2 and provider_of(case).id == "scaleway":
        yield _hint(
            case, "scaleway-default-project-mismatch", f"every request was answered {words(refused[0])}", refused[0]
        )


def limited_key(case: Case) -> Iterator[Finding]:
    """Limited keys and Cold Storage buckets of DigitalOcean refuse ACLs."""
    seen = case.get(ActionId.PUT_WITH_ACL)
    if seen.outcome is Outcome.DENIED and provider_of(case).id == "digitalocean-spaces":
        yield _hint(case, "do-limited-key-and-acl", f"an upload with an ACL was answered {words(seen)}", seen)


def helm_chart(case: Case) -> Iterator[Finding]:
    """In a pod, an S3_PERMISSION that is missing may have been meant to be empty."""
    environment = case.settings.environment
    seen = case.get(ActionId.PUT_WITH_ACL)
    in_pod = environment.get("KUBERNETES_SERVICE_HOST") and environment.sources == (PROCESS_ENVIRONMENT,)
    if in_pod and environment.get("S3_PERMISSION") is None and seen.failed and case.get(ActionId.PUT_WITHOUT_ACL).ok:
        how = f"S3_PERMISSION is missing; an upload with an ACL failed: {words(seen)}"
        yield _hint(case, "helm-cannot-express-empty-permission", how, seen)


def long_archives(case: Case) -> Iterator[Finding]:
    """A small archive that takes half of the time-out: a large one will exceed it."""
    seen = case.get(ActionId.ARCHIVE_PUT)
    slow = (is_late(seen) and case.get(ActionId.PUT_WITHOUT_ACL).ok) or (
        seen.ok and seen.seconds > _LONG * max(case.settings.read_timeout, 1)
    )
    if slow:
        how = f"a tiny archive took {seen.seconds:.1f} s of the {case.settings.read_timeout} s that Mastodon waits"
        how = f"{how}. {waited(seen)}" if is_late(seen) else how
        retry = replace(fixes.env(case, "S3_RETRY_LIMIT", "3"), together=True)
        patience = fixes.env(case, "S3_READ_TIMEOUT", "60")
        yield replace(_hint(case, "backup-worker-timeout", how, seen), fixes=(patience, retry))


def unreliable_copy(case: Case) -> Iterator[Finding]:
    """Copies at Hetzner fail at times, and for no reason of rights."""
    seen = case.get(Experiment.COPY)
    if seen.failed and seen.outcome is not Outcome.DENIED and provider_of(case).id == "hetzner":
        yield _hint(case, "hetzner-copyobject-unreliable", f"a copy was answered {words(seen)}", seen)


def nightly_sdk(case: Case) -> Iterator[Finding]:
    """Some nightly builds sent checksums on large uploads whatever was set."""
    version = case.evidence.run.mastodon_version if case.evidence else ""
    nightly = any(word in version for word in ("nightly", "alpha"))
    if nightly and version.startswith(("4.4", "v4.4")) and case.settings.request_checksums == "when_required":
        yield _hint(case, "checksum-multipart-ignores-when-required", f"this instance runs {version}")


def names_of_files_and_folders(case: Case) -> Iterator[Finding]:
    """Gateways over a file system cannot keep a file and a folder of one name."""
    seen = next((o for o in case.all() if o.failed and o.error_code in _FILESYSTEM_CODES), None)
    if seen is not None:
        yield _hint(case, "object-key-conflict-on-filesystem-gateway", f"{seen.id} was answered {words(seen)}", seen)


def mighty_keys(case: Case) -> Iterator[Finding]:
    """A key that sees all buckets and reads policies may do everything; AWS's sentence may call it root."""
    buckets, policy = case.get(Experiment.LIST_BUCKETS), case.get(Experiment.READ_POLICY)
    root = next((o for o in case.all() if denial(o) and ":root is not" in (o.message or "")), None)
    if root is not None:
        yield _hint(case, "key-is-root", f"{root.operation} was answered {words(root)}", root)
        return
    reads = policy.ok or policy.error_code == "NoSuchBucketPolicy"
    provider = provider_of(case)
    # where every key is shown its own buckets, their names say nothing of what the key may do to others
    shown = buckets.ok and not provider.lists_own_buckets
    if shown and reads and provider.object_acl != "no":
        how = "the key was shown the account's buckets and the bucket's policy"
        yield _hint(case, "key-can-create-or-delete-buckets", how, buckets, policy)


def every_account_lists(case: Case) -> Iterator[Finding]:
    """The bucket's ACL names all accounts of the provider."""
    seen = case.get(Experiment.BUCKET_ACL)
    if seen.ok and "READ" in seen.facts.get(Fact.AUTHENTICATED_USERS, ""):
        how = "the bucket's own ACL grants READ to AuthenticatedUsers, which are all accounts of the provider"
        yield _hint(case, "bucket-listable-authenticated", how, seen)


def late_acl(case: Case) -> Iterator[Finding]:
    """At Contabo a change of an ACL may take an hour to show."""
    seen = case.get(ActionId.SUSPENDED_PUBLIC_GET)
    if seen.failed and provider_of(case).id == "contabo":
        yield _hint(case, "contabo-acl-cache-hour", f"{seen.url} was still visible after its ACL became private", seen)


RULES = (
    Rule(
        closed_by_the_provider,
        Layer.HINTS,
        yields=("gcs-public-access-prevention", "trial-account-no-public", "wasabi-public-access-off"),
        reads=(ActionId.PUBLIC_GET, Experiment.POLICY_STATUS, Experiment.READ_POLICY),
    ),
    Rule(
        owned_by_the_writer,
        Layer.HINTS,
        yields=("object-writer-ownership-cross-account",),
        reads=(ActionId.PUBLIC_GET, Experiment.READ_OWNERSHIP),
    ),
    Rule(
        another_project,
        Layer.HINTS,
        yields=("scaleway-default-project-mismatch",),
        reads=(
            ActionId.LIST,
            ActionId.PUT_WITHOUT_ACL,
        ),
    ),
    Rule(
        limited_key,
        Layer.HINTS,
        yields=("do-limited-key-and-acl",),
        reads=(ActionId.PUT_WITH_ACL,),
    ),
    Rule(
        helm_chart,
        Layer.HINTS,
        yields=("helm-cannot-express-empty-permission",),
        reads=(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    ),
    Rule(
        long_archives,
        Layer.HINTS,
        yields=("backup-worker-timeout",),
        reads=(ActionId.ARCHIVE_PUT, ActionId.PUT_WITHOUT_ACL),
    ),
    Rule(
        unreliable_copy,
        Layer.HINTS,
        yields=("hetzner-copyobject-unreliable",),
        reads=(Experiment.COPY,),
    ),
    Rule(nightly_sdk, Layer.HINTS, yields=("checksum-multipart-ignores-when-required",)),
    Rule(
        names_of_files_and_folders, Layer.HINTS, yields=("object-key-conflict-on-filesystem-gateway",), reads=(EVERY,)
    ),
    Rule(
        mighty_keys,
        Layer.HINTS,
        yields=("key-can-create-or-delete-buckets", "key-is-root"),
        reads=(
            EVERY,
            Experiment.LIST_BUCKETS,
            Experiment.READ_POLICY,
        ),
    ),
    Rule(every_account_lists, Layer.HINTS, yields=("bucket-listable-authenticated",), reads=(Experiment.BUCKET_ACL,)),
    Rule(
        late_acl,
        Layer.HINTS,
        yields=("contabo-acl-cache-hour",),
        reads=(ActionId.SUSPENDED_PUBLIC_GET,),
    ),
)
"""None stands alone: each needs a failure that it could explain."""
