"""The port at which Garage serves visitors: it finds the bucket by Host, and says in HTML what it does not find.

Its pages are measured (Garage 2.5.0): without a code where no bucket of that Host may be read, with one where it may.
"""

from __future__ import annotations

from s3probe.records import replace
from s3probe.sandbox import cors, objects
from s3probe.sandbox.authorise import policy_is_public
from s3probe.sandbox.messages import Reply, Request, S3Error
from s3probe.sandbox.operations import Operation
from s3probe.sandbox.state import Context, State
from s3probe.sandbox.world import Bucket

_HTML = ("Content-Type", "text/html; charset=utf-8")
_ANYONE = ("Access-Control-Allow-Origin", "*")
_TITLES = {400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
_WORDS = {
    "NoSuchKey": "Key not found",
    "InvalidRequest": "Bad request: HTTP method not supported",
    "AccessDenied": "Forbidden: This CORS request is not allowed.",
}


def as_web_port(state: State, request: Request) -> Reply:
    """The answer to a visitor. There are no signatures, no listings and no folders."""
    bucket = _bucket_of(state, request.hostname)
    if bucket is None or not policy_is_public(bucket):
        return _page(404)
    if request.method == "OPTIONS":
        try:
            return cors.preflight(bucket, request)
        except S3Error:
            return _page(403, "AccessDenied")
    if request.method not in ("GET", "HEAD"):
        return _page(400, "InvalidRequest")
    key = request.decoded_path.removeprefix("/")
    if (bucket.name, key) not in state.records:
        return _page(404, "NoSuchKey")
    operation = Operation("GetObject")
    context = Context(state, replace(request, query=""), operation, bucket, key, None)
    with state.lock:
        reply = objects.get_object(context)
    kept = [(name, value) for name, value in reply.headers if not name.lower().startswith("x-amz-")]
    return replace(reply, headers=(*kept, *cors.simple(bucket, request)))


def _bucket_of(state: State, host: str) -> Bucket | None:
    return next((bucket for bucket in state.buckets.values() if host in (bucket.name, *bucket.aliases)), None)


def _page(status: int, code: str = "") -> Reply:
    title = f"{status} {_TITLES[status]}"
    text = f"<title>{title}</title>\n<h1>{title}</h1>"
    if not code:
        return Reply(status, (_HTML,), text.encode())
    text += f"\n<ul>\n<li>Code: {code}</li>\n<li>Message: {_WORDS[code]}.</li>\n</ul>"
    return Reply(status, (_HTML, _ANYONE), text.encode())
