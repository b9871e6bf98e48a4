"""Signs requests as Mastodon's SDK does: Signature V4 in the header or the query, or the old V2.

The arithmetic is botocore's. What differs is which headers are signed and in which order they are added
(aws-sigv4's ``Signer`` and aws-sdk-s3's ``legacy_signer.rb``, as recorded in golden/wire.json), and that the time
comes from the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from botocore.auth import HmacV1Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders

from s3probe.records import dataclass
from s3probe.settings.model import Credentials

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

Headers = tuple[tuple[str, str], ...]

_UNSIGNED = frozenset({"accept", "accept-encoding", "content-length", "expect", "user-agent"})
"""Headers that aws-sigv4 leaves out, or that Net::HTTP adds after signing."""


@dataclass(frozen=True, slots=True)
class CredentialScope:
    """With what and when to sign."""

    credentials: Credentials
    region: str
    when: datetime

    @property
    def stamp(self) -> str:
        """The time as ``X-Amz-Date`` shows it."""
        return self.when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    @property
    def token(self) -> str:
        token = self.credentials.session_token
        return token.reveal() if token else ""


def sign_v4(scope: CredentialScope, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Headers:
    """``headers`` followed by what Signature V4 adds. The path is signed as it stands in ``url``.

    A header ``X-Amz-Content-Sha256`` that is already there is kept: it says that the payload is not signed.
    """
    host = urlsplit(url).netloc
    added = [("Host", host), ("X-Amz-Date", scope.stamp)]
    if scope.token:
        added.append(("X-Amz-Security-Token", scope.token))
    signer = _V4(scope)
    if not any(name == "X-Amz-Content-Sha256" for name, _ in headers):
        added.append(("X-Amz-Content-Sha256", signer.hash(body)))
    complete = (*headers, *added)
    return (*complete, ("Authorization", signer.authorization(method, url, complete)))


def sign_v2(
    scope: CredentialScope, method: str, url: str, headers: Sequence[tuple[str, str]], resource: str
) -> Headers:
    """``headers`` followed by ``Date`` and the old ``Authorization: AWS key:signature``.

    ``resource`` is the path with the bucket in front, also where the bucket is in the host name.
    """
    token = (("X-Amz-Security-Token", scope.token),) if scope.token else ()
    date = format_datetime(scope.when.astimezone(UTC), usegmt=True)
    complete = (*headers, *token, ("Date", date))
    signature = _V2(_keys(scope)).signature(method, url, complete, resource)
    return (*complete, ("Authorization", f"AWS {scope.credentials.access_key_id}:{signature}"))


def presign_v4(scope: CredentialScope, url: str, expires_seconds: int) -> str:
    """``url`` with a query that lets anyone GET it for ``expires_seconds``. The result is a secret."""
    signer = _V4(scope)
    query = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", signer.credential()),
        ("X-Amz-Date", scope.stamp),
        ("X-Amz-Expires", str(expires_seconds)),
    ]
    if scope.token:
        query.append(("X-Amz-Security-Token", scope.token))
    query.append(("X-Amz-SignedHeaders", "host"))
    unsigned = url + "?" + "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in query)
    host = (("Host", urlsplit(url).netloc), ("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"))
    return f"{unsigned}&X-Amz-Signature={signer.query_signature(unsigned, host)}"


def sign_policy(scope: CredentialScope, policy: str) -> str:
    """The Signature V4 of a form's policy, which is signed as it is sent: in base64."""
    return _V4(scope).policy_signature(policy)


class _Keys:
    """botocore's ReadOnlyCredentials without what importing them costs, and without a ``repr``.

    The session token is added by us, in the SDK's place.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.access_key = credentials.access_key_id
        self.secret_key = credentials.secret_access_key.reveal()
        self.token = None


def _keys(scope: CredentialScope) -> ReadOnlyCredentials:
    return cast("ReadOnlyCredentials", _Keys(scope.credentials))


def _request(method: str, url: str, headers: Sequence[tuple[str, str]]) -> AWSRequest:
    # added one by one: a mapping would lose the order
    request = AWSRequest(method=method, url=url)
    for name, value in headers:
        request.headers.add_header(name, value)
    return request


class _V4(S3SigV4Auth):
    """botocore's signer with the time given and without its debug log, which would hold the signature."""

    def __init__(self, scope: CredentialScope) -> None:
        super().__init__(_keys(scope), "s3", scope.region)
        self._stamp = scope.stamp

    def hash(self, body: bytes) -> str:
        return str(self.payload(AWSRequest(method="PUT", url="http://localhost/", data=body)))

    def credential(self) -> str:
        return str(self.scope(self._timed(AWSRequest())))

    def authorization(self, method: str, url: str, headers: Sequence[tuple[str, str]]) -> str:
        request = self._timed(_request(method, url, headers))
        signed = self.signed_headers(self.headers_to_sign(request))
        signature = self._signature_of(request)
        return f"AWS4-HMAC-SHA256 Credential={self.scope(request)}, SignedHeaders={signed}, Signature={signature}"

    def query_signature(self, url: str, headers: Sequence[tuple[str, str]]) -> str:
        request = self._timed(_request("GET", url, headers))
        request.context["only"] = "host"
        return self._signature_of(request)

    def policy_signature(self, policy: str) -> str:
        return str(self.signature(policy, self._timed(AWSRequest())))

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        only = request.context.get("only")
        chosen = HTTPHeaders()
        for name, value in request.headers.items():
            lower = name.lower()
            if lower == only or (only is None and lower not in _UNSIGNED):
                chosen[lower] = value
        return chosen

    def _signature_of(self, request: AWSRequest) -> str:
        return str(self.signature(self.string_to_sign(request, self.canonical_request(request)), request))

    def _timed(self, request: AWSRequest) -> AWSRequest:
        request.context["timestamp"] = self._stamp
        return request


class _V2(HmacV1Auth):
    """botocore's arithmetic on the very headers that are sent."""

    def signature(self, method: str, url: str, headers: Sequence[tuple[str, str]], resource: str) -> str:
        request = _request(method, url, headers)
        text = self.canonical_string(
            method, urlsplit(url), cast("Mapping[str, Any]", request.headers), auth_path=resource
        )
        return str(self.sign_string(text))

    def canonical_standard_headers(self, headers: Any) -> str:
        # botocore's own puts the time of its clock in the place of the "Date" that is sent
        given = {name.lower(): value.strip() for name, value in headers.items()}
        return "\n".join(given.get(name, "") for name in ("content-md5", "content-type", "date"))
