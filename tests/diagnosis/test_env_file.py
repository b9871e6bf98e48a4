"""Each fault in how the file is written is found where it is, and its look-alike is not taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import lint, ranked, run_rules
from s3probe.diagnosis.model import EnvFix, Finding, Manual, Severity
from s3probe.diagnosis.rules import FILE_RULES
from s3probe.evidence.observations import Evidence, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, ObservationId
from s3probe.settings.mastodon import interpret, remade
from s3probe.settings.sources import load
from tests.diagnosis.env_cases import AWS, found, settings_of, with_line, without

SECRET = "AWS_SECRET_ACCESS_KEY"


@pytest.mark.parametrize(
    ("finding_id", "line", "alike"),
    [
        ("env-hash-truncates-value", f"{SECRET}=abc#def", f"{SECRET}='abc#def'"),
        ("env-hash-truncates-value", "S3_KEY_PREFIX=files#1", "S3_KEY_PREFIX=files # one"),
        ("env-hash-truncates-value", "S3_KEY_PREFIX=files#1", "S3_BUCKET=files#1"),
        ("env-hash-truncates-value", f"{SECRET}=abc#def", "S3_REGION=eu-west-2#London"),
        ("env-dollar-expands", f"{SECRET}=abc$def", f"{SECRET}='abc$def'"),
        ("env-dollar-expands", f'{SECRET}="abc${{def}}"', f"{SECRET}=abc$"),
        ("env-backslash-eaten", f"{SECRET}=abc\\def", f"{SECRET}='abc\\def'"),
        ("env-backslash-eaten", f"{SECRET}=abc\\def", "S3_ALIAS_HOST=files\\.example.com"),
        ("env-dollar-expands", f"{SECRET}=$S3_SECRET", f"S3_SECRET=abc\n{SECRET}=$S3_SECRET"),
        ("env-dollar-expands", f"{SECRET}=$S3_SECRET", f"S3_SECRET='a$b'\n{SECRET}=${{S3_SECRET}}"),
        ("env-command-substitution", f"{SECRET}=$(cat /run/secrets/s3)", f"{SECRET}='$(cat /run/secrets/s3)'"),
        ("env-smart-quotes-or-nbsp", "S3_BUCKET=“files-example”", 'S3_BUCKET="files-example"'),
        ("env-smart-quotes-or-nbsp", "S3_REGION=eu-west-2\u00a0", "S3_REGION=eu-west-2 "),
        ("env-smart-quotes-or-nbsp", f"{SECRET}=abc\u200bdef", f"{SECRET}=abc+def"),
        ("env-quotes-kept-literally", 'S3_BUCKET="files-example" x', 'S3_BUCKET="files-example" # x'),
    ],
)
def test_a_value_that_dotenv_changes(finding_id: str, line: str, alike: str) -> None:
    assert finding_id not in found(with_line(AWS, alike))
    findings = found(with_line(AWS, line))
    assert finding_id in findings
    assert findings[finding_id].setting == line.partition("=")[0]


def test_a_changed_value_outside_storage_is_nobody_elses_business() -> None:
    assert found(AWS + "SMTP_PASSWORD=ab#cd$ef\\gh\nSMTP_NAME=$(id)\nSMTP_X=“x”\n1-2=3\nSMTP_Y=1\nSMTP_Y=2\n") == {}


def test_a_damaged_value_is_a_likely_warning_until_it_was_tried() -> None:
    text = with_line(AWS, f"{SECRET}=abc#def")
    assert found(text)["env-hash-truncates-value"].severity is Severity.WARNING
    assert "env-hash-truncates-value" not in judged(text, (ActionId.PUT_WITH_ACL, Outcome.OK))
    assert "env-hash-truncates-value" not in judged(
        text, (ActionId.PUT_WITH_ACL, Outcome.DENIED), (Experiment.SECRET_RAW, Outcome.OK)
    )
    assert "env-hash-truncates-value" in judged(text, (ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE))


def test_nothing_else_is_said_of_a_value_that_only_a_command_knows() -> None:
    assert found(with_line(AWS, "S3_BUCKET=$(cat /etc/bucket)")).keys() == {"env-command-substitution"}


@pytest.mark.parametrize("reference", ["$P-media", "${P}", '"$P-media"', "$Q"])
def test_a_value_by_means_of_a_computed_one_is_computed_too(reference: str) -> None:
    text = f"P=$(echo files)\nQ=x$P\n{with_line(AWS, f'S3_BUCKET={reference}')}"
    assert found(text).keys() == {"env-command-substitution"}
    assert f"by means of {'Q' if 'Q' in reference else 'P'}" in found(text)["env-command-substitution"].how_known


@pytest.mark.parametrize(
    "lines", ["P=$(echo x)\nP=files\nS3_BUCKET=$P\n", "P=$(echo x)\nS3_BUCKET='$P'\nS3_BUCKET=y\n"]
)
def test_a_plain_value_is_plain_whatever_stood_in_its_place_before(lines: str) -> None:
    assert "env-command-substitution" not in found(without(AWS, "S3_BUCKET") + lines)


def judged(text: str, *seen: tuple[ObservationId, Outcome]) -> dict[str, Finding]:
    observations = tuple(Observation(i, "", "PutObject", Actor.MASTODON, outcome) for i, outcome in seen)
    evidence = Evidence(Run("r", "2026-01-01T00:00:00Z", 1.0, "full"), observations)
    return {f.id: f for f in ranked(run_rules(FILE_RULES, Case(settings_of(text), evidence)).findings)}


def test_no_secret_is_shown() -> None:
    for line in (f"{SECRET}=abc#def", f"{SECRET}=abc$def", f"{SECRET}=$(echo abc)", f"{SECRET}=“abcdef”"):
        shown = repr(found(with_line(AWS, line)))
        assert "abcdef" not in shown
        assert "abc" not in shown.replace(line, "")


def test_the_fix_of_a_cut_value_is_the_whole_text() -> None:
    fix = found(f"S3_KEY_PREFIX=files#1\n{AWS}")["env-hash-truncates-value"].fixes[0]
    assert isinstance(fix, EnvFix)
    assert (fix.variable, fix.value, fix.line) == ("S3_KEY_PREFIX", "files#1", 1)


@pytest.mark.parametrize(
    ("line", "severity"), [("S3-ALIAS-HOST=x", Severity.WARNING), ("S3-BUCKET=x", Severity.NOTICE)]
)
def test_a_skipped_line(line: str, severity: Severity) -> None:
    finding = found(f"{line}\n{AWS}")["env-invalid-key-line-skipped"]
    assert finding.severity is severity
    assert isinstance(finding.fixes[0], Manual)
    assert "line 1" in finding.fixes[0].text


def test_a_name_twice() -> None:
    assert "env-duplicate-last-wins" in found(AWS + "S3_REGION=eu-west-1\n")
    assert "env-duplicate-last-wins" not in found(AWS + "S3_REGION=eu-west-2\n")


def test_a_line_that_another_source_overrides(tmp_path: Path) -> None:
    file = tmp_path / ".env.production"
    file.write_text(AWS)
    (finding,) = lint(interpret(load(file, environ={"S3_REGION": "eu-west-2", "S3_BUCKET": "files-elsewhere"})))
    assert (finding.id, finding.setting) == ("env-process-overrides-file", "S3_BUCKET")
    assert lint(interpret(load(file, environ={"S3_REGION": "eu-west-2"}))).findings == ()


def test_marks_that_docker_leaves_in_values() -> None:
    kept = found(AWS, {"S3_BUCKET": '"files-example"', "S3_PERMISSION": '""', "AWS_ACCESS_KEY_ID": "'AKIA'"})
    fixes = [f for f in kept["env-quotes-kept-literally"].fixes if isinstance(f, EnvFix)]
    assert sorted((f.variable, f.value or "") for f in fixes) == [
        ("AWS_ACCESS_KEY_ID", "<the same value>"),
        ("S3_BUCKET", "files-example"),
        ("S3_PERMISSION", ""),
    ]
    assert [i for i, f in kept.items() if f.severity is Severity.FAILURE] == ["env-quotes-kept-literally"]
    comment = found(AWS, {"S3_REGION": "auto # any"})["env-inline-comment-kept"].fixes[0]
    assert isinstance(comment, EnvFix)
    assert comment.value == "auto"


def test_a_saved_run_without_the_keys_is_judged_alike() -> None:
    for value in ("“AKIA“", '"AKIAIOSFODNN7EXAMPLE"', "AKIAIOSFODNN7EXAMPLE"):
        settings = settings_of(AWS, {"AWS_ACCESS_KEY_ID": value})
        saved = remade(settings, AWS_ACCESS_KEY_ID="AKIA…MPLE", AWS_SECRET_ACCESS_KEY="(secret)")
        assert lint(saved) == lint(settings)


def test_the_files_form() -> None:
    findings = found("\ufeff" + AWS.replace("\n", "\r\n"))
    assert {i: f.severity for i, f in findings.items()} == {
        "env-bom": Severity.NOTICE,
        "env-crlf-line-endings": Severity.NOTICE,
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (f'{SECRET}="aaa#bbb', "'<the whole value, without the stray quote mark>'"),
        (f"{SECRET}='aaa$bbb", "'<the whole value, without the stray quote mark>'"),
        ('S3_BUCKET="files#1', "files#1"),
    ],
)
def test_a_quote_that_is_never_closed_has_one_fix(line: str, value: str) -> None:
    findings = found(with_line(AWS, line))
    assert findings.keys() == {"env-quotes-kept-literally"}
    (fix,) = findings["env-quotes-kept-literally"].fixes
    assert isinstance(fix, EnvFix)
    assert fix.value == value
    assert "around it" not in findings["env-quotes-kept-literally"].how_known
