"""Options of ``check`` that cron and containers would repeat come from the environment as well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from s3probe.cli.defaults import EXCLUSIVE, PREFIX, variables
from s3probe.cli.errors import UsageError
from s3probe.cli.parser import options, parse
from s3probe.settings.model import PROCESS_ENVIRONMENT
from tests.cli.support import ENV_TEXT, Cli
from tests.every import every
from tests.exhaustive import EXHAUSTIVE
from tests.report.samples import ACL_DISABLED, BROKEN, HEALTHY, evidence

VALUES = {
    "--loader": "docker",
    "--jobs": "8",
    "--format": "nagios",
    "--output": "report",
    "--fail-on": "warning",
    "--color": "never",
    "--deadline": "20",
    "--only": "list,head",
    "--skip": "public-cors",
    "--mastodon-version": "4.5.9",
    "--state": "state",
    "--remind": "24",
    "--save-evidence": "run.json",
    "--trace": "run.har",
    "--ping-url-file": "ping",
}
"""A value for each option that takes one; the others are switched on."""
OPTIONS = tuple(name for name in options()["check"] if name not in ("--help", "--list-actions", "--plan"))


def variable(option: str) -> str:
    return f"S3PROBE_{option[2:].replace('-', '_').upper()}"


def test_every_option_of_check_has_a_variable() -> None:
    assert variables(options()["check"]) == {variable(option): option for option in OPTIONS}
    assert set(VALUES) < set(OPTIONS)


def test_what_excludes_one_another_is_what_the_parser_refuses() -> None:
    """An option that is typed takes the place of a variable that could not stand beside it."""
    switches = [option for option in OPTIONS if option not in VALUES]
    refused = set()
    for one, other in combinations(switches, 2):
        try:
            parse(["check", one, other], {})
        except UsageError:
            refused.add(frozenset((one, other)))
    assert refused == {frozenset(pair) for group in EXCLUSIVE for pair in combinations(group, 2)}


@every("option", OPTIONS)
def test_a_variable_does_what_its_option_does(option: str) -> None:
    value = VALUES.get(option)
    typed = parse(["check", option, *([value] if value else [])], {})
    assert vars(parse(["check"], {variable(option): value or "1"})) == vars(typed)
    assert vars(typed) != vars(parse(["check"], {}))


@every("option", OPTIONS)
def test_a_blank_variable_is_none_and_a_switch_has_two_places(option: str) -> None:
    plain = vars(parse(["check"], {}))
    assert vars(parse(["check"], {variable(option): ""})) == plain
    if option not in VALUES:
        assert vars(parse(["check"], {variable(option): "0"})) == plain


@every("option", OPTIONS)
def test_other_commands_heed_none(option: str) -> None:
    bad = {variable(option): "nonsense"}
    for command in ("lint", "policy", "fix", "sweep", "demo", "schema", "explain"):
        assert vars(parse([command], bad)) == vars(parse([command], {}))


@every(
    "argv, environ, name, value",
    [
        (("--format", "json"), {"S3PROBE_FORMAT": "nagios"}, "format", "json"),
        (("--format=json",), {"S3PROBE_FORMAT": "nonsense"}, "format", "json"),
        # what is the usual value all the same is what was asked for
        (("--format", "text"), {"S3PROBE_FORMAT": "nagios"}, "format", "text"),
        (("--skip", "head"), {"S3PROBE_SKIP": "list"}, "skip", ["head"]),
        (("--thorough",), {"S3PROBE_QUICK": "1"}, "quick", False),
        (("-v",), {"S3PROBE_BRIEF": "yes"}, "brief", False),
        (("-qv",), {"S3PROBE_QUIET": "0"}, "quiet", True),
        ((".env",), {"S3PROBE_STATE": "s"}, "state", Path("s")),
        (("--", "-v"), {"S3PROBE_BRIEF": "1"}, "brief", True),
        # Kubernetes sets these for a service that is called s3probe
        ((), {"S3PROBE_PORT": "tcp://10.0.0.1:80", "S3PROBE_SERVICE_HOST": "10.0.0.1"}, "state", None),
    ],
)
def test_the_command_line_wins(argv: tuple[str, ...], environ: dict[str, str], name: str, value: object) -> None:
    assert vars(parse(argv, environ))[name] == value


@every(
    "environ, said",
    [
        ({"S3PROBE_FORMAT": "xml"}, "S3PROBE_FORMAT in the environment: argument --format: invalid choice: 'xml'"),
        (
            {"S3PROBE_DEADLINE": "soon"},
            "S3PROBE_DEADLINE in the environment: argument --deadline: 'soon' is no",
        ),
        (
            {"S3PROBE_SKIP": "lst"},
            "S3PROBE_SKIP in the environment: argument --skip: 'lst' is no action or finding",
        ),
        ({"S3PROBE_STATE": "/"}, "S3PROBE_STATE in the environment: argument --state: / is a folder"),
        ({"S3PROBE_QUICK": "ja"}, "S3PROBE_QUICK in the environment is 'ja'"),
        ({"S3PROBE_QUICK": "1", "S3PROBE_READ_ONLY": "1"}, "S3PROBE_QUICK and S3PROBE_READ_ONLY exclude each other"),
    ],
)
def test_a_bad_value_is_told_with_the_name_of_its_variable(environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(["check"], environ)
    assert caught.value.message.startswith(said)


def test_help_is_there_whatever_a_variable_says(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3PROBE_FORMAT", "xml")
    status, out, err = cli.run("check", "--help")
    assert (status, err) == (0, "")
    assert "S3PROBE_FAIL_ON=warning" in out


def test_a_monitor_hears_of_a_bad_value(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3PROBE_FORMAT", "nagios")
    monkeypatch.setenv("S3PROBE_DEADLINE", "soon")
    status, out, _err = cli.run()
    assert status == 3
    assert out.startswith("S3PROBE UNKNOWN - S3PROBE_DEADLINE")
    assert cli.run("--format", "text")[:2] == (64, "")
    assert cli.run("lint")[:2] == (64, "")  # there is no file, and no monitor


def test_a_reminder_without_a_state_names_the_variables(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3PROBE_REMIND", "24")
    status, _out, err = cli.run("check")
    assert status == 64
    assert "S3PROBE_REMIND" in err
    assert "S3PROBE_STATE" in err


def test_a_run_of_cron_takes_all_of_it_from_there(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.file()
    for name, value in {"QUICK": "1", "QUIET": "1", "STATE": "state", "FORMAT": "json", "FAIL_ON": "warning"}.items():
        monkeypatch.setenv(PREFIX + name, value)
    cli.probe(evidence(HEALTHY))
    assert cli.run() == (0, "", "")
    assert cli.asked[-1].profile == "quick"
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    status, out, _err = cli.run()
    assert (status, json.loads(out)["verdict"]) == (2, "failure")
    assert (cli.folder / "state").is_file()


def test_mastodons_environment_is_not_judged_by_our_variables(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container they stand among Mastodon's own."""
    for line in ENV_TEXT.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    monkeypatch.setenv("S3PROBE_ENVIRON", "1")
    plain = cli.run("lint", "--environ", "--format", "json")
    for option in OPTIONS:
        monkeypatch.setenv(variable(option), VALUES.get(option, "0"))
    ours = cli.run("lint", "--environ", "--format", "json")
    assert [json.loads(out)["findings"] for _, out, _ in (plain, ours)] == [[], []]
    assert json.loads(ours[1])["subject"]["source"] == PROCESS_ENVIRONMENT


def test_the_tests_heed_none_of_the_caller() -> None:
    assert not set(variables(options()["check"])) & set(os.environ)


@pytest.mark.skipif(not EXHAUSTIVE, reason="starts pytest once more")
def test_whoever_runs_the_tests_may_have_them_set() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", __file__, "-k", "caller or cron"]
    done = subprocess.run(command, check=False, env={**os.environ, "S3PROBE_FORMAT": "xml"}, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()
