"""Whatever a storage answers, an examination comes to its end, without a bug and without a rule that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3probe.evidence.vocabulary import Header
from s3probe.examination import check
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.sweep import SweepError, sweep
from s3probe.probe.tools import Clock, ProbeOptions, Tools
from s3probe.report.formats import FORMATS, RenderOptions, format_named
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy
from tests.exhaustive import examples
from tests.runs import settings_of, tools_for

VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "1e999",
            "9" * 5000,
            "Fri, 31 Dec 9999 23:59:59 -2359",
            "Fri, 01 Jan 0001 00:00:00 +2359",
            "2026-02-31T25:61:61Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "https://[",
            "http://[::1",
            "//",
            "http://a:99999999/",
            "http://\u2603\u0000.example/",
            "*, *",
            'W/"',
            "bytes 0-/",
            "bytes */*",
            "null",
            "\u0661",
            "٣",
            "²",
            "{acl}",
            "%",
            "%s{0}{",
            "\ud800",
            "evil.example/x#?",
        ]
    ),
    st.text(max_size=30),
    st.text(st.sampled_from("0123456789-:+TZ, ./[]@%{}\"'<>&"), max_size=30),
)
NAMES = st.one_of(
    st.sampled_from([*Header]).map(str), st.from_regex(r"x-[a-z]{1,9}-request-id", fullmatch=True), st.text(max_size=12)
)
ELEMENTS = [
    *("Error", "Code", "Message", "Region", "Bucket", "BucketName", "Key", "Endpoint", "ArgumentName", "RequestTime"),
    *("ServerTime", "CanonicalRequest", "ListBucketResult", "Contents", "LastModified", "IsTruncated", "Upload"),
    *("UploadId", "Initiated", "ListVersionsResult", "Version", "VersionId", "DeleteMarker", "Grant", "Grantee", "URI"),
    *("Permission", "ETag", "CopyObjectResult", "InitiateMultipartUploadResult", "DeleteResult", "Name", "Rule"),
    *("ObjectOwnership", "IsPublic", "CORSRule", "html", "center"),
]
CODES = st.sampled_from(
    [
        *("AccessDenied", "RequestTimeTooSkewed", "AuthorizationHeaderMalformed", "PermanentRedirect", "SlowDown"),
        *(
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "NoSuchBucket",
            "AccessControlListNotSupported",
            "NotImplemented",
        ),
    ]
)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").encode("utf-8", "ignore").decode()


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inner = st.one_of(VALUES.map(_escaped), st.lists(children, max_size=5).map("".join))
    return st.builds(lambda name, text: f"<{name}>{text}</{name}>", st.sampled_from(ELEMENTS), inner)


ERRORS = st.builds(
    lambda code, rest: f"<Error><Code>{code}</Code>{''.join(rest)}</Error>",
    st.one_of(CODES, VALUES.map(_escaped)),
    st.lists(st.builds(lambda n, v: f"<{n}>{_escaped(v)}</{n}>", st.sampled_from(ELEMENTS[2:13]), VALUES), max_size=6),
)
BODIES = st.one_of(
    ERRORS.map(str.encode),
    st.recursive(VALUES.map(_escaped), _element, max_leaves=8).map(str.encode),
    st.binary(max_size=60),
    st.sampled_from([b"[" * 100_000, b"<a>" * 50_000, b'{"version": ' + b"9" * 5000 + b"}", b"\xff\xfe<\0", b""]),
)


@dataclass(frozen=True)
class AlteredAnswer:
    """What becomes of the answers whose number leaves ``place`` when it is divided by ``every``."""

    every: int
    place: int
    status: int | None
    headers: dict[str, str]
    body: bytes | None


CHANGES = st.builds(
    AlteredAnswer,
    st.sampled_from([1, 2, 3, 7, 19]),
    st.integers(0, 18),
    st.one_of(
        st.none(), st.sampled_from([100, 200, 204, 206, 301, 304, 307, 400, 403, 404, 412, 416, 429, 500, 503, 999])
    ),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.one_of(st.none(), BODIES),
)


@dataclass
class Changed:
    """Hands calls on, and changes what comes back."""

    inner: Transport
    changes: list[AlteredAnswer] = field(default_factory=list)
    count: int = 0

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self.inner.send(call, limits)
        self.count += 1
        for change in self.changes:
            if self.count % change.every == change.place % change.every:
                answer = replace(
                    answer,
                    status=change.status or answer.status,
                    headers={**answer.headers, **{name.lower(): value for name, value in change.headers.items()}},
                    body=answer.body if change.body is None else change.body,
                )
        return answer


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Tools, Changed]]:
    """One healthy storage for all examples, at which time passes quickly."""
    with ExitStack() as stack:
        box = stack.enter_context(Sandbox(healthy().world))
        tools, wire = tools_for(box)
        stack.callback(wire.close)
        changed = Changed(tools.transport)
        yield replace(tools, transport=changed, clock=Clock(sleep=lambda _seconds: None)), changed


def _quickly(number: int) -> settings:
    return settings(
        max_examples=examples(number),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@_quickly(15)
@given(changes=st.lists(CHANGES, min_size=1, max_size=3), quick=st.booleans())
def test_no_answer_is_a_bug(place: tuple[Tools, Changed], changes: list[AlteredAnswer], quick: bool) -> None:
    tools, changed = place
    changed.changes, changed.count = changes, 0
    options = ProbeOptions("quick" if quick else "full", deadline=8, cleanup_deadline=1)
    examined = check(settings_of(healthy()), options, tools)
    assert examined.diagnosis.rule_errors == ()
    for name in FORMATS:
        assert format_named(name).render([examined.report], RenderOptions())


@_quickly(15)
@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_no_answer_is_a_bug_of_the_sweep(place: tuple[Tools, Changed], changes: list[AlteredAnswer]) -> None:
    tools, changed = place
    changed.changes, changed.count = changes, 0
    late = replace(tools, clock=Clock(now=lambda: datetime.now(UTC) + timedelta(minutes=5), sleep=lambda _s: None))
    with suppress(SweepError):
        sweep(settings_of(healthy()), late, older_than_seconds=0, dry_run=True)
