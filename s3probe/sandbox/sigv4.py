"""Signature V4 as S3 checks it. Source: S3 API reference, "Authenticating Requests (AWS Signature Version 4)"."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

from s3probe.records import dataclass
from s3probe.sandbox.messages import Request, S3Error

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%SZ"
_QUERY_NAMES = (
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its signer, before anything is checked."""

    form: Literal["header", "query", "v2"]
    access_key: str
    date: str = ""
    region: str = ""
    service: str = "s3"
    signed_headers: tuple[str, ...] = ()
    signature: str = ""
    stamp: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    expires: int = 0
    token: str | None = None

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_claim(request: Request) -> Claim | None:
    """The claim of a request, ``None`` when it is anonymous. Raises S3Error when it is malformed."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        if "X-Amz-Signature" in request.parameters or "X-Amz-Algorithm" in request.parameters:
            return _query_claim(request)
        if "AWSAccessKeyId" in request.parameters and "Signature" in request.parameters:
            return Claim("v2", request.parameters["AWSAccessKeyId"])
        return None
    if authorization.startswith("AWS "):
        return Claim("v2", authorization[4:].partition(":")[0])
    if not authorization.startswith(ALGORITHM):
        raise S3Error("InvalidArgument", "Unsupported Authorization Type", details=(
            ("ArgumentName", "Authorization"), ("ArgumentValue", authorization)))  # fmt: skip
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256\s+Credential=([^,]*),\s*SignedHeaders=([^,]*),\s*Signature=(\S*)", authorization
    )
    if found is None:
        raise _malformed("AuthorizationHeaderMalformed", "the authorization header requires three components: "
                         "Credential, SignedHeaders, and Signature.")  # fmt: skip
    stamp = _stamp(request.headers.get("x-amz-date", ""))
    if stamp is None:
        raise S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
    key, date, region, service = _credential(found[1], "AuthorizationHeaderMalformed")
    headers = tuple(found[2].split(";"))
    token = request.headers.get("x-amz-security-token")
    return Claim("header", key, date, region, service, headers, found[3], stamp, 0, token)


def _query_claim(request: Request) -> Claim:
    values = request.parameters
    wrong = "AuthorizationQueryParametersError"
    stamp = _stamp(values.get("X-Amz-Date", ""))
    expires = values.get("X-Amz-Expires", "")
    if stamp is None or not expires.isdigit() or any(name not in values for name in _QUERY_NAMES):
        names = ", ".join(_QUERY_NAMES[:-1]) + f", and {_QUERY_NAMES[-1]}"
        raise S3Error(wrong, f"Query-string authentication version 4 requires the {names} parameters.", 400)
    if int(expires) > 604800:
        raise S3Error(wrong, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
                      "must be less than 604800 seconds", 400)  # fmt: skip
    key, date, region, service = _credential(values["X-Amz-Credential"], wrong)
    headers = tuple(values["X-Amz-SignedHeaders"].split(";"))
    token = values.get("X-Amz-Security-Token")
    return Claim("query", key, date, region, service, headers, values["X-Amz-Signature"], stamp, int(expires), token)


def _credential(text: str, wrong: str) -> tuple[str, str, str, str]:
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        form = "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"
        raise _malformed(wrong, f'the Credential is mal-formed; expecting "{form}".')
    return parts[0], parts[1], parts[2], parts[3]


def _malformed(code: str, why: str) -> S3Error:
    return S3Error(code, f"The authorization header is malformed; {why}", 400)


def wrong_region(claim: Claim, expected: str, mark: str = "'") -> S3Error:
    """The error that names the right region."""
    code, start = "AuthorizationHeaderMalformed", "The authorization header is malformed"
    if claim.form == "query":
        code, start = "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter"
    wrong, right = (f"{mark}{region}{mark}" for region in (claim.region, expected))
    return S3Error(code, f"{start}; the region {wrong} is wrong; expecting {right}", 400,
                   (("Region", expected),), (("x-amz-bucket-region", expected),))  # fmt: skip


def _stamp(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def check_age(claim: Claim, now: datetime) -> None:
    """Garage's check: a signature of the last day passes, and one of any time to come."""
    patience = timedelta(seconds=claim.expires) if claim.form == "query" else timedelta(days=1)
    if now - claim.stamp > patience:
        raise S3Error("InvalidRequest", "Bad request: Date is too old")


def check_time(claim: Claim, now: datetime) -> None:
    """Raises RequestTimeTooSkewed, or AccessDenied for a presigned URL out of its time."""
    server = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    if claim.form == "query":
        if claim.stamp - now > MAX_SKEW:
            raise S3Error("AccessDenied", "Request is not valid yet", details=(
                ("X-Amz-Date", claim.stamp.strftime(_STAMP)), ("ServerTime", server)))  # fmt: skip
        end = claim.stamp + timedelta(seconds=claim.expires)
        if now > end:
            raise S3Error("AccessDenied", "Request has expired", details=(
                ("X-Amz-Expires", str(claim.expires)), ("Expires", end.strftime("%Y-%m-%dT%H:%M:%SZ")),
                ("ServerTime", server)))  # fmt: skip
    elif abs(now - claim.stamp) > MAX_SKEW:
        raise S3Error("RequestTimeTooSkewed", details=(
            ("RequestTime", claim.stamp.strftime(_STAMP)), ("ServerTime", server),
            ("MaxAllowedSkewMilliseconds", "900000")))  # fmt: skip


def check_signature(claim: Claim, secret: str, request: Request) -> None:
    """Raises SignatureDoesNotMatch with what the server signed, as S3 shows it."""
    unsigned = [n for n in request.headers if n.startswith("x-amz-") and n not in claim.signed_headers]
    if claim.form == "header" and (unsigned or "host" not in claim.signed_headers):
        raise S3Error("AccessDenied", "There were headers present in the request which were not signed",
                      details=(("HeadersNotSigned", ", ".join(sorted(unsigned)) or "host"),))  # fmt: skip
    canonical = canonical_request(claim, request)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, claim.stamp.strftime(_STAMP), claim.scope, digest))
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, claim.signature) or claim.date != claim.stamp.strftime("%Y%m%d"):
        raise S3Error("SignatureDoesNotMatch", details=(
            ("AWSAccessKeyId", claim.access_key), ("StringToSign", to_sign), ("SignatureProvided", claim.signature),
            ("StringToSignBytes", _bytes(to_sign)), ("CanonicalRequest", canonical),
            ("CanonicalRequestBytes", _bytes(canonical))))  # fmt: skip


def _bytes(text: str) -> str:
    return text.encode().hex(" ")


def canonical_request(claim: Claim, request: Request) -> str:
    """The canonical request of what arrived."""
    pairs = sorted(
        (_encode(name), _encode(value)) for name, value in request.pairs
        if not (claim.form == "query" and name == "X-Amz-Signature")
    )  # fmt: skip
    headers = "".join(f"{n}:{' '.join(request.headers.get(n, '').split())}\n" for n in claim.signed_headers)
    payload = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    return "\n".join((
        request.method, quote(request.decoded_path, safe="/-_.~"), "&".join(f"{n}={v}" for n, v in pairs), headers,
        ";".join(claim.signed_headers), payload,
    ))  # fmt: skip


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
