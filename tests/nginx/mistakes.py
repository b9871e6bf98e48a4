"""The mistakes people make in a proxy by Mastodon's guide, each put into a real nginx by lines of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.proxies import sibling
from s3probe.sandbox.faults.stores import PREFIX, proxy_with_prefix
from s3probe.sandbox.scenario import Scenario, healthy_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import AliasFault
from tests.nginx.guide import Block
from tests.nginx.world import ENDPOINT, NginxSetup
from tests.runs import fault_name

Change = Callable[[NginxSetup], NginxSetup]
ASKS = "proxy_pass https://files-example.s3.eu-west-2.amazonaws.com"


def lines(*texts: str, drop: tuple[str, ...] = ()) -> Change:
    """Lines put into the block, after others were taken out."""

    def change(setup: NginxSetup) -> NginxSetup:
        block = setup.block
        for start in drop:
            block = block.without(start)
        for text in texts:
            block = block.with_lines(text)
        return replace(setup, block=block)

    return change


def location(*texts: str) -> Change:
    """One location with these lines in place of the guide's two."""
    return lambda setup: replace(setup, block=Block((), texts, "/"))


def also(*changes: Change) -> Change:
    def change(setup: NginxSetup) -> NginxSetup:
        for one in changes:
            setup = one(setup)
        return setup

    return change


def _at_server(setup: NginxSetup, *texts: str) -> NginxSetup:
    return replace(setup, block=replace(setup.block, server=texts))


def certificate(kind: str) -> Change:
    return lambda setup: replace(setup, certificate=kind)


def _trusts_the_proxy(scenario: Scenario, action: str, resource: str) -> Scenario:
    """The bucket allows this to whoever knows a secret Referer."""
    known = (("StringEquals", "aws:Referer", ("the-proxy",)),)
    allow = Statement("Allow", (action,), (resource,), ("*",), sid="ForTheProxy", conditions=known)
    return scenario.with_bucket(policy=(*scenario.bucket.policy, allow))


def lists_to_the_proxy() -> Scenario:
    scenario = healthy_policy()
    return _trusts_the_proxy(scenario, "s3:ListBucket", f"arn:aws:s3:::{scenario.bucket.name}")


def archives_to_the_proxy() -> Scenario:
    scenario = healthy_policy()
    return _trusts_the_proxy(scenario, "s3:GetObject", f"arn:aws:s3:::{scenario.bucket.name}/backups/*")


@dataclass(frozen=True)
class Mistake:
    """What is wrong in nginx, and the id of the finding that must name it."""

    finding_id: str
    change: Change
    start: Callable[[], Scenario] = healthy_policy


KNOWS = "proxy_set_header Referer the-proxy;"

