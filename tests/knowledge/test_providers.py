"""Providers are hints: the right one by its name or its answer, the generic one for all others."""

from __future__ import annotations

import re
import time

from s3probe.knowledge.providers import (
    MESSAGE,
    ObjectAcl,
    PolicySupport,
    candidate_regions,
    detect,
    provider,
    providers,
)
from tests.every import every


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


def test_all_33_providers_are_complete() -> None:
    assert len(providers()) == 33
    for p in providers().values():
        assert all((p.name, p.acl_answer, p.public_read, p.keep_listing_off)), p.id
        assert p.settings, p.id
        assert all(re.fullmatch(r"(S3|AWS)_[A-Z_]+", name) for name in p.settings), p.id
        assert set(p.console) <= {"region", "key", "policy", "public_read", "listing", "cors"}, p.id
        for pattern in (*p.hosts, *p.host_hints, *p.region_hosts, *(sign.partition(": ")[2] for sign in p.answers)):
            re.compile(pattern)
        assert all(re.compile(pattern).groups == 1 for pattern in p.region_hosts), p.id


def test_acls_are_known_as_facts_a_program_can_use() -> None:
    assert provider("aws-s3").object_acl is ObjectAcl.OPTIONAL
    assert provider("minio").object_acl is ObjectAcl.IGNORED
    assert provider("cloudflare-r2").object_acl is ObjectAcl.NO
    assert provider("cloudflare-r2").bucket_policy is PolicySupport.NO
    assert provider("unknown").object_acl is ObjectAcl.UNKNOWN


def test_the_first_look_is_quick() -> None:
    providers.cache_clear()
    started = time.thread_time()
    detect("s3.example.org", named({"Server": "nginx"}))
    assert time.thread_time() - started < 0.1  # 7 ms on a slow machine; the bound only catches an accident
