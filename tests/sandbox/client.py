"""Plain requests at a sandbox, signed by botocore: an independent judge of the gateway's own arithmetic."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, KEY_ID, SECRET

HOST = f"{BUCKET}.s3.eu-west-2.amazonaws.com"
KEY = "media_attachments/files/1/original/a b+c.png"
PATH = "/media_attachments/files/1/original/a%20b%2Bc.png"


@dataclass(frozen=True)
class SandboxAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def tag(self, name: str) -> str:
        found = re.search(f"<{name}>(.*?)</{name}>", self.body.decode(), re.DOTALL)
        return found[1] if found else ""

    @property
    def code(self) -> str:
        return self.tag("Code")

    @property
    def brief(self) -> tuple[int, str]:
        return self.status, self.code


@dataclass(frozen=True)
class SandboxClient:
    """Signed (``call``) and anonymous (``visit``) requests."""

    box: Sandbox
    host: str = HOST
    region: str = "eu-west-2"
    key_id: str = KEY_ID
    secret: str = SECRET
    token: str | None = None
    scheme: str = "http"

    def visit(
        self, method: str, path: str = PATH, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> SandboxAnswer:
        connection: http.client.HTTPConnection
        port = 443 if self.scheme == "https" else 80
        address, real = self.box.resolve(self.host, port)
        if self.scheme == "https":
            context = ssl.create_default_context(cafile=self.box.ca_file)
            connection = http.client.HTTPSConnection(address, real, timeout=5, context=context)
            # The name checked is the one asked for, not the loopback address.
            connection._context = _Named(context, self.host)  # type: ignore[attr-defined]
        else:
            connection = http.client.HTTPConnection(address, real, timeout=5)
        with closing(connection):
            connection.request(method, path, body or None, {"Host": self.host, **(headers or {})})
            answer = connection.getresponse()
            return SandboxAnswer(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())

    def call(
        self, method: str, path: str = PATH, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> SandboxAnswer:
        signed = self._request(method, path, headers, body)
        _Auth(self._credentials(), "s3", self.region).add_auth(signed)
        return self.visit(method, path, {k: v for k, v in signed.headers.items() if k.lower() != "host"}, body)

    def presigned(self, path: str = PATH, expires: int = 60, method: str = "GET") -> str:
        """The path and query of a presigned URL."""
        signed = self._request(method, path, None, b"")
        S3SigV4QueryAuth(self._credentials(), "s3", self.region, expires=expires).add_auth(signed)
        parts = urlsplit(str(signed.url))
        return f"{parts.path}?{parts.query}"

    def _credentials(self) -> Credentials:
        return Credentials(self.key_id, self.secret, self.token)

    def _request(self, method: str, path: str, headers: Mapping[str, str] | None, body: bytes) -> AWSRequest:
        request = AWSRequest(method, f"{self.scheme}://{self.host}{path}", dict(headers or {}), body)
        request.context["payload_signing_enabled"] = True
        request.context["sha256"] = (headers or {}).get("x-amz-content-sha256")
        return request


class _Auth(S3SigV4Auth):
    """Keeps an x-amz-content-sha256 the test gave, where botocore would compute its own."""

    def payload(self, request: AWSRequest) -> str:
        given = request.context.get("sha256")
        return given if isinstance(given, str) else str(super().payload(request))


class _Named:
    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context, self._name = context, name

    def wrap_socket(self, sock: object, server_hostname: str) -> ssl.SSLSocket:  # noqa: ARG002  http.client names it
        return self._context.wrap_socket(sock, server_hostname=self._name)  # type: ignore[arg-type]


@contextmanager
def signing_clock(shift: timedelta) -> Iterator[None]:
    """botocore signs as if it were that much later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: _now(shift, remove_tzinfo))
        yield


def _now(shift: timedelta, remove_tzinfo: bool) -> datetime:
    now = datetime.now(UTC) + shift
    return now.replace(tzinfo=None) if remove_tzinfo else now
