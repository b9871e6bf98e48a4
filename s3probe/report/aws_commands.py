"""A request as ``aws s3api`` makes it, where what it sends is the same: its releases differ in their defaults, and so
each has settings of its own for the time of a command.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit

from s3probe.evidence.asked import PlainRequest, Signature
from s3probe.evidence.observations import Observation
from s3probe.knowledge.providers import detect
from s3probe.knowledge.recognition import GENERIC
from s3probe.patterns import regex
from s3probe.report import sample_files
from s3probe.report.curl_commands import folded

_REGION = regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_FOLLOWED = frozenset(
    {"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "RequestTimeTooSkewed"}
)
"""After these ``aws`` asks once more elsewhere, or with another clock: Mastodon does not."""
_KEPT_OUT = frozenset({"user-agent", "accept", "expect", "x-amz-content-sha256", "x-amz-sdk-checksum-algorithm"})
"""Headers that ``aws`` sends by itself, or that nobody decides by."""
_FRAME = frozenset({"content-encoding", "x-amz-trailer", "x-amz-decoded-content-length"})
_STORED = {
    "x-amz-acl": "acl",
    "cache-control": "cache-control",
    "content-type": "content-type",
    "x-amz-storage-class": "storage-class",
}
_READ = {"x-amz-checksum-mode": "checksum-mode", "range": "range", "if-match": "if-match"}
_XML = {"content-type": ""}
_SUMMED = {"x-amz-checksum-crc32": ""}
_HEADERS: Mapping[str, Mapping[str, str]] = {
    "PutObject": {**_STORED, "x-amz-checksum-crc32": "", "content-md5": ""},
    "HeadObject": _READ,
    "GetObject": {**_READ, "x-amz-request-payer": "request-payer"},
    "PutObjectAcl": {"x-amz-acl": "acl", **_XML, **_SUMMED},
    "DeleteObject": {},
    "DeleteObjects": {**_XML, **_SUMMED},
    "CreateMultipartUpload": {**_STORED, "x-amz-checksum-algorithm": "checksum-algorithm"},
    "UploadPart": {"content-type": "", "x-amz-checksum-crc32": "", "content-md5": ""},
    "AbortMultipartUpload": {},
    "HeadBucket": {},
}
"""For each operation the headers that ``aws`` can send, and the option for each; ``""``: made by another option."""
_QUERY = {
    "partNumber": "part-number",
    "uploadId": "upload-id",
    "versionId": "version-id",
    "acl": "",
    "delete": "",
    "uploads": "",
}


def can(row: Observation, requests: Sequence[PlainRequest]) -> bool:
    """Whether ``aws`` makes what is signed of these requests as s3probe made it, and tells as much of the answer."""
    refused = row.http_status is not None and row.http_status >= 400 and row.network is None
    told = row.error_code is not None or (row.operation.startswith("Head") and row.http_status != 400)
    signed = [one for one in requests if one.signature is Signature.V4]
    main = requests and row.asked is not None and row.asked.request in signed
    if not signed or (main and not (refused and told and row.error_code not in _FOLLOWED)):
        return False
    return all(map(_can, signed))


def _can(request: PlainRequest) -> bool:
    known = _HEADERS.get(request.operation)
    if known is None or not _REGION.fullmatch(request.region) or not _place(request) or request.proxy:
        return False
    framed = sample_files.is_framed(request)
    headers = {name.lower() for name in request.sent_headers} - _KEPT_OUT - (_FRAME if framed else set())
    md5 = "content-md5" in headers and request.operation == "DeleteObjects"
    query = {name for name, _ in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)}
    host = urlsplit(request.url).hostname or ""
    # aws trusts a list of its own and not that of the system
    trusted = request.url.startswith("http:") or detect(host).id != GENERIC
    unsummed = request.operation == "DeleteObjects" and not headers & _SUMMED.keys()
    return headers <= known.keys() and query <= _QUERY.keys() and trusted and not md5 and not unsummed


def _place(request: PlainRequest) -> tuple[str, str, str] | None:
    """Endpoint, addressing and key; ``None`` where bucket and key stand in no place that ``aws`` knows."""
    parts = urlsplit(request.url)
    if not request.bucket:
        return None
    if parts.netloc.startswith(f"{request.bucket}."):
        endpoint = f"{parts.scheme}://{parts.netloc.removeprefix(f'{request.bucket}.')}"
        return endpoint, "virtual", unquote(parts.path.removeprefix("/"))
    first, _, rest = parts.path.removeprefix("/").partition("/")
    return (f"{parts.scheme}://{parts.netloc}", "path", unquote(rest)) if first == request.bucket else None


def settings(request: PlainRequest) -> list[str]:
    """What makes ``aws`` ask once, at that address and as it is told to, whichever release it is."""
    place = _place(request)
    style = place[1] if place else "path"
    lines = [
        "[default]",
        "max_attempts=1",
        "request_checksum_calculation=when_required",
        "response_checksum_validation=when_required",
        "s3=",
        f"  addressing_style={style}",
        "  signature_version=s3v4",
        "",
    ]
    text = "\\n".join(lines)
    return [
        f"printf '{text}' > \"$d/config\"",
        'export AWS_CONFIG_FILE="$d/config" AWS_PROFILE=default AWS_PAGER=',
    ]


def call(request: PlainRequest, *, upload: bool = False) -> str:
    """The command. ``upload``: the id that the script has got stands in place of the one that s3probe was told."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", request.operation).lower()
    return folded([f"aws s3api {name}", *_options(request, upload=upload)])


