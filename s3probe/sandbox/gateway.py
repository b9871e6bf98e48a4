"""The WSGI application in front of everything: one request in, the right neighbour's answer out."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.names import alias_of, endpoint_of
from s3probe.sandbox.proxying import through_alias
from s3probe.sandbox.service import serve
from s3probe.sandbox.state import State
from s3probe.sandbox.surroundings import as_instance
from s3probe.sandbox.world import Alias, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Gateway:
    """Reads WSGI, waits as long as the world is slow, asks S3, the alias proxy or the instance."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._stopped = threading.Event()
        self._cache: dict[tuple[str, str], Reply] = {}

    def stop(self) -> None:
        """Ends every simulated delay at once."""
        self._stopped.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply = self.answer(read_request(environ))
        start_response(f"{reply.status} {_REASONS.get(reply.status, 'Unknown')}", list(reply.headers))
        return [reply.body] if reply.body else []

    def _serve(self, request: Request) -> Reply:
        return serve(self._state, request)

    def answer(self, request: Request) -> Reply:
        """The world's answer to a request."""
        world = self._state.world
        delay = world.latency + (world.slow_writes if request.method in ("PUT", "POST") else 0.0)
        if request.method == "POST" and "delete" in request.parameters:
            delay += world.slow_batches
        if delay:
            self._stopped.wait(delay)
        if world.refuses_expect and "expect" in request.headers:
            return Reply(417, (("Server", "squid"), ("Content-Length", "0")))
        alias = alias_of(world, request.hostname)
        if alias and request.path.startswith(alias.path):
            path_style = _no_bucket_names(world, alias)
            return _sized(through_alias(alias, request, self._serve, self._cache, path_style=path_style), request)
        if world.instance and world.instance.host == request.hostname:
            return _sized(as_instance(world.instance, request), request)
        return serve(self._state, request)


def _no_bucket_names(world: World, alias: Alias) -> bool:
    endpoint = endpoint_of(world, alias.upstream)
    return endpoint is not None and not endpoint.wildcard


def _sized(reply: Reply, request: Request) -> Reply:
    if reply.header("content-length") is None:
        reply = reply.with_headers(("Content-Length", str(len(reply.body))))
    return Reply(reply.status, reply.headers) if request.method == "HEAD" else reply


def read_request(environ: WSGIEnvironment) -> Request:
    """The request as it stood on the wire: WSGI's own PATH_INFO is already decoded, so the raw target is read."""
    target = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    if "://" in target.partition("?")[0]:
        target = "/" + target.partition("://")[2].partition("/")[2]
    path, _, query = target.partition("?")
    headers = {n[5:].replace("_", "-").lower(): v for n, v in environ.items() if n.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    whole = environ.get("wsgi.input_terminated")
    body = stream.read() if whole else stream.read(int(length or 0))
    host = headers.get("host", "")
    return Request(environ["REQUEST_METHOD"], environ["wsgi.url_scheme"], host, path or "/", query, headers, body)


_REASONS = {
    200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 304: "Not Modified",
    307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 409: "Conflict", 411: "Length Required", 412: "Precondition Failed",
    416: "Requested Range Not Satisfiable", 417: "Expectation Failed", 429: "Too Many Requests",
    500: "Internal Server Error", 501: "Not Implemented", 503: "Slow Down", 507: "Insufficient Storage",
}  # fmt: skip
