"""What the sandbox answers, compared with recorded real servers: header by header, element by element.

``fixtures/wire/<server>.json`` holds whole answers (``tests/wire/record.py``), ``kept.json`` those headers that
s3probe's evidence keeps, of servers that were examined with it: in every answer of that kind, or only in some.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache

from s3probe.evidence.vocabulary import Actor, Fact, kept_headers
from s3probe.report.model import Report
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import BUCKET, KEY_ID, SECRET, healthy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import CorsRule
from tests.every import every
from tests.runs import run
from tests.wire.record import FOLDER, read
from tests.wire.steps import ORIGIN, AskedServer, Shape, shapes

REAL = {path.stem: read(path) for path in sorted(FOLDER.glob("*.json")) if path.stem != "kept"}
KEPT: dict[str, dict[str, dict[str, list[str]]]] = json.loads((FOLDER / "kept.json").read_text(encoding="utf-8"))
QUESTIONS = sorted(next(iter(REAL.values())))

FRAMING = {"connection", "keep-alive", "content-length", "transfer-encoding"}
"""How an answer's end is marked is HTTP's matter: each of these servers does it its own way."""

AMAZON = {
    "server": "AmazonS3 names itself in every answer",
    "x-amz-id-2": "S3 API reference, Common response headers",
    "x-amz-server-side-encryption": "every new object is encrypted since January 2023",
    "x-amz-bucket-region": "S3 API reference, HeadBucket; listings and refused listings carry it too",
    "access-control-allow-credentials": "S3 sends true where a rule names the origin",
}
"""Headers that AWS documents, or is known to send, and none of the recorded servers sends with that answer."""

AMAZON_FIELDS = {
    "UploadId": "NoSuchUpload names the upload",
    **dict.fromkeys(
        ("AWSAccessKeyId", "StringToSign", "StringToSignBytes", "SignatureProvided", "CanonicalRequest",
         "CanonicalRequestBytes"),
        "SignatureDoesNotMatch shows what the server signed",
    ),
    **dict.fromkeys(("Method", "ResourceType"), "AccessForbidden names what was asked of which kind of resource"),
}  # fmt: skip
"""Elements of AWS's documented answers (S3 API reference, Error responses) that no recorded server has there."""

NOT_AMAZON = {
    "DisplayName": "AWS left it out in 2025: S3 API reference, Owner and Grantee",
    "BucketName": "Ceph names the bucket in every error, AWS only where the bucket is at fault",
}
"""Elements that the recorded servers have, and AWS has not."""


def bucket_world() -> Sandbox:
    """The sandbox as the recorded servers were set up: an owner's key and a CORS rule for one origin."""
    scenario = healthy().with_bucket(cors=(CorsRule((ORIGIN,), max_age=3000),))
    whole = Statement("Allow", ("s3:GetObjectAcl",), ("*",))
    return Sandbox(scenario.with_user(identity=(*scenario.user.identity, whole)).world)


@cache
def sandbox() -> Mapping[str, Shape]:
    with bucket_world() as box:
        return shapes(AskedServer(f"http://127.0.0.1:{box.http_port}", BUCKET, KEY_ID, SECRET, "eu-west-2"))


def peers(question: str) -> list[Shape]:
    """The real answers of the same status. What a single server does is no custom."""
    status = sandbox()[question].status
    return [found[question] for found in REAL.values() if found[question].status == status]


def test_every_question_was_answered_alike_by_a_real_server() -> None:
    assert [question for question in QUESTIONS if not peers(question)] == []


@every("question", QUESTIONS)
def test_no_header_is_sent_twice(question: str) -> None:
    assert [name for name, times in Counter(sandbox()[question].headers).items() if times > 1] == []


@every("question", QUESTIONS)
def test_what_every_real_server_sends_is_there(question: str) -> None:
    found = peers(question)
    if len(found) > 1:
        always = set.intersection(*(set(shape.headers) for shape in found)) - FRAMING
        assert always - set(sandbox()[question].headers) == set()


@every("question", QUESTIONS)
def test_nothing_is_there_that_no_real_server_sends(question: str) -> None:
    ever = set().union(*(shape.headers for shape in peers(question)))
    assert set(sandbox()[question].headers) - ever - FRAMING - set(AMAZON) == set()


@every("question", QUESTIONS)
def test_bodies_have_the_same_root_and_elements(question: str) -> None:
    ours, theirs = sandbox()[question], peers(question)
    assert ours.root in {shape.root for shape in theirs}
    alike = [shape for shape in theirs if shape.root == ours.root]
    always = {path for path in set.intersection(*(set(s.fields) for s in alike)) if _last(path) not in NOT_AMAZON}
    ever = set().union(*(shape.fields for shape in alike))
    assert always - set(ours.fields) == set()
    assert set(ours.fields) - ever - set(AMAZON_FIELDS) == set()


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def test_the_tables_hold_nothing_that_is_not_needed() -> None:
    unknown, elements, left_out = set(), set(), set()
    for question, ours in sandbox().items():
        theirs = [shape for shape in peers(question) if shape.root == ours.root]
        unknown |= set(ours.headers) - set().union(*(shape.headers for shape in peers(question)))
        elements |= set(ours.fields) - set().union(*(shape.fields for shape in theirs))
        left_out |= {_last(path) for path in set.intersection(*(set(s.fields) for s in theirs)) - set(ours.fields)}
    assert unknown - FRAMING == set(AMAZON)
    assert elements == set(AMAZON_FIELDS)
    assert left_out == set(NOT_AMAZON)


@cache
def examined() -> Report:
    with_rule = healthy().with_bucket(cors=(CorsRule((ORIGIN,), max_age=3000),))
    return run(with_rule).report


def _answers() -> list[tuple[str, set[str]]]:
    """Kind and headers of every answer of the sandbox that was examined, as ``kept.json`` names them."""
    found = []
    for seen in examined().evidence.observations:
        whose = seen.operation if seen.actor is Actor.MASTODON else f"a visitor's {seen.method}"
        if seen.http_status is not None and seen.facts.get(Fact.S3):
            found.append((f"{whose} {seen.http_status}", {str(name) for name in seen.headers}))
    return found


def test_the_examined_servers_answered_most_of_what_the_sandbox_answers() -> None:
    assert len({kind for kind, _ in _answers()} & set(KEPT)) >= 18


def test_what_every_examined_server_sends_is_there() -> None:
    missing = [
        (kind, sorted(always - headers))
        for kind, headers in _answers()
        if kind in KEPT
        and (always := set.intersection(*(set(kept_headers(s["always"])) for s in KEPT[kind].values()))) - headers
    ]
    assert missing == []


def test_nothing_is_there_that_no_examined_server_sends() -> None:
    ever = {
        kind: {n for s in servers.values() for n in (*s["always"], *s["sometimes"])} for kind, servers in KEPT.items()
    }
    strange = [
        (kind, sorted(headers - ever[kind] - set(AMAZON)))
        for kind, headers in _answers()
        if kind in ever and headers - ever[kind] - set(AMAZON)
    ]
    assert strange == []