MISTAKES: dict[str, Mistake] = {
    "bucket dropped": Mistake(
        "proxy-drops-bucket-name",
        lines(f"proxy_set_header Host {ENDPOINT};", f"proxy_pass https://{ENDPOINT}$uri;"),
    ),
    "Host not rewritten": Mistake("proxy-drops-bucket-name", lines("proxy_set_header Host $host;")),
    "storage not reached": Mistake("proxy-resolver-fails", lines("proxy_pass https://nowhere.example$uri;")),
    "errors served as pictures": Mistake(
        "proxy-serves-error-as-image",
        lines("proxy_intercept_errors on;", "error_page 400 403 404 =200 @nothing;",
              "location @nothing { return 200 'nothing'; }"),
    ),
    "errors cached": Mistake("proxy-caches-errors", lines("proxy_cache_valid any 10m;")),
    "query passed": Mistake("proxy-passes-query-string", lines(f"{ASKS}$request_uri;")),
    "methods not limited": Mistake("proxy-method-not-limited", lines(drop=("limit_except",))),
    "Authorization passed": Mistake(
        "proxy-forwards-authorization-cookies",
        lines(drop=("proxy_set_header Authorization",)),
    ),
    "CORS lost": Mistake("cors-missing", lines(drop=("add_header 'Access-Control-Allow-Origin'",))),
    "CORS doubled": Mistake(
        "cors-duplicated-header",
        lines("proxy_cache off;", drop=("proxy_hide_header 'Access-Control-Allow-Origin'",)),
    ),
    "CORS cached without Vary": Mistake(
        "cors-cached-without-vary",
        lines("proxy_ignore_headers Set-Cookie Vary;",
              drop=("proxy_hide_header 'Access-Control-Allow-Origin'", "add_header 'Access-Control-Allow-Origin'")),
    ),
    "redirect": Mistake(
        "alias-redirects-to-other-host",
        lines(f"return 302 https://files-example.{ENDPOINT}$uri;"),
    ),
    "hotlink protection": Mistake(
        "cdn-hotlink-or-bot-protection",
        lines("valid_referers mastodon.example;", "if ($invalid_referer) { return 403; }"),
    ),
    "bot protection": Mistake(
        "cdn-hotlink-or-bot-protection",
        lines("if ($http_user_agent !~ Mozilla) { return 403; }"),
    ),
    "some folders": Mistake(
        "proxy-drops-folders",
        lines("location /accounts/ { return 404; }", "location /custom_emojis/ { return 404; }"),
    ),
    "certificate for another name": Mistake("alias-host-no-tls-or-wrong-cert", certificate("wrong-name")),
    "expired certificate": Mistake("alias-host-no-tls-or-wrong-cert", certificate("expired")),
    "unknown authority": Mistake("alias-host-no-tls-or-wrong-cert", certificate("unknown")),
    "no certificate": Mistake("alias-host-no-tls-or-wrong-cert", certificate("none")),
    "listing at the root": Mistake(
        "proxy-lists-bucket-at-root", lines(KNOWS, drop=("location = /",)), lists_to_the_proxy,
    ),
    "ranges lost": Mistake(
        "range-requests-broken-for-viewers",
        lines("proxy_cache off;", "proxy_set_header Range '';"),
    ),
    "type overwritten": Mistake(
        "proxy-changes-content-type",
        lines("proxy_hide_header Content-Type;", "add_header Content-Type text/plain;"),
    ),
    "nothing may be kept": Mistake("cache-control-missing", lines("expires -1;", drop=("add_header Cache-Control",))),
    "archives opened by the proxy": Mistake(
        "archive-dumps-world-readable", lines(KNOWS), archives_to_the_proxy,
    ),
    "headers that protect left out": Mistake(
        "nosniff-and-sandbox-missing",
        lines(drop=("add_header X-Content-Type-Options", "add_header Content-Security-Policy")),
        lambda: sibling(AliasFault.NONE)(healthy_policy()),
    ),
    "prefix put in front": Mistake(
        "key-prefix-forgotten-in-alias-or-policy",
        lines(f"{ASKS}/{PREFIX}$uri;"),
        lambda: proxy_with_prefix(healthy_policy()),
    ),
    "slash forgotten in a rewrite": Mistake(
        "proxy-drops-bucket-name",
        location(
            f"proxy_set_header Host {ENDPOINT};", "rewrite ^/(.*)$ /files-example$1 break;", f"proxy_pass https://{ENDPOINT};"
        ),
    ),
    "a folder of its own": Mistake("object-not-found-public-key-mismatch", location("root /nonexistent;")),
    "a redirect to itself": Mistake(
        "media-host-redirects-in-a-circle",
        also(location(ASKS + ";"), lambda setup: _at_server(setup, "return 301 https://$host$request_uri;")),
    ),
    "CORS of another origin": Mistake(
        "cors-origin-mismatch",
        lines(
            "add_header Access-Control-Allow-Origin https://other.example always;",
            drop=("add_header Access-Control-Allow-Origin",),
        ),
    ),
    **{fault_name(fault): Mistake(fault.id, lines(*fault.nginx), fault.base) for fault in ALL if fault.nginx},
}  # fmt: skip
