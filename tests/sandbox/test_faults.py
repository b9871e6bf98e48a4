"""Every fault can be put in and served, and its deciding sign is on the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.knowledge.findings import ids
from s3probe.sandbox.faults import ALL, FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, CUSTOM_HOST, SCENARIOS, Scenario
from tests.exhaustive import part
from tests.sandbox.client import HOST, PATH, SandboxClient
from tests.sandbox.conftest import Serve

PUBLIC = {"x-amz-acl": "public-read"}
PRIVATE = {"x-amz-acl": "private"}


@pytest.mark.parametrize("fault", part(ALL, 4), ids=lambda fault: f"{fault.id} {fault.variant}".strip())
def test_every_fault_changes_its_scenario_and_can_be_served(serve: Serve, fault: Fault) -> None:
    before, after = fault.base(), fault.scenario()
    assert after != before
    assert fault.base() == before
    box = serve(after)
    if not after.world.obstacles:
        # where users live in tenants, no visitor finds the bucket by its name alone
        refused = 404 if after.world.personality.tenant else 403
        if (alone := after.world.personality.signed_only) is not None:  # visitors are served elsewhere
            refused = alone.status
        assert client(box, after).visit("HEAD", f"/{after.bucket.name}").status in (200, refused)
    assert len(box.requests) == (0 if after.world.obstacles else 1)


def test_ids_are_unique_among_the_usual_ones() -> None:
    usual = [fault.id for fault in ALL if not fault.variant]
    assert len(usual) == len(set(usual)) == len(FAULTS)


def test_every_fault_is_a_finding_the_knowledge_knows() -> None:
    assert set(FAULTS) - set(ids()) == set()


def test_hotlink_protection_spares_mastodons_own_page(serve: Serve) -> None:
    scenario = FAULTS["deny-anonymous-statement"].scenario()
    one = client(serve(scenario), scenario)
    one.call("PUT", path(scenario), body=b"x")
    assert one.visit("GET", path(scenario), {"Referer": "https://mastodon.example/@me"}).status == 200
    assert one.call("GET", path(scenario)).status == 200


def test_tls_only_is_content_with_https(serve: Serve) -> None:
    scenario = FAULTS["deny-source-ip-or-secure-transport"].scenario()
    secure = replace(client(serve(scenario), scenario), scheme="https")
    assert secure.call("PUT", path(scenario), PUBLIC, b"x").status == 200


def test_the_buckets_own_block_does_not_show_the_accounts(serve: Serve) -> None:
    scenario = FAULTS["bpa-account-level-still-on"].scenario()
    answer = client(serve(scenario), scenario).call("GET", path(scenario, "?publicAccessBlock"))
    assert answer.tag("BlockPublicAcls") == "false"


def test_a_name_aws_cannot_have(serve: Serve) -> None:
    box = serve(FAULTS["bucket-name-invalid"].scenario())
    answer = SandboxClient(box, "s3.eu-west-2.amazonaws.com").call("PUT", "/Files_Example/x", body=b"x")
    assert answer.brief == (400, "InvalidBucketName")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_healthy_scenario_takes_mastodons_upload_and_shows_it(serve: Serve, name: str) -> None:
    scenario = SCENARIOS[name]()
    box = serve(scenario)
    acl = PUBLIC if scenario.raw_env("S3_PERMISSION") is None else {}
    assert client(box, scenario).call("PUT", path(scenario), acl, b"x").status == 200
    # where nobody reads without keys at the API, the provider's public host shows it
    assert scenario.world.personality.signed_only or client(box, scenario).visit("GET", path(scenario)).body == b"x"
    assert client(box, scenario).visit("GET", path(scenario, "")).status in (400, 403) or name == "backblaze-b2"


def client(box: Sandbox, scenario: Scenario) -> SandboxClient:
    suffix = ".cn" if scenario.bucket.region.startswith("cn-") else ""
    amazon = f"s3.{scenario.bucket.region}.amazonaws.com{suffix}"
    host = amazon if scenario.world.amazon else scenario.world.endpoints[0].base
    user = scenario.user
    return SandboxClient(box, host, scenario.bucket.region, user.access_key, user.secret)


def path(scenario: Scenario, key: str = PATH) -> str:
    return f"/{scenario.bucket.name}{key}"


@pytest.mark.parametrize(
    ("fault_id", "headers", "expected"),
    [
        ("acl-disabled-bucket-owner-enforced", PUBLIC, (400, "AccessControlListNotSupported")),
        ("permission-private-with-acl-disabled", PRIVATE, (400, "AccessControlListNotSupported")),
        ("bpa-blocks-public-acl", PUBLIC, (403, "AccessDenied")),
        ("bpa-account-level-still-on", PUBLIC, (403, "AccessDenied")),
        ("iam-missing-putobjectacl", PRIVATE, (403, "AccessDenied")),
        ("iam-missing-putobject", {}, (403, "AccessDenied")),
        ("policy-bucket-arn-without-slash-star", {}, (403, "AccessDenied")),
        ("explicit-deny-policy", {}, (403, "AccessDenied")),
        ("deny-source-ip-or-secure-transport", {}, (403, "AccessDenied")),  # the tests' client speaks http
        ("vpc-endpoint-policy-blocks", {}, (403, "AccessDenied")),
        ("kms-key-not-allowed", {}, (403, "AccessDenied")),
        ("bucket-owned-by-other-account", {}, (403, "AccessDenied")),
        ("key-disabled-or-account-suspended", {}, (403, "AccountProblem")),
        ("temporary-credentials-without-token", {}, (403, "InvalidAccessKeyId")),
        ("clock-skew", {}, (403, "RequestTimeTooSkewed")),
        ("acl-not-implemented-r2", PUBLIC, (501, "NotImplemented")),
        ("acl-must-match-bucket-b2", PRIVATE, (400, "InvalidArgument")),
        ("b2-archive-private-acl", PRIVATE, (400, "InvalidArgument")),
        ("acl-uniform-gcs", PUBLIC, (400, "InvalidArgument")),
        ("checksum-header-unsupported", {"x-amz-checksum-crc32": "jNwWgw=="}, (400, "InvalidArgument")),
        ("permission-value-invalid", {"x-amz-acl": "none"}, (400, "InvalidArgument")),
        ("rate-limited-503-slowdown", {}, (503, "SlowDown")),
        ("quota-or-cap-exceeded", {}, (403, "QuotaExceeded")),
        ("storage-class-invalid", {"x-amz-storage-class": "STANDARD_IA"}, (400, "InvalidStorageClass")),
    ],
)
def test_what_an_upload_meets(serve: Serve, fault_id: str, headers: dict[str, str], expected: tuple[int, str]) -> None:
    scenario = FAULTS[fault_id].scenario()
    answer = client(serve(scenario), scenario).call("PUT", path(scenario), headers, b"x")
    assert answer.brief == expected


@pytest.mark.parametrize(
    ("fault_id", "headers", "expected"),
    [
        ("bpa-ignores-public-acls", PUBLIC, (403, "AccessDenied")),
        ("bpa-blocks-public-policy", {}, (403, "AccessDenied")),
        ("public-policy-missing", {}, (403, "AccessDenied")),
        ("permission-private-no-public-policy", PRIVATE, (403, "AccessDenied")),
        ("kms-objects-not-anonymously-readable", PUBLIC, (400, "InvalidArgument")),
        ("authenticated-read-acl", {"x-amz-acl": "authenticated-read"}, (403, "AccessDenied")),
        ("deny-anonymous-statement", {}, (403, "AccessDenied")),
        ("requester-pays", PUBLIC, (403, "AccessDenied")),
        ("acl-header-silently-ignored", PUBLIC, (403, "AccessDenied")),
        ("storage-class-glacier", {**PUBLIC, "x-amz-storage-class": "GLACIER"}, (403, "InvalidObjectState")),
    ],
)
def test_what_a_visitor_meets(serve: Serve, fault_id: str, headers: dict[str, str], expected: tuple[int, str]) -> None:
    scenario = FAULTS[fault_id].scenario()
    box = serve(scenario)
    assert client(box, scenario).call("PUT", path(scenario), headers, b"x").status == 200
    assert client(box, scenario).visit("GET", path(scenario)).brief == expected


def test_archives_are_open_under_the_docs_policy(serve: Serve) -> None:
    archive = "/backups/dumps/1/original/archive.zip"
    for scenario, status in (
        (SCENARIOS["healthy-policy"](), 403),
        (FAULTS["archive-dumps-world-readable"].scenario(), 200),
    ):
        box = serve(scenario)
        client(box, scenario).call("PUT", path(scenario, archive), body=b"x")
        assert client(box, scenario).visit("GET", path(scenario, archive)).status == status


def test_a_bucket_in_the_endpoint_doubles_the_path(serve: Serve) -> None:
    scenario = FAULTS["endpoint-contains-bucket-path-style"].scenario()
    box = serve(scenario)
    doubled = SandboxClient(box, f"{BUCKET}.{CUSTOM_HOST}", "nl-ams")
    assert doubled.call("PUT", path(scenario), body=b"x").status == 200
    assert doubled.call("GET", f"/{BUCKET}?list-type=2").brief == (404, "NoSuchKey")
    assert box.keys(BUCKET)[0].startswith(f"{BUCKET}/media_attachments/")


def test_provider_quirks_of_reading_and_deleting(serve: Serve) -> None:
    def asked(fault_id: str, method: str, query: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
        scenario = FAULTS[fault_id].scenario()
        one = client(serve(scenario), scenario)
        one.call("PUT", path(scenario), body=b"hello")
        answer = one.call(method, path(scenario) + query, headers)
        return answer.status, answer.body.decode()

    assert asked("partnumber-head-unsupported", "HEAD", "?partNumber=1") == (501, "")
    assert asked("partnumber-head-unsupported", "HEAD") == (200, "")
    assert asked("range-ignored-by-cache", "GET", headers={"range": "bytes=0-1"}) == (200, "hello")


def test_throttling_now_and_then_hits_every_second_upload(serve: Serve) -> None:
    scenario = next(f for f in ALL if f.variant == "now and then").scenario()
    one = client(serve(scenario), scenario)
    assert [one.call("PUT", path(scenario), body=b"x").status for _ in range(4)] == [200, 503, 200, 503]


def test_wrong_endpoint_region_without_a_hint(serve: Serve) -> None:
    scenario = next(f for f in ALL if f.variant == "no hint").scenario()
    answer = SandboxClient(serve(scenario), CUSTOM_HOST, "us-east-1").call("GET", f"/{BUCKET}")
    assert (*answer.brief, answer.tag("Region")) == (403, "SignatureDoesNotMatch", "")


def test_the_healthy_host_is_the_one_the_tests_use() -> None:
    assert HOST.startswith(BUCKET)
