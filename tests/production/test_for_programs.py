"""What the README promises to programs is all that there is: fields, ids and metrics."""

from __future__ import annotations

import re
from pathlib import Path

from s3probe.evidence.vocabulary import ActionId
from s3probe.report import prometheus
from s3probe.report.formats import FORMATS, RenderOptions
from s3probe.report.schema import schema
from tests.report.samples import REPORTS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n### For programs\n")[2].partition("\n### ")[0]
NAMES = re.findall(r"`([^`]+)`", SECTION)
PARTS = schema()["$defs"]


def row(field: str) -> set[str]:
    """The names in the table's row of that field."""
    (line,) = (line for line in SECTION.splitlines() if line.startswith("|") and f"`{field}`" in line.split("|")[1])
    return set(re.findall(r"`([^`]+)`", line.split("|")[2]))


def test_every_field_of_a_report_is_named() -> None:
    columns = {
        name for line in SECTION.splitlines() if line.startswith("| `") for name in line.split("|")[1].split("`")
    }
    assert set(PARTS["report"]["properties"]) <= columns
    assert set(PARTS["finding"]["properties"]) == row("findings")
    assert set(PARTS["action"]["properties"]) == row("actions")
    assert set(PARTS["action"]["properties"]["request"]["properties"]) <= row("actions[].request")
    assert set(PARTS["fix"]["properties"]) <= row("findings[].fixes")
    assert set(PARTS["fix"]["properties"]["kind"]["enum"]) <= row("findings[].fixes")


def test_every_action_is_named_and_no_other() -> None:
    listed = SECTION.partition("Those of actions:")[2].partition("\n\n")[0]
    assert re.findall(r"`([^`]+)`", listed) == list(ActionId)


def test_every_metric_is_named_and_no_other() -> None:
    shown = prometheus.render([REPORTS["broken"]], RenderOptions())
    there = set(re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE))
    assert {name for name in NAMES if re.fullmatch(r"s3probe_[a-z_]+", name)} - {"s3probe_version"} == there


def test_every_format_is_named() -> None:
    (sentence,) = re.findall(r"`--format` gives ([^.]+)\.", README)
    assert re.findall(r"`(\w+)`", sentence) == list(FORMATS)
