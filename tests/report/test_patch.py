"""What `s3probe fix` takes of the findings, and what it leaves to a person."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3probe.diagnosis.model import BucketSetting, EnvFix, Finding, Fix, Severity
from s3probe.report.patch import Patch, choices, patch
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from s3probe.settings.dotenv import parse
from s3probe.settings.dotenv_line import env_line, quoted
from s3probe.settings.model import Environment, Variable
from tests.report import samples
from tests.runs import each_fault, run_fault, settings_of

FILE = samples.ENV
TEXT = "S3_REGION=a\nS3_PERMISSION=public-read\nAWS_SECRET_ACCESS_KEY=abc#def\n"


def read(text: str) -> tuple[dict[str, str]]:
    return (parse(text).values(),)


def environment(text: str = TEXT, **elsewhere: Variable) -> Environment:
    own = {a.name: Variable(a.name, a.value, FILE, a.line, a.raw) for a in parse(text).assignments}
    return Environment({**own, **elsewhere}, (FILE,))


def failing(*fixes: Fix, name: str = "acl-disabled-bucket-owner-enforced") -> Finding:
    return replace(samples.ACL_DISABLED, id=name, fixes=fixes)


def patched(*findings: Finding, env: Environment | None = None, number: int = 1) -> Patch:
    return patch(choices(findings, number), env or environment(), FILE, TEXT, read)


# dotenv leaves no way to write some values: `$(` is run, a last backslash joins what follows
values = st.text(st.sampled_from("ab1 #$\\'\"`=\t\n{}()~é"), max_size=12).filter(
    lambda v: "$(" not in v and not (v.endswith("\\") and re.search(r"[\s#]|^['\"]", v))
)


@settings(deadline=None)
@given(values)
def test_dotenv_reads_back_what_was_written(value: str) -> None:
    assert read(env_line("S3_A", value) + "\nX=1\n")[0] == {"S3_A": value, "X": "1"}


def test_ordinary_values_stay_unquoted() -> None:
    for value in ("https://s3.example:9000/path", "public-read", "eu-west-2", "", "a@b,c+d=%20~"):
        assert quoted(value) == value


def test_a_fix_is_made_for_each_failure_with_its_cause() -> None:
    first, second = failing(EnvFix("S3_PERMISSION", "", 2)), failing(EnvFix("S3_ALIAS_HOST", "b"), name="other")
    made = patched(first, second)
    assert made.after == "S3_REGION=a\nS3_PERMISSION=\nAWS_SECRET_ACCESS_KEY=abc#def\nS3_ALIAS_HOST=b\n"
    assert [(line.fix.variable, line.number, line.finding.id) for line in made.lines] == [
        ("S3_PERMISSION", 2, first.id),
        ("S3_ALIAS_HOST", None, "other"),
    ]


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.NOTICE])
def test_what_is_no_failure_is_left_alone(severity: Severity) -> None:
    assert patched(replace(failing(EnvFix("S3_PERMISSION", "")), severity=severity)).after == TEXT


def test_a_fix_outside_the_file_comes_first() -> None:
    bucket = BucketSetting("public-access-block", "", "aws s3api …")
    assert patched(failing(bucket, EnvFix("S3_PERMISSION", ""))).after == TEXT
    chosen = patched(failing(bucket, EnvFix("S3_PERMISSION", "")), number=2)
    assert "S3_PERMISSION=\n" in chosen.after


def test_the_number_is_that_of_the_first_failures_fix() -> None:
    finding = failing(
        EnvFix("A", "1"), EnvFix("B", None, together=True), EnvFix("C", "3"), EnvFix("D", "4", together=True)
    )
    assert [[fix.variable for fix in way if isinstance(fix, EnvFix)] for way in finding.alternatives] == [
        ["A", "B"],
        ["C", "D"],
    ]
    warning, other = replace(finding, severity=Severity.WARNING), failing(EnvFix("E", "5"), EnvFix("F", "6"), name="o")
    picked = choices([warning, finding, other], 2)
    assert [choice.fixes for choice in picked] == [finding.fixes[2:], other.fixes[:1]]
    with pytest.raises(IndexError):
        choices([finding], 3)


def test_lines_that_belong_together_are_made_together_or_not_at_all() -> None:
    both = failing(EnvFix("S3_REGION", "b"), EnvFix("S3_ENDPOINT", "https://b", together=True))
    assert patched(both).after.startswith("S3_REGION=b\n")
    env = environment(S3_ENDPOINT=Variable("S3_ENDPOINT", "https://a"))
    made = patched(both, env=env)
    assert (made.after, made.lines) == (TEXT, ())
    assert [refused.advice for refused in made.refused] == [
        f"S3_REGION=b (line 1 of {FILE}): it goes with S3_ENDPOINT.",
        "S3_ENDPOINT=https://b (process environment): it comes from the process environment, which wins over the file: "
        "change it where the service is defined.",
    ]


def test_the_more_important_failure_settles_a_variable() -> None:
    one = failing(EnvFix("S3_REGION", "b"))
    two = failing(EnvFix("S3_ENDPOINT", "https://c"), EnvFix("S3_REGION", "c", together=True), name="two")
    made = patched(one, two)
    assert made.after == TEXT.replace("S3_REGION=a", "S3_REGION=b")
    assert {refused.finding.id for refused in made.refused} == {"two"}
    same = failing(EnvFix("S3_ENDPOINT", "https://b"), EnvFix("S3_REGION", "b", together=True), name="same")
    assert "S3_ENDPOINT=https://b\n" in patched(one, same).after


@pytest.mark.parametrize(
    ("fix", "advice"),
    [
        (
            EnvFix("AWS_SECRET_ACCESS_KEY", "<it>", 3, secret=True, note="copy it again"),
            f"AWS_SECRET_ACCESS_KEY=<it> (line 3 of {FILE}): copy it again.",
        ),
        (
            EnvFix("S3_A", "<your host>", secret=True),
            f"S3_A=<your host> (a new line of {FILE}): only you know <your host>.",
        ),
        (
            EnvFix("S3_PERMISSION", "", 2, note="and add a policy", conditional=True),
            f"S3_PERMISSION= (line 2 of {FILE}): and add a policy.",
        ),
        (EnvFix("S3_A", None), f"remove S3_A (line 4 of b.env): it is set there, and not in {FILE}."),
    ],
)
def test_by_hand_says_the_line_and_the_reason(fix: EnvFix, advice: str) -> None:
    made = patched(failing(fix), env=environment(S3_A=Variable("S3_A", "", "b.env", 4)) if fix.value is None else None)
    assert made.after == TEXT
    assert [refused.advice for refused in made.refused] == [advice]


def test_what_others_are_made_of_is_left_to_a_person() -> None:
    text = "S3_REGION=a\nS3_HOSTNAME=s3.$S3_REGION.example\n"
    made = patch(choices([failing(EnvFix("S3_REGION", "b", 1))]), environment(text), FILE, text, read)
    assert made.after == text
    assert [refused.advice for refused in made.refused] == [
        f"S3_REGION=b (line 1 of {FILE}): S3_REGION is also part of S3_HOSTNAME (line 2), which would change with it."
    ]


@pytest.mark.parametrize(("raw", "form", "written"), [
    ("abc#def", "raw", "'abc#def'"),
    ('"abc$def', "unquoted", "'abc$def'"),
    ("abc #def", "raw", "'abc #def'"),
    ("ab\\c'd", "raw", '"ab\\\\c\'d"'),
])  # fmt: skip
def test_a_secret_that_passed_is_put_into_quotes(raw: str, form: str, written: str) -> None:
    text = f"S3_REGION=a\nAWS_SECRET_ACCESS_KEY={raw}\n"
    fix = EnvFix("AWS_SECRET_ACCESS_KEY", "'<the text that stands there now>'", 2, secret=True, as_written=form)
    made = patch(choices([failing(fix)]), environment(text), FILE, text, read)
    assert made.after == f"S3_REGION=a\nAWS_SECRET_ACCESS_KEY={written}\n"
    assert parse(made.after).values()["AWS_SECRET_ACCESS_KEY"] == (raw if form == "raw" else raw.strip("'\""))


@each_fault(
    fault for fault in ALL if fault.id in ("env-hash-truncates-value", "env-dollar-expands", "env-backslash-eaten")
)
def test_the_secret_that_passed_is_the_one_that_is_written(fault: Fault) -> None:
    scenario = fault.scenario()
    text = scenario.env_text
    made = patch(
        choices(run_fault(fault).report.findings), settings_of(scenario).environment, "standard input", text, read
    )
    assert {**parse(text).values(), "AWS_SECRET_ACCESS_KEY": scenario.user.secret} == parse(made.after).values()
    assert made.after != text
    assert not made.refused
