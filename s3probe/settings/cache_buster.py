"""The request by which Mastodon makes a cache forget a file: its method and its header. Pure.

Sources: Mastodon ``config/initializers/cache_buster.rb``, ``app/lib/cache_buster.rb``; the methods are those that its
HTTP library knows (http.rb, ``HTTP::Request::METHODS``).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from s3probe.records import dataclass
from s3probe.secret import Secret
from s3probe.settings.model import Settings
from s3probe.settings.urls import public_url

READS = frozenset({"GET", "HEAD", "OPTIONS"})
FORGETS = frozenset({"PURGE", "DELETE"})
"""Methods that write nothing: beside those that read, what s3probe may send for Mastodon."""
_OTHERS = frozenset({"POST", "PUT", "PATCH", "TRACE", "CONNECT", "ACL", "REPORT", "SEARCH", "MKCALENDAR", "ORDERPATCH"})
_OF_WEBDAV = frozenset({"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"})
_HEADER_OF_OLD, _SECRET_OF_OLD = "Secret-Header", "True"
"""What releases before 4.3 send where the file names neither a header nor a method."""


@dataclass(frozen=True, slots=True)
class CacheBuster:
    """How Mastodon asks. ``method``: in capitals, as it goes on the wire."""

    method: str
    header: str
    secret: Secret
    host: str
    """The published one, which the file names: nobody else is sent the secret."""

    @property
    def known(self) -> bool:
        """Whether Mastodon's HTTP library sends such a request at all."""
        return self.method in READS | FORGETS | _OTHERS | _OF_WEBDAV

    @property
    def harmless(self) -> bool:
        """Whether it cannot write anything."""
        return self.method in READS | FORGETS

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        text = self.secret.reveal()
        return ((self.header, text),) if self.header.strip() and text else ()


def cache_buster(settings: Settings, version: str = "") -> CacheBuster | None:
    """``None`` where it is off: only the exact text ``true`` switches it on."""
    environment = settings.environment
    if environment.get("CACHE_BUSTER_ENABLED") != "true":
        return None
    method = environment.get("CACHE_BUSTER_HTTP_METHOD")
    header, secret = environment.get("CACHE_BUSTER_SECRET_HEADER"), environment.get("CACHE_BUSTER_SECRET")
    if method is None and _is_before_4_3(version):
        header, secret = header or _HEADER_OF_OLD, secret or _SECRET_OF_OLD
    host = (urlsplit(public_url(settings, "")).hostname or "").lower()
    return CacheBuster("GET" if method is None else method.upper(), header or "", Secret(secret or ""), host)


def _is_before_4_3(version: str) -> bool:
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return major.isdigit() and minor.isdigit() and (int(major), int(minor)) < (4, 3)
