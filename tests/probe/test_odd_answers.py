"""Whatever stands in an answer's headers, an examination comes to its end, and no bug comes to light."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.probe.exchange import Answer, Call, Limits, Transport
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


@pytest.mark.parametrize("date", DATES)
def test_a_date_beyond_the_calendar_is_none(date: str) -> None:
    report = run(healthy(), wrap=lambda inner: Odd(inner, {"date": date})).report
    assert report.rule_errors == ()
