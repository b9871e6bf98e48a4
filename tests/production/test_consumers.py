"""Each format as its real reader takes it: Prometheus' own parser, the Nagios plugin grammar, the JUnit layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from s3probe.report import junit, nagios, prometheus
from s3probe.report.formats import RenderOptions, Unexamined
from s3probe.report.model import Report
from tests.report.samples import REPORTS, SUBJECT

ODD = 'odd "quotes" back\\slash\nline | bar {brace} <tag> & é €'
SETS: dict[str, list[Report]] = {
    **{name: [report] for name, report in REPORTS.items()},
    "all": [replace(report, subject=replace(SUBJECT, source=f"{name}.env")) for name, report in REPORTS.items()],
    "odd": [replace(REPORTS["broken"], subject=replace(SUBJECT, source=ODD, bucket=ODD))],
    "none": [],
}
OPTIONS = RenderOptions(unexamined=(Unexamined("gone.env", "gone.env does not exist | really"),))


@pytest.mark.parametrize("name", SETS)
def test_prometheus_reads_every_metric(name: str) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    text = prometheus.render(SETS[name], OPTIONS)
    families = list(parser.text_string_to_metric_families(text))
    assert {family.type for family in families} == {"gauge"}
    assert all(family.documentation for family in families)
    assert len({family.name for family in families}) == len(families)
    samples = [sample for family in families for sample in family.samples]
    assert all(sample.timestamp is None for sample in samples)
    identities = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in samples]
    assert len(set(identities)) == len(identities)  # node_exporter refuses the whole file for one that is given twice
    sources = {report.subject.source for report in SETS[name]} | {"gone.env"}
    assert {sample.labels["source"] for sample in samples} == sources
    allowed = {"source", "bucket", "region", "provider", "profile", "version", "verdict", "severity", "id", "action",
               "operation"}  # fmt: skip
    assert {label for sample in samples for label in sample.labels} <= allowed


@pytest.mark.parametrize("name", SETS)
def test_prometheus_names_keep_to_the_conventions(name: str) -> None:
    lines = prometheus.render(SETS[name], OPTIONS).splitlines()
    said = [line for line in lines if line.startswith("# s3probe ")]
    assert lines[: len(said)] == said  # a comment, which every reader passes over
    for line in lines[len(said) :]:
        assert re.match(r"# (HELP|TYPE) s3probe_[a-z_]+ |s3probe_[a-z_]+\{", line), line


# Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" and "Performance data"
_STATUS = re.compile(r"S3PROBE (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+\| (?P<perfdata>[^|\n]+)")
_LABEL = r"(?:'(?:[^'=]|'')+'|[^\s'=]+)"
_NUMBER = r"-?\d+(?:\.\d+)?"
_PERFDATUM = rf"{_LABEL}={_NUMBER}(?:s|us|ms|%|B|KB|MB|GB|TB|c)?(?:;[^;\s]*){{0,2}}(?:;(?:{_NUMBER})?){{0,2}}"


@pytest.mark.parametrize("name", SETS)
def test_nagios_output_keeps_to_the_published_grammar(name: str) -> None:
    first, *more = nagios.render(SETS[name], OPTIONS).splitlines()
    found = _STATUS.fullmatch(first)
    assert found is not None, first
    for datum in found["perfdata"].split(" "):
        assert re.fullmatch(_PERFDATUM, datum), datum
    assert not any("|" in line for line in more)  # a bar there would begin more performance data


def cases(root: ET.Element) -> Sequence[ET.Element]:
    return root.findall("testsuite/testcase")


_NMTOKEN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_ORDER = ["properties", "testcase", "system-out", "system-err"]


@pytest.mark.parametrize("name", SETS)
def test_junit_keeps_to_the_schema(name: str) -> None:
    """The rules of the windyroad JUnit.xsd, element for element."""
    root = ET.fromstring(junit.render(SETS[name], OPTIONS))  # noqa: S314  our own output
    assert (root.tag, root.attrib) == ("testsuites", {})
    assert len(root) == len(SETS[name]) + 1
    for number, suite in enumerate(root):
        assert suite.attrib.keys() == {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors",
                                       "skipped", "time"}  # fmt: skip
        assert suite.get("id") == str(number)
        assert _NMTOKEN_TIME.fullmatch(suite.get("timestamp", ""))
        tags = [child.tag for child in suite]
        assert sorted(tags, key=_ORDER.index) == tags
        assert (tags.count("properties"), tags.count("system-out"), tags.count("system-err")) == (1, 1, 1)
        for case in suite.findall("testcase"):
            assert case.attrib.keys() == {"name", "classname", "time"}
            assert float(case.get("time", "")) >= 0
            assert len(case) <= 1
            for result in case:
                assert result.tag in ("failure", "error", "skipped")
                assert result.tag == "skipped" or result.get("type")
        for tag, counted in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(counted, "")) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    names = [(case.get("classname"), case.get("name")) for case in cases(root)]
    assert all(all(pair) for pair in names)
