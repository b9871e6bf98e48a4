"""The two tables every judgement stands on: what kind of no an answer is, and how far a request got."""

from __future__ import annotations

from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Fact
from s3probe.probe.classify import is_markup, is_s3, outcome_of
from s3probe.probe.exchange import Answer
from s3probe.probe.xml import error
from tests.every import every


def xml(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()


HTML = b"<!DOCTYPE html><html><body>Welcome</body></html>"


@every(
    "status, code, outcome",
    [
        (200, "", Outcome.OK), (204, "", Outcome.OK), (206, "", Outcome.OK),
        (403, "AccessDenied", Outcome.DENIED), (403, "", Outcome.DENIED), (401, "Unauthorized", Outcome.DENIED),
        (400, "SignatureDoesNotMatch", Outcome.DENIED), (400, "InvalidAccessKeyId", Outcome.DENIED),
        (400, "ExpiredToken", Outcome.DENIED), (403, "RequestTimeTooSkewed", Outcome.DENIED),
        (400, "AccessControlListNotSupported", Outcome.REJECTED), (501, "NotImplemented", Outcome.REJECTED),
        (400, "InvalidArgument", Outcome.REJECTED), (405, "MethodNotAllowed", Outcome.REJECTED),
        (301, "PermanentRedirect", Outcome.REJECTED), (404, "NoSuchBucket", Outcome.REJECTED),
        (404, "NoSuchKey", Outcome.WRONG), (404, "", Outcome.WRONG),
        (503, "SlowDown", Outcome.THROTTLED), (429, "", Outcome.THROTTLED),
        (509, "BandwidthLimitExceeded", Outcome.UNKNOWN),
        (503, "ServiceUnavailable", Outcome.UNKNOWN), (500, "InternalError", Outcome.UNKNOWN),
        (408, "", Outcome.UNKNOWN), (400, "RequestTimeout", Outcome.UNKNOWN),
        (502, "", Outcome.UNKNOWN), (507, "XMinioStorageFull", Outcome.UNKNOWN),
    ],
)  # fmt: skip
def test_outcomes_by_status_and_code(status: int, code: str, outcome: Outcome) -> None:
    body = xml(code) if code else b""
    assert outcome_of(Answer(status, body=body), error(body)) is outcome


@every("fault", NetworkFault)
def test_a_broken_way_is_never_a_denial(fault: NetworkFault) -> None:
    # even when a status had arrived before the way ended
    for status in (None, 200, 403):
        assert outcome_of(Answer(status, fault=fault)) in (Outcome.UNREACHABLE, Outcome.WRONG)


@every(
    "status, outcome",
    [(200, Outcome.WRONG), (403, Outcome.WRONG), (429, Outcome.THROTTLED), (502, Outcome.UNKNOWN)],
)
def test_a_web_page_is_no_answer_of_s3(status: int, outcome: Outcome) -> None:
    answer = Answer(status, {"content-type": "text/html"}, HTML)
    assert is_markup(answer)
    assert not is_s3(answer)
    assert outcome_of(answer) is outcome


@every("body, page", [(b"", False), (b" \n", False), (b"Welcome", True), (HTML, True)])
def test_an_answer_without_a_body_is_no_web_page_whatever_its_type(body: bytes, page: bool) -> None:
    """Stock moto answers an upload that it took with 200, text/html and nothing."""
    answer = Answer(200, {"content-type": "text/html; charset=utf-8"}, body)
    assert is_markup(answer) is page
    assert outcome_of(answer) is (Outcome.WRONG if page else Outcome.OK)


def test_a_tls_port_that_is_asked_in_plain_text_is_no_s3() -> None:
    answer = Answer(400, {"content-type": "text/plain"}, b"Client sent an HTTP request to an HTTPS server.\n")
    assert is_markup(answer)
    assert not is_markup(Answer(400, {"content-type": "text/plain"}, b"Bad request.\n"))


def test_s3_shows_itself_by_its_request_id_or_its_error() -> None:
    assert is_s3(Answer(403, {"x-amz-request-id": "1"}))
    assert is_s3(Answer(403, body=xml("AccessDenied")))
    assert not is_s3(Answer(403))


def seen(status: int | None = None, code: str | None = None, **more: object) -> Observation:
    answer = Answer(status)
    values = {"http_status": status, "error_code": code, "outcome": outcome_of(answer), **more}
    return Observation(ActionId.LIST, "", "ListObjectsV2", Actor.MASTODON, **values)  # type: ignore[arg-type]  # by name


@every(
    "observation, stopped",
    [
        (seen(network=NetworkFault.DNS), Gate.DNS),
        (seen(network=NetworkFault.REFUSED), Gate.TCP),
        (seen(network=NetworkFault.CONNECT_TIMEOUT), Gate.TCP),
        (seen(network=NetworkFault.TLS_NAME), Gate.TLS),
        (seen(network=NetworkFault.TLS_NOT_TLS), Gate.TLS),
        (seen(network=NetworkFault.CLOSED), Gate.NOT_S3),
        (seen(network=NetworkFault.PROTOCOL), Gate.NOT_S3),
        (seen(200, facts={Fact.MARKUP: "yes"}), Gate.NOT_S3),
        (seen(302), Gate.NOT_S3),
        (seen(301, facts={Fact.REGION: "eu-west-2"}), Gate.REGION),
        (seen(301, "PermanentRedirect"), Gate.REGION),
        (seen(400, "AuthorizationHeaderMalformed"), Gate.REGION),
        (seen(403, "RequestTimeTooSkewed"), Gate.CLOCK),
        (seen(403, "InvalidAccessKeyId"), Gate.KEY_ID),
        (seen(401), Gate.KEY_ID),
        (seen(403, "SignatureDoesNotMatch"), Gate.SIGNATURE),
        (seen(404, "NoSuchBucket"), Gate.BUCKET),
        (seen(403, "AccessDenied"), Gate.RIGHTS),
        (seen(403), Gate.RIGHTS),
        (seen(400, "AccessControlListNotSupported"), Gate.REQUEST),
        (seen(501, "NotImplemented"), Gate.REQUEST),
        (seen(200), Gate.THROUGH),
    ],
)
def test_how_far_a_request_got(observation: Observation, stopped: Gate) -> None:
    assert stopped_at(observation) is stopped


def test_the_ladder_has_the_order_in_which_a_service_checks() -> None:
    assert sorted(Gate) == [
        Gate.DNS, Gate.TCP, Gate.TLS, Gate.NOT_S3, Gate.REGION, Gate.CLOCK, Gate.KEY_ID, Gate.SIGNATURE,
        Gate.BUCKET, Gate.RIGHTS, Gate.REQUEST, Gate.THROUGH,
    ]  # fmt: skip
