"""S3_ENDPOINT names a host that serves files and takes none: called so, with the API's address where it is known."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import EnvFix
from s3probe.diagnosis.rules.api_hosts import is_public_host
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.sandbox.scenario import CUSTOM_HOST, Scenario, custom
from tests.runs import Ran, run

PUBLIC = "media.example.net"


class _Web:
    """A web server or CDN at one host: what it says to an upload, and to everything else."""

    def __init__(self, host: str, upload: int, other: int, location: str = "", kind: str = "text/html") -> None:
        self._host, self._upload, self._other = host, upload, other
        self._headers = {"content-type": kind, **({"location": location} if location else {})}

    def __call__(self, inner: Transport) -> Transport:
        self._inner = inner
        return self

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.url.split("/")[2] not in (self._host, f"files-example.{self._host}"):
            return self._inner.send(call, limits)
        status = self._upload if call.method in ("PUT", "POST", "DELETE") else self._other
        return Answer(status, self._headers, b"" if call.method == "HEAD" else b"<html><body>no</body></html>")


def _at(host: str, *, hostname: bool = False, scheme: str = "https") -> Scenario:
    scenario = custom().with_env("S3_ENDPOINT", f"{scheme}://{host}").with_env("S3_ALIAS_HOST", "files.example.com")
    return scenario if hostname else scenario.with_env("S3_HOSTNAME", None)


def _line(ran: Ran) -> tuple[str, str | None]:
    fix = ran.report.findings[0].fixes[0]
    assert isinstance(fix, EnvFix), fix
    return fix.variable, fix.value


@pytest.mark.parametrize(("upload", "other"), [(405, 404), (403, 404), (405, 403), (501, 404)])
def test_who_serves_files_and_takes_none_is_a_public_host(upload: int, other: int) -> None:
    ran = run(_at(PUBLIC, hostname=True), wrap=_Web(PUBLIC, upload, other))
    assert ran.named[0] == "endpoint-is-cdn-or-public-host"
    assert _line(ran) == ("S3_ENDPOINT", f"https://{CUSTOM_HOST}")


@pytest.mark.parametrize(("upload", "other", "kind"), [(405, 200, "text/html"), (405, 404, "application/json")])
def test_a_console_or_another_api_is_none(upload: int, other: int, kind: str) -> None:
    ran = run(_at(PUBLIC, hostname=True), wrap=_Web(PUBLIC, upload, other, kind=kind))
    assert ran.named[0] == "console-port-instead-of-api"


@pytest.mark.parametrize(
    ("host", "value"),
    [
        ("files-example.ams3.cdn.digitaloceanspaces.com", "https://ams3.digitaloceanspaces.com"),
        ("ams3.cdn.digitaloceanspaces.com", "https://ams3.digitaloceanspaces.com"),
        ("link.storjshare.io", "https://gateway.storjshare.io"),
    ],
)
def test_the_providers_table_says_the_address(host: str, value: str) -> None:
    ran = run(_at(host), wrap=_Web(host, 405, 404))
    assert ran.named[0] == "endpoint-is-cdn-or-public-host"
    assert _line(ran) == ("S3_ENDPOINT", value)


@pytest.mark.parametrize("host", ["pub-0123456789abcdef.r2.dev", "f003.backblazeb2.com"])
def test_what_only_the_console_shows_is_left_open(host: str) -> None:
    ran = run(_at(host), wrap=_Web(host, 405, 404))
    assert ran.named[0] == "endpoint-is-cdn-or-public-host"
    variable, value = _line(ran)
    assert variable == "S3_ENDPOINT"
    assert (value or "").startswith("<https://")


@pytest.mark.parametrize("host", ["d111111abcdef8.cloudfront.net", "files-example.b-cdn.net"])
def test_a_cdn_is_known_by_its_domain(host: str) -> None:
    ran = run(_at(host, hostname=True), wrap=_Web(host, 404, 404))
    assert ran.named[0] == "endpoint-is-cdn-or-public-host"
    assert _line(ran) == ("S3_ENDPOINT", f"https://{CUSTOM_HOST}")


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("ams3.digitaloceanspaces.com", False),
        ("files-example.ams3.digitaloceanspaces.com", False),
        ("ams3.cdn.digitaloceanspaces.com", True),
        ("s3.us-west-004.backblazeb2.com", False),
        ("f003.backblazeb2.com", True),
        ("0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", False),
        ("s3.eu-west-2.amazonaws.com", False),
        ("storage.example.net", False),
    ],
)
def test_a_providers_host_for_visitors_is_told_from_its_api(host: str, public: bool) -> None:
    assert is_public_host(host) == public


def test_a_redirect_to_https_at_the_same_host_says_the_line() -> None:
    plain = _at(CUSTOM_HOST, hostname=True, scheme="http")

    class Redirects(_Web):
        def send(self, call: Call, limits: Limits) -> Answer:
            return super().send(call, limits) if call.url.startswith("http://") else self._inner.send(call, limits)

    ran = run(plain, wrap=Redirects(CUSTOM_HOST, 301, 301, f"https://{CUSTOM_HOST}/"))
    assert ran.named[0] == "endpoint-http-redirects-to-https"
    assert _line(ran) == ("S3_ENDPOINT", f"https://{CUSTOM_HOST}")


def test_a_redirect_elsewhere_gives_no_address() -> None:
    ran = run(_at(PUBLIC), wrap=_Web(PUBLIC, 301, 301, "https://evil.example/"))
    assert ran.named[0] == "endpoint-is-cdn-or-public-host"
    assert all("evil.example" not in str(fix) for fix in ran.report.findings[0].fixes)
