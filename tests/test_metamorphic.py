"""What must not matter does not: how an env file is laid out, whether a fix is done twice, and one garbled answer."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from io import BytesIO
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit
from zlib import crc32

import pytest

from s3probe.diagnosis.engine import diagnose, lint
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.signing_rule import signer
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.scenario import SCENARIOS, Scenario, healthy, healthy_policy
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load
from tests.diagnosis.wire_table import SHOWN
from tests.every import every
from tests.exhaustive import EXHAUSTIVE, part
from tests.runs import TRIED, each_fault, run, run_fault, run_once

ABOUT_THE_LAYOUT = {"env-quotes-another-loader-keeps", "env-comment-another-loader-keeps"}
"""Notices of what docker, systemd and Kubernetes make of quotes and comments: the layout is what they are about."""
_PLAIN = re.compile(r"[A-Z][A-Z0-9_]*=[A-Za-z0-9_./:@+,-]*")
_UNRELATED = (
    "SMTP_SERVER=smtp.mastodon.example",
    "DB_HOST=db.internal",
    "REDIS_URL=redis://127.0.0.1:6379",
    "DEEPL_API_KEY='a b # c'",
    'VAPID_PUBLIC_KEY="x$$y"',
    "MAX_THREADS=5",
)
_COMMENTS = ("", "   ", "# S3_BUCKET=another", "#S3_REGION=us-east-1", "# it's so", '# a "quote')


def laid_out_otherwise(text: str, draw: random.Random) -> str:
    """The same settings: plain lines in another order and quoted, with comments and variables that are no concern."""
    lines = text.splitlines()
    plain = [line for line in lines if _PLAIN.fullmatch(line)]
    names = [line.partition("=")[0] for line in lines if "=" in line]
    moved = [line for line in plain if names.count(line.partition("=")[0]) == 1 and "$" not in text]
    told = dict(zip(moved, draw.sample(moved, len(moved)), strict=True))
    others = [line for line in _UNRELATED if line.partition("=")[0] not in names]
    result = []
    for line in lines:
        result += draw.sample(_COMMENTS, draw.randint(0, 1)) + draw.sample(others, min(len(others), draw.randint(0, 1)))
        now = told.get(line, line)
        result.append(_quoted(now, draw) if now in plain else now)
    return "\n".join(result) + "\n"


def _quoted(line: str, draw: random.Random) -> str:
    name, _, value = line.partition("=")
    mark = draw.choice(["", "'", '"']) if value else ""
    return f"{name}={mark}{value}{mark}{draw.choice(['', ' # as it should be', '  '])}"


def read(text: str) -> Settings:
    return interpret(load("-", stdin=BytesIO(text.encode())))


def said(findings: Iterable[Finding]) -> list[tuple[object, ...]]:
    return [
        (one.id, one.severity, one.certainty, one.setting, one.because, one.explains, [_fix(fix) for fix in one.fixes])
        for one in findings
        if one.id not in ABOUT_THE_LAYOUT
    ]


def _fix(fix: object) -> object:
    return (fix.variable, fix.value) if isinstance(fix, EnvFix) else type(fix)


@every("name", part(SHOWN, 4))
def test_the_layout_of_the_file_changes_no_finding(name: str) -> None:
    seen = SHOWN[name]
    if seen.environ:
        return
    draw = random.Random(crc32(name.encode()))
    before, after = read(seen.env), read(laid_out_otherwise(seen.env, draw))
    assert said(lint(after)) == said(lint(before))
    assert said(diagnose(after, seen.evidence)) == said(diagnose(before, seen.evidence))


@pytest.mark.parametrize("name", part(SCENARIOS, 3))
def test_the_layout_of_the_file_changes_no_run(name: str) -> None:
    scenario = SCENARIOS[name]()
    otherwise = replace(scenario, env_text=laid_out_otherwise(scenario.env_text, random.Random(crc32(name.encode()))))
    assert otherwise.env_text != scenario.env_text
    before, after = run_once(scenario).report, run(otherwise).report
    assert said(after.findings) == said(before.findings)
    assert (after.verdict, after.subject) == (before.verdict, before.subject)


@each_fault(TRIED)
def test_what_is_printed_changes_nothing_more_when_it_is_done_twice(fault: Fault) -> None:
    for finding in run_fault(fault).report.findings:
        for group in finding.alternatives:
            once = _done(fault.scenario(), group)
            if once is not None:
                # nothing is left to do, or what is done makes no difference
                assert _done(once, group) in (once, None), (finding.id, group)


def _done(scenario: Scenario, group: Iterable[Fix]) -> Scenario | None:
    done: Scenario | None = scenario
    for fix in group:
        done = apply(done, fix) if done is not None else None
    return done


# ---- one answer of a healthy run turned into garbage

PAGE = b"<html><head><title>Oops</title></head><body>It works!</body></html>"
GARBAGE: Mapping[str, Callable[[Answer], Answer]] = {
    "a page": lambda answer: _instead(answer, 200, PAGE, "text/html"),
    "a page that refuses": lambda answer: _instead(answer, 403, PAGE, "text/html"),
    "nothing but a refusal": lambda answer: _instead(answer, 403),
    "nothing there": lambda answer: _instead(answer, 404, PAGE, "text/html"),
    "another program's joke": lambda answer: _instead(answer, 418, b"short and stout", "text/plain"),
    "no status that there is": lambda answer: _instead(answer, 999, b"\x00\xff\xfe"),
    "half of it": lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]),
    "no headers": lambda answer: replace(answer, headers=MappingProxyType({})),
}
STATES_THE_ANSWER = {
    "unexplained": "names no cause: it says that something failed, and repeats the answer",
    "proxy-caches-s3-api": "a HEAD has a status alone, and 200 says that a deleted file is still there",
    "video-not-transcoded-generic-422": "other bytes came than were stored",
    "proxy-serves-error-as-image": "a visitor got 200 with other bytes than those of the picture",
    "range-requests-broken-for-viewers": "other bytes came than those that were asked for",
    "range-ignored-by-cache": "the same, of a signed request",
    "mpu-etag-or-object-size-header": "a part was taken without an ETag",
    "proxy-changes-content-type": "a picture came without a type",
    "cors-missing": "a picture came without the header",
    "origin-bypasses-proxy": "true of that storage, and only looked at when the proxy fails",
    "fix-permissions-aborts": "the same",
}
"""What the finding says is the answer itself, or is so in the healthy world as well."""


def _instead(answer: Answer, status: int, body: bytes = b"", kind: str = "") -> Answer:
    headers = MappingProxyType({"content-type": kind} if kind else {})
    return replace(answer, status=status, body=body, headers=headers)


Asked = tuple[str, int]
"""What is asked, whatever the id of the run, and how often it was asked by then."""


class Garbling:
    """Turns one answer into something else, and counts what is asked."""

    def __init__(self, inner: Transport, target: Asked | None = None, how: str = "") -> None:
        self._inner, self._target, self._how = inner, target, how
        self._lock = threading.Lock()
        self.asked: Counter[str] = Counter()

    def send(self, call: Call, limits: Limits) -> Answer:
        answer, url = self._inner.send(call, limits), urlsplit(call.url)
        path = re.sub(r"s3probe/[a-z0-9]{6,}", "s3probe/RUN", url.path)
        query = sorted(name for name, _value in parse_qsl(url.query, keep_blank_values=True) if "X-Amz" not in name)
        what = f"{call.operation} {call.method} {'signed' if signer(call) else ''} {url.hostname}{path}?{query}"
        with self._lock:
            self.asked[what] += 1
            hit = (what, self.asked[what]) == self._target
        return GARBAGE[self._how](answer) if hit else answer


def _questions(scenario: Scenario) -> list[Asked]:
    seen: list[Garbling] = []

    def wrap(inner: Transport) -> Transport:
        seen.append(Garbling(inner))
        return seen[-1]

    assert run(scenario, wrap=wrap).report.verdict == "ok"
    return sorted((what, n + 1) for what, times in seen[0].asked.items() for n in range(times))


@pytest.mark.parametrize("scenario", [healthy, healthy_policy])
def test_one_garbled_answer_of_a_healthy_run_makes_no_cause_certain(scenario: Callable[[], Scenario]) -> None:
    cases = [(asked, how) for asked in _questions(scenario()) for how in GARBAGE]
    # a usual run tries some of them, each time with others of the garbage
    for asked, how in cases if EXHAUSTIVE else cases[:: len(cases) // 6 | 1]:
        report = run(scenario(), wrap=partial(Garbling, target=asked, how=how)).report
        assert report.rule_errors == (), (asked, how)
        sure = {one.id: one.how_known for one in report.findings if one.certainty is Certainty.CERTAIN}
        noticed = {one.id for one in run_once(scenario()).report.findings}
        assert sure.keys() - STATES_THE_ANSWER.keys() - noticed == set(), (asked, how, sure)
