"""Where the bytes lie: moto's server application, called in process, as a store and nothing more.

moto keeps one state per process, so every sandbox uses bucket names of its own inside moto
(``store-<n>-<m>``) and shows the world's names outside. moto decides nothing about access here: the gateway
has decided before, and every call is made with the same made-up key and moto's own authorisation off.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote_to_bytes, urlencode

from s3probe.sandbox.messages import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_numbers = itertools.count(1)
_HEADERS = {
    "Host": "s3.amazonaws.com",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIASTORE/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0",
}
_UNPREFIXED = ("CONTENT_TYPE", "CONTENT_LENGTH")
"""Headers that WSGI names without ``HTTP_``."""
_KEPT = re.compile(
    r"etag|last-modified|content-(?:type|length|range|encoding|disposition|language)|cache-control|expires|accept-ranges"
    r"|x-amz-(?:version-id|delete-marker|mp-parts-count|storage-class|meta-.*)",
    re.IGNORECASE,
)


_NOT_UNDERSTOOD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>MalformedXML</Code><Message>The XML you provided was not '
    b"well-formed or did not validate against our published schema</Message></Error>"
)
"""S3's answer to a body that it cannot use (S3 API reference, "List of error codes")."""


@cache
def _application() -> WSGIApplication:
    """moto's application, once per process; importing it takes a quarter of a second."""
    from moto.moto_server.werkzeug_app import create_backend_app

    application: WSGIApplication = create_backend_app("s3")
    return application


def _ask(method: str, path: str, query: str, headers: Iterable[tuple[str, str]], body: bytes) -> Reply:
    """One request as PEP 3333 hands it to an application, without a client's ceremony: it is a third of the time."""
    environ: dict[str, object] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": path,
        "REQUEST_URI": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "s3.amazonaws.com",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key in _UNPREFIXED else f"HTTP_{key}"] = value
    answered: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        answered.append((status, headers))
        return lambda _data: None

    body_parts = _application()(environ, cast("StartResponse", start_response))
    try:
        data = b"".join(body_parts)
    finally:
        if callable(close := getattr(body_parts, "close", None)):
            close()
    status, found = answered[-1]
    return Reply(int(status.split()[0]), tuple(found), data)


class Store:
    """The buckets of one sandbox."""

    def __init__(self) -> None:
        self._number = next(_numbers)
        self._names: dict[str, str] = {}

    def create(self, bucket: str, *, versioning: bool = False) -> None:
        """Makes an empty bucket of that name."""
        self._names[bucket] = f"store-{self._number}-{len(self._names) + 1}"
        self._must(self.call("PUT", bucket))
        if versioning:
            self._must(self.call("PUT", bucket, query=(("versioning", ""),), body=(
                b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")))  # fmt: skip

    def call(
        self,
        method: str,
        bucket: str,
        key: str = "",
        *,
        query: Iterable[tuple[str, str]] = (),
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Reply:
        """One S3 call to moto. The inner bucket's name never shows in the answer."""
        inner = self._names[bucket]
        path = f"/{inner}/{quote(key, safe='/-_.~')}" if key else f"/{inner}"
        try:
            answer = _ask(method, path, urlencode(list(query)), [*_HEADERS.items(), *headers], body)
        except Exception:  # moto stumbles over what S3 refuses (an empty ETag in CompleteMultipartUpload)
            return Reply(400, (("Content-Type", "application/xml"),), _NOT_UNDERSTOOD)
        kept = tuple((name, value) for name, value in answer.headers if _KEPT.fullmatch(name))
        data = answer.body
        if (answer.header("content-type") or "").startswith("application/xml") and data.startswith(b"<?xml"):
            for outer, name in self._names.items():
                data = data.replace(name.encode(), outer.encode())
            kept = tuple((n, str(len(data)) if n.lower() == "content-length" else v) for n, v in kept)
        return Reply(answer.status, kept, data)

    def keys(self, bucket: str) -> tuple[str, ...]:
        """The bucket's current keys, sorted."""
        reply = self.call("GET", bucket, query=(("list-type", "2"), ("max-keys", "100000")))
        return tuple(_texts(reply.body, "Key"))

    def uploads(self, bucket: str) -> tuple[tuple[str, str], ...]:
        """Key and id of every multipart upload that is neither completed nor aborted."""
        body = self.call("GET", bucket, query=(("uploads", ""),)).body
        return tuple(zip(_texts(body, "Key"), _texts(body, "UploadId"), strict=True))

    def clear(self) -> None:
        """Gives moto's memory back."""
        for bucket in self._names:
            for key, upload in self.uploads(bucket):
                self.call("DELETE", bucket, key, query=(("uploadId", upload),))
            body = self.call("GET", bucket, query=(("versions", ""), ("max-keys", "100000"))).body
            for key, version in zip(_texts(body, "Key"), _texts(body, "VersionId"), strict=True):
                self.call("DELETE", bucket, key, query=(("versionId", version),))
            self.call("DELETE", bucket)
        self._names.clear()

    @staticmethod
    def _must(reply: Reply) -> None:
        if reply.status >= 300:
            raise RuntimeError(f"moto answered {reply.status}: {reply.body.decode(errors='replace')[:300]}")


def upload_id_of(reply: Reply) -> str:
    """The id CreateMultipartUpload gave."""
    return _texts(reply.body, "UploadId")[0]


def _texts(xml: bytes, tag: str) -> list[str]:
    from xml.etree import ElementTree as ET

    # moto's own answer, made in this process: nothing hostile can be in it.
    root = ET.fromstring(xml)  # noqa: S314
    return [node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == tag]
