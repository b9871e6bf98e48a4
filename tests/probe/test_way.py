"""What is asked on the way to the bucket, and what is not: forms, other ports, the bucket before an upload."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from s3probe.evidence.gates import Gate, furthest_of, stopped_at
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact, FactName
from s3probe.probe.classify import is_s3, outcome_of
from s3probe.probe.client import ForbiddenOperationError, NotAllowedError
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.forms import field
from s3probe.probe.hidden import signatures
from s3probe.probe.ledger import made_nothing
from s3probe.probe.transport import HttpTransport
from s3probe.sandbox.providers import MINIO
from s3probe.sandbox.scenario import Scenario, custom, healthy
from tests.probe.test_client import KEY, WIRE, RecordingTransport, client
from tests.runs import run


def test_no_file_can_satisfy_the_policy_of_a_form() -> None:
    call = WIRE.refused_form(KEY)
    policy = json.loads(b64decode(field(call.body, "policy")))
    assert policy["expiration"] < "2016"
    keys = [one["key"] for one in policy["conditions"] if isinstance(one, dict) and "key" in one]
    assert keys
    assert field(call.body, "key") not in keys
    (least,) = [one[1] for one in policy["conditions"] if isinstance(one, list)]
    assert least > len(call.body)


def test_a_form_is_watched_like_any_upload() -> None:
    call = WIRE.refused_form(KEY)
    assert list(signatures(call)) == [field(call.body, "x-amz-signature")]
    recorder = RecordingTransport()
    theirs = WIRE.refused_form("media_attachments/files/somebody.png")
    with pytest.raises(ForbiddenOperationError):
        client(recorder).send(theirs)
    elsewhere = Call(call.operation, call.method, "https://evil.example/b", call.headers, call.body, call.bucket)
    with pytest.raises(NotAllowedError):
        client(recorder).send(elsewhere)
    assert recorder.sent == []


@pytest.mark.parametrize("prefix", ["a\nb", "a\r\nb", "a\n", 'a"b', "--a"])
def test_a_form_holds_any_prefix_of_keys(prefix: str) -> None:
    key = f"{prefix}/{KEY}"
    call = WIRE.refused_form(key)
    assert field(call.body, "key") == key
    recorder = RecordingTransport()
    client(recorder).send(call)
    assert [sent for sent, _limits in recorder.sent] == [call]
    theirs = WIRE.refused_form(f"{prefix}/media_attachments/files/somebody.png")
    with pytest.raises(ForbiddenOperationError):
        client(recorder).send(theirs)


def _minio(scenario: Scenario, secret: str) -> Scenario:
    return scenario.with_world(personality=MINIO).with_env("AWS_SECRET_ACCESS_KEY", secret)


def test_a_wrong_secret_is_certain_where_a_form_is_refused_alike() -> None:
    ran = run(_minio(custom(), "wrong" * 8))
    assert [f.id for f in ran.report.findings][:1] == ["wrong-secret-key"]
    assert ran.report.findings[0].certainty.value == "certain"
    asked = {row.id for row in ran.report.evidence.observations}
    assert {Experiment.FORM, Experiment.FORM_WRONG_SECRET, Experiment.SIGNATURE_V2} <= asked
    # where the answer shows what was signed, nothing is asked
    plain = run(healthy().with_env("AWS_SECRET_ACCESS_KEY", "wrong" * 8))
    assert Experiment.FORM not in {row.id for row in plain.report.evidence.observations}


def test_nothing_is_written_where_the_bucket_is_not_there() -> None:
    ran = run(custom().with_env("S3_BUCKET", "files-exmaple"))
    sent = {request.operation for request in ran.requests}
    assert "HeadBucket" in sent
    assert not sent & {"PutObject", "CreateMultipartUpload"}
    put = ran.report.evidence.get(ActionId.PUT_WITHOUT_ACL)
    assert put is not None
    assert "no bucket" in (put.reason or "")
    assert ran.report.findings[0].id == "nosuchbucket-typo"


def test_amazon_is_not_asked_for_the_bucket_before() -> None:
    assert "HeadBucket" not in {request.operation for request in run(healthy()).requests}


def seen(status: int, code: str | None = None, operation: str = "ListObjectsV2", **facts: str) -> Observation:
    found: dict[FactName, str] = {Fact(name.replace("_", "-")): text for name, text in facts.items()}
    outcome = Outcome.OK if status == 200 else Outcome.DENIED
    return Observation(
        ActionId.LIST, "", operation, Actor.MASTODON, outcome, http_status=status, error_code=code, facts=found
    )


def test_a_list_of_all_buckets_is_no_list_of_one() -> None:
    blind = seen(200, s3="yes", root="ListAllMyBucketsResult")
    assert stopped_at(blind) is Gate.BUCKET
    assert stopped_at(seen(200, s3="yes", root="ListBucketResult")) is Gate.THROUGH
    assert stopped_at(seen(200, operation="ListBuckets", s3="yes", root="ListAllMyBucketsResult")) is Gate.THROUGH
    # what else is answered is not about the bucket either, however far it seems to have come
    assert furthest_of([seen(403, "AccessDenied", "PutObject", s3="yes"), blind]) is blind


def test_an_answer_about_another_bucket_says_nothing_of_rights() -> None:
    assert stopped_at(seen(403, "AccessDenied", s3="yes", other_bucket="media_attachments")) is Gate.BUCKET
    assert stopped_at(seen(403, "AccessDenied", s3="yes")) is Gate.RIGHTS


def test_another_service_is_no_s3() -> None:
    assert stopped_at(seen(400, "InvalidArgument", s3="yes", service="the console of MinIO")) is Gate.NOT_S3
    json_of_a_file_server = {"x-amz-request-id": "1", "content-type": "application/json"}
    assert not is_s3(Answer(404, json_of_a_file_server, b'{"path":"/b"}'))
    assert outcome_of(Answer(201, json_of_a_file_server, b'{"name":"x.png"}')) is Outcome.WRONG
    assert outcome_of(Answer(201, {"x-amz-request-id": "1"})) is Outcome.OK


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """A server that says this to the head of a request, and waits for its end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)
                connection.settimeout(5)
                while connection.recv(65536):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("status", [100, 403, 413])
def test_an_announced_body_is_never_sent(status: int) -> None:
    end = b"" if status == 100 else b"Content-Length: 0\r\nConnection: close\r\n"
    with answering(b"HTTP/1.1 %d Words\r\n%b\r\n" % (status, end)) as port:
        url = f"http://127.0.0.1:{port}/b/media_attachments/files/s3probe/abcdefghij/x.png"
        headers = (("Host", f"127.0.0.1:{port}"), ("Expect", "100-continue"), ("Content-Length", "16777216"))
        transport = HttpTransport()
        answer = transport.send(Call("PutObject", "PUT", url, headers, announced=True), Limits(read=3))
        transport.close()
    assert (answer.status, answer.fault) == (status, None)
    assert made_nothing(answer)
