"""One sequence of raw S3 requests, and what each answer looks like from outside: the same for a real server and for the
sandbox. Signed by botocore and sent with http.client, so that neither s3probe nor an SDK stands between."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BODY = b"a small picture"
ORIGIN = "https://mastodon.example"
FOLDER = "media_attachments/files/1"


@dataclass(frozen=True, slots=True)
class Shape:
    """An answer without its values."""

    status: int
    headers: tuple[str, ...]
    """Names in lower case, sorted; repeated where they were sent more than once."""
    root: str = ""
    """The body's root element, ``""`` where it is no XML."""
    fields: tuple[str, ...] = ()
    """Paths of the elements below the root, sorted."""


@dataclass(frozen=True, slots=True)
class AskedServer:
    """A server of whom the questions are asked, by path style."""

    endpoint: str
    bucket: str
    key_id: str
    secret: str
    region: str

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        key_id: str | None = "",
        secret: str = "",
    ) -> tuple[Shape, Mapping[str, str], bytes]:
        """With another key id or secret than its own where they are given; ``key_id=None`` asks as nobody."""
        request = AWSRequest(method, f"{self.endpoint}{target}", dict(headers or {}), body)
        if key_id is not None:
            request.context["payload_signing_enabled"] = True
            credentials = Credentials(key_id or self.key_id, secret or self.secret)
            S3SigV4Auth(credentials, "s3", self.region).add_auth(request)
        url = urlsplit(self.endpoint)
        with closing(http.client.HTTPConnection(str(url.hostname), url.port, timeout=10)) as connection:
            connection.request(method, target, body or None, dict(request.headers.items()))
            answer = connection.getresponse()
            data = answer.read()
        names = tuple(sorted(name.lower() for name, _ in answer.getheaders()))
        root, fields = _elements(data)
        return Shape(answer.status, names, root, fields), {n.lower(): v for n, v in answer.getheaders()}, data


def shapes(place: AskedServer) -> dict[str, Shape]:
    """The answer to every question, by the question's name."""
    return dict(_all(place))


def _all(place: AskedServer) -> Iterator[tuple[str, Shape]]:
    bucket = f"/{place.bucket}"
    key = f"{bucket}/{FOLDER}/original.png"
    there = {"Origin": ORIGIN}
    stored = {"Content-Type": "image/png", "Cache-Control": "public, max-age=315576000, immutable"}

    def ask(
        name: str, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"",
        key_id: str = "", secret: str = "",
    ) -> tuple[str, Shape]:  # fmt: skip
        return name, place.ask(method, target, headers, body, key_id=key_id, secret=secret)[0]

    yield ask("PutObject", "PUT", key, stored, BODY)
    yield ask(
        "PutObject with an ACL", "PUT", f"{bucket}/{FOLDER}/open.png", {**stored, "x-amz-acl": "public-read"}, BODY
    )
    yield ask("HeadObject", "HEAD", key)
    yield ask("GetObject", "GET", key)
    yield ask("GetObject, a range", "GET", key, {"Range": "bytes=0-3"})
    yield ask("GetObject, a range beyond the end", "GET", key, {"Range": "bytes=900-999"})
    _, known, _ = place.ask("HEAD", key)
    yield ask("GetObject, unchanged", "GET", key, {"If-None-Match": known.get("etag", "")})
    yield ask("GetObject, missing", "GET", f"{key}.missing")
    yield ask("HeadObject, missing", "HEAD", f"{key}.missing")
    yield ask("GetObject from a page", "GET", key, there)
    yield ask("ListObjectsV2", "GET", f"{bucket}?list-type=2&max-keys=1&prefix=media_attachments%2F")
    yield ask("ListObjectsV2 by folder", "GET", f"{bucket}?delimiter=%2F&list-type=2&max-keys=9")
    yield ask("PutObjectAcl", "PUT", f"{key}?acl", {"x-amz-acl": "private"})
    yield ask("GetObjectAcl", "GET", f"{key}?acl")
    yield ask("CopyObject", "PUT", f"{key}.copy", {"x-amz-copy-source": key})
    yield from _multipart(place, key)
    yield from _as_nobody(place, key)
    yield ask("a wrong secret", "GET", key, secret="x" * 40)
    yield ask("an unknown key id", "GET", key, key_id="AKIAUNKNOWNEXAMPLE00")
    yield ask("an unknown bucket", "GET", "/nobody-has-such-a-bucket?list-type=2")
    yield ask("DeleteObject", "DELETE", f"{bucket}/{FOLDER}/open.png")
    yield ask("DeleteObject, missing", "DELETE", f"{key}.missing")
    keys = "".join(f"<Object><Key>{k.removeprefix(f'{bucket}/')}</Key></Object>" for k in (key, f"{key}.copy"))
    batch = f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{keys}</Delete>'.encode()
    digest = base64.b64encode(hashlib.md5(batch, usedforsecurity=False).digest()).decode()
    yield ask("DeleteObjects", "POST", f"{bucket}?delete", {"Content-MD5": digest}, batch)


