"""Whatever stands in an answer's headers, an examination comes to its end, and no bug comes to light."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.evidence.vocabulary import Experiment
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.signing_rule import signer
from s3probe.sandbox.scenario import healthy
from tests.runs import run

DATES = [
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Fri, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 +0000",
    "Fri, 31 Feb 2026 25:61:61 GMT",
    "0",
    "",
]


class Odd:
    """Every answer has these headers."""

    def __init__(self, inner: Transport, headers: dict[str, str]) -> None:
        self._inner, self._headers = inner, headers

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._inner.send(call, limits)
        return replace(answer, headers={**answer.headers, **self._headers})


class Refusing(Odd):
    """The same, and no signature is right."""

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = super().send(call, limits)
        body = b"<Error><Code>RequestTimeTooSkewed</Code></Error>"
        return replace(answer, status=403, body=body) if signer(call) else answer


@pytest.mark.parametrize("date", DATES)
def test_nothing_is_signed_for_a_time_beyond_the_calendar(date: str) -> None:
    report = run(healthy(), wrap=lambda inner: Refusing(inner, {"date": date}), trials=True).report
    assert report.rule_errors == ()
    assert "clock-skew" in {finding.id for finding in report.findings}


def test_a_clock_that_begins_with_1970_can_be_set_right() -> None:
    report = run(healthy(), wrap=lambda inner: Refusing(inner, {"date": "Thu, 01 Jan 1970 00:00:00 GMT"})).report
    assert report.evidence.get(Experiment.CLOCK) is not None


class Reassuring(Odd):
    """Says that a large upload is whole that is not."""

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation != "CompleteMultipartUpload":
            return self._inner.send(call, limits)
        return Answer(200, {"content-type": "text/html"}, self._headers.get("body", "").encode())


@pytest.mark.parametrize("body", ["", "<html>Welcome!</html>"])
def test_an_upload_that_others_call_whole_is_removed(body: str) -> None:
    assert run(healthy(), wrap=lambda inner: Reassuring(inner, {"body": body})).left == ()


@pytest.mark.parametrize("date", DATES)
def test_a_date_beyond_the_calendar_is_none(date: str) -> None:
    report = run(healthy(), wrap=lambda inner: Odd(inner, {"date": date})).report
    assert report.rule_errors == ()
