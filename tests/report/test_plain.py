"""``--plain``: one fact a line, nothing but words, and all that the other text tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from s3probe.codec import load_saved
from s3probe.diagnosis.engine import diagnose
from s3probe.knowledge.findings import entry, ids
from s3probe.report import explain_plain
from s3probe.report.assemble import assemble
from s3probe.report.explain import UnknownFinding
from s3probe.report.fix_words import first_way, fixes_in_words
from s3probe.report.formats import RenderOptions, Standpoint, Unexamined, format_named
from s3probe.report.model import Report, Verdict
from s3probe.report.words import cause, headline, left_out, shown
from tests.every import every
from tests.report.samples import REPORTS

RECORDED = sorted((Path(__file__).parents[2] / "fixtures" / "recorded").glob("*.json"))
_FACT = re.compile(r"[A-Z][A-Za-z ]{1,60}: \S.*\S|[A-Z][A-Za-z ]{1,60}: \S")
_SEVERAL = re.compile(r"To copy: the next (\d+) lines\.")
_GLYPHS = re.compile("[\u2500-\u27bf\u2013\u2014\u2026\x1b\t]|  ")


@cache
def reports() -> dict[str, Report]:
    found = dict(REPORTS)
    for path in RECORDED:
        if path.name != "expected.json":
            saved = load_saved(path.read_text(encoding="utf-8"))
            found[path.stem] = assemble(saved.settings, saved.evidence, diagnose(saved.settings, saved.evidence), ())
    return found


def text(report: Report, **options: object) -> str:
    return format_named("text", plain=True).render([report], RenderOptions(**options))  # type: ignore[arg-type]


def facts(shown_text: str) -> Iterator[str]:
    """The lines but for blank ones and those that are there to be copied."""
    lines = iter(shown_text.splitlines())
    for line in lines:
        several = _SEVERAL.fullmatch(line)
        for _ in range(int(several[1]) if several else 0):
            next(lines)
        if line:
            yield line


def lines_hold_one_fact_each(report: Report, **options: object) -> None:
    for line in facts(text(report, **options)):
        assert _FACT.fullmatch(line), line
        if not line.startswith("To copy: "):
            assert not _GLYPHS.search(line), line


def all_is_told(report: Report) -> None:
    said = {line.rstrip(".") for line in text(report, verbose=True).splitlines()}
    whole = " ".join(said)
    assert f"Verdict: {headline(report)}" in said
    if report.verdict is not Verdict.UNKNOWN and (first := cause(report)) is not None:
        assert f"Cause: {first.title}" in said
    for finding in report.findings:
        for part in (finding.consequence, finding.how_known, finding.remark, f"s3probe explain {finding.id}"):
            assert " ".join(part.split()).rstrip(".").replace("…", "...")[1:] in whole
        for fix in fixes_in_words(finding, report.subject.source):
            for line in fix.block.splitlines() if fix.language != "json" else [json.dumps(json.loads(fix.block))]:
                assert line.rstrip(".") in whole.replace("To copy: ", "") or line in text(report, verbose=True)
            assert fix.proof.rstrip(".")[1:] in whole
        assert all(f"Page: {link}" in said for link in finding.links)
    rows = shown(report.evidence)
    assert all(row.title in whole for row in rows if row.failed or row.ok)
    assert all(one.rstrip(".")[1:] in whole for one in left_out(report))


def in_short_it_is_a_message(report: Report) -> None:
    lines = text(report, brief=True).splitlines()
    assert 2 <= len(lines) <= 12
    assert lines[0].startswith("Verdict: ")
    assert lines[-1].startswith("Made by: ")
    first = cause(report) if report.verdict is not Verdict.UNKNOWN else None
    if first is not None and (way := first_way(fixes_in_words(first, report.subject.source))):
        assert way[0].lead.rstrip(".")[1:] in " ".join(lines)


@every("name", reports())
@every(
    "holds",
    [
        lines_hold_one_fact_each,
        lambda report: lines_hold_one_fact_each(report, verbose=True),
        lambda report: lines_hold_one_fact_each(report, brief=True),
        all_is_told,
        in_short_it_is_a_message,
    ],
    ids=lambda holds: holds.__name__,
)
def test_a_report(name: str, holds: object) -> None:
    assert callable(holds)
    holds(reports()[name])


def test_the_picture_is_told_in_words() -> None:
    way = [line for line in text(REPORTS["broken"]).splitlines() if line.startswith("Way: ")]
    assert way[0] == "Way: From Mastodon to s3.eu-west-2.amazonaws.com: open."
    assert any(": broken (" in line for line in way)
    assert any(line.endswith(": not reached.") for line in way)


def test_what_a_server_says_is_shown_as_it_is_unless_the_stream_knows_ascii_alone() -> None:
    report = REPORTS["broken"]
    odd = replace(report, subject=replace(report.subject, bucket="bücher"))
    assert "bücher" in text(odd, verbose=True)
    assert text(odd, verbose=True, ascii=True).isascii()


@pytest.mark.parametrize("options", [{}, {"color": True}, {"width": 20}, {"color": True, "brief": True}])
def test_no_terminal_changes_it(options: dict[str, object]) -> None:
    report = REPORTS["broken"]
    assert text(report, **options) == text(report, brief=bool(options.get("brief")))


def test_several_files_are_told_apart() -> None:
    options = RenderOptions(
        unexamined=(Unexamined("gone.env", "There is no file gone.env"),),
        place=Standpoint("host", "mastodon", apart="Mastodon runs in a container", command="docker exec web s3probe"),
    )
    other = replace(REPORTS["broken"], subject=replace(REPORTS["broken"].subject, source="other.env"))
    told = format_named("text", plain=True).render([REPORTS["healthy"], other], options).splitlines()
    assert told[0] == "File: .env.production"
    assert "File: other.env" in told
    assert "Not examined: There is no file gone.env." in told
    assert told[-1] == "Total: 3 env files: 1 failed, 1 fine, 1 not examined."
    assert told[told.index("Note: Mastodon runs in a container") + 1] == "To copy: docker exec web s3probe"


def test_other_formats_do_not_know_it() -> None:
    assert format_named("json", plain=True) is format_named("json")


@every("finding_id", ids())
def test_explain_holds_one_fact_a_line(finding_id: str) -> None:
    told = explain_plain.explain(finding_id)
    for line in facts(told):
        assert _FACT.fullmatch(line), line
        if not line.startswith("To copy: "):
            assert not _GLYPHS.search(line), line
    e = entry(finding_id)
    for part in (e.meaning, *e.told_apart, *e.fix["general"].split("\n"), *e.links):
        assert part.strip() in told or " ".join(part.split()).replace("…", "...") in told


def test_explain_leads_from_words_and_lists_all() -> None:
    told = explain_plain.explain_words("AccessControlListNotSupported")
    assert "\nFinding: acl-disabled-bucket-owner-enforced\nTitle: The bucket has ACLs disabled" in told
    assert all(_FACT.fullmatch(line) for line in facts(told))
    listed = explain_plain.explain_list(shown=("clock-skew",))
    assert all(f"Finding: {finding_id} (" in listed for finding_id in ids())
    assert "Finding: clock-skew (decided, demo): " in listed
    with pytest.raises(UnknownFinding):
        explain_plain.explain("clock-skewed")