def _multipart(place: AskedServer, key: str) -> Iterator[tuple[str, Shape]]:
    for end in ("CompleteMultipartUpload", "AbortMultipartUpload"):
        begun, _, body = place.ask("POST", f"{key}.big?uploads")
        yield "CreateMultipartUpload", begun
        found = re.search(rb"<UploadId>([^<]+)<", body)
        upload = f"uploadId={found[1].decode() if found else 'none'}"
        part, sent, _ = place.ask("PUT", f"{key}.big?partNumber=1&{upload}", body=BODY)
        yield "UploadPart", part
        if end == "AbortMultipartUpload":
            yield end, place.ask("DELETE", f"{key}.big?{upload}")[0]
            yield f"{end}, once more", place.ask("DELETE", f"{key}.big?{upload}")[0]
        else:
            rows = f"<Part><ETag>{sent.get('etag', '')}</ETag><PartNumber>1</PartNumber></Part>"
            whole = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>".encode()
            yield end, place.ask("POST", f"{key}.big?{upload}", body=whole)[0]
            place.ask("DELETE", f"{key}.big")


def _as_nobody(place: AskedServer, key: str) -> Iterator[tuple[str, Shape]]:
    bucket = f"/{place.bucket}"
    shown = f"{bucket}/{FOLDER}/open.png"
    wants = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    for name, method, target, headers in (
        ("a visitor's GET", "GET", shown, {}),
        ("a visitor's GET from a page", "GET", shown, {"Origin": ORIGIN}),
        ("a visitor's GET of a private file", "GET", key, {}),
        ("a visitor's HEAD of a private file", "HEAD", key, {}),
        ("a visitor's listing", "GET", f"{bucket}?list-type=2", {}),
        ("a visitor's upload", "PUT", f"{key}.theirs", {}),
        ("a visitor's deletion", "DELETE", key, {}),
        ("preflight", "OPTIONS", shown, wants),
        ("preflight for another method", "OPTIONS", shown, {**wants, "Access-Control-Request-Method": "PUT"}),
        ("preflight without an Origin", "OPTIONS", shown, {}),
    ):
        yield name, place.ask(method, target, headers, key_id=None)[0]


def _elements(data: bytes) -> tuple[str, tuple[str, ...]]:
    if not data.lstrip().startswith(b"<"):
        return "", ()
    try:
        root = ET.fromstring(data)  # noqa: S314  from a server that these tests started
    except ET.ParseError:
        return "", ()
    return _plain(root.tag), tuple(sorted(set(_paths(root))))


def _paths(node: ET.Element, above: str = "") -> Iterator[str]:
    for child in node:
        path = above + _plain(child.tag)
        yield path
        yield from _paths(child, f"{path}/")


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]
