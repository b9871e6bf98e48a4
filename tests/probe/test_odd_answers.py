"""Whatever stands in an answer's headers and body, an examination comes to its end, and no bug comes to light."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3probe.evidence.vocabulary import Header
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.model import Verdict
from s3probe.sandbox.scenario import healthy, healthy_policy
from tests.exhaustive import examples
from tests.runs import run

DATES = [
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Fri, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 +0000",
    "Fri, 31 Feb 2026 25:61:61 GMT",
    "0",
    "",
]
ODD = st.one_of(
    st.sampled_from([*DATES, "=", "9" * 400, "-1", "é", "%00", "]", "nan", "inf", "1e999", "[::1", "https://[", "//"]),
    st.text(st.characters(codec="latin-1"), max_size=40),
)
HEADERS = st.dictionaries(st.sampled_from([str(header) for header in Header]), ODD, max_size=6)
NAMES = ("Error", "Code", "Message", "Region", "Endpoint", "Bucket", "RequestTime", "ServerTime", "Key", "UploadId")
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.tuples(st.sampled_from(NAMES), ODD), max_size=6).map(
        lambda pairs: ("<Error>" + "".join(f"<{n}>{v}</{n}>" for n, v in pairs) + "</Error>").encode("utf-8", "replace")
    ),
    st.sampled_from(
        [b"<" * 5000, b"<a>" * 3000, b"{" * 5000, b'{"Statement":' * 2000, b"<!DOCTYPE html>", b"\xff\xfe<"]
    ),
)


class Odd:
    """Every answer has these headers, some this body and this status."""

    def __init__(self, inner: Transport, headers: dict[str, str], body: bytes | None, status: int | None) -> None:
        self._inner, self._headers, self._body, self._status = inner, headers, body, status

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._inner.send(call, limits)
        if answer.status is None:
            return answer
        changed = replace(answer, headers={**answer.headers, **self._headers})
        if self._body is not None:
            changed = replace(changed, body=self._body)
        return changed if self._status is None else replace(changed, status=self._status)


@settings(max_examples=examples(150), deadline=None)
@given(
    HEADERS, st.one_of(st.none(), BODIES), st.sampled_from([None, None, 200, 301, 400, 403, 404, 500]), st.booleans()
)
def test_no_answer_is_a_bug(headers: dict[str, str], body: bytes | None, status: int | None, policy: bool) -> None:
    scenario = healthy_policy() if policy else healthy()
    report = run(scenario, wrap=lambda inner: Odd(inner, headers, body, status)).report
    assert report.rule_errors == ()
    assert body is None or report.verdict is not Verdict.OK


@pytest.mark.parametrize("date", DATES)
def test_a_date_beyond_the_calendar_is_none(date: str) -> None:
    report = run(healthy(), wrap=lambda inner: Odd(inner, {"date": date}, None, None)).report
    assert report.rule_errors == ()
