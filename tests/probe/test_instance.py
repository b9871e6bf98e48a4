"""The server's own version, and all the ways of not learning it."""

from __future__ import annotations

import pytest

from s3probe.evidence.observations import NetworkFault
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.instance import InstanceAnswer, instance_version, read_version


class Canned:
    """A transport that gives one answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    def send(self, call: Call, _limits: Limits) -> Answer:
        self.calls.append(call)
        return self.answer


def test_asks_the_web_domain() -> None:
    transport = Canned(Answer(200, body=b'{"domain": "example.com", "version": "4.5.8+glitch"}'))
    assert instance_version(transport, "social.example.com:3000", Limits()) == InstanceAnswer("4.5.8+glitch")
    (call,) = transport.calls
    assert (call.method, call.url) == ("GET", "https://social.example.com:3000/api/v2/instance")
    assert dict(call.headers)["Host"] == "social.example.com:3000"


@pytest.mark.parametrize("domain", [None, "", "a b", "https://example.com", "user@example.com", "x" * 300])
def test_asks_nobody_when_there_is_no_name(domain: str | None) -> None:
    transport = Canned(Answer(200))
    assert instance_version(transport, domain, Limits()).version is None
    assert not transport.calls


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (Answer(fault=NetworkFault.DNS, detail="x does not exist"), "x does not exist"),
        (Answer(401, body=b'{"error": "no"}'), "it answered HTTP 401"),
        (Answer(200, body=b"<html>"), "its answer is not JSON"),
        (Answer(200, body=b"\xff\xfe\x00"), "its answer is not JSON"),
        (Answer(200, body=b"[" * 100_000), "its answer is not JSON"),
        (Answer(200, body=b"[]"), "its answer holds no version"),
        (Answer(200, body=b'{"version": 4.5}'), "its answer holds no version"),
        (Answer(200, body=b'{"version": "4.5.8'), "its answer is not JSON"),
        (Answer(200, body=b'{"version": "2.7.2 (compatible; X 1)"}'), "it is not Mastodon: 2.7.2 (compatible; X 1)"),
    ],
)
def test_not_knowing_is_no_failure(answer: Answer, detail: str) -> None:
    assert read_version(answer) == InstanceAnswer(None, detail)


def test_a_version_cannot_steer_a_terminal_or_fill_it() -> None:
    version = read_version(Answer(200, body=b'{"version": "4.5.8\\u001b[2J' + b"9" * 5000 + b'"}')).version
    assert version is not None
    assert "\x1b" not in version
    assert len(version) <= 100
