"""The public host itself: an own domain in the wrong line, a bare CNAME, a closed port, each certificate that fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3probe.diagnosis.model import EnvFix, Finding, Manual, ServerFix
from s3probe.evidence.observations import NetworkFault
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import ALIAS, CUSTOM_HOST, Scenario, custom, healthy_policy
from s3probe.sandbox.world import ConnectionFault, Obstacle
from tests.runs import run

AWS = "s3.eu-west-2.amazonaws.com"
NO_SUCH_BUCKET = (
    b'<?xml version="1.0"?><Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message>'
    b"<BucketName>files.example.com</BucketName></Error>"
)


class _Instead:
    """Other answers for URLs of some beginnings."""

    def __init__(self, **answers: Answer) -> None:
        self._answers = answers

    def __call__(self, inner: Transport) -> Transport:
        self._inner = inner
        return self

    def send(self, call: Call, limits: Limits) -> Answer:
        for scheme, answer in self._answers.items():
            if call.url.startswith(f"{scheme}://{self.host}"):
                return answer
        return self._inner.send(call, limits)

    host = ALIAS


class _AtTheStorage(_Instead):
    host = CUSTOM_HOST


def _refused(host: str) -> Answer:
    return Answer(fault=NetworkFault.REFUSED, detail=f"connection refused by {host}:443", sent=False)


def _for_others(names: str) -> Answer:
    return Answer(fault=NetworkFault.TLS_NAME, detail=f"certificate is for {names}, not {ALIAS}", sent=False)


def first(scenario: Scenario, wrap: Callable[[Transport], Transport] | None = None) -> Finding:
    return run(scenario, wrap=wrap).report.findings[0]


@pytest.mark.parametrize("base", [healthy_policy, healthy_alias])
def test_an_own_domain_in_s3_hostname_is_kept_as_the_alias(base: Callable[[], Scenario]) -> None:
    finding = first(base().with_env("S3_ALIAS_HOST", None).with_env("S3_HOSTNAME", ALIAS))
    fix = finding.fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("S3_ALIAS_HOST", ALIAS)
    moved = base().with_env("S3_HOSTNAME", ALIAS)
    assert run(moved).report.verdict == "ok"


def test_a_bare_cname_to_aws_can_have_no_certificate() -> None:
    known = {"server": "AmazonS3", "content-type": "application/xml", "x-amz-request-id": "1"}
    there = _Instead(https=_for_others(f"*.{AWS}, {AWS}"), http=Answer(404, known, NO_SUCH_BUCKET))
    finding = first(healthy_policy(), there)
    assert finding.id == "alias-dns-missing-or-cname-bucket-mismatch"
    assert isinstance(finding.fixes[0], Manual)
    assert "no certificate for it can be installed" in finding.fixes[0].text
    assert all(not isinstance(fix, ServerFix) for fix in finding.fixes)


def test_a_proxy_with_the_certificate_of_another_site_is_none() -> None:
    finding = first(healthy_policy(), _Instead(https=_for_others("www.example.com")))
    assert finding.id == "alias-host-no-tls-or-wrong-cert"
    assert isinstance(finding.fixes[0], ServerFix)
    assert "the one that is shown is for www.example.com" in finding.fixes[0].note


def test_a_closed_port_is_named_with_its_number() -> None:
    finding = first(healthy_policy(), _Instead(https=_refused(ALIAS), http=_refused(ALIAS)))
    assert finding.id == "media-host-unreachable"
    assert finding.title == f"Nothing answers visitors at {ALIAS}:443"


def test_a_storage_without_tls_that_is_the_public_host_gets_a_proxy_before_it() -> None:
    scenario = custom().with_env("S3_ENDPOINT", f"http://{CUSTOM_HOST}")
    finding = first(scenario, _AtTheStorage(https=_refused(CUSTOM_HOST)))
    assert finding.id == "protocol-https-but-endpoint-plain"
    fix = finding.fixes[0]
    assert isinstance(fix, ServerFix)
    assert (fix.setting, fix.value) == ("certificate", CUSTOM_HOST)
    assert "at port 443" in fix.note


@pytest.mark.parametrize(
    ("fault", "title", "note"),
    [
        (ConnectionFault.WRONG_NAME, "for another name", "install a certificate that names"),
        (ConnectionFault.EXPIRED, "has expired", "renew the certificate"),
        (ConnectionFault.UNTRUSTED, "nobody trusts", "authority that browsers know"),
        (ConnectionFault.PLAIN, "speaks no TLS", "let port 443 speak TLS"),
    ],
)
def test_each_certificate_that_fails_has_its_own_words(fault: ConnectionFault, title: str, note: str) -> None:
    scenario = healthy_policy()
    finding = first(scenario.with_world(obstacles=(Obstacle(ALIAS, fault),)))
    assert finding.id == "alias-host-no-tls-or-wrong-cert"
    assert title in finding.title
    fix = finding.fixes[0]
    assert isinstance(fix, ServerFix)
    assert note in fix.note
