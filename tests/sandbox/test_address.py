"""Regions, redirects and names."""

from __future__ import annotations

import socket
import ssl

import pytest

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import CUSTOM_HOST, custom, healthy
from s3probe.sandbox.world import Alias, AliasFault, ConnectionFault, Endpoint, Obstacle
from tests.sandbox.client import HOST, SandboxClient
from tests.sandbox.conftest import Serve

BUCKET = "files-example"
REGIONAL = "s3.eu-west-2.amazonaws.com"


@pytest.mark.parametrize("host", [HOST, f"{BUCKET}.s3.amazonaws.com", f"{BUCKET}.s3-eu-west-2.amazonaws.com"])
def test_virtual_hosts(serve: Serve, host: str) -> None:
    assert SandboxClient(serve(healthy()), host=host).call("GET", "/").tag("Name") == BUCKET


@pytest.mark.parametrize("host", [REGIONAL, "s3.amazonaws.com"])
def test_path_style(serve: Serve, host: str) -> None:
    assert SandboxClient(serve(healthy()), host=host).call("GET", f"/{BUCKET}").tag("Name") == BUCKET


@pytest.mark.parametrize(("host", "path"), [(f"{BUCKET}.s3.amazonaws.com", "/"), ("s3.amazonaws.com", f"/{BUCKET}")])
def test_the_global_endpoint_names_the_right_region(serve: Serve, host: str, path: str) -> None:
    answer = SandboxClient(serve(healthy()), host=host, region="us-east-1").call("GET", path)
    assert answer.brief == (400, "AuthorizationHeaderMalformed")
    assert answer.tag("Message").endswith("the region 'us-east-1' is wrong; expecting 'eu-west-2'")
    assert (answer.tag("Region"), answer.headers["x-amz-bucket-region"]) == ("eu-west-2", "eu-west-2")


@pytest.mark.parametrize(
    ("host", "path", "endpoint"),
    [
        (f"{BUCKET}.s3.eu-west-1.amazonaws.com", "/x", f"{BUCKET}.{REGIONAL}"),
        ("s3.eu-west-1.amazonaws.com", f"/{BUCKET}/x", REGIONAL),
    ],
)
def test_another_regions_host_redirects_without_location(serve: Serve, host: str, path: str, endpoint: str) -> None:
    client = SandboxClient(serve(healthy()), host=host, region="eu-west-1")
    for answer in (client.call("GET", path), client.visit("GET", path)):
        assert answer.brief == (301, "PermanentRedirect")
        assert (answer.tag("Endpoint"), answer.tag("Bucket")) == (endpoint, BUCKET)
        assert answer.headers["x-amz-bucket-region"] == "eu-west-2"
        assert "location" not in answer.headers


def test_a_redirected_head_has_only_the_header(serve: Serve) -> None:
    answer = SandboxClient(serve(healthy()), host="s3.eu-west-1.amazonaws.com", region="eu-west-1").call(
        "HEAD", f"/{BUCKET}"
    )
    assert (answer.status, answer.body, answer.headers["x-amz-bucket-region"]) == (301, b"", "eu-west-2")


def test_a_signature_for_another_region_on_the_right_host(serve: Serve) -> None:
    answer = SandboxClient(serve(healthy()), region="eu-west-1").call("GET", "/")
    assert (*answer.brief, answer.tag("Region")) == (400, "AuthorizationHeaderMalformed", "eu-west-2")


def test_a_fresh_bucket_is_redirected_for_a_while(serve: Serve) -> None:
    box = serve(healthy().with_bucket(fresh=True))
    answer = SandboxClient(box, host=f"{BUCKET}.s3.amazonaws.com").visit("GET", "/x")
    assert answer.brief == (307, "TemporaryRedirect")
    assert answer.headers["location"] == "https://files-example.s3-eu-west-2.amazonaws.com/x"


def test_an_unknown_bucket(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()), host=f"nobody-has-this.{REGIONAL}")
    assert client.call("PUT", body=b"x").brief == (404, "NoSuchBucket")
    assert client.call("PUT", body=b"x").tag("BucketName") == "nobody-has-this"
    assert client.call("HEAD", "/").status == 404


def test_a_custom_endpoint_in_both_styles(serve: Serve) -> None:
    box = serve(custom())
    assert SandboxClient(box, host=CUSTOM_HOST, region="nl-ams").call("GET", f"/{BUCKET}").status == 200
    assert SandboxClient(box, host=f"{BUCKET}.{CUSTOM_HOST}", region="nl-ams").call("GET", "/").status == 200
    assert SandboxClient(box, host=CUSTOM_HOST).call("GET", f"/{BUCKET}").tag("Region") == "nl-ams"


