"""Signed requests go where the file says, in the name that it says, and nowhere that only an answer names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import pytest

from s3probe.diagnosis.model import Manual
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.forms import POST_OBJECT, refused_form
from s3probe.probe.sign import CredentialScope
from s3probe.probe.signing_rule import signer, signing_rule
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.scenario import SECRET, Scenario, custom, healthy
from s3probe.secret import Secret
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Credentials
from s3probe.settings.sources import load
from tests.every import every
from tests.runs import Ran, run, settings_of

BUCKET = "files-example"
KEY_ID = "AKIAMASTODON7EXAMPLE"


def signed(url: str, operation: str = "ListObjectsV2", bucket: str = BUCKET, key_id: str = KEY_ID) -> Call:
    method = "PUT" if operation == "PutObject" else "GET"
    header = f"AWS4-HMAC-SHA256 Credential={key_id}/20261128/eu-west-2/s3/aws4_request, SignedHeaders=host, Signature=0"
    return Call(operation, method, url, (("Authorization", header),), bucket=bucket)


def objection(scenario: Scenario, call: Call) -> str:
    settings = settings_of(scenario)
    return signing_rule(settings, settings.credentials).objection(call)


@every(
    "url",
    [
        "https://s3.eu-west-2.amazonaws.com/",
        f"https://{BUCKET}.s3.eu-west-2.amazonaws.com/",
        f"https://{BUCKET}.s3.eu-north-1.amazonaws.com/",
        "https://s3.amazonaws.com/",
        f"https://{BUCKET}.s3-fips.dualstack.us-gov-west-1.amazonaws.com/",
    ],
)
def test_aws_is_asked_in_every_region(url: str) -> None:
    assert objection(healthy(), signed(url)) == ""


@every(
    "url",
    [
        f"https://{BUCKET}.s3.evil.example/x.amazonaws.com",
        f"https://{BUCKET}.s3.evil.example#.amazonaws.com",
        "https://s3.eu-west-2.amazonaws.com.evil.example/",
        "https://s3.eu-west-2.amazonaws.com@evil.example/",
        "https://ec2-192-0-2-1.compute.amazonaws.com/",
        "https://s3.a.b.amazonaws.com/",
        f"https://{BUCKET}.evil.s3.eu-west-2.amazonaws.com/",
        "https://192.0.2.1/",
        "https://s3.cn-north-1.amazonaws.com.cn/",
        f"https://{BUCKET}.s3.eusc-de-east-1.amazonaws.eu/",
        "http://s3.eu-west-2.amazonaws.com/",
    ],
)
def test_nobody_else_is_asked_with_a_signature(url: str) -> None:
    assert objection(healthy(), signed(url))
    assert objection(healthy(), Call("GET", "GET", url)) == "", "without a signature everybody may be asked"


CHINA = f"https://{BUCKET}.s3.cn-northwest-1.amazonaws.com.cn/"


@every(
    "name, value",
    [
        ("S3_REGION", "cn-north-1"),
        ("S3_HOSTNAME", "s3.cn-north-1.amazonaws.com.cn"),
        ("AWS_REGION", "cn-north-1"),
    ],
)
def test_china_is_asked_where_the_file_names_it(name: str, value: str) -> None:
    scenario = healthy().with_env("S3_ENDPOINT", "https://s3.amazonaws.com").with_env(name, value)
    assert objection(scenario, signed(CHINA)) == ""
    assert objection(custom().with_env("S3_REGION", "cn-north-1"), signed(CHINA)), "a region alone makes no AWS"


def test_a_file_for_china_leads_nowhere_else() -> None:
    host = "s3.cn-north-1.amazonaws.com.cn"
    inside = healthy().with_env("S3_REGION", "cn-north-1").with_env("S3_HOSTNAME", host)
    assert objection(inside, signed(CHINA)) == ""
    assert objection(inside, signed("https://s3.us-east-1.amazonaws.com/"))


def test_an_endpoint_is_asked_at_any_port_with_and_without_the_bucket() -> None:
    at = "s3.nl-ams.example.net"
    for url in (f"https://{at}/", f"https://{at}:9000/", f"https://{BUCKET}.{at}/", f"https://{at}/path/{BUCKET}"):
        assert objection(custom(), signed(url)) == ""
    assert objection(custom(), signed(f"https://{BUCKET}.s3.de-fra.example.net/"))
    assert objection(custom(), signed(f"http://{at}/"))
    lowered = custom().with_env("S3_ENDPOINT", f"http://{at}:9000")
    assert objection(lowered, signed(f"http://{at}:9000/")) == "" == objection(lowered, signed(f"https://{at}/"))


def test_a_known_provider_is_asked_in_its_other_regions() -> None:
    at_scaleway = custom().with_env("S3_ENDPOINT", "https://s3.nl-ams.scw.cloud")
    assert objection(at_scaleway, signed(f"https://{BUCKET}.s3.fr-par.scw.cloud/")) == ""
    assert objection(at_scaleway, signed("https://s3.evil.example.scw.cloud/"))
    assert objection(at_scaleway, signed("https://s3.fr-par.scw.cloud.evil.example/"))


def test_nothing_is_written_to_a_bucket_of_another_name() -> None:
    url = f"https://s3.nl-ams.example.net/{BUCKET}/x"
    shouting = custom().with_env("S3_BUCKET", BUCKET.upper())
    assert objection(custom(), signed(url, "PutObject")) == ""
    assert objection(shouting, signed(url, "PutObject"))
    assert objection(shouting, signed(url, "ListObjectsV2")) == ""


def test_nothing_is_signed_as_somebody_else() -> None:
    url = "https://s3.eu-west-2.amazonaws.com/"
    assert objection(healthy(), signed(url, key_id="AKIAROOTSPROFILE0000"))
    assert objection(healthy(), signed(url, key_id="S3PROBENOSUCHKEY0000")) == ""


def test_a_key_id_of_an_earlier_line_stands_in_the_file_as_well() -> None:
    twice = healthy().env_text + "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"
    call = signed(f"https://{BUCKET}.s3.eu-west-2.amazonaws.com/")
    assert objection(replace(healthy(), env_text=twice), call) == ""
    once = healthy().with_env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    assert "does not name that key" in objection(once, call)


def test_a_signature_in_the_query_counts() -> None:
    link = "https://evil.example/x?X-Amz-Credential=AKIAMASTODON7EXAMPLE%2F20261128%2Feu-west-2%2Fs3%2Faws4_request"
    assert signer(Call("GetObject", "GET", link)) == KEY_ID
    assert objection(healthy(), Call("GetObject", "GET", link))


def test_a_secret_in_the_place_of_the_key_id_is_named_whole() -> None:
    exchanged = healthy().with_env("AWS_ACCESS_KEY_ID", SECRET).with_env("AWS_SECRET_ACCESS_KEY", KEY_ID)
    assert "/" in SECRET
    assert signer(signed("https://s3.eu-west-2.amazonaws.com/", key_id=SECRET)) == SECRET
    scope = quote(f"{SECRET}/20261128/eu-west-2/s3/aws4_request", safe="")
    assert signer(Call("GetObject", "GET", f"https://evil.example/x?X-Amz-Credential={scope}")) == SECRET
    assert [finding.id for finding in run(exchanged).report.findings] == ["key-pair-exchanged"]


class Liar:
    """Answers for the storage, and notes who is asked with a signature."""

    def __init__(self, inner: Transport, lie: Callable[[Call, Answer], Answer]) -> None:
        self._inner, self._lie = inner, lie
        self.signed: list[str] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        if signer(call):
            self.signed.append(call.url.partition("?")[0])
        return self._lie(call, self._inner.send(call, limits))


def lied_to(scenario: Scenario, body: bytes, status: int = 400, **headers: str) -> tuple[Ran, Liar]:
    liars: list[Liar] = []

    def lie(call: Call, answer: Answer) -> Answer:
        told = {**answer.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return replace(answer, status=status, body=body, headers=told) if signer(call) else answer

    def wrap(inner: Transport) -> Transport:
        liars.append(Liar(inner, lie))
        return liars[-1]

    return run(scenario, wrap=wrap), liars[0]


NAMES = [
    "evil.example/x",
    "evil.example#",
    "evil.example?",
    "evil.example",
    "@evil.example/",
    "x.evil",
    "..",
    "a b",
    "\r\nHost: evil",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["element", "header", "endpoint"])
def test_an_answer_names_no_host(name: str, where: str) -> None:
    code = "PermanentRedirect" if where == "endpoint" else "AuthorizationHeaderMalformed"
    text = {"element": f"<Region>{name}</Region>", "header": "", "endpoint": f"<Endpoint>{name}</Endpoint>"}[where]
    headers = {"x_amz_bucket_region": name} if where == "header" else {}
    status = 301 if where == "endpoint" else 400
    body = f"<Error><Code>{code}</Code><Message>wrong</Message>{text}</Error>".encode()
    ran, liar = lied_to(healthy(), body, status, **headers)
    assert {url.split("/")[2] for url in liar.signed} <= {
        f"{BUCKET}.s3.eu-west-2.amazonaws.com",
        "s3.eu-west-2.amazonaws.com",
    }
    told = [str(fix) for finding in ran.report.findings for fix in finding.fixes]
    assert not [text for text in told if "evil" in text]


UNKNOWN_KEY = b"<Error><Code>InvalidAccessKeyId</Code><Message>unknown</Message></Error>"


def asked(liar: Liar) -> set[str]:
    return {(urlsplit(url).hostname or "").removeprefix(f"{BUCKET}.") for url in liar.signed}


def test_a_key_that_is_unknown_is_not_shown_to_another_domain() -> None:
    ran, liar = lied_to(healthy(), UNKNOWN_KEY, 403)
    assert asked(liar) == {f"s3.{region}.amazonaws.com" for region in ("eu-west-2", "us-gov-west-1", "us-gov-east-1")}
    assert not [row for row in ran.report.evidence.observations if "cn-north" in row.id], "not even tried"
    (advice,) = [fix.text for fix in ran.report.findings[0].fixes if isinstance(fix, Manual)]
    assert "S3_REGION=cn-north-1" in advice
    assert "not tried" in advice


def test_it_is_where_the_file_names_a_host_there() -> None:
    ran, liar = lied_to(healthy().with_env("S3_HOSTNAME", "s3.cn-north-1.amazonaws.com.cn"), UNKNOWN_KEY, 403)
    assert asked(liar) >= {f"s3.{region}.amazonaws.com.cn" for region in ("cn-north-1", "cn-northwest-1")}
    assert not [fix for fix in ran.report.findings[0].fixes if isinstance(fix, Manual)]


@pytest.mark.parametrize("endpoint", [None, "https://s3.eu-west-2.amazonaws.com"])
def test_a_region_of_another_domain_that_an_answer_names_is_advice(endpoint: str | None) -> None:
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>cn-north-1</Region></Error>"
    ran, liar = lied_to(healthy().with_env("S3_ENDPOINT", endpoint), body)
    assert asked(liar) == {"s3.eu-west-2.amazonaws.com"}
    assert ran.report.findings[0].id == "region-wrong-aws-regional-endpoint"


def test_tls_that_fails_is_never_answered_with_signed_plain_http() -> None:
    """Plain http lives there, and the file asks for TLS: it is asked, and nothing is signed for it."""
    fault = FAULTS["protocol-https-but-endpoint-plain"].scenario()
    scenario = fault.with_env("S3_ENDPOINT", "https://s3.nl-ams.example.net:9000")
    liars: list[Liar] = []

    def wrap(inner: Transport) -> Transport:
        liars.append(Liar(inner, lambda _call, answer: answer))
        return liars[-1]

    run(scenario, wrap=wrap)
    assert not [url for url in liars[0].signed if url.startswith("http:")]


def test_without_an_endpoint_the_files_own_address_is_at_aws() -> None:
    elsewhere = healthy().with_env("S3_HOSTNAME", None).with_env("AWS_ENDPOINT_URL_S3", "https://minio.example")
    aws = signed(f"https://{BUCKET}.s3.eu-west-2.amazonaws.com/")
    assert objection(elsewhere, aws) == ""
    assert objection(custom().with_env("AWS_ENDPOINT_URL_S3", "https://minio.example"), aws) != ""


AT_HOME = "https://s3.eu-west-2.amazonaws.com/"


def test_whoever_signs_is_found_wherever_the_signature_stands() -> None:
    old = Call("GetObject", "GET", AT_HOME, (("authorization", f"AWS {KEY_ID}:c2lnbmF0dXJl"),))
    assert signer(old) == KEY_ID
    assert signer(Call("GetObject", "GET", f"{AT_HOME}x?AWSAccessKeyId={KEY_ID}&Signature=0")) == KEY_ID
    scope = CredentialScope(Credentials(SECRET, Secret(KEY_ID)), "eu-west-2", datetime(2026, 11, 28, tzinfo=UTC))
    assert signer(Call(POST_OBJECT, "POST", AT_HOME, body=refused_form(scope, BUCKET, "x"))) == SECRET
    assert signer(Call("GetObject", "GET", f"{AT_HOME}x?X-Amz-Signature=0")) == ""
    for call in (old, Call("GetObject", "GET", f"https://evil.example/x?AWSAccessKeyId={KEY_ID}")):
        assert objection(healthy(), replace(call, url=call.url.replace("s3.eu-west-2.amazonaws.com", "evil.example")))


def test_an_address_without_a_host_is_no_address_of_the_file() -> None:
    for host in ("http://", "://", "["):
        scenario = healthy().with_env("S3_ALIAS_HOST", host)
        assert "does not name that address" in objection(scenario, signed("https:///x")), host
    assert "does not name evil.example" in objection(healthy(), signed("https://evil.example/x"))


def test_only_what_looks_like_a_host_is_taken_for_one() -> None:
    assert objection(healthy().with_env("S3_HOSTNAME", "http://minio:9000"), signed("http://minio:9000/")) == ""
    for text in ("eu-west-2", BUCKET, KEY_ID.lower(), "true"):
        assert objection(healthy(), signed(f"https://{text}/")), text


def test_one_host_of_amazons_is_enough_to_be_asked_where_a_region_leads() -> None:
    with_alias = healthy().with_env("S3_ALIAS_HOST", "files.example.com").with_env("AWS_REGION", "cn-north-1")
    assert objection(with_alias, signed(CHINA)) == ""


def test_plain_http_counts_for_what_names_no_scheme() -> None:
    media = "media.example.net"
    plain = custom().with_env("S3_PROTOCOL", "http").with_env("S3_HOSTNAME", media)
    assert objection(plain, signed(f"http://{media}/")) == ""
    assert "does not ask for plain http" in objection(plain, signed("http://s3.nl-ams.example.net/"))
    assert "does not ask for plain http" in objection(
        plain.with_env("S3_PROTOCOL", "https"), signed(f"http://{media}/")
    )


def test_an_endpoint_with_tls_is_asked_without_it_by_no_line_that_is_for_visitors() -> None:
    api = "s3.nl-ams.example.net"
    same = custom().with_env("S3_PROTOCOL", "http").with_env("S3_HOSTNAME", api)
    for host in (api, f"{BUCKET}.{api}"):
        assert "does not ask for plain http" in objection(same, signed(f"http://{host}/"))
    assert objection(same, signed(f"https://{api}/")) == ""
    assert objection(same.with_env("S3_ENDPOINT", f"http://{api}"), signed(f"http://{api}/")) == ""


def test_a_bucket_that_another_line_names_may_be_written_to_and_is_no_part_of_a_host() -> None:
    named = custom().with_env("AWS_BUCKET", "media-example")
    put = signed("https://s3.nl-ams.example.net/media-example/x", "PutObject", "media-example")
    assert objection(named, put) == ""
    assert "does not name a bucket media-example" in objection(custom(), put)
    assert objection(named, signed("https://nl-ams.s3.nl-ams.example.net/"))


def test_what_stands_behind_a_sign_that_ends_the_value_stands_in_the_file_as_well() -> None:
    cut = healthy().with_raw_env("AWS_ACCESS_KEY_ID", "AKIAMASTODON #7EXAMPLE")
    for key_id in ("AKIAMASTODON", "AKIAMASTODON #7EXAMPLE"):
        settings = settings_of(cut)
        rule = signing_rule(settings, settings.credentials)
        assert key_id in rule.key_ids
    assert "" not in signing_rule(settings_of(healthy()), None).key_ids


def test_the_process_environment_leads_as_the_file_does_and_the_sdk_may_bring_the_key() -> None:
    environ = {"S3_ENABLED": "true", "S3_BUCKET": BUCKET, "S3_REGION": "eu-west-2", "S3_HOSTNAME": "s3.amazonaws.com"}
    settings = interpret(load(None, environ=environ))
    chain = Credentials("AKIAFROMTHECHAIN0000", Secret(SECRET), source="chain:profile")
    call = signed(AT_HOME, key_id=chain.access_key_id)
    assert signing_rule(settings, chain).objection(call) == ""
    assert "does not name that key" in signing_rule(settings, None).objection(call)
