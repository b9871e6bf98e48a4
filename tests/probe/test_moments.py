"""One error on each call of a healthy run is a moment: never a failure, one warning, nothing left behind unnamed.

And the near misses: the same error again and again on one call, on every call, and from one call on for good.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import pytest

from s3probe.diagnosis.model import EnvFix, Severity
from s3probe.evidence.observations import NetworkFault
from s3probe.evidence.vocabulary import ObservationId
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.repeat import OF_A_RUN
from s3probe.report.model import Verdict
from s3probe.sandbox.scenario import BUCKET, SCENARIOS, Scenario, custom, healthy
from s3probe.sandbox.statements import Statement
from tests.exhaustive import part
from tests.runs import OPTIONS, Ran, run

MOMENT = "storage-failed-for-a-moment"
RETRIES = ("S3_RETRY_LIMIT", "3", "Mastodon 4.3 and later read it.")
LASTING = {"request-keeps-failing", "provider-outage", "rate-limited-503-slowdown"}
"""What an error that stays may be called: nothing of it is a right, or a setting."""
AT_THE_MEDIA_HOST = frozenset({"proxy-answers-with-own-error", "media-host-unreachable"})
"""The same where the published address fails for every visitor, while the storage answers."""
NOBODY_TELLS = "CreateMultipartUpload"
"""An upload may have begun whose id nobody told, and Mastodon's key may not list uploads: it is named."""


