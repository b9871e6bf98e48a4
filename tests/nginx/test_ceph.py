"""Mastodon's guide before a real S3 server: Ceph's gateway, which enforces ACLs and policies by itself."""

from __future__ import annotations

import socket
from io import BytesIO
from pathlib import Path

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.evidence.vocabulary import ActionId
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.lab.ceph import Ceph
from tests.lab.running import BUCKET
from tests.nginx.guide import Block, guide
from tests.nginx.server import LOOPBACK, MISSING, NGINX, running
from tests.nginx.world import certified

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason=MISSING),
    # a cluster takes ten seconds to start
    pytest.mark.neighbours("ceph"),
]

ALIAS = "files.example.com"


def block(server: Ceph) -> Block:
    """The guide's block for a gateway without host names per bucket: the bucket stands in the path."""
    host = server.endpoint.partition("://")[2]
    lines = f"proxy_set_header Host {host}; proxy_pass {server.endpoint}/{BUCKET}$uri;"
    return guide(BUCKET, host).with_lines(lines)


def environment(server: Ceph) -> str:
    key = server.key()
    return (
        f"LOCAL_DOMAIN=mastodon.example\nS3_ENABLED=true\nS3_BUCKET={BUCKET}\nS3_REGION={server.region}\n"
        f"S3_ENDPOINT={server.endpoint}\nS3_HOSTNAME={server.endpoint.partition('://')[2]}\nS3_ALIAS_HOST={ALIAS}\n"
        f"AWS_ACCESS_KEY_ID={key.id}\nAWS_SECRET_ACCESS_KEY={key.secret}\n"
    )


def examined(server: Ceph, folder: Path, lines: Block) -> Report:
    trusted, pem = certified(folder, "right")
    with running(folder, ALIAS, lines.text(), {}, pem) as (secure, plain):

        def resolve(host: str, port: int) -> tuple[str, int]:
            if host == ALIAS:
                return LOOPBACK, secure if port == 443 else plain
            if host == LOOPBACK:
                return host, port
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        transport = HttpTransport(ca_file=str(trusted), proxy=None, resolver=resolve)
        settings = interpret(load("-", stdin=BytesIO(environment(server).encode())))
        try:
            return check(settings, ProbeOptions(deadline=20, trials=False), Tools(transport)).report
        finally:
            transport.close()


def _named(report: Report) -> list[str]:
    return [f.id for f in report.findings if f.severity is not Severity.NOTICE]


def test_ceph_behind_the_guide_is_healthy(ceph: Ceph, tmp_path: Path) -> None:
    report = examined(ceph, tmp_path, block(ceph))
    assert _named(report) == [], [(f.id, f.how_known) for f in report.findings]
    suspended = report.evidence.get(ActionId.SUSPENDED_PUBLIC_GET)
    assert suspended is not None
    assert suspended.ok


@pytest.mark.parametrize(
    ("finding_id", "text", "drop"),
    [
        ("proxy-drops-bucket-name", "proxy_pass {endpoint}$uri;", ""),
        ("proxy-caches-errors", "proxy_cache_valid any 10m;", ""),
        ("cors-missing", "", "add_header 'Access-Control-Allow-Origin'"),
        ("range-requests-broken-for-viewers", "proxy_cache off; proxy_set_header Range '';", ""),
    ],
)
def test_a_mistake_before_ceph_is_named_alone(
    ceph: Ceph, tmp_path: Path, finding_id: str, text: str, drop: str
) -> None:
    wrong = block(ceph).with_lines(text.format(endpoint=ceph.endpoint))
    report = examined(ceph, tmp_path, wrong.without(drop) if drop else wrong)
    assert _named(report) == [finding_id], [(f.id, f.how_known) for f in report.findings]


def test_a_query_that_reaches_ceph_is_noticed(ceph: Ceph, tmp_path: Path) -> None:
    passing = block(ceph).with_lines(f"proxy_pass {ceph.endpoint}/{BUCKET}$request_uri;")
    report = examined(ceph, tmp_path, passing)
    assert "proxy-passes-query-string" in [f.id for f in report.findings]


def test_an_open_listing_shows_through_ceph_itself(ceph: Ceph, tmp_path: Path) -> None:
    ceph.client().put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    try:
        report = examined(ceph, tmp_path, block(ceph))
    finally:
        ceph.client().put_bucket_acl(Bucket=BUCKET, ACL="private")
    assert _named(report) == ["bucket-listable-acl"], [(f.id, f.how_known) for f in report.findings]
