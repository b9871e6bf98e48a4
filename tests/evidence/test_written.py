"""Every fact and header of the vocabulary is written by some run of the probe: what a rule reads is there to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import Fact, Facts, Header, HeaderName
from s3probe.examination import check
from s3probe.knowledge.proxies import Kind, middlemen
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.machine import families_of
from s3probe.sandbox.cdns import CDNS
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.recommended import minio
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS, Scenario, custom, healthy, healthy_policy, readable
from s3probe.sandbox.statements import Statement
from tests.exhaustive import EXHAUSTIVE
from tests.runs import OPTIONS, fault_name, run, run_fault, settings_of, tools_for

FAULTS = {fault_name(fault): fault for fault in ALL}
TELLING = (
    "acl-disabled-bucket-owner-enforced",
    "alias-redirects-to-other-host",
    "anonymous-acl-or-policy-readable",
    "anonymous-write-allowed",
    "bpa-blocks-public-policy",
    "bpa-ignores-public-acls (account level)",
    "bucket-listable-policy",
    "cache-control-missing",
    "cors-missing",
    "csp-missing-media-host",
    "explicit-deny-policy (source address)",
    "lifecycle-expires-media",
    "object-lock-prevents-delete",
    "proxy-caches-errors",
    "proxy-changes-content-type",
    "proxy-forwards-authorization-cookies",
    "proxy-forwards-authorization-cookies (cookies)",
    "range-requests-broken-for-viewers",
    "region-wrong-aws-regional-endpoint",
    "slow-provider-read-timeout",
)
"""Faults whose runs write down what others do not; so do those that bring their look-alike."""
FROM_CDNS = {
    "age": "12",
    "via": "1.1 varnish",
    "x-cache": "HIT",
    "x-proxy-cache": "HIT",
    "x-varnish": "1 2",
    "cf-cache-status": "HIT",
    "cf-ray": "8a-AMS",
    "cf-mitigated": "challenge",
    "x-amz-cf-id": "abc==",
    "x-amzn-waf-action": "challenge",
    "content-encoding": "gzip",
    "retry-after": "1",
    "www-authenticate": 'Basic realm="media"',
    **{sign.partition(": ")[0]: "1" for one in middlemen().values() for sign in one.signs if one.kind is Kind.CDN},
    **{name.lower(): value for cdn in CDNS for name, value in cdn.headers("HIT")},
}
"""Headers of proxies and CDNs that no sandbox has."""


class Between:
    """Something between probe and storage that changes answers."""

    def __init__(self, inner: Transport, change: Callable[[Call, Answer], Answer]) -> None:
        self._inner, self._change = inner, change

    def send(self, call: Call, limits: Limits) -> Answer:
        return self._change(call, self._inner.send(call, limits))


def _seen(scenario: Scenario, change: Callable[[Call, Answer], Answer]) -> Evidence:
    return run(scenario, wrap=lambda inner: Between(inner, change)).report.evidence


def _by_a_cdn(call: Call, answer: Answer) -> Answer:
    return replace(answer, headers={**answer.headers, **FROM_CDNS}) if f"//{ALIAS}/" in call.url else answer


def _other_bytes(call: Call, answer: Answer) -> Answer:
    """Files come back changed, and shorter."""
    if call.method == "HEAD" and answer.status == 200:
        return replace(answer, headers={**answer.headers, "content-length": "0"})
    return replace(answer, body=b"\xff other") if call.method == "GET" and answer.status in (200, 206) else answer


def _sent_on(call: Call, answer: Answer) -> Answer:
    """S3 sends requests for young buckets on, with an error in the body."""
    if call.method != "GET" or not call.url.endswith(".png") or "authorization" in dict(call.headers):
        return answer
    body = b"<Error><Code>TemporaryRedirect</Code><Message>Please re-send this request</Message></Error>"
    return replace(answer, status=307, headers={**answer.headers, "location": "https://elsewhere.example/"}, body=body)


def _of_a_tenant(_call: Call, answer: Answer) -> Answer:
    """Ceph's tenants stand in the owner's name, MinIO's host id is a hash, and a proxy asked for another bucket."""
    body = re.sub(rb"<Owner><ID>[^<]*", b"<Owner><ID>acme$mastodon", answer.body)
    body = re.sub(rb"<BucketName>[^<]*", b"<BucketName>other", body)
    body = body.replace(b"</Error>", b"<BucketName>other</BucketName></Error>") if b"BucketName" not in body else body
    return replace(answer, body=body, headers={**answer.headers, "x-amz-id-2": "dd9025bab4ad464b" * 4})


