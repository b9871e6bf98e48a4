"""``s3probe check --plan`` on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from s3probe.cli.defaults import variables
from s3probe.cli.parser import FORMATS, options
from tests.cli.support import ENV_TEXT, Cli
from tests.planning.asking import nobody_is_asked
from tests.report.samples import SECRET


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_is_asked(monkeypatch)


def test_the_plan_is_printed_and_nothing_is_asked_or_written(cli: Cli) -> None:
    file = cli.file()
    status, out, err = cli.run("check", "--plan")
    assert (status, err) == (0, "")
    assert "https://files-example.s3.eu-west-2.amazonaws.com" in out
    assert "media_attachments/files/s3probe/<run id>/with-acl.png  (ACL public-read" in out
    assert SECRET not in out
    assert list(cli.folder.iterdir()) == [file]


def test_a_plain_plan_says_the_same_with_one_fact_a_line(cli: Cli) -> None:
    cli.file()
    _status, drawn, _err = cli.run("check", "--plan")
    status, out, _err = cli.run("check", "--plan", "--plain")
    assert status == 0
    assert out.isascii()
    lines = out.splitlines()
    assert [line for line in lines if not re.match(r"[A-Z][\w ,]*: \S", line) or "  " in line] == []
    assert "File, written: media_attachments/files/s3probe/<run id>/with-acl.png (ACL public-read, " in out
    assert "\nSigned, in any case: https://files-example.s3.eu-west-2.amazonaws.com. Why: " in out
    places = re.compile(r"https?://[\w.:-]+[\w]")
    assert set(places.findall(out)) == set(places.findall(drawn))
    named = re.compile(r"\b[\w-]+\.(?:png|mp4|zip)\b")
    assert set(named.findall(out)) == set(named.findall(drawn))


def test_json_goes_to_the_file_that_is_named(cli: Cli) -> None:
    cli.file()
    status, out, _err = cli.run("check", "--plan", "--format", "json", "--output", "plan.json")
    assert (status, out) == (0, "")
    plan = json.loads((cli.folder / "plan.json").read_text(encoding="utf-8"))
    signed = {host["origin"] for host in plan["hosts"] if host["signed"] != "never"}
    assert "https://files.example.com" not in signed
    assert plan["at_most"]["requests"] == sum(plan["at_most"]["requests_by_part"].values())


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("text", "json", "nagios")])
def test_a_format_that_has_no_form_for_it_says_so(cli: Cli, name: str) -> None:
    cli.file()
    status, out, err = cli.run("check", "--plan", "--format", name)
    assert (status, out) == (64, "")
    assert f"--plan prints text or JSON, and --format {name} has no form for a plan" in err


def test_several_files_are_planned_one_after_the_other_and_a_bad_one_stops_no_other(cli: Cli) -> None:
    cli.file("a.env")
    cli.file("b.env", ENV_TEXT.replace("files-example", "others"))
    status, out, err = cli.run("check", "--plan", "--format", "json", "a.env", "missing.env", "b.env")
    data = json.loads(out)
    assert status == 64
    assert [plan["subject"]["bucket"] for plan in data["plans"]] == ["files-example", "others"]
    assert [one["source"] for one in data["unread"]] == ["missing.env"]
    assert "missing.env" in err
    status, out, _err = cli.run("check", "--plan", "a.env", "missing.env")
    assert status == 64
    assert "There is no plan for missing.env" in out


def test_one_file_that_is_not_there_is_an_error_as_ever(cli: Cli) -> None:
    status, out, err = cli.run("check", "--plan", "missing.env")
    assert (status, out) == (64, "")
    assert "missing.env" in err


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        ("--read-only", "None is written, and none is named."),
        ("--no-trials", "None (--no-trials)."),
        ("--quick", "canary.png"),
        ("--thorough", "preview-card-providers-icons.png"),
        ("--only=list", "None (--only)."),
    ],
)
def test_wishes_of_the_command_line_are_heeded(cli: Cli, wish: str, what: str) -> None:
    cli.file()
    assert what in cli.run("check", "--plan", wish)[1]


@pytest.mark.parametrize(
    "text",
    [
        "S3_ENABLED=true\n",
        "S3_BUCKET=x\n",
        ENV_TEXT.replace("eu-west-2\n", "\n"),
        f"{ENV_TEXT}S3_ENDPOINT=s3.example.net\n",
        f"{ENV_TEXT}S3_ENDPOINT=https://[::1\n",
        f"{ENV_TEXT}S3_ENDPOINT=\n",
        f"{ENV_TEXT}S3_ALIAS_HOST=https://files.example.com/\n",
        f"{ENV_TEXT}S3_ALIAS_HOST=\n",
        f"{ENV_TEXT}S3_KEY_PREFIX=:url\n",
        f"{ENV_TEXT}S3_BUCKET=with/slash\n",
        f"{ENV_TEXT}LOCAL_DOMAIN=no host\n",
        ENV_TEXT.replace("S3_ENABLED=true", "S3_ENABLED=false"),
    ],
)
def test_a_broken_file_gets_a_plan_that_says_what_can_be_said(cli: Cli, text: str) -> None:
    cli.file(text=text)
    for form in ("text", "json"):
        status, out, err = cli.run("check", "--plan", "--format", form)
        assert (status, err) == (0, "")
        assert out


def test_of_the_ping_url_only_the_host_is_told(cli: Cli) -> None:
    cli.file()
    Path(cli.folder / "ping").write_text("https://hc-ping.example/4f2a9c1e-secret-of-the-switch\n", encoding="utf-8")
    status, out, _err = cli.run("check", "--plan", "--format", "json", "--ping-url-file", "ping")
    assert (status, json.loads(out)["ping"]) == (0, {"origin": "https://hc-ping.example", "requests": 2})
    assert "secret-of-the-switch" not in out + cli.run("check", "--plan", "--ping-url-file", "ping")[1]


def test_no_variable_turns_every_check_of_cron_into_a_plan() -> None:
    assert "--plan" in options()["check"]
    assert "S3PROBE_PLAN" not in variables(options()["check"])


def test_a_check_does_without_what_makes_plans() -> None:
    modules = "s3probe.cli.commands.check, s3probe.examination, s3probe.probe.examine"
    code = f"import sys, {modules}; print([name for name in sys.modules if 'planning' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
