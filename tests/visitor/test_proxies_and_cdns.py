"""What is a proxy of one's own, what a CDN, and what only a name of the storage: each has its own advice."""

from __future__ import annotations

from s3probe.diagnosis.model import Certainty, Finding, Manual, ServerFix, Severity
from s3probe.diagnosis.rules import proxy, web_client
from s3probe.diagnosis.rules.before_the_storage import front_of, own_cookies
from s3probe.diagnosis.rules.public import public
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from tests.visitor.cases import FILE, case, seen

NGINX = {"server": "nginx/1.22.1", "content-type": "image/png"}
CLOUDFLARE = {"server": "cloudflare", "cf-ray": "8a1b", "content-type": "image/png"}
STORE = {"server": "S3", "content-type": "image/png"}
REFUSED = "<Error><Code>AccessDenied</Code>"


def test_a_cname_to_the_storage_is_no_proxy_that_lets_methods_through() -> None:
    rows = (seen(ActionId.PUBLIC_GET, headers=STORE), seen(ActionId.PUBLIC_DELETE, 403, root="Error", method="DELETE"))
    assert list(proxy.methods(case(*rows))) == []
    assert not front_of(case(*rows)).between


def test_an_own_proxy_that_lets_methods_through_is_a_notice() -> None:
    rows = (seen(ActionId.PUBLIC_GET, headers=NGINX), seen(ActionId.PUBLIC_DELETE, 403, root="Error", method="DELETE"))
    (found,) = proxy.methods(case(*rows))
    assert (found.id, found.severity) == ("proxy-method-not-limited", Severity.NOTICE)


def test_a_query_on_a_file_that_is_closed_anyway_tells_nothing() -> None:
    asked = seen(ActionId.PUBLIC_QUERY, 403, query="passed")
    closed = seen(ActionId.PUBLIC_GET_CACHE, 403, Outcome.DENIED)
    assert list(proxy.query(case(seen(ActionId.PUBLIC_GET, headers=NGINX), asked, closed))) == []


def test_cookies_of_a_cdn_are_not_the_storages() -> None:
    assert own_cookies(seen(ActionId.PUBLIC_GET, headers={"set-cookie": "__cf_bm=abc; path=/"})) == ""
    assert own_cookies(seen(ActionId.PUBLIC_GET, headers={"set-cookie": "session=abc; path=/"})) == "session"


def test_a_cdn_forgets_errors_soon_so_its_cache_is_a_notice() -> None:
    rows = (
        seen(ActionId.PUBLIC_GET, headers=CLOUDFLARE),
        seen(ActionId.RESTORED_PUBLIC_GET, 403, Outcome.DENIED, headers={**CLOUDFLARE, "cf-cache-status": "HIT"}),
        seen(Experiment.RESTORED_ORIGIN),
    )
    (found,) = proxy.caches_errors(case(*rows))
    assert (found.id, found.severity) == ("proxy-caches-errors", Severity.NOTICE)
    assert isinstance(found.fixes[0], Manual)


def test_an_error_that_the_storage_gives_too_is_not_the_caches() -> None:
    rows = (
        seen(ActionId.RESTORED_PUBLIC_GET, 403, Outcome.DENIED, headers=NGINX),
        seen(Experiment.RESTORED_ORIGIN, 403, Outcome.DENIED),
    )
    assert list(proxy.caches_errors(case(*rows))) == []


def test_cloudflares_challenge_is_named_with_advice_for_cloudflare() -> None:
    rows = (
        seen(ActionId.PUBLIC_GET, 403, Outcome.DENIED, headers={**CLOUDFLARE, "cf-mitigated": "challenge"}),
        seen(Experiment.PUBLIC_ORIGIN, url="https://s3.nl-ams.example.net/files-example/a.png"),
    )
    (found,) = public(case(*rows))
    assert found.id == "media-host-challenges-visitors"
    assert isinstance(found.fixes[0], Manual)


