"""Every request of fixtures/golden/wire.json, built anew and compared header by header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from s3probe.probe.bodies import Part
from s3probe.probe.exchange import Call
from s3probe.probe.request_form import WireForm
from s3probe.probe.wire import ALLOWED_DIFFERENCES, USER_AGENT, Wire
from tests.every import every
from tests.probe.build import settings_of, wire_of

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "golden" / "wire.json").read_text(encoding="utf-8")
)
FORMS = {"mastodon-main": WireForm.CURRENT, "mastodon-4.3-to-4.5.8": WireForm.LEGACY}
SMALL_FILE = b"x" * 1000
PART = b"x" * (5 * 1024 * 1024)
MEDIA = "media_attachments/files/109/876/543/210/987/654"
REMOTE = "cache/media_attachments/files/109/876/543/210/987/655"
ORIGINAL, SMALL = f"{MEDIA}/original/0123456789abcdef.jpg", f"{MEDIA}/small/0123456789abcdef.jpg"
BIG, VIDEO = f"{MEDIA}/original/BIG.mp4", f"{MEDIA}/original/0123456789abcdef.mp4"
MOVED = "media_attachments/files/109/876/543/210/987/656/original/aaaaaaaaaaaaaaaa.jpg"
AVATAR = "accounts/avatars/000/000/001/original"
ARCHIVE = "backups/dumps/000/000/012/original/archive-20260101000000-0123456789abcdef0123456789abcdef.zip"


class Asked:
    """A wire that answers with Mastodon's keys (prefixed) and its ACL."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.prefix = f"{wire.settings.key_prefix}/" if wire.settings.key_prefix else ""
        self.acl = wire.settings.acl

    def key(self, key: str) -> str:
        return self.prefix + key

    def put(self, key: str, kind: str = "image/jpeg", body: bytes = SMALL_FILE) -> Call:
        return self.wire.put_object(self.key(key), body, kind, acl=self.acl)

    def head(self, key: str, part: int | None = None) -> Call:
        return self.wire.head(self.key(key), part_number=part)

    def delete(self, key: str) -> Call:
        return self.wire.delete(self.key(key))

    def download(self, key: str, *ranges: tuple[int, int]) -> list[Call]:
        if self.wire.settings.force_single_request:
            return [self.wire.get(self.key(key))]
        pieces = [self.wire.get(self.key(key), byte_range=piece, if_match='"e"') for piece in ranges]
        return [self.head(key, 1), *(pieces or [self.wire.get(self.key(key))])]

    def video(self) -> list[Call]:
        wire, key = self.wire, self.key(VIDEO)
        parts = [wire.upload_part(key, "UPLOADID", number, PART) for number in (1, 2, 3, 4)]
        return [
            wire.create_multipart(key, "video/mp4", acl=self.acl),
            *parts,
            wire.complete_multipart(
                key, "UPLOADID", [Part(n, etag_of(parts[0]), "BwQzxA==") for n in (1, 2, 3, 4)], 4 * len(PART)
            ),
        ]

    def set_acl(self, acl: str | None) -> list[Call]:
        # Mastodon leaves ACLs alone when S3_PERMISSION is empty
        return [self.wire.put_acl(self.key(key), acl) for key in (ORIGINAL, SMALL)] if self.acl and acl else []


def etag_of(part: Call) -> str:
    """The recording server answered with the MD5 of the body as it stood on the wire."""
    chunked = any(name == "Content-Encoding" for name, _ in part.headers)
    return '"b1d8ef7a66eadce3eecd244edeb06b3f"' if chunked else '"4f08eef4096726bff1125e1b1b734644"'


OPERATIONS: dict[str, Callable[[Asked], list[Call]]] = {
    "save_small_image": lambda a: [a.put(ORIGINAL), a.put(SMALL)],
    "save_small_original_only": lambda a: [a.put(ORIGINAL)],
    "save_empty_file": lambda a: [a.put(ORIGINAL, "inode/x-empty", b"")],
    "save_20mb_video": Asked.video,
    "save_backup": lambda a: [
        a.wire.put_object(
            a.key("backups/dumps/000/000/012/original/archive-x.zip"),
            SMALL_FILE,
            "application/zip",
            acl=a.wire.settings.archive_acl,
        )
    ],
    "replace_avatar": lambda a: [
        a.head(f"{AVATAR}/00112233445566ff.png"),
        a.delete(f"{AVATAR}/00112233445566ff.png"),
        a.put(f"{AVATAR}/bbbbbbbbbbbbbbbb.png", "image/png"),
    ],
    "delete_media_single": lambda a: [a.head(ORIGINAL), a.head(SMALL), a.delete(ORIGINAL), a.delete(SMALL)],
    "batch_delete": lambda a: [
        a.wire.batch_delete(
            [
                a.key(ORIGINAL),
                a.key(SMALL),
                a.key(f"{REMOTE}/original/fedcba9876543210.jpg"),
                a.key(f"{REMOTE}/small/fedcba9876543210.jpg"),
            ]
        )
    ],
    "suspend_acl_private": lambda a: a.set_acl("private"),
    "unsuspend_acl_public": lambda a: a.set_acl(a.acl),
    "exists_head": lambda a: [a.head(ORIGINAL)],
    "download_small": lambda a: a.download(ORIGINAL),
    "download_large": lambda a: a.download(BIG, (0, 5242879), (5242880, 8388607)),
    "reprocess_original_video_worker": lambda a: [
        *a.download(ORIGINAL),
        a.head(ORIGINAL),
        a.delete(ORIGINAL),
        a.put(ORIGINAL),
    ],
    "tootctl_remove_orphans_list": lambda a: [
        a.wire.list_objects(),
        a.wire.list_objects(start_after="media_attachments/files/000/000/001/original/a.jpg"),
    ],
    "tootctl_upgrade_storage_schema_move": lambda a: [
        a.head(MOVED),
        a.wire.copy_object(a.key(MOVED), a.key(f"cache/{MOVED}"), acl=a.acl),
        a.delete(MOVED),
    ],
}


