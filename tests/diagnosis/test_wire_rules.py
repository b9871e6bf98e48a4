"""Every finding of a wire rule appears where it must, and not in the runs that look like it."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3probe.diagnosis.model import Certainty, EnvFix, Severity
from s3probe.diagnosis.rules.wire import FOUNDATION_RULES, WIRE_RULES
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ObservationId
from s3probe.knowledge.findings import entry, ids
from s3probe.sandbox.faults import FAULTS
from tests.diagnosis.env_cases import CUSTOM, with_line
from tests.diagnosis.wire_cases import HEALTHY, ExaminedFile, healthy
from tests.diagnosis.wire_table import ALIAS, FOUNDATION, SHOWN, A, C, L, P, away, hidden, listed, no_acl
from tests.every import every

NO_PARTNER: dict[str, ExaminedFile] = {
    "env-quotes-kept-literally": SHOWN["env-smart-quotes-or-nbsp"],
    "signature-v2-rejected": SHOWN["wrong-secret-key"],
    "unexplained": C,
}
"""Findings whose look-alikes in the knowledge are no findings of the wire: the nearest run that is."""

ALSO_TRUE = {
    "protocol-https-but-endpoint-plain": {"presigned-link-without-tls"},
    "s3-permission-private-defeats-unsuspend": {"permission-private-no-public-policy"},
}
"""What is a finding of its own in the same run."""

HINTS = {f"s3probe.diagnosis.rules.{name}" for name in ("hints", "releases", "addressing", "stores")}
"""Modules of findings that are never certain, or that depend on this machine or one provider."""

PERMISSION_RULES = {i for i in SHOWN if i.startswith(("iam-", "bpa-", "policy-", "acl-", "explicit-", "bucket-owned"))}


# The sentence of a refusal may say only "Access Denied", be missing (Ceph) or be worded otherwise.
WORDINGS = ("Access Denied", None, "Zugriff verweigert")
TOLD_BY_WORDS_ALONE = {
    "disk-read-only", "quota-or-cap-exceeded", "kms-key-not-allowed", "vpc-endpoint-policy-blocks",
    "explicit-deny-policy", "b2-key-not-entitled", "object-lock-prevents-delete", "checksum-mode-header-unsupported",
    "storage-refuses-unknown-headers", "website-endpoint-needed-garage", "key-expired",
    "media-host-leads-past-web-port", "archive-links-off-by-clock",
}  # fmt: skip


def look_alikes(finding_id: str) -> list[str]:
    """Those that the knowledge tells from it, with a run here."""
    told = {sentence.partition(":")[0] for sentence in entry(finding_id).told_apart}
    return [other for other in SHOWN if other in told and other != finding_id]


def named_and_nothing_else(finding_id: str) -> None:
    seen = SHOWN[finding_id]
    found = seen.findings
    assert found[0].id == finding_id
    assert set(seen.named) - {finding_id} <= ALSO_TRUE.get(finding_id, set())
    assert found[0].how_known
    assert found[0].fixes


def not_named_in_the_nearest_runs(finding_id: str) -> None:
    near = {other: SHOWN[other] for other in look_alikes(finding_id)} or {"nearest": nearest(finding_id)}
    assert [other for other, seen in near.items() if finding_id in {f.id for f in seen.findings}] == []


def nearest(finding_id: str) -> ExaminedFile:
    """The nearest run to one whose look-alikes have none."""
    return NO_PARTNER.get(finding_id) or next(seen for other, seen in _neighbours(finding_id) if other != finding_id)


def _neighbours(finding_id: str) -> Iterator[tuple[str, ExaminedFile]]:
    """Runs that share the first failed action and its status."""
    own = _first_failed(SHOWN[finding_id])
    yield from ((other, seen) for other, seen in SHOWN.items() if _first_failed(seen) == own)
    yield "healthy", HEALTHY.get(SHOWN[finding_id].env) or healthy(SHOWN[finding_id].env)


def _first_failed(seen: ExaminedFile) -> tuple[str, int | None] | None:
    return next(((o.id, o.http_status) for o in seen.rows.values() if o.failed), None)


def not_dependent_on_the_wording(finding_id: str) -> None:
    if finding_id not in TOLD_BY_WORDS_ALONE:
        named = {message: {f.id for f in SHOWN[finding_id].worded(message).findings} for message in WORDINGS}
        assert {message: found for message, found in named.items() if finding_id not in found} == {}


def explaining_every_failed_request(finding_id: str) -> None:
    dropped = []
    for message in WORDINGS[:2]:
        seen = SHOWN[finding_id].worded(message)
        told = {i for f in seen.findings for i in (*f.because, *f.explains)}
        left = {o.id for o in seen.rows.values() if o.failed and not o.id.startswith("try-")} - told
        dropped += [(message, row) for row in left - {ActionId.CLOCK, ActionId.REACH_ENDPOINT}]
    assert dropped == []


@pytest.mark.parametrize("finding_id", SHOWN)
@every(
    "holds",
    [
        named_and_nothing_else,
        not_named_in_the_nearest_runs,
        not_dependent_on_the_wording,
        explaining_every_failed_request,
    ],
    ids=lambda holds: holds.__name__,
)
def test_a_finding_is(finding_id: str, holds: Callable[[str], None]) -> None:
    holds(finding_id)


@pytest.mark.parametrize("env", HEALTHY, ids=["aws", "custom", "policy"])
def test_a_healthy_run_is_healthy(env: str) -> None:
    assert HEALTHY[env].named == ()


def test_the_table_is_complete() -> None:
    """Every knowledge id that stands in the source of these rules has its run."""
    modules = {rule.function.__module__ for rule in (*FOUNDATION_RULES, *WIRE_RULES)} - HINTS
    known = set(ids())
    written = {
        node.value
        for module in modules
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module])))
        if isinstance(node, ast.Constant) and node.value in known
    }
    # what has no run here is put into a storage by a fault of the sandbox (tests/test_faults.py), or shown with what
    # only proxies and CDNs do
    folder = Path(__file__).parents[1] / "visitor"
    visits = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("test_*.py")))
    assert sorted(i for i in written - set(SHOWN) - set(FAULTS) if f'"{i}"' not in visits) == []


@every("fault", NetworkFault)
@every(
    "action_id",
    [
        ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST, ActionId.GET, ActionId.HEAD, ActionId.DELETE,
        ActionId.BATCH_DELETE, ActionId.PUT_ACL_PRIVATE,
        ActionId.ARCHIVE_PUT, ActionId.MULTIPART_CREATE, ActionId.PUBLIC_GET,
    ],
)  # fmt: skip
def test_a_network_fault_is_never_called_a_permission_fault(action_id: ObservationId, fault: NetworkFault) -> None:
    found = C.row(action_id, network=fault).findings
    assert found
    assert {f.id for f in found} & PERMISSION_RULES == set()


@every("fault", NetworkFault)
def test_an_unreachable_storage_is_one_finding_of_the_network(fault: NetworkFault) -> None:
    found = C.stopped(None, network=fault).findings
    assert len(found) == 1
    assert found[0].id not in PERMISSION_RULES | {"unexplained"}


def test_everything_refused_with_a_surely_wrong_secret_too_is_the_key() -> None:
    every = SHOWN["bucket-owned-by-other-account"].denied(Experiment.WRONG_SECRET)
    assert every.named == ("wrong-access-key-id",)


def test_a_bucket_among_the_keys_own_is_nobody_elses() -> None:
    own = SHOWN["bucket-owned-by-other-account"].row(Experiment.LIST_BUCKETS, names="files-example")
    assert "bucket-owned-by-other-account" not in own.named


def test_a_missing_file_decides_about_reading_only_where_listing_is_allowed() -> None:
    # AWS, GetObject: without s3:ListBucket a missing key is answered 403
    nothing = A.without(ActionId.HEAD, ActionId.HEAD_PART, ActionId.GET, ActionId.GET_RANGE).denied(
        Experiment.GET_MISSING
    )
    assert "iam-missing-getobject" in nothing.named
    assert "iam-missing-getobject" not in nothing.denied(ActionId.LIST).named


def test_the_nearest_bucket_of_the_key_is_offered() -> None:
    near = SHOWN["nosuchbucket-typo"].row(Experiment.LIST_BUCKETS, names="files-exampel other")
    fix = near.findings[0].fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_BUCKET", "files-exampel")


def test_the_region_that_was_found_is_the_fix() -> None:
    fix = FOUNDATION["region-wrong-aws-regional-endpoint"].findings[0].fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_REGION", "eu-west-2")


def test_missing_acl_right_and_blocked_acls_differ_in_the_private_upload_alone() -> None:
    refused = no_acl(A, 403, "AccessDenied")
    assert refused.named == ("iam-missing-putobjectacl",)
    assert refused.row(Experiment.ACL_PRIVATE).named == ("bpa-blocks-public-acl",)


def test_the_way_that_shows_pictures_comes_first() -> None:
    refused = SHOWN["acl-disabled-bucket-owner-enforced"]
    assert refused.findings[0].fixes[0].kind == "bucket-setting"
    seen_anyway = refused.row(Experiment.PUBLIC_WITHOUT_ACL).findings[0].fixes[0]
    assert isinstance(seen_anyway, EnvFix)
    assert (seen_anyway.variable, seen_anyway.value) == ("S3_PERMISSION", "")


def test_the_account_is_offered_beside_the_bucket_unless_the_bucket_can_be_read() -> None:
    settings = [getattr(f, "setting", "") for f in SHOWN["bpa-ignores-public-acls"].findings[0].fixes]
    assert settings == ["public-access-block", "account-public-access-block"]
    allows = (
        hidden(A)
        .row(Experiment.READ_ACL, all_users="READ")
        .row(Experiment.READ_PUBLIC_ACCESS_BLOCK, IgnorePublicAcls="false")
    )
    assert [getattr(f, "setting", "") for f in allows.findings[0].fixes] == ["account-public-access-block"]


def test_an_ignored_acl_is_told_from_a_blocked_one_by_the_acl_itself() -> None:
    assert hidden(A).row(Experiment.READ_ACL, all_users="READ").findings[0].certainty is Certainty.CERTAIN
    assert hidden(A).row(Experiment.READ_ACL).named == ("acl-header-silently-ignored",)


def test_another_address_that_works_is_no_refused_visitor() -> None:
    # what else the follow-up asks (an ACL that helped, a listing that was refused) is no address of the picture
    tried = hidden(P).row(Experiment.PUBLIC_WITH_ACL).row(ActionId.PUBLIC_UPLOADS, 403, outcome=Outcome.OK)
    assert tried.named == ("permission-private-no-public-policy",)


def test_a_listing_through_the_alias_alone_is_the_proxys() -> None:
    assert listed(listed(P), ActionId.PUBLIC_LIST_ALIAS).named == ("bucket-listable-policy",)
    assert listed(P, ActionId.PUBLIC_LIST_ALIAS).named == ("proxy-lists-bucket-at-root",)


def test_a_listing_at_a_host_of_the_providers_own_is_no_proxys() -> None:
    own = with_line(CUSTOM, "S3_ALIAS_HOST=files-example.ams3.cdn.digitaloceanspaces.com")
    assert listed(healthy(own), ActionId.PUBLIC_LIST_ALIAS).named == ("bucket-listable-policy",)


def test_the_alias_is_blamed_only_when_there_is_one() -> None:
    assert away(L, NetworkFault.TLS_UNTRUSTED).named == ("alias-host-no-tls-or-wrong-cert",)
    assert away(C, NetworkFault.TLS_UNTRUSTED).named == ("tls-certificate-bad",)
    assert with_line(A.env, "S3_ALIAS_HOST=files.example.com") == ALIAS


def test_with_a_single_request_nobody_asks_for_parts() -> None:
    alone = healthy(with_line(CUSTOM, "S3_FORCE_SINGLE_REQUEST=true")).skipped(ActionId.HEAD_PART, ActionId.GET_RANGE)
    assert alone.named == ()


def test_above_the_largest_video_a_refused_multipart_is_no_failure() -> None:
    assert SHOWN["multipart-denied"].findings[0].severity is Severity.FAILURE
    large = SHOWN["multipart-denied"].line("S3_MULTIPART_THRESHOLD=104857600").findings
    assert [(f.id, f.severity) for f in large] == [("multipart-denied", Severity.WARNING)]


def test_a_listing_that_misses_a_key_decides_without_an_upload() -> None:
    full = SHOWN["endpoint-contains-bucket-path-style"]
    throttled = full.row(ActionId.PUT_WITHOUT_ACL, 503, "SlowDown", outcome=Outcome.THROTTLED)
    throttled = throttled.row(ActionId.PUT_WITH_ACL, 503, "SlowDown", outcome=Outcome.THROTTLED)
    absent = throttled.row(ActionId.LIST, 404, "NoSuchBucket")
    assert "endpoint-contains-bucket-path-style" not in absent.named
    unnamed = throttled.row(ActionId.LIST, 404, "NoSuchKey")
    for missed in (unnamed, throttled.row(ActionId.LIST, 404, "NoSuchKey", key="files-example")):
        assert missed.named == ("endpoint-contains-bucket-path-style", "rate-limited-503-slowdown")


def test_an_error_of_the_proxy_is_not_the_storages_when_the_storage_answers() -> None:
    broken = L.row(ActionId.PUBLIC_GET, 502, markup="yes").skipped(ActionId.PUBLIC_CORS)
    assert broken.row(Experiment.PUBLIC_ORIGIN, 403).named == ("proxy-resolver-fails",)
    assert broken.row(Experiment.PUBLIC_ORIGIN, 502, markup="yes").named == ("provider-outage",)


@pytest.mark.parametrize(
    ("action", "right", "severity"),
    [
        (ActionId.LIST, "s3:ListBucket", Severity.WARNING),
        (ActionId.MULTIPART_ABORT, "s3:AbortMultipartUpload", Severity.WARNING),
        (ActionId.DELETE, "s3:DeleteObject", Severity.FAILURE),
    ],
)
def test_a_deny_weighs_what_the_missing_right_weighs(action: ActionId, right: str, severity: Severity) -> None:
    written = A.denied(action).row(Experiment.READ_POLICY, denies=right)
    told = f"not authorized to perform: {right} on resource: x with an explicit deny in a resource-based policy"
    for seen in (written, A.denied(action, message=told)):
        (found,) = (one for one in seen.findings if one.severity is not Severity.NOTICE)
        assert (found.id, found.severity) == ("explicit-deny-policy", severity)


def test_another_port_of_the_storages_host_that_fails_is_not_the_storage() -> None:
    broken = C.row(ActionId.PUBLIC_GET, 500, "InternalError", url="https://s3.example.net:7071/files-example/x")
    broken = broken.skipped(ActionId.PUBLIC_CORS)
    there = broken.row(Experiment.PUBLIC_ORIGIN, url="https://s3.example.net/files-example/x")
    (found,) = there.findings
    assert found.id == "object-not-found-public-key-mismatch"
    assert [fix.variable for fix in found.fixes if isinstance(fix, EnvFix)] == ["S3_HOSTNAME"]
    assert "object-not-found-public-key-mismatch" not in broken.named


def test_where_nothing_listens_for_visitors_the_storages_own_address_is_offered() -> None:
    away_from = away(C, NetworkFault.REFUSED)
    there = away_from.row(Experiment.PUBLIC_ORIGIN, url="https://s3.example.net:9000/files-example/x")
    (found,) = there.findings
    assert found.id == "media-host-unreachable"
    assert isinstance(found.fixes[0], EnvFix)
    assert not isinstance(away_from.findings[0].fixes[0], EnvFix)


def test_a_public_host_that_does_not_exist_is_named_even_with_nothing_uploaded() -> None:
    nothing = SHOWN["hostname-default-dash-form-dead"].denied(
        ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT
    )
    nothing = nothing.skipped(ActionId.PUBLIC_GET).row(
        ActionId.PUBLIC_LIST_ALIAS, network=NetworkFault.DNS, url=nothing.url(ActionId.PUBLIC_GET)
    )
    assert {"iam-missing-putobject", "hostname-default-dash-form-dead"} <= set(nothing.named)
    assert "unexplained" not in nothing.named