def test_a_picture_that_the_storage_refuses_to_everyone_is_no_bot_protection() -> None:
    theirs = seen(
        ActionId.PUBLIC_GET, 403, Outcome.DENIED, headers=CLOUDFLARE, root="Error"
    )  # S3's own words come through
    rows = (theirs, seen(Experiment.PUBLIC_ORIGIN, 403, Outcome.DENIED))
    assert [f.id for f in public(case(*rows))] == ["acl-header-silently-ignored"]


def test_cloudfront_before_a_closed_bucket_needs_its_own_statement() -> None:
    headers = {"server": "AmazonS3", "x-cache": "Error from cloudfront", "via": "1.1 a.cloudfront.net (CloudFront)"}
    closed = seen(Experiment.PUBLIC_ORIGIN, 403, Outcome.DENIED)
    extra = "S3_ALIAS_HOST=files.example.com\nS3_PERMISSION=\n"
    theirs = seen(ActionId.PUBLIC_GET, 403, Outcome.DENIED, headers=headers, root="Error")
    (found,) = public(case(theirs, closed, extra=extra))
    assert found.id == "cloudfront-oac-policy-missing"
    own = seen(ActionId.PUBLIC_GET, 403, Outcome.DENIED, headers=headers)
    (found,) = public(case(own, closed, extra=extra))
    assert found.id == "media-host-refuses-visitors"  # CloudFront's own page: a firewall or a country rule


def test_an_alias_name_taken_for_the_bucket_is_the_proxys_host_header_or_a_cname() -> None:
    def asked(headers: dict[str, str], *more: Observation) -> Finding:
        row = seen(ActionId.PUBLIC_GET, 404, Outcome.REJECTED, headers=headers, bucket="files.example.com")
        (found,) = public(case(row, *more))
        return found

    by_proxy, unknown = asked(NGINX), asked(STORE)
    assert (by_proxy.id, by_proxy.certainty) == ("proxy-drops-bucket-name", Certainty.CERTAIN)
    assert isinstance(by_proxy.fixes[0], ServerFix)
    # one that shows nothing of itself is no proof that there is none
    assert (unknown.id, unknown.certainty) == ("proxy-drops-bucket-name", Certainty.LIKELY)
    assert isinstance(unknown.fixes[0], Manual)
    leads = seen(Experiment.VIEWER_FAMILIES, addresses="ipv4 ipv6", canonical="s3.nl-ams.example.net")
    assert asked(STORE, leads).id == "alias-dns-missing-or-cname-bucket-mismatch"


def test_missing_cors_before_an_own_proxy_is_fixed_there() -> None:
    row = seen(
        ActionId.PUBLIC_CORS, 206, Outcome.WRONG, headers=NGINX, origin="https://mastodon.example", allowed="none"
    )
    (found,) = web_client.cors(case(row))
    assert isinstance(found.fixes[0], ServerFix)
    (at_store,) = web_client.cors(case(row, extra=""))
    assert at_store.fixes[0].kind == "bucket-setting"


def test_ranges_that_the_storage_does_not_know_are_a_notice() -> None:
    rows = (
        seen(ActionId.PUBLIC_RANGE, 200, Outcome.WRONG, range="ignored"),
        seen(ActionId.GET_RANGE, 200, Outcome.WRONG),
    )
    (found,) = web_client.ranges(case(*rows, extra=""))
    assert found.severity is Severity.NOTICE


MISSING = "nosniff-and-sandbox-missing"


