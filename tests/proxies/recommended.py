"""How each program's own documentation sets up a proxy before a bucket, as a :class:`SiteLines`.

Sources: Caddy, "reverse_proxy", Examples (HTTPS upstream); HAProxy, "server" (ssl, verify, sni); Apache,
"Reverse Proxy Guide" and mod_proxy, "ProxyPass"; Varnish, "Backend servers" and "built-in VCL".
"""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.proxies.site import SiteLines


def recommended(language: str, base: str) -> SiteLines:
    """``base`` is the bucket's own address: a host name per bucket, or the bucket in the path."""
    parts = urlsplit(base)
    return _MAKERS[language](parts.scheme, parts.netloc, parts.path.rstrip("/"))


def _caddy(scheme: str, host: str, path: str) -> SiteLines:
    site = (f"rewrite * {path}{{uri}}",) if path else ()
    return SiteLines(
        "caddy",
        (
            ("site", site),
            ("upstream", (f"reverse_proxy {scheme}://{host}",)),
            ("proxy", ("header_up Host {upstream_hostport}",)),
        ),
    )


def _haproxy(scheme: str, host: str, path: str) -> SiteLines:
    name, _, port = host.partition(":")
    port = port or ("443" if scheme == "https" else "80")
    tls = (
        f" ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt sni str({name})" if scheme == "https" else ""
    )
    lines = [f"http-request set-header Host {host}"]
    if path:
        lines.append(f"http-request set-path {path}%[path]")
    return SiteLines(
        "haproxy", (("frontend", ()), ("cache", ()), ("backend", (*lines, f"server storage {name}:{port}{tls}")))
    )


def _apache(scheme: str, host: str, path: str) -> SiteLines:
    base = f"{scheme}://{host}{path}/"
    lines = (*(("SSLProxyEngine On",) if scheme == "https" else ()), f'ProxyPass "/" "{base}"',
             f'ProxyPassReverse "/" "{base}"')  # fmt: skip
    return SiteLines("apache", (("vhost", lines),))


def _varnish(scheme: str, host: str, path: str) -> SiteLines:
    assert scheme == "http", "Varnish asks its backends without TLS"
    name, _, port = host.partition(":")
    backend = f'backend default {{ .host = "{name}"; .port = "{port or 80}"; }}'
    recv = [f'set req.http.Host = "{host}";']
    if path:
        recv.append(f'set req.url = "{path}" + req.url;')
    return SiteLines(
        "varnish",
        (
            ("top", (backend,)),
            ("vcl_recv", tuple(recv)),
            ("vcl_backend_fetch", ()),
            ("vcl_backend_response", ()),
            # CORS: a store says whom it allows, and that this varies, only to those who ask from a page
            ("vcl_deliver", ('set resp.http.Access-Control-Allow-Origin = "*";',)),
        ),
    )


_MAKERS = {"caddy": _caddy, "haproxy": _haproxy, "apache": _apache, "varnish": _varnish}
