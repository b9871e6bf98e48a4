"""A browser's upload (POST Object) that its own policy forbids: all that comes of it is a judgement of its signature.

Neither host nor path is part of that signature, so that no proxy on the way can spoil it (S3 API reference,
"Authenticating Requests: Browser-Based Uploads Using POST"). Pure.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode

from s3probe.probe.sign import CredentialScope, sign_policy

POST_OBJECT = "PostObject"
_BOUNDARY = "s3probe-form-5e9d1c"
CONTENT_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"
_LONG_AGO = "2015-12-29T12:00:00.000Z"
_FIELD = 'form-data; name="{name}"\r\n\r\n'


def refused_form(scope: CredentialScope, bucket: str, key: str) -> bytes:
    """The form's body. Its policy ran out long ago, and is for another key and a longer file than it carries."""
    credential = f"{scope.credentials.access_key_id}/{scope.stamp[:8]}/{scope.region}/s3/aws4_request"
    signed = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": credential,
        "x-amz-date": scope.stamp,
        **({"x-amz-security-token": scope.token} if scope.token else {}),
    }
    conditions: list[object] = [{name: value} for name, value in {"bucket": bucket, **signed}.items()]
    conditions += [{"key": f"{key}.not-this-one"}, ["content-length-range", 2**20, 2**20]]
    policy = b64encode(json.dumps({"expiration": _LONG_AGO, "conditions": conditions}).encode()).decode()
    fields = {"key": key, **signed, "policy": policy, "x-amz-signature": sign_policy(scope, policy)}
    parts = [f"Content-Disposition: {_FIELD.format(name=name)}{value}" for name, value in fields.items()]
    file = 'Content-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: text/plain\r\n\r\ns3probe'
    return "".join(f"--{_BOUNDARY}\r\n{part}\r\n" for part in (*parts, file)).encode() + f"--{_BOUNDARY}--\r\n".encode()


def field(body: bytes, name: str) -> str:
    """A field of such a form; ``""`` when it has none of that name."""
    # a value may hold line breaks: a server reads it to the next boundary as well
    found = re.search(
        re.escape(_FIELD.format(name=name)).encode() + rb"(.*?)\r\n--" + _BOUNDARY.encode(), body, re.DOTALL
    )
    return found[1].decode("utf-8", "replace") if found else ""
