"""The sandbox itself: isolation, silence, nothing left behind."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from s3probe.sandbox import service
from s3probe.sandbox.messages import Request
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, KEY_ID, SECRET, healthy
from s3probe.sandbox.state import State
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.store import Store
from tests.exhaustive import examples
from tests.sandbox.client import HOST, KEY, SandboxClient
from tests.sandbox.conftest import Serve


def test_two_sandboxes_share_nothing() -> None:
    with Sandbox(healthy().world) as one, Sandbox(healthy().world) as other:
        SandboxClient(one).call("PUT", body=b"x")
        assert (one.keys(BUCKET), other.keys(BUCKET)) == ((KEY,), ())
        assert SandboxClient(other).call("GET").status == 404
        assert len(other.requests) == 1
        with pytest.raises(http.client.HTTPException), _timeout():
            _tls_with_the_others_authority(one, other)


def _tls_with_the_others_authority(one: Sandbox, other: Sandbox) -> None:
    import ssl

    context = ssl.create_default_context(cafile=other.ca_file)
    try:
        with socket.create_connection(one.resolve(HOST, 443)) as plain:
            context.wrap_socket(plain, server_hostname=HOST)
    except ssl.SSLCertVerificationError as error:
        raise http.client.HTTPException from error


class _timeout:  # noqa: N801  reads as a phrase
    def __enter__(self) -> None:
        socket.setdefaulttimeout(5)

    def __exit__(self, *_: object) -> None:
        socket.setdefaulttimeout(None)


def test_nothing_is_left_after_stop(capfd: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())
    with Sandbox(healthy().world) as box:
        SandboxClient(box).call("PUT", body=b"x")
        SandboxClient(box).call("POST", "/big?uploads")
        idle = socket.create_connection(box.resolve(HOST, 443))
        port, ca_file = box.http_port, box.ca_file
    with idle, contextlib.suppress(ConnectionResetError):
        assert idle.recv(1) == b""
    assert set(threading.enumerate()) == before
    assert not Path(ca_file).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert capfd.readouterr() == ("", "")


def test_a_stalled_handshake_holds_nobody_up() -> None:
    with Sandbox(healthy().world) as box, socket.create_connection(box.resolve(HOST, 443)):
        assert SandboxClient(box, scheme="https").visit("GET").status == 403


def test_it_starts_at_once() -> None:
    with Sandbox(healthy().world):
        pass  # the first one in a process loads moto
    started = time.perf_counter()
    with Sandbox(healthy().world):
        assert time.perf_counter() - started < 0.5


def test_stop_does_not_wait_for_a_slow_world() -> None:
    with ThreadPoolExecutor(1) as pool:
        with Sandbox(healthy().with_world(latency=60.0).world) as box:
            connection = socket.create_connection(box.resolve(HOST, 80))
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            pool.submit(lambda: None).result()
            started = time.perf_counter()
        assert time.perf_counter() - started < 5
        connection.close()


def test_what_was_there_before(serve: Serve) -> None:
    box = serve(healthy())
    box.add_object(BUCKET, "old/file", b"hello", acl="public-read")
    upload = box.add_upload(BUCKET, "old/big")
    assert SandboxClient(box).visit("GET", "/old/file").body == b"hello"
    assert box.uploads(BUCKET) == (("old/big", upload),)
    assert SandboxClient(box).call("DELETE", f"/old/big?uploadId={upload}").status == 204


def test_many_at_once() -> None:
    with Sandbox(healthy().world) as box, ThreadPoolExecutor(8) as pool:
        client = SandboxClient(box)
        answers = pool.map(lambda n: client.call("PUT", f"/k{n}", body=b"x" * n).status, range(40))
        assert set(answers) == {200}
        assert len(box.keys(BUCKET)) == 40


def test_the_store_gives_its_memory_back() -> None:
    from moto.s3.models import s3_backends

    with Sandbox(healthy().with_bucket(versioning=True).world) as box:
        SandboxClient(box).call("PUT", body=b"x")
        SandboxClient(box).call("DELETE")
        SandboxClient(box).call("POST", "/big?uploads")
        assert any(name.startswith("store-") for name in s3_backends["123456789012"]["aws"].buckets)
    assert not [name for name in s3_backends["123456789012"]["aws"].buckets if name.startswith("store-")]


def test_inner_names_never_show() -> None:
    store = Store()
    store.create(BUCKET)
    reply = store.call("GET", BUCKET, "missing")
    assert b"store-" not in reply.body
    assert b"store-" not in store.call("GET", BUCKET).body
    store.clear()


def test_boto3_works_against_a_loopback_endpoint() -> None:
    """127.0.0.1 itself is an endpoint, path style, so that any client can be pointed at the sandbox."""
    with Sandbox(healthy().world) as box:
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{box.http_port}", region_name="eu-west-2", aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )  # fmt: skip
        client.put_object(Bucket=BUCKET, Key="a b", Body=b"hello", ACL="public-read")
        assert client.get_object(Bucket=BUCKET, Key="a b")["Body"].read() == b"hello"
        assert [c["Key"] for c in client.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["a b"]
        deleted = client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a b"}]})
        assert [d["Key"] for d in deleted["Deleted"]] == ["a b"]
        client.close()


def test_a_sandbox_that_fails_itself_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("s3probe.sandbox.service.identify", broken)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"), Sandbox(healthy().world) as box:
        assert SandboxClient(box).visit("GET").brief == (500, "InternalError")


def test_a_sandbox_that_was_never_entered_holds_nothing() -> None:
    box = Sandbox(healthy().world)
    with pytest.raises(RuntimeError, match="with block"):
        _ = box.http_port


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]),
    path=st.text("abc/%?&=. \\é\x00", max_size=12).map(quote),
    query=st.lists(
        st.sampled_from(
            ["acl", "uploads", "uploadId=1", "partNumber=x", "delete", "versions", "versionId=1", "list-type=2",
             "max-keys=0", "policy", "X-Amz-Signature=1", "Signature=1", "AWSAccessKeyId=1", "tagging", "=", "%ff"]
        ),
        max_size=3,
    ),
    headers=st.dictionaries(
        st.sampled_from(
            ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-acl", "range", "x-amz-copy-source",
             "content-md5", "x-amz-decoded-content-length", "x-amz-trailer", "origin", "host"]
        ),
        st.sampled_from(["", "x", "AWS a:b", "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request, SignedHeaders=host, "
                         "Signature=1", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "bytes=5-1", "s3.amazonaws.com"]),
        max_size=3,
    ),
    body=st.binary(max_size=8),
)  # fmt: skip
@settings(max_examples=examples(150), deadline=None, database=None)
def test_nonsense_is_answered(method: str, path: str, query: list[str], headers: dict[str, str], body: bytes) -> None:
    state = _nonsense_state()
    request = Request(
        method, "http", headers.get("host", HOST), "/" + path, "&".join(query), {"host": HOST, **headers}, body
    )
    assert 200 <= service.serve(state, request).status < 600
    assert state.bugs == []


@cache
def _nonsense_state() -> State:
    """A world where everyone may do everything, so that nonsense gets as far as it can."""
    anyone = Statement("Allow", ("s3:*",), ("*",), ("*",))
    return State(healthy().with_bucket(policy=(anyone,), versioning=True).world)
