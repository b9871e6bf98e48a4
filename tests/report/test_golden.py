"""Every format says the same as its golden file.

After a wanted change: ``S3PROBE_REFRESH_GOLDEN=1 pytest tests/report/test_golden.py``, then read the diff aloud.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.evidence.vocabulary import PROMISES, ActionId
from s3probe.report.formats import FORMATS, RenderOptions, Unexamined, format_named
from s3probe.report.model import Report
from tests.report.samples import REPORTS

FOLDER = Path(__file__).parents[2] / "fixtures" / "reports"
SUFFIXES = {
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "junit": "xml",
    "nagios": "nagios",
    "prometheus": "prom",
    "html": "html",
}


@pytest.fixture(autouse=True)
def known_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes of the checklist of which no sample knows anything stay out, but one: a new action changes no golden."""
    seen = {o.id for report in REPORTS.values() for o in report.evidence.observations} | {ActionId.MULTIPART_CREATE}
    known = tuple(promise for promise in PROMISES if seen & {*promise.actions, *promise.also})
    monkeypatch.setattr("s3probe.report.markdown.PROMISES", known)


def check(name: str, text: str) -> None:
    file = FOLDER / name
    if os.environ.get("S3PROBE_REFRESH_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(("name", "report"), REPORTS.items(), ids=REPORTS.keys())
def test_golden(format_name: str, name: str, report: Report) -> None:
    check(f"{name}.{SUFFIXES[format_name]}", format_named(format_name).render([report], RenderOptions()))


@pytest.mark.parametrize("format_name", FORMATS)
def test_golden_of_several(format_name: str) -> None:
    options = RenderOptions(unexamined=(Unexamined("gone.env", "There is no file gone.env"),))
    healthy, broken = REPORTS["healthy"], REPORTS["broken"]
    other = replace(broken, subject=replace(broken.subject, source="other.env"))
    text = format_named(format_name).render([healthy, other], options)
    check(f"several.{SUFFIXES[format_name]}", text)


@pytest.mark.parametrize("width", [40, 60])
def test_golden_of_a_narrow_terminal(width: int) -> None:
    check(f"broken-{width}.txt", format_named("text").render([REPORTS["broken"]], RenderOptions(width=width)))


def test_golden_of_a_stream_without_unicode() -> None:
    text = format_named("text").render([REPORTS["broken"]], RenderOptions(ascii=True))
    assert text.isascii()
    check("broken-ascii.txt", text)


def test_golden_with_colour() -> None:
    check("broken-colour.txt", format_named("text").render([REPORTS["broken"]], RenderOptions(color=True)))


@pytest.mark.parametrize("name", ["broken", "tried", "unknown"])
def test_golden_without_layout(name: str) -> None:
    check(f"{name}-plain.txt", format_named("text", plain=True).render([REPORTS[name]], RenderOptions()))
