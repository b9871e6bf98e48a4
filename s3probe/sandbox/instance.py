"""The Mastodon instance's own pages."""

from __future__ import annotations

import json

from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.world import Instance


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
