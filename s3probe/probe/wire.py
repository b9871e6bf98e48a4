"""Builds the signed requests that Mastodon's SDK sends, header by header, in its order (golden/wire.json).

Nothing is sent here: every method gives a :class:`Call`, complete and signed for the moment the clock tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from s3probe import __version__
from s3probe.probe.bodies import Part, complete_body, delete_body
from s3probe.probe.exchange import Call
from s3probe.probe.forms import CONTENT_TYPE, POST_OBJECT, refused_form
from s3probe.probe.request_form import Integrity, WireForm, protect
from s3probe.probe.sign import CredentialScope, Headers, presign_v4, sign_v2, sign_v4
from s3probe.records import replace
from s3probe.settings.model import Credentials, Settings
from s3probe.settings.urls import bucket_url, credential_region, object_url, target

USER_AGENT = f"s3probe/{__version__}"

ALLOWED_DIFFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "User-Agent": "says who asks: s3probe, not aws-sdk-ruby3; it is not signed, and no server decides by it",
        "Amz-Sdk-Invocation-Id": "a random id per request, as in the SDK; it is s3probe's own",
    }
)
"""The headers whose values differ from Mastodon's, and why. Everything else is the same."""

_BODYLESS = frozenset({"GET", "HEAD", "DELETE"})
_SERVICE_OPERATIONS = frozenset({"ListBuckets"})
Pairs = Sequence[tuple[str, str]]


class NotReadOnlyError(ValueError):
    """A bug in s3probe: a read-only experiment asked for a method that could change something."""


