"""The one gate to the network: what it lets through, what it counts, what it writes down."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Fact, Header
from s3probe.probe.client import Client, ForbiddenOperationError, StoppedError
from s3probe.probe.exchange import MUTATING, Answer, Call, Limits
from s3probe.probe.signing_rule import signing_rule
from s3probe.scrub import Scrubber
from s3probe.secret import Secret
from tests.every import every
from tests.probe.build import wire

WIRE = wire()
KEY = "media_attachments/files/s3probe/abcdefghij/x.png"
HOST = "https://files.s3.eu-central-1.amazonaws.com"

RULE = signing_rule(WIRE.settings, WIRE.credentials)


@dataclass
class RecordingTransport:
    answer: Answer = field(default_factory=lambda: Answer(200, body=b"hello"))
    sent: list[tuple[Call, Limits]] = field(default_factory=list)

    def send(self, call: Call, limits: Limits) -> Answer:
        self.sent.append((call, limits))
        return self.answer


def client(recorder: RecordingTransport, left: float = 10.0, *, read_only: bool = False) -> Client:
    return Client(recorder, Limits(connect=5, read=5, total=20), lambda: left, RULE, read_only=read_only)


OURS = (
    WIRE.put_object(KEY, b"x", "image/png", acl="public-read"),
    WIRE.put_acl(KEY, "private"),
    WIRE.create_multipart(KEY, "video/mp4", acl=None),
    WIRE.upload_part(KEY, "u", 1, b"x"),
    WIRE.complete_multipart(KEY, "u", (), 1),
    WIRE.abort_multipart(KEY, "u"),
    WIRE.copy_object(KEY, KEY, acl=None),
    WIRE.delete(KEY),
    WIRE.delete(KEY, version_id="v"),
    WIRE.batch_delete([KEY, KEY]),
    WIRE.refused_form(KEY),
)


@every("call", OURS, ids=lambda call: call.operation)
def test_changes_to_our_own_keys_pass(call: Call) -> None:
    recorder = RecordingTransport()
    client(recorder).send(call)
    assert [sent for sent, _ in recorder.sent] == [call]


def test_every_operation_that_may_change_something_is_among_them() -> None:
    assert {call.operation for call in OURS} == MUTATING


@every("call", OURS, ids=lambda call: call.operation)
def test_a_read_only_run_changes_nothing(call: Call) -> None:
    recorder = RecordingTransport()
    with pytest.raises(ForbiddenOperationError):
        client(recorder, read_only=True).send(call)
    assert recorder.sent == []


@every(
    "operation, method, path",
    [
        ("CreateBucket", "PUT", "/"),
        ("DeleteBucket", "DELETE", "/"),
        ("PutBucketPolicy", "PUT", "/?policy"),
        ("PutBucketAcl", "PUT", "/?acl"),
        ("DeleteBucketPolicy", "DELETE", "/?policy"),
        ("PutBucketLifecycleConfiguration", "PUT", "/?lifecycle"),
        ("PutObjectTagging", "PUT", f"/{KEY}?tagging"),
        ("RestoreObject", "POST", f"/{KEY}?restore"),
        ("Unheard", "PATCH", f"/{KEY}"),
        ("PUT", "PUT", f"/{KEY}"),
    ],
)
def test_bucket_settings_and_unknown_operations_are_refused(operation: str, method: str, path: str) -> None:
    recorder = RecordingTransport()
    with pytest.raises(ForbiddenOperationError):
        client(recorder).send(Call(operation, method, HOST + path))
    assert recorder.sent == []


@every("method", ["PUT", "DELETE", "POST"])
@every(
    "path",
    ["/", "", "/?policy", "/accounts/avatars/1/original/me.png", "/s3probe", "/s3probe/", "/s3probe/abcdefghij/",
     "/media_attachments/files/s3probe/x.png", "/files/accounts/x.png?x=/s3probe/abcdefghij/x.png"],
)  # fmt: skip
def test_an_allowed_operation_on_anything_but_our_keys_is_refused(method: str, path: str) -> None:
    recorder = RecordingTransport()
    with pytest.raises(ForbiddenOperationError):
        client(recorder).send(Call("PutObject", method, HOST + path))
    assert recorder.sent == []


@pytest.mark.parametrize("keys", [[], ["accounts/me.png"], [KEY, "accounts/me.png"]])
def test_a_batch_with_a_foreign_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(ForbiddenOperationError):
        client(RecordingTransport()).send(WIRE.batch_delete(keys))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_always_allowed(method: str) -> None:
    assert client(RecordingTransport(), read_only=True).send(Call("GetBucketAcl", method, f"{HOST}/?acl")).status == 200


def test_no_request_takes_longer_than_what_is_left() -> None:
    recorder = RecordingTransport()
    client(recorder, left=1.5).send(WIRE.get(KEY))
    assert recorder.sent[0][1] == Limits(connect=5, read=5, total=1.5)


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_when_the_time_is_up_nothing_is_sent(left: float) -> None:
    recorder = RecordingTransport()
    with pytest.raises(StoppedError):
        client(recorder, left).send(WIRE.get(KEY))
    assert recorder.sent == []


def test_the_meter_counts_requests_and_bodies_of_both_clocks() -> None:
    one = client(RecordingTransport())
    put = WIRE.put_object(KEY, b"1234", "image/png", acl=None)
    one.send(put)
    one.with_time(lambda: 5.0, Limits()).send(WIRE.get(KEY))
    cost = one.cost()
    assert (cost.requests, dict(cost.by_operation)) == (2, {"GetObject": 1, "PutObject": 1})
    assert (cost.bytes_sent, cost.bytes_received) == (len(put.body), 10)


def test_a_refused_request_costs_nothing() -> None:
    one = client(RecordingTransport())
    with pytest.raises(ForbiddenOperationError):
        one.send(Call("CreateBucket", "PUT", f"{HOST}/"))
    assert one.cost().requests == 0


ERROR = (
    b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong s3kr1t region</Message>"
    b"<Region>eu-west-2</Region></Error>"
)


def test_an_observation_holds_what_judgement_needs() -> None:
    recorder = RecordingTransport()
    scrubbing = Client(recorder, Limits(), lambda: 1.0, RULE, scrubber=Scrubber([Secret("s3kr1t")]))
    seen = scrubbing.observe(
        ActionId.LIST, WIRE.list_objects(), Answer(400, {"server": "s3kr1t", "x-other": "1"}, ERROR)
    )
    assert (seen.outcome, seen.http_status, seen.error_code) == (Outcome.REJECTED, 400, "AuthorizationHeaderMalformed")
    assert seen.message == "wrong *** region"
    assert seen.facts[Fact.REGION] == "eu-west-2"
    assert dict(seen.headers) == {"server": "***"}
    assert seen.actor is Actor.MASTODON


def test_the_query_of_a_presigned_link_is_not_kept() -> None:
    call = WIRE.presigned_get(KEY, 3600)
    seen = client(RecordingTransport()).observe(ActionId.PRESIGNED_GET, call, Answer(200))
    assert "X-Amz-Signature" in call.url
    assert "?" not in seen.url


def test_a_network_fault_keeps_its_own_words() -> None:
    seen = client(RecordingTransport()).observe(
        ActionId.LIST, WIRE.list_objects(), Answer(fault=NetworkFault.DNS, detail="no such host")
    )
    assert (seen.network, seen.message, seen.outcome) == (NetworkFault.DNS, "no such host", Outcome.UNREACHABLE)


SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def test_a_secret_is_hidden_before_a_text_is_cut() -> None:
    """Half of a secret would not be known for one."""
    body = f"<Error><Code>Odd</Code><Message>{'x' * 480}{SECRET}</Message></Error>".encode()
    recorder = RecordingTransport(Answer(400, {"server": "y" * 4080 + SECRET}, body))
    asking = Client(recorder, Limits(), lambda: 1.0, RULE, scrubber=Scrubber([Secret(SECRET)]))
    call = WIRE.list_objects()
    seen = asking.observe(ActionId.LIST, call, asking.send(call))
    assert "wJal" not in f"{seen}"
    assert seen.message == "x" * 480 + "***"
    assert seen.headers[Header.SERVER] == "y" * 4080 + "***"


def test_a_signature_is_hidden_wherever_it_is_repeated() -> None:
    asking = client(RecordingTransport())
    call = WIRE.list_objects()
    asking.send(call)
    signature = dict(call.headers)["Authorization"].rpartition("Signature=")[2]
    names = {f"x-{signature}-request-id": "1", "server": signature}
    body = f"<Error><Code>{signature}</Code><Message>no {signature}</Message><Key>{signature}</Key></Error>".encode()
    seen = asking.observe(ActionId.LIST, call, Answer(400, names, body))
    assert len(signature) == 64
    assert signature not in repr(seen)
    assert seen.error_code == "***"


@pytest.mark.parametrize(
    ("code", "resource", "named"),
    [
        ("InvalidBucketName", "/mediamedia_attachments/files/x.png", "mediamedia_attachments"),
        ("InvalidBucketName", "/media/files/x.png", ""),
        ("NoSuchBucket", "/media_attachments/files/x.png", ""),
        ("AccessDenied", "/mediamedia_attachments/x.png", ""),
    ],
)
def test_minio_names_an_invalid_bucket_in_the_path_alone(code: str, resource: str, named: str) -> None:
    """As a real MinIO answers: ``Resource``, and no ``BucketName``."""
    body = f"<Error><Code>{code}</Code><Message>m</Message><Resource>{resource}</Resource></Error>".encode()
    call = Call("GetObject", "GET", f"{HOST}/{KEY}")
    answer = Answer(400, {"content-type": "application/xml"}, body)
    seen = client(RecordingTransport()).observe(ActionId.PUBLIC_GET, call, answer)
    assert seen.facts.get(Fact.BUCKET, "") == named
