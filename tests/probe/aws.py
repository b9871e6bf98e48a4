"""How a server checks a signature, written from AWS's description alone, to check ours against.

Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)" and "Signing and Authenticating
REST Requests (V2)". Works on what arrives: the decoded path, the decoded query, the headers.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

from s3probe.probe.exchange import Call


def _encode(text: bytes | str, safe: str = "") -> str:
    return quote(text, safe=safe + "-_.~")


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def _signature(secret: str, scope: str, stamp: str, canonical: str) -> str:
    key = f"AWS4{secret}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical(call: Call, pairs: list[tuple[str, str]], signed: str, payload: str) -> str:
    headers: dict[str, list[str]] = {}
    for name, value in call.headers:
        headers.setdefault(name.lower(), []).append(" ".join(value.split()))
    path = _encode(unquote_to_bytes(urlsplit(call.url).path), safe="/")
    query = "&".join(sorted(f"{_encode(name)}={_encode(value)}" for name, value in pairs))
    lines = "".join(f"{name}:{','.join(headers[name])}\n" for name in signed.split(";"))
    return "\n".join((call.method, path, query, lines, signed, payload))


def v4_is_right(call: Call, secret: str) -> bool:
    """Whether the ``Authorization`` header of ``call`` is what the server computes."""
    headers = dict(call.headers)
    fields = dict(part.strip().split("=", 1) for part in headers["Authorization"].partition(" ")[2].split(","))
    payload = headers["X-Amz-Content-Sha256"]
    if len(payload) == 64 and payload != hashlib.sha256(call.body).hexdigest():
        return False
    scope = fields["Credential"].partition("/")[2]
    canonical = _canonical(call, _pairs(urlsplit(call.url).query), fields["SignedHeaders"], payload)
    return fields["Signature"] == _signature(secret, scope, headers["X-Amz-Date"], canonical)


def v4_query_is_right(call: Call, secret: str) -> bool:
    """Whether the presigned query of ``call`` is what the server computes."""
    pairs = _pairs(urlsplit(call.url).query)
    query = dict(pairs)
    unsigned = [(name, value) for name, value in pairs if name != "X-Amz-Signature"]
    canonical = _canonical(call, unsigned, query["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD")
    scope = query["X-Amz-Credential"].partition("/")[2]
    return query["X-Amz-Signature"] == _signature(secret, scope, query["X-Amz-Date"], canonical)


def v2_is_right(call: Call, secret: str, resource: str) -> bool:
    """Whether the ``AWS key:signature`` of ``call`` is what the server computes for ``resource``."""
    headers = {name.lower(): value for name, value in call.headers}
    amz = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-amz-"))
    plain = [headers.get(name, "") for name in ("content-md5", "content-type", "date")]
    text = "\n".join((call.method, *plain, amz + resource))
    mine = b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    return headers["authorization"] == f"AWS AKIDEXAMPLE:{mine}"
