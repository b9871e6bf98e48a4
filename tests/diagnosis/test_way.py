"""What stops a request before the rights are looked at, on stores that admins run themselves, and the nearest else."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import EnvFix, ServerFix, Severity
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Header
from s3probe.sandbox.scenario import BUCKET
from tests.diagnosis.env_cases import CUSTOM, with_line
from tests.diagnosis.wire_cases import DENIED, HEALTHY, ExaminedFile, healthy

C = HEALTHY[CUSTOM]
MINIO = C.line("S3_ENDPOINT=https://minio.example.net")
GARAGE = C.line("S3_ENDPOINT=https://garage.example.net")
CONSOLE = "the console of MinIO"


def shut(store: ExaminedFile, *names: str) -> ExaminedFile:
    """Every request for the bucket is refused; ListBuckets shows ``names``."""
    refused = store.stopped(403, "AccessDenied", DENIED).denied(ActionId.DELETE)
    return refused.row(Experiment.LIST_BUCKETS, names=" ".join(names))


def test_where_there_are_no_accounts_no_bucket_is_another_ones() -> None:
    assert shut(MINIO).named == ("key-without-rights",)
    assert shut(GARAGE).named == ("key-without-rights",)
    assert shut(C).named == ("bucket-owned-by-other-account",)


def test_the_bucket_that_a_key_is_shown_is_the_one_that_was_meant() -> None:
    typo = shut(MINIO, "files-exampel")
    assert typo.named == ("nosuchbucket-typo",)
    fix = typo.findings[0].fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.value, fix.conditional) == ("files-exampel", True)
    # Garage says 404 of a bucket that is not there: this one is
    assert shut(GARAGE, "files-exampel").named == ("key-without-rights",)
    # and what the media host shows is the bucket of the file
    shown = typo.row(ActionId.PUBLIC_LIST_ALIAS, 403, "AccessDenied", outcome=Outcome.OK, bucket=BUCKET)
    assert shown.named == ("key-without-rights",)


def test_no_such_bucket_of_any_operation_decides() -> None:
    gone = shut(C).row(ActionId.BATCH_DELETE, 404, "NoSuchBucket", "no", outcome=Outcome.REJECTED)
    assert gone.named == ("nosuchbucket-typo",)
    assert shut(C).row(Experiment.HEAD_BUCKET, 404).named == ("nosuchbucket-typo",)


@pytest.mark.parametrize("proof", [Experiment.HEAD_BUCKET, Experiment.GET_MISSING])
def test_a_key_that_may_do_something_there_lacks_single_rights(proof: Experiment) -> None:
    seen = (404, "NoSuchKey") if proof is Experiment.GET_MISSING else (200,)
    named = shut(C).row(proof, *seen).named
    assert "bucket-owned-by-other-account" not in named
    assert named != ()


ALIKE = (ActionId.REACH_ENDPOINT, Experiment.WRONG_SECRET, Experiment.UNKNOWN_KEY)


def test_whoever_is_answered_alike_was_not_looked_at() -> None:
    page = C.stopped(403, None, None, outcome=Outcome.WRONG, markup="yes")
    seen = page.denied(ActionId.LIST)
    for name in ALIKE:
        seen = seen.denied(name)
    assert seen.named == ("endpoint-is-cdn-or-public-host",)
    # a store that knows a wrong secret for one does look
    told = seen.row(Experiment.WRONG_SECRET, 403, "SignatureDoesNotMatch", "no")
    assert "endpoint-is-cdn-or-public-host" not in told.named


def test_another_service_is_named_and_its_api_port_too() -> None:
    seen = MINIO.stopped(400, "InvalidArgument", "must be made to API port", s3="yes", service=CONSOLE)
    found = seen.findings[0]
    assert found.id == "console-port-instead-of-api"
    assert "9000" in str(found.fixes[0])
    assert CONSOLE in (found.how_known or "")
    moved = seen.fixed_by(ExperimentWith.PORT.of("9000"), "S3_ENDPOINT=https://minio.example.net:9000")
    assert moved.named == ("console-port-instead-of-api",)
    plain = MINIO.stopped(400, "InvalidArgument", "must be made to API port", s3="yes")
    assert "console-port-instead-of-api" not in plain.named


def test_a_port_that_answers_in_place_of_a_closed_one_is_no_console() -> None:
    closed = C.stopped(None, network=NetworkFault.REFUSED)
    assert closed.named == ("nothing-listens-at-endpoint",)
    moved = closed.fixed_by(ExperimentWith.PORT.of("9000"), "S3_ENDPOINT=https://s3.example.net:9000")
    assert moved.named == ("nothing-listens-at-endpoint",)
    assert C.stopped(None, network=NetworkFault.CONNECT_TIMEOUT).named == ("egress-firewall",)


def test_a_redirect_to_tls_is_told_from_a_port_that_speaks_it() -> None:
    plain = C.line("S3_ENDPOINT=http://s3.example.net")
    for status, finding_id in ((301, "endpoint-http-redirects-to-https"), (400, "endpoint-http-on-tls-port")):
        stopped = plain.stopped(status, None, None, s3="", markup="yes")
        assert stopped.fixed_by(Experiment.SCHEME_HTTPS, "S3_ENDPOINT=https://s3.example.net").named == (finding_id,)


def test_the_hosts_first_label_taken_for_the_bucket_is_no_bad_bucket_name() -> None:
    # MinIO with MINIO_DOMAIN=example.net
    seen = MINIO.stopped(400, "InvalidBucketName", "not valid", bucket="minio", other_bucket="minio")
    assert seen.named == ("host-unknown-to-store",)
    assert "MINIO_DOMAIN" in str(seen.findings[0].fixes[0])
    assert MINIO.stopped(400, "InvalidBucketName", "not valid", bucket=BUCKET).named == ("bucket-name-invalid",)


def test_a_folder_taken_for_the_bucket_blames_the_style() -> None:
    in_host = healthy(with_line(CUSTOM, "S3_OVERRIDE_PATH_STYLE=true"))
    seen = in_host.stopped(404, "NoSuchBucket", "no", bucket="media_attachments", other_bucket="media_attachments")
    assert seen.named == ("path-style-switch-inverted",)
    assert in_host.stopped(404, "NoSuchBucket", "no", bucket=BUCKET).named == ("nosuchbucket-typo",)


def test_a_limit_shows_by_the_announcement_alone() -> None:
    assert C.row(Experiment.ANNOUNCED, 413, None, None, markup="yes").named == ("proxy-body-limit-413",)
    assert C.row(Experiment.ANNOUNCED, 100, outcome=Outcome.OK).named == C.named
    assert C.row(Experiment.ANNOUNCED, 403, outcome=Outcome.OK).named == C.named


def test_only_a_page_of_somebody_elses_refuses_for_the_proxy() -> None:
    uploads = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL)
    by_store = C
    for name in uploads:
        by_store = by_store.row(name, 403, "AccessDenied", DENIED, s3="yes")
    assert "proxy-refuses-uploads" not in by_store.named


def test_a_page_for_deletions_alone_is_the_proxys_as_well() -> None:
    kept = C.row(ActionId.DELETE, 403, None, None, outcome=Outcome.WRONG, markup="yes", root="html")
    kept = kept.row(ActionId.MULTIPART_ABORT, 403, None, None, outcome=Outcome.WRONG, markup="yes", root="html")
    assert kept.named == ("proxy-refuses-uploads",)
    assert "proxy-refuses-uploads" not in C.denied(ActionId.DELETE).named


def test_a_bucket_that_nobody_asked_for_is_the_proxys() -> None:
    def missed(bucket: str) -> ExaminedFile:
        stopped = C.stopped(400, "InvalidBucketName", "no", bucket=bucket, other_bucket=bucket)
        return stopped.row(Experiment.LIST_BUCKETS, 400, "InvalidBucketName", "no", other_bucket=bucket)

    assert missed("store").named == ("proxy-rewrites-host-before-s3",)
    assert missed("s3.example.net").named == ("host-unknown-to-store",)
    assert C.stopped(404, "NoSuchBucket", "no", bucket=BUCKET).named == ("nosuchbucket-typo",)


def test_a_suspended_user_is_enabled_in_cephs_own_words() -> None:
    def advice(code: str) -> str:
        (found,) = C.stopped(403, code, "").findings
        assert found.id == "key-disabled-or-account-suspended"
        return str(found.fixes[0])

    assert "radosgw-admin user enable" in advice("UserSuspended")
    assert "radosgw-admin" not in advice("AccountProblem")


def test_a_proxy_that_refuses_deletions_alone_is_one_cause() -> None:
    deletions = (ActionId.DELETE, ActionId.MULTIPART_ABORT)
    proxy = GARAGE.row(ActionId.PUT_WITHOUT_ACL, 200, outcome=Outcome.OK, headers={Header.X_AMZ_VERSION_ID: "c0ffee"})
    for name in deletions:
        proxy = proxy.row(name, 403, outcome=Outcome.WRONG, markup="yes")
    found = proxy.findings[0]
    assert (found.id, found.title) == ("proxy-refuses-uploads", "A proxy in front of the store lets nobody delete")
    assert {"unexplained", "mpu-parts-pile-up", "versioning-delete-markers"}.isdisjoint(proxy.named)
    by_store = GARAGE
    for name in deletions:
        by_store = by_store.row(name, 403, "AccessDenied", DENIED, s3="yes")
    assert "proxy-refuses-uploads" not in by_store.named


@pytest.mark.parametrize(("status", "line"), [(401, "auth_basic off;"), (403, "allow all;")])
def test_a_page_of_nginx_that_refuses_everything_is_a_proxy_and_no_console(status: int, line: str) -> None:
    def answered(code: int, stock_page: str) -> ExaminedFile:
        return C.stopped(code, s3="", markup="yes", stock_page=stock_page)

    (found,) = answered(status, "yes").findings
    assert (found.id, found.certainty.value) == ("proxy-refuses-uploads", "likely")
    (fix,) = found.fixes
    assert isinstance(fix, ServerFix)
    assert fix.value == line
    for other in (answered(404, "yes"), answered(status, "")):
        assert other.named == ("console-port-instead-of-api",)


def test_an_upload_that_never_began_leaves_no_parts() -> None:
    refused = C.row(ActionId.MULTIPART_ABORT, 405, "MethodNotAllowed", "no")
    assert "mpu-parts-pile-up" in refused.named
    never = refused.row(ActionId.MULTIPART_CREATE, 405, "MethodNotAllowed", "no").skipped(ActionId.MULTIPART_PART)
    assert "mpu-parts-pile-up" not in never.named


def test_an_error_of_each_key_is_the_stores_own_where_all_else_fails_alike() -> None:
    failing = C
    for name in (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.MULTIPART_PART):
        failing = failing.row(name, 503, "SlowDownWrite", "quorum", outcome=Outcome.UNKNOWN)

    def batch(run: ExaminedFile) -> ExaminedFile:
        errors = {"per_key_errors": "1", "per_key_code": "SlowDownWrite"}
        return run.row(ActionId.BATCH_DELETE, 200, outcome=Outcome.WRONG, **errors)  # type: ignore[arg-type]  # facts

    assert "delete-objects-per-key-errors-ignored" not in batch(failing).named
    assert batch(C).named == ("delete-objects-per-key-errors-ignored",)


def test_a_refused_batch_deletion_is_a_failure_that_names_the_release() -> None:
    found = MINIO.row(ActionId.BATCH_DELETE, 400, "MissingContentMD5", "Missing required header").findings[0]
    assert (found.id, found.severity) == ("delete-md5-required", Severity.FAILURE)
    assert "RELEASE.2025-01-20" in str(found.fixes[0])
    assert "RELEASE" not in str(C.row(ActionId.BATCH_DELETE, 400, "MissingContentMD5", "Missing").findings[0].fixes[0])


def test_what_a_proxy_answers_at_both_hosts_is_one_outage() -> None:
    down = C.line("S3_ALIAS_HOST=files.example.com").stopped(502, None, None, outcome=Outcome.UNKNOWN, markup="yes")
    alias = "https://files.example.com/?list-type=2"
    seen = down.row(ActionId.PUBLIC_LIST_ALIAS, 502, None, None, outcome=Outcome.UNKNOWN, url=alias)
    assert seen.named == ("provider-outage",)
    other = down.row(ActionId.PUBLIC_LIST_ALIAS, 500, None, None, outcome=Outcome.UNKNOWN, url=alias)
    assert len(other.named) == 2
