"""The way to the bucket, with the real programs: what stands before the API, what listens beside it, what names it."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest

from s3probe.diagnosis.model import EnvFix, Finding, ServerFix
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.exhaustive import part
from tests.nginx.server import MISSING, NGINX, running
from tests.nginx.world import certified
from tests.real.servers import BUCKET, LOOPBACK, RealServer

SERVERS = ("garage", "minio", "versity")
# one worker starts each, once
EACH = [pytest.param(name, marks=pytest.mark.neighbours(name)) for name in SERVERS]
HOST = "s3.real.example"
OWN = "the-way-to-it"
PORT = 8443
"""Not 443: then nginx's ``$host`` is another name than the one that was signed."""
API = f"https://{HOST}:{PORT}"
PASSED_ON = "location / {{ proxy_pass {api}; proxy_set_header Host $http_host; client_max_body_size 0; }}"
WAY = ("list",)
"""What is asked where the way alone is of interest: uploads are left out."""
needs_nginx = pytest.mark.skipif(NGINX is None, reason=MISSING)


def examined(
    server: RealServer,
    folder: Path,
    block: str = "",
    only: tuple[str, ...] = (),
    *,
    deletes: bool = True,
    **lines: str | None,
) -> Report:
    """The report on ``server``: through nginx with ``block`` at ``HOST``, or straight.

    Nothing is left there; where the block lets nothing be deleted (``deletes``), that is done here.
    """
    port, trusted = server.port, None
    with ExitStack() as stack:
        if block:
            place = folder / f"nginx-{len(list(folder.iterdir()))}"
            place.mkdir()
            ca, pem = certified(place, "right", HOST)
            trusted = str(ca)
            port, _plain = stack.enter_context(running(place, HOST, block.format(api=server.endpoint), {}, pem))
            lines = {"S3_ENDPOINT": API, **lines}

        def resolve(host: str, asked: int) -> tuple[str, int]:
            if host == HOST or host.endswith(f".{HOST}"):
                return LOOPBACK, port if asked == PORT else asked
            if host == LOOPBACK:
                return host, asked
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        transport = HttpTransport(ca_file=trusted, proxy=None, resolver=resolve)
        stack.callback(transport.close)
        bucket = bucket_at(server)
        own = {"LOCAL_DOMAIN": None, "S3_BUCKET": bucket, "S3_HOSTNAME": f"{LOOPBACK}:{server.port}"}
        text = server.environment(**{**own, **lines})
        settings = interpret(load("-", stdin=BytesIO(text.encode())))
        options = ProbeOptions(deadline=20, trials=False, only=only)
        report = check(settings, options, Tools(transport)).report
    client = server.client()
    if not deletes:
        for stored in client.list_objects_v2(Bucket=bucket)["Contents"]:
            client.delete_object(Bucket=bucket, Key=stored["Key"])
    else:
        assert report.evidence.cleanup.left_behind == ()
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    return report


def bucket_at(server: RealServer) -> str:
    """A bucket that no other test touches; at Garage, where a bucket is of no use without its key, that of all."""
    if server.name == "garage":
        return BUCKET
    client = server.client()
    if OWN not in [one["Name"] for one in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=OWN)
    return OWN


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RealServer:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, RealServer)
    return found


def wrong(server: RealServer) -> str:
    return f"x{server.key().secret[1:]}"


REWRITES = {
    "nginx's default": "location / {{ proxy_pass {api}; }}",
    "without the port": "location / {{ proxy_pass {api}; proxy_set_header Host $host; }}",
    "another name": "location / {{ proxy_pass {api}; proxy_set_header Host minio.example; }}",
}