def xml(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>Please try again.</Message></Error>".encode()
    return Answer(status, MappingProxyType({"content-type": "application/xml"}), body)


CUT = Answer(fault=NetworkFault.CLOSED, detail="the server closed the connection without an answer")
ERRORS: dict[str, tuple[Answer, bool]] = {
    "503": (xml(503, "ServiceUnavailable"), False),
    "500": (xml(500, "InternalError"), False),
    "500, done all the same": (xml(500, "InternalError"), True),
    "reset": (CUT, False),
    "reset, done all the same": (CUT, True),
    "no connection": (
        Answer(fault=NetworkFault.CONNECT_TIMEOUT, detail="no connection within 5 s", seconds=1.0),
        False,
    ),
    "refused": (Answer(fault=NetworkFault.REFUSED, detail="connection refused"), False),
    "silence": (Answer(fault=NetworkFault.READ_TIMEOUT, detail="nothing came for 5 s", seconds=1.0), True),
    "502, a page": (Answer(502, MappingProxyType({"content-type": "text/html"}), b"<html>Bad Gateway</html>"), False),
    "SlowDown": (xml(503, "SlowDown"), False),
    "429": (Answer(429), False),
    "400 RequestTimeout": (xml(400, "RequestTimeout"), False),
    "408": (Answer(408), False),
}
"""By name: the answer, and whether the storage did what was asked."""
CALLS = 43
"""Of a healthy run, with those to the instance."""


class FailingTransport:
    """Fails the call of a number, all like it as often as ``times`` says, or everything from it on."""

    def __init__(
        self, inner: Transport, error: str, number: int, times: int = 1, *, from_then_on: bool = False
    ) -> None:
        self._inner, self._from_then_on = inner, from_then_on
        self._answer, self._done = ERRORS[error]
        self._number, self._left = number, times
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        self.chosen: Call | None = None

    def send(self, call: Call, limits: Limits) -> Answer:
        with self._lock:
            if len(self.calls) == self._number:
                self.chosen = call
            self.calls.append(call)
            wanted = self._is_like_it(call) or (self._from_then_on and self.chosen is not None)
            failing = wanted and self._left > 0
            self._left -= failing
        if failing and not self._done:
            return self._answer
        answer = self._inner.send(call, limits)
        return self._answer if failing else answer

    def _is_like_it(self, call: Call) -> bool:
        """What fails for a visitor fails at that address for whoever visits it."""
        chosen = self.chosen
        visit = chosen is not None and (chosen.operation, chosen.url) == ("GET", call.url)
        return call is chosen or (visit and call.operation == "GET")


def failing(
    make: Callable[[], Scenario], error: str, number: int, times: int = 1, **more: bool
) -> tuple[Ran, FailingTransport]:
    made: list[FailingTransport] = []

    def wrap(inner: Transport) -> Transport:
        made.append(FailingTransport(inner, error, number, times, **more))
        return made[0]

    options = replace(OPTIONS, cleanup_deadline=1.0) if more else OPTIONS
    return run(make(), options, wrap), made[0]


@cache
def usual() -> tuple[Ran, FailingTransport]:
    return failing(healthy, "503", -1)


def of_the_instance(way: FailingTransport) -> bool:
    return way.chosen is not None and "//mastodon.example/" in way.chosen.url


def unnamed(ran: Ran) -> set[str]:
    named = {name.removesuffix("?uploads") for name in ran.report.evidence.cleanup.left_behind}
    return {name for name in ran.left if name not in named and name.split("?")[0] not in named}


def test_a_healthy_run_asks_each_thing_once() -> None:
    ran, way = usual()
    assert len(way.calls) == CALLS
    assert ran.report.verdict is Verdict.OK


@pytest.mark.parametrize(
    # at each call every fourth error, another one at the next
    ("error", "number"),
    part([(error, number) for number in range(CALLS) for error in ERRORS][::4], 14),
)
def test_one_error_on_one_call_is_a_moment(error: str, number: int) -> None:
    ran, way = failing(healthy, error, number)
    assert way.chosen is not None
    assert not [f.id for f in ran.report.findings if f.severity is Severity.FAILURE]
    if of_the_instance(way):  # its own trouble is none of the storage's
        assert set(ran.named) <= {MOMENT}
    else:
        assert ran.named == (MOMENT,)
        (found,) = (f for f in ran.report.findings if f.id == MOMENT)
        (fix,) = found.fixes
        assert isinstance(fix, EnvFix)
        assert (fix.variable, fix.value, fix.note) == RETRIES
        assert ran.report.verdict is Verdict.WARNING
    assert unnamed(ran) == set()
    left = (*ran.left, *ran.report.evidence.cleanup.left_behind)
    assert not left or way.chosen.operation == NOBODY_TELLS


def versioned() -> Scenario:
    """Versions are kept, and the key may remove them."""
    more = Statement(
        "Allow",
        ("s3:DeleteObjectVersion", "s3:ListBucketVersions"),
        (f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"),
        sid="Versions",
    )
    scenario = healthy()
    return scenario.with_bucket(versioning=True).with_user(identity=(*scenario.user.identity, more))


@pytest.mark.parametrize("error", ["500, done all the same", "reset, done all the same", "503"])
@pytest.mark.parametrize("number", part(range(CALLS + 3, CALLS + 18), 15))  # after what is asked of the versions
def test_so_it_is_where_the_clean_up_removes_versions(error: str, number: int) -> None:
    ran, way = failing(versioned, error, number)
    assert way.chosen is not None
    assert way.chosen.operation in ("ListObjectVersions", "DeleteObject")
    assert MOMENT in ran.named
    assert (ran.left, ran.report.evidence.cleanup.left_behind) == ((), ())


def test_a_clean_up_that_nothing_disturbs_tells_of_no_moment() -> None:
    ran, _way = failing(versioned, "503", -1)
    assert MOMENT not in ran.named


@pytest.mark.parametrize(("name", "number"), part([(n, k) for n in SCENARIOS for k in range(CALLS - 1)][::4], 12))
def test_so_it_is_at_every_provider(name: str, number: int) -> None:
    ran, way = failing(SCENARIOS[name], "503", number)
    assert set(ran.named) <= {MOMENT}
    assert ran.named or of_the_instance(way)
    assert unnamed(ran) == set()


@pytest.mark.parametrize("number", part(range(CALLS), 14))
def test_the_same_error_twice_is_a_moment_as_well(number: int) -> None:
    ran, way = failing(healthy, "503", number, 2)
    assert ran.named == (MOMENT,) or of_the_instance(way)


@pytest.mark.parametrize(
    ("error", "number"), part([(e, n) for n in range(CALLS) for e in ("503", "500", "reset", "SlowDown")][::3], 12)
)
def test_an_error_that_stays_on_one_call_is_a_fault_of_that_call(error: str, number: int) -> None:
    ran, way = failing(healthy, error, number, 1000)
    operation = way.chosen.operation if way.chosen is not None else ""
    failures = {f.id for f in ran.report.findings if f.severity is Severity.FAILURE}
    # what no action hangs on is skipped, or counts for nothing; the listing is asked once more in another form
    lasting = LASTING | (AT_THE_MEDIA_HOST if operation == "GET" else frozenset())
    assert failures <= lasting
    assert set(ran.named) <= lasting | {MOMENT}
    assert len(failures) <= 1
    assert len(ran.named) <= 1, operation
    assert unnamed(ran) == set()


@pytest.mark.parametrize(("error", "number"), part([(e, n) for n in range(1, CALLS, 3) for e in ("503", "reset")], 9))
def test_an_outage_that_begins_within_the_run_is_one_failure(error: str, number: int) -> None:
    ran, _way = failing(healthy, error, number, 10_000, from_then_on=True)
    (found,) = [f for f in ran.report.findings if f.severity is not Severity.NOTICE]
    assert found.id in LASTING - {"rate-limited-503-slowdown"}
    assert not any(isinstance(fix, EnvFix) for fix in found.fixes)
    assert unnamed(ran) == set()


@pytest.mark.parametrize("error", part(["503", "reset", "silence", "502, a page"], 2))
def test_where_everything_fails_one_request_is_asked_again_for_all(error: str) -> None:
    ran, way = failing(custom, error, 1, 10_000, from_then_on=True)
    assert ran.named == ("provider-outage",)
    # each is asked once, apart from the one: a dead server does not make a run three times as long
    sent = [call for call in way.calls if call.operation == "ListObjectsV2"]
    assert len(way.calls) < len(set(map(id, way.calls))) + OF_A_RUN
    again = {id(call) for call in way.calls if way.calls.count(call) > 1}
    assert len(again) <= 2, sent


class EachOnce:
    """Fails every call at its first attempt."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._seen: list[Call] = []
        self._lock = threading.Lock()

    def send(self, call: Call, limits: Limits) -> Answer:
        with self._lock:
            first = not any(call is other for other in self._seen)
            self._seen.append(call)
        return xml(503, "ServiceUnavailable") if first else self._inner.send(call, limits)


def test_a_store_that_fails_everything_once_gets_no_more_than_so_many_repeats() -> None:
    ran = run(healthy(), replace(OPTIONS, cleanup_deadline=1.0), EachOnce)
    assert not {f.id for f in ran.report.findings if f.severity is Severity.FAILURE} - LASTING
    repeats = [o for o in ran.report.evidence.observations if o.id.is_at_first]
    assert 0 < len(repeats) <= OF_A_RUN
    assert unnamed(ran) == set()


def test_a_refusal_behind_a_moment_is_still_a_refusal() -> None:
    scenario = healthy()
    first, *others = scenario.user.identity
    poor = scenario.with_user(
        identity=(replace(first, actions=tuple(a for a in first.actions if a != "s3:DeleteObject")), *others)
    )

    def wrap(inner: Transport) -> Transport:
        return _OnOperation(inner, "DeleteObject")

    named = run(poor, wrap=wrap).named
    assert set(named) == {"iam-missing-deleteobject", MOMENT}


class _OnOperation:
    """The first signed call of an operation fails once."""

    def __init__(self, inner: Transport, operation: str) -> None:
        self._inner, self._operation, self._left = inner, operation, 1
        self._lock = threading.Lock()

    def send(self, call: Call, limits: Limits) -> Answer:
        signed = any(name.lower() == "authorization" for name, _value in call.headers)
        with self._lock:
            hit = self._left > 0 and signed and call.operation == self._operation
            self._left -= hit
        return xml(503, "ServiceUnavailable") if hit else self._inner.send(call, limits)


@pytest.mark.parametrize(
    "operation",
    part(["CompleteMultipartUpload", "AbortMultipartUpload", "DeleteObject", "PutObjectAcl", "UploadPart"], 2),
)
def test_what_was_done_at_the_first_attempt_is_not_judged_by_the_404_of_the_second(operation: str) -> None:
    """The storage did it and the answer was lost: asked again, it finds nothing there."""

    class Forgetful:
        def __init__(self, inner: Transport) -> None:
            self._inner, self.times = inner, 0
            self._call: Call | None = None

        def send(self, call: Call, limits: Limits) -> Answer:
            if call.operation == operation and self._call is None and any("Auth" in name for name, _ in call.headers):
                self._call = call
            if call is not self._call:
                return self._inner.send(call, limits)
            self.times += 1
            if self.times == 1:
                self._inner.send(call, limits)
                return CUT
            gone = operation in ("CompleteMultipartUpload", "AbortMultipartUpload", "DeleteObject")
            return xml(404, "NoSuchUpload") if gone else self._inner.send(call, limits)

    ran = run(healthy(), wrap=Forgetful)
    assert ran.named == (MOMENT,)
    assert ran.left == ()
    assert ran.report.evidence.cleanup.left_behind == ()


def test_a_404_of_the_first_attempt_is_one() -> None:
    class Absent:
        def __init__(self, inner: Transport) -> None:
            self._inner = inner

        def send(self, call: Call, limits: Limits) -> Answer:
            complete = call.operation == "CompleteMultipartUpload"
            return xml(404, "NoSuchUpload") if complete else self._inner.send(call, limits)

    assert run(healthy(), wrap=Absent).named == ("mpu-etag-or-object-size-header",)


def test_a_mastodon_that_asks_again_by_itself_has_nothing_to_fix() -> None:
    for line, noticed in ((("S3_RETRY_LIMIT", "3"), True), (("S3_RETRY_LIMIT", "0"), False)):
        ran, _way = failing(lambda line=line: healthy().with_env(*line), "503", 5)  # type: ignore[misc]  # mypy cannot type a lambda's default
        assert (ran.named == ()) is noticed
        assert (ran.report.verdict is Verdict.OK) is noticed


def test_a_release_without_the_setting_is_told_to_upgrade() -> None:
    ran = run(healthy(), replace(OPTIONS, mastodon_version="4.2.10"), lambda inner: FailingTransport(inner, "503", 5))
    (found,) = (f for f in ran.report.findings if f.id == MOMENT)
    assert not isinstance(found.fixes[0], EnvFix)
    assert "4.2.10" in str(found.fixes[0])


def test_the_first_answer_stays_in_the_evidence() -> None:
    ran, way = failing(healthy, "503", 3)
    assert way.chosen is not None
    (first,) = [o for o in ran.report.evidence.observations if o.id.is_at_first]
    again = ran.report.evidence.get(ObservationId(first.id.removeprefix("once-")))
    assert again is not None
    assert again.ok
    assert (first.http_status, first.url) == (503, again.url)
