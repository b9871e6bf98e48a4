"""The chain from the published host to the storage: what stands between, and the lines that mend it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import ServerFix
from s3probe.probe.addresses import proxy_stands_before
from s3probe.probe.caches import CACHE_HEADERS, hit
from s3probe.probe.evidence import Observation
from s3probe.settings.mastodon import bucket_url
from s3probe.settings.model import Settings

__all__ = ["cdn", "hit", "nginx", "own_cookies", "own_proxy", "proxied", "proxy_lines", "upstream"]

_OWN = re.compile(r"nginx|openresty|angie|tengine|caddy|apache|haproxy|varnish|traefik|lighttpd|h2o|envoy", re.I)
_FOREIGN_COOKIES = re.compile(r"\s*(__cf|cf_|_cfuvid|AWSALB|__Host-cf|incap_|visid_|ak_|bm_)", re.I)


def own_proxy(seen: Observation) -> bool:
    """A web server that the admin runs (by the Server header) answers, and no CDN before it."""
    return bool(_OWN.search(seen.headers.get("server", ""))) and not cdn(seen)


def cdn(seen: Observation) -> str:
    """The CDN that answers, by its headers."""
    said = " ".join(seen.headers.get(name, "") for name in ("server", "via", "x-cache")).lower()
    if "cf-ray" in seen.headers or "cloudflare" in said:
        return "Cloudflare"
    if "cloudfront" in said or "x-amz-cf-id" in seen.headers:
        return "CloudFront"
    return next((name for name in ("Fastly", "BunnyCDN", "KeyCDN", "Akamai") if name.lower() in said), "")


def proxied(case: Case, seen: Observation) -> bool:
    """Whether something other than the storage itself answers at the published host.

    A host name that is only an alias in DNS (CNAME) shows the storage's own Server header and no cache.
    """
    if not proxy_stands_before(case.settings):
        return False
    theirs = case.obs("reach-endpoint").headers.get("server", "")
    between = own_proxy(seen) or bool(cdn(seen)) or any(name in seen.headers for name in ("via", *CACHE_HEADERS))
    return between or seen.headers.get("server", "") != theirs


def upstream(settings: Settings) -> tuple[str, str]:
    """Host and base URL of the bucket as the proxy should ask for it."""
    base = bucket_url(settings).rstrip("/")
    return urlsplit(base).netloc, base


def proxy_lines(settings: Settings) -> str:
    """The lines of Mastodon's proxy guide, with these settings' own values."""
    host, base = upstream(settings)
    name = urlsplit(base).hostname or ""
    # nginx looks names up while it works when there is a variable in proxy_pass (ngx_http_core_module, resolver)
    literal = name.replace(".", "").isdigit() or ":" in name
    resolver = "" if literal else "resolver 127.0.0.53 ipv6=off; "
    return f"{resolver}proxy_set_header Host {host}; proxy_pass {base}$uri;"


def nginx(case: Case, lines: str, note: str = "") -> ServerFix:
    """Lines for the media host, with the block where they belong."""
    alias = (case.settings.alias_host or "").split("/")[0] or fixes.host_of(case.obs("public-get").url)
    # a location of its own stands in the server block; all else where the storage is asked
    place = "" if lines.startswith("location") else "in the location block that asks the storage, "
    return ServerFix("nginx", lines, f"{place}in the server block of {alias}{'; ' + note if note else ''}")


def own_cookies(seen: Observation) -> str:
    """``Set-Cookie`` of the media host, but for those a CDN sets to tell people from robots."""
    cookies = seen.headers.get("set-cookie", "")
    return "" if _FOREIGN_COOKIES.match(cookies) else cookies.partition("=")[0].strip()
