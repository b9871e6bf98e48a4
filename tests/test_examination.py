"""The examination as a program in Python uses it."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from s3probe import examination
from s3probe.diagnosis.model import Severity
from s3probe.evidence.observations import LEFT_OUT, Outcome
from s3probe.evidence.vocabulary import Actor
from s3probe.examination import Selection, check
from s3probe.probe import transport
from s3probe.report.model import Verdict
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario, healthy
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.runs import OPTIONS, run, settings_of, tools_for

FAULTY = b"S3_ENABLED=true\nS3_BUCKET=files example\nS3_REGION=eu-west2\nS3_ALIAS_HOST=https://files.example/\n"
BROKEN = FAULTS["bpa-blocks-public-acl"].scenario()


def example() -> str:
    """The code in the module's docstring."""
    text = inspect.getdoc(examination) or ""
    lines = text.partition("::\n")[2].splitlines()
    return textwrap.dedent("\n".join(line for line in lines if not line or line.startswith("    ")))


@pytest.mark.parametrize(
    ("scenario", "told"),
    [(healthy(), ["ok"]), (BROKEN, ["failure", "failure bpa-blocks-public-acl"])],
    ids=["healthy", "broken"],
)
def test_the_example_in_the_docstring_runs(
    scenario: Scenario,
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env.production").write_text(scenario.env_text, encoding="utf-8")
    with Sandbox(scenario.world) as box:
        way = transport.HttpTransport(ca_file=box.ca_file, resolver=box.resolve)
        monkeypatch.setattr(transport, "HttpTransport", lambda **_given: way)
        exec(compile(example(), "the example", "exec"), {})  # noqa: S102  it is ours
        way.close()
        assert box.violations == ()
    assert capsys.readouterr() == ("\n".join(told) + "\n", "")


def test_a_selection_narrows_what_is_told_of_a_file() -> None:
    settings = interpret(load("-", stdin=BytesIO(FAULTY)))
    everything = {finding.id for finding in examination.lint(settings).findings}
    assert len(everything) > 1
    one = sorted(everything)[0]
    without = examination.lint(settings, examination.Selection(skip=(one,)))
    alone = examination.lint(settings, examination.Selection(only=(one, "put-with-acl")))
    assert {finding.id for finding in without.findings} == everything - {one}
    assert {finding.id for finding in alone.findings} == {one}


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [("nothing is signed", Verdict.UNKNOWN), (LEFT_OUT, Verdict.OK)],
    ids=["refused", "not wanted"],
)
def test_what_visitors_are_refused_says_nothing_of_mastodon(reason: str, verdict: Verdict) -> None:
    report = run(healthy()).report
    rows = tuple(
        replace(row, outcome=Outcome.SKIPPED, reason=reason) if row.actor is Actor.MASTODON else row
        for row in report.evidence.observations
    )
    assert replace(report, evidence=replace(report.evidence, observations=rows)).verdict is verdict


def test_a_skipped_finding_that_is_there_is_counted_as_left_out() -> None:
    fault = FAULTS["acl-disabled-bucket-owner-enforced"]
    settings = settings_of(fault.scenario())
    with Sandbox(fault.scenario().world) as box:
        tools, wire = tools_for(box)
        try:
            told = check(settings, OPTIONS, tools, Selection((), (fault.id,))).report
        finally:
            wire.close()
    assert fault.id not in {one.id for one in told.findings}
    assert [(one.id, one.severity) for one in told.left_out] == [(fault.id, Severity.FAILURE)]