class Wire:
    """One way of asking: these settings, this key pair, this generation of the SDK. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        form: WireForm,
        clock: Callable[[], datetime],
        invocation_id: Callable[[], str],
        *,
        signing_region: str | None = None,
    ) -> None:
        """``signing_region`` signs for another region than the settings', as the SDK's re-send after a 400 does."""
        self.settings = settings
        self.credentials = credentials
        self.form = form
        self._signing_region = signing_region
        self._clock = clock
        self._invocation_id = invocation_id

    def put_object(self, key: str, body: bytes, content_type: str, *, acl: str | None) -> Call:
        """Call 1 of the facts: an upload below the multipart threshold."""
        headers = [*self._object_headers(content_type, acl), *_expect(body)]
        return self._call("PutObject", "PUT", self._object(key), headers, body, Integrity.UPLOAD)

    def create_multipart(self, key: str, content_type: str, *, acl: str | None) -> Call:
        """Starts an upload of ``S3_MULTIPART_THRESHOLD`` bytes or more."""
        headers = self._object_headers(content_type, acl)
        if self.form is WireForm.CURRENT and self._checksums:
            headers.append(("X-Amz-Checksum-Algorithm", "CRC32"))
        return self._call("CreateMultipartUpload", "POST", self._object(key, "uploads"), headers)

    def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> Call:
        """One part; Mastodon's parts are 5 MiB."""
        url = self._object(key, f"partNumber={number}&uploadId={_escape(upload_id)}")
        headers = [*_expect(body), ("Content-Type", "application/octet-stream")]
        return self._call("UploadPart", "PUT", url, headers, body, Integrity.UPLOAD)

    def complete_multipart(self, key: str, upload_id: str, parts: Iterable[Part], size: int) -> Call:
        """Puts the parts together; ``size`` is the whole object's, in bytes."""
        current = self.form is WireForm.CURRENT
        body = complete_body(parts, checksums=current and self._checksums)
        sized = [("X-Amz-Mp-Object-Size", str(size))] if current else []
        url = self._object(key, f"uploadId={_escape(upload_id)}")
        headers = [*sized, *_expect(body), ("Content-Type", "application/xml")]
        return self._call("CompleteMultipartUpload", "POST", url, headers, body)

    def abort_multipart(self, key: str, upload_id: str) -> Call:
        """What the SDK sends after a failed part."""
        return self._call("AbortMultipartUpload", "DELETE", self._object(key, f"uploadId={_escape(upload_id)}"))

    def head(self, key: str, *, part_number: int | None = None) -> Call:
        """Before every deletion; with ``part_number=1`` before every download."""
        downloading = part_number is not None
        query = f"partNumber={part_number}" if downloading else ""
        old = self.form is WireForm.LEGACY and downloading
        headers = [("X-Amz-Checksum-Mode", "ENABLED")] if old and self._checksum_mode else []
        return self._call("HeadObject", "HEAD", self._object(key, query), headers)

    def get(self, key: str, *, byte_range: tuple[int, int] | None = None, if_match: str | None = None) -> Call:
        """A download, or with ``byte_range`` (first, last byte) a piece of it. The old SDK sends no ``If-Match``."""
        current = self.form is WireForm.CURRENT
        headers = [("If-Match", if_match)] if if_match and current else []
        if byte_range:
            headers.append(("Range", f"bytes={byte_range[0]}-{byte_range[1]}"))
        by_default = current and self.settings.response_checksums != "when_required"
        if by_default or self._checksum_mode:
            headers.append(("X-Amz-Checksum-Mode", "ENABLED"))
        return self._call("GetObject", "GET", self._object(key), headers)

    def list_objects(
        self, *, prefix: str | None = None, start_after: str | None = None, most: int | None = None
    ) -> Call:
        """What ``tootctl media remove-orphans`` asks; that never says how many keys it wants at ``most``."""
        query = "list-type=2"
        query += f"&max-keys={most}" if most is not None else ""
        query += f"&prefix={_escape(prefix)}" if prefix is not None else ""
        query += f"&start-after={_escape(start_after)}" if start_after is not None else ""
        return self._call("ListObjectsV2", "GET", self._bucket(query))

    def put_acl(self, key: str, acl: str) -> Call:
        """What a suspension (``private``) and its end (``S3_PERMISSION``) send."""
        headers = [("X-Amz-Acl", acl), ("Content-Type", "application/xml")]
        return self._call("PutObjectAcl", "PUT", self._object(key, "acl"), headers, integrity=Integrity.REQUIRED)

    def delete(self, key: str, *, version_id: str | None = None) -> Call:
        """Removes one object. Mastodon never names a version; s3probe's clean-up does, to leave none behind."""
        query = f"versionId={_escape(version_id)}" if version_id else ""
        return self._call("DeleteObject", "DELETE", self._object(key, query))

    def batch_delete(self, keys: Iterable[str]) -> Call:
        """What the vacuum of old media sends."""
        return self.batch_delete_versions((key, None) for key in keys)

    def batch_delete_versions(self, objects: Iterable[tuple[str, str | None]]) -> Call:
        """Like :meth:`batch_delete`, for ``(key, version id)`` pairs."""
        body = delete_body(objects)
        headers = [*_expect(body), ("Content-Type", "application/xml")]
        return self._call("DeleteObjects", "POST", self._bucket("delete"), headers, body, Integrity.REQUIRED)

    def copy_object(self, source: str, target: str, *, acl: str | None) -> Call:
        """What ``tootctl upgrade storage-schema`` sends; cache-control and storage class are not sent with it."""
        headers = [("X-Amz-Acl", acl)] if acl is not None else []
        headers.append(("X-Amz-Copy-Source", f"{self.settings.bucket_name}/{quote(source, safe='/~')}"))
        return self._call("CopyObject", "PUT", self._object(target), headers)

    def presigned_get(self, key: str, expires_seconds: int, ago: timedelta = timedelta(0)) -> Call:
        """The unsigned GET of a link that Mastodon handed out ``ago`` (backups: 3600 s). Its URL is a secret."""
        scope = self._scope()
        url = presign_v4(replace(scope, when=scope.when - ago), self._object(key), expires_seconds)
        headers = (("Host", urlsplit(url).netloc), ("User-Agent", USER_AGENT), ("Accept", "*/*"))
        return Call("GetObject", "GET", url, headers, bucket=self.settings.bucket_name)

    def signed_for(self, host: str, path: str) -> Call:
        """The listing, signed as if it was asked of ``host`` or ``path``, and sent where Mastodon asks.

        It passes where something on the way makes that of the request.
        """
        url = self._bucket("list-type=2&max-keys=1")
        sent = urlsplit(url)
        call = self._call("ListObjectsV2", "GET", sent._replace(netloc=host, path=path).geturl())
        headers = tuple((name, sent.netloc if name == "Host" else value) for name, value in call.headers)
        return replace(call, url=url, headers=headers)

    def refused_form(self, key: str) -> Call:
        """A browser's upload whose signature can be right and whose policy forbids it (``probe.forms``)."""
        url, bucket = self._bucket(), self.settings.bucket_name
        body = refused_form(self._scope(), bucket, key)
        standing = (("Host", urlsplit(url).netloc), ("User-Agent", USER_AGENT), ("Accept", "*/*"))
        length = (("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body))))
        return Call(POST_OBJECT, "POST", url, (*standing, *length), body, bucket)

    def get_as_payer(self, key: str) -> Call:
        """s3probe's own: the file once more, at this key's expense (AWS, "Requester Pays")."""
        return self._call("GetObject", "GET", self._object(key), [("X-Amz-Request-Payer", "requester")])

    def read(self, operation: str, query: str, key: str | None = None, method: str = "GET") -> Call:
        """s3probe's own questions, which Mastodon never asks (``GetObjectAcl`` with ``acl``, ``HeadBucket``, …).

        ``query`` is already percent-encoded; ``key`` ``None`` means the bucket, or the service for ``ListBuckets``.
        Raises :class:`NotReadOnlyError` for any method but GET and HEAD.
        """
        if method not in ("GET", "HEAD"):
            raise NotReadOnlyError(f"{method} {operation}")
        if operation in _SERVICE_OPERATIONS:
            url = _with_query(self.settings.api_base.rstrip("/") + "/", query)
        else:
            url = self._bucket(query) if key is None else self._object(key, query)
        return self._call(operation, method, url)

    def account(self, path: str) -> Call:
        """s3probe's own: what the server says of this key at an address of its own."""
        return self._call("AccountInfo", "GET", self.settings.api_base.rstrip("/") + path)

    @property
    def _checksums(self) -> bool:
        return self.settings.request_checksums != "when_required"

    @property
    def _checksum_mode(self) -> bool:
        return self.settings.environment.get("S3_ENABLE_CHECKSUM_MODE") == "true"

    def _object(self, key: str, query: str = "") -> str:
        return _with_query(object_url(self.settings, key), query)

    def _bucket(self, query: str = "") -> str:
        return _with_query(bucket_url(self.settings), query)

    def _object_headers(self, content_type: str, acl: str | None) -> list[tuple[str, str]]:
        headers = [("X-Amz-Acl", acl)] if acl is not None else []
        # blank in one experiment only: Mastodon always sends it
        cached = [("Cache-Control", self.settings.cache_control)] if self.settings.cache_control else []
        headers += [*cached, ("Content-Type", content_type)]
        if self.settings.storage_class is not None:
            headers.append(("X-Amz-Storage-Class", self.settings.storage_class))
        return headers

    def _scope(self) -> CredentialScope:
        region = self._signing_region or credential_region(self.settings)
        return CredentialScope(self.credentials, region, self._clock())

    def _call(
        self,
        operation: str,
        method: str,
        url: str,
        headers: Pairs = (),
        body: bytes = b"",
        integrity: Integrity = Integrity.NONE,
    ) -> Call:
        protected = protect(self.settings, self.form, integrity, body)
        agent = (("User-Agent", USER_AGENT),)
        early, late = (agent, ()) if self.form is WireForm.LEGACY else ((), agent)
        start = (("Accept-Encoding", ""), ("Amz-Sdk-Invocation-Id", self._invocation_id()))
        signed = self._sign(method, url, (*start, *headers, *protected.headers, *early), protected.body)
        length = () if method in _BODYLESS else (("Content-Length", str(len(protected.body))),)
        complete = (*signed, *late, *length, ("Accept", "*/*"))
        if not any(name == "Host" for name, _ in complete):
            complete = (*complete, ("Host", urlsplit(url).netloc))
        return Call(operation, method, url, complete, protected.body, self.settings.bucket_name)

    def _sign(self, method: str, url: str, headers: Headers, body: bytes) -> Headers:
        if self.settings.signature_version != "s3":
            return sign_v4(self._scope(), method, url, headers, body)
        path = urlsplit(url).path or "/"
        resource = path if target(self.settings).bucket_in_path else f"/{self.settings.bucket_name}{path}"
        return sign_v2(self._scope(), method, url, headers, resource)


def _expect(body: bytes) -> Headers:
    return (("Expect", "100-continue"),) if body else ()


def _escape(text: str) -> str:
    return quote(text, safe="~")


def _with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url
