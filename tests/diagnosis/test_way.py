"""What stops a request before the rights are looked at, on stores that admins run themselves, and the nearest else."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Certainty, EnvFix, IamAllow, Manual, ServerFix, Severity
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Header
from s3probe.sandbox.scenario import BUCKET
from tests.diagnosis.env_cases import AWS, CUSTOM, with_line
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


@pytest.mark.parametrize(
    ("host", "how"),
    [
        ("eu-central.object.fastlystorage.app", "fastly object-storage access-keys create"),
        ("axns.compat.objectstorage.eu-frankfurt-1.oraclecloud.com", "Allow group GROUP to manage objects"),
        ("s3.fr-par.scw.cloud", "ObjectStorageFullAccess"),
        ("s3.eu-central-1.wasabisys.com", "s3:PutObject"),
        ("s3.filebase.com", "documented nowhere"),
        ("s3.example.net", "s3:PutObject"),
    ],
)
def test_a_provider_that_never_names_a_right_may_mean_the_keys_or_another_customers_bucket(host: str, how: str) -> None:
    """Only Amazon tells the two apart: what nobody decides begins with the key's rights, in the provider's words."""
    (found,) = (f for f in shut(C.line(f"S3_ENDPOINT=https://{host}")).findings if f.severity is Severity.FAILURE)
    assert (found.id, found.certainty) == ("key-without-rights", Certainty.LIKELY)
    first, last = found.fixes[0], found.fixes[-1]
    assert isinstance(first, IamAllow)
    assert how in f"{first.way} {first.command} {first.actions}"
    assert isinstance(last, Manual)
    assert BUCKET in last.text
    policies = host in ("s3.fr-par.scw.cloud", "s3.eu-central-1.wasabisys.com", "s3.example.net")
    assert ("bucket policy" in last.text) == policies


def test_where_an_account_would_say_more_a_refusal_without_a_word_is_another_accounts_bucket() -> None:
    """Amazon names the right that is missing, and at Ceph the owner of a bucket lacks none."""
    assert shut(HEALTHY[AWS]).named == ("bucket-owned-by-other-account",)
    assert shut(C.line("S3_ENDPOINT=https://rgw.example.net")).named == ("bucket-owned-by-other-account",)
    # the same gateway under a provider's name: its keys have kinds
    assert shut(C.line("S3_ENDPOINT=https://us-east-1.linodeobjects.com")).named[0] == "key-without-rights"


def test_the_nearest_bucket_that_the_key_is_shown_is_offered_beside_its_rights() -> None:
    (found,) = shut(C.line("S3_ENDPOINT=https://s3.fr-par.scw.cloud"), "files-exampel").findings[:1]
    assert found.id == "key-without-rights"
    assert any(isinstance(fix, EnvFix) and fix.value == "files-exampel" for fix in found.fixes)
    assert "files-exampel and not files-example" in found.how_known


def test_where_there_are_accounts_the_only_bucket_of_the_key_comes_first() -> None:
    for names, values in (
        (("elsewhere",), ["elsewhere"]),
        (("elsewhere", "files-exampel"), ["files-exampel"]),
        (("elsewhere", "another"), []),
        ((), []),
    ):
        (found,) = shut(C, *names).findings
        assert found.id == "key-without-rights"
        lines = [fix.value for fix in found.fixes if isinstance(fix, EnvFix)]
        assert lines == values
        assert isinstance(found.fixes[-1], Manual)


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


def test_a_page_at_the_media_host_is_no_other_service() -> None:
    at_media = C.line("S3_ENDPOINT=https://files.example.net", "S3_ALIAS_HOST=files.example.net/below")
    (found,) = at_media.stopped(403, None, None, outcome=Outcome.WRONG, markup="yes").findings
    assert (found.id, found.certainty) == ("endpoint-is-cdn-or-public-host", Certainty.CERTAIN)
    elsewhere = C.line("S3_ENDPOINT=https://s4.example.net", "S3_ALIAS_HOST=files.example.net")
    (other,) = elsewhere.stopped(403, None, None, outcome=Outcome.WRONG, markup="yes").findings
    assert other.id == "console-port-instead-of-api"


@pytest.mark.parametrize(
    ("names", "first"),
    [
        # the media host is an alias of the key's own bucket
        (("mastodon-data", "media.example.org"), "mastodon-data"),
        (("mastodon-data", "second", "media.example.org"), "media.example.org"),
        # it is another's: what the key may use is not what visitors get there
        (("elsewhere",), "garage bucket allow"),
        (("elsewhere", "files.example.org"), "garage bucket allow"),
        ((), "garage bucket allow"),
    ],
)
def test_the_bucket_that_the_web_port_serves_at_the_media_host_is_the_one_that_was_meant(
    names: tuple[str, ...], first: str
) -> None:
    (found,) = shut(GARAGE.line("S3_ALIAS_HOST=media.example.org"), *names).findings
    assert found.id == "key-without-rights"
    fix = found.fixes[0]
    if isinstance(fix, EnvFix):
        assert (fix.variable, fix.value) == ("S3_BUCKET", first)
    else:
        assert isinstance(fix, IamAllow)
        assert fix.command.startswith(first)
        assert not any(isinstance(one, EnvFix) for one in found.fixes)


def test_no_such_bucket_of_any_operation_decides() -> None:
    gone = shut(C).row(ActionId.BATCH_DELETE, 404, "NoSuchBucket", "no", outcome=Outcome.REJECTED)
    assert gone.named == ("nosuchbucket-typo",)
    assert shut(C).row(Experiment.HEAD_BUCKET, 404).named == ("nosuchbucket-typo",)


@pytest.mark.parametrize("proof", [Experiment.HEAD_BUCKET, Experiment.GET_MISSING])
def test_a_key_that_may_do_something_there_lacks_single_rights(proof: Experiment) -> None:
    seen = (404, "NoSuchKey") if proof is Experiment.GET_MISSING else (200,)
    named = shut(C).row(proof, *seen).named
    assert not {"bucket-owned-by-other-account", "key-without-rights"} & set(named)
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


@pytest.mark.parametrize(
    ("hostname", "value"),
    [
        ("s3.example.net", "https://s3.example.net"),
        ("s3.example.net:9000", "https://s3.example.net:9000"),
        ("files.example.net", "<https:// and the API's own host>"),
        (f"{BUCKET}.s3.example.net", "<https:// and the API's own host>"),
        ("", "<https:// and the API's own host>"),
    ],
)
@pytest.mark.parametrize("by_a_cdn", [False, True])
def test_the_hostname_of_the_file_is_the_api_where_the_endpoint_is_the_media_host(
    hostname: str, value: str, by_a_cdn: bool
) -> None:
    file = C.line("S3_ENDPOINT=https://files.example.net").line("S3_ALIAS_HOST=files.example.net")
    file = file.line(f"S3_HOSTNAME={hostname}") if hostname else file.line("S3_HOSTNAME=")
    if by_a_cdn:
        seen = file.stopped(405, None, None, markup="yes", headers={"cf-ray": "1"})
    else:
        seen = file.stopped(403, None, None, outcome=Outcome.WRONG, markup="yes").denied(ActionId.LIST)
        for name in ALIKE:
            seen = seen.denied(name)
    found = next(one for one in seen.findings if one.id == "endpoint-is-cdn-or-public-host")
    fix = found.fixes[0]
    if by_a_cdn and value.startswith("<"):
        assert isinstance(fix, Manual)
    else:
        assert isinstance(fix, EnvFix)
        assert (fix.variable, fix.value) == ("S3_ENDPOINT", value)


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
    assert (found.id, found.title) == ("proxy-refuses-uploads", "A proxy in front of the storage lets nobody delete")
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


@pytest.mark.parametrize(
    "code", ["VirtualHostDomainRequired", "SecondLevelDomainForbidden", "PathStyleDomainForbidden"]
)
def test_clouds_that_want_the_bucket_in_the_host_say_so(code: str) -> None:
    (found,) = C.stopped(403, code, "").findings
    assert found.id == "path-style-switch-inverted"
    assert found.fixes[0] == EnvFix("S3_OVERRIDE_PATH_STYLE", "true")


def test_a_good_name_that_is_called_none_was_never_read() -> None:
    asked = (400, "InvalidBucketName", "The specified bucket is not valid")
    in_the_host = C.line("S3_OVERRIDE_PATH_STYLE=true").stopped(*asked)
    (found,) = in_the_host.findings
    assert (found.id, found.certainty) == ("path-style-switch-inverted", Certainty.LIKELY)
    bad = C.line("S3_OVERRIDE_PATH_STYLE=true", "S3_BUCKET=Files_Example").stopped(*asked)
    assert "bucket-name-invalid" in bad.named
    in_the_path = C.stopped(*asked)
    assert "path-style-switch-inverted" not in in_the_path.named


@pytest.mark.parametrize(
    ("lines", "moved"),
    [
        (("S3_HOSTNAME=minio.example.net:9001",), ["https://minio.example.net:9000", "minio.example.net:9000"]),
        (("S3_HOSTNAME=minio.example.net",), ["https://minio.example.net:9000"]),
        (
            ("S3_HOSTNAME=minio.example.net:9001", "S3_ALIAS_HOST=files.example.net"),
            ["https://minio.example.net:9000"],
        ),
    ],
)
def test_the_public_host_moves_with_the_endpoint_where_it_is_the_same_port(
    lines: tuple[str, ...], moved: list[str]
) -> None:
    seen = C.line("S3_ENDPOINT=https://minio.example.net:9001", *lines).stopped(404, None, None, outcome=Outcome.WRONG)
    (found,) = seen.fixed_by(ExperimentWith.PORT.of("9000"), "S3_ENDPOINT=https://minio.example.net:9000").findings[:1]
    assert found.id == "console-port-instead-of-api"
    assert [fix.value for fix in found.first_choice if isinstance(fix, EnvFix)] == moved
