"""The mistakes people make before their storage, in each program's own lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from s3probe.sandbox.scenario import Scenario, custom, healthy_policy
from tests.nginx.mistakes import archives_to_the_proxy, lists_to_the_proxy
from tests.proxies.site import SiteLines

Change = Callable[[SiteLines], SiteLines]


@dataclass(frozen=True)
class ProxyMistake:
    """What is wrong, and the id of the finding that must name it. A program that is not named cannot make it."""

    finding_id: str
    changes: Mapping[str, Change]
    start: Callable[[], Scenario] = healthy_policy


def plus(section: str, *lines: str) -> Change:
    """With further lines, each in place of the one of its kind."""
    return lambda config: config.plus(section, *lines)


def without(*starts: str) -> Change:
    def change(config: SiteLines) -> SiteLines:
        for start in starts:
            config = config.without(start)
        return config

    return change


def also(*changes: Change) -> Change:
    def change(config: SiteLines) -> SiteLines:
        for one in changes:
            config = one(config)
        return config

    return change


def with_text(old: str, new: str) -> Change:
    """With another text in every line."""
    return lambda config: replace(
        config,
        sections=tuple((name, tuple(line.replace(old, new) for line in lines)) for name, lines in config.sections),
    )


def _refuse(condition: str) -> tuple[str, ...]:
    """Apache's way to refuse by a header."""
    return "RewriteEngine On", f"RewriteCond {condition}", 'RewriteRule "^" "-" [F]'


def _synth_403(condition: str) -> str:
    """Varnish's way to refuse by a header."""
    return f"if ({condition}) {{ return (synth(403)); }}"


_DELIVER = "return (deliver);"
ENDPOINT = "s3.eu-west-2.amazonaws.com"
BUCKET = "files-example"
ORIGIN = "Access-Control-Allow-Origin"
_FILES_HOST = "https://files-example.s3.eu-west-2.amazonaws.com"


def path_style() -> Scenario:
    """A store without host names per bucket, that visitors reach through the media host."""
    from s3probe.sandbox.scenario import ALIAS

    return custom().with_env("S3_ALIAS_HOST", ALIAS)


