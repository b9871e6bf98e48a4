"""What strangers may not do, against hosts that say yes, no or nothing in odd ways; and what --thorough adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from s3probe.evidence import page_policy as csp
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.formats import RenderOptions, format_named
from s3probe.sandbox.faults.proxies import healthy_alias, proxy
from s3probe.sandbox.scenario import ALIAS, Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import AliasFault, PublicAccessBlock
from tests.exhaustive import part
from tests.runs import OPTIONS, Ran, run, run_once

THOROUGH = replace(OPTIONS, thorough=True)
ARN = "arn:aws:s3:::files-example"
Say = Callable[[Call], Answer | None]


class _Host:
    """Answers some requests by itself and passes the others on."""

    def __init__(self, inner: Transport, say: Say) -> None:
        self._inner, self._say = inner, say

    def send(self, call: Call, limits: Limits) -> Answer:
        return self._say(call) or self._inner.send(call, limits)


def _with(say: Say) -> Callable[[Transport], Transport]:
    return lambda inner: _Host(inner, say)


def _at_alias(call: Call) -> bool:
    return urlsplit(call.url).hostname == ALIAS


def _open_to_all(scenario: Scenario, action: str, resource: str = ARN) -> Scenario:
    statement = Statement("Allow", (action,), (resource,), ("*",), sid="Open")
    bucket = scenario.bucket
    return scenario.with_bucket(policy=(*bucket.policy, statement), block=PublicAccessBlock())


def _markdown(ran: Ran) -> str:
    return format_named("markdown").render([ran.report], RenderOptions())


@pytest.mark.parametrize("make", [healthy_alias, healthy_policy])
def test_a_proxy_that_says_204_to_any_method_deletes_nothing(make: Callable[[], Scenario]) -> None:
    said = _with(lambda call: Answer(204) if call.method == "DELETE" and _at_alias(call) else None)
    ran = run(make(), wrap=said)
    assert ran.named == ()
    assert ran.left == ()


def test_a_proxy_that_passes_deletions_on_and_is_trusted_is_named_with_its_line() -> None:
    ran = run(_open_to_all(proxy(AliasFault.ANY_METHOD)(healthy_policy()), "s3:DeleteObject", f"{ARN}/*"))
    assert ran.named == ("anonymous-write-allowed",)
    assert ran.left == ()


@pytest.mark.parametrize("answer", [Answer(503), Answer(429), Answer(None, fault=NetworkFault.CLOSED)], ids=str)
def test_a_proxy_that_refuses_without_words_is_healthy(answer: Answer) -> None:
    def say(call: Call) -> Answer | None:
        parts = urlsplit(call.url)
        closed = parts.path in ("", "/") or parts.path.startswith("/backups/") or parts.query or call.method == "DELETE"
        return answer if _at_alias(call) and closed else None

    ran = run(healthy_policy(), wrap=_with(say))
    assert ran.named == ()
    assert ran.report.verdict == "ok"


@pytest.mark.parametrize(("folder", "named"), [("/backups/", ()), ("/", ("proxy-serves-error-as-image",))])
def test_a_page_for_archives_is_told_from_one_for_all_errors(folder: str, named: tuple[str, ...]) -> None:
    page = Answer(200, {"content-type": "text/html", "server": "nginx"}, b"<!DOCTYPE html><title>Nothing here</title>")

    class Host:
        def __init__(self, inner: Transport) -> None:
            self._inner = inner

        def send(self, call: Call, limits: Limits) -> Answer:
            answer = self._inner.send(call, limits)
            refused = call.method == "GET" and _at_alias(call) and (answer.status or 0) >= 400
            return page if refused and urlsplit(call.url).path.startswith(folder) else answer

    assert run(healthy_policy(), wrap=Host).named == named


def test_an_error_of_the_storage_is_no_proof_that_it_refuses() -> None:
    listing = "list-type=2"
    said = _with(lambda call: Answer(500) if listing in call.url and not call.url.startswith(f"https://{ALIAS}") and
                 not any(name == "Authorization" for name, _ in call.headers) else None)  # fmt: skip
    ran = run(healthy(), wrap=said)
    row = ran.report.evidence.get(ActionId.PUBLIC_LIST)
    assert row is not None
    assert row.outcome is Outcome.UNKNOWN
    assert "- [ ] Nobody can list the bucket" in _markdown(ran)


def test_a_closed_archive_behind_a_redirect_is_followed_to_its_end() -> None:
    opened = _open_to_all(proxy(AliasFault.REDIRECTS)(healthy_alias()), "s3:GetObject", f"{ARN}/media_attachments/*")
    assert "suspended-media-stays-public" in run_once(opened).named
    assert "suspended-media-stays-public" not in run(proxy(AliasFault.REDIRECTS)(healthy_alias())).named


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:ListBucketMultipartUploads", ARN),
        ("s3:DeleteObject", f"{ARN}/*"),
        ("s3:GetObjectAcl", f"{ARN}/*"),
        ("s3:GetBucketAcl", ARN),
    ],
)
def test_a_thorough_run_finds_what_a_small_one_has_no_room_for(action: str, resource: str) -> None:
    scenario = _open_to_all(healthy_alias(), action, resource)
    ran = run(scenario, THOROUGH)
    assert len(ran.named) == 1, ran.named
    assert ran.left == ()
    assert run(healthy_alias(), THOROUGH).named == ()


def test_a_checklist_of_a_small_run_ticks_nothing_that_was_left_out() -> None:
    box = "Nobody can read who may do what"
    assert f"- [ ] {box}" in _markdown(run_once(healthy_alias()))
    assert f"- [x] {box}" in _markdown(run(healthy_alias(), THOROUGH))


class _ListsAt:
    """A storage that lists to anyone, under one kind of address alone."""

    def __init__(self, inner: Transport, path_style: bool) -> None:
        self._inner, self._path_style = inner, path_style

    def send(self, call: Call, limits: Limits) -> Answer:
        parts = urlsplit(call.url)
        in_path = parts.path.startswith("/files-example")
        signed = any(name == "Authorization" for name, _ in call.headers)
        if "list-type=2" in parts.query and not signed and not _at_alias(call) and in_path is self._path_style:
            body = b'<?xml version="1.0"?><ListBucketResult><Name>files-example</Name></ListBucketResult>'
            return Answer(200, {"content-type": "application/xml"}, body)
        return self._inner.send(call, limits)


@pytest.mark.parametrize(("make", "path_style"), part([(healthy, True), (custom, True), (healthy, False)], 2))
def test_a_thorough_run_asks_for_a_listing_under_both_addresses(make: Callable[[], Scenario], path_style: bool) -> None:
    ran = run(make(), THOROUGH, wrap=lambda inner: _ListsAt(inner, path_style))
    assert [name for name in ran.named if name.startswith("bucket-listable")]


def test_where_acls_open_files_the_fix_of_a_policy_is_none() -> None:
    (found,) = run(_open_to_all(healthy(), "s3:ListBucket")).report.findings
    assert "delete-bucket-policy" in str(found.fixes[0])
    (found,) = run(_open_to_all(healthy_policy(), "s3:ListBucket")).report.findings
    assert "put-bucket-policy" in str(found.fixes[0])


PAGE = "https://mastodon.example/"
MEDIA = "https://files.example.com/a.png"


@pytest.mark.parametrize("source", ["https://*", "http:", "https:", "*", "https://files.example.com", "*.example.com"])
def test_sources_that_allow_a_media_host(source: str) -> None:
    assert csp.allows(f"img-src {source}", "img-src", MEDIA, PAGE)


@pytest.mark.parametrize("source", ["'self'", "'none'", "http://*:8080", "data:", "https://other.example.com"])
def test_sources_that_do_not(source: str) -> None:
    assert not csp.allows(f"img-src {source}", "img-src", MEDIA, PAGE)


@pytest.mark.parametrize(
    ("policy", "elsewhere", "judged"),
    [
        ("img-src 'self'", False, True),
        ("default-src 'self'", False, False),  # a maintenance page: Mastodon's own names where media come from
        ("img-src 'self'", True, False),  # a login page of another host
    ],
)
def test_only_a_page_of_mastodon_is_judged(policy: str, elsewhere: bool, judged: bool) -> None:
    page = Answer(200, {"content-type": "text/html", "content-security-policy": policy}, b"<!DOCTYPE html>")

    def say(call: Call) -> Answer | None:
        if call.url == PAGE:
            return Answer(302, {"location": "https://login.example.org/"}) if elsewhere else page
        return page if call.url == "https://login.example.org/" else None

    named = run(healthy_policy(), wrap=_with(say)).named
    assert named == (("csp-one-directive-lacks-media-host",) if judged else ())


def test_one_directive_alone_says_what_it_breaks() -> None:
    both = "https://mastodon.example https://files.example.com"
    policy = f"img-src {both}; connect-src {both}; media-src 'self'"
    page = Answer(200, {"content-type": "text/html", "content-security-policy": policy}, b"<!DOCTYPE html>")
    ran = run(healthy_policy(), wrap=_with(lambda call: page if call.url == PAGE else None))
    (found,) = ran.report.findings
    assert found.id == "csp-one-directive-lacks-media-host"
    assert "media-src" in found.title
    assert "Pictures are shown" in found.consequence
