"""The change of an env file is the smallest one that makes dotenv read what was meant."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3probe.diagnosis.model import EnvFix, Manual
from s3probe.report.dotenv_line import env_line, quoted
from s3probe.report.patch import env_patch, first_fixes, sort_out, unified_diff
from s3probe.settings.dotenv import parse
from s3probe.settings.model import Variable
from tests.report import samples


def read(text: str) -> dict[str, str]:
    return {assignment.name: assignment.value for assignment in parse(text).assignments}


@pytest.mark.parametrize(
    ("before", "fix", "after"),
    [
        ("S3_REGION=a\nX=1\n", EnvFix("S3_REGION", "b", 1), "S3_REGION=b\nX=1\n"),
        ("S3_REGION=a # here\n", EnvFix("S3_REGION", "b"), "S3_REGION=b\n"),
        ("export S3_REGION=a\n", EnvFix("S3_REGION", "b"), "export S3_REGION=b\n"),
        ("S3_REGION: a\n", EnvFix("S3_REGION", "b"), "S3_REGION=b\n"),
        ("S3_REGION=a\nS3_REGION=c\n", EnvFix("S3_REGION", "b"), "S3_REGION=a\nS3_REGION=b\n"),
        ("S3_REGION=a\nX=1\nS3_REGION=c\n", EnvFix("S3_REGION", None), "X=1\n"),
        ("S3_A=1\n# S3_REGION=a\nX=1\n", EnvFix("S3_REGION", "b"), "S3_A=1\nS3_REGION=b\n# S3_REGION=a\nX=1\n"),
        ("X=1", EnvFix("S3_REGION", "b"), "X=1\nS3_REGION=b\n"),
        ("", EnvFix("S3_REGION", "b"), "S3_REGION=b\n"),
        ("S3_A=1\r\nX=1\r\n", EnvFix("S3_REGION", "b"), "S3_A=1\r\nS3_REGION=b\r\nX=1\r\n"),
        ("S3_A=1\r\n", EnvFix("S3_A", "2"), "S3_A=2\r\n"),
        ('S3_A="one\ntwo"\nX=1\n', EnvFix("S3_A", "2"), "S3_A=2\nX=1\n"),
        ('X="\nS3_A=1\n"\n', EnvFix("S3_A", "2"), 'X="\nS3_A=1\n"\nS3_A=2\n'),
        ("S3-BUCKET=x\nX=1\n", EnvFix("S3_BUCKET", "x", 1), "S3_BUCKET=x\nX=1\n"),
        ("\ufeffS3_A=1\n", EnvFix("S3_A", "2"), "\ufeffS3_A=2\n"),
        ("S3_A=1\n", EnvFix("S3_A", "a#b"), "S3_A='a#b'\n"),
        ("S3_A=1\n", EnvFix("S3_A", ""), "S3_A=\n"),
        ("S3_A=1\n", EnvFix("S3_A", "<your secret>", secret=True), "S3_A=1\n"),
    ],
)
def test_one_fix(before: str, fix: EnvFix, after: str) -> None:
    assert env_patch(before, [fix]) == after


# dotenv leaves no way to write some values: `$(` is run, a last backslash joins what follows
values = st.text(st.sampled_from("ab1 #$\\'\"`=\t\n{}()~é"), max_size=12).filter(
    lambda v: "$(" not in v and not (v.endswith("\\") and re.search(r"[\s#]|^['\"]", v))
)


@settings(deadline=None)
@given(values)
def test_dotenv_reads_back_what_was_written(value: str) -> None:
    assert read(env_line("S3_A", value) + "\nX=1\n") == {"S3_A": value, "X": "1"}


@settings(deadline=None)
@given(old=values, new=values)
def test_a_patch_changes_that_variable_alone(old: str, new: str) -> None:
    before = f"A=1\nS3_A={quoted(old)}\nB=2\n"
    assert read(env_patch(before, [EnvFix("S3_A", new)])) == {"A": "1", "S3_A": new, "B": "2"}


def test_ordinary_values_stay_unquoted() -> None:
    for value in ("https://s3.example:9000/path", "public-read", "eu-west-2", "", "a@b,c+d=%20~"):
        assert quoted(value) == value


def test_the_first_env_fix_of_each_finding_is_taken() -> None:
    other = replace(
        samples.ACL_DISABLED, id="other", fixes=(Manual("x"), EnvFix("S3_REGION", "b"), EnvFix("S3_REGION", "c"))
    )
    same = replace(samples.ACL_DISABLED, id="same", fixes=(EnvFix("S3_PERMISSION", "private"),))
    assert first_fixes([samples.ACL_DISABLED, other, same]) == (
        EnvFix("S3_PERMISSION", "", 14),
        EnvFix("S3_REGION", "b"),
    )


def test_lines_that_belong_together_are_taken_together() -> None:
    fixes = (
        Manual("x"),
        EnvFix("A", "1"),
        EnvFix("B", None, together=True),
        EnvFix("C", "3"),
        EnvFix("D", "4", together=True),
    )
    assert first_fixes([replace(samples.ACL_DISABLED, fixes=fixes)]) == (fixes[1], fixes[2])


def test_secrets_and_variables_from_elsewhere_are_not_for_the_file() -> None:
    environment = samples.environment()
    variables = {
        **environment.variables,
        "S3_REGION": Variable("S3_REGION", "a"),
        "S3_A": Variable("S3_A", "", "b.env"),
    }
    fixes = [
        EnvFix("S3_BUCKET", "b"),
        EnvFix("S3_NEW", "n"),
        EnvFix("S3_REGION", "r"),
        EnvFix("S3_A", None),
        EnvFix("AWS_SECRET_ACCESS_KEY", "<it>", secret=True),
    ]
    fit, refused = sort_out(fixes, replace(environment, variables=variables), samples.ENV)
    assert fit == fixes[:2]
    assert [r.fix for r in refused] == fixes[2:]
    assert "process environment" in refused[0].advice
    assert "S3_REGION=r" in refused[0].advice
    assert "b.env" in refused[1].advice
    assert "never writes a secret" in refused[2].advice


def test_the_diff_is_one_that_patch_understands() -> None:
    assert unified_diff("A=1\nB=2", "A=1\nB=3\n", ".env") == (
        "--- .env\n+++ .env\n@@ -1,2 +1,2 @@\n A=1\n-B=2\n\\ No newline at end of file\n+B=3\n"
    )
    assert unified_diff("A=1\n", "A=1\n", ".env") == ""


NEIGHBOURS = """\
SMTP_PASSWORD=hunter2
#OTP_SECRET=old
SMTP-PASSWORD: short
# once SMTP_PASSWORD=older
S3_REGION=us-east-1
SMTP_LOGIN=mastodon
VAPID_KEY="one
two"
"""


def test_the_secrets_of_other_services_are_not_shown() -> None:
    after = env_patch(NEIGHBOURS, [EnvFix("S3_REGION", "eu-west-2")])
    shown = unified_diff(NEIGHBOURS, after, ".env", {"S3_REGION"})
    for secret in ("hunter2", "old", "short", "older", "one", "two"):
        assert secret not in shown
    assert " #OTP_SECRET=***\n SMTP-PASSWORD: ***\n" in shown
    assert "-S3_REGION=us-east-1\n+S3_REGION=eu-west-2\n SMTP_LOGIN=mastodon\n" in shown


def test_what_changes_is_shown_whatever_its_name() -> None:
    shown = unified_diff("S3_KEY=a\nB_KEY=b\n", "S3_KEY=c\nB_KEY=b\n", ".env", {"S3_KEY"})
    assert "-S3_KEY=a\n+S3_KEY=c\n B_KEY=***\n" in shown