MISTAKES: Mapping[str, ProxyMistake] = {
    "own Host passed on": ProxyMistake(
        "proxy-drops-bucket-name",
        {
            "caddy": plus("proxy", "header_up Host {host}"),
            "haproxy": without("http-request set-header Host"),
            "apache": plus("vhost", "ProxyPreserveHost On"),
            "varnish": without("set req.http.Host"),
        },
    ),
    "bucket dropped": ProxyMistake(
        "proxy-drops-bucket-name",
        dict.fromkeys(("caddy", "haproxy", "apache", "varnish"), with_text(f"{BUCKET}.{ENDPOINT}", ENDPOINT)),
    ),
    "bucket dropped from the path": ProxyMistake(
        "proxy-drops-bucket-name",
        {
            "caddy": without("rewrite"),
            "haproxy": without("http-request set-path"),
            "apache": with_text(f"/{BUCKET}/", "/"),
            "varnish": without("set req.url"),
        },
        path_style,
    ),
    "slash forgotten": ProxyMistake(
        "proxy-drops-bucket-name",
        {
            "caddy": also(without("rewrite"), plus("site", f"uri path_regexp ^/ /{BUCKET}")),
            "haproxy": plus("backend", f"http-request set-path %[path,regsub(^/,/{BUCKET})]"),
            "apache": with_text(f"/{BUCKET}/", f"/{BUCKET}"),
            "varnish": plus("vcl_recv", f'set req.url = regsub(req.url, "^/", "/{BUCKET}");'),
        },
        path_style,
    ),
    "CORS lost": ProxyMistake(
        "cors-missing",
        {
            "caddy": plus("proxy", f"header_down -{ORIGIN}"),
            "haproxy": plus("backend", f"http-response del-header {ORIGIN}"),
            "apache": plus("vhost", f"Header unset {ORIGIN}"),
            "varnish": plus("vcl_deliver", f"unset resp.http.{ORIGIN};"),
        },
    ),
    "CORS doubled": ProxyMistake(
        "cors-duplicated-header",
        {
            "caddy": plus("proxy", f'header_down +{ORIGIN} "*"'),
            "haproxy": plus("backend", f'http-response add-header {ORIGIN} "*"'),
            "apache": plus("vhost", f'Header always set {ORIGIN} "*"'),
        },
    ),
    "CORS of another origin": ProxyMistake(
        "cors-origin-mismatch",
        {
            "caddy": plus("proxy", f"header_down {ORIGIN} https://other.example"),
            "haproxy": plus("backend", f"http-response set-header {ORIGIN} https://other.example"),
            "apache": plus("vhost", f"Header set {ORIGIN} https://other.example"),
            "varnish": plus("vcl_deliver", f'set resp.http.{ORIGIN} = "https://other.example";'),
        },
    ),
    "storage not reached": ProxyMistake(
        "proxy-resolver-fails",
        {
            "caddy": plus("upstream", "reverse_proxy https://files-example.s3.eu-west-2.amazonaws.com:1"),
            "haproxy": with_text(":443 ssl", ":1 ssl"),
            "apache": with_text(f"{_FILES_HOST}/", f"{_FILES_HOST}:1/"),
            "varnish": with_text('.port = "80"', '.port = "1"'),
        },
    ),
    "health check on /": ProxyMistake(
        "proxy-resolver-fails",
        {
            "haproxy": also(
                plus("backend", "option httpchk GET /"),
                with_text(" ssl verify", " check inter 100ms ssl verify"),
            ),
        },
    ),
    "errors served as pictures": ProxyMistake(
        "proxy-serves-error-as-image",
        {
            "caddy": plus("proxy", "@error status 4xx", "handle_response @error {\n respond nothing 200\n}"),
            "haproxy": plus("backend", "http-response set-status 200 if { status 400:499 }"),
            "varnish": plus("vcl_deliver", "if (resp.status >= 400) { set resp.status = 200; }"),
        },
    ),
    "type lost": ProxyMistake(
        "proxy-changes-content-type",
        {
            "caddy": plus("proxy", "header_down Content-Type text/plain"),
            "haproxy": plus("backend", "http-response set-header Content-Type text/plain"),
            "apache": plus("vhost", "Header set Content-Type text/plain"),
            "varnish": plus("vcl_deliver", 'set resp.http.Content-Type = "text/plain";'),
        },
    ),
    "ranges lost": ProxyMistake(
        "range-requests-broken-for-viewers",
        {
            "caddy": plus("proxy", "header_up -Range"),
            "haproxy": plus("backend", "http-request del-header Range"),
            "apache": plus("vhost", "RequestHeader unset Range"),
            "varnish": plus("vcl_recv", "unset req.http.Range;"),
        },
    ),
    "nothing may be kept": ProxyMistake(
        "cache-control-missing",
        {
            "caddy": plus("proxy", "header_down Cache-Control no-store"),
            "haproxy": plus("backend", "http-response set-header Cache-Control no-store"),
            "apache": plus("vhost", "Header set Cache-Control no-store"),
            "varnish": plus("vcl_deliver", 'set resp.http.Cache-Control = "no-store";'),
        },
    ),
    "redirect": ProxyMistake(
        "alias-redirects-to-other-host",
        {
            "caddy": plus("site", f"redir {_FILES_HOST}{{uri}}"),
            "haproxy": plus("backend", f"http-request redirect prefix {_FILES_HOST}"),
            "apache": plus("vhost", "RewriteEngine On", f'RewriteRule "^/(.*)" "{_FILES_HOST}/$1" [R]'),
            "varnish": also(
                plus("vcl_recv", f'return (synth(302, "{_FILES_HOST}" + req.url));'),
                lambda config: config.changed("vcl_synth", ("set resp.http.Location = resp.reason;", _DELIVER)),
            ),
        },
    ),
    "some folders": ProxyMistake(
        "proxy-drops-folders",
        {
            "caddy": plus("site", "respond /accounts/* 404"),
            "haproxy": plus("backend", "http-request return status 404 if { path_beg /accounts/ }"),
            "apache": lambda config: config.changed("vhost", ('ProxyPass "/accounts/" "!"', *config.lines("vhost"))),
            "varnish": plus("vcl_recv", 'if (req.url ~ "^/accounts/") { return (synth(404)); }'),
        },
    ),
    "hotlink protection": ProxyMistake(
        "cdn-hotlink-or-bot-protection",
        {
            "caddy": plus("site", "@foreign not header Referer https://mastodon.example*", "respond @foreign 403"),
            "haproxy": plus("backend", "http-request deny unless { req.hdr(referer) -m beg https://mastodon.example }"),
            "apache": plus("vhost", *_refuse('"%{HTTP_REFERER}" "!^https://mastodon.example"')),
            "varnish": plus("vcl_recv", _synth_403('req.http.Referer !~ "^https://mastodon.example"')),
        },
    ),
    "bot protection": ProxyMistake(
        "cdn-hotlink-or-bot-protection",
        {
            "caddy": plus("site", "@robots not header User-Agent *Mozilla*", "respond @robots 403"),
            "haproxy": plus("backend", "http-request deny unless { req.hdr(user-agent) -m sub Mozilla }"),
            "apache": plus("vhost", *_refuse('"%{HTTP_USER_AGENT}" "!Mozilla"')),
            "varnish": plus("vcl_recv", _synth_403('req.http.User-Agent !~ "Mozilla"')),
        },
    ),
    "embedding forbidden": ProxyMistake(
        "resource-policy-forbids-embedding",
        {
            "caddy": plus("site", "header Cross-Origin-Resource-Policy same-origin"),
            "haproxy": plus("backend", "http-response set-header Cross-Origin-Resource-Policy same-origin"),
            "apache": plus("vhost", "Header always set Cross-Origin-Resource-Policy same-origin"),
            "varnish": plus("vcl_deliver", 'set resp.http.Cross-Origin-Resource-Policy = "same-origin";'),
        },
    ),
    "listing at the root": ProxyMistake(
        "proxy-lists-bucket-at-root",
        {
            "caddy": plus("proxy", "header_up Referer the-proxy"),
            "haproxy": plus("backend", "http-request set-header Referer the-proxy"),
            "apache": plus("vhost", "RequestHeader set Referer the-proxy"),
            # Varnish keeps 404 by default, which the storage says of missing files to those who may list
            "varnish": also(
                plus("vcl_recv", 'set req.http.Referer = "the-proxy";'),
                plus("vcl_backend_response", "if (beresp.status >= 400) { set beresp.uncacheable = true; }"),
            ),
        },
        lists_to_the_proxy,
    ),
    "archives opened by the proxy": ProxyMistake(
        "archive-dumps-world-readable",
        {
            "caddy": plus("proxy", "header_up Referer the-proxy"),
            "haproxy": plus("backend", "http-request set-header Referer the-proxy"),
            "apache": plus("vhost", "RequestHeader set Referer the-proxy"),
            "varnish": plus("vcl_recv", 'set req.http.Referer = "the-proxy";'),
        },
        archives_to_the_proxy,
    ),
    "a health check that fails": ProxyMistake(
        "proxy-answers-with-own-error",
        {"caddy": plus("proxy", "health_uri /", "health_interval 100ms")},
    ),
    "no TLS to the storage": ProxyMistake("proxy-answers-with-own-error", {"apache": without("SSLProxyEngine")}),
    "slash forgotten in a rule": ProxyMistake(
        "proxy-drops-bucket-name",
        {
            "apache": also(
                without("ProxyPass"),
                plus("vhost", "RewriteEngine On", f'RewriteRule "^/(.*)$" "https://{ENDPOINT}/{BUCKET}$1" [P]'),
            ),
        },
    ),
    "type dropped": ProxyMistake(
        "proxy-changes-content-type",
        {
            "haproxy": plus("backend", "http-response del-header Content-Type"),
            "apache": plus("vhost", "Header unset Content-Type"),
            "varnish": plus("vcl_deliver", "unset resp.http.Content-Type;"),
        },
    ),
    "a cache without ranges": ProxyMistake(
        "range-requests-broken-for-viewers",
        {
            "haproxy": also(
                plus("cache", "total-max-size 4", "max-object-size 100000", "max-age 240"),
                plus("backend", "http-request cache-use media", "http-response cache-store media"),
                plus("backend", f"http-response set-header {ORIGIN} *"),
            ),
        },
    ),
    "nobody let in": ProxyMistake(
        "media-host-refuses-visitors",
        {
            "apache": lambda config: config.changed(
                "vhost", (*config.lines("vhost"), '<Location "/">', "Require all denied", "</Location>")
            ),
            "varnish": plus("vcl_recv", _synth_403('req.http.X-Forwarded-Proto != "https"')),
        },
    ),
    "errors cached": ProxyMistake(
        "proxy-caches-errors",
        {"varnish": plus("vcl_backend_response", "set beresp.ttl = 10m;", "set beresp.grace = 0s;")},
    ),
}  # fmt: skip
