"""Providers are hints: the right one by its name or its answer, the generic one for all others."""

from __future__ import annotations

import dataclasses
import re
import time
import tomllib
from importlib import resources

from s3probe.knowledge.providers import ObjectAcl, PolicySupport, Provider, detect, provider, providers
from s3probe.knowledge.recognition import MESSAGE, Recognition, _end_of, recognitions
from s3probe.knowledge.regions import candidate_regions
from tests.every import every
from tests.knowledge.provider_hosts import HOSTS


def named(headers: dict[str, str]) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers.items()]


@every(
    "host, expected",
    [
        ("files-example.s3.eu-west-2.amazonaws.com", "aws-s3"),
        ("s3.amazonaws.com", "aws-s3"),
        ("s3-eu-west-1.amazonaws.com", "aws-s3"),
        ("s3.cn-north-1.amazonaws.com.cn", "aws-s3"),
        ("d111111abcdef8.cloudfront.net", "aws-cloudfront"),
        ("0123abcd.r2.cloudflarestorage.com", "cloudflare-r2"),
        ("0123abcd.eu.r2.cloudflarestorage.com", "cloudflare-r2"),
        ("s3.eu-central-003.backblazeb2.com", "backblaze-b2"),
        ("f003.backblazeb2.com", "backblaze-b2"),
        ("s3.eu-central-1.wasabisys.com", "wasabi"),
        ("s3.wasabisys.com", "wasabi"),
        ("ams3.digitaloceanspaces.com", "digitalocean-spaces"),
        ("files.ams3.cdn.digitaloceanspaces.com", "digitalocean-spaces"),
        ("s3.nl-ams.scw.cloud", "scaleway"),
        ("s3.gra.io.cloud.ovh.net", "ovhcloud"),
        ("s3.gra.perf.cloud.ovh.net", "ovhcloud"),
        ("fsn1.your-objectstorage.com", "hetzner"),
        ("sos-ch-dk-2.exo.io", "exoscale"),
        ("us-east-1.linodeobjects.com", "linode"),
        ("ewr1.vultrobjects.com", "vultr"),
        ("eu2.contabostorage.com", "contabo"),
        ("l4g4.ch11.idrivee2-2.com", "idrive-e2"),
        ("gateway.storjshare.io", "storj"),
        ("storage.googleapis.com", "gcs"),
        ("cos.ap-hongkong.myqcloud.com", "tencent-cos"),
        ("s3.oss-cn-hangzhou.aliyuncs.com", "alibaba-oss"),
        ("s3-eu-central-1.ionoscloud.com", "ionos"),
        ("t3.storage.dev", "tigris"),
        ("objects-us-east-1.dream.io", "dreamhost"),
        ("s3.pub1.infomaniak.cloud", "infomaniak"),
        ("oos.eu-west-2.outscale.com", "outscale"),
        ("minio:9000", "minio"),
        ("s3.garage.example", "garage"),
        ("10.0.0.5:8333", "seaweedfs"),
        ("rgw.example.net", "ceph-radosgw"),
        ("swift.example.net", "swift-s3api"),
        ("rustfs.lan", "rustfs"),
        ("10.0.0.5:7070", "versitygw"),
        ("https://S3.FR-PAR.SCW.CLOUD:443/bucket", "scaleway"),
    ],
)
def test_a_providers_host_name_is_known(host: str, expected: str) -> None:
    assert detect(host).id == expected


@every(
    "host",
    [
        "s3.example.org",
        "",
        "127.0.0.1:5000",
        "amazonaws.com.example.org",
        "minimal.example",
        "argwave.net",
        "files.dev",
    ],
)
def test_an_unknown_host_is_the_generic_provider(host: str) -> None:
    assert detect(host, named({"Server": "nginx", "Content-Type": "text/html"})).id == "unknown"