def _options(request: PlainRequest, *, upload: bool) -> Iterator[str]:
    endpoint, _style, key = _place(request) or ("", "", "")
    yield f"--endpoint-url {shlex.quote(endpoint)}"
    yield f"--region {shlex.quote(request.region)}"
    yield f"--bucket {shlex.quote(request.bucket)}"
    if request.operation not in ("DeleteObjects", "HeadBucket"):
        yield f"--key {shlex.quote(key)}"
    for name, value in parse_qsl(urlsplit(request.url).query):
        option = _QUERY[name]
        if option:
            yield f'--{option} "$id"' if name == "uploadId" and upload else f"--{option} {shlex.quote(value)}"
    if request.size:
        yield f'--body "$d/{request.size}"'
    known = _HEADERS[request.operation]
    for name, value in request.sent_headers.items():
        if known.get(name.lower()):
            yield f"--{known[name.lower()]} {shlex.quote(value)}"
    yield from _checksums(request)
    if request.operation == "DeleteObjects":
        keys = [{"Key": unescape(key)} for key in re.findall(r"<Key>([^<]*)</Key>", request.text)]
        yield f"--delete {shlex.quote(json.dumps({'Objects': keys, 'Quiet': '<Quiet>true' in request.text}))}"
    if request.operation == "GetObject":
        yield '"$d/got"'


def _checksums(request: PlainRequest) -> Iterator[str]:
    names = {name.lower() for name in request.sent_headers}
    body = sample_files.body_of(request)
    if sample_files.is_framed(request) or (names & _SUMMED.keys() and not request.size):
        yield "--checksum-algorithm CRC32"
    elif names & _SUMMED.keys():
        yield f"--checksum-crc32 {sample_files.crc32_of(body)}"
    elif "content-md5" in names:
        yield f"--content-md5 {sample_files.md5_of(body)}"


def link(request: PlainRequest) -> str:
    """What prints a link to the file."""
    endpoint, _style, key = _place(request) or ("", "", "")
    seconds = max(request.expires, 1)
    where = f"--endpoint-url {shlex.quote(endpoint)} --region {shlex.quote(request.region)}"
    return f"aws s3 presign {shlex.quote(f's3://{request.bucket}/{key}')} --expires-in {seconds} {where}"


def can_link(request: PlainRequest) -> bool:
    """Whether ``aws`` makes such a link."""
    return _place(request) is not None and _REGION.fullmatch(request.region) is not None