@needs_nginx
@pytest.mark.parametrize("server", EACH, indirect=True)
@pytest.mark.parametrize("how", part(tuple(REWRITES), 1))
def test_a_host_that_a_proxy_changes_is_no_wrong_secret(server: RealServer, tmp_path: Path, how: str) -> None:
    found = examined(server, tmp_path, REWRITES[how], WAY).findings[0]
    assert (found.id, found.certainty.value) == ("proxy-rewrites-host-before-s3", "certain"), found.how_known
    fix = found.fixes[0]
    assert isinstance(fix, ServerFix)
    fixed = examined(server, tmp_path, f"location / {{{{ proxy_pass {{api}}; {fix.value} }}}}", WAY)
    assert found.id not in {one.id for one in fixed.findings}
    assert fixed.evidence.get(ActionId.LIST).ok  # type: ignore[union-attr]  # it was asked


@needs_nginx
@pytest.mark.parametrize("server", EACH, indirect=True)
def test_a_path_that_a_proxy_takes_away_is_told(server: RealServer, tmp_path: Path) -> None:
    block = "location /s3/ {{ proxy_pass {api}/; proxy_set_header Host $http_host; }}"
    found = examined(server, tmp_path, block, WAY, S3_ENDPOINT=f"{API}/s3").findings[0]
    assert found.id == "proxy-rewrites-host-before-s3"
    assert "/s3" in str(found.fixes[0])


@needs_nginx
@pytest.mark.parametrize("server", EACH, indirect=True)
def test_a_query_that_a_proxy_drops_is_one_cause(server: RealServer, tmp_path: Path) -> None:
    report = examined(server, tmp_path, PASSED_ON.replace("{api}", "{api}$uri"))
    assert _failures(report)[0] == "proxy-rewrites-host-before-s3"
    assert "without a query" in report.findings[0].how_known
    not_beside = {"multipart-denied", "delete-objects-unsupported", "proxy-caches-s3-api", "unexplained"}
    assert not_beside.isdisjoint({one.id for one in report.findings})


@needs_nginx
@pytest.mark.parametrize("server", EACH, indirect=True)
@pytest.mark.parametrize("block", [PASSED_ON, REWRITES["nginx's default"]], ids=["passed on", "changed as well"])
def test_a_wrong_secret_is_one_behind_a_proxy_too(server: RealServer, tmp_path: Path, block: str) -> None:
    if server.name == "versitygw" and block != PASSED_ON:
        return  # it shows what it computed the signature for, so that the host is told first
    found = examined(server, tmp_path, block, WAY, AWS_SECRET_ACCESS_KEY=wrong(server)).findings[0]
    assert (found.id, found.certainty.value) == ("wrong-secret-key", "certain"), found.how_known


@needs_nginx
@pytest.mark.neighbours("minio")
def test_a_limit_for_large_uploads_is_seen_without_one(minio: RealServer, tmp_path: Path) -> None:
    usual = PASSED_ON.replace(" client_max_body_size 0;", "")
    limited = _named(examined(minio, tmp_path, usual), "proxy-body-limit-413")
    assert isinstance(limited.fixes[0], ServerFix)
    assert limited.fixes[0].value == "client_max_body_size 0;"
    assert "proxy-body-limit-413" not in {one.id for one in examined(minio, tmp_path, PASSED_ON).findings}


@needs_nginx
@pytest.mark.neighbours("garage")
@pytest.mark.parametrize("methods", ["GET", "GET PUT POST", "GET PUT DELETE"])
def test_a_proxy_that_lets_some_methods_pass_is_told_from_the_store(
    garage: RealServer, tmp_path: Path, methods: str
) -> None:
    block = PASSED_ON.replace("proxy_pass", f"limit_except {methods} {{{{ deny all; }}}} proxy_pass")
    found = _named(examined(garage, tmp_path, block, deletes=methods != "GET PUT POST"), "proxy-refuses-uploads")
    assert isinstance(found.fixes[0], ServerFix)
    allowed = found.fixes[0].value.replace("{", "{{").replace("}", "}}")
    after = examined(garage, tmp_path, PASSED_ON.replace("proxy_pass", f"{allowed} proxy_pass"))
    not_beside = {"unexplained", "mpu-parts-pile-up", "multipart-denied", "delete-objects-unsupported"}
    assert {one.id for one in after.findings}.isdisjoint({found.id, *not_beside})


