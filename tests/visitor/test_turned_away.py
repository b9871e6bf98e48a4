"""Who turns visitors away, the host before the storage or the storage itself: each beside its nearest look-alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import Certainty, Finding, Manual, ServerFix, Severity
from s3probe.diagnosis.rules import storage_availability, turned_away, web_client
from s3probe.diagnosis.rules.public import public
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact
from tests.visitor.cases import FILE, case, seen

NGINX = {"server": "nginx/1.22.1", "content-type": "text/html"}
CLOUDFLARE = {"server": "cloudflare", "cf-ray": "8a1b", "content-type": "text/html"}
THERE = seen(Experiment.PUBLIC_ORIGIN)
CLOSED = seen(Experiment.PUBLIC_ORIGIN, 403, Outcome.DENIED, root="Error")
PROTECTED = "cdn-hotlink-or-bot-protection"
BY_POLICY = "S3_ALIAS_HOST=files.example.com\nS3_PERMISSION=\n"


def _found(*rows: Observation) -> Finding:
    (found,) = public(case(*rows, extra=BY_POLICY))
    return found


def _refused(status: int = 403, headers: dict[str, str] | None = None, **facts: str) -> Observation:
    return seen(ActionId.PUBLIC_GET, status, Outcome.DENIED, headers=headers or NGINX, **facts)


@pytest.mark.parametrize("status", [401, 403, 410, 418, 451])
def test_a_host_that_refuses_in_its_own_words_what_the_storage_shows(status: int) -> None:
    found = _found(_refused(status), THERE)
    assert found.id == ("media-host-asks-for-password" if status == 401 else "media-host-refuses-visitors")
    assert "files.example.com" in found.title
    assert found.certainty is Certainty.CERTAIN
    assert found.explains


def test_a_refusal_in_the_storages_words_is_no_rule_of_the_host() -> None:
    assert _found(_refused(root="Error"), THERE).id == "object-not-found-public-key-mismatch"
    assert _found(_refused(root="Error"), CLOSED).id == "public-policy-missing"


def test_a_path_that_the_host_does_not_know_is_no_refusal() -> None:
    row = seen(ActionId.PUBLIC_GET, 404, Outcome.WRONG, headers=NGINX, stock_page="yes")
    assert _found(row, THERE).id == "object-not-found-public-key-mismatch"


def test_where_the_storage_is_closed_only_nginxs_own_page_says_that_it_was_not_asked() -> None:
    found = _found(_refused(stock_page="yes"), CLOSED)
    assert (found.id, found.certainty) == ("media-host-refuses-visitors", Certainty.LIKELY)
    # a page of the admin's may stand for the storage's refusal
    assert _found(_refused(), CLOSED).id == "public-policy-missing"


def test_a_certificate_that_visitors_do_not_have_is_asked_for_with_400() -> None:
    row = seen(ActionId.PUBLIC_GET, 400, Outcome.REJECTED, headers=NGINX, stock_page="yes")
    assert _found(row, THERE).id == "media-host-refuses-visitors"
    elsewhere = seen(ActionId.PUBLIC_GET, 400, Outcome.REJECTED, headers=NGINX)
    assert _found(elsewhere, THERE).id == "object-not-found-public-key-mismatch"


def test_a_password_is_called_one_and_its_line_is_named() -> None:
    found = _found(_refused(401), THERE)
    assert "password" in found.title
    assert isinstance(found.fixes[0], ServerFix)
    assert found.fixes[0].value == "auth_basic off;"


@pytest.mark.parametrize("header", ["cf-mitigated", "x-amzn-waf-action"])
def test_a_challenge_is_one_whatever_status_it_comes_with(header: str) -> None:
    for status, outcome in ((202, Outcome.WRONG), (403, Outcome.DENIED), (405, Outcome.REJECTED)):
        row = seen(ActionId.PUBLIC_GET, status, outcome, headers={header: "challenge"}, body="other")
        assert _found(row, CLOSED).id == "media-host-challenges-visitors"
    plain = seen(ActionId.PUBLIC_GET, 202, Outcome.WRONG, headers=NGINX, body="other")
    assert _found(plain, THERE).id == "proxy-serves-error-as-image"


def test_a_rule_on_the_referer_is_the_hosts_or_the_policys_by_whose_words_refuse() -> None:
    page = seen(Experiment.REFERER)
    assert _found(_refused(), CLOSED, page).id == PROTECTED
    assert _found(_refused(root="Error"), CLOSED, page).id == "deny-anonymous-statement"


def test_hanging_up_on_servers_alone_is_a_rule_and_hanging_up_on_everyone_is_none() -> None:
    row = Observation(ActionId.PUBLIC_GET, "", "GET", Actor.VISITOR, Outcome.UNREACHABLE, url=FILE,
                      network=NetworkFault.CLOSED)  # fmt: skip
    assert _found(row, THERE, seen(Experiment.PUBLIC_AS_BROWSER)).id == PROTECTED
    assert _found(row, THERE).id == "media-host-unreachable"


def test_redirects_without_end_are_told_from_one_that_leads_astray() -> None:
    away = "https://login.example.org/"
    circle = seen(ActionId.PUBLIC_GET, 301, Outcome.REJECTED, headers=NGINX, redirected=f"{FILE} {FILE}/ {FILE}")
    login = seen(ActionId.PUBLIC_GET, 200, Outcome.WRONG, url=away, redirected=away, markup="yes", body="other")
    first, second = _found(circle, THERE), _found(login, THERE)
    assert (first.id, second.id) == ("media-host-redirects-in-a-circle", "media-host-leads-elsewhere")
    assert "circle" in first.title
    assert "login.example.org" in second.title
    to_storage = "https://s3.nl-ams.example.net/files-example/a.png"
    denied = seen(ActionId.PUBLIC_GET, 403, Outcome.DENIED, url=to_storage, redirected=to_storage, root="Error")
    assert _found(denied, CLOSED).id == "public-policy-missing"
    other_region = "https://files-example.s3-us-west-2.amazonaws.com/a.png"
    moved = seen(ActionId.PUBLIC_GET, 403, Outcome.DENIED, url=other_region, redirected=other_region, root="Error")
    assert _found(moved, CLOSED).id == "public-policy-missing"


def test_a_wrong_region_is_seen_where_the_proxy_hides_the_header_that_names_it() -> None:
    moved = seen(ActionId.PUBLIC_GET, 301, Outcome.REJECTED, headers=NGINX, endpoint="b.s3.eu-west-2.amazonaws.com")
    assert _found(moved, THERE).id == "cdn-origin-region-mismatch"
    bare = seen(ActionId.PUBLIC_GET, 301, Outcome.REJECTED, headers=NGINX)
    assert list(public(case(bare, THERE, extra=BY_POLICY))) == []


def test_a_key_that_the_visitor_never_sent_is_the_proxys() -> None:
    row = Observation(ActionId.PUBLIC_GET, "", "GET", Actor.VISITOR, Outcome.DENIED, url=FILE, http_status=403,
                      error_code="SignatureDoesNotMatch", facts={Fact.ROOT: "Error"})  # fmt: skip
    found = _found(row, CLOSED)
    assert found.id == "proxy-signs-with-refused-key"
    assert "key that it refuses" in found.title


@pytest.mark.parametrize("status", [429, 503])
def test_a_limit_of_the_host_is_none_of_the_storage(status: int) -> None:
    outcome = Outcome.THROTTLED if status == 429 else Outcome.UNKNOWN
    late = seen(ActionId.PUBLIC_GET_AVATAR, status, outcome, headers=CLOUDFLARE)
    limited = case(seen(ActionId.PUBLIC_GET, headers=CLOUDFLARE), late)
    (found,) = turned_away.limits_visitors(limited)
    assert (found.id, found.severity, found.because) == (
        "media-host-limits-visitors",
        Severity.WARNING,
        (ActionId.PUBLIC_GET_AVATAR,),
    )
    assert list(storage_availability.throttled(limited)) == []
    at_storage = seen(
        ActionId.PUBLIC_GET_AVATAR, status, outcome, url="https://s3.nl-ams.example.net/files-example/a.png"
    )
    slow = case(seen(ActionId.PUBLIC_GET, headers=CLOUDFLARE), at_storage)
    assert list(turned_away.limits_visitors(slow)) == []
    assert [f.id for f in storage_availability.throttled(slow)] == (
        ["rate-limited-503-slowdown"] if status == 429 else []
    )


@pytest.mark.parametrize(("status", "named"), [(416, True), (200, True), (429, False), (503, False)])
def test_a_limit_says_nothing_of_ranges(status: int, named: bool) -> None:
    row = seen(ActionId.PUBLIC_RANGE, status, Outcome.WRONG, headers=NGINX, range="refused")
    assert bool(list(web_client.ranges(case(seen(ActionId.PUBLIC_GET, headers=NGINX), row)))) is named


@pytest.mark.parametrize(("status", "reach"), [(502, True), (504, True), (500, False), (503, False)])
def test_an_error_of_the_hosts_own_is_no_lost_way_to_the_storage(status: int, reach: bool) -> None:
    found = _found(seen(ActionId.PUBLIC_GET, status, Outcome.UNKNOWN, headers=NGINX), THERE)
    assert found.id == ("proxy-resolver-fails" if reach else "proxy-answers-with-own-error")
    assert isinstance(found.fixes[0], ServerFix) is reach


def test_a_cdn_is_told_in_words_and_the_lines_are_for_a_proxy_behind_it() -> None:
    lost = seen(ActionId.PUBLIC_GET, 404, Outcome.WRONG, headers=CLOUDFLARE)
    words, lines = _found(lost, THERE).fixes
    assert isinstance(words, Manual)
    assert words.text.startswith("At Cloudflare: ")
    assert isinstance(lines, ServerFix)
    assert "behind Cloudflare" in lines.note
    (own,) = _found(seen(ActionId.PUBLIC_GET, 404, Outcome.WRONG, headers=NGINX), THERE).fixes
    assert isinstance(own, ServerFix)


def test_an_address_that_does_not_answer_is_told_where_this_machine_could_reach_it() -> None:
    own = seen(ActionId.PUBLIC_GET, headers=NGINX)

    def families(connects: str, routes: str) -> Observation:
        return seen(Experiment.VIEWER_FAMILIES, addresses="ipv4 ipv6", connects=connects, routes=routes)

    (found,) = web_client.ipv4_and_ipv6(case(own, families("ipv4", "ipv4 ipv6")))
    assert found.id == "media-host-address-silent"
    assert found.title == "The IPv6 address of files.example.com does not answer"
    assert list(web_client.ipv4_and_ipv6(case(own, families("ipv4 ipv6", "ipv4 ipv6")))) == []
    assert list(web_client.ipv4_and_ipv6(case(own, families("ipv4", "ipv4")))) == []


def test_a_host_that_most_visitors_cannot_reach_is_more_than_a_notice() -> None:
    own = seen(ActionId.PUBLIC_GET, headers=NGINX)
    (found,) = web_client.ipv4_and_ipv6(
        case(own, seen(Experiment.VIEWER_FAMILIES, outcome=Outcome.WRONG, addresses="ipv6"))
    )
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("private, max-age=0, must-revalidate", True), ("max-age=60", True), ("none", True), ("no-cache", True),
        ("max-age=14400", False), ("public, max-age=31536000", False),
    ],
)  # fmt: skip
def test_a_cache_control_that_keeps_next_to_nothing(value: str, named: bool) -> None:
    stored = seen(ActionId.GET, headers={"cache-control": "public, max-age=315576000, immutable"})
    row = seen(ActionId.PUBLIC_GET, headers=NGINX, cache_control=value)
    assert bool(list(web_client.cache_control(case(stored, row)))) is named


def test_a_storage_that_is_closed_behind_a_faulty_proxy_is_said_as_well_and_not_called_certain() -> None:
    lost = seen(ActionId.PUBLIC_GET, 404, Outcome.WRONG, headers=NGINX, bucket="media_attachments", root="Error")
    shut = Observation(Experiment.PUBLIC_ORIGIN, "", "GET", Actor.VISITOR, Outcome.DENIED, url=FILE, http_status=403,
                       error_code="AccessDenied")  # fmt: skip

    def named(first: Observation, origin: Observation) -> list[tuple[str, str]]:
        return [(f.id, f.certainty.value) for f in public(case(first, origin, extra=BY_POLICY))]

    proxy = ("proxy-drops-bucket-name", "certain")
    assert named(lost, shut) == [proxy, ("public-policy-missing", "likely")]
    assert named(lost, THERE) == [proxy]
    behind_a_cdn = seen(
        ActionId.PUBLIC_GET, 404, Outcome.WRONG, headers=CLOUDFLARE, bucket="media_attachments", root="Error"
    )
    assert named(behind_a_cdn, shut) == [proxy]


@pytest.mark.parametrize(
    ("fault", "finding_id"),
    [
        (NetworkFault.CONNECT_TIMEOUT, "storage-failed-for-a-moment"),
        (NetworkFault.REFUSED, "storage-failed-for-a-moment"),
        (NetworkFault.CLOSED, PROTECTED),
        (NetworkFault.READ_TIMEOUT, PROTECTED),
    ],
)
def test_no_rule_on_browsers_refuses_what_was_never_sent(fault: NetworkFault, finding_id: str) -> None:
    row = replace(seen(ActionId.PUBLIC_GET, outcome=Outcome.UNREACHABLE), http_status=None, network=fault)
    assert _found(row, seen(Experiment.PUBLIC_AS_BROWSER)).id == finding_id
