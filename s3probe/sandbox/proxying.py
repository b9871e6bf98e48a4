"""The alias proxy: as Mastodon's guide sets it up, and with each of the mistakes people make in it."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from enum import Enum, auto

from s3probe.records import replace
from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.world import Alias, AliasFault

Ask = Callable[[Request], Reply]
Cache = MutableMapping[tuple[str, str], Reply]
"""What a caching proxy remembers, by host and path (with the query, where it is part of the cache's key)."""

_PASSED = ("range", "origin", "if-match", "if-none-match", "if-modified-since", "access-control-request-method",
           "access-control-request-headers", "referer", "user-agent")  # fmt: skip
_HIDDEN = ("server", "date", "x-amz-id-2", "x-amz-request-id")
_CACHING = (AliasFault.CACHES_ERRORS, AliasFault.KEEPS_DELETED, AliasFault.FORGETS_VARY)
_SAFE = (("X-Content-Type-Options", "nosniff"),
         ("Content-Security-Policy", "default-src 'none'; form-action 'none'"))  # fmt: skip
_KNOWN = ("/media_attachments/", "/cache/")
_LISTING = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Name>files-example</Name><MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated></ListBucketResult>"
)


def _page(alias: Alias, status: int, text: str) -> Reply:
    """An error page of its own."""
    name = alias.cdn.id if alias.cdn else "nginx"
    body = f"<html>\r\n<head><title>{status} {text}</title></head>\r\n<body>\r\n<center><h1>{status} {text}</h1>"
    body += f"</center>\r\n<hr><center>{name}</center>\r\n</body>\r\n</html>\r\n"
    return Reply(status, (*_own_headers(alias, "MISS"), ("Content-Type", "text/html")), body.encode())


def _own_headers(alias: Alias, state: str) -> tuple[tuple[str, str], ...]:
    """How it shows itself."""
    if alias.cdn is None:
        return (("Server", "nginx"), ("X-Cache-Status", state))
    server = (("Server", alias.cdn.server),) if alias.cdn.server else ()
    return (*server, *alias.cdn.headers(state))


class Style(Enum):
    """How the storage behind the proxy is told which bucket is meant."""

    VIRTUAL_HOST = auto()
    """By a host name per bucket."""
    PATH = auto()
    """By the path: it has no such names."""
    WEB_PORT = auto()
    """By the media host itself, which is passed on with the path as it is."""


def through_alias(
    alias: Alias, request: Request, ask: Ask, cache: Cache, *, style: Style = Style.VIRTUAL_HOST
) -> Reply:
    """The answer of the proxy of Mastodon's docs (``docs.joinmastodon.org/admin/optional/object-storage-proxy``)."""
    if _is_to_forget(alias, request):
        cache.pop((alias.host, request.path), None)
        return _page(alias, 200, "Forgotten")
    refused = _refused(alias, request)
    if refused is not None:
        return refused
    place = (alias.host, f"{request.path}?{request.query}" if alias.fault is AliasFault.FORGETS_VARY else request.path)
    if alias.fault in _CACHING and place in cache:
        return _sent(alias, _cut(cache[place], request.headers.get("range", "")), "HIT")
    reply = ask(_asked(alias, request, style))
    if reply.status >= 400 and alias.fault is AliasFault.ERRORS_AS_200:
        reply = Reply(200, (("Content-Type", "text/html"),), b"<!DOCTYPE html><title>Nothing here</title>")
    kept = alias.fault is AliasFault.CACHES_ERRORS or reply.status == 200
    if alias.fault in _CACHING and kept and request.method == "GET" and "range" not in request.headers:
        cache[place] = reply
    return _sent(alias, reply, "MISS")


def _is_to_forget(alias: Alias, request: Request) -> bool:
    if alias.forgets is None:
        return False
    method, header, value = alias.forgets
    return request.method == method and (not header or request.headers.get(header.lower()) == value)


def _cut(reply: Reply, wanted: str) -> Reply:
    """The first bytes of a whole answer, for ``Range: bytes=0-N``: caches answer ranges themselves."""
    if reply.status != 200 or not wanted.startswith("bytes=0-") or not wanted[8:].isdigit():
        return reply
    end = min(int(wanted[8:]), len(reply.body) - 1)
    kept = [(n, v) for n, v in reply.headers if n.lower() != "content-length"]
    part = ("Content-Range", f"bytes 0-{end}/{len(reply.body)}")
    return Reply(206, (*kept, part), reply.body[: end + 1])


