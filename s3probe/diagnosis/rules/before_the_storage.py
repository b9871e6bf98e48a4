"""What stands before the storage at the published host (a proxy, a CDN), and the lines that fix it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Fix, Manual, ServerFix
from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.caches import CACHE_HEADERS
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Actor, Header
from s3probe.knowledge.store import web_address
from s3probe.settings.mastodon import bucket_url, public_url
from s3probe.settings.model import Settings

GOOD_ANSWERS_ONLY = "proxy_cache_valid 200 206 48h;"
_OWN = re.compile(r"nginx|openresty|angie|tengine|caddy|apache|haproxy|varnish|traefik|lighttpd|h2o|envoy", re.I)
_FOREIGN_COOKIES = re.compile(r"\s*(__cf|cf_|_cfuvid|AWSALB|__Host-cf|incap_|visid_|ak_|bm_)", re.I)


def own_proxy(seen: Observation) -> bool:
    """A web server that the admin runs (by the Server header) answers, and no CDN before it."""
    return bool(_OWN.search(seen.headers.get(Header.SERVER, ""))) and not cdn(seen)


def cdn(seen: Observation) -> str:
    """The CDN that answers, by its headers."""
    said = " ".join(seen.headers.get(name, "") for name in (Header.SERVER, Header.VIA, Header.X_CACHE)).lower()
    if Header.CF_RAY in seen.headers or "cloudflare" in said:
        return "Cloudflare"
    if "cloudfront" in said or Header.X_AMZ_CF_ID in seen.headers:
        return "CloudFront"
    return next((name for name in ("Fastly", "BunnyCDN", "KeyCDN", "Akamai") if name.lower() in said), "")


def storage_hosts(case: Case) -> set[str]:
    """The names under which Mastodon, and visitors without a proxy between, ask the storage itself."""
    asked = (ActionId.PUT_WITHOUT_ACL, ActionId.PUT_WITH_ACL, ActionId.LIST)
    urls = [*(case.get(name).url for name in asked), case.settings.api_base]
    if not proxy_stands_before(case.settings):
        urls.append(public_url(case.settings, ""))
    return {fixes.host_of(url) for url in urls if url}


def proxied(case: Case, seen: Observation) -> bool:
    """Whether something other than the storage itself answers at the published host.

    A host name that is only an alias in DNS (CNAME) shows the storage's own Server header and no cache.
    """
    if not proxy_stands_before(case.settings):
        return False
    theirs = case.get(ActionId.REACH_ENDPOINT).headers.get(Header.SERVER, "")
    between = own_proxy(seen) or bool(cdn(seen)) or any(name in seen.headers for name in (Header.VIA, *CACHE_HEADERS))
    return between or seen.headers.get(Header.SERVER, "") != theirs


def upstream(case: Case) -> tuple[str, str]:
    """Host and base URL of the bucket as the proxy should ask for it."""
    settings, store = case.settings, fixes.provider_of(case)
    if store.web_port:
        return published_host(case), web_address(settings, store)
    base = bucket_url(settings).rstrip("/")
    return urlsplit(base).netloc, base


def _web_port(case: Case) -> str:
    """The address of a store's own port for visitors: at the API's address, else at the machine of the proxy itself.

    The name of the API is mostly that of the proxy, which would ask itself.
    """
    api = fixes.host_of(case.settings.api_base)
    host = api if api.replace(".", "").isdigit() else "127.0.0.1"
    return web_address(case.settings, fixes.provider_of(case), host)


def published_host(case: Case) -> str:
    """The host of media URLs as a browser sends it."""
    return urlsplit(public_url(case.settings, "")).netloc


def proxy_lines(case: Case) -> str:
    """The lines of Mastodon's proxy guide, with these settings' own values.

    nginx looks names up while it works when there is a variable in ``proxy_pass`` (ngx_http_core_module, resolver),
    and knows nothing of /etc/hosts then. That is for clouds, whose addresses change; the name of a store of one's own
    is looked up once, as the machine does it, when ``proxy_pass`` holds no path.
    """
    host, base = upstream(case)
    parts = urlsplit(base)
    if fixes.provider_of(case).web_port:
        return f"proxy_set_header Host $host; proxy_pass {_web_port(case)};"
    name = parts.hostname or ""
    literal = name.replace(".", "").isdigit() or ":" in name
    if literal or fixes.provider_of(case).hosts:
        resolver = "" if literal else "resolver 8.8.8.8 ipv6=off; "
        return f"{resolver}proxy_set_header Host {host}; proxy_pass {base}$uri;"
    rewrite = f"rewrite ^ {parts.path}$uri? break;" if parts.path else "rewrite ^ $uri? break;"
    return f"{rewrite} proxy_set_header Host {host}; proxy_pass {parts.scheme}://{parts.netloc};"


def nginx(case: Case, lines: str, note: str = "") -> ServerFix:
    """Lines for the media host, with the block where they belong."""
    alias = (case.settings.alias_host or "").split("/")[0] or fixes.host_of(case.get(ActionId.PUBLIC_GET).url)
    # a location of its own stands in the server block; all else where the storage is asked
    place = "" if lines.startswith("location") else "in the location block that asks the storage, "
    return ServerFix("nginx", lines, f"{place}in the server block of {alias}{'; ' + note if note else ''}")


AT_CDN: Mapping[str, str] = MappingProxyType(
    {
        "origin": "let the origin be {base} with {host} as its Host header, leave the path as it is and drop the query",
        "reach": "the origin does not answer; let it be {base} with {host} as its Host header, and full (strict) TLS",
        "errors": "pass the origin's errors on as they are, without a page of its own and never with status 200",
        "error-cache": "keep no error answers (TTL 0 for 403 and 404), and empty the cache once",
        "bytes": "pass files on unchanged: no image optimiser, no compression of pictures, no page of its own",
        "type": "pass on the Content-Type that the origin sends",
        "cors": "send Access-Control-Allow-Origin: * once, or pass on what the origin sends and cache by Origin",
        "ranges": "pass the Range header on, or answer ranges out of its own cache",
        "cache-control": "keep the origin's Cache-Control (no browser cache lifetime of its own)",
        "headers": "add the headers X-Content-Type-Options: nosniff and Content-Security-Policy: default-src 'none'; "
        "form-action 'none'",
        "credentials": "drop Authorization and Cookie on the way to the origin, and Set-Cookie on the way back",
        "methods": "allow GET and HEAD alone",
        "root": "refuse / and every query",
        "circle": "set TLS to full (strict) and remove rules that redirect",
        "access": "exempt the media host from access rules and redirects",
        "archives": "refuse /{prefix}backups/; archive links do not use this host",
    }
)
"""What is to be set at a CDN, by topic: its console has no lines that could be pasted."""


def at_proxy(case: Case, lines: str, topic: str, note: str = "") -> tuple[Fix, ...]:
    """:func:`nginx`, and before it what a CDN in front has to do: a topic of :data:`AT_CDN`, or that in words."""
    name = cdn(case.get(ActionId.PUBLIC_GET)) or cdn(case.get(ActionId.PUBLIC_LIST_ALIAS))
    if not name:
        return (nginx(case, lines, note),)
    host, base = upstream(case)
    words = AT_CDN.get(topic, topic).format(host=host, base=base, prefix=prefix_folder(case.settings))
    behind = f"if a proxy of your own stands behind {name}{'; ' + note if note else ''}"
    return Manual(f"At {name}: {words}."), nginx(case, lines, behind)


def prefix_folder(settings: Settings) -> str:
    """S3_KEY_PREFIX as a folder, ``""`` without one: what stands before every key."""
    prefix = settings.key_prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def answered_before_the_storage(case: Case, seen: Observation) -> bool:
    """Whether a visitor was answered by the proxy or CDN at the published host, whose ways are its own."""
    published = fixes.host_of(case.get(ActionId.PUBLIC_GET).url)
    return seen.actor is Actor.VISITOR and proxy_stands_before(case.settings) and fixes.host_of(seen.url) == published


def own_cookies(seen: Observation) -> str:
    """``Set-Cookie`` of the media host, but for those a CDN sets to tell people from robots."""
    cookies = seen.headers.get(Header.SET_COOKIE, "")
    return "" if _FOREIGN_COOKIES.match(cookies) else cookies.partition("=")[0].strip()