def test_amazon_knows_nothing_of_another_providers_keys(serve: Serve) -> None:
    assert SandboxClient(serve(custom())).call("GET", "/").brief == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize(
    "host",
    [
        "s3-us-east-1.amazonaws.com",
        "s3-af-south-1.amazonaws.com",
        "s3.nl-ams.amazonaws.com",
        f"{BUCKET}.s3.mars-north-1.amazonaws.com",
        "files.example.com",
        CUSTOM_HOST,
    ],
)
def test_names_that_do_not_exist(serve: Serve, host: str) -> None:
    with pytest.raises(socket.gaierror):
        serve(healthy()).resolve(host, 443)


@pytest.mark.parametrize("host", ["s3-eu-west-2.amazonaws.com", "s3.af-south-1.amazonaws.com", "a.b.s3.amazonaws.com"])
def test_names_that_exist(serve: Serve, host: str) -> None:
    box = serve(healthy())
    assert box.resolve(host, 443) == ("127.0.0.1", box.https_port)
    assert box.resolve(host, 80) == ("127.0.0.1", box.http_port)


def handshake(box: Sandbox, host: str) -> None:
    context = ssl.create_default_context(cafile=box.ca_file)
    with socket.create_connection(box.resolve(host, 443), timeout=5) as plain:
        context.wrap_socket(plain, server_hostname=host).close()


def test_a_wildcard_covers_one_label_only(serve: Serve) -> None:
    box = serve(healthy())
    handshake(box, HOST)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(box, f"files.example.com.{REGIONAL}")


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (ConnectionFault.UNTRUSTED, "unable to get local issuer certificate|self-signed"),
        (ConnectionFault.EXPIRED, "has expired"),
        (ConnectionFault.WRONG_NAME, "Hostname mismatch"),
        (ConnectionFault.PLAIN, "(?i)wrong.version.number"),
    ],
)
def test_bad_certificates(serve: Serve, fault: ConnectionFault, words: str) -> None:
    box = serve(healthy().with_world(obstacles=(Obstacle(HOST, fault),)))
    with pytest.raises(ssl.SSLError, match=words):
        handshake(box, HOST)


def test_dead_ends(serve: Serve) -> None:
    box = serve(
        healthy().with_world(
            obstacles=(Obstacle(HOST, ConnectionFault.REFUSED), Obstacle(REGIONAL, ConnectionFault.BLACK_HOLE))
        )
    )
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(box.resolve(HOST, 443), timeout=5)
    with pytest.raises(TimeoutError):
        socket.create_connection(box.resolve(REGIONAL, 443), timeout=0.2)


def test_the_alias_shows_the_bucket(serve: Serve) -> None:
    alias = Alias("files.example.com", BUCKET, REGIONAL)
    box = serve(healthy().with_world(aliases=(alias,)))
    SandboxClient(box).call("PUT", "/accounts/a.png", {"x-amz-acl": "public-read"}, b"hello")
    through = SandboxClient(box, host=alias.host, scheme="https")
    assert through.visit("GET", "/accounts/a.png").body == b"hello"
    assert through.visit("PUT", "/accounts/a.png", body=b"x").status == 403


def test_an_alias_that_drops_the_bucket_takes_the_first_folder_for_it(serve: Serve) -> None:
    alias = Alias("files.example.com", BUCKET, REGIONAL, AliasFault.DROPS_BUCKET)
    answer = SandboxClient(serve(healthy().with_world(aliases=(alias,))), host=alias.host).visit(
        "GET", "/accounts/a.png"
    )
    assert (*answer.brief, answer.tag("BucketName")) == (404, "NoSuchBucket", "accounts")


def test_the_instance_tells_version_and_policy(serve: Serve) -> None:
    client = SandboxClient(serve(healthy()), host="mastodon.example", scheme="https")
    assert b'"version": "4.5.9"' in client.visit("GET", "/api/v2/instance").body
    assert "https://s3.eu-west-2.amazonaws.com" in client.visit("GET", "/").headers["content-security-policy"]


def test_a_self_hosted_port(serve: Serve) -> None:
    base = custom()
    endpoint = Endpoint("minio", "nl-ams", wildcard=False, plain_port=9000)
    box = serve(base.with_world(endpoints=(endpoint,)))
    assert box.resolve("minio", 9000) == ("127.0.0.1", box.http_port)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(box.resolve("minio", 9001), timeout=5)
    with pytest.raises(socket.gaierror):
        box.resolve("files-example.minio", 9000)
