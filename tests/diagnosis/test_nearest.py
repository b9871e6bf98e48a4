"""Pairs of runs that differ in one answer and must not be named alike: refusals, limits, broken ways."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from s3probe.diagnosis.model import EnvFix, Manual, ServerFix
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact, ObservationId
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.scenario import BUCKET, CUSTOM_HOST, Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from tests.diagnosis.env_cases import CUSTOM, found, with_line
from tests.diagnosis.wire_cases import DENIED, ExaminedFile
from tests.diagnosis.wire_table import AS, ON, SHOWN, A, C, P
from tests.runs import run

NOT_SO = "SignatureDoesNotMatch"


def _refused_put(seen: ExaminedFile, why: str) -> ExaminedFile:
    uploads = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)
    return seen.denied(*uploads, message=f"{AS}s3:PutObject{ON} {why}")


@pytest.mark.parametrize(
    "policy", ["permissions boundary", "service control policy", "resource control policy", "session policy"]
)
def test_an_outer_policy_that_leaves_the_action_out_is_no_matter_of_the_keys_own(policy: str) -> None:
    (first, *_) = _refused_put(A, f"because no {policy} allows the s3:PutObject action").findings
    assert first.id == "explicit-deny-policy"
    assert policy.removesuffix(" policy") in str(first.fixes[0])
    own = _refused_put(A, "because no identity-based policy allows the s3:PutObject action")
    assert own.findings[0].id == "iam-missing-putobject"


def test_a_deny_for_reading_explains_the_heads_that_have_no_words() -> None:
    told = f"{AS}s3:GetObject{ON} with an explicit deny in an identity-based policy"
    seen = A.denied(ActionId.GET, ActionId.GET_RANGE, message=told)
    for name in (ActionId.HEAD, ActionId.HEAD_PART, Experiment.ACL_READ_BACK):
        seen = seen.row(name, 403, None, None)
    assert seen.named == ("explicit-deny-policy",)
    silent = seen.denied(ActionId.GET, ActionId.GET_RANGE)
    assert silent.named == ("iam-missing-getobject",)


def test_a_head_that_is_refused_where_a_get_passes_is_no_missing_right() -> None:
    assert A.row(ActionId.HEAD, 403, None, None).named == ("unexplained",)
    assert A.row(ActionId.HEAD, 403, None, None).denied(ActionId.GET).named == ("iam-missing-getobject",)


def test_where_no_upload_had_its_acl_the_file_whose_acl_was_changed_shows_that_the_key_may_not_read() -> None:
    blocked = SHOWN["bpa-blocks-public-acl"].row(Experiment.ACL_READ_BACK, 403, None, None)
    assert blocked.named == ("bpa-blocks-public-acl", "iam-missing-getobject")
    assert A.row(Experiment.ACL_READ_BACK, 403, None, None).named == ("unexplained",)


def test_a_folder_that_lacks_the_right_to_an_acl_alone_is_said_so() -> None:
    lacking = A.denied(
        ActionId.AVATAR_PUT, message=f"{AS}s3:PutObjectAcl{ON} because no identity-based policy allows it"
    )
    assert [(f.id, f.permission) for f in lacking.findings] == [("key-limited-to-some-folders", "s3:PutObjectAcl")]
    plain = A.denied(ActionId.AVATAR_PUT)
    assert [(f.id, f.permission) for f in plain.findings] == [("key-limited-to-some-folders", "s3:PutObject")]


@pytest.mark.parametrize("action_id", [ActionId.PUT_WITHOUT_ACL, ActionId.GET, ActionId.DELETE])
def test_one_kind_of_request_with_a_wrong_signature_is_no_missing_right(action_id: ObservationId) -> None:
    seen = C.row(action_id, 403, NOT_SO, "The request signature we calculated does not match")
    assert not [name for name in seen.named if name.startswith(("iam-", "bpa-", "acl-"))]
    assert any(name.startswith("iam-") for name in A.denied(action_id).named)


def test_a_store_that_takes_nothing_has_no_fault_of_its_own_in_single_requests() -> None:
    lone = C.row(ActionId.BATCH_DELETE, 501, "NotImplemented", "no")
    assert lone.named == ("delete-objects-unsupported",)
    nothing = C
    for name in (
        ActionId.PUT_WITH_ACL,
        ActionId.PUT_WITHOUT_ACL,
        ActionId.LIST,
        ActionId.GET,
        ActionId.DELETE,
        ActionId.BATCH_DELETE,
        ActionId.MULTIPART_ABORT,
    ):
        nothing = nothing.row(name, 501, "NotImplemented", "no")
    assert not {"delete-objects-unsupported", "mpu-parts-pile-up"} & set(nothing.named)


def test_a_body_limit_below_our_few_bytes_is_told_from_one_that_stops_large_files() -> None:
    stopped = C
    for name in (
        ActionId.PUT_WITH_ACL,
        ActionId.PUT_WITHOUT_ACL,
        ActionId.AVATAR_PUT,
        ActionId.ARCHIVE_PUT,
        ActionId.MULTIPART_PART,
    ):
        stopped = stopped.row(name, 413, None, None, markup="yes")
    assert stopped.named[0] == "proxy-body-limit-413"
    line, words = stopped.findings[0].fixes
    assert line == ServerFix("nginx", "client_max_body_size 0;", place="the proxy before the storage")
    assert words == Manual("Another proxy before the storage: let uploads of any size pass.")
    large = C.row(ActionId.MULTIPART_PART, 413, None, None, markup="yes").skipped(ActionId.MULTIPART_COMPLETE)
    assert large.named == ("multipart-denied",)


def test_a_slow_storage_is_known_by_whatever_was_waited_for() -> None:
    silent = C.stopped(None, network=NetworkFault.READ_TIMEOUT)
    assert silent.named == ("provider-outage",)
    region = ExperimentWith.REGION.of("us-east-1")
    for name in (ActionId.REACH_ENDPOINT, region):
        late = silent.row(name, network=NetworkFault.READ_TIMEOUT, late="7.2")
        assert late.named == ("slow-provider-read-timeout",)
    elsewhere = silent.row(region, network=NetworkFault.READ_TIMEOUT, late="7.2", url="https://another.example/")
    assert elsewhere.named == ("provider-outage",)


def test_a_part_that_is_cut_off_is_no_matter_of_patience() -> None:
    part, silent = ActionId.MULTIPART_PART, NetworkFault.READ_TIMEOUT
    late = C.row(part, network=silent, late="7.2").skipped(ActionId.MULTIPART_COMPLETE)
    assert late.named == ("multipart-part-timeout",)
    for fault in (silent, NetworkFault.CLOSED):
        assert C.row(part, network=fault).skipped(ActionId.MULTIPART_COMPLETE).named == ("request-keeps-failing",)


@pytest.mark.parametrize(
    ("action", "refused"),
    [
        (ActionId.MULTIPART_CREATE, "multipart-denied"),
        (ActionId.MULTIPART_COMPLETE, "mpu-etag-or-object-size-header"),
        (ActionId.PUT_ACL_PRIVATE, "suspension-acl-call-crashes"),
        (ActionId.PRESIGNED_GET, "presigned-link-uses-internal-endpoint"),
        (ActionId.HEAD_PART, "partnumber-head-unsupported"),
        (ActionId.BATCH_DELETE, "delete-objects-unsupported"),
    ],
)
def test_an_error_of_the_servers_own_is_never_called_a_refusal(action: ActionId, refused: str) -> None:
    assert C.row(action, 405, "MethodNotAllowed", "Not allowed").named == (refused,)
    for broken in (C.row(action, 503, "ServiceUnavailable"), C.row(action, network=NetworkFault.CLOSED)):
        assert broken.named == ("request-keeps-failing",)
        assert not any(isinstance(fix, EnvFix) for found in broken.findings for fix in found.fixes)


@pytest.mark.parametrize(
    ("network", "named"),
    [
        (NetworkFault.CLOSED, "provider-outage"),
        (NetworkFault.READ_TIMEOUT, "provider-outage"),
        (NetworkFault.PROTOCOL, "console-port-instead-of-api"),
    ],
)
def test_who_hangs_up_or_keeps_silent_is_no_web_console(network: NetworkFault, named: str) -> None:
    assert C.stopped(None, network=network).named == (named,)


def test_throttling_explains_the_heads_that_cannot_say_so() -> None:
    busy = C.row(ActionId.GET, 503, "SlowDown", "Reduce your request rate", outcome=Outcome.THROTTLED)
    busy = busy.row(ActionId.HEAD, 503, None, None)
    assert len(busy.named) == 1
    alone = C.row(ActionId.HEAD, 503, None, None)
    assert alone.named == ("request-keeps-failing",)
    assert busy.named != alone.named


def test_an_outage_is_one_finding_with_what_visitors_meet_at_the_same_host() -> None:
    down = C
    for name in (
        ActionId.PUT_WITH_ACL,
        ActionId.PUT_WITHOUT_ACL,
        ActionId.LIST,
        ActionId.GET,
        ActionId.DELETE,
        ActionId.PUBLIC_GET,
        ActionId.PUBLIC_LIST,
    ):
        down = down.row(name, 503, None, None)
    assert down.named == ("provider-outage",)


def test_an_archive_whose_reading_alone_is_denied_in_words_is_told() -> None:
    told = f"{AS}s3:GetObject{ON} with an explicit deny in a resource-based policy"
    assert P.row(ActionId.PRESIGNED_GET, 403, "AccessDenied", DENIED).denied(
        Experiment.GET_ARCHIVE, message=told
    ).named == ("explicit-deny-policy",)


def _answered_alike(unknown: str) -> ExaminedFile:
    refused = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST, ActionId.DELETE)
    stopped = A.denied(*refused, message="Access denied for request AAAA1111BBBB2222")
    stopped = stopped.row(Experiment.WRONG_SECRET, 403, "AccessDenied", "Access denied for request CCCC3333DDDD4444")
    return stopped.row(Experiment.UNKNOWN_KEY, 403, "AccessDenied", unknown)


def test_refusals_that_differ_in_a_request_id_alone_are_alike() -> None:
    assert _answered_alike("Access denied for request EEEE5555FFFF6666").findings[0].id == "wrong-access-key-id"
    assert _answered_alike("This key is not known").findings[0].id == "wrong-secret-key"


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "10.0.0.5", "[::1]:9000", "192.168.1.10:3900/"])
def test_an_address_without_a_scheme_is_an_endpoint_without_one(endpoint: str) -> None:
    assert found(with_line(CUSTOM, f"S3_ENDPOINT={endpoint}")).keys() == {"endpoint-without-scheme"}


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "https://[::1]:9000"])
def test_an_address_with_a_scheme_is_fine(endpoint: str) -> None:
    assert "endpoint-without-scheme" not in found(with_line(CUSTOM, f"S3_ENDPOINT={endpoint}"))


def test_a_region_that_is_refused_in_other_words_is_a_region() -> None:
    assert C.stopped(400, "InvalidRegionName", "Region does not match").named == ("region-wrong-custom-endpoint",)


class _InWordsAlone:
    """A store that names the region it expects only in its message."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._inner.send(call, limits)
        return replace(answer, body=re.sub(rb"<Region>[^<]*</Region>", b"", answer.body))


