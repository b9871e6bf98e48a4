"""Signature V2 in a shell (AWS, "Signing and authenticating REST requests"): curl does not make it, nor ``aws`` today.

The arithmetic is Python's, which reads the key from its environment as well.
"""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from s3probe.evidence.asked import PlainRequest
from s3probe.report import sample_files

_SIGN = (
    'sign() { python3 -c \'import base64, hmac, os, sys; key = os.environ["AWS_SECRET_ACCESS_KEY"].encode(); '
    'print(base64.b64encode(hmac.new(key, sys.stdin.buffer.read(), "sha1").digest()).decode())\'; }'
)
_FUNCTION = """s3() {
  t=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT'); s=$(printf "$1" "$t" | sign); shift
  printf 'header="%s: AWS %s:%s"\\n' Authorization "$AWS_ACCESS_KEY_ID" "$s" | curl -sS -K - -H "Date: $t" "$@"
}"""
_OF_THE_RESOURCE = frozenset(
    {"acl", "cors", "delete", "location", "partNumber", "policy", "uploadId", "uploads", "versionId", "versions"}
)


def functions() -> list[str]:
    """``s3``: what is signed, with ``%s`` for the time, and then what curl is to be told."""
    return [_SIGN, *_FUNCTION.splitlines()]


def signed_text(request: PlainRequest) -> str:
    """What :func:`functions` signs, as a word of the shell."""
    headers = {name.lower(): value for name, value in request.sent_headers.items()}
    body = sample_files.body_of(request)
    own = {"content-md5": sample_files.md5_of(body), "x-amz-checksum-crc32": sample_files.crc32_of(body)}
    headers |= {name: value for name, value in own.items() if name in headers}
    first = [request.method, headers.get("content-md5", ""), headers.get("content-type", "")]
    amz = [f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-amz-")]
    words = [*first, "%s", *(word.replace("%", "%%") for word in (*amz, _resource(request)))]
    return shlex.quote("\\n".join(words))


def _resource(request: PlainRequest) -> str:
    parts = urlsplit(request.url)
    path = parts.path or "/"
    in_path = path == f"/{request.bucket}" or path.startswith(f"/{request.bucket}/")
    asked = sorted(word for word in parts.query.split("&") if word.partition("=")[0] in _OF_THE_RESOURCE)
    whole = path if in_path else f"/{request.bucket}{path}"
    return f"{whole}?{'&'.join(asked)}" if asked else whole
