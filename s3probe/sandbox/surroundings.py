"""What stands around S3 in the world: the alias proxy and the Mastodon instance."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.world import Alias, AliasFault, Instance

_PASSED = ("range", "origin", "if-match", "if-none-match", "if-modified-since", "access-control-request-method",
           "access-control-request-headers", "referer", "user-agent")  # fmt: skip
_HIDDEN = ("server", "x-amz-id-2", "x-amz-request-id")
_NGINX_403 = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    b"<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def through_alias(alias: Alias, request: Request, ask: Callable[[Request], Reply]) -> Reply:
    """The answer of the proxy of Mastodon's docs (``docs.joinmastodon.org/admin/optional/object-storage-proxy``)."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        return Reply(403, (("Server", "nginx"), ("Content-Type", "text/html")), _NGINX_403)
    drops = alias.fault is AliasFault.DROPS_BUCKET
    ignored = {"range"} if alias.fault is AliasFault.IGNORES_RANGE else set()
    headers = {n: v for n, v in request.headers.items() if n in _PASSED and n not in ignored}
    host = alias.upstream if drops else f"{alias.bucket}.{alias.upstream}"
    headers["host"] = host
    # The docs' proxy forwards $uri alone: the query is lost.
    reply = ask(replace(request, scheme="https", host=host, query="", headers=headers, body=b""))
    kept = [(n, v) for n, v in reply.headers if n.lower() not in _HIDDEN]
    if alias.fault is AliasFault.HIDES_CORS:
        kept = [(n, v) for n, v in kept if not n.lower().startswith("access-control-")]
    else:
        kept = [(n, v) for n, v in kept if n.lower() != "access-control-allow-origin"]
        kept.append(("Access-Control-Allow-Origin", "*"))
    return replace(reply, headers=(*kept, ("Server", "nginx"), ("X-Cache-Status", "MISS")))


def as_instance(instance: Instance, request: Request) -> Reply:
    """The two pages a probe reads: the API's version and the front page with its Content-Security-Policy."""
    if request.path == "/api/v2/instance":
        data = {"domain": instance.host, "title": "Mastodon", "version": instance.version}
        return Reply(200, (("Server", "Mastodon"), ("Content-Type", "application/json; charset=utf-8")),
                     json.dumps(data).encode())  # fmt: skip
    if request.path != "/":
        return Reply(404, (("Server", "Mastodon"), ("Content-Type", "text/html; charset=utf-8")), b"<!DOCTYPE html>")
    base = f"https://{instance.host}"
    media = " ".join((base, *(f"https://{host}" for host in instance.media_hosts)))
    policy = (
        f"base-uri 'none'; default-src 'none'; frame-ancestors 'none'; font-src 'self' {base}; "
        f"img-src 'self' data: blob: {media}; media-src 'self' data: {media}; connect-src 'self' blob: data: {media}"
    )
    html = ("Content-Type", "text/html; charset=utf-8")
    headers = (("Server", "Mastodon"), html, ("Content-Security-Policy", policy))
    return Reply(200, headers, b"<!DOCTYPE html><html><head><title>Mastodon</title></head><body></body></html>")