def test_a_region_that_only_the_message_names_is_heard() -> None:
    report = run(FAULTS["region-wrong-custom-endpoint"].scenario(), wrap=_InWordsAlone).report
    row = report.evidence.get(ActionId.LIST)
    assert row is not None
    assert f"expecting '{row.facts[Fact.REGION]}'" in (row.message or "")
    assert report.findings[0].id == "region-wrong-custom-endpoint"


class _SaysYesToListings:
    """A 200 for every listing, with nothing of S3's in it."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._inner.send(call, limits)
        return replace(answer, body=b"OK") if call.operation == "ListObjectsV2" else answer


def test_a_200_that_holds_no_listing_is_none() -> None:
    ran = run(custom(), wrap=_SaysYesToListings)
    row = ran.report.evidence.get(ActionId.LIST)
    assert row is not None
    assert row.outcome is Outcome.WRONG
    assert ran.named == ("unexplained",)
    assert ran.left == ()


@pytest.mark.parametrize("status", [404, 405])
def test_what_does_not_know_s3s_paths_is_no_store(status: int) -> None:
    assert C.stopped(status, None, None, headers={"content-type": "application/json"}).named == (
        "console-port-instead-of-api",
    )
    assert C.stopped(404, "NoSuchBucket", "The specified bucket does not exist").named == ("nosuchbucket-typo",)


@pytest.mark.parametrize("path", ["v1", f"v1/{BUCKET}"])
def test_a_path_in_the_endpoint_is_the_fault_although_it_is_answered_as_a_missing_bucket(path: str) -> None:
    ran = run(custom().with_env("S3_ENDPOINT", f"https://{CUSTOM_HOST}/{path}"))
    finding = ran.report.findings[0]
    assert finding.id in ("endpoint-has-path-or-trailing-slash", "endpoint-contains-bucket-path-style")
    fix = finding.fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_ENDPOINT", f"https://{CUSTOM_HOST}")
    assert ran.left == ()


def test_the_bucket_in_the_path_of_the_endpoint_sends_files_below_it() -> None:
    ran = run(custom().with_env("S3_ENDPOINT", f"https://{CUSTOM_HOST}/{BUCKET}"))
    finding = ran.report.findings[0]
    assert finding.id == "endpoint-contains-bucket-path-style"
    assert ran.named == (finding.id,)
    fix = finding.fixes[0]
    assert isinstance(fix, EnvFix)
    assert fix.value == f"https://{CUSTOM_HOST}"
    assert ran.left == ()


def _without_star(scenario: Scenario) -> Scenario:
    first, *others = scenario.user.identity
    return scenario.with_user(identity=(replace(first, resources=(f"arn:aws:s3:::{BUCKET}",)), *others))


@pytest.mark.parametrize("make", [healthy, healthy_policy])
def test_rights_on_the_buckets_own_arn_are_told_where_a_policy_lets_everyone_read(make: object) -> None:
    assert callable(make)
    assert run(_without_star(make())).named[0] == "policy-bucket-arn-without-slash-star"


def test_a_key_that_may_read_and_neither_write_nor_delete_has_no_wrong_arn() -> None:
    scenario = healthy()
    first, *others = scenario.user.identity
    reads = Statement("Allow", ("s3:GetObject",), first.resources)
    named = run(scenario.with_user(identity=(reads, *others))).named
    assert "policy-bucket-arn-without-slash-star" not in named
    assert "iam-missing-putobject" in named