@every(
    "headers, expected",
    [
        ({"Server": "AmazonS3", "x-amz-id-2": "abc="}, "aws-s3"),
        ({"Server": "AmazonS3", "X-Amz-Cf-Id": "abc=="}, "aws-cloudfront"),
        ({"Server": "MinIO", "x-amz-id-2": "dd9025bab4ad464b"}, "minio"),
        ({"server": "MinIO/RELEASE.2024-01-01T00-00-00Z"}, "minio"),
        ({MESSAGE: "Forbidden: Garage does not support anonymous access yet"}, "garage"),
        ({"Server": "SeaweedFS 3.80"}, "seaweedfs"),
        ({"Server": "RustFS"}, "rustfs"),
        ({"Server": "VERSITYGW"}, "versitygw"),
        ({"Server": "WasabiS3/7.21"}, "wasabi"),
        ({"Server": "UploadServer"}, "gcs"),
        ({"x-goog-hash": "crc32c=AAAAAA=="}, "gcs"),
        ({"x-amz-request-id": "tx00000000000000000045f-0058ff4cf1-1101-default"}, "ceph-radosgw"),
        ({"X-Rgw-Object-Type": "Normal"}, "ceph-radosgw"),
        ({"x-trans-id": "tx4a1b", "x-amz-request-id": "tx00000000000000000045f-0058ff4cf1"}, "swift-s3api"),
        ({"x-oss-request-id": "5C"}, "alibaba-oss"),
    ],
)
def test_an_answer_tells_a_store_under_a_host_of_its_own(headers: dict[str, str], expected: str) -> None:
    assert detect("s3.example.org", named(headers)).id == expected


def test_an_answer_counts_more_than_a_usual_port() -> None:
    assert detect("10.0.0.5:9000", named({"Server": "RustFS"})).id == "rustfs"


def test_a_providers_own_host_counts_more_than_what_its_software_says() -> None:
    request_id = {"x-amz-request-id": "tx00000000000000000045f-0058ff4cf1-1101-fsn1"}
    assert detect("fsn1.your-objectstorage.com", named(request_id)).id == "hetzner"


def test_cloudflare_in_front_of_a_store_does_not_make_it_r2() -> None:
    assert detect("s3.example.org", named({"Server": "cloudflare", "CF-RAY": "8a-AMS"})).id == "unknown"


