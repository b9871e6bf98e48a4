"""A request as curl makes it, from 7.88 on: that signs a query only where it is sorted and each name in it has a ``=``,
and leaves it to us to say what the body hashes to.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from s3probe.evidence.asked import PlainRequest, Signature
from s3probe.redact import HIDDEN
from s3probe.report import old_signature, sample_files
from s3probe.settings.proxy import address_of

WIDTH = 96
"""Columns, unless a word is longer."""
_UPLOAD = re.compile(r"uploadId=[^&]*")
_COUNTS_SELDOM = frozenset({"accept", "expect"})
_SENT_AS_IS = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})


def keys(request: PlainRequest) -> str:
    """What writes the key pair for curl's ``-K -``: printf is a part of the shell, so that no process shows it."""
    form, values = "user=%s:%s\\n", '"$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"'
    if request.token:
        form, values = f"{form}header=%s:%s\\n", f'{values} X-Amz-Security-Token "$AWS_SESSION_TOKEN"'
    return f"printf '{form}' {values}"


def scope(request: PlainRequest) -> str:
    """For what is signed."""
    return f"-K - --aws-sigv4 {shlex.quote(f'aws:amz:{request.region}:s3')}"


def functions(signed: Sequence[PlainRequest]) -> list[str]:
    """A name for what all signed requests of a script begin with, where there are several."""
    if signed and signed[0].signature is Signature.V2:
        return old_signature.functions()
    if len(signed) < 2:
        return []
    return [folded([f"s3() {{ {keys(signed[0])} |", f"curl -sS {scope(signed[0])}", '"$@"; }'])]


def call(
    request: PlainRequest, options: Sequence[str], *, named: bool, upload: bool = False, etag: bool = False
) -> str:
    """The command. ``named``: by :func:`functions`. ``upload`` and ``etag``: what the script has learnt before stands
    in place of what s3probe was told.
    """
    words = [*options, *_arguments(request, etag=etag), _address(request, upload=upload)]
    if request.signature is Signature.V2:
        return folded(["s3", old_signature.signed_text(request), *words])
    if request.signature is not Signature.V4:
        return folded(["curl -sS", *words])
    if named:
        return folded(["s3", *words])
    return folded([f"{keys(request)} |", f"curl -sS {scope(request)}", *words])


def link(request: PlainRequest) -> str:
    """Fetches ``$link``."""
    return folded(["curl -sS -i", *_arguments(request, etag=False), '"$link"'])


def folded(words: Sequence[str]) -> str:
    """As many words in a line as fit; a line that goes on says so."""
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and len(longer) > WIDTH:
            lines.append(f"  {word}")
        else:
            lines[-1] = longer
    return "\n".join(line if line.endswith("|") or line is lines[-1] else f"{line} \\" for line in lines)


def _arguments(request: PlainRequest, *, etag: bool) -> Iterator[str]:
    if request.proxy:
        # its password is in the environment alone
        hidden = HIDDEN in request.proxy
        yield '-x "http://${http_proxy##*://}"' if hidden else f"-x {shlex.quote(address_of(request.proxy))}"
    if request.method == "HEAD":
        yield "-I"
    elif request.method != "GET":
        yield f"-X {shlex.quote(request.method)}"
    if etag:
        yield '--data-binary "$body"'
    elif request.size:
        yield f"--data-binary @{sample_files.path(request)}"
    elif request.text:
        yield f"--data-binary {shlex.quote(request.text)}"
    elif request.method in ("PUT", "POST"):
        # curl signs a Content-Type that it is told to leave out of an empty body, and MinIO refuses that (7.88)
        yield "-H 'Content-Length: 0'"
    for name, value in _headers(request, etag=etag):
        yield value if not name else f"-A {shlex.quote(value)}" if name == "-A" else f"-H {value}"


def _headers(request: PlainRequest, *, etag: bool) -> Iterator[tuple[str, str]]:
    """Names and what stands for the value on the line."""
    signed, body = request.signature is Signature.V4, sample_files.body_of(request)
    given = {name.lower() for name in request.sent_headers}
    for name, value in request.sent_headers.items():
        lower = name.lower()
        if lower == "user-agent" and not signed:
            yield "-A", value
        elif lower == "authorization" and value.startswith("Bearer "):
            yield "", f"--oauth2-bearer {shlex.quote(value.removeprefix('Bearer '))}"
        elif lower == "x-amz-checksum-crc32" and not etag:
            yield name, _header(name, sample_files.crc32_of(body))
        elif lower == "content-md5":
            yield name, _header(name, sample_files.md5_of(body))
        elif lower not in _COUNTS_SELDOM and lower not in ("user-agent", "x-amz-content-sha256"):
            yield name, _header(name, value)
    if (request.text or request.size) and "content-type" not in given:
        yield "Content-Type", "Content-Type:"  # curl would send one of its own
    if signed:
        yield "X-Amz-Content-Sha256", _content_hash(request, body, etag=etag)


def _header(name: str, value: str) -> str:
    return shlex.quote(f"{name}: {value}" if value else f"{name};")


def _content_hash(request: PlainRequest, body: bytes, *, etag: bool) -> str:
    name = "X-Amz-Content-Sha256"
    said = next((value for key, value in request.sent_headers.items() if key.lower() == name.lower()), "")
    if said in _SENT_AS_IS:
        return _header(name, said)
    if etag:
        return f'"{name}: $(printf %s "$body" | sha256sum | cut -d" " -f1)"'
    return _header(name, hashlib.sha256(body).hexdigest())


def _address(request: PlainRequest, *, upload: bool) -> str:
    """The URL as the shell reads it."""
    parts = urlsplit(request.url)
    names = [name if "=" in name else f"{name}=" for name in parts.query.split("&") if name]
    query = "&".join(sorted(names) if request.signature is Signature.V4 else filter(None, parts.query.split("&")))
    url = request.url.partition("#")[0].partition("?")[0] + (f"?{query}" if query else "")
    globbing = "-g " if any(mark in url for mark in "[]{}") else ""
    if upload and (found := _UPLOAD.search(url)):
        rest = url[found.end() :]
        return f'{globbing}{shlex.quote(f"{url[: found.start()]}uploadId=")}"$id"{shlex.quote(rest) if rest else ""}'
    return f"{globbing}{shlex.quote(url)}"
