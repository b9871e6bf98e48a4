"""A rule that fails, as each command and each format shows it: named, never green, and the evidence is kept."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import ActionId, Experiment
from tests.cli.support import ENV_TEXT, Cli
from tests.diagnosis.test_rule_errors import put_in
from tests.diagnosis.wire_table import A
from tests.report.samples import SECRET

RULE = "privilege.lists_all_buckets"
HEALTHY = A.evidence
DENIED = A.denied(ActionId.LIST, Experiment.GET_TAGGING).evidence


def _probe(cli: Cli, seen: Evidence, monkeypatch: pytest.MonkeyPatch, *, where: str = RULE) -> Path:
    """The real rules, one of them broken, over what the probe is said to have seen."""
    from s3probe.diagnosis import engine

    diagnose = engine.diagnose
    cli.probe(seen)
    monkeypatch.setattr(engine, "diagnose", diagnose)
    put_in(monkeypatch, where, KeyError(f"a value with {SECRET} in it"))
    return cli.file(text=ENV_TEXT)


@pytest.mark.parametrize(
    ("seen", "form", "status"),
    [
        (HEALTHY, "text", 70),
        (HEALTHY, "json", 70),
        (HEALTHY, "markdown", 70),
        (HEALTHY, "junit", 70),
        (HEALTHY, "nagios", 3),
        (HEALTHY, "prometheus", 70),
    ],
)
def test_every_format_names_the_rule_and_is_not_green(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, seen: Evidence, form: str, status: int
) -> None:
    _probe(cli, seen, monkeypatch)
    got, out, err = cli.run("check", "--format", form)
    assert got == status
    assert SECRET not in out + err
    if form == "prometheus":  # no label holds a text
        assert any(line.startswith("s3probe_rule_errors{") and line.endswith(" 1") for line in out.splitlines())
        assert 's3probe_verdict{source=".env.production",bucket="files-example",verdict="unknown"} 1' in out
        return
    told = " ".join(out.replace("\\", "").split())
    assert RULE in told
    assert "KeyError" in told
    assert "report it to the project" in told.replace("> ", "") or form == "json"


def test_json_lists_the_rules_that_failed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(cli, HEALTHY, monkeypatch)
    data = json.loads(cli.run("check", "--format", "json")[1])
    (error,) = data["rule_errors"]
    assert (data["verdict"], error["rule"]) == ("unknown", RULE)
    assert SECRET not in error["error"]


def test_junit_has_an_error_and_nagios_says_so_in_its_first_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(cli, HEALTHY, monkeypatch)
    suite = ET.fromstring(cli.run("check", "--format", "junit")[1])[0]  # noqa: S314  # our own output
    assert [c.get("name") for c in suite.iter("testcase") if c.find("error") is not None] == [RULE]
    first = cli.run("check", "--format", "nagios")[1].splitlines()[0]
    assert first.startswith("S3PROBE UNKNOWN - ")
    assert "1 rule of s3probe failed" in first


@pytest.mark.parametrize("form", ["text", "json", "nagios"])
def test_a_failure_that_was_found_all_the_same_is_status_2(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    closed = A.denied(
        ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, ActionId.MULTIPART_CREATE
    ).evidence
    _probe(cli, closed, monkeypatch)
    status, out, _err = cli.run("check", "--format", form)
    assert status == 2
    assert "iam-missing-putobject" in out
    assert RULE in out


def test_a_warning_beside_it_stays_a_warning_and_the_status_is_70(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(cli, DENIED, monkeypatch)
    status, out, _err = cli.run("check")
    assert status == 70
    assert "iam-missing-listbucket" in out


def test_the_evidence_is_written_and_replayed_with_the_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(cli, HEALTHY, monkeypatch)
    assert cli.run("check", "--save-evidence", "run.json")[0] == 70
    saved = (cli.folder / "run.json").read_text()
    assert SECRET not in saved
    status, out, _err = cli.run("replay", "run.json")
    assert status == 70
    assert RULE in out
    monkeypatch.undo()
    monkeypatch.chdir(cli.folder)
    assert cli.run("replay", "--again", "run.json")[0] == 0


def test_quiet_says_it_and_the_state_remembers_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(cli, HEALTHY, monkeypatch)
    assert RULE in cli.run("check", "--quiet")[1]
    status, out, _err = cli.run("check", "--state", "state.json")
    assert status == 70
    assert f"Newly failing: Rules of s3probe failed: {RULE} [rule-error]" in out
    assert cli.run("check", "--state", "state.json")[:2] == (70, "")


def test_lint_and_fix_name_a_rule_of_the_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(cli, HEALTHY, monkeypatch, where="env_values.permission")
    status, out, _err = cli.run("lint")
    assert status == 70
    assert "env_values.permission" in out
    status, _out, err = cli.run("fix", ".env.production")
    assert status == 70
    assert "env_values.permission" in err
    assert "stays as it is" in err
