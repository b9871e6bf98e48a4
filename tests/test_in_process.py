"""The tests' way without sockets is no kinder than the wire: both bring the same answers and the same findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.evidence.vocabulary import Fact
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.session import visitor_call
from s3probe.probe.transport import HttpTransport
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, CUSTOM_HOST, Scenario, custom, healthy
from s3probe.sandbox.world import ConnectionFault, Obstacle
from tests.exhaustive import EXHAUSTIVE, part
from tests.in_process import InProcess
from tests.runs import TRIED, Ran, each_fault, fault_name, run, run_fault, wire_to

HOST = f"{BUCKET}.s3.eu-west-2.amazonaws.com"
KEY = "media_attachments/files/1/original/a%20b%2Bc.png"
LIMITS = Limits(connect=2, read=2, total=8)
ONLY_ONCE = {"date", "x-amz-request-id", "x-amz-id-2"}


class Closed(HttpTransport):
    """A wire that nothing may take."""

    def send(self, call: Call, limits: Limits) -> Answer:
        raise AssertionError(f"{call} takes the wire, with {limits}")


VARYING = (Fact.SKEW, Fact.FOLDERS, Fact.ATTEMPTS, Fact.LATE)
"""In seconds between clocks that run; whether an upload at the same moment came before the listing; which of those
that fail alike is asked again for all."""


def seen(ran: Ran) -> tuple[object, ...]:
    """What a run found, saw and left."""
    findings = [(f.id, f.severity, f.title) for f in ran.report.findings]
    evidence = ran.report.evidence
    observations = sorted(comparable_observation(o, evidence.run.id) for o in evidence.observations)
    return findings, observations, len(ran.left)


def comparable_observation(seen: Observation, run_id: str) -> tuple[str, ...]:
    """Everything but what differs between any two runs, whatever way they take.

    Each run has an id of its own, which stands in its keys.
    """
    facts = {str(name): value for name, value in seen.facts.items() if name not in VARYING}
    compared = (seen.outcome, seen.http_status, seen.error_code, seen.network, seen.reason, sorted(facts.items()))
    return (seen.id, *(str(each).replace(run_id, "RUN") for each in compared))


BY_CHANCE = (
    "rate-limited-503-slowdown",
    "rate-limited-503-slowdown (now and then)",
    "storage-failed-for-a-moment",
    "expect-100-continue-stalls (stalls)",
    "egress-firewall",
)
"""Which of two uploads at the same moment is refused here is another in every run, and what becomes of a packet that
nobody takes is the kernel's: only the findings are compared."""


@each_fault(part(TRIED, 6)[:: 2 if EXHAUSTIVE else 1])
def test_both_ways_lead_to_the_same(fault: Fault) -> None:
    mine, theirs = seen(run_fault(fault)), seen(run(fault.scenario(), by_wire=True))
    if fault_name(fault) in BY_CHANCE:
        assert (mine[0], mine[2]) == (theirs[0], theirs[2])
    else:
        assert mine == theirs


def get(host: str, path: str, method: str = "GET", scheme: str = "https", **headers: str) -> Call:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return visitor_call(f"{scheme}://{host}/{path}", method=method, headers=named)


CALLS = {
    "an object": get(HOST, KEY),
    "an object over http": get(HOST, KEY, scheme="http"),
    "an object's head": get(HOST, KEY, "HEAD"),
    "a piece": get(HOST, KEY, Range="bytes=1-2"),
    "an unchanged object": get(HOST, KEY, If_None_Match='"9a0364b9e99bb480dd25e1f0284c8555"'),
    "no such object": get(HOST, "none.png"),
    "the head of none": get(HOST, "none.png", "HEAD"),
    "a listing": get(HOST, "?list-type=2&prefix=a%2Fb"),
    "another region": get(f"{BUCKET}.s3.eu-west-1.amazonaws.com", KEY),
    "a question of a browser": get(
        HOST, KEY, "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET"
    ),
    "an upload": visitor_call(
        f"https://{HOST}/x", method="PUT", headers=(("Expect", "100-continue"),), body=b"not allowed"
    ),
    "the instance": get("mastodon.example", "api/v2/instance"),
    "the instance's page": get("mastodon.example", ""),
}


def both(scenario: Scenario, call: Call, limits: Limits = LIMITS) -> tuple[Answer, Answer]:
    """The answer without sockets, and that of the wire."""
    with Sandbox(scenario.world) as box:
        box.add_object(BUCKET, "media_attachments/files/1/original/a b+c.png", b"content", "public-read")
        wire = wire_to(box)
        try:
            return InProcess(box, wire).send(call, limits), wire.send(call, limits)
        finally:
            wire.close()


