"""A store that serves visitors at a port of its own, by Host: each cause, and its nearest look-alike."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import BucketSetting, Certainty, EnvFix, Finding, Manual, ServerFix, Severity
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from tests.diagnosis.env_cases import CUSTOM
from tests.diagnosis.wire_cases import HEALTHY, ExaminedFile
from tests.diagnosis.wire_table import API_OF_GARAGE, GARAGE, named_as, page, provider

ALIAS = named_as(GARAGE, "files.example.com")
NOT_ALLOWED, NO_ALIAS = "web-port-bucket-not-allowed", "web-port-host-is-no-alias"
HOST, PATH, PAST = "web-port-host-not-passed-on", "web-port-path-changed", "media-host-leads-past-web-port"
RECIPE = "garage bucket alias files-example files.example.com && garage bucket website --allow files-example"
BY_NGINX = {"server": "nginx"}


def only(seen: ExaminedFile) -> Finding:
    (found,) = (one for one in seen.findings if one.severity is not Severity.NOTICE)
    return found


def command(found: Finding) -> str:
    (fix, *_) = found.fixes
    assert isinstance(fix, BucketSetting)
    return fix.command


@pytest.mark.parametrize(
    ("seen", "finding_id", "certainty"),
    [
        (page(ALIAS, "none", "none"), NOT_ALLOWED, Certainty.CERTAIN),
        (page(ALIAS, "none", "ok"), HOST, Certainty.CERTAIN),
        (page(ALIAS, "none"), NOT_ALLOWED, Certainty.LIKELY),
        (page(named_as(GARAGE), "none", "none"), NO_ALIAS, Certainty.CERTAIN),
        (page(named_as(GARAGE), "none"), NO_ALIAS, Certainty.CERTAIN),
        (page(named_as(GARAGE), "none", "ok"), HOST, Certainty.CERTAIN),
        (page(ALIAS, "NoSuchKey", "ok"), PATH, Certainty.CERTAIN),
        (page(ALIAS, "NoSuchKey"), PATH, Certainty.LIKELY),
        (page(ALIAS, "NoSuchKey", "NoSuchKey"), NO_ALIAS, Certainty.CERTAIN),
        (page(named_as(GARAGE), "NoSuchKey"), NO_ALIAS, Certainty.LIKELY),
        (page(GARAGE, "none"), NOT_ALLOWED, Certainty.LIKELY),
    ],
)
def test_a_page_of_the_web_port_names_one_cause(seen: ExaminedFile, finding_id: str, certainty: Certainty) -> None:
    found = only(seen)
    assert (found.id, found.certainty) == (finding_id, certainty)


@pytest.mark.parametrize("direct", ["none", ""])
def test_a_name_below_the_root_domain_is_most_likely_no_website(direct: str) -> None:
    """Only the server knows its root_domain: what opens the bucket makes the host an alias as well."""
    below = named_as(GARAGE).line("S3_ALIAS_HOST=files-example.web.example.com")
    found = only(page(below, "none", direct) if direct else page(below, "none"))
    assert (found.id, found.certainty) == (NOT_ALLOWED, Certainty.LIKELY)
    assert "where the web port's root_domain is .web.example.com" in found.how_known
    assert command(found).startswith("garage bucket alias files-example files-example.web.example.com && ")
    # another bucket's name says nothing of this one
    other = only(page(named_as(GARAGE).line("S3_ALIAS_HOST=other.web.example.com"), "none", "none"))
    assert (other.id, other.certainty) == (NO_ALIAS, Certainty.CERTAIN)


def test_a_page_of_the_proxys_own_hides_nothing() -> None:
    own = ALIAS.row(ActionId.PUBLIC_GET, 404, outcome=Outcome.WRONG, markup="yes", headers=BY_NGINX)
    refused = own.row(Experiment.PUBLIC_WEB_PORT, 404, outcome=Outcome.WRONG, markup="yes", web_page="none")
    assert only(refused).id == NOT_ALLOWED
    assert only(own.row(Experiment.PUBLIC_WEB_PORT)).id == PAST


def test_what_opens_the_bucket_is_one_recipe() -> None:
    assert command(only(page(ALIAS, "none", "none"))) == RECIPE
    assert command(only(page(named_as(GARAGE), "none", "none"))) == RECIPE
    taken = only(page(named_as(GARAGE), "NoSuchKey", "NoSuchKey"))
    assert command(taken) == f"garage bucket unalias files.example.com && {RECIPE}"
    # which may serve another site: nobody does that unawares
    warned, free = (one.fixes[0] for one in (taken, only(page(named_as(GARAGE), "none", "none"))))
    assert isinstance(warned, BucketSetting)
    assert isinstance(free, BucketSetting)
    assert warned.warning == "It takes files.example.com from the bucket that it leads to now."
    assert free.warning == ""
    assert "another bucket's, garage bucket unalias files.example.com takes it from that" in free.note


def test_what_cannot_be_told_behind_a_proxy_offers_both() -> None:
    behind = ALIAS.row(
        ActionId.PUBLIC_GET, 404, outcome=Outcome.WRONG, markup="yes", web_page="none", headers=BY_NGINX
    ).row(Experiment.PUBLIC_WEB_PORT, None, network=NetworkFault.REFUSED)
    found = only(behind)
    assert (found.id, found.certainty) == (NOT_ALLOWED, Certainty.LIKELY)
    assert "Or the proxy does not pass that host on" in found.how_known
    first, second = found.fixes
    assert isinstance(first, BucketSetting)
    assert isinstance(second, ServerFix)
    assert second.value == "proxy_set_header Host $host;"


def test_the_api_at_the_media_host_is_the_wrong_port() -> None:
    denied = GARAGE.row(ActionId.PUBLIC_GET, *API_OF_GARAGE, outcome=Outcome.DENIED)
    found = only(denied)
    assert found.id == PAST
    words, fix, *_others = found.fixes
    assert isinstance(words, Manual)
    assert "let it ask http://s3.garage.example:3902 with files.example.com as its Host header" in words.text
    assert RECIPE in words.text
    assert isinstance(fix, ServerFix)
    assert fix.value == "proxy_set_header Host $host; proxy_pass http://127.0.0.1:3902;"
    assert RECIPE in fix.note
    # the web port itself shows the picture: the bucket needs nothing
    _words, fix, *_others = only(denied.row(Experiment.PUBLIC_WEB_PORT)).fixes
    assert isinstance(fix, ServerFix)
    assert RECIPE not in fix.note


def test_a_cdn_is_told_where_the_web_port_is_from_outside() -> None:
    denied = GARAGE.row(ActionId.PUBLIC_GET, *API_OF_GARAGE, outcome=Outcome.DENIED, headers={"server": "cloudflare"})
    first, second = only(denied).fixes
    assert isinstance(first, Manual)
    assert "a Worker that fetches http://s3.garage.example:3902" in first.text
    assert isinstance(second, ServerFix)
    assert "proxy_pass http://127.0.0.1:3902;" in second.value


def test_without_a_proxy_the_port_in_the_file_is_the_wrong_one() -> None:
    direct = GARAGE.line("S3_ALIAS_HOST=files.example.com:3900").row(
        ActionId.PUBLIC_GET, *API_OF_GARAGE, outcome=Outcome.DENIED
    )
    (fix,) = only(direct).fixes
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_ALIAS_HOST", "files.example.com:3902")


def test_the_api_as_media_host_needs_another_host() -> None:
    missing = provider("s3.garage.example", "S3_PERMISSION=", "S3_ALIAS_HOST=s3.garage.example")
    refused = named_as(missing, "files.example.com").row(ActionId.PUBLIC_GET, *API_OF_GARAGE, outcome=Outcome.DENIED)
    found = only(refused)
    assert found.id == "website-endpoint-needed-garage"
    (fix,) = found.fixes
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_ALIAS_HOST", "files.example.com")
    assert RECIPE in fix.note


def test_another_store_that_answers_so_has_no_web_port() -> None:
    other = HEALTHY[CUSTOM].line("S3_ALIAS_HOST=files.example.com")
    assert not {NOT_ALLOWED, NO_ALIAS, HOST, PATH, PAST} & {f.id for f in page(other, "none", "ok").findings}


@pytest.mark.parametrize("host", ["files.example.com", "s3.garage.example"])
def test_a_store_whose_api_refuses_everyone_is_not_called_closed_beside_a_proxy_that_is_down(host: str) -> None:
    down = GARAGE.row(ActionId.PUBLIC_GET, 502, markup="yes").row(Experiment.PUBLIC_ORIGIN, *API_OF_GARAGE)
    assert only(down.line(f"S3_HOSTNAME={host}")).id == "proxy-resolver-fails"
    _words, fix, *_others = only(down).fixes
    assert isinstance(fix, ServerFix)
    assert fix.value == "proxy_set_header Host $host; proxy_pass http://127.0.0.1:3902;"


def test_archives_are_open_with_the_bucket_there() -> None:
    opened = GARAGE.row(ActionId.ARCHIVE_PUBLIC_GET, 200, outcome=Outcome.WRONG, open="yes")
    opened = opened.row(ActionId.ARCHIVE_ORIGIN_GET, *API_OF_GARAGE, outcome=Outcome.OK)
    (found,) = (one for one in opened.findings if one.id == "archive-dumps-world-readable")
    assert found.severity is Severity.NOTICE
    # elsewhere a storage that is closed itself says that the proxy opens them
    other = HEALTHY[CUSTOM].line("S3_ALIAS_HOST=files.example.com")
    other = other.row(ActionId.ARCHIVE_PUBLIC_GET, 200, outcome=Outcome.WRONG, open="yes")
    other = other.row(ActionId.ARCHIVE_ORIGIN_GET, 403, "AccessDenied", outcome=Outcome.OK)
    (found,) = (one for one in other.findings if one.id == "archive-dumps-world-readable")
    assert found.severity is not Severity.NOTICE


def test_archives_are_open_behind_the_domain_of_a_bucket_whose_api_answers_no_visitor() -> None:
    r2 = provider("0123456789abcdef.r2.cloudflarestorage.com", "S3_ALIAS_HOST=files.example.com", "S3_PERMISSION=")
    opened = r2.row(ActionId.ARCHIVE_PUBLIC_GET, 200, outcome=Outcome.WRONG, open="yes")
    opened = opened.row(ActionId.ARCHIVE_ORIGIN_GET, 400, "InvalidArgument", outcome=Outcome.OK)
    (found,) = (one for one in opened.findings if one.id == "archive-dumps-world-readable")
    assert found.severity is Severity.NOTICE


def test_a_version_id_alone_is_no_versioning() -> None:
    numbered = GARAGE.row(ActionId.PUT_WITHOUT_ACL, headers={"x-amz-version-id": "0a" * 32})
    assert [f.id for f in numbered.findings] == []
    marked = numbered.row(ActionId.DELETE, 204, headers={"x-amz-delete-marker": "true"})
    assert [f.id for f in marked.findings] == ["versioning-delete-markers"]


def test_garages_answer_to_a_preflight_says_nothing_of_rules() -> None:
    lacks = GARAGE.row(ActionId.PUBLIC_CORS, 200, outcome=Outcome.WRONG, allowed="none", origin="https://example.com")
    said = "Forbidden: This CORS request is not allowed."
    assert only(lacks.row(Experiment.CORS_PREFLIGHT, 403, "AccessDenied", said)).id == "cors-missing"
    aws = f"CORSResponse: {said.partition(': ')[2]} This is usually because the evalution of Origin"
    assert only(lacks.row(Experiment.CORS_PREFLIGHT, 403, "AccessForbidden", aws)).id == "cors-origin-mismatch"


@pytest.mark.parametrize(("skew", "wrong"), [("7200", True), ("0", False)])
def test_links_are_judged_by_a_clock_that_is_right(skew: str, wrong: bool) -> None:
    clock = GARAGE.row(ActionId.CLOCK, None, outcome=Outcome.WRONG if wrong else Outcome.OK, skew=skew)
    slow = clock.row(ActionId.PRESIGNED_GET, 400, "InvalidRequest", "Bad request: Date is too old")
    fast = clock.row(ActionId.PRESIGNED_EXPIRED, 200, outcome=Outcome.WRONG, open="yes")
    by_clock = "archive-links-off-by-clock"
    assert only(slow).id == (by_clock if wrong else "presigned-link-uses-internal-endpoint")
    assert only(fast).id == (by_clock if wrong else "archive-link-never-expires")


def test_a_quota_is_raised_by_the_stores_own_command() -> None:
    said = "Forbidden: Object quota is reached, maximum objects for this bucket: 0"
    full = GARAGE.row(ActionId.PUT_WITHOUT_ACL, 403, "AccessDenied", said)
    assert command(next(f for f in full.findings if f.id == "quota-or-cap-exceeded")).startswith(
        "garage bucket set-quotas files-example"
    )
    disk = GARAGE.row(ActionId.PUT_WITHOUT_ACL, 503, "ServiceUnavailable", "No space left on device")
    (found,) = (f for f in disk.findings if f.id == "quota-or-cap-exceeded")
    assert not any(isinstance(fix, BucketSetting) for fix in found.fixes)


def test_an_expired_key_is_no_wrong_secret() -> None:
    expired = GARAGE.stopped(403, "AccessDenied", "Forbidden: Access key GK12…34ab has expired")
    assert only(expired).id == "key-expired"
    switched_off = GARAGE.stopped(403, "InvalidAccessKeyId", "Your account is disabled; contact your administrator.")
    assert only(switched_off).id == "key-disabled-or-account-suspended"
    assert only(GARAGE.stopped(403, "InvalidAccessKeyId", "No such key")).id == "wrong-access-key-id"


def test_a_path_with_the_bucket_is_the_files_fault_and_no_line_of_nginx_helps() -> None:
    with_bucket = ALIAS.line("S3_ALIAS_HOST=files.example.com/files-example")
    seen = page(with_bucket, "NoSuchKey").row(Experiment.PUBLIC_ALIAS_WITHOUT_BUCKET)
    (fix,) = only(seen).fixes
    assert isinstance(fix, EnvFix)
    assert fix.value == "files.example.com"


def test_what_one_command_gives_is_one_missing_right() -> None:
    """A key of an owner that may neither read nor write."""
    refused = (403, "AccessDenied", "Forbidden: Operation is not allowed for this key.")
    seen = named_as(GARAGE, "files.example.com").stopped(*refused)
    for name in (ActionId.DELETE, Experiment.GET_MISSING):
        seen = seen.row(name, *refused)
    assert only(named_as(seen)).id == "iam-missing-putobject"
