"""Mastodon's request to a cache: made as the file says, to the file's own host alone, and its effect looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import EnvFix, Manual
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.probe.client import Client, ForbiddenOperationError
from s3probe.probe.exchange import PURGE, Answer, Call, Limits, Transport
from s3probe.probe.session import visitor_call
from s3probe.probe.signing_rule import signing_rule
from s3probe.report.formats import RenderOptions, format_named
from s3probe.sandbox.faults.proxies import BUSTER, buster, healthy_alias
from s3probe.sandbox.scenario import ALIAS, Scenario, healthy, healthy_policy
from s3probe.settings.cache_buster import CacheBuster, cache_buster
from tests.runs import OPTIONS, Ran, run, run_once, settings_of

METHOD, HEADER, SECRET = BUSTER


class Overheard:
    """Keeps every request that goes out."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, inner: Transport) -> Transport:
        self._inner = inner
        return self

    def send(self, call: Call, limits: Limits) -> Answer:
        self.calls.append(call)
        return self._inner.send(call, limits)


def purges(ran: Ran) -> list[tuple[str, str]]:
    return [(q.method, q.host) for q in ran.requests if q.method == METHOD]


@pytest.mark.parametrize("base", [healthy_policy, healthy_alias])
def test_a_cache_that_does_not_forget_is_named(base: object) -> None:
    ran = run_once(buster()(base()))  # type: ignore[operator]  # a function that makes a scenario
    assert ran.named == ("cache-buster-without-effect",)
    assert f"{METHOD} of the deleted file" in ran.report.findings[0].how_known
    assert "<CACHE_BUSTER_SECRET>" in str(ran.report.findings[0].fixes)
    assert ran.left == ()


def test_one_that_forgets_leaves_a_notice_of_what_is_never_asked_for() -> None:
    ran = run_once(buster(forgets=True)(healthy_policy()))
    assert ran.report.verdict == "ok"
    assert [f.id for f in ran.report.findings] == ["cache-buster-leaves-files"]
    fix = ran.report.findings[0].fixes[0]
    assert isinstance(fix, Manual)
    assert all(word in fix.text for word in ("avatars", "custom emoji", "batches"))
    assert ran.report.evidence.cost.requests <= 48


def test_a_proxy_without_a_cache_is_silent() -> None:
    quiet = buster()(healthy_policy())
    quiet = quiet.with_world(aliases=healthy_policy().world.aliases)
    ran = run_once(quiet)
    assert ran.report.findings == ()
    row = ran.report.evidence.get(Experiment.PURGE)
    assert row is not None
    assert row.ran


def test_the_request_is_mastodons_and_is_made_once_of_our_own_file() -> None:
    heard = Overheard()
    run(buster(forgets=True)(healthy_policy()), wrap=heard)
    asked = [call for call in heard.calls if call.operation == PURGE]
    assert [call.method for call in asked] == [METHOD]
    assert "/s3probe/" in asked[0].url
    assert dict(asked[0].headers)[HEADER] == SECRET
    assert dict(asked[0].headers)["User-Agent"].startswith("Mastodon/")


def test_the_secret_goes_to_the_published_host_alone_and_nowhere_else() -> None:
    heard = Overheard()
    ran = run(buster()(healthy_policy()), wrap=heard)
    carried = {call.url.split("/")[2] for call in heard.calls if SECRET in str(call.headers) + call.url}
    assert carried == {ALIAS}
    assert SECRET not in repr(ran.report)
    for form in ("text", "json", "markdown", "html"):
        assert SECRET not in format_named(form).render((ran.report,), RenderOptions(verbose=True))


@pytest.mark.parametrize("value", ["True", "1", "yes", "false"])
def test_what_is_not_exactly_true_asks_for_nothing(value: str) -> None:
    ran = run(buster(forgets=True)(healthy_policy()).with_env("CACHE_BUSTER_ENABLED", value))
    assert purges(ran) == []
    assert ("cache-buster-off" in ran.named) == (value != "false")