@every(
    "host, region",
    [
        ("s3.nl-ams.scw.cloud", "nl-ams"),
        ("s3.eu-central-003.backblazeb2.com", "eu-central-003"),
        ("s3.eu-central-1.wasabisys.com", "eu-central-1"),
        ("ams3.digitaloceanspaces.com", "ams3"),
        ("s3.eu-west-par.io.cloud.ovh.net", "eu-west-par"),
        ("hel1.your-objectstorage.com", "hel1"),
        ("sos-ch-gva-2.exo.io", "ch-gva-2"),
        ("us-southeast-1.linodeobjects.com", "us-southeast-1"),
        ("ewr1.vultrobjects.com", "ewr1"),
        ("s3.oss-eu-central-1.aliyuncs.com", "oss-eu-central-1"),
        ("oss-cn-hangzhou-internal.aliyuncs.com", "oss-cn-hangzhou"),
        ("cos.ap-hongkong.myqcloud.com", "ap-hongkong"),
        ("files.s3.eu-west-2.amazonaws.com", "eu-west-2"),
        ("s3.dualstack.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
        ("s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("s3.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        ("oos.eu-west-2.outscale.com", "eu-west-2"),
        ("0123abcd.r2.cloudflarestorage.com", "auto"),
        ("gateway.storjshare.io", "global"),
        ("eu2.contabostorage.com", "default"),
        ("garage.example.org", "garage"),
    ],
)
def test_the_region_in_the_host_name_is_tried_before_all_others(host: str, region: str) -> None:
    assert candidate_regions(detect(host), host, "eu")[0] == region


def test_the_global_host_of_aws_names_no_region() -> None:
    regions = candidate_regions(provider("aws-s3"), "files.s3.amazonaws.com", "eu-west-1")
    assert "amazonaws" not in regions
    assert regions[0] == "us-east-1"


def test_the_configured_region_is_not_tried_again() -> None:
    host = "s3.nl-ams.scw.cloud"
    assert candidate_regions(detect(host), host, "nl-ams") == (
        *("fr-par", "pl-waw"),
        *("us-east-1", "auto", "garage", "default"),
    )


def test_a_region_in_capitals_is_tried_in_lower_case() -> None:
    host = "s3.gra.io.cloud.ovh.net"
    assert candidate_regions(detect(host), host, "RBX")[:2] == ("gra", "rbx")


def test_an_unknown_store_gets_the_usual_regions_once_each() -> None:
    assert candidate_regions(provider("unknown"), "s3.example.org", "auto") == ("us-east-1", "garage", "default")


@every("host, expected, region", HOSTS)
def test_every_provider_is_known_by_every_form_of_its_hosts(host: str, expected: str, region: str | None) -> None:
    known = detect(host)
    assert known.id == expected
    if region is not None:
        assert candidate_regions(known, host, "nowhere")[0] == region


def test_no_host_is_claimed_by_two_providers() -> None:
    known = [one for one in recognitions().values() if one.id != "linode"]  # whose pattern is the wider one
    for host, expected, _region in HOSTS:
        claimed = [one.id for one in known if any(re.search(pattern, host) for pattern in one.hosts)]
        assert claimed == [expected] or expected == "linode", host


@every(
    "host",
    ["s3.example.org", "eu-central-1.example.net", "obs.example.com", "storage.example.eu", "s3.sto1.example.net"],
)
def test_a_host_that_only_looks_like_one_is_nobodys(host: str) -> None:
    assert detect(host).id == "unknown"


FORMER = 34
"""How many there were before November 2026: Linode's newer endpoints are of their own since."""
SERVERS = ("rclone", "minio", "garage", "seaweedfs", "swift-s3api", "ceph-radosgw", "rustfs", "versitygw", "s3proxy")


def test_all_providers_are_complete() -> None:
    assert len(recognitions()) == FORMER + 38
    for p in providers().values():
        assert all((p.name, p.acl_answer, p.public_read, p.keep_listing_off)), p.id
        assert p.settings, p.id
        assert all(re.fullmatch(r"(S3|AWS)_[A-Z_]+", name) for name in p.settings), p.id
        assert set(p.console) <= {"region", "key", "policy", "public_read", "listing", "cors", "archives"}, p.id


def test_every_provider_says_where_its_facts_are_from_and_when_that_was_read() -> None:
    fields = {field.name for field in dataclasses.fields(Provider)} | {"listing", "region", "hosts"}
    for p in providers().values():
        assert set(p.inferred) <= fields, p.id
        assert p.id in (*SERVERS, "unknown") or p.sources, p.id
        assert all(re.search(r"\b20\d\d", source) for source in p.sources), p.id


def test_patterns_are_patterns() -> None:
    for known in recognitions().values():
        for pattern in (*known.hosts, *known.host_hints, *(sign.partition(": ")[2] for sign in known.answers)):
            re.compile(pattern)
        assert all(re.compile(pattern).groups == 1 for pattern in known.region_hosts), known.id


def test_the_two_files_name_the_same_providers() -> None:
    """One is read at every start, the other by the section that is asked for."""
    folder = resources.files("s3probe.knowledge")
    facts, known = (
        tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in ("providers.toml", "recognition.toml")
    )
    assert set(facts) == set(known)
    for name, section in facts.items():
        assert not set(section) & {field.name for field in dataclasses.fields(Recognition)}, name
        assert dict(provider(name).settings) == section["settings"]


@every("pattern, host", [(p, host) for known in recognitions().values() for p in known.hosts for host, *_ in HOSTS])
def test_a_pattern_fits_no_host_without_what_it_ends_with(pattern: str, host: str) -> None:
    assert host.endswith(_end_of(pattern)) or not re.search(pattern, host)


@every(
    "host, region",
    [
        ("eu-central-2.storage.another.example.net", "eu-central-2"),
        ("eu-001.s3.another.example.net", "eu-001"),
        ("obs.eu-west-101.another.example.eu", "eu-west-101"),
        ("ns.compat.objectstorage.us-phoenix-1.another.example.com", "us-phoenix-1"),
        ("s3-eu-west-3.example.net", "eu-west-3"),
    ],
)
def test_what_looks_like_a_region_is_tried_before_all_else(host: str, region: str) -> None:
    assert candidate_regions(detect(host), host, "us-east-1")[0] == region


@every("host, region", [("s3.sto1.example.net", "sto1"), ("s3.anything.example.net", "anything")])
def test_other_labels_come_behind_what_is_usual_there(host: str, region: str) -> None:
    assert candidate_regions(detect(host), host, "us-east-1")[0] == region
    assert candidate_regions(provider("leviia"), host, "x")[0] == "us-east-1"


@every(
    "message, region",
    [
        (
            "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-north-7'",
            "eu-north-7",
        ),
        ("Region is de-fra; us-east-1 is not valid", "de-fra"),
        ('Invalid region "us-west-9"', "us-west-9"),
        ("signed for the wrong bucket 'eu-west-1'", ""),
    ],
)
def test_a_region_that_the_refusal_names_is_tried(message: str, region: str) -> None:
    found = candidate_regions(provider("unknown"), "s3.example.net", "us-east-1", message)
    assert found[0] == (region or "auto")


def test_the_domain_itself_is_no_region() -> None:
    assert "fsn1" not in candidate_regions(provider("unknown"), "s3.fsn1.de", "us-east-1")


def test_acls_are_known_as_facts_a_program_can_use() -> None:
    assert provider("aws-s3").object_acl is ObjectAcl.OPTIONAL
    assert provider("minio").object_acl is ObjectAcl.IGNORED
    assert provider("cloudflare-r2").object_acl is ObjectAcl.NO
    assert provider("cloudflare-r2").bucket_policy is PolicySupport.NO
    assert provider("unknown").object_acl is ObjectAcl.UNKNOWN


def test_the_first_look_is_quick() -> None:
    recognitions.cache_clear()
    provider.cache_clear()
    started = time.thread_time()
    detect("s3.example.org", named({"Server": "nginx"}))
    assert time.thread_time() - started < 0.1  # 7 ms on a slow machine; the bound only catches an accident


@every("written", ["{}.", "{}:443", "https://{}/", "HTTPS://FILES.{}:8443/x", "my-bucket.{}."])
def test_a_host_is_known_however_it_is_written(written: str) -> None:
    other = {host for host, expected, _ in HOSTS if detect(written.format(host)).id != expected}
    assert other == set()


@every(
    "host, region",
    [
        ("s3.eu-central-1.nobody.example", "eu-central-1"),
        ("eu-central-2.storage.nobody.example", "eu-central-2"),
        ("ns.compat.objectstorage.us-phoenix-1.cloud.nobody.example", "us-phoenix-1"),
        ("de.s3.nobody.example", "de"),
        ("eu-central-1-s3.nobody.example", "eu-central-1"),
        ("fra1-objects.nobody.example", "fra1"),
        ("syd-s3.storage.nobody.example", "syd"),
        ("s3-zh1.nobody.example", "zh1"),
    ],
)
def test_a_region_is_read_from_every_place_in_a_name_that_nobody_knows(host: str, region: str) -> None:
    found = candidate_regions(detect(host), host, "us-west-7")
    assert region in found[:3]
    assert {"us-east-1"} <= {*found[:6]}


def test_a_name_without_a_region_gives_none() -> None:
    assert candidate_regions(detect("media.nobody.example"), "media.nobody.example", "us-east-1") == (
        "auto", "garage", "default",
    )  # fmt: skip
