"""Hints stand beside a failure that fits, as a possibility, and never alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import Certainty, Severity
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ObservationId
from s3probe.knowledge.findings import entry
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.diagnosis.env_cases import AWS, CUSTOM
from tests.diagnosis.wire_cases import HEALTHY, ExaminedFile
from tests.diagnosis.wire_table import A, C, P, provider

SLOW: dict[ObservationId, float] = {ActionId.ARCHIVE_PUT: 3.0}
ROOT = "User: arn:aws:iam::123456789012:root is not authorized to perform: s3:ListBucket on resource: x"


def _taking(seen: ExaminedFile, seconds: dict[ObservationId, float]) -> ExaminedFile:
    rows = {name: replace(row, seconds=seconds.get(name, row.seconds)) for name, row in seen.rows.items()}
    return replace(seen, rows=rows)


GCS, WASABI = provider("storage.googleapis.com"), provider("s3.wasabisys.com")
SPACES, B2 = provider("ams3.digitaloceanspaces.com"), provider("s3.us-west-004.backblazeb2.com")
HETZNER, CONTABO = provider("fsn1.your-objectstorage.com"), provider("eu2.contabostorage.com")
SCALEWAY = provider("s3.nl-ams.scw.cloud")

HINTED: list[tuple[str, ExaminedFile, ExaminedFile]] = [
    ("gcs-public-access-prevention", GCS.denied(ActionId.PUBLIC_GET), C.denied(ActionId.PUBLIC_GET)),
    ("wasabi-public-access-off", WASABI.denied(ActionId.PUBLIC_GET), C.denied(ActionId.PUBLIC_GET)),
    ("trial-account-no-public", B2.denied(ActionId.PUBLIC_GET), C.denied(ActionId.PUBLIC_GET)),
    (
        "object-writer-ownership-cross-account",
        P.denied(ActionId.PUBLIC_GET).row(Experiment.READ_OWNERSHIP, ObjectOwnership="ObjectWriter"),
        P.denied(ActionId.PUBLIC_GET).row(Experiment.READ_OWNERSHIP, ObjectOwnership="BucketOwnerEnforced"),
    ),
    ("scaleway-default-project-mismatch", SCALEWAY.stopped(403, "AccessDenied"), C.stopped(403, "AccessDenied")),
    (
        "do-limited-key-and-acl",
        SPACES.denied(ActionId.PUT_WITH_ACL, Experiment.ACL_PRIVATE),
        C.denied(ActionId.PUT_WITH_ACL),
    ),
    ("backup-worker-timeout", _taking(A, SLOW), A),
    (
        "backup-worker-timeout",
        A.row(ActionId.ARCHIVE_PUT, network=NetworkFault.READ_TIMEOUT, late="7.2"),
        A.row(ActionId.ARCHIVE_PUT, network=NetworkFault.READ_TIMEOUT),
    ),
    (
        "hetzner-copyobject-unreliable",
        HETZNER.row(Experiment.COPY, 500, "InternalError"),
        HETZNER.denied(Experiment.COPY),
    ),
    (
        "object-key-conflict-on-filesystem-gateway",
        C.row(ActionId.PUT_WITH_ACL, 400, "XMinioParentIsObject"),
        C.row(ActionId.PUT_WITH_ACL, 400, "InvalidArgument"),
    ),
    ("key-is-root", A.denied(ActionId.LIST, message=ROOT), A.denied(ActionId.LIST)),
    (
        "key-can-create-or-delete-buckets",
        A.row(Experiment.LIST_BUCKETS, count="1").row(Experiment.READ_POLICY, 404, "NoSuchBucketPolicy"),
        A.row(Experiment.LIST_BUCKETS, count="1").denied(Experiment.READ_POLICY),
    ),
    (
        "bucket-listable-authenticated",
        A.row(Experiment.BUCKET_ACL, authenticated_users="READ"),
        A.row(Experiment.BUCKET_ACL, authenticated_users=""),
    ),
    (
        "contabo-acl-cache-hour",
        CONTABO.row(ActionId.SUSPENDED_PUBLIC_GET, outcome=Outcome.WRONG, body="same"),
        C.row(ActionId.SUSPENDED_PUBLIC_GET, outcome=Outcome.WRONG, body="same"),
    ),
    (
        "key-path-mismatch-after-migration",
        A.row(ActionId.LIST, folders="media_attachments system"),
        A.row(ActionId.LIST, folders="x"),
    ),
]


@pytest.mark.parametrize(("finding_id", "fits", "differs"), HINTED)
def test_a_hint_is_a_possibility_where_it_fits_and_is_silent_elsewhere(
    finding_id: str, fits: ExaminedFile, differs: ExaminedFile
) -> None:
    hints = [f for f in fits.findings if f.id == finding_id]
    assert [(f.severity, f.certainty) for f in hints] == [(Severity.NOTICE, Certainty.POSSIBLE)]
    assert hints[0].fixes
    assert entry(finding_id).state == "hinted"
    assert finding_id not in {f.id for f in differs.findings}


@pytest.mark.parametrize("pod", [True, False])
def test_a_missing_permission_in_a_pod_may_have_been_meant_to_be_empty(pod: bool) -> None:
    environ = dict(line.split("=", 1) for line in AWS.splitlines())
    if pod:
        environ["KUBERNETES_SERVICE_HOST"] = "10.0.0.1"
    settings = interpret(load(None, environ=environ))
    refused = A.row(ActionId.PUT_WITH_ACL, 400, "AccessControlListNotSupported").evidence
    found = {f.id for f in diagnose(settings, refused)}
    assert ("helm-cannot-express-empty-permission" in found) is pod
    assert "acl-disabled-bucket-owner-enforced" in found


def test_some_nightly_builds_send_checksums_whatever_is_set() -> None:
    seen = C.line("AWS_REQUEST_CHECKSUM_CALCULATION=when_required")
    nightly = replace(seen.evidence, run=replace(seen.evidence.run, mastodon_version="4.4.0-nightly.2025-12-01"))
    assert "checksum-multipart-ignores-when-required" in {f.id for f in diagnose(seen.settings, nightly)}
    assert "checksum-multipart-ignores-when-required" not in seen.named


@pytest.mark.parametrize("env", [AWS, CUSTOM])
def test_no_hint_in_a_healthy_run(env: str) -> None:
    assert HEALTHY[env].findings == ()


def test_backblazes_payments_are_no_matter_of_wasabi() -> None:
    assert "trial-account-no-public" not in [f.id for f in WASABI.denied(ActionId.PUBLIC_GET).findings]
    assert "trial-account-no-public" in [f.id for f in B2.denied(ActionId.PUBLIC_GET).findings]


SUPPORT = "Public access is not allowed for this account. Contact support@wasabi.com"


@pytest.mark.parametrize(
    ("seen", "decided"),
    [
        (WASABI.denied(ActionId.PUBLIC_GET, message=SUPPORT), True),
        (WASABI.denied(ActionId.PUBLIC_GET).row(Experiment.POLICY_STATUS, is_public="yes"), True),
        (WASABI.denied(ActionId.PUBLIC_GET), False),
        (WASABI.denied(ActionId.PUBLIC_GET).row(Experiment.POLICY_STATUS, is_public="no"), False),
        (B2.denied(ActionId.PUBLIC_GET, message=SUPPORT), False),
    ],
)
def test_what_only_support_can_open_comes_before_a_policy_that_is_there(seen: ExaminedFile, decided: bool) -> None:
    failures = [f for f in seen.findings if f.severity is Severity.FAILURE]
    assert ([f.id for f in failures] == ["wasabi-public-access-off"]) is decided
    assert not decided or "support@wasabi.com" in str(failures[0].fixes[0])
    assert [f.id for f in seen.findings].count("wasabi-public-access-off") <= 1
