"""JUnit XML for CI: one suite per env file, one test case per action and per finding.

The layout is the one that both the windyroad ``JUnit.xsd`` and Jenkins' ``junit-10.xsd`` accept: the root has no
attributes, and each suite holds properties, test cases, system-out and system-err in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from s3probe.diagnosis.model import Finding, Severity
from s3probe.evidence.observations import Observation, Outcome
from s3probe.patterns import regex
from s3probe.report.fix_words import fixes_in_words, late_removal_commands, late_uploads, removal_commands
from s3probe.report.formats import RenderOptions, Unexamined
from s3probe.report.model import Report
from s3probe.report.words import REPORT_IT, aftermath, answer, cost, explained_by, headline, left_out, made, shown

_NOT_XML = regex("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNDECIDED = {Outcome.UNKNOWN, Outcome.UNREACHABLE, Outcome.THROTTLED}


class _Case(NamedTuple):
    classname: str
    name: str
    seconds: float = 0.0
    result: str = ""
    """``failure``, ``error``, ``skipped`` or blank."""
    kind: str = ""
    message: str = ""
    text: str = ""


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """An XML document. Warnings fail their test case only when they fail the run."""
    root = ET.Element("testsuites")
    for number, report in enumerate(reports):
        root.append(_suite(report, number, options))
    for number, missed in enumerate(options.unexamined, len(reports)):
        root.append(_missed(missed, number))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    if options.ascii:
        text = text.encode("ascii", "xmlcharrefreplace").decode()
    return f'<?xml version="1.0" encoding="{"US-ASCII" if options.ascii else "UTF-8"}"?>\n{text}\n'


def _suite(report: Report, number: int, options: RenderOptions) -> ET.Element:
    counting = {Severity.FAILURE, Severity.WARNING} if options.fail_on_warning else {Severity.FAILURE}
    explained = explained_by(report)
    cases = [_finding(finding, report, counting) for finding in report.findings]
    cases += [_action(row, explained.get(row.id), counting) for row in shown(report.evidence)]
    cases += [
        _Case(
            "s3probe.rules",
            error.rule,
            0.0,
            "error",
            "bug",
            error.error,
            "\n".join(filter(None, (error.place, REPORT_IT))),
        )
        for error in report.rule_errors
    ]
    if not cases:
        cases = [_Case("s3probe.findings", headline(report))]
    run = report.evidence.run
    properties = {"bucket": report.subject.bucket, "region": report.subject.region, "profile": run.profile}
    properties |= {"verdict": report.verdict.value, "run_id": run.id, "by": made(report, options.place)}
    late = [f"{late_uploads(report)}:", *late_removal_commands(report)] if late_uploads(report) else []
    output = "\n".join([headline(report), cost(report), *left_out(report), *removal_commands(report), *late])
    return _element(report.subject.source, number, cases, run.started.rstrip("Z"), run.seconds, properties, output)


def _missed(missed: Unexamined, number: int) -> ET.Element:
    case = _Case("s3probe.settings", "The env file can be read", 0.0, "error", "unreadable", missed.message)
    return _element(missed.source, number, [case], "1970-01-01T00:00:00", 0.0, {}, "")


def _element(
    name: str, number: int, cases: list[_Case], started: str, seconds: float, properties: dict[str, str], output: str
) -> ET.Element:
    results = [case.result for case in cases]
    suite = ET.Element(
        "testsuite",
        {
            "name": _text(name) or "s3probe",
            "package": "s3probe",
            "id": str(number),
            # the schema wants a time without a zone, and a host name
            "timestamp": started.split(".")[0],
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(results.count("failure")),
            "errors": str(results.count("error")),
            "skipped": str(results.count("skipped")),
            "time": f"{seconds:.3f}",
        },
    )
    described = ET.SubElement(suite, "properties")
    for key, value in properties.items():
        ET.SubElement(described, "property", {"name": key, "value": _text(value)})
    for case in cases:
        suite.append(_testcase(case))
    ET.SubElement(suite, "system-out").text = _text(output)
    ET.SubElement(suite, "system-err")
    return suite


def _testcase(case: _Case) -> ET.Element:
    attributes = {"classname": case.classname, "name": _text(case.name), "time": f"{case.seconds:.3f}"}
    element = ET.Element("testcase", attributes)
    if case.result:
        result = ET.SubElement(element, case.result)
        if case.result != "skipped":
            result.set("type", case.kind)
        result.set("message", _text(case.message))
        result.text = _text(case.text) or None
    return element


def _finding(finding: Finding, report: Report, counting: set[Severity]) -> _Case:
    lines = [finding.consequence, finding.how_known]
    for fix in fixes_in_words(finding, report.subject.source):
        lines += [fix.lead, *filter(None, (fix.block, fix.remark))]
    lines += aftermath(report, finding)
    lines += finding.links
    result = "failure" if finding.severity in counting else "skipped"
    return _Case("s3probe.findings", finding.id, 0.0, result, finding.severity.value, finding.title, "\n".join(lines))


def _action(row: Observation, finding: Finding | None, counting: set[Severity]) -> _Case:
    classname = f"s3probe.actions.{row.actor.value}"
    name = f"{row.id}: {row.title}"
    if row.ok:
        return _Case(classname, name, row.seconds)
    if row.outcome is Outcome.SKIPPED:
        return _Case(classname, name, 0.0, "skipped", "", row.reason or "")
    why = f"explained by {finding.id}: {finding.title}" if finding else ""
    if finding is not None and finding.severity not in counting:
        return _Case(classname, name, row.seconds, "skipped", "", f"{finding.severity.value}: {finding.title}")
    result = "error" if row.outcome in _UNDECIDED else "failure"
    return _Case(classname, name, row.seconds, result, row.outcome.value, answer(row), why)


def _text(text: str) -> str:
    return _NOT_XML.sub("", text)
