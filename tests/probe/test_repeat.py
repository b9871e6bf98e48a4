"""A storage that fails for a moment: no setting is blamed for it, and it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest

from s3probe.diagnosis.model import Certainty, EnvFix, Severity
from s3probe.evidence.vocabulary import ActionId, Fact
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.tools import ProbeOptions
from s3probe.report.model import Report, Verdict
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.scenario import Scenario, healthy
from tests.runs import OPTIONS, run

PAGE = Answer(503, MappingProxyType({"content-type": "text/html"}), b"<html>bad gateway</html>")


def xml(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>Please try again.</Message></Error>".encode()
    return Answer(status, MappingProxyType({"content-type": "application/xml"}), body)


def is_put(call: Call) -> bool:
    return call.operation == "PutObject"


def is_list(call: Call) -> bool:
    return call.operation == "ListObjectsV2"


def is_signed(call: Call) -> bool:
    return any(name.lower() == "authorization" for name, _value in call.headers)


class FailingFirst:
    """Answers the first ``number`` of the chosen requests itself."""

    def __init__(self, inner: Transport, chosen: Callable[[Call], bool], number: int, answer: Answer) -> None:
        self._inner, self._chosen, self._left, self._answer = inner, chosen, number, answer
        self._lock = threading.Lock()

    def send(self, call: Call, limits: Limits) -> Answer:
        with self._lock:
            failing = self._left > 0 and self._chosen(call)
            self._left -= failing
        return self._answer if failing else self._inner.send(call, limits)


def examined(
    scenario: Scenario,
    chosen: Callable[[Call], bool],
    number: int,
    answer: Answer,
    options: ProbeOptions = OPTIONS,
) -> Report:
    ran = run(scenario, options, lambda inner: FailingFirst(inner, chosen, number, answer))
    assert ran.left == ()
    return ran.report


@pytest.mark.parametrize(
    ("chosen", "number", "answer"),
    [
        *((is_put, number, xml(500, "InternalError")) for number in (2, 3, 4, 5)),
        *((is_put, number, xml(503, "ServiceUnavailable")) for number in (1, 2)),
        *((is_list, number, PAGE) for number in (1, 2)),
        *((is_signed, number, PAGE) for number in (2, 3, 4)),
    ],
)
def test_a_failure_that_passes_is_told_as_such(chosen: Callable[[Call], bool], number: int, answer: Answer) -> None:
    report = examined(healthy(), chosen, number, answer)
    (found,) = [f for f in report.findings if f.severity is not Severity.NOTICE]
    assert (found.id, found.severity, found.certainty) == (
        "storage-failed-for-a-moment",
        Severity.WARNING,
        Certainty.LIKELY,
    )
    assert str(answer.status) in found.how_known
    assert "failed once" in found.how_known
    (fix,) = found.fixes
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value, fix.note) == ("S3_RETRY_LIMIT", "3", "Mastodon 4.3 and later read it.")
    # everything behind it was examined all the same
    seen = {row.id: row for row in report.evidence.observations}
    assert all(
        seen[name].ok
        for name in (
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.LIST,
            ActionId.PUBLIC_GET,
            ActionId.DELETE,
        )
    )


@pytest.mark.parametrize("name", ["checksum-header-unsupported", "remove-orphans-start-after-ceph"])
def test_a_fault_behind_a_failure_that_passes_is_still_found(name: str) -> None:
    report = examined(FAULTS[name].scenario(), is_put, 2, xml(500, "InternalError"))
    assert name in [f.id for f in report.findings if f.certainty is Certainty.CERTAIN]


def test_a_store_that_always_fails_on_a_header_is_no_passing_failure() -> None:
    scenario = FAULTS["checksum-header-unsupported"].scenario()

    def has_checksum(call: Call) -> bool:
        return is_put(call) and any(name.lower() == "x-amz-checksum-crc32" for name, _value in call.headers)

    report = examined(scenario, has_checksum, 100, xml(500, "InternalError"))
    assert [f.id for f in report.findings if f.severity is Severity.FAILURE] == ["checksum-header-unsupported"]


def test_a_region_whose_error_names_the_one_already_set_is_no_fix() -> None:
    region = healthy().bucket.region

    def in_this_region(call: Call) -> bool:
        return any(f"/{region}/s3/" in value for name, value in call.headers if name.lower() == "authorization")

    report = examined(healthy(), in_this_region, 1000, PAGE)
    assert [f.id for f in report.findings if f.severity is Severity.FAILURE] == ["provider-outage"]
    assert not [row for row in report.evidence.observations if row.facts.get(Fact.KEPT)]


QUICK = replace(OPTIONS, profile="quick")


@pytest.mark.parametrize("chosen", [is_put, lambda call: call.operation == "DeleteObject"])
def test_a_canary_that_meets_a_moment_tells_it_and_asks_no_more(chosen: Callable[[Call], bool]) -> None:
    report = examined(healthy(), chosen, 1, xml(500, "InternalError"), QUICK)
    assert (report.verdict, report.evidence.run.profile) == (Verdict.WARNING, "quick")
    assert [f.id for f in report.findings] == ["storage-failed-for-a-moment"]
    # a HEAD that came before a late DELETE was done is sent once more
    assert report.evidence.cost.requests in (5, 6)


@pytest.mark.parametrize(
    ("chosen", "action"), [(is_put, ActionId.PUT_WITH_ACL), (lambda call: call.operation == "DeleteObject", "delete")]
)
def test_what_only_the_canary_met_is_told(chosen: Callable[[Call], bool], action: str) -> None:
    report = examined(healthy(), chosen, 3, xml(500, "InternalError"), QUICK)
    assert report.verdict is Verdict.WARNING
    (found,) = [f for f in report.findings if f.severity is not Severity.NOTICE]
    assert (found.id, found.because) == ("canary-failed-once", (f"canary-{action}",))
    assert "500 InternalError" in found.how_known
    assert report.evidence.run.profile == "full"


def test_a_canary_that_meets_a_lasting_fault_names_that_alone() -> None:
    report = run(FAULTS["iam-missing-putobject"].scenario(), QUICK).report
    assert [f.id for f in report.findings if f.severity is not Severity.NOTICE] == ["iam-missing-putobject"]
    assert not [row.id for row in report.evidence.observations if row.id.startswith("canary-")]


def test_a_canary_that_comes_back_is_all_there_is() -> None:
    report = run(healthy(), QUICK).report
    assert (report.verdict, report.evidence.run.profile) == (Verdict.OK, "quick")
