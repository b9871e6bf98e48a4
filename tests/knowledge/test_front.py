"""What stands before the storage: told by what decides, and by nothing that both would show."""

from __future__ import annotations

import pytest

from s3probe.evidence.observations import Evidence, NetworkFault, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment
from s3probe.knowledge.front import Front, Stands, api_front_of, front_of
from s3probe.knowledge.store import store_of
from tests.visitor.cases import FILE, seen, settings

AWS = "S3_ENDPOINT=https://s3.eu-west-2.amazonaws.com\nS3_HOSTNAME=s3.eu-west-2.amazonaws.com\n"
ALIAS = "S3_ALIAS_HOST=files.example.com\n"
R2 = "S3_ENDPOINT=https://acc.r2.cloudflarestorage.com\n"
OWN = "https://s3.nl-ams.example.net/files-example"


def front(*rows: Observation, env: str = ALIAS) -> Front:
    read = settings(env)
    evidence = Evidence(Run("run", "2026-11-23T18:00:00Z", 1.0, "full"), rows)
    return front_of(read, store_of(read, evidence), evidence)


def visit(**headers: str) -> Observation:
    return seen(ActionId.PUBLIC_GET, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"server": "nginx/1.22.1"}, "nginx"),
        ({"server": "openresty"}, "nginx"),
        ({"server": "Caddy, AmazonS3"}, "caddy"),
        ({"server": "AmazonS3", "via": "1.1 Caddy"}, "caddy"),
        ({"server": "Apache/2.4.58 (Ubuntu)"}, "apache"),
        ({"server": "MinIO", "x_varnish": "32770", "via": "1.1 varnish (Varnish/7.1)"}, "varnish"),
        ({"server": "lighttpd/1.4.69"}, "lighttpd"),
    ],
)
def test_a_program_is_told_by_what_it_adds(headers: dict[str, str], name: str) -> None:
    found = front(visit(**headers))
    assert (found.stands, found.name, found.program) == (Stands.PROXY, name, name)
    assert found.evidence


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"server": "cloudflare", "cf_ray": "8a1b-FRA"}, "Cloudflare"),
        ({"x_cache": "Miss from cloudfront", "x_amz_cf_id": "abc"}, "CloudFront"),
        ({"via": "1.1 varnish", "x_served_by": "cache-fra-eddf8230100-FRA", "x_cache": "MISS"}, "Fastly"),
        ({"server": "BunnyCDN-DE1-1047", "cdn_pullzone": "123"}, "Bunny"),
        ({"server": "keycdn", "x_edge_location": "defr"}, "KeyCDN"),
        ({"server": "CDN77-Turbo"}, "CDN77"),
    ],
)
def test_a_cdn_is_told_by_its_own_headers(headers: dict[str, str], name: str) -> None:
    found = front(visit(**headers))
    assert (found.stands, found.cdn, found.program) == (Stands.CDN, name, "")


def test_a_program_behind_a_cdn_is_told_as_such() -> None:
    found = front(visit(server="cloudflare", cf_ray="8a1b", via="1.1 Caddy"))
    assert (found.cdn, found.behind, found.program) == ("Cloudflare", "caddy", "caddy")


def test_what_the_provider_says_itself_is_no_sign() -> None:
    scaleway = "S3_ENDPOINT=https://s3.nl-ams.scw.cloud\n"
    theirs = seen(
        ActionId.REACH_ENDPOINT, 403, headers={"server": "nginx"}, url="https://s3.nl-ams.scw.cloud/files-example"
    )
    assert front(theirs, visit(server="nginx"), env=scaleway + ALIAS).name == ""
    # before a store of one's own both hosts may be the admin's nginx
    own = seen(ActionId.REACH_ENDPOINT, 403, headers={"server": "nginx"}, url=OWN)
    assert front(own, visit(server="nginx")).name == "nginx"


def test_an_error_page_tells_the_program_that_makes_it() -> None:
    page = seen(Experiment.WHO_ANSWERS, 400, stock_page="haproxy")
    assert front(visit(server="MinIO"), page).name == "haproxy"


def test_a_certificate_for_a_name_that_the_provider_has_none_for_is_a_proxys() -> None:
    url = "https://files-example.s3.eu-west-2.amazonaws.com/"
    theirs = seen(ActionId.REACH_ENDPOINT, 403, headers={"server": "AmazonS3"}, url=url)
    found = front(theirs, visit(server="AmazonS3"), env=AWS + ALIAS)
    assert (found.stands, found.name) == (Stands.PROXY, "")
    assert found.likeliest == ("haproxy", "apache"), "those that pass Server on"
    # over plain http nothing is shown for the name
    plain = seen(ActionId.PUBLIC_GET, headers={"server": "AmazonS3"}, url=FILE.replace("https", "http"))
    assert front(theirs, plain, env=AWS + ALIAS).stands is Stands.UNKNOWN
    # R2 gives its customers' names certificates
    assert front(visit(), env=R2 + ALIAS).stands is Stands.UNKNOWN


def test_the_stores_own_certificate_or_name_is_the_store() -> None:
    message = "certificate is for s3.eu-west-2.amazonaws.com, *.s3.eu-west-2.amazonaws.com, not files.example.com"
    row = Observation(
        ActionId.PUBLIC_GET, "", "GET", Actor.VISITOR, Outcome.UNREACHABLE, url=FILE, network=NetworkFault.TLS_NAME,
        message=message,
    )  # fmt: skip
    assert front(row, env=AWS + ALIAS).stands is Stands.DIRECT
    leads = seen(Experiment.VIEWER_FAMILIES, addresses="ipv4", canonical="files-example.s3.eu-west-2.amazonaws.com")
    assert front(visit(server="AmazonS3"), leads, env=AWS + ALIAS).stands is Stands.DIRECT
    assert front(visit(), env=AWS).stands is Stands.DIRECT


def test_other_addresses_are_those_of_something_else() -> None:
    def at(same: str) -> Front:
        return front(visit(), seen(Experiment.VIEWER_FAMILIES, addresses="ipv4", same_address=same))

    assert (at("no").stands, at("yes").stands) == (Stands.PROXY, Stands.UNKNOWN)


def test_a_host_of_the_providers_own_is_one() -> None:
    link = "S3_ENDPOINT=https://gateway.storjshare.io\nS3_ALIAS_HOST=link.storjshare.io/raw/key/files-example\n"
    row = seen(ActionId.PUBLIC_GET, url="https://link.storjshare.io/raw/key/files-example/a.png")
    assert front(row, env=link).stands is Stands.PROVIDER
    custom = front(visit(server="cloudflare", cf_ray="8a1b"), env=R2 + ALIAS)
    assert (custom.stands, custom.name) == (Stands.PROVIDER, "cloudflare-r2")


def test_nothing_is_no_sign() -> None:
    assert front(visit()).stands is Stands.UNKNOWN
    assert front().stands is Stands.UNKNOWN


def test_before_the_api_a_program_is_told_likewise() -> None:
    def known(*rows: Observation, env: str = "") -> str:
        return api_front_of(settings(env), Evidence(Run("run", "2026-11-23T18:00:00Z", 1.0, "full"), rows)).id

    assert known(seen(ActionId.LIST, 403, headers={"server": "nginx"}, url=OWN)) == "nginx"
    assert known(seen(ActionId.LIST, 403, headers={"server": "MinIO"}, url=OWN)) == "any"
    aws = "https://files-example.s3.eu-west-2.amazonaws.com/"
    assert known(seen(ActionId.LIST, 403, headers={"server": "nginx"}, url=aws), env=AWS) == "any"