def test_a_plain_get_is_told_to_become_a_method_of_its_own() -> None:
    scenario = buster()(healthy_policy())
    for name in ("HTTP_METHOD", "SECRET_HEADER", "SECRET"):
        scenario = scenario.with_env(f"CACHE_BUSTER_{name}", None)
    ran = run(scenario)
    fix = next(f for f in ran.report.findings if f.id == "cache-buster-without-effect").fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value) == ("CACHE_BUSTER_HTTP_METHOD", "PURGE")


def test_a_method_that_could_write_is_not_sent() -> None:
    ran = run(buster()(healthy_policy()).with_env("CACHE_BUSTER_HTTP_METHOD", "PUT"))
    row = ran.report.evidence.get(Experiment.PURGE)
    assert row is None
    assert ran.report.evidence.get(ActionId.DELETED_PUBLIC_GET) is not None


def _buster(scenario: Scenario, version: str = "") -> CacheBuster | None:
    return cache_buster(settings_of(scenario), version)


@pytest.mark.parametrize(
    ("version", "headers"),
    [("4.2.9", (("Secret-Header", "True"),)), ("3.5.3", (("Secret-Header", "True"),)), ("4.3.0", ()), ("", ())],
)
def test_releases_before_4_3_send_a_header_by_themselves(version: str, headers: tuple[tuple[str, str], ...]) -> None:
    made = _buster(healthy_alias().with_env("CACHE_BUSTER_ENABLED", "true"), version)
    assert made is not None
    assert (made.method, made.headers, made.host) == ("GET", headers, ALIAS)


def _client(made: CacheBuster | None, *, read_only: bool = False) -> Client:
    class SaysYes:
        def send(self, _call: Call, _limits: Limits) -> Answer:
            return Answer(200)

    rule = signing_rule(settings_of(healthy()), None)
    return Client(SaysYes(), Limits(), lambda: 9.0, rule, read_only=read_only, buster=made)


OURS = f"https://{ALIAS}/media_attachments/files/s3probe/abcdefghij/a.png"


@pytest.mark.parametrize(
    ("url", "method", "read_only"),
    [
        (OURS.replace(ALIAS, "elsewhere.example"), METHOD, False),
        (OURS.replace("/s3probe/abcdefghij", "/000/001"), METHOD, False),
        (OURS, "DELETE", False),
        (OURS, "GET", False),
        (OURS, METHOD, True),
    ],
    ids=["another host", "a user's file", "another method", "a method that reads", "a read-only run"],
)
def test_the_client_sends_no_other_request_of_that_kind(url: str, method: str, read_only: bool) -> None:
    made = _buster(buster()(healthy_policy()))
    call = replace(visitor_call(url, method=method), operation=PURGE)
    with pytest.raises(ForbiddenOperationError):
        _client(made, read_only=read_only).send(call)
    with pytest.raises(ForbiddenOperationError):
        _client(None).send(call)
    allowed = replace(visitor_call(OURS, method=METHOD), operation=PURGE)
    assert _client(made).send(allowed).status == 200


def test_left_out_it_asks_for_nothing() -> None:
    ran = run(buster()(healthy_policy()), replace(OPTIONS, skip=(ActionId.DELETED_PUBLIC_GET,)))
    assert purges(ran) == []


def test_a_line_that_is_there_already_is_not_advised() -> None:
    broken = buster()(healthy_policy()).with_env("CACHE_BUSTER_HTTP_METHOD", "BAN")
    kept = next(f for f in run(broken).report.findings if f.id == "cdn-keeps-deleted-media")
    assert not any(isinstance(fix, EnvFix) for fix in kept.fixes)
    off = next(
        f
        for f in run(broken.with_env("CACHE_BUSTER_ENABLED", "false")).report.findings
        if f.id == "cdn-keeps-deleted-media"
    )
    assert any(isinstance(fix, EnvFix) and fix.variable == "CACHE_BUSTER_ENABLED" for fix in off.fixes)