def test_headers_against_sniffing_are_asked_of_the_admins_own_proxy_and_of_the_instances_own_domain() -> None:
    inside = FILE.replace("files.example.com", "files.mastodon.example")
    rows, alias = seen(ActionId.PUBLIC_GET, headers=NGINX, url=inside), "S3_ALIAS_HOST=files.mastodon.example\n"
    assert [f.id for f in web_client.safe_headers(case(rows, extra=alias))] == [MISSING]
    assert [f.id for f in web_client.safe_headers(case(seen(ActionId.PUBLIC_GET, headers=NGINX)))] == [MISSING]
    assert list(web_client.safe_headers(case(seen(ActionId.PUBLIC_GET, headers=CLOUDFLARE)))) == []
    policies = {"default-src 'none'; form-action 'none'": [], "sandbox": [], "default-src *": [MISSING]}
    for policy, named in policies.items():
        headers = {**NGINX, "x-content-type-options": "nosniff", "content-security-policy": policy}
        assert [f.id for f in web_client.safe_headers(case(seen(ActionId.PUBLIC_GET, headers=headers)))] == named, (
            policy
        )


def test_media_under_the_instances_own_name_share_its_cookies() -> None:
    same = FILE.replace("files.example.com", "mastodon.example")
    (found,) = web_client.safe_headers(case(seen(ActionId.PUBLIC_GET, headers=NGINX, url=same)))
    assert (found.id, found.severity) == ("files-host-shares-domain-cookies", Severity.WARNING)


def test_a_guides_cache_control_is_as_good_as_mastodons() -> None:
    stored = seen(ActionId.GET, headers={"cache-control": "public, max-age=315576000, immutable"})
    row = seen(ActionId.PUBLIC_GET, headers=NGINX, cache_control="max-age=31536000, public")
    assert list(web_client.cache_control(case(stored, row))) == []
    (found,) = web_client.cache_control(case(stored, seen(ActionId.PUBLIC_GET, headers=NGINX, cache_control="none")))
    assert found.id == "cache-control-missing"


def test_cors_in_one_folder_alone_is_a_nested_location() -> None:
    rows = (
        seen(ActionId.PUBLIC_GET, headers=NGINX),
        seen(ActionId.PUBLIC_CORS, 206),
        seen(ActionId.PUBLIC_GET_CACHE, headers=NGINX),
    )
    (found,) = web_client.lost_in_a_folder(case(*rows))
    assert found.id == "proxy-cors-lost-on-errors-or-nested-location"
    with_header = seen(ActionId.PUBLIC_GET_CACHE, headers={**NGINX, "access-control-allow-origin": "*"})
    assert list(web_client.lost_in_a_folder(case(*rows[:2], with_header))) == []


def test_an_own_host_of_one_family_is_a_notice_and_a_cdns_is_not() -> None:
    only_four = seen(Experiment.VIEWER_FAMILIES, outcome=Outcome.WRONG, addresses="ipv4")
    both = seen(Experiment.VIEWER_FAMILIES, addresses="ipv4 ipv6")
    own, foreign = seen(ActionId.PUBLIC_GET, headers=NGINX), seen(ActionId.PUBLIC_GET, headers=CLOUDFLARE)
    (found,) = web_client.ipv4_and_ipv6(case(own, only_four))
    assert (found.id, found.severity) == ("viewers-ipv4-only-alias", Severity.NOTICE)
    assert list(web_client.ipv4_and_ipv6(case(own, both))) == []
    assert list(web_client.ipv4_and_ipv6(case(foreign, only_four))) == []


def test_a_development_host_is_named() -> None:
    trial = seen(ActionId.PUBLIC_GET, url="https://pub-0123456789abcdef.r2.dev/media_attachments/a.png")
    assert [f.id for f in web_client.development_host(case(trial))] == ["r2-dev-url-throttled"]
    assert list(web_client.development_host(case(seen(ActionId.PUBLIC_GET)))) == []


def test_a_storage_open_beside_the_proxy_is_told_where_it_was_seen() -> None:
    shown = seen(ActionId.PUBLIC_GET, headers=NGINX)
    direct = seen(Experiment.CORS_ORIGIN, url="https://s3.nl-ams.example.net/files-example/a.png")
    (found,) = proxy.past_the_proxy(case(shown, direct))
    assert (found.id, found.severity) == ("origin-bypasses-proxy", Severity.NOTICE)
    assert list(proxy.past_the_proxy(case(shown))) == []