def masked(name: str, value: str) -> str:
    """A header's value with what differs from run to run masked as the recording masks it."""
    if name in ("X-Amz-Date", "Date"):
        return "<date>"
    if name == "X-Amz-Security-Token":
        return "<token>"
    if name == "Authorization":
        value = re.sub(r"/\d{8}/", "/<date>/", re.sub(r"Signature=[0-9a-f]{64}$", "Signature=<masked>", value))
        return re.sub(r"^(AWS [^:]+):.{28}$", r"\1:<masked>", value)
    return "" if name in ALLOWED_DIFFERENCES else value


def shape(name_values: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, masked(name, value)) for name, value in name_values]


def comparable(method: str, path: str, query: str, headers: list[tuple[str, str]], size: int) -> tuple[Any, ...]:
    # Where both SDKs send the same, the recording shows the newer one's place for User-Agent.
    placed = [header for header in shape(headers) if header[0] != "User-Agent"]
    return method, path, query, size, placed


def recorded(request: dict[str, Any]) -> tuple[Any, ...]:
    headers = [(name, value) for name, value in request["headers"]]
    return comparable(request["method"], request["path"], request["query"], headers, request["body_bytes"])


def built(call: Call) -> tuple[Any, ...]:
    url = urlsplit(call.url)
    return comparable(call.method, url.path, url.query, list(call.headers), len(call.body))


def in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Parts and ranges go out from threads, in any order; all else keeps its place."""
    threaded = iter(sorted(row for row in rows if from_a_thread(row)))
    return [next(threaded) if from_a_thread(row) else row for row in rows]


def from_a_thread(row: tuple[Any, ...]) -> bool:
    return (row[0] == "PUT" and "partNumber=" in row[2]) or any(name == "Range" for name, _ in row[4])


def sent(case: dict[str, Any]) -> list[Call]:
    wire = wire_of(settings_of(case["env"]), FORMS[case["release"]])
    return OPERATIONS[case["op"]](Asked(wire))


def refused_before_sending(case: dict[str, Any]) -> bool:
    """Mastodon's own refusals and a proxy that knows no CONNECT: no request to compare."""
    return not case["requests"] and "exception" in case["outcome"]


@every(
    "case",
    [case for case in CASES if case["op"] in OPERATIONS and not refused_before_sending(case)],
    ids=lambda case: case["id"],
)
def test_sends_what_mastodon_sends(case: dict[str, Any]) -> None:
    calls = sent(case)
    requests = case["requests"]
    if "exception" in case["outcome"]:
        # the client gave up before it sent the body
        requests = [{**request, "body_bytes": len(call.body)} for request, call in zip(requests, calls, strict=True)]
    assert in_order([built(call) for call in calls]) == in_order([recorded(request) for request in requests])
    for call, request in zip(
        sorted(calls, key=lambda c: c.url),
        sorted(case["requests"], key=lambda r: r["path"] + "?" + r["query"]),
        strict=True,
    ):
        assert call.url.startswith(f"{request['scheme']}://{request['host']}/")


@every("case", [case for case in CASES if case["op"] == "presigned_backup_url"], ids=lambda case: case["id"])
def test_presigns_what_mastodon_presigns(case: dict[str, Any]) -> None:
    asked = Asked(wire_of(settings_of(case["env"]), FORMS[case["release"]]))
    url = urlsplit(asked.wire.presigned_get(asked.key(ARCHIVE), 3600).url)
    wanted = urlsplit(case["outcome"]["returned"])
    assert (url.scheme, url.hostname, url.path) == (wanted.scheme, wanted.hostname, wanted.path)
    assert [name for name, _ in parse_qsl(url.query)] == wanted.query.split("&")


def test_user_agent_stands_where_the_recorded_sdk_puts_it() -> None:
    for case_id in ("main/aws-default/save_small_image", "s3-1.170.1+kt-7.2.2/aws-default/save_small_image"):
        case = next(case for case in CASES if case["id"] == case_id)
        names = [name for name, _ in sent(case)[0].headers]
        assert names == [name for name, _ in case["requests"][0]["headers"]]


def test_every_case_is_compared() -> None:
    compared = [case for case in CASES if case["op"] in OPERATIONS or case["op"] == "presigned_backup_url"]
    assert len(compared) == len(CASES) == 254
    assert sum(refused_before_sending(case) for case in CASES) < 15


def test_the_aws_chunked_body_is_the_recorded_one() -> None:
    case = next(case for case in CASES if case["id"] == "main/aws-default/save_20mb_video")
    request = next(request for request in case["requests"] if "aws_chunked" in request)
    body = next(call for call in sent(case) if call.operation == "UploadPart").body
    assert body.startswith(request["aws_chunked"]["first_chunk_header"].encode() + b"\r\n")
    assert body.endswith(b"\r\n" + request["aws_chunked"]["trailer"].encode())


def test_says_who_asks() -> None:
    case = CASES[0]
    assert ("User-Agent", USER_AGENT) in sent(case)[0].headers
