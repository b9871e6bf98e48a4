"""Takes each request and lets S3, the alias proxy or the instance answer it, by its host."""

from __future__ import annotations

import threading

from s3probe.records import replace
from s3probe.sandbox.instance import as_instance
from s3probe.sandbox.messages import Reply, Request
from s3probe.sandbox.names import alias_of, endpoint_of
from s3probe.sandbox.proxying import Style, through_alias
from s3probe.sandbox.service import date, refused_unread, serve
from s3probe.sandbox.state import State
from s3probe.sandbox.web_port import as_web_port
from s3probe.sandbox.world import Alias, AliasFault, World


class Gateway:
    """Waits as long as the world is slow, then asks S3, the alias proxy or the instance."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._stopped = threading.Event()
        self._cache: dict[tuple[str, str], Reply] = {}

    def stop(self) -> None:
        """Ends every simulated delay at once."""
        self._stopped.set()

    def announced(self, request: Request) -> Reply | None:
        """417 where a proxy refuses every announced body before it is sent, or the store's refusal; ``None``: go on."""
        if self._state.world.refuses_expect:
            return self._whole(Reply(417, (("Server", "squid"),)), request)
        refused = refused_unread(self._state, request)
        return self._whole(refused, request) if refused is not None else None

    def answer(self, request: Request) -> Reply:
        """The world's answer to a request, as it goes on the wire."""
        world = self._state.world
        delay = world.latency + (world.slow_writes if request.method in ("PUT", "POST") else 0.0)
        if request.method == "POST" and "delete" in request.parameters:
            delay += world.slow_batches
        if delay:
            self._stopped.wait(delay)
        return self._whole(self._asked(request), request)

    def _asked(self, request: Request) -> Reply:
        world = self._state.world
        alias = alias_of(world, request.hostname)
        if alias and request.path.startswith(alias.path):
            if world.personality.web_port and alias.fault is not AliasFault.ASKS_API:
                return through_alias(alias, request, self._web, self._cache, style=Style.WEB_PORT)
            style = Style.PATH if _no_bucket_names(world, alias) else Style.VIRTUAL_HOST
            return through_alias(alias, request, self._behind, self._cache, style=style)
        if world.instance and world.instance.host == request.hostname:
            return as_instance(world.instance, request)
        return self._serve(request)

    def _serve(self, request: Request) -> Reply:
        return serve(self._state, request)

    def _behind(self, request: Request) -> Reply:
        """What serves visitors is the provider's own, or signs where the API's host takes signed requests alone."""
        return serve(self._state, request, for_visitors=True)

    def _web(self, request: Request) -> Reply:
        return as_web_port(self._state, request)

    def _whole(self, reply: Reply, request: Request) -> Reply:
        """With the date and length that every answer has; a HEAD's answer has no body."""
        if reply.header("date") is None:
            reply = reply.with_headers(date(self._state))
        if reply.header("content-length") is None and reply.status not in (204, 304):
            reply = reply.with_headers(("Content-Length", str(len(reply.body))))
        return replace(reply, body=b"") if request.method == "HEAD" else reply


def _no_bucket_names(world: World, alias: Alias) -> bool:
    endpoint = endpoint_of(world, alias.upstream)
    return endpoint is not None and not endpoint.wildcard