def _refused(alias: Alias, request: Request) -> Reply | None:
    """What never reaches the storage."""
    headers = request.headers
    passes = alias.fault is AliasFault.ANY_METHOD or (alias.cdn is not None and not alias.cdn.only_reads)
    if request.method not in ("GET", "HEAD", "OPTIONS") and not passes:
        return _page(alias, 403, "Forbidden")
    if alias.fault is AliasFault.HOTLINK and "referer" not in headers:
        return _page(alias, 403, "Forbidden")
    if alias.fault is AliasFault.BOTS and "mozilla" not in headers.get("user-agent", "").lower():
        return _page(alias, 403, "Forbidden")
    if alias.fault is AliasFault.BAD_GATEWAY:
        return _page(alias, 502, "Bad Gateway")
    if alias.fault is AliasFault.SOME_FOLDERS and not request.path.startswith(_KNOWN):
        return _page(alias, 404, "Not Found")
    if alias.fault is AliasFault.LISTS_ROOT and request.path == "/":
        return Reply(200, (*_own_headers(alias, "MISS"), ("Content-Type", "application/xml")), _LISTING)
    if alias.fault is AliasFault.REDIRECTS:
        where = f"https://{alias.bucket}.{alias.upstream}{request.path}"
        moved = _page(alias, 302, "Found")
        return Reply(302, (*moved.headers, ("Location", where)), moved.body)
    return None


def _asked(alias: Alias, request: Request, style: Style) -> Request:
    """The request as the proxy makes it."""
    fault = alias.fault
    passed = set(_PASSED) - ({"range"} if fault is AliasFault.IGNORES_RANGE else set())
    if fault is AliasFault.PASSES_AUTHORIZATION:
        passed |= {"authorization", "cookie"}
    headers = {n: v for n, v in request.headers.items() if n in passed}
    # nginx makes one slash of several in what it calls $uri (merge_slashes)
    asked = re.sub("/+", "/", request.path.removeprefix(alias.path))
    path = f"/{alias.prefix}" * bool(alias.prefix) + asked
    host = alias.host if style is Style.WEB_PORT else alias.upstream
    if style is Style.VIRTUAL_HOST:
        host = f"{alias.bucket}.{alias.upstream}"
    if fault is AliasFault.ADDS_BUCKET or (style is Style.PATH and fault is not AliasFault.DROPS_BUCKET):
        path = f"/{alias.bucket}{path}"
    if fault is AliasFault.DROPS_BUCKET:
        host = alias.upstream
    elif fault is AliasFault.LOSES_HOST:
        host = "127.0.0.1:3902"
    elif fault is AliasFault.KEEPS_HOST:
        host = alias.host
    headers["host"] = host
    # the guide's proxy forwards $uri alone: the query is lost
    query = request.query if fault is AliasFault.PASSES_QUERY else ""
    body = request.body if fault is AliasFault.ANY_METHOD else b""
    return replace(request, scheme="https", host=host, path=path, query=query, headers=headers, body=body)


def _sent(alias: Alias, reply: Reply, state: str) -> Reply:
    """The answer as the proxy passes it on."""
    fault = alias.fault
    hidden = _HIDDEN if alias.cdn is None or alias.cdn.server else _HIDDEN[1:]
    kept = [(n, v) for n, v in reply.headers if n.lower() not in hidden]
    if fault is AliasFault.HIDES_CORS:
        kept = [(n, v) for n, v in kept if not n.lower().startswith("access-control-")]
    elif fault is AliasFault.DOUBLES_CORS:
        kept += [("Access-Control-Allow-Origin", "*")] * 2
    elif fault is not AliasFault.FORGETS_VARY and alias.cdn is None:
        kept = [(n, v) for n, v in kept if n.lower() != "access-control-allow-origin"]
        kept.append(("Access-Control-Allow-Origin", "*"))
    if fault is AliasFault.SETS_COOKIE:
        kept.append(("Set-Cookie", "session=1; Path=/"))
    if fault is AliasFault.NO_STORE:
        kept = [(n, v) for n, v in kept if n.lower() != "cache-control"] + [("Cache-Control", "no-store")]
    if fault is AliasFault.LOSES_TYPE:
        kept = [(n, v) for n, v in kept if n.lower() != "content-type"] + [("Content-Type", "text/plain")]
    safe = () if fault is AliasFault.NO_NOSNIFF or alias.cdn else _SAFE
    return replace(reply, headers=(*kept, *safe, *alias.adds, *_own_headers(alias, state)))