def _powerful(scenario: Scenario) -> Scenario:
    """The key may do everything that Mastodon never does, and the bucket's policy denies something of that."""
    everything = Statement("Allow", ("s3:*",), ("*",))
    never = Statement("Deny", ("s3:PutObjectTagging",), (f"arn:aws:s3:::{scenario.bucket.name}/*",), ("*",))
    plain = replace(never, conditions=(("Bool", "aws:SecureTransport", ("false",)),))
    return scenario.with_user(identity=(everything,)).with_bucket(policy=(*scenario.bucket.policy, never, plain))


def _runs() -> Iterator[Evidence]:
    brought = (fault_name(fault) for fault in ALL if fault.look_alike is not None)
    for name in (*TELLING, *brought):
        yield run_fault(FAULTS[name]).report.evidence
    yield _seen(healthy_policy(), _by_a_cdn)
    yield _seen(healthy(), _other_bytes)
    yield _seen(healthy(), _sent_on)
    yield run(_powerful(FAULTS["acl-disabled-bucket-owner-enforced"].scenario())).report.evidence
    yield run(_powerful(healthy().with_env("S3_PERMISSION", "authenticated-read"))).report.evidence
    yield _seen(readable(FAULTS["bpa-ignores-public-acls"].scenario()), _of_a_tenant)
    yield run(_powerful(FAULTS["lifecycle-expires-media"].scenario().with_bucket(versioning=True))).report.evidence
    yield _on_ec2()
    yield _in_a_private_network()
    yield _by_a_cname()
    scenario = without("s3:DeleteObject")(minio())  # with an access key of its user, which has a policy of its own
    yield run(scenario.with_user(session=scenario.user.identity)).report.evidence


def _by_a_cname() -> Evidence:
    """DNS leads the media host to another name, at addresses that are not the storage's."""

    def families(_host: str, _port: int) -> Facts:
        return {Fact.ADDRESSES: "ipv4", Fact.CANONICAL: "edge.cdn.example"}

    scenario = healthy_policy()
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        tools = replace(tools, families_of=families, same_addresses=lambda _host, _other: False)
        try:
            return check(settings_of(scenario), OPTIONS, tools).evidence
        finally:
            transport.close()


def _on_ec2() -> Evidence:
    """No key pair, on a machine that should have a role."""
    scenario = healthy().with_env("AWS_ACCESS_KEY_ID", None).with_env("AWS_SECRET_ACCESS_KEY", None)
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        try:
            return check(settings_of(scenario), OPTIONS, replace(tools, vendor=lambda: "Amazon EC2")).evidence
        finally:
            transport.close()


def _in_a_private_network() -> Evidence:
    scenario = custom()
    own = replace(scenario.world.endpoints[0], plain_port=9000)
    scenario = scenario.with_world(endpoints=(own,)).with_env("S3_ENDPOINT", f"http://{own.base}:9000")
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        try:
            return check(settings_of(scenario), OPTIONS, replace(tools, lies_inside=lambda _host: True)).evidence
        finally:
            transport.close()


@pytest.mark.skipif(not EXHAUSTIVE, reason="forty examinations: only with S3PROBE_EXHAUSTIVE")
def test_every_fact_and_header_is_written_by_some_run() -> None:
    facts, headers = set(families_of("localhost", 443)), set[HeaderName]()
    for evidence in _runs():
        for seen in evidence.observations:
            facts.update(seen.facts)
            headers.update(seen.headers)
    assert {fact.name for fact in Fact if fact not in facts} == set()
    assert {header.name for header in Header if header not in headers} == set()
