"""A browser's upload by a form (POST Object), as far as its signature and the end of its policy. Nothing is stored.

Source: S3 API reference, "Authenticating Requests: Browser-Based Uploads Using POST".
"""

from __future__ import annotations

import hmac
import re

from s3probe.sandbox.messages import Request, S3Error
from s3probe.sandbox.state import State

_FIELD = re.compile(rb'name="([^"]+)"\r\n\r\n([^\r]*)\r\n')


def is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return request.method == "POST" and kind.startswith("multipart/form-data")


def refused(state: State, request: Request) -> S3Error:
    """What S3 says to a form: the signature is checked first, whatever host it was sent to."""
    fields = {name.decode(): value.decode() for name, value in _FIELD.findall(request.body)}
    key_id, *scope = fields.get("x-amz-credential", "").rsplit("/", 4)
    user = state.world.user(key_id)
    if user is None:
        return S3Error("InvalidAccessKeyId", details=(("AWSAccessKeyId", key_id),))
    signature = f"AWS4{user.secret}".encode()
    for part in scope:
        signature = hmac.digest(signature, part.encode(), "sha256")
    expected = hmac.digest(signature, fields.get("policy", "").encode(), "sha256").hex()
    if not hmac.compare_digest(expected, fields.get("x-amz-signature", "")):
        return S3Error("SignatureDoesNotMatch", details=(("AWSAccessKeyId", key_id),))
    return S3Error("AccessDenied", "Invalid according to Policy: Policy expired.")
