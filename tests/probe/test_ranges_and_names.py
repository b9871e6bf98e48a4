"""Answers of small servers that are right in a way of their own, and one listing that is no XML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from s3probe.evidence.vocabulary import ActionId, Fact
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.sandbox.scenario import ALIAS, healthy_policy
from tests.runs import Ran, run


class _Between:
    def __init__(self, inner: Transport, change: Callable[[Call, Answer], Answer]) -> None:
        self._inner, self._change = inner, change

    def send(self, call: Call, limits: Limits) -> Answer:
        return self._change(call, self._inner.send(call, limits))


def _ran(change: Callable[[Call, Answer], Answer]) -> Ran:
    return run(healthy_policy(), wrap=lambda inner: _Between(inner, change))


def _asks_for_part(call: Call) -> bool:
    return call.operation == "GetObject" and any(name == "Range" for name, _value in call.headers)


def test_the_right_part_is_right_with_status_200() -> None:
    ran = _ran(lambda call, answer: replace(answer, status=200) if _asks_for_part(call) else answer)
    assert "range-ignored-by-cache" not in ran.named


def test_the_wrong_part_is_wrong_whatever_it_says() -> None:
    ran = _ran(lambda call, answer: replace(answer, status=200, body=b"x" * 10) if _asks_for_part(call) else answer)
    assert "range-ignored-by-cache" in ran.named


def _names(text: bytes, kind: str = "text/plain; charset=utf-8") -> Callable[[Call, Answer], Answer]:
    def change(call: Call, answer: Answer) -> Answer:
        root = f"//{ALIAS}/?list-type=2" in call.url
        return Answer(200, {"content-type": kind}, text) if root else answer

    return change


def test_names_in_plain_text_are_a_listing() -> None:
    ran = _ran(_names(b"backups/dumps/1/archive.zip\nmedia_attachments/files/1/a.png\n"))
    row = ran.report.evidence.get(ActionId.PUBLIC_LIST_ALIAS)
    assert row is not None
    assert row.facts[Fact.LISTING] == "names"
    assert "bucket-listable-acl" in ran.named


@pytest.mark.parametrize(
    "change",
    [_names(b"welcome\nto our media\n"), _names(b"media_attachments/a.png\n", "text/html")],
    ids=["text", "page"],
)
def test_another_page_is_none(change: Callable[[Call, Answer], Answer]) -> None:
    assert "bucket-listable-acl" not in _ran(change).named