@needs_nginx
@pytest.mark.parametrize("server", EACH, indirect=True)
def test_a_media_host_as_endpoint_drops_the_signature(server: RealServer, tmp_path: Path) -> None:
    block = (
        "location / {{ limit_except GET {{ deny all; }} proxy_set_header Authorization ''; "
        f"proxy_pass {{api}}/{bucket_at(server)}$uri; }}}}"
    )
    report = examined(server, tmp_path, block)
    assert _failures(report) == ["endpoint-is-cdn-or-public-host"]


BESIDE = [
    pytest.param("minio", 0, "the console of MinIO", marks=pytest.mark.neighbours("minio")),
    pytest.param("garage", 1, "the web port of Garage", marks=pytest.mark.neighbours("garage")),
    pytest.param("garage", 2, "the admin port of Garage", marks=pytest.mark.neighbours("garage")),
]


@pytest.mark.parametrize(("server", "place", "what"), BESIDE, indirect=["server"])
def test_another_port_of_the_server_leads_to_the_right_one(
    server: RealServer, tmp_path: Path, place: int, what: str
) -> None:
    report = examined(server, tmp_path, S3_ENDPOINT=f"http://{LOOPBACK}:{server.others[place]}", S3_HOSTNAME=None)
    found = _named(report, "console-port-instead-of-api")
    assert what.partition(" ")[2] in found.how_known
    assert isinstance(found.fixes[0], EnvFix)
    assert found.fixes[0].value == server.endpoint
    assert "unexplained" not in {one.id for one in report.findings}


@pytest.mark.parametrize("server", EACH, indirect=True)
def test_without_virtual_hosts_the_bucket_belongs_into_the_path(server: RealServer, tmp_path: Path) -> None:
    endpoint = f"http://{HOST}:{server.port}"
    report = examined(server, tmp_path, S3_ENDPOINT=endpoint, S3_OVERRIDE_PATH_STYLE="true")
    assert _failures(report)[0] == "path-style-switch-inverted"
    assert report.evidence.get(Experiment.PATH_STYLE).ok  # type: ignore[union-attr]  # it was asked
    assert {"unexplained", "iam-missing-putobject"}.isdisjoint({one.id for one in report.findings})


@pytest.mark.parametrize("server", EACH, indirect=True)
def test_a_misspelt_bucket_is_nobody_elses(server: RealServer, tmp_path: Path) -> None:
    report = examined(server, tmp_path, S3_BUCKET=f"{bucket_at(server)}x")
    found = _named(report, "nosuchbucket-typo")
    assert isinstance(found.fixes[0], EnvFix)
    assert found.fixes[0].value == bucket_at(server)
    assert _failures(report)[0] == "nosuchbucket-typo"


@pytest.mark.neighbours("garage")
def test_a_key_without_any_right_is_told_as_such(garage: RealServer, tmp_path: Path) -> None:
    nobody = garage.new_key("nobody")  # type: ignore[attr-defined]  # Garage's own
    report = examined(garage, tmp_path, AWS_ACCESS_KEY_ID=nobody.id, AWS_SECRET_ACCESS_KEY=nobody.secret)
    assert _failures(report)[0] == "key-without-rights"


@pytest.mark.neighbours("minio")
def test_a_listing_of_one_folder_is_found(minio: RealServer, tmp_path: Path) -> None:
    folder = f"real/{bucket_at(minio)}/media_attachments"
    minio.mc("anonymous", "set", "download", folder)  # type: ignore[attr-defined]  # MinIO's own
    try:
        assert "bucket-listable-policy" in _failures(examined(minio, tmp_path))
    finally:
        minio.mc("anonymous", "set", "private", folder)  # type: ignore[attr-defined]  # as above
    assert "bucket-listable-policy" not in _failures(examined(minio, tmp_path))


def _named(report: Report, finding_id: str) -> Finding:
    found = [one for one in report.findings if one.id == finding_id]
    assert found, [(one.id, one.how_known) for one in report.findings]
    return found[0]


def _failures(report: Report) -> list[str]:
    return [one.id for one in report.findings if one.severity.value == "failure"]