def comparable(answer: Answer) -> tuple[Any, ...]:
    """Everything but what is another at each request."""
    headers = {name: value for name, value in answer.headers.items() if name not in ONLY_ONCE}
    body = b"" if b"<RequestId>" in answer.body else answer.body
    return answer.status, headers, body, len(answer.body), answer.truncated, answer.fault, answer.detail


@pytest.mark.parametrize("name", CALLS)
def test_both_ways_bring_the_same_answer(name: str) -> None:
    mine, theirs = both(healthy(), CALLS[name])
    assert mine.status
    assert comparable(mine) == comparable(theirs)


@pytest.mark.parametrize("name", CALLS)
def test_an_everyday_call_takes_no_wire(name: str) -> None:
    with Sandbox(healthy().world) as box:
        assert InProcess(box, Closed()).send(CALLS[name], LIMITS).status


def test_both_ways_cut_a_long_body() -> None:
    mine, theirs = both(healthy(), CALLS["an object"], replace(LIMITS, body=3))
    assert (mine.body, mine.truncated) == (theirs.body, theirs.truncated) == (b"con", True)


FAULTS_MET = {
    ConnectionFault.NO_DNS: NetworkFault.DNS,
    ConnectionFault.REFUSED: NetworkFault.REFUSED,
    ConnectionFault.BLACK_HOLE: NetworkFault.CONNECT_TIMEOUT,
    ConnectionFault.UNTRUSTED: NetworkFault.TLS_UNTRUSTED,
    ConnectionFault.WRONG_NAME: NetworkFault.TLS_NAME,
    ConnectionFault.EXPIRED: NetworkFault.TLS_EXPIRED,
    ConnectionFault.PLAIN: NetworkFault.TLS_NOT_TLS,
}


def answer(scenario: Scenario, call: Call, limits: Limits = LIMITS) -> Answer:
    return both(scenario, call, limits)[0]


@pytest.mark.parametrize("fault", ConnectionFault)
def test_what_stands_in_the_way_is_met(fault: ConnectionFault) -> None:
    scenario = healthy().with_world(obstacles=(Obstacle(HOST, fault),))
    assert answer(scenario, CALLS["an object"]).fault is FAULTS_MET[fault]


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (get("nowhere.example", KEY), NetworkFault.DNS),
        (get(f"{HOST}:8443", KEY), NetworkFault.REFUSED),
        (get(f"{HOST}:80", KEY), NetworkFault.TLS_NOT_TLS),
        (get(f"a.{HOST}", KEY), NetworkFault.TLS_NAME),
        (get(HOST, KEY, X="a\r\nb"), NetworkFault.PROTOCOL),
        (get(HOST, "a b"), NetworkFault.PROTOCOL),
        # a body without a length: the transport sends no such call, and does not blame the name for it
        (replace(CALLS["an upload"], headers=(("Host", HOST),)), NetworkFault.PROTOCOL),
    ],
)
def test_a_call_that_does_not_arrive_does_not_arrive_here(call: Call, fault: NetworkFault) -> None:
    mine, theirs = both(healthy(), call)
    assert (mine.fault, mine.detail) == (theirs.fault, theirs.detail)
    assert mine.fault is fault


def test_a_plain_port_is_reached_by_http_alone() -> None:
    scenario = custom()
    open_port = replace(scenario.world.endpoints[0], plain_port=9000)
    scenario = scenario.with_world(endpoints=(open_port,))
    assert answer(scenario, get(f"{CUSTOM_HOST}:9000", KEY, scheme="http")).status == 404
    assert answer(scenario, get(f"{CUSTOM_HOST}:9000", KEY)).fault is NetworkFault.TLS_NOT_TLS


def test_waiting_and_expectations_take_the_wire() -> None:
    slow = healthy().with_world(latency=0.3)
    assert answer(slow, CALLS["an object"]).seconds > 0.3
    assert answer(slow, CALLS["an object"], replace(LIMITS, read=0.1)).fault is NetworkFault.READ_TIMEOUT
    refusing = healthy().with_world(refuses_expect=True)
    assert answer(refusing, CALLS["an upload"]).status == 417
    deaf = healthy().with_world(deaf_to_expect=True)
    assert answer(deaf, CALLS["an upload"]).fault is NetworkFault.READ_TIMEOUT
    assert answer(healthy(), CALLS["an object"], Limits(total=0)).fault is NetworkFault.DEADLINE
